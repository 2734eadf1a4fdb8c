"""What differs between two rule sets, thing by thing and in plain words: rules, questions, scores and sources."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any as Data
from typing import Literal

from rules.condition import Condition
from rules.plain_words import PlainWords, in_plain_words
from rules.questionnaire import Item, Questionnaire
from rules.ruleset import Rule, RuleSet, RuleTest

Thing = Literal["rule", "question", "score", "source"]
Kind = Literal["added", "removed", "changed"]
Parts = dict[str, str]  # what can be changed of a thing, by its name, as text
_WORD = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Piece:
    """A stretch of a text that is the same on both sides, or is not."""

    text: str
    is_changed: bool


@dataclass(frozen=True)
class PartChange:
    """One part of a thing, as it was and as it is to be; "" where it is not there."""

    name: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@dataclass(frozen=True)
class Change:
    """A rule, question, score or source that is added, removed or changed."""

    thing: Thing
    id: str
    title: str
    kind: Kind
    parts: tuple[PartChange, ...]


def changes(before: RuleSet, after: RuleSet) -> tuple[Change, ...]:
    """Return every rule, question, score and source that differs, in the order of the files."""
    return (
        *_compare("rule", _rules(before), _rules(after), "Title"),
        *_compare("question", _items(before.questionnaire), _items(after.questionnaire), "Question"),
        *_compare("score", _scores(before.questionnaire), _scores(after.questionnaire), "Title"),
        *_compare("source", _sources(before), _sources(after), "Title"),
    )


def pieces(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts cut where they begin and cease to differ, word by word."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    left = [Piece("".join(old[a:b]), step != "equal") for step, a, b, _, _ in steps if b > a]
    right = [Piece("".join(new[a:b]), step != "equal") for step, _, _, a, b in steps if b > a]
    return tuple(left), tuple(right)


def _compare(
    thing: Thing,
    before: Mapping[str, Parts],
    after: Mapping[str, Parts],
    title: str,
) -> list[Change]:
    found = []
    for key in [*after, *(key for key in before if key not in after)]:
        old, new = before.get(key), after.get(key)
        if old != new:
            kind: Kind = "added" if old is None else "removed" if new is None else "changed"
            parts = _part_changes(old or {}, new or {})
            found.append(Change(thing, key, (new or old or {})[title], kind, parts))
    return found


def _part_changes(before: Parts, after: Parts) -> tuple[PartChange, ...]:
    names = dict.fromkeys([*after, *before])
    texts = [(name, before.get(name, ""), after.get(name, "")) for name in names]
    return tuple(PartChange(name, *pieces(old, new)) for name, old, new in texts if old != new)


def _rules(ruleset: RuleSet) -> dict[str, Parts]:
    return {rule.id: _rule_parts(rule, ruleset.questionnaire) for rule in ruleset.by_id.values()}


def _items(questionnaire: Questionnaire) -> dict[str, Parts]:
    return {item.id: _item_parts(item, questionnaire) for item in questionnaire.items.values()}


def _scores(questionnaire: Questionnaire) -> dict[str, Parts]:
    return {score.id: _plain(score.model_dump(by_alias=True), {"id"}) for score in questionnaire.scores.values()}


def _sources(ruleset: RuleSet) -> dict[str, Parts]:
    return {key: _plain(source.model_dump(), set()) for key, source in ruleset.sources.items()}


def _rule_parts(rule: Rule, questionnaire: Questionnaire) -> Parts:
    def words(condition: Condition | None) -> str:
        return _lines([in_plain_words(condition, questionnaire, name_private=True)]) if condition is not None else ""

    steps = {f"Becomes {step.to.replace('_', ' ')} with": words(step.when) for step in rule.escalate}
    considered = [f"{line.text}{f' (with {words(line.when)})' if line.when else ''}" for line in rule.consider]
    parts = {
        "Title": rule.title,
        "Status": rule.status,
        "Reviewed": f"{rule.reviewed_by or ''} {rule.reviewed_on or ''}".strip(),
        "Applies only with": words(rule.applies_when),
        "Raised with": words(rule.raised_when),
        "Priority": rule.priority.replace("_", " "),
        **steps,
        "Reason": rule.reason,
        "Consider": "\n".join(considered),
        "What the patient reads": rule.patient_text or "",
        "Private": "yes" if rule.private else "no",
        "Related": "\n".join(f"{relation.type} {relation.id}" for relation in rule.related),
        "Review by": str(rule.review_by),
        "Evidence": _evidence(rule),
        "Tests": "\n".join(map(_test_line, rule.tests)),
        "File": rule.file,
    }
    return {name: text for name, text in parts.items() if text}


def _evidence(rule: Rule) -> str:
    evidence = rule.evidence
    grades = f"health: {evidence.health}; link: {evidence.link}"
    return "\n".join(part for part in (grades, ", ".join(evidence.sources), evidence.note) if part)


def _test_line(test: RuleTest) -> str:
    priority = f", {test.priority}" if test.priority else ""
    return f"{test.name}: {_data(test.answers)} → {test.expect}{priority}"


def _item_parts(item: Item, questionnaire: Questionnaire) -> Parts:
    options = [f"{option.code}: {option.label}{f' ({option.hint})' * bool(option.hint)}" for option in item.options]
    condition = _lines([in_plain_words(item.when, questionnaire, name_private=True)]) if item.when is not None else ""
    parts = {
        "Question": item.text,
        "Clinician's name": item.short,
        "Hint": item.hint,
        "Kind of answer": item.type,
        "Options": "\n".join(options),
        "Lowest and highest": f"{item.min} to {item.max} {item.unit}".rstrip() if item.numeric_type else "",
        "Asked only with": condition,
        "Ways not to answer": ", ".join(
            [*["not sure"] * item.not_sure, *["prefer not to say"] * item.declinable, *["private"] * item.private]
        ),
        "Page": item.page,
        "LOINC": item.loinc or "",
    }
    return {name: text for name, text in parts.items() if text}


def _plain(data: Mapping[str, Data], without: Iterable[str]) -> Parts:
    kept = {name: value for name, value in data.items() if name not in without and value not in (None, "", (), [])}
    return {name.replace("_", " ").capitalize(): _data(value) for name, value in kept.items()}


def _data(value: Data) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_data(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_data, value))}]"
    return str(value)


def _lines(words: Iterable[PlainWords], indent: str = "") -> str:
    return "\n".join(
        f"{indent}{line.line}" + (f":\n{_lines(line.below, indent + '    ')}" if line.below else "") for line in words
    )
