"""Drafts: a named set of changed rule files on top of a published rule set. Plain functions over a session.

What a file holds is kept as it was typed, whether or not it can be read. Nobody overwrites a file that somebody else
has changed since it was shown.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.rulesets import published_hash
from intake.tables import DraftRow, RuleSetRow
from rules.ruleset import content_hash

LONGEST_NAME = 100  # characters
FILE_NAME = re.compile(r"(questionnaire/|languages/[a-z]{2}/(questionnaire/)?)?[a-z0-9][a-z0-9_-]{0,59}\.yaml")
NEW_FILE = "rules: {}\n"


class DraftError(Exception):
    """What was asked of a draft cannot be done; the message says why, for the admin."""


class Overwrites(DraftError):
    """A file was changed since it was shown. `now` is what it holds by now."""

    def __init__(self, now: str) -> None:
        self.now = now
        super().__init__("Somebody else has changed this file since you opened it.")


@dataclass(frozen=True)
class Draft:
    """A draft: the files of the rule set that it began from, and the text of each file that is changed; None: removed.

    `changed_by` and `approved_by` are ids of staff. An approval is for one content only: see `is_approved`.
    """

    id: str
    name: str
    base_hash: str
    base: Mapping[str, str]
    changes: Mapping[str, str | None]
    changed_by: str
    changed_at: datetime
    approved_hash: str | None
    approved_by: str | None

    @cached_property
    def files(self) -> dict[str, str]:
        """The text of every file, as it would be published."""
        return {name: text for name, text in {**self.base, **self.changes}.items() if text is not None}

    @property
    def removed(self) -> list[str]:
        """The names of the files that it takes away."""
        return sorted(name for name, text in self.changes.items() if text is None)

    @cached_property
    def content(self) -> str:
        """The hash that names this content."""
        return content_hash(self.files)

    @property
    def is_approved(self) -> bool:
        """Whether an admin stands for exactly this content."""
        return self.approved_hash == self.content


def mark(text: str) -> str:
    """Return what a page keeps of a file's text, to tell later whether it has changed since."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def create(session: Session, name: str, member_id: str) -> Draft:
    """Begin a draft from the rule set that is in use. Raises `DraftError` over its name."""
    base = published_hash(session)
    if base is None:
        raise DraftError("No rule set is published yet.")
    row = DraftRow(id=str(uuid4()), name=_free_name(session, name), base_hash=base, changes={})
    touch(row, member_id)
    session.add(row)
    session.flush()
    return _draft(session, row)


def find(session: Session, draft_id: str) -> Draft | None:
    """Return a draft by its id."""
    row = session.get(DraftRow, draft_id)
    return None if row is None else _draft(session, row)


def listing(session: Session) -> list[Draft]:
    """Return all drafts, the one that was changed last first."""
    return [_draft(session, row) for row in session.scalars(select(DraftRow).order_by(DraftRow.changed_at.desc()))]


def unused_name(session: Session, name: str) -> str:
    """Return a name that no draft has: this one, or with a number behind it."""
    name = " ".join(name.split())[: LONGEST_NAME - 5]
    taken = set(session.scalars(select(DraftRow.name)))
    return next(one for one in (name, *(f"{name} ({n})" for n in range(2, 1000))) if one not in taken)


def rename(session: Session, draft_id: str, name: str) -> None:
    """Give a draft another name. Raises `DraftError` over it."""
    row = lock(session, draft_id)
    row.name = row.name if name.strip() == row.name else _free_name(session, name)


def discard(session: Session, draft_id: str) -> None:
    """Throw a draft away."""
    session.delete(lock(session, draft_id))


def save_file(session: Session, draft_id: str, file: str, text: str, seen: str, member_id: str) -> None:
    """Store a file's text as it was typed. Raises `Overwrites` unless `seen` is the mark of what it holds."""
    row = lock(session, draft_id)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    draft = _draft(session, row)
    now = _text(draft, file)
    if text == now:
        return
    if mark(now) != seen:
        raise Overwrites(now)
    others = {name: kept for name, kept in row.changes.items() if name != file}
    row.changes = others if draft.base.get(file) == text else {**others, file: text}
    touch(row, member_id)


def add_file(session: Session, draft_id: str, file: str, member_id: str) -> str:
    """Add a file of rules without any yet, or an empty one elsewhere; return its name. Raises `DraftError` over it."""
    row = lock(session, draft_id)
    file = file.strip().removesuffix(".yaml") + ".yaml"
    if not FILE_NAME.fullmatch(file):
        raise DraftError("Use small letters, digits and _ only, such as thyroid.yaml.")
    if file in _draft(session, row).files:
        raise DraftError(f"There is a file {file} already.")
    row.changes = {**row.changes, file: "" if "/" in file else NEW_FILE}
    touch(row, member_id)
    return file


def remove_file(session: Session, draft_id: str, file: str, member_id: str) -> None:
    """Take a file away, to be published so. Raises `DraftError` if it is not there."""
    row = lock(session, draft_id)
    draft = _draft(session, row)
    _text(draft, file)
    others = {name: kept for name, kept in row.changes.items() if name != file}
    row.changes = {**others, file: None} if file in draft.base else others
    touch(row, member_id)


def replace_files(session: Session, draft_id: str, files: Mapping[str, str], member_id: str) -> None:
    """Let a draft hold exactly these files."""
    row = lock(session, draft_id)
    base = _draft(session, row).base
    changed: dict[str, str | None] = {name: text for name, text in files.items() if base.get(name) != text}
    row.changes = changed | dict.fromkeys(base.keys() - files.keys())
    touch(row, member_id)


def put_back(session: Session, draft_id: str, file: str, member_id: str) -> None:
    """Take a file out of the draft: it is again as in the rule set that the draft began from, or gone if it was new."""
    row = lock(session, draft_id)
    row.changes = {name: text for name, text in row.changes.items() if name != file}
    touch(row, member_id)


def approve(session: Session, draft_id: str, content: str, member_id: str) -> None:
    """Record that an admin stands for this content. Raises `DraftError` if it has changed, or is the admin's own."""
    row = lock(session, draft_id)
    if _draft(session, row).content != content:
        raise DraftError("The draft has changed since you opened this page. Please read it again first.")
    if row.changed_by == member_id:
        raise DraftError("You changed this draft last, so another admin has to approve it.")
    row.approved_hash, row.approved_by = content, member_id


def lock(session: Session, draft_id: str) -> DraftRow:
    """Return the row of a draft, which nobody else changes until the session ends. Raises `DraftError`."""
    row = session.get(DraftRow, draft_id, with_for_update=True)
    if row is None:
        raise DraftError("This draft is not there any more: it was published or discarded.")
    return row


def touch(row: DraftRow, member_id: str) -> None:
    """Record who changes a draft now."""
    row.changed_by, row.changed_at = member_id, datetime.now(UTC)


def _text(draft: Draft, file: str) -> str:
    if file not in draft.files:
        raise DraftError(f"There is no file {file} in this draft.")
    return draft.files[file]


def _free_name(session: Session, name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise DraftError(f"Give the draft a name, of at most {LONGEST_NAME} characters.")
    if session.scalar(select(DraftRow.id).where(DraftRow.name == name)):
        raise DraftError("There is a draft of this name already.")
    return name


def _draft(session: Session, row: DraftRow) -> Draft:
    base = session.get_one(RuleSetRow, row.base_hash).files
    people = row.changed_by, row.changed_at, row.approved_hash, row.approved_by
    return Draft(row.id, row.name, row.base_hash, base, row.changes, *people)
