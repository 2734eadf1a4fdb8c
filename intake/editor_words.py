"""What the editor of rule files completes and explains, as plain data for its script."""

from typing import get_args

from rules.questionnaire import Item, Questionnaire, Score
from rules.ruleset import Evidence, Outcome, Priority, Rule, RuleSet
from rules.source import keys_of

STATUSES = ("draft", "active", "retired")


def known_words(ruleset: RuleSet) -> dict[str, list[dict[str, object]]]:
    """Return items and scores with their wording and codes, sources, and the words of the rule language."""
    questionnaire = ruleset.questionnaire
    return {
        "names": [_name(part, questionnaire) for part in questionnaire.order],
        "sources": [{"id": key, "text": source.title} for key, source in ruleset.sources.items()],
        "keys": [{"id": key} for key in sorted(keys_of(Rule) | {"all", "any", "not", "at_least", "count", "of"})],
        "values": [
            *_values("priority", [priority.value for priority in Priority]),
            *_values("to", [priority.value for priority in Priority]),
            *_values("status", STATUSES),
            *_values("expect", [outcome.value for outcome in Outcome]),
            *_values("health", _grades("health")),
            *_values("link", [*_grades("health"), "none"]),
        ],
    }


def _name(part: Item | Score, questionnaire: Questionnaire) -> dict[str, object]:
    if isinstance(part, Score):
        low, high = questionnaire.bounds(part.id) or (0, 0)
        limits = f"{low:g} to {high:g} {part.unit}".rstrip() + f", from {', '.join(part.items)}"
        return {"id": part.id, "text": part.title, "kind": "score", "limits": limits, "codes": []}
    codes = [{"id": str(option.code), "text": option.label} for option in part.options]
    limits = f"{part.min} to {part.max} {part.unit}".rstrip() if part.numeric_type else ""
    return {"id": part.id, "text": part.text, "kind": part.type.replace("_", " or "), "limits": limits, "codes": codes}


def _values(key: str, values: list[str] | tuple[str, ...]) -> list[dict[str, object]]:
    return [{"key": key, "id": value} for value in values]


def _grades(field: str) -> list[str]:
    return list(get_args(Evidence.model_fields[field].annotation))
