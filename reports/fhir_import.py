"""A Questionnaire that others published → a section of ours, as the text of its YAML file.

Taken over are questions with options (also from a value set that comes along), yes or no, numbers with limits, text,
and with them their LOINC codes and what an answer counts. All else is named, so that an admin adds it by hand.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any as Data

from reports.fhir_paths import CALCULATED
from reports.fhir_terms import LOINC, ORDINAL, STRUCTURE, extension_value, loinc_answer
from rules.questionnaire import LONGEST_TEXT

Element = Mapping[str, Data]
LONGEST_SHORT = 60  # characters of the clinician's name of an item
LONGEST_ID = 30
_PLAIN = {"boolean": "yes_no", "integer": "integer", "decimal": "decimal", "string": "text", "text": "text"}


@dataclass(frozen=True)
class Imported:
    """The text of the section's file, and what is left out of it, each as one line."""

    text: str
    left_out: tuple[str, ...]


class _Refused(Exception):
    """An item cannot be taken over; the message says why."""


@dataclass
class _Work:
    """What is known of the questionnaire, and what was left out so far."""

    section: str
    sets: Mapping[str, Element]
    count: int = 0
    left_out: list[str] = field(default_factory=list)


def section_of(questionnaire: Element) -> Imported:
    """Return a Questionnaire as a section. Its items are named by the section and a number."""
    title = questionnaire.get("title") or questionnaire.get("name") or "Imported questionnaire"
    sets = {f"#{one.get('id')}": one for one in questionnaire.get("contained", ()) if one.get("compose")}
    work = _Work(_short_slug(title), sets)
    pages = list(_pages(questionnaire.get("item", ()), title, work))
    lines = [f"# Imported from FHIR: {_one_line(questionnaire.get('url') or title)}"]
    if questionnaire.get("copyright"):
        lines += [f"# {line}" for line in questionnaire["copyright"].splitlines()]
    lines += [f"# Left out: {line}" for line in work.left_out]
    lines += [f"section: {work.section}", f"title: {_quoted(title)}", "pages:"]
    for number, (name, items) in enumerate(pages, 1):
        lines += [f"  - id: {work.section}_page_{number}", f"    title: {_quoted(name)}", "    items:"]
        lines += [line for item in items for line in item]
    return Imported("\n".join(lines) + "\n", tuple(work.left_out))


def _pages(items: Data, title: str, work: _Work) -> Iterator[tuple[str, list[list[str]]]]:
    """A page for the questions that stand together, and one for each group."""
    together: list[list[str]] = []
    for item in items:
        if item.get("type") == "group":
            if together:
                yield title, together
                together = []
            yield from _pages(item.get("item", ()), item.get("text") or title, work)
        else:
            together += _taken(item, work)
            if item.get("item"):
                yield from _pages(item["item"], title, work)
    if together:
        yield title, together


def _taken(item: Element, work: _Work) -> list[list[str]]:
    if item.get("type") == "display":
        return []
    try:
        lines = _lines(item, work)
    except _Refused as refused:
        work.left_out.append(f"{item.get('linkId')} ({_one_line(item.get('text', 'no text'))}): {refused}")
        return []
    if item.get("enableWhen"):
        work.left_out.append(f"{item['linkId']}: when it is asked; it is always asked now")
    return [lines]


def _lines(item: Element, work: _Work) -> list[str]:
    if item.get("readOnly") or extension_value(item, CALCULATED):
        raise _Refused("it is worked out, and belongs in scores.yaml")
    text = item.get("text") or next((code.get("display") for code in item.get("code", ()) if code.get("display")), None)
    if not text:
        raise _Refused("it has no text")
    more = list(_typed(item, work))
    work.count += 1
    loinc = next((code["code"] for code in item.get("code", ()) if code.get("system") == LOINC), None)
    short = text if len(text) <= LONGEST_SHORT else f"{text[: LONGEST_SHORT - 1].rstrip()}…"
    named = [f"id: {work.section}_{work.count}", f"text: {_quoted(text)}", f"short: {_quoted(short)}"]
    named += [f"loinc: {_quoted(loinc)}"] if loinc else []
    first, *rest = [*named, *more]
    return [f"      - {first}", *(f"        {line}" for line in rest)]


def _typed(item: Element, work: _Work) -> Iterator[str]:
    kind = item.get("type", "")
    if kind == "choice":
        yield f"type: {'choices' if item.get('repeats') else 'choice'}"
        yield "options:"
        for option in _options(item, work):
            yield f"  - {json.dumps(option, ensure_ascii=False)}"
        return
    if kind not in _PLAIN:
        raise _Refused(f"there is no type {kind} here")
    yield f"type: {_PLAIN[kind]}"
    if kind in ("integer", "decimal"):
        low, high = (extension_value(item, f"{STRUCTURE}/{end}Value") for end in ("min", "max"))
        if low is None or high is None:
            raise _Refused("a number needs limits here, and it has none (minValue and maxValue)")
        yield f"min: {low}"
        yield f"max: {high}"
    elif item.get("maxLength", 0) > LONGEST_TEXT:
        work.left_out.append(f"{item['linkId']}: text beyond {LONGEST_TEXT} characters")


def _options(item: Element, work: _Work) -> list[dict[str, Data]]:
    """The options of a question: with what they count as their codes, where each counts something else."""
    found = [_option(one) for one in item.get("answerOption", ())] or list(_of_set(item, work))
    if not found:
        raise _Refused("its options are somewhere else (answerValueSet)")
    counts = [option.pop("counts") for option in found]
    whole = [int(count) for count in counts if count is not None and float(count).is_integer()]
    if len(set(whole)) == len(found):
        return [{"code": code} | option for code, option in zip(whole, found, strict=True)]
    codes = [_slug(option["label"]) for option in found]
    if len(set(codes)) < len(codes):
        raise _Refused("two of its options read the same")
    return [{"code": code} | option for code, option in zip(codes, found, strict=True)]


def _option(option: Element) -> dict[str, Data]:
    code = option.get("valueCoding")
    if not isinstance(code, Mapping) or not (code.get("display") or code.get("code")):
        raise _Refused("an option of it is no code")
    counts = extension_value(option, ORDINAL)
    counts = extension_value(code, ORDINAL) if counts is None else counts
    return _labelled(code, counts)


def _of_set(item: Element, work: _Work) -> Iterator[dict[str, Data]]:
    for part in work.sets.get(item.get("answerValueSet", ""), {}).get("compose", {}).get("include", ()):
        for concept in part.get("concept", ()):
            yield _labelled(concept | {"system": part.get("system")}, extension_value(concept, ORDINAL))


def _labelled(code: Element, counts: Data) -> dict[str, Data]:
    loinc = {"loinc": loinc_answer(code)} if loinc_answer(code) else {}
    return {"label": code.get("display") or code["code"], "counts": counts} | loinc


def _slug(text: str) -> str:
    """Text as an id or code: small letters, figures and "_", with a letter first."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")
    return plain if plain[:1].isalpha() else f"q_{plain}"


def _short_slug(text: str) -> str:
    """A slug of whole words."""
    whole = _slug(text)
    return whole if len(whole) <= LONGEST_ID else whole[: LONGEST_ID + 1].rpartition("_")[0] or whole[:LONGEST_ID]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _quoted(text: str) -> str:
    """Text between quotes, as both JSON and YAML read it."""
    return json.dumps(_one_line(text), ensure_ascii=False)
