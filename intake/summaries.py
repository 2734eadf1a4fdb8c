"""A patient's summary with everything that stands around it: what was signed, the review so far, the visits before."""

from dataclasses import dataclass, replace

from intake import encounters, reviews, submission
from intake.encounters import Encounter
from intake.reviews import Draft, Signed
from intake.services import services
from intake.staff import Staff
from intake.submission import Screened
from reports.review import Review
from reports.summary import FlagLine, Patient, Summary, summarise
from reports.wording import day_and_time


@dataclass(frozen=True)
class Opened:
    """A patient's screening as it stands, with its review. `basis` tells it from one of other answers.

    `summary` carries no review; `with_review` and `as_signed` put one in.
    """

    encounter: Encounter
    summary: Summary
    basis: str
    draft: Draft
    versions: tuple[Signed, ...]

    @property
    def flags(self) -> tuple[FlagLine, ...]:
        """Every flag, in the order of the summary."""
        return (*self.summary.unsafe, *self.summary.flags)

    @property
    def signed(self) -> Signed | None:
        """The last version, if neither the answers nor the review have changed since."""
        last = self.versions[-1] if self.versions else None
        return last if last and (last.basis, last.revision) == (self.basis, self.draft.revision) else None

    @property
    def is_corrected(self) -> bool:
        """Whether the answers have changed since the last version was signed."""
        return bool(self.versions) and self.versions[-1].basis != self.basis

    @property
    def review(self) -> Review:
        """What is signed, or the review so far without a signature, of the flags that there are."""
        if self.signed:
            return self.signed.review
        last = self.versions[-1] if self.versions else None
        raised = {flag.rule for flag in self.flags}
        opinions = {rule: opinion for rule, opinion in self.draft.review.opinions.items() if rule in raised}
        return Review(opinions, self.draft.review.added, pending=_changed_since(last) if last else Review.pending)

    def with_review(self, review: Review) -> Summary:
        """Return the summary with a review on it."""
        return replace(self.summary, review=review)


def _changed_since(last: Signed) -> str:
    return (
        f"Not signed as it stands: changed since version {last.number}, which {last.signed_by} signed on "
        f"{day_and_time(last.signed_at.astimezone())}."
    )


def opened(encounter_id: str, by: Staff) -> Opened | None:
    """Return a patient's screening with its review, or None while there is none.

    The first to open it is remembered, and the patient does not change the answers any more.
    """
    found = _stored(encounter_id)
    if found is not None and found.encounter.opened_at is None:
        with services().database.writing() as database:
            encounters.mark_opened(database, encounter_id, by.id)
        found = _stored(encounter_id)  # the patient may have changed the answers just before
    return found


def _stored(encounter_id: str) -> Opened | None:
    with services().database.reading() as database:
        encounter = encounters.find(database, encounter_id)
        screened = submission.stored_screening(database, services().screeners, encounter_id)
        if encounter is None or screened is None:
            return None
        return Opened(
            encounter,
            _summary(encounter, screened),
            reviews.basis_of(database, encounter_id, screened.screening),
            reviews.draft(database, encounter_id),
            tuple(reviews.versions(database, encounter_id)),
        )


def _summary(encounter: Encounter, screened: Screened) -> Summary:
    return summarise(
        screened.ruleset,
        screened.response,
        screened.screening,
        patient=Patient(encounter.patient_name, encounter.date_of_birth),
        clinic=services().settings.clinic_name,
        completed_at=encounter.sent_at,
    )
