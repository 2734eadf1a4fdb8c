"""A screening as one FHIR R4 transaction: questionnaire, answers, scores, flags and the PDF, for a record system.

A repeat does no harm. Each entry is created only where there is none of its identifier yet; flags, which a later
signature may change, take the place of what has their identifier. What is private is left out (`without_private`): a
record system shows its contents to patients, and so to whoever looks over their shoulder, and to everybody with access.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any as Data

from reports.fhir_questionnaire import questionnaire_name, questionnaire_resource
from reports.fhir_response import response_resource
from reports.fhir_results import (
    Signature,
    Told,
    device_resource,
    document_resource,
    issues,
    observations,
    patient_resource,
)
from reports.fhir_terms import URI, Json, Systems, link_to, name_of, reference
from reports.review import Review
from reports.summary import Patient
from reports.without_private import without_private
from rules.response import Response
from rules.ruleset import RuleSet
from rules.screening import Screening


@dataclass(frozen=True)
class Screened:
    """What is handed over, with what is private still in it.

    `encounter` is its id; `basis` tells its answers from those before a correction. `pdf` must have been made of what
    `without_private` leaves; None leaves the document out. `systems.base` is the installation's address.
    """

    encounter: str
    basis: str
    patient: Patient
    ruleset: RuleSet
    response: Response
    screening: Screening
    completed_at: datetime | None
    amended: bool
    review: Review
    signed: Signature | None
    pdf: bytes | None
    systems: Systems
    clinic: str


def bundle(screened: Screened) -> Json:
    """Return the transaction. The same screening always gives the same bundle."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(_entries(screened))}


def document_name(encounter: str, number: int) -> str:
    """Return the `urn:uuid:` of a version's document; 0 is the one that nobody has signed."""
    return name_of(encounter, "document", str(number))


def patient_name(systems: Systems, patient: Patient) -> str:
    """Return the `urn:uuid:` of a patient: the same for the same name and date of birth in one installation."""
    return name_of(
        systems.base, "patient", " ".join(patient.name.casefold().split()), patient.date_of_birth.isoformat()
    )


def _entries(screened: Screened) -> Iterator[Json]:
    ruleset, response, screening = without_private(screened.ruleset, screened.response, screened.screening)
    systems = screened.systems
    told = Told(
        key=f"{screened.encounter} {screened.basis}",
        subject=patient_name(systems, screened.patient),
        answers=name_of(screened.encounter, screened.basis, "answers"),
        device=name_of("rule set", ruleset.hash),
        at=screened.completed_at,
        systems=systems,
    )
    patient = screened.patient
    yield _created(told.subject, patient_resource(patient.name, patient.date_of_birth, told.subject))
    yield _created(told.device, device_resource(ruleset, told.device))
    asked = questionnaire_resource(ruleset, systems, screened.clinic)
    yield _created(questionnaire_name(ruleset), asked)
    yield _created(told.answers, _answers(screened, ruleset, response, told))
    for urn, observation in observations(response, told):
        yield _created(urn, observation)
    for urn, issue in issues(ruleset, response, screening, screened.review, screened.signed, told):
        yield _replaced(urn, issue)
    if screened.pdf is not None:
        number = screened.signed.number if screened.signed else 0
        urn = document_name(screened.encounter, number)
        before = [document_name(screened.encounter, earlier) for earlier in range(1, number)]
        yield _created(urn, document_resource(screened.pdf, told, screened.signed, urn, before))


def _answers(screened: Screened, ruleset: RuleSet, response: Response, told: Told) -> Json:
    resource = response_resource(
        ruleset,
        response,
        told.systems,
        name=told.answers,
        completed_at=screened.completed_at,
        amended=screened.amended,
    )
    subject = reference(told.subject)
    return resource | {"subject": subject, "author": subject, "source": subject}


def _created(urn: str, resource: Json) -> Json:
    request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": _named(urn)}
    return {"fullUrl": link_to(urn), "resource": resource, "request": request}


def _replaced(urn: str, resource: Json) -> Json:
    request: dict[str, Data] = {"method": "PUT", "url": f"{resource['resourceType']}?{_named(urn)}"}
    return {"fullUrl": link_to(urn), "resource": resource, "request": request}


def _named(urn: str) -> str:
    return f"identifier={URI}|{urn}"
