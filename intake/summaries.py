"""A patient's summary with everything that stands around it: what was signed, the review so far, the visits before."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from intake import encounters, reviews, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.history import History, earlier_scores, history
from intake.reviews import Draft, Signed
from intake.rulesets import Screeners
from intake.staff import Staff
from intake.submission import Screened
from reports.changes import Changes, changes
from reports.review import Review
from reports.summary import FlagLine, Patient, Summary, summarise
from reports.wording import day, day_and_time


@dataclass(frozen=True)
class Opened:
    """A patient's screening as it stands, with its review. `basis` tells it from one of other answers.

    `summary` carries no review; `with_review` puts one on it.
    """

    encounter: Encounter
    summary: Summary
    basis: str
    draft: Draft
    versions: tuple[Signed, ...]
    history: History

    @property
    def flags(self) -> tuple[FlagLine, ...]:
        """Every flag, in the order of the summary."""
        return (*self.summary.unsafe, *self.summary.flags)

    @property
    def last(self) -> Signed | None:
        """The version that was signed last."""
        return self.versions[-1] if self.versions else None

    @property
    def signed(self) -> Signed | None:
        """The last version, if neither the answers nor the review have changed since."""
        now = (self.basis, self.draft.revision)
        return self.last if self.last and (self.last.basis, self.last.revision) == now else None

    @property
    def is_corrected(self) -> bool:
        """Whether the answers have changed since the last version was signed."""
        return self.last is not None and self.last.basis != self.basis

    @property
    def review(self) -> Review:
        """What is signed, or the review so far without a signature, of the flags that there are."""
        if self.signed:
            return self.signed.review
        raised = {flag.rule for flag in self.flags}
        opinions = {rule: opinion for rule, opinion in self.draft.review.opinions.items() if rule in raised}
        pending = _changed_since(self.last) if self.last else Review.pending
        return Review(opinions, self.draft.review.added, pending=pending)

    def with_review(self, review: Review) -> Summary:
        """Return the summary with a review on it."""
        return replace(self.summary, review=review)


def _changed_since(last: Signed) -> str:
    return (
        f"Not signed as it stands: changed since version {last.number}, which {last.signed_by} signed on "
        f"{day_and_time(last.signed_at.astimezone())}."
    )


def as_it_stands(database: Database, screeners: Screeners, clinic: str, encounter_id: str) -> Opened | None:
    """Return the same without remembering that anybody opened it."""
    with database.reading() as session:
        return _stored(session, screeners, clinic, encounter_id)


def opened(database: Database, screeners: Screeners, clinic: str, encounter_id: str, by: Staff) -> Opened | None:
    """Return a patient's screening with its review, or None while there is none.

    The first to open it is remembered, and the patient does not change the answers any more.
    """
    with database.reading() as session:
        found = _stored(session, screeners, clinic, encounter_id)
    if found is not None and found.encounter.opened_at is None:
        with database.writing(encounter_id) as session:
            encounters.mark_opened(session, encounter_id, by.id)
        with database.reading() as session:  # the patient may have changed the answers just before
            found = _stored(session, screeners, clinic, encounter_id)
    return found


def _stored(session: Session, screeners: Screeners, clinic: str, encounter_id: str) -> Opened | None:
    encounter = encounters.find(session, encounter_id)
    screened = submission.stored_screening(session, screeners, encounter_id)
    if encounter is None or screened is None:
        return None
    others = history(session, encounter_id)
    summary = summarise(
        screened.ruleset,
        screened.response,
        screened.screening,
        patient=Patient(encounter.patient_name, encounter.date_of_birth),
        clinic=clinic,
        completed_at=_local(encounter.sent_at),
        first_sent_at=_local(encounter.first_sent_at),
        appointment_at=_local(encounter.appointment_at),
        earlier=earlier_scores(others, screened.ruleset.questionnaire),
    )
    return Opened(
        encounter,
        replace(summary, changes=_changes(session, screeners, screened, others)),
        reviews.basis_of(session, encounter_id, screened.screening),
        reviews.draft(session, encounter_id),
        tuple(reviews.versions(session, encounter_id)),
        others,
    )


def _local(moment: datetime | None) -> datetime | None:
    """A moment in the time zone of the server, which is the clinic's."""
    return moment and moment.astimezone()


def _changes(session: Session, screeners: Screeners, screened: Screened, others: History) -> Changes | None:
    """What is new since the last screening of the same person."""
    if not others.earlier:
        return None
    last = others.earlier[0]
    before = screeners.ruleset(session, last.screening.rule_set)
    return changes(last.screening, before, screened.screening, screened.ruleset, day(last.day))
