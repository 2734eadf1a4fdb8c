"""A stored screening as FHIR: what is exported, shown to clinicians and handed over to a record system."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import Any

from sqlalchemy.orm import Session

from intake import encounters, reviews, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.reviews import Signed
from intake.rulesets import Screeners
from intake.settings import Settings
from reports import fhir
from reports.documents import Document
from reports.fhir_checks import problems_of_bundle
from reports.fhir_results import Signature
from reports.fhir_terms import Systems
from reports.paper import document
from reports.review import Review
from reports.summary import Patient, summarise
from reports.without_private import without_private

COPY = "Copy for the record system, without private questions"
Write = Callable[[Document], bytes]


class FhirFault(Exception):
    """What we made is not FHIR: a mistake of ours. The message holds no answers."""


def transaction(
    database: Database, screeners: Screeners, settings: Settings, encounter_id: str, write: Write
) -> dict[str, Any] | None:
    """Return an encounter's screening as a FHIR transaction; None while there is none.

    It is the version that was signed last, or as it stands where nobody has signed. `write` makes its PDF; no
    transaction of the database is open while it does. Raises `FhirFault`.
    """
    with database.reading() as session:
        found = stored(session, screeners, settings, encounter_id)
    if found is None:
        return None
    made = fhir.bundle(replace(found, pdf=write(_document(found, settings))))
    problems = problems_of_bundle(made)
    if problems:
        raise FhirFault(f"{len(problems)} problems, the first: {problems[0]}")
    return made


def stored(session: Session, screeners: Screeners, settings: Settings, encounter_id: str) -> fhir.Screened | None:
    """Return an encounter's screening with its review, without the PDF; None while there is none."""
    encounter = encounters.find(session, encounter_id)
    screened = submission.stored_screening(session, screeners, encounter_id)
    if encounter is None or screened is None:
        return None
    versions = reviews.versions(session, encounter_id)
    return fhir.Screened(
        encounter=encounter_id,
        basis=_basis(encounter),
        patient=Patient(encounter.patient_name, encounter.date_of_birth),
        ruleset=screened.ruleset,
        response=screened.response,
        screening=screened.screening,
        completed_at=encounter.sent_at,
        amended=encounter.first_sent_at is not None,
        review=versions[-1].review if versions else reviews.draft(session, encounter_id).review,
        signed=_signature(versions[-1]) if versions else None,
        pdf=None,
        systems=Systems(settings.base_url),
        clinic=settings.clinic_name,
    )


def _basis(encounter: Encounter) -> str:
    """When the answers were sent: it tells them from corrected ones, and nothing of what they are."""
    return encounter.sent_at.astimezone(UTC).isoformat() if encounter.sent_at else ""


def _signature(version: Signed) -> Signature:
    return Signature(version.number, version.signed_at, version.signed_by)


def _document(found: fhir.Screened, settings: Settings) -> Document:
    """The summary without what is private."""
    ruleset, response, screening = without_private(found.ruleset, found.response, found.screening)
    summary = summarise(
        ruleset,
        response,
        screening,
        patient=found.patient,
        clinic=found.clinic,
        completed_at=found.completed_at,
    )
    opinions = {rule: opinion for rule, opinion in found.review.opinions.items() if rule in ruleset.by_id}
    # what was signed is another file, and this one says so, whether or not anything private was answered
    signature = found.review.signature and f"{found.review.signature}. {COPY}"
    review = Review(opinions, found.review.added, signature, found.review.pending)
    return document(replace(summary, review=review), settings.paper)
