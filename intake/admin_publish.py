"""From a draft to the published rule set: what it changes, its tests, a second admin's approval; and the way back."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from intake import checked, drafts, publishing, rulesets
from intake.accounts import current_staff, requires, trail
from intake.admin_drafts import Answer, found_draft, staff_name
from intake.audit import Event
from intake.drafts import Draft, DraftError
from intake.publishing import Rebased
from intake.rulesets import Publication
from intake.services import services
from intake.tables import RuleSetRow
from rules.changes import changes
from rules.errors import RuleErrors
from rules.ruleset import RuleSet

views = Blueprint("publishing", __name__, url_prefix="/admin")

AROUND = 3  # lines shown before and after a change


@dataclass(frozen=True)
class FileChange:
    """The lines of one file that differ, each with its mark: "+", "-", " ", or "@" above a stretch of them."""

    file: str
    lines: tuple[tuple[str, str], ...]


@views.get("/drafts/<draft_id>/review")
@requires("admin")
def review(draft_id: str) -> str:
    """Show what a draft changes, and what stands between it and publication."""
    return _review(draft_id)


def _review(draft_id: str, error: str = "", note: str = "") -> str:
    with services().database.reading() as database:
        found = found_draft(database, draft_id)
        published = rulesets.published_hash(database)
        changer, approver = staff_name(database, found.changed_by), staff_name(database, found.approved_by)
        rebased = _rebased(database, found, published)
    needs_approval, member = services().settings.needs_approval, current_staff()
    now, before = checked.check(found.files), checked.check(found.base)
    return render_template(
        "admin/review.html",
        draft=found,
        problems=Counter(problem.file for problem in now.problems),
        results=checked.test_results(found.files),
        failed=[result for result in checked.test_results(found.files) if not result.passed],
        changes=changes(before.ruleset, now.ruleset) if before.ruleset and now.ruleset else (),
        files=_file_changes(found.base, found.files),
        changer=changer,
        approver=approver,
        rebased=rebased,
        needs_approval=needs_approval,
        may_approve=found.changed_by != member.id,
        refusal=publishing.refusal(found, published, member.id, needs_approval=needs_approval),
        error=error,
        note=note,
    )


def _rebased(database: Session, found: Draft, published: str | None) -> Rebased | None:
    """What would become of the draft on the version in use; None if it stands on that already."""
    if published is None or published == found.base_hash:
        return None
    return publishing.rebased_on(found, database.get_one(RuleSetRow, published).files)


@views.post("/drafts/<draft_id>/approve")
@requires("admin")
def approve(draft_id: str) -> Answer:
    """Stand for a draft, exactly as it was shown."""
    try:
        with services().database.writing() as database:
            drafts.approve(database, draft_id, request.form.get("content", ""), current_staff().id)
            trail().note(database, Event.DRAFT_APPROVED, about=request.form.get("content", ""))
    except DraftError as error:
        return _refused(draft_id, error)
    return redirect(url_for(".review", draft_id=draft_id), 303)


@views.post("/drafts/<draft_id>/update")
@requires("admin")
def update(draft_id: str) -> Answer:
    """Put a draft on the version in use."""
    try:
        with services().database.writing() as database:
            publishing.rebase(database, draft_id, current_staff().id)
    except DraftError as error:
        return _refused(draft_id, error)
    return redirect(url_for(".review", draft_id=draft_id), 303)


@views.post("/drafts/<draft_id>/publish")
@requires("admin")
def publish(draft_id: str) -> Answer:
    """Publish a draft, exactly as it was shown, if nothing stands against it."""
    with services().database.reading() as database:
        found = found_draft(database, draft_id)
    note = request.form.get("note", "").replace("\r\n", "\n")
    try:
        ruleset = _publishable(found)
        with services().database.writing() as database:
            needs_approval = services().settings.needs_approval
            publishing.publish(database, draft_id, ruleset, current_staff().id, note, needs_approval=needs_approval)
            trail().note(database, Event.PUBLISHED, about=ruleset.hash)
    except DraftError as error:
        return _refused(draft_id, error, note)
    return redirect(url_for(".history", published="yes"), 303)


def _publishable(found: Draft) -> RuleSet:
    """The rule set of a draft. Raises `DraftError` unless it is as shown, without a problem, and passes its tests."""
    if found.content != request.form.get("content"):
        raise DraftError(publishing.CHANGED)
    result = checked.check(found.files)
    if result.ruleset is None:
        raise DraftError("The checker finds problems; they have to be mended first.")
    if not all(test.passed for test in checked.test_results(found.files)):
        raise DraftError("Not every test in the files passes; the rules or the tests have to be mended first.")
    return result.ruleset


def _refused(draft_id: str, error: DraftError, note: str = "") -> Answer:
    return _review(draft_id, str(error), note), 422


@views.get("/history")
@requires("admin")
def history() -> str:
    """List every publication."""
    return _history()


def _history(error: str = "") -> str:
    with services().database.reading() as database:
        listed = rulesets.publications(database)
        people = {entry.published_by for entry in listed} | {entry.approved_by for entry in listed}
        names = {member_id: staff_name(database, member_id) for member_id in people}
    return render_template(
        "admin/history.html", publications=listed, names=names, published="published" in request.args, error=error
    )


@views.get("/history/<publication_id>")
@requires("admin")
def publication(publication_id: str) -> str:
    """Show what a publication changed."""
    with services().database.reading() as database:
        found = _found_publication(database, publication_id)
        after = database.get_one(RuleSetRow, found.rule_set_hash).files
        before = database.get_one(RuleSetRow, found.from_hash).files if found.from_hash else after
    old, new = checked.check(before).ruleset, checked.check(after).ruleset
    return render_template(
        "admin/publication.html",
        publication=found,
        changes=changes(old, new) if old and new else (),
        files=_file_changes(before, after),
    )


@views.post("/history/<publication_id>/back")
@requires("admin")
def back(publication_id: str) -> Answer:
    """Publish an earlier version again."""
    try:
        with services().database.writing() as database:
            found = _found_publication(database, publication_id)
            ruleset = services().screeners.ruleset(database, found.rule_set_hash)
            publishing.go_back(database, ruleset, current_staff().id)
            trail().note(database, Event.ROLLED_BACK, about=ruleset.hash)
    except DraftError as error:
        return _history(str(error)), 422
    except RuleErrors:
        return _history("This version cannot be read by the program as it is now."), 422
    return redirect(url_for(".history", published="yes"), 303)


def _found_publication(database: Session, publication_id: str) -> Publication:
    return rulesets.publication(database, publication_id) or abort(404, "There is no such publication.")


def _file_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[FileChange]:
    found = []
    for file in sorted({*before, *after}):
        old, new = before.get(file, "").split("\n"), after.get(file, "").split("\n")
        if old != new:
            rows = list(unified_diff(old, new, lineterm="", n=AROUND))[2:]  # without the two lines of names
            found.append(FileChange(file, tuple((row[0], row if row[0] == "@" else row[1:]) for row in rows)))
    return found
