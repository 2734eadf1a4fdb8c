"""About how long the questions that are left take."""

from functools import lru_cache

from intake.navigation import Journey
from rules.overview import seconds, usual_effort
from rules.questionnaire import Page

ASKED_SHARE = 0.3  # of the questions that hang on an answer, about what typical patients are asked (rules/README.md)


def minutes_left(journey: Journey) -> int:
    """Return the minutes, at least 1, that somebody between quick and careful takes from here to the end."""
    pages = ((page, *journey.to_come(page)) for page in journey.questionnaire.pages.values())
    total = sum(_seconds(page, sure, possible) for page, sure, possible in pages if sure or possible)
    return max(1, round(total / 60))


@lru_cache(maxsize=4096)
def _seconds(page: Page, sure: frozenset[str], possible: frozenset[str]) -> float:
    effort = usual_effort()
    on_page = effort.page if sure else 0.0
    asked = on_page + seconds([item for item in page.items if item.id in sure], effort)
    return asked + ASKED_SHARE * seconds([item for item in page.items if item.id in possible], effort)
