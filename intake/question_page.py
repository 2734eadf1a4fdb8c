"""A page of questions as it is shown: its words, which are kept, and in their gaps what is the patient's own."""

from flask import current_app, render_template, url_for
from flask_babel import gettext, ngettext
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from intake import entry, kiosk, language, quiet
from intake.forms import ASKED, AnswersForm
from intake.navigation import Journey
from intake.seen import SEEN, marks
from intake.services import services
from intake.time_left import minutes_left
from intake.typed import WAY_BACK
from intake.visits import Visit
from rules.questionnaire import Page

TEMPLATE = "patient/questions.html"
SHOW_ALL = "all"  # ?show=all: the whole page, and not only what is still open on it
TALK = "talk"  # the button that leaves the rest of a section for a talk at the appointment
NOT_TO_TALK_ABOUT = ("closing",)  # sections without that button: this one asks what to talk about


def show(visit: Visit, page: Page, form: AnswersForm) -> str:
    """Return a page with the questions of a form, and what was found wrong with its answers."""
    shared, own = _shared(visit, page, form), _own(visit, page, form, is_heading=_is_heading(page, form))
    errors = form.summary()
    if errors:  # they may hold what was typed: such a page is not kept
        return render_template(TEMPLATE, errors=errors, **shared, **own)
    return services().kept_pages.render(TEMPLATE, shared, own)


def address(page: Page | None, show: str | None = None) -> str:
    """Return the address of a page of questions; that of the page to check when there is none left."""
    if page is None:
        return url_for("patient.check")
    return url_for("patient.questions", page_id=page.id, show=show)


def is_hidden(visit: Visit, page: Page) -> bool:
    """Whether a page shows no earlier answers: it is sensitive, and the patient had to get off such a page."""
    return page.sensitive and visit.encounter.left_quickly


def _shared(visit: Visit, page: Page, form: AnswersForm) -> dict[str, object]:
    journey, items = visit.journey, form.items
    return {
        "page": page,
        "section": journey.questionnaire.section(page.section),
        "asked_name": ASKED,
        "seen_name": SEEN,
        "whose_name": WAY_BACK,
        "is_follow_up": _is_follow_up(journey, page, form),
        "is_heading": _is_heading(page, form),
        "is_first": journey.is_first_of_section(page),
        "is_in_english": any(item.language != language.current() for item in items),
        "leave_url": services().settings.leave_url if page.sensitive else None,
        "is_hidden": is_hidden(visit, page) and any(journey.raw.get(item.id) is not None for item in items),
        "talk": TALK if page.section not in NOT_TO_TALK_ABOUT and _may_be_left_for_a_talk(journey, page) else None,
        "was_helped": _was_helped(visit),
        "is_lent": kiosk.is_lent(),
    }


def _own(visit: Visit, page: Page, form: AnswersForm, *, is_heading: bool) -> dict[str, str | Markup]:
    journey = visit.journey
    progress, minutes = journey.progress(page), minutes_left(journey)
    back = page if _is_follow_up(journey, page, form) else journey.previous_page(page)
    return {
        "back": address(back, SHOW_ALL) if back else url_for("patient.welcome"),
        "progress": gettext("Section %(number)s of %(count)s:", number=progress.number, count=progress.count),
        "minutes": ngettext("About %(num)d minute left", "About %(num)d minutes left", minutes),
        "questions": Markup().join(field(heading=is_heading) for field in form.questions()),
        "asked": form.asked,
        "seen": marks(form.items, journey.raw, str(current_app.secret_key)),
        "whose": entry.whose_page(),
        "token": generate_csrf(),
        "closes_in": str(quiet.seconds_left()),
    }


def _is_follow_up(journey: Journey, page: Page, form: AnswersForm) -> bool:
    return len(form.items) < len(journey.due(page))


def _is_heading(page: Page, form: AnswersForm) -> bool:
    """A single question that says what the page's title says is the page's heading itself."""
    only = form.items[0] if len(form.items) == 1 else None
    return only is not None and only.text.strip(" .?:") == page.title.strip(" .?:")


def _may_be_left_for_a_talk(journey: Journey, page: Page) -> bool:
    """The offer stands where a section begins, and on every page that is hard to answer."""
    return (page.sensitive or journey.is_first_of_section(page)) and bool(journey.unanswered(page.section))


def _was_helped(visit: Visit) -> bool:
    """Whether to offer the page of help once more; private advice alone leaves no trace on other pages."""
    by_id = visit.screener.ruleset.by_id
    shown = (key.split()[0] for key in visit.encounter.help_shown)
    return any(rule in by_id and not by_id[rule].private for rule in shown)
