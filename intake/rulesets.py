"""The rule sets of an installation: stored whole by their hash; the one published last screens."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.tables import PublicationRow, RuleSetRow
from rules.engine import Engine
from rules.engine_process import EngineProcess
from rules.load import load_texts
from rules.ruleset import RuleSet
from rules.screening import Screener

How = Literal["installed", "approved", "alone", "back"]


@dataclass(frozen=True)
class Publication:
    """One time that a rule set was published, in the place of `from_hash`.

    `how`: it came with the product ("installed"); a second admin approved it ("approved"), or none did, in a clinic
    that does without ("alone"); or it is one from before ("back"). `name` is the draft's; the people are ids of staff.
    """

    id: str
    rule_set_hash: str
    from_hash: str | None
    published_at: datetime
    how: How
    name: str = ""
    note: str = ""
    published_by: str | None = None
    approved_by: str | None = None


def publish(
    session: Session,
    ruleset: RuleSet,
    how: How = "installed",
    *,
    name: str = "",
    note: str = "",
    published_by: str | None = None,
    approved_by: str | None = None,
) -> bool:
    """Make a rule set the one that screens, and record it; True unless it was already."""
    before = published_hash(session)
    if before == ruleset.hash:
        return False
    now = datetime.now(UTC)
    session.merge(RuleSetRow(hash=ruleset.hash, files=dict(ruleset.files), published_at=now))
    session.flush()
    row = PublicationRow(id=str(uuid4()), rule_set_hash=ruleset.hash, from_hash=before, published_at=now, how=how)
    row.name, row.note, row.published_by, row.approved_by = name, note, published_by, approved_by
    session.add(row)
    return True


def publications(session: Session) -> list[Publication]:
    """Return every publication, the newest first."""
    rows = session.scalars(select(PublicationRow).order_by(PublicationRow.published_at.desc()))
    return [_publication(row) for row in rows]


def publication(session: Session, publication_id: str) -> Publication | None:
    """Return a publication by its id."""
    row = session.get(PublicationRow, publication_id)
    return None if row is None else _publication(row)


def is_edited(session: Session) -> bool:
    """Whether an admin published the rule set in use, so that a new version of the product must not replace it."""
    newest = select(PublicationRow.how).order_by(PublicationRow.published_at.desc()).limit(1)
    return session.scalar(newest) not in (None, "installed")


def _publication(row: PublicationRow) -> Publication:
    how: How = row.how  # type: ignore[assignment]
    moments = row.id, row.rule_set_hash, row.from_hash, row.published_at
    return Publication(*moments, how, row.name, row.note, row.published_by, row.approved_by)


PUBLISHED = select(RuleSetRow.hash).order_by(RuleSetRow.published_at.desc()).limit(1)


def published_hash(session: Session) -> str | None:
    """Return the hash of the rule set that screens now, or None before `intake init`."""
    found: str | None = session.connection().scalar(PUBLISHED)
    return found


def stored(session: Session, rule_set_hash: str) -> dict[str, str]:
    """Return the files of a stored rule set, by its whole hash."""
    return session.get_one(RuleSetRow, rule_set_hash).files


class Screeners:
    """The rule sets of this process, by hash: each is read once and compiled once, when that is first needed.

    With a process for the engine, durable-rules runs there, and nothing that it does can end this one.
    """

    def __init__(self, engine_process: EngineProcess | None = None) -> None:
        self.engine = engine_process.engine if engine_process else Engine
        self._lock = threading.RLock()
        self._read: dict[str, RuleSet] = {}
        self._compiled: dict[str, Screener] = {}

    def ruleset(self, session: Session, rule_set_hash: str) -> RuleSet:
        """Return a stored rule set. Raises `LookupError` if no such rule set is stored."""
        with self._lock:
            if rule_set_hash not in self._read:
                row = session.get(RuleSetRow, rule_set_hash)
                if row is None:
                    raise LookupError(f"no rule set {rule_set_hash} is stored")
                self._read[rule_set_hash] = load_texts(row.files)
            return self._read[rule_set_hash]

    def get(self, session: Session, rule_set_hash: str) -> Screener:
        """Return the screener of a stored rule set. Raises `LookupError` if no such rule set is stored."""
        with self._lock:
            if rule_set_hash not in self._compiled:
                self._compiled[rule_set_hash] = Screener(self.ruleset(session, rule_set_hash), self.engine)
            return self._compiled[rule_set_hash]

    def kept(self, rule_set_hash: str) -> Screener | None:
        """Return the screener of a rule set that this process has compiled."""
        return self._compiled.get(rule_set_hash)

    def published(self, session: Session) -> Screener:
        """Return the screener of the rule set that screens now. Raises `LookupError` before `intake init`."""
        published = published_hash(session)
        if published is None:
            raise LookupError("no rule set is published; run intake init")
        return self.get(session, published)
