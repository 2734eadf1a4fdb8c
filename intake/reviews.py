"""Reviews as they are stored: one working copy for each encounter, and every version that was signed, for ever."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intake import encounters
from intake.encryption import Unreadable
from intake.staff import Staff
from intake.tables import ReviewRow, SignedSummaryRow, StaffRow
from reports.review import Review
from rules.screening import Screening


class AlteredPdf(Exception):
    """A stored PDF is not the one that was signed."""


@dataclass(frozen=True)
class Draft:
    """The working copy. `revision` counts its saves, 0 before the first; `saved_by` is a name."""

    review: Review = field(default_factory=Review)
    revision: int = 0
    saved_at: datetime | None = None
    saved_by: str = ""


@dataclass(frozen=True)
class Signed:
    """One signed version. `review` holds the signature; `revision` and `basis` tell what of, `sha256` is the PDF's."""

    number: int
    signed_at: datetime
    signed_by: str
    review: Review
    revision: int
    basis: str
    sha256: str


def basis_of(session: Session, encounter_id: str, screening: Screening) -> str:
    """Return what tells these answers with this screening from every other: 64 hexadecimal digits."""
    content = [encounters.answers(session, encounter_id), screening.as_json()]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def draft(session: Session, encounter_id: str) -> Draft:
    """Return the working copy; an empty one before the first save."""
    found = session.execute(
        select(ReviewRow, StaffRow.name).join(StaffRow).where(ReviewRow.encounter_id == encounter_id)
    ).one_or_none()
    if found is None:
        return Draft()
    row, name = found
    return Draft(Review.from_json(row.content), row.revision, row.saved_at, name)


def save(session: Session, encounter_id: str, review: Review, revision: int, by: Staff) -> bool:
    """Save the working copy. Return False, and save nothing, if there have been other saves since `revision`."""
    row = session.get(ReviewRow, encounter_id)
    if revision != (row.revision if row else 0):
        return False
    if row is None:
        row = ReviewRow(encounter_id=encounter_id, revision=0)
        session.add(row)
    row.content, row.revision = review.as_json(), revision + 1
    row.saved_at, row.saved_by = datetime.now(UTC), by.id
    return True


def versions(session: Session, encounter_id: str) -> list[Signed]:
    """Return what was signed, the first version first."""
    found = session.execute(
        select(SignedSummaryRow, StaffRow.name)
        .join(StaffRow)
        .where(SignedSummaryRow.encounter_id == encounter_id)
        .order_by(SignedSummaryRow.number)
    )
    return [_signed(row, name) for row, name in found]


def keep_signed(session: Session, encounter_id: str, version: Signed, by: Staff, pdf: bytes) -> bool:
    """Keep a version with its PDF. Return False, and keep nothing, if another was signed or saved in between."""
    if draft(session, encounter_id).revision != version.revision:
        return False
    if session.get(SignedSummaryRow, (encounter_id, version.number)) is not None:
        return False
    replaced = SignedSummaryRow.encounter_id == encounter_id
    session.execute(update(SignedSummaryRow).where(replaced).values(unhanded_since=None))
    session.add(
        SignedSummaryRow(
            encounter_id=encounter_id,
            number=version.number,
            signed_at=version.signed_at,
            signed_by=by.id,
            signature=version.review.signature,
            content=version.review.as_json(),
            revision=version.revision,
            basis=version.basis,
            pdf=pdf,
            pdf_sha256=version.sha256,
            unhanded_since=version.signed_at,
        )
    )
    return True


def signed_pdf(session: Session, encounter_id: str, number: int) -> bytes | None:
    """Return a signed version's PDF, byte for byte; None if there is none. Raises `AlteredPdf`."""
    row = session.get(SignedSummaryRow, (encounter_id, number))
    if row is None:
        return None
    try:
        pdf = row.pdf
    except Unreadable as error:
        raise AlteredPdf(f"version {number} of encounter {encounter_id}") from error
    if hashlib.sha256(pdf).hexdigest() != row.pdf_sha256:
        raise AlteredPdf(f"version {number} of encounter {encounter_id}")
    return pdf


def _signed(row: SignedSummaryRow, name: str) -> Signed:
    stored = Review.from_json(row.content)
    return Signed(
        number=row.number,
        signed_at=row.signed_at,
        signed_by=name,
        review=Review(stored.opinions, stored.added, row.signature),
        revision=row.revision,
        basis=row.basis,
        sha256=row.pdf_sha256,
    )
