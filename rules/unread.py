"""Items that no rule reads, and codes of items with several answers that no rule asks for."""

from collections.abc import Iterable, Iterator, Sequence

from rules.condition import Condition, Finding, findings
from rules.explain import PLACEHOLDER
from rules.places import Places
from rules.questionnaire import Item, Questionnaire
from rules.remarks import Remark
from rules.ruleset import Rule

MENDING = "ask it for a rule, leave it out, or say under not_flagged why it is asked"


def unread(questionnaire: Questionnaire, rules: Iterable[Rule], places: Places) -> Iterator[Remark]:
    """Yield a remark for each item and code that no rule reads, and for each `not_flagged` of one that a rule reads.

    A rule reads what its conditions test, what its lines to consider ask for, and what its reason shows; and what
    decides whether one of these is asked.
    """
    tested = [finding for rule in rules for part in _conditions(rule) for finding in findings(part)]
    shown = {name for rule in rules for name in PLACEHOLDER.findall(rule.reason)}
    items = _with_gates(questionnaire, {finding.variable for finding in tested} | shown)
    tested += [gate for item in questionnaire.items.values() for gate in _gates(item)]
    codes: set[tuple[str, object]] = {
        (finding.variable, finding.value) for finding in tested if finding.operator == "includes"
    }
    for item in questionnaire.items.values():
        if item.type == "text":
            continue  # for the clinician to read, never evaluated
        is_read = item.id in items
        if is_read == bool(item.not_flagged):
            yield _remark(places, item, is_read=is_read)
        elif item.not_flagged:
            yield _remark(places, item, is_read=is_read, because=item.not_flagged)
        if is_read and item.type == "choices":
            yield from _codes(places, item, codes)


def _conditions(rule: Rule) -> Iterator[Condition]:
    yield from rule.conditions().values()
    yield from (line.when for line in rule.consider if line.when is not None)


def _gates(item: Item) -> Sequence[Finding]:
    return findings(item.when) if item.when is not None else ()


def _with_gates(questionnaire: Questionnaire, names: set[str]) -> set[str]:
    """These items and scores with all that they are made of or gated by."""
    known, waiting = set[str](), set(names)
    while waiting:
        name = waiting.pop()
        known.add(name)
        item = questionnaire.items.get(name)
        made_of = questionnaire.scores[name].items if item is None else [gate.variable for gate in _gates(item)]
        waiting |= set(made_of) - known
    return known


def _codes(places: Places, item: Item, read: set[tuple[str, object]]) -> Iterator[Remark]:
    for option in item.options:
        is_read = (item.id, option.code) in read
        if option.code != "none" and is_read == bool(option.not_flagged):
            yield _remark(places, item, is_read=is_read, code=option.code)
        elif option.not_flagged:
            yield _remark(places, item, is_read=is_read, code=option.code, because=option.not_flagged)


def _remark(places: Places, item: Item, *, is_read: bool, code: object = None, because: str = "") -> Remark:
    what = f'"{item.id}"' if code is None else f'the answer "{code}" to "{item.id}"'
    kind = "out_of_date" if is_read else "unread"
    message = f"a rule reads {what}" if is_read else f"no rule reads {what}"
    advice = "take not_flagged out" if is_read else MENDING
    return Remark("", kind, str(code or item.id), places.of_item(item.id, message, advice, code), explained=because)
