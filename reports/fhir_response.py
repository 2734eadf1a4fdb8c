"""Answers as a FHIR `QuestionnaireResponse`, and back: also from one that was made elsewhere.

An answer that is missing says why by a data-absent-reason on its item. A question that does not apply is left out.

    skipped      unknown          nobody knows why
    declined     asked-declined
    not_sure     asked-unknown    asked, and the patient does not know
    in_person    temp-unknown     to be told in person
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any as Data

from reports.fhir_paths import option_coding
from reports.fhir_questionnaire import SCORES, canonical, is_whole, score_link, weighed
from reports.fhir_terms import (
    ABSENT,
    ORDINAL,
    Json,
    Systems,
    extension,
    extension_value,
    identifier,
    loinc_answer,
    text,
)
from rules.questionnaire import Item, Option, Questionnaire
from rules.response import Answer, Missing, Response
from rules.ruleset import RuleSet

REASONS = {
    Missing.SKIPPED: "unknown",
    Missing.DECLINED: "asked-declined",
    Missing.NOT_SURE: "asked-unknown",
    Missing.IN_PERSON: "temp-unknown",
}
_WHY = {reason: missing for missing, reason in REASONS.items()}


@dataclass(frozen=True)
class Taken:
    """What was made of a QuestionnaireResponse: raw answers as `rules.response.read` takes them, and the linkIds of
    answers that fit no question of ours."""

    answers: Mapping[str, object]
    not_taken: tuple[str, ...]


def moment(at: datetime) -> str:
    """Return a moment as FHIR writes it, to the second, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def response_resource(
    ruleset: RuleSet, response: Response, systems: Systems, *, name: str, completed_at: datetime | None, amended: bool
) -> Json:
    """Return the answers, with the scores that are known exactly. `name` is its `urn:uuid:`."""
    groups = []
    for section in response.questionnaire.sections:
        asked = [item for page in section.pages for item in page.items if item.id in response.answers]
        if asked:
            items = [_answered(item, response.answers[item.id], systems) for item in asked]
            groups.append({"linkId": section.id, "text": text(section.title), "item": items})
    scores = list(_scores(response))
    if scores:
        groups.append({"linkId": SCORES, "text": "Scores", "item": scores})
    return {
        "resourceType": "QuestionnaireResponse",
        "identifier": identifier(name),
        "questionnaire": canonical(ruleset, systems),
        "status": "amended" if amended else "completed",
        **({"authored": moment(completed_at)} if completed_at else {}),
        "item": groups,
    }


def _answered(item: Item, answer: Answer, systems: Systems) -> Json:
    found: Json = {"linkId": item.id, "text": text(item.text)}
    if isinstance(answer, Missing):
        return {"extension": [extension(ABSENT, "Code", REASONS[answer])]} | found
    return found | {"answer": list(_values(item, answer, systems))}


def _values(item: Item, answer: Answer, systems: Systems) -> Iterator[Json]:
    if item.type == "yes_no":
        yield {"valueBoolean": answer == "yes"}
    elif item.options:
        picked = answer if isinstance(answer, frozenset) else {answer}
        for option in item.options:
            if option.code in picked:
                yield {"valueCoding": weighed(option_coding(item, option, systems), option)}
    elif item.type == "text":
        yield {"valueString": text(str(answer))}
    else:
        yield {"valueInteger" if item.type == "integer" else "valueDecimal": answer}


def _scores(response: Response) -> Iterator[Json]:
    for name, value in response.scores.items():
        if value.complete:
            score = response.questionnaire.scores[name]
            kind = "valueInteger" if is_whole(score, response.questionnaire) else "valueDecimal"
            yield {"linkId": score_link(score), "text": text(score.title), "answer": [{kind: value.low}]}


def answers_of(resource: Mapping[str, Data], questionnaire: Questionnaire) -> Taken:
    """Return the answers in a QuestionnaireResponse.

    A question is known by our own id or by its LOINC code, as its linkId or at the end of it ("/44250-9"); an answer by
    its code, its LOINC code or what it counts.
    """
    by_loinc = {item.loinc: item for item in questionnaire.items.values() if item.loinc}
    ours = {SCORES, *(score_link(score) for score in questionnaire.scores.values())}
    totals = {score.loinc for score in questionnaire.scores.values() if score.loinc}
    answers: dict[str, object] = {}
    not_taken = []
    for link, found in _flat(resource.get("item", ())):
        end = link.rsplit("/", 1)[-1]
        item = questionnaire.items.get(link) or by_loinc.get(end)
        given = found.get("answer", [])
        if item is None:
            if given and link not in ours and end not in totals:
                not_taken.append(link)
            continue
        reason = extension_value(found, ABSENT)
        raw = [_raw(item, one) for one in given]
        if any(one is None for one in raw):
            not_taken.append(link)
        elif raw:
            answers[item.id] = raw if item.type == "choices" else raw[0]
        elif reason in _WHY and _WHY[reason] is not Missing.SKIPPED:
            answers[item.id] = _WHY[reason].value
    return Taken(answers, tuple(not_taken))


def _flat(items: Data) -> Iterator[tuple[str, Mapping[str, Data]]]:
    """All items at whatever depth, those below answers too."""
    for item in items:
        yield str(item.get("linkId", "")), item
        yield from _flat(item.get("item", ()))
        for answer in item.get("answer", ()):
            yield from _flat(answer.get("item", ()))


def _raw(item: Item, answer: Mapping[str, Data]) -> object:
    """One answer as it is stored; None where it is none that the item can have."""
    value = next((value for key, value in answer.items() if key.startswith("value")), None)
    if item.type == "yes_no" and isinstance(value, bool):
        return "yes" if value else "no"
    if item.options:
        return next((option.code for option in item.options if _is(option, value)), None)
    if isinstance(value, Mapping):
        return value.get("value")
    return None if isinstance(value, bool) else value


def _is(option: Option, value: Data) -> bool:
    if not isinstance(value, Mapping):
        return bool(type(value) is type(option.code) and value == option.code)
    if option.loinc and loinc_answer(value):
        return loinc_answer(value) == option.loinc
    counts = extension_value(value, ORDINAL)
    if isinstance(option.code, int) and counts is not None:
        return bool(counts == option.code)
    return value.get("code") == str(option.code)
