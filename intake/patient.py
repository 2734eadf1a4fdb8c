"""The patient's pages: welcome, one page of questions at a time, help at once, check, send.

Each page is saved as it is sent. Which page comes next follows from the answers (`navigation`).
"""

from contextlib import suppress
from dataclasses import replace

from flask import Blueprint, abort, current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from intake import (
    alerts,
    away,
    check_page,
    encounters,
    ended_sessions,
    entry,
    given_answers,
    in_hand,
    language,
    submission,
    visits,
)
from intake.audit import Event
from intake.forms import ASKED, AnswersForm, filled_form
from intake.help_at_once import Help, is_new, phone_lines
from intake.navigation import Journey
from intake.question_page import SHOW_ALL, TALK, address, is_hidden, show
from intake.seen import SEEN, clashes
from intake.services import services
from intake.typed import KEEP
from intake.visits import Answer, Visit, before_sending, for_patient
from rules.questionnaire import Page
from rules.response import Missing, RawAnswers

views = Blueprint("patient", __name__)
SHOW_NEW = "new"  # ?show=new: only the help that the last answers called for
NEED_HELP = "need-help"  # the button of a patient who is not safe to go on


@views.get("/")
def home() -> str:
    """Say what this is, to whoever comes without a link."""
    return render_template("patient/home.html")


@views.get("/welcome")
@for_patient
@before_sending
def welcome(visit: Visit) -> Answer:
    """Say what the questions are for, who reads the answers and when, and whom to call now."""
    return render_template(
        "patient/welcome.html",
        encounter=visit.encounter,
        continue_at=address(visit.journey.next_page()),
        quiet_minutes=services().settings.patient_quiet_minutes,
        lines=phone_lines(services().settings.help_lines),
    )


@views.get("/questions/<page_id>")
@for_patient
@before_sending
def questions(visit: Visit, page_id: str) -> Answer:
    """Show a page: what is still open on it, or all of it."""
    page = _page(visit, page_id)
    items = visit.journey.unsent(page)
    if request.args.get("show") == SHOW_ALL or not items:
        items = visit.journey.due(page)
    if not items:
        return redirect(address(visit.journey.next_page(page)))
    shown = {} if is_hidden(visit, page) else visit.journey.raw
    return show(visit, page, filled_form(items, shown))


@views.post("/questions/<page_id>")
@for_patient
@before_sending
def save(visit: Visit, page_id: str) -> Answer:
    """Save a page. What does not fit is shown again; all the rest is kept."""
    page = _page(visit, page_id)
    before = entry.typed_before()
    sent = before.fields if before else request.form
    is_done = not language.is_switched() and KEEP not in sent
    shown = sent.get(ASKED, "").split()
    form = filled_form([item for item in page.items if item.id in shown], visit.journey.raw, sent)
    is_valid = form.validate()
    answers = form.answers()
    if not is_done:  # what is blank on it is still open
        answers = {item: answer for item, answer in answers.items() if answer is not None or item in visit.journey.raw}
    answers = _with_what_was_not_shown(visit, page, answers)
    clashing = _tell_of_clashes(visit, page, form, answers, sent.get(SEEN))
    answers = {item: answer for item, answer in answers.items() if item not in clashing}
    if TALK in sent:
        typed = Journey(visit.journey.questionnaire, {**visit.journey.raw, **answers})
        answers |= {item.id: Missing.IN_PERSON.value for item in typed.unanswered(page.section)}
    journey = Journey(visit.journey.questionnaire, {**visit.journey.raw, **answers})
    after = replace(visit, journey=journey)
    urgent = submission.raised_so_far(visit.screener, journey.response, visit.journey.response, visit.encounter.id)
    with services().database.writing(visit.encounter.id) as database:
        if not in_hand.save(database, visit.in_hand, answers):
            return redirect(request.full_path, 307)  # another window was faster: look at it all again
        alerts.note(database, visit.encounter.id, visit.screener.ruleset, urgent)
    services().kept_journeys.keep(visit.encounter.id, journey.raw, journey)
    if KEEP in sent and before is None:  # the time is over: all is closed, and goes on after the date of birth
        return entry.ask_again()
    if is_new(after.help(urgent), visit.encounter.help_shown):
        return redirect(url_for("patient.help_now", show=SHOW_NEW), 303)
    if clashing:
        return show(after, page, form), 409
    if not is_done:
        return _show_again(after, page, form, is_valid)
    if not is_valid:
        return show(after, page, form), 422
    return redirect(address(journey.next_page(page)), 303)


def _tell_of_clashes(visit: Visit, page: Page, form: AnswersForm, answers: RawAnswers, seen: str | None) -> set[str]:
    """Say at each question that was answered in another window since what is stored; return these questions."""
    items = [field.item for field in form.questions()]
    key = str(current_app.secret_key)
    clashing = {item.id for item in clashes(seen, items, visit.journey.raw, answers, key)}
    for field in form.questions():
        if field.item.id in clashing:
            held_back = field.item.private or is_hidden(visit, page)
            words = given_answers.words(visit.journey, field.item, is_hidden=held_back)
            said = gettext(
                "You answered this in another window since: “%(answer)s”. Choose what is right.", answer=words
            )
            field.errors = (said,)
    return clashing


def _with_what_was_not_shown(visit: Visit, page: Page, answers: RawAnswers) -> dict[str, object]:
    """Keep what stood blank on the page and was not: what was left for a talk, and what a hidden page held back."""
    raw = visit.journey.raw
    held = {item for item in answers if raw.get(item) == Missing.IN_PERSON.value or is_hidden(visit, page)}
    return {item: raw.get(item) if answer is None and item in held else answer for item, answer in answers.items()}


def _show_again(visit: Visit, page: Page, form: AnswersForm, is_valid: bool) -> Answer:
    """Show a page that is not done once more, with all that was typed and without complaints."""
    if is_valid:
        is_begun = any(item.id in visit.journey.raw for item in page.items)
        return redirect(address(page, SHOW_ALL if is_begun else None), 303)
    for field in form.questions():
        field.errors = ()
    return show(visit, page, form)


@views.post("/leave")
def leave() -> Response:
    """Get the patient off the page at once: close the answers on this device, and open another site."""
    with suppress(*away.FAULTS), services().database.writing() as database:  # whatever is wrong, the page is left
        found = entry.opened()
        if found is not None:
            encounter_id = found.encounter.id
            encounters.leave_quickly(database, encounter_id)
            entry.trail_of(encounter_id).note(database, Event.LEFT_QUICKLY, encounter_id)
        ended_sessions.end_for_good(database)
    entry.step_out()
    response = make_response(render_template("patient/left.html", leave_url=services().settings.leave_url))
    # a redirect to another site after a form is what the content security policy forbids
    response.headers["Refresh"] = f"0; url={services().settings.leave_url}"
    return response


@views.get("/help-now")
def help_now() -> Answer:
    """Show whom to call, and what the patient's own answers call for; whoever comes without a link sees the numbers."""
    visit = visits.current()
    if visit is None:
        lines = phone_lines(services().settings.help_lines)
        return render_template("patient/help_now.html", help=Help((), lines), visit=None)
    found = visit.help()
    if request.args.get("show") == SHOW_NEW and is_new(found, visit.encounter.help_shown):
        found = found.without(visit.encounter.help_shown)
    return render_template("patient/help_now.html", help=found, visit=visit)


@views.post("/help-now")
@for_patient
def go_on(visit: Visit) -> Answer:
    """Remember which help the patient has seen, and go on with the questions; or tell the clinic that it is needed."""
    with services().database.writing(visit.encounter.id) as database:
        encounters.mark_help_shown(database, visit.encounter.id, visit.help().keys())
        if NEED_HELP in request.form:
            encounters.ask_for_help(database, visit.encounter.id)
            alerts.help_wanted(database, visit.encounter.id)
            entry.trail_of(visit.encounter.id).note(database, Event.HELP_WANTED, visit.encounter.id)
    if NEED_HELP in request.form:
        return redirect(url_for("patient.help_now", said=NEED_HELP), 303)
    if visit.encounter.sent_at is not None:
        return redirect(url_for("patient.sent"), 303)
    return redirect(address(visit.journey.next_page()), 303)


@views.get("/check")
@for_patient
@before_sending
def check(visit: Visit) -> Answer:
    """Show all answers, with a way to change each."""
    open_page = visit.journey.next_page()
    if open_page is not None:
        return redirect(address(open_page))
    return check_page.show(visit)


@views.post("/check")
@for_patient
def send(visit: Visit) -> Answer:
    """Send the answers to the clinic. Sending twice does no harm."""
    if visit.encounter.started_at is None:
        return redirect(url_for("patient.welcome"), 303)
    trail = entry.trail_of(visit.encounter.id)
    submission.send(services().database, services().screeners, visit.encounter.id, trail)
    return redirect(url_for("patient.sent"), 303)


@views.get("/sent")
@for_patient
def sent(visit: Visit) -> Answer:
    """Thank the patient, and say what happens next."""
    if visit.encounter.sent_at is None:
        return redirect(url_for("patient.welcome"))
    return render_template("patient/sent.html", encounter=visit.encounter, help=visit.help())


def _page(visit: Visit, page_id: str) -> Page:
    page = visit.journey.questionnaire.pages.get(page_id)
    return page or abort(404, gettext("There is no such page of questions."))
