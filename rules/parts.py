"""All that can be changed of a rule set, thing by thing and part by part, in plain words: for those who compare two."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any as Data
from typing import Literal

from rules.condition import Condition
from rules.plain_words import PlainWords, in_plain_words
from rules.questionnaire import Item, Option, Page, Questionnaire, Section
from rules.ruleset import Rule, RuleSet, RuleTest, Translation

Thing = Literal["rule", "section", "page", "question", "score", "source", "translation"]
Parts = dict[str, str]  # by the part's name, as text; the first one is what the thing is called


def parts_of_things(ruleset: RuleSet) -> dict[Thing, dict[str, Parts]]:
    """Return the parts of everything in a rule set, by its kind and id. What is not there has no part."""
    asked = ruleset.questionnaire
    return {
        "rule": {rule.id: _filled(_rule(rule, asked)) for rule in ruleset.by_id.values()},
        "section": {
            section.id: _filled(_section(section, before))
            for section, before in zip(asked.sections, (None, *asked.sections), strict=False)
        },
        "page": {page.id: _filled(_page(page, asked)) for page in asked.pages.values()},
        "question": {item.id: _filled(_item(item, asked)) for item in asked.items.values()},
        "score": {score.id: _plain(score.model_dump(by_alias=True), {"id"}) for score in asked.scores.values()},
        "source": {key: _plain(source.model_dump(), set()) for key, source in ruleset.sources.items()},
        "translation": {
            key: _filled(parts) for one in ruleset.translations.values() for key, parts in _translated(one)
        },
    }


def _filled(parts: Parts) -> Parts:
    return {name: text for name, text in parts.items() if text}


def _rule(rule: Rule, asked: Questionnaire) -> Parts:
    considered = [f"{line.text}{f' (with {_words(line.when, asked)})' if line.when else ''}" for line in rule.consider]
    return {
        "Title": rule.title,
        "Status": rule.status,
        "Reviewed": f"{rule.reviewed_by or ''} {rule.reviewed_on or ''}".strip(),
        "Applies only with": _words(rule.applies_when, asked),
        "Raised with": _words(rule.raised_when, asked),
        "Priority": rule.priority.replace("_", " "),
        **_steps(rule, asked),
        "Reason": rule.reason,
        "Consider": "\n".join(considered),
        "What the patient reads": rule.patient_text or "",
        "Private": "yes" if rule.private else "no",
        "Related": "\n".join(f"{relation.type} {relation.id}" for relation in rule.related),
        "Review by": str(rule.review_by),
        "Evidence": _evidence(rule),
        "Explained": "\n".join(
            f"{one.finding.replace('_', ' ')} {one.about}: {one.because}".replace(" :", ":") for one in rule.explained
        ),
        "Tests": "\n".join(map(_test_line, rule.tests)),
        "File": rule.file,
    }


def _steps(rule: Rule, asked: Questionnaire) -> Parts:
    steps: dict[str, list[str]] = {}
    for step in rule.escalate:
        steps.setdefault(f"Becomes {step.to.replace('_', ' ')} with", []).append(_words(step.when, asked))
    return {name: "\nor with\n".join(words) for name, words in steps.items()}


def _evidence(rule: Rule) -> str:
    evidence = rule.evidence
    grades = f"health: {evidence.health}; link: {evidence.link}"
    return "\n".join(part for part in (grades, ", ".join(evidence.sources), evidence.note) if part)


def _test_line(test: RuleTest) -> str:
    priority = f", {test.priority}" if test.priority else ""
    return f"{test.name}: {_data(test.answers)} → {test.expect}{priority}"


def _section(section: Section, before: Section | None) -> Parts:
    return {
        "Title": section.title,
        "Introduction": section.intro,
        "Pages": "\n".join(page.id for page in section.pages),
        "Comes after": before.id if before else "",
    }


def _page(page: Page, asked: Questionnaire) -> Parts:
    return {
        "Title": page.title,
        "Introduction": page.intro,
        "Can be left quickly": "yes" if page.sensitive else "no",
        "Asked only with": _words(page.when, asked),
        "Questions": "\n".join(item.id for item in page.items),
        "Section": page.section,
    }


def _item(item: Item, asked: Questionnaire) -> Parts:
    return {
        "Question": item.text,
        "Clinician's name": item.short,
        "Hint": item.hint,
        "Kind of answer": item.type.replace("_", " or "),
        "Options": "\n".join(map(_option, item.options)) if item.type != "yes_no" else "",
        "Lowest and highest": f"{item.min} to {item.max} {item.unit}".rstrip() if item.numeric_type else "",
        "Asked only with": _words(item.when, asked),
        "Ways not to answer": ", ".join(
            [*["not sure"] * item.not_sure, *["prefer not to say"] * item.declinable, *["private"] * item.private]
        ),
        "Page": item.page,
        "LOINC": item.loinc or "",
        "Worked out from": (item.derived or "").replace("_", " "),
        "Why no rule reads it": item.not_flagged,
    }


def _option(option: Option) -> str:
    more = {
        "clinicians read": option.short if option.short != option.label else "",
        "LOINC": option.loinc,
        "why no rule reads it": option.not_flagged,
    }
    told = [f"; {name}: {text}" for name, text in more.items() if text]
    return f"{option.code}: {option.label}{f' ({option.hint})' * bool(option.hint)}{''.join(told)}"


def _translated(translation: Translation) -> Iterator[tuple[str, Parts]]:
    """What patients read in another language, by id; without what they are shown in English."""
    code, asked = translation.language, translation.questionnaire
    yield code, {"Language": code, "Status": "draft" if translation.is_draft else "active"}
    parts: list[tuple[str, Section | Page]] = [("section", section) for section in asked.sections]
    for kind, part in [*parts, *(("page", page) for page in asked.pages.values())]:
        if part.language == code:
            yield f"{code} {kind} {part.id}", {"Title": part.title, "Introduction": part.intro}
    for item in asked.items.values():
        if item.language == code:
            yield f"{code} question {item.id}", _translated_item(item)
    for rule, text in translation.patient_texts.items():
        yield f"{code} rule {rule}", {"What the patient reads": text}


def _translated_item(item: Item) -> Parts:
    labels = [f"{option.code}: {option.label}{f' ({option.hint})' * bool(option.hint)}" for option in item.options]
    return {"Question": item.text, "Hint": item.hint, "Options": "\n".join(labels), "Unit": item.unit}


def _words(condition: Condition | None, asked: Questionnaire) -> str:
    return "" if condition is None else _lines([in_plain_words(condition, asked, name_private=True)])


def _lines(words: Iterable[PlainWords], indent: str = "") -> str:
    return "\n".join(
        f"{indent}{line.line}" + (f":\n{_lines(line.below, indent + '    ')}" if line.below else "") for line in words
    )


def _plain(data: Mapping[str, Data], without: Iterable[str]) -> Parts:
    kept = {name: value for name, value in data.items() if name not in without and value not in (None, "", (), [])}
    return {name.replace("_", " ").capitalize(): _data(value) for name, value in kept.items()}


def _data(value: Data) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_data(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_data, value))}]"
    return str(value)
