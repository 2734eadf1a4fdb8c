"""What a screening came to, as FHIR resources: scores as `Observation`, flags as `DetectedIssue`, the PDF.

**Why `DetectedIssue` and not `Flag`.** A `Flag` is a standing warning that a record shows until somebody takes it down.
Our flags tell of one day's answers, rest on evidence, and wait for a clinician: a `DetectedIssue` points to the answers
behind it, is `preliminary` until it is signed, and holds what was done about it (`mitigation`).

**Where it comes from.** Every result names the rule set as its `Device`, whose version is the hash of the rule set. A
`Provenance` has no identifier in R4, and so cannot be made once and only once.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from reports.fhir_questionnaire import score_codes
from reports.fhir_response import moment
from reports.fhir_terms import TERMINOLOGY, UCUM, Json, Systems, coding, identifier, name_of, reference, text
from reports.review import HandFlag, Opinion, Review
from reports.summary import PRIORITY_WORDS
from rules.explain import considerations, reason_text
from rules.questionnaire import Score
from rules.response import Response
from rules.ruleset import Priority, RuleSet
from rules.scores import ScoreValue
from rules.screening import RuleOutcome, Screening

SEVERITY = {
    Priority.EMERGENCY: "high",
    Priority.SAME_DAY: "high",
    Priority.SOON: "moderate",
    Priority.ROUTINE: "low",
    Priority.NOTE: "low",
}
UNITS = {"": "{score}", "kg/m²": "kg/m2", "minutes a week": "min/wk"}  # ours → UCUM's
NOT_A_DIAGNOSIS = "From a patient's own answers to a questionnaire. A screening, not a diagnosis."


@dataclass(frozen=True)
class Signature:
    """The signed version of a summary: its number from 1, when and by whom (a name)."""

    number: int
    at: datetime
    by: str


@dataclass(frozen=True)
class Told:
    """What a screening's resources are about: their subject, the answers they rest on and the rule set, as `urn:uuid:`.

    `key` tells this screening from every other: of other answers, or of other rules.
    """

    key: str
    subject: str
    answers: str
    device: str
    at: datetime | None
    systems: Systems


def patient_resource(name: str, born: date, urn: str) -> Json:
    """Return the least that tells a patient."""
    return {
        "resourceType": "Patient",
        "identifier": [identifier(urn)],
        "name": [{"text": text(name)}],
        "birthDate": born.isoformat(),
    }


def device_resource(ruleset: RuleSet, urn: str) -> Json:
    """Return the rule set as the device that came to the results."""
    return {
        "resourceType": "Device",
        "identifier": [identifier(urn)],
        "status": "active",
        "deviceName": [{"name": "Intake screener", "type": "user-friendly-name"}],
        "version": [{"type": {"text": "SHA-256 of the rule set"}, "value": ruleset.hash}],
    }


def observations(response: Response, told: Told) -> Iterator[tuple[str, Json]]:
    """Yield the scores that apply, each with its `urn:uuid:`; one that is not known exactly as a range."""
    for score_id, value in response.scores.items():
        if value.applicable:
            urn = name_of(told.key, "score", score_id)
            yield urn, _observation(response.questionnaire.scores[score_id], value, told, urn)


def _observation(score: Score, value: ScoreValue, told: Told, urn: str) -> Json:
    category = "vital-signs" if score.body_mass_index else "survey"
    return {
        "resourceType": "Observation",
        "identifier": [identifier(urn)],
        "status": "final" if value.complete else "preliminary",
        "category": [{"coding": [coding(f"{TERMINOLOGY}/observation-category", category)]}],
        "code": {"coding": list(score_codes(score, told.systems)), "text": text(score.title)},
        "subject": reference(told.subject),
        **({"effectiveDateTime": moment(told.at)} if told.at else {}),
        **_value(score, value),
        "note": [{"text": _remark(value)}],
        "device": reference(told.device),
        "derivedFrom": [reference(told.answers)],
    }


def _value(score: Score, value: ScoreValue) -> Json:
    unit = {"unit": score.unit or "score", "system": UCUM, "code": UNITS[score.unit]} if score.unit in UNITS else {}
    if not value.complete:
        return {"valueRange": {"low": {"value": value.low} | unit, "high": {"value": value.high} | unit}}
    labels = [band.label for band in score.bands if value.low is not None and band.low <= value.low <= band.high]
    words = {"interpretation": [{"text": text(label)} for label in labels]} if labels else {}
    return {"valueQuantity": {"value": value.low} | unit} | words


def _remark(value: ScoreValue) -> str:
    return NOT_A_DIAGNOSIS if value.complete else f"Answers are missing: it lies within this range. {NOT_A_DIAGNOSIS}"


def issues(
    ruleset: RuleSet, response: Response, screening: Screening, review: Review, signed: Signature | None, told: Told
) -> Iterator[tuple[str, Json]]:
    """Yield the flags, each with its `urn:uuid:`, the most urgent first, then those that a clinician added."""
    for flag in screening.raised:
        urn = name_of(told.key, "flag", flag.rule)
        yield urn, _issue(flag, ruleset, response, review.of(flag.rule), signed, told, urn)
    for number, added in enumerate(review.added):
        urn = name_of(told.key, "added", str(number))
        yield urn, _added(added, signed, told, urn)


def _issue(
    flag: RuleOutcome,
    ruleset: RuleSet,
    response: Response,
    opinion: Opinion,
    signed: Signature | None,
    told: Told,
    urn: str,
) -> Json:
    rule = ruleset.by_id[flag.rule]
    priority = flag.priority or rule.priority
    reason = " ".join(reason_text(rule, response).split())
    lines = [f"{PRIORITY_WORDS[priority]}: {reason}", *considerations(rule, response), NOT_A_DIAGNOSIS]
    code = {"coding": [coding(told.systems.rules, rule.id, rule.title)], "text": text(rule.title)}
    evidence = [{"code": [{"text": text(one.answer)}], "detail": [reference(told.answers)]} for one in flag.because]
    return {
        **_common(priority, signed, told, urn),
        "code": code,
        "detail": text("\n".join(lines)),
        "author": reference(told.device),
        **({"evidence": evidence} if evidence else {}),
        **_mitigation(opinion, signed),
    }


def _common(priority: Priority, signed: Signature | None, told: Told, urn: str) -> Json:
    return {
        "resourceType": "DetectedIssue",
        "identifier": [identifier(urn)],
        "status": "final" if signed else "preliminary",
        "severity": SEVERITY[priority],
        "patient": reference(told.subject),
        **({"identifiedDateTime": moment(told.at)} if told.at else {}),
    }


def _mitigation(opinion: Opinion, signed: Signature | None) -> Json:
    """What the clinician made of a flag."""
    if opinion.verdict is None or signed is None:
        return {}
    words = ". ".join(filter(None, (f"{opinion.verdict.words} ({signed.by})", opinion.note)))
    return {"mitigation": [{"action": {"text": text(words)}, "date": moment(signed.at)}]}


def _added(added: HandFlag, signed: Signature | None, told: Told, urn: str) -> Json:
    lines = [f"{PRIORITY_WORDS[added.priority]}: added by the clinician", *filter(None, [added.note])]
    by = {"author": {"display": text(signed.by)}} if signed else {}
    return {
        **_common(added.priority, signed, told, urn),
        "code": {"text": text(added.title)},
        "detail": text("\n".join(lines)),
        **by,
    }


def document_resource(pdf: bytes, told: Told, signed: Signature | None, urn: str, replaced: Sequence[str]) -> Json:
    """Return the summary as a document; `replaced` are the `urn:uuid:` of the versions before."""
    attachment = {
        "contentType": "application/pdf",
        "language": "en",
        "data": base64.b64encode(pdf).decode(),
        "size": len(pdf),
        "hash": base64.b64encode(hashlib.sha1(pdf, usedforsecurity=False).digest()).decode(),  # as R4 asks for it
        "title": "Intake screening summary",
    }
    before = [{"code": "replaces", "target": {"identifier": identifier(name)}} for name in replaced]
    return {
        "resourceType": "DocumentReference",
        "identifier": [identifier(urn)],
        "status": "current",
        "docStatus": "final" if signed else "preliminary",
        "type": {"text": "Intake screening summary"},
        "subject": reference(told.subject),
        **({"date": moment(signed.at if signed else told.at)} if told.at else {}),
        "author": [reference(told.device)],
        **({"authenticator": {"display": text(signed.by)}} if signed else {}),
        **({"relatesTo": before} if before else {}),
        "description": f"{NOT_A_DIAGNOSIS} Questions that are private by their nature are never part of it.",
        "content": [{"attachment": attachment}],
        "context": {"related": [reference(told.answers)]},
    }
