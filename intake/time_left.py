"""About how long the questions that are left take."""

from intake.navigation import Journey
from rules.overview import seconds, usual_effort

ASKED_SHARE = 0.3  # of the questions that hang on an answer, about what typical patients are asked (rules/README.md)


def minutes_left(journey: Journey) -> int:
    """Return the minutes, at least 1, that somebody between quick and careful takes from here to the end."""
    effort, total = usual_effort(), 0.0
    for page in journey.questionnaire.pages.values():
        sure, possible = journey.open_items(page)
        if sure:
            total += effort.page + seconds(sure, effort)
        if possible:
            total += ASKED_SHARE * seconds(possible, effort)
    return max(1, round(total / 60))
