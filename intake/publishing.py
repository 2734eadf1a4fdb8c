"""From a draft to the rule set in use, and back to an earlier one. Plain functions over a session."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from intake import drafts, rulesets
from intake.drafts import Draft, DraftError
from intake.merging import merge
from intake.tables import DraftRow, RuleSetRow
from rules.ruleset import RuleSet

LONGEST_NOTE = 2000  # characters
CHANGED = "The draft has changed since you opened this page. Please read it again first."


@dataclass(frozen=True)
class Rebased:
    """A draft put on the version in use: its changed files, and in how many places of which both changed the same."""

    changes: dict[str, str | None]
    conflicts: dict[str, int]


def refusal(draft: Draft, published: str | None, member_id: str, *, needs_approval: bool) -> str:
    """Return why this member may not publish a draft that is checked and tested; "" if nothing stands against it."""
    if not draft.changes:
        return "Nothing is changed in this draft."
    if draft.base_hash != published:
        return "Another version was published since this draft began. Bring the draft up to date first."
    if needs_approval and not draft.is_approved:
        return "Another admin has to approve it as it is now."
    if needs_approval and draft.approved_by == member_id:
        return "You approved it, so another admin has to publish it."
    return ""


def publish(
    session: Session, draft_id: str, ruleset: RuleSet, member_id: str, note: str, *, needs_approval: bool
) -> None:
    """Publish a draft whose content is this rule set, checked and tested, and end it. Raises `DraftError`."""
    draft = _locked(session, draft_id)
    if draft.content != ruleset.hash:
        raise DraftError(CHANGED)
    refused = refusal(draft, rulesets.published_hash(session), member_id, needs_approval=needs_approval)
    if refused:
        raise DraftError(refused)
    if not note.strip() or len(note) > LONGEST_NOTE:
        raise DraftError(f"Say in a few words why, in at most {LONGEST_NOTE} characters.")
    approved_by = draft.approved_by if needs_approval else None
    how: rulesets.How = "approved" if needs_approval else "alone"
    people = {"published_by": member_id, "approved_by": approved_by}
    rulesets.publish(session, ruleset, how, name=draft.name, note=note.strip(), **people)
    drafts.discard(session, draft_id)


def publish_files(
    session: Session, ruleset: RuleSet, name: str, member_id: str, note: str, *, needs_approval: bool
) -> Draft | None:
    """Publish a rule set that was made outside the browser, checked and tested; or return the draft that waits.

    Where an approval is needed the rule set becomes a draft, for another admin to approve; once that is done, the same
    call publishes it. Raises `DraftError`.
    """
    published = rulesets.published_hash(session)
    waiting = [one for one in drafts.listing(session) if (one.content, one.base_hash) == (ruleset.hash, published)]
    draft_id = waiting[0].id if waiting else drafts.create(session, drafts.unused_name(session, name), member_id).id
    if not waiting:
        drafts.replace_files(session, draft_id, ruleset.files, member_id)
    draft = _locked(session, draft_id)
    if needs_approval and not draft.is_approved:
        return draft
    publish(session, draft_id, ruleset, member_id, note, needs_approval=needs_approval)
    return None


def go_back(session: Session, ruleset: RuleSet, member_id: str) -> None:
    """Publish a rule set again that was published before. Raises `DraftError` if it is in use."""
    if not rulesets.publish(session, ruleset, "back", published_by=member_id):
        raise DraftError("This version is in use already.")


def rebase(session: Session, draft_id: str, member_id: str) -> Rebased:
    """Put a draft on the version in use, file by file. Raises `DraftError` if it is not there."""
    draft = _locked(session, draft_id)
    published = rulesets.published_hash(session) or draft.base_hash
    rebased = rebased_on(draft, session.get_one(RuleSetRow, published).files)
    row = session.get_one(DraftRow, draft_id)
    row.base_hash, row.changes = published, rebased.changes
    drafts.touch(row, member_id)
    return rebased


def rebased_on(draft: Draft, files: dict[str, str]) -> Rebased:
    """Return what becomes of a draft's changes on other files than it began from."""
    changes: dict[str, str | None] = {}
    conflicts = {}
    for file, text in draft.changes.items():
        merged = merge(draft.base.get(file, ""), text or "", files.get(file, ""))
        is_removed = text is None and not merged.text
        if merged.text != files.get(file, "" if is_removed else None):
            changes[file] = None if is_removed else merged.text
        if merged.conflicts:
            conflicts[file] = merged.conflicts
    return Rebased(changes, conflicts)


def _locked(session: Session, draft_id: str) -> Draft:
    """The draft, with nobody else publishing on top of what it began from."""
    drafts.lock(session, draft_id)
    draft = drafts.find(session, draft_id)
    if draft is None:
        raise DraftError(CHANGED)
    session.get(RuleSetRow, draft.base_hash, with_for_update=True)
    return draft
