"""A patient over time: the other screenings of the same person, found by name and date of birth."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.tables import EncounterRow, ResponseRow, ScreeningRow, SignedSummaryRow
from reports.scores import EarlierScore
from rules.questionnaire import Questionnaire
from rules.ruleset import Priority
from rules.screening import Screening

MOST_FOLLOWED = 5  # earlier screenings that a score is followed through


@dataclass(frozen=True)
class Visit:
    """Another screening of the same person. `signed` counts its signed versions.

    `same_email` tells whether both invitations went to the same address; None where one of them has none.
    """

    encounter_id: str
    sent_at: datetime
    screening: Screening
    signed: int
    same_email: bool | None

    @property
    def day(self) -> date:
        """The day on which the answers were sent, where the clinic is."""
        return self.sent_at.astimezone().date()

    @property
    def priority(self) -> Priority | None:
        """The priority of the most urgent flag."""
        return self.screening.raised[0].priority if self.screening.raised else None


@dataclass(frozen=True)
class History:
    """The screenings of the same person before one of them, and after it; the newest first."""

    earlier: tuple[Visit, ...] = ()
    later: tuple[Visit, ...] = ()


def history(session: Session, encounter_id: str) -> History:
    """Return the other screenings of the person of an encounter; none before its own answers were sent."""
    sent_at = session.scalar(select(ResponseRow.sent_at).where(ResponseRow.encounter_id == encounter_id))
    if sent_at is None:
        return History()
    visits = _visits(session, session.get_one(EncounterRow, encounter_id))
    return History(
        tuple(visit for visit in visits if visit.sent_at <= sent_at),
        tuple(visit for visit in visits if visit.sent_at > sent_at),
    )


def same_person(session: Session, encounter: EncounterRow) -> list[EncounterRow]:
    """Return the other encounters under the same name and date of birth. Two people can share both."""
    same = select(EncounterRow).where(EncounterRow.person == encounter.person, EncounterRow.id != encounter.id)
    return list(session.scalars(same))


def earlier_scores(found: History, questionnaire: Questionnaire) -> dict[str, list[EarlierScore]]:
    """Return each score of the last few earlier screenings by its id.

    One of which nothing is known, because its questions were not asked or all left blank, is left out.
    """
    scores: dict[str, list[EarlierScore]] = {}
    for visit in found.earlier[:MOST_FOLLOWED]:
        for score, value in visit.screening.scores.items():
            is_blank = not value.complete and (value.low, value.high) == questionnaire.bounds(score)
            if score in questionnaire.scores and value.low is not None and value.high is not None and not is_blank:
                scores.setdefault(score, []).append(EarlierScore(visit.day, value.low, value.high))
    return scores


def _visits(session: Session, encounter: EncounterRow) -> list[Visit]:
    others: Mapping[str, EncounterRow] = {row.id: row for row in same_person(session, encounter)}
    screened = session.execute(
        select(ScreeningRow, ResponseRow.sent_at)
        .join(ResponseRow, ResponseRow.id == ScreeningRow.response_id)
        .where(ResponseRow.encounter_id.in_(others))
        .order_by(ResponseRow.sent_at.desc())
    ).all()
    versions = session.scalars(select(SignedSummaryRow.encounter_id).where(SignedSummaryRow.encounter_id.in_(others)))
    signed = Counter(versions)
    return [
        Visit(one.encounter_id, sent_at, Screening.from_json(one.result), signed[one.encounter_id], same_email)
        for one, sent_at in screened
        if sent_at is not None
        for same_email in (_same_email(encounter, others[one.encounter_id]),)
    ]


def _same_email(one: EncounterRow, other: EncounterRow) -> bool | None:
    if not one.email or not other.email:
        return None
    return one.email.casefold() == other.email.casefold()
