"""The page on which patients check their answers: its words are kept, also those around each answer."""

from collections.abc import Hashable, Mapping
from functools import partial

from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from intake import given_answers, kiosk, quiet
from intake.given_answers import GivenAnswer
from intake.question_page import SHOW_ALL, address
from intake.services import services
from intake.visits import Visit


def show(visit: Visit) -> str:
    """Return the page with all answers so far, each with a way to change it."""
    to_change = partial(address, show=SHOW_ALL)
    sections = given_answers.by_section(visit.journey, to_change, hide_sensitive=visit.encounter.left_quickly)
    own = {
        "answers": Markup().join(
            _kept("patient/given_section.html", {"section": section}, {"rows": Markup().join(map(_row, answers))})
            for section, answers in sections
        ),
        "back": address(visit.journey.previous_page(), SHOW_ALL),
        "token": generate_csrf(),
        "closes_in": str(quiet.seconds_left()),
    }
    shared = {"is_corrected": visit.encounter.is_corrected_now, "is_lent": kiosk.is_lent()}
    return _kept("patient/check.html", shared, own)


def _row(answer: GivenAnswer) -> Markup:
    shared = {
        "question": answer.question,
        "asked_in": answer.asked_in,
        "said_in": answer.language,
        "is_blank": answer.is_blank,
        "change": answer.change,
    }
    return _kept("patient/given_answer.html", shared, {"words": _words(answer.words)})


def _words(words: tuple[str, ...]) -> Markup:
    if len(words) == 1:
        return escape(words[0])
    lines = Markup().join(Markup("<li>{}</li>").format(line) for line in words)
    return Markup('<ul class="govuk-list">{}</ul>').format(lines)


def _kept(template: str, shared: Mapping[str, Hashable], own: Mapping[str, str]) -> Markup:
    return services().kept_pages.render(template, shared, own)
