"""How rules did with real patients: how often raised, how often not assessed, and what clinicians said of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, type_coerce
from sqlalchemy.orm import Session

from intake.moments import Moment
from intake.sealed import keys_of
from intake.tables import ResponseRow, ReviewRow, ScreeningRow
from reports.review import Review, Verdict
from rules.ruleset import Outcome

MOST = 5_000  # screenings that are read for one page, the newest
AT_ONCE = 500  # rows fetched together


@dataclass
class RuleRecord:
    """One rule: for how many patients it ended how, what was missing where it was not assessed, and the verdicts.

    `months` counts, by "2026-11", the screenings in which it was looked at, and those in which it was raised.
    """

    ends: Counter[Outcome] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    screened: Counter[str] = field(default_factory=Counter)
    raised: Counter[str] = field(default_factory=Counter)

    def share(self, outcome: Outcome) -> float:
        """Return of how many of the screenings that looked at the rule it ended so, from 0 to 1."""
        return self.ends[outcome] / max(self.ends.total(), 1)

    @property
    def not_relevant(self) -> float:
        """The share of its verdicts that say "not relevant", from 0 to 1."""
        return self.verdicts[Verdict.NOT_RELEVANT] / max(self.verdicts.total(), 1)


@dataclass(frozen=True)
class Record:
    """How all rules did in the screenings of a time; `of` is how many there are, `screenings` how many were read."""

    screenings: int
    of: int
    rules: Mapping[str, RuleRecord]
    months: tuple[str, ...]


def read(session: Session, days: int) -> Record:
    """Return how rules did in the answers sent in so many days up to now, with any version of the rule set."""
    since = ResponseRow.sent_at >= datetime.now(UTC) - timedelta(days=days)
    number = session.scalar(select(func.count()).where(since)) or 0
    sent_at = type_coerce(ResponseRow.sent_at, Moment)
    sealed = ScreeningRow.result_sealed, ReviewRow.content_sealed
    found = select(sent_at, ScreeningRow.encounter_id, ScreeningRow.id, *sealed).select_from(ResponseRow)
    found = found.join(ScreeningRow, ScreeningRow.response_id == ResponseRow.id)
    found = found.outerjoin(ReviewRow, ReviewRow.encounter_id == ResponseRow.encounter_id).where(since)
    rules: dict[str, RuleRecord] = {}
    months: Counter[str] = Counter()
    rows = session.execute(
        found.order_by(ResponseRow.sent_at.desc()).limit(MOST), execution_options={"yield_per": AT_ONCE}
    )
    for batch in rows.partitions():
        ciphers = keys_of(session).ring.read([row.encounter_id for row in batch])
        for moment, encounter_id, screening_id, result, review in batch:
            month, cipher = f"{moment:%Y-%m}", ciphers[encounter_id]
            months[month] += 1
            _count(rules, month, ScreeningRow.result.open(cipher, screening_id, result)["outcomes"])
            if review is not None:
                _count_verdicts(rules, Review.from_json(ReviewRow.content.open(cipher, encounter_id, review)))
    return Record(months.total(), number, rules, tuple(sorted(months)))


def _count(rules: dict[str, RuleRecord], month: str, outcomes: Mapping[str, Any]) -> None:
    for rule_id, end in outcomes.items():
        record, outcome = rules.setdefault(rule_id, RuleRecord()), Outcome(end["outcome"])
        record.ends[outcome] += 1
        record.screened[month] += 1
        record.raised[month] += outcome is Outcome.RAISED
        if outcome is Outcome.NOT_ASSESSED:
            record.missing.update(missing["item"] for missing in end["missing"])


def _count_verdicts(rules: dict[str, RuleRecord], review: Review) -> None:
    for rule_id, opinion in review.opinions.items():
        if opinion.verdict is not None and rule_id in rules:
            rules[rule_id].verdicts[opinion.verdict] += 1
