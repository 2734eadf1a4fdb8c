"""What is wrong with resources, before anybody else is bothered with them; the only module that imports fhir.resources.

Its models know the shape of every resource. What they let pass is checked here: codes of status, items with answers and
items both, answers that the questionnaire does not have, references that lead nowhere.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any as Data

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

Element = Mapping[str, Data]

STATUSES = {
    "Device": {"active", "inactive", "entered-in-error", "unknown"},
    "DetectedIssue": {
        *("registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown")
    },
    "DocumentReference": {"current", "superseded", "entered-in-error"},
    "Observation": {
        *("registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown")
    },
    "Questionnaire": {"draft", "active", "retired", "unknown"},
    "QuestionnaireResponse": {"in-progress", "completed", "amended", "entered-in-error", "stopped"},
}
VALUES = {
    "boolean": ("valueBoolean",),
    "choice": ("valueCoding",),
    "decimal": ("valueDecimal", "valueInteger"),
    "integer": ("valueInteger",),
    "open-choice": ("valueCoding", "valueString"),
    "string": ("valueString",),
    "text": ("valueString",),
}


def problems_of_bundle(bundle: Element) -> list[str]:
    """Return what is wrong with a transaction and the resources in it, each as one line."""
    entries = bundle.get("entry", [])
    by_type: dict[str, Element] = {entry["resource"]["resourceType"]: entry["resource"] for entry in entries}
    found = [line for entry in entries for line in problems_of(entry["resource"])]
    if {"Questionnaire", "QuestionnaireResponse"} <= set(by_type):
        found += problems_of_answers(by_type["QuestionnaireResponse"], by_type["Questionnaire"])
    return [*found, *_of_references(bundle), *_of_requests(entries)]


def problems_of(resource: Element) -> list[str]:
    """Return what is wrong with one resource by itself."""
    kind = resource.get("resourceType", "")
    try:
        get_fhir_model_class(kind).model_validate(resource)
    except (KeyError, LookupError):
        return [f'there is no resource "{kind}"']
    except ValidationError as error:
        return [f"{kind}.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    found = []
    if kind in STATUSES and resource.get("status", "active") not in STATUSES[kind]:
        found.append(f"{kind}.status: there is no {resource['status']!r}")
    if kind in ("Questionnaire", "QuestionnaireResponse"):
        links = Counter(item.get("linkId") for item in _items(resource))
        found += [f"{kind}: the linkId {link!r} stands {count} times" for link, count in links.items() if count > 1]
        found += [
            f"{kind}: {item.get('linkId')!r} has an answer and items"
            for item in _items(resource)
            if item.get("answer") and item.get("item")
        ]
    return found


def problems_of_answers(response: Element, questionnaire: Element) -> list[str]:
    """Return which answers of a QuestionnaireResponse are none that its Questionnaire asks for."""
    asked = {item["linkId"]: item for item in _items(questionnaire)}
    return [line for item in _items(response) for line in _of_answer(item, asked)]


def _of_answer(item: Element, asked: Mapping[str, Element]) -> Iterator[str]:
    link, answers = item["linkId"], item.get("answer", [])
    if link not in asked:
        yield f"{link}: it is not asked"
        return
    question = asked[link]
    if len(answers) > 1 and not question.get("repeats"):
        yield f"{link}: {len(answers)} answers to a question that takes one"
    codes = {(one["valueCoding"].get("system"), one["valueCoding"]["code"]) for one in _coded(question)}
    for answer in answers:
        kind = next((key for key in answer if key.startswith("value")), "")
        if kind not in VALUES.get(question["type"], ()):
            yield f"{link}: {kind or 'no value'} to a question of type {question['type']}"
        elif kind == "valueCoding" and (answer[kind].get("system"), answer[kind].get("code")) not in codes:
            yield f"{link}: {answer[kind].get('code')!r} is none of its answers"


def _coded(question: Element) -> list[Element]:
    return [option for option in question.get("answerOption", ()) if "valueCoding" in option]


def _items(element: Element) -> Iterator[Element]:
    for item in element.get("item", ()):
        yield item
        yield from _items(item)
        for answer in item.get("answer", ()):
            yield from _items(answer)


def _of_references(bundle: Element) -> Iterator[str]:
    names = Counter(entry.get("fullUrl") for entry in bundle.get("entry", []))
    yield from (f"{name}: stands {count} times in the bundle" for name, count in names.items() if count > 1)
    for entry in bundle.get("entry", []):
        for target in _references(entry["resource"]):
            if target not in names:
                yield f"{entry['resource']['resourceType']}: {target} is not in the bundle"


def _references(element: Data) -> Iterator[str]:
    if isinstance(element, Mapping):
        if isinstance(element.get("reference"), str):
            yield element["reference"]
        for value in element.values():
            yield from _references(value)
    elif isinstance(element, list):
        for value in element:
            yield from _references(value)


def _of_requests(entries: list[Element]) -> Iterator[str]:
    """A repeat must do no harm: each entry is created conditionally, or replaces by a condition."""
    for entry in entries:
        request = entry.get("request", {})
        if not (request.get("ifNoneExist") or (request.get("method") == "PUT" and "?" in request.get("url", ""))):
            yield f"{entry['resource']['resourceType']}: sending it twice would make it twice"
