"""The rule sets of an installation: stored whole by their hash; the one published last screens."""

import threading
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.database import RuleSetRow
from rules.load import load_texts
from rules.ruleset import RuleSet
from rules.screening import Screener


def publish(session: Session, ruleset: RuleSet) -> bool:
    """Make a rule set the one that screens; True unless it was already."""
    if published_hash(session) == ruleset.hash:
        return False
    now = datetime.now(UTC)
    session.merge(RuleSetRow(hash=ruleset.hash, files=dict(ruleset.files), published_at=now))
    return True


def published_hash(session: Session) -> str | None:
    """Return the hash of the rule set that screens now, or None before `intake init`."""
    return session.scalar(select(RuleSetRow.hash).order_by(RuleSetRow.published_at.desc()).limit(1))


class Screeners:
    """The rule sets of this process, by hash: each is read once and compiled once, when that is first needed."""

    def __init__(self) -> None:
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
                self._compiled[rule_set_hash] = Screener(self.ruleset(session, rule_set_hash))
            return self._compiled[rule_set_hash]

    def published(self, session: Session) -> Screener:
        """Return the screener of the rule set that screens now. Raises `LookupError` before `intake init`."""
        published = published_hash(session)
        if published is None:
            raise LookupError("no rule set is published; run intake init")
        return self.get(session, published)
