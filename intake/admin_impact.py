"""What a draft would do: the flags of past patients with it and without it, and how many flags clinicians would read.

An admin sees numbers and ids of responses. Only who is a clinician too gets from an id to a patient.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from intake import checked, impacts, rulesets
from intake.accounts import current_staff, requires
from intake.admin_drafts import found_draft
from intake.bounds import bounded
from intake.checked import Texts
from intake.database import Database
from intake.drafts import Draft
from intake.impacts import Work
from intake.notices import unless_known
from intake.past_responses import past_impact, sent_responses
from intake.services import services
from intake.tables import ResponseRow
from reports.summary import PRIORITY_WORDS
from rules.cohort import End
from rules.impact import Difference, Impact, RuleImpact, compare, raised
from rules.ruleset import Priority, Rule
from rules.synthetic import patients

views = Blueprint("impact", __name__, url_prefix="/admin")

INVENTED = 2_000  # patients, where no responses are to be tried
MOST_LISTED = 200  # responses behind one number
KEPT = 4  # comparisons


@dataclass(frozen=True)
class Listed:
    """A response behind a number. `encounter_id` leads to the patient, for who may see patients."""

    difference: Difference
    before: str
    after: str
    encounter_id: str | None


@dataclass(frozen=True)
class _Asked:
    """A draft that can be screened with, the published files, and how many responses were sent."""

    draft: Draft
    published: str
    before: dict[str, str]
    sent: int

    @property
    def texts(self) -> tuple[Texts, Texts]:
        """The files of both, as what is kept by."""
        return tuple(sorted(self.before.items())), tuple(sorted(self.draft.files.items()))


def _asked(draft_id: str) -> _Asked:
    with services().database.reading() as database:
        found = found_draft(database, draft_id)
        published = rulesets.published_hash(database) or found.base_hash
        asked = _Asked(found, published, rulesets.stored(database, published), sent_responses(database))
    if checked.check(found.files).ruleset is None:
        abort(404, "The checker finds problems in this draft; what it would do is known once they are mended.")
    return asked


@views.get("/drafts/<draft_id>/impact")
@requires("admin")
def impact(draft_id: str) -> str:
    """Show which flags a draft adds, takes away and moves, and the number of flags by priority."""
    asked = _asked(draft_id)
    is_invented = not asked.sent or request.args.get("on") == "invented"
    if is_invented or asked.sent <= impacts.FEW:
        database = services().database
        done = _invented_impact(*asked.texts) if is_invented else _past_impact(database, *asked.texts, asked.sent)
        return _page(asked, done, is_invented=is_invented)
    work = _work(asked)
    if work.impact is None:
        return render_template("admin/impact_waiting.html", draft=asked.draft, work=work)
    return _page(asked, work.impact, is_invented=False)


@views.get("/drafts/<draft_id>/impact/progress")
@requires("admin")
def progress(draft_id: str) -> Response:
    """Tell a script how far it is, with the words alone; with nothing if they are as they were."""
    asked = _asked(draft_id)
    page = render_template("admin/impact_progress.html", draft=asked.draft, work=_work(asked))
    return unless_known(page, page)


@views.post("/drafts/<draft_id>/impact")
@requires("admin")
@bounded
def again(draft_id: str) -> Response:
    """Have it worked out anew, with what was sent since."""
    asked = _asked(draft_id)
    with services().database.writing() as database:
        impacts.ask(database, asked.published, asked.draft.files)
    return redirect(url_for(".impact", draft_id=draft_id), 303)


def _work(asked: _Asked) -> Work:
    """What was asked for already, or is from now on."""
    with services().database.reading() as database:
        known = impacts.find(database, asked.published, asked.draft.files)
    if known is not None:
        return known
    with services().database.writing() as database:
        return impacts.ask(database, asked.published, asked.draft.files)


def _page(asked: _Asked, done: Impact, *, is_invented: bool) -> str:
    rule = request.args.get("rule", "")
    return render_template(
        "admin/impact.html",
        draft=asked.draft,
        impact=done,
        titles=_titles(*asked.texts),
        raised=raised,
        priorities=[(priority, PRIORITY_WORDS[priority]) for priority in Priority],
        sent=asked.sent,
        sent_since=0 if is_invented else asked.sent - done.before.patients,
        is_invented=is_invented,
        listed=_listed(done, rule, is_invented=is_invented),
        rule=rule,
        most=MOST_LISTED,
    )


@lru_cache(maxsize=KEPT)
def _past_impact(database: Database, before: Texts, after: Texts, sent: int) -> Impact:
    """On every response sent so far; `sent` is their number, so that a new one is counted."""
    old, new = checked.check(dict(before)).ruleset, checked.check(dict(after)).ruleset
    assert old is not None
    assert new is not None
    return past_impact(database, old, new)


@lru_cache(maxsize=KEPT)
def _invented_impact(before: Texts, after: Texts) -> Impact:
    old, new = checked.check(dict(before)).ruleset, checked.check(dict(after)).ruleset
    assert old is not None
    assert new is not None
    answers = patients(new.questionnaire, range(INVENTED))
    return compare(old, new, ((f"invented {number}", raw) for number, raw in enumerate(answers)))


def _titles(before: Texts, after: Texts) -> dict[str, str]:
    rulesets = checked.check(dict(before)).ruleset, checked.check(dict(after)).ruleset
    rules: Iterable[Rule] = (rule for one in rulesets if one for rule in one.by_id.values())
    return {rule.id: rule.title for rule in rules}


def _listed(done: Impact, rule_id: str, *, is_invented: bool) -> list[Listed]:
    """The responses behind the numbers of one rule, as many as are shown."""
    rule: RuleImpact | None = next((rule for rule in done.changed if rule.rule == rule_id), None)
    shown = rule.differences[:MOST_LISTED] if rule else ()
    encounters: dict[str, str] = {}
    if shown and not is_invented and "clinician" in current_staff().roles:
        ids = [one.response for one in shown]
        chosen = select(ResponseRow.id, ResponseRow.encounter_id).where(ResponseRow.id.in_(ids))
        with services().database.reading() as database:
            encounters = {row.id: row.encounter_id for row in database.execute(chosen)}
    return [Listed(one, _words(one.before), _words(one.after), encounters.get(one.response)) for one in shown]


def _words(end: End) -> str:
    return PRIORITY_WORDS[end] if isinstance(end, Priority) else end.value
