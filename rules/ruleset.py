"""A rule, and the rule set: all files of one version, named by the hash of their content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any as Data
from typing import Literal

from pydantic import Field, field_validator

from rules.condition import Condition
from rules.errors import Problem
from rules.questionnaire import ENGLISH, Model, Questionnaire, When
from rules.source import Document, faults, validate
from rules.syntax import UNREADABLE, Located, take_conditions


class Priority(StrEnum):
    """How soon a raised flag wants a person, most urgent first."""

    EMERGENCY = "emergency"
    SAME_DAY = "same_day"
    SOON = "soon"
    ROUTINE = "routine"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for emergency to 4 for note."""
        return list(Priority).index(self)


MOST_RULES = 3000  # of a rule set: what patients wait for, and what an admin can look through, grows with them
AT_ONCE = (Priority.EMERGENCY, Priority.SAME_DAY)  # what cannot wait until the answers are read


class Outcome(StrEnum):
    """How a rule ends for one patient."""

    RAISED = "raised"
    NOT_RAISED = "not raised"
    NOT_ASSESSED = "not assessed"
    NOT_APPLICABLE = "not applicable"


Grade = Literal["guideline", "trial", "observational", "laboratory", "hypothesis", "promotional"]


class Escalation(Model):
    """Raises a flag to the priority `to` while `when` is true."""

    to: Priority
    when: When


class Consideration(Model):
    """A line that a clinician can act on, shown while `when` is true (always, without one)."""

    text: str
    when: When | None = None


class Relation(Model):
    """How a rule stands to another one, whose id is never used again."""

    id: str
    type: Literal["obsoletes", "see_also"]


class Evidence(Model):
    """How well a rule is supported: the health claim, and the link to oxytocin (`none` where the rule claims none).

    `sources` are keys of sources.yaml; without one, `note` says why.
    """

    health: Grade
    link: Grade | Literal["none"]
    sources: tuple[str, ...] = ()
    note: str = ""


class Explanation(Model):
    """Why something that `intake rules check --deep` remarks on is meant. `about`: what it names, such as a rule."""

    finding: Literal[
        "never_raised",
        "always_raised",
        "only_if_missing",
        "impossible",
        "step_without_effect",
        "never_its_priority",
        "line_never_shown",
        "gap",
        "contained_in",
        "opposite_of",
        "undecided",
    ]
    about: str = ""
    because: str = Field(min_length=1)


class RuleTest(Model):
    """One worked example inside a rule file: answers as `intake screen` reads them, and what must come out."""

    name: str
    answers: Mapping[str, Data]
    expect: Outcome
    priority: Priority | None = None


class Rule(Model):
    """One rule. `file` is the file it stands in, and `topic` that file's name without its ending."""

    id: str = Field(default="", pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    title: str
    status: Literal["draft", "active", "retired"]
    reviewed_by: str | None = None
    reviewed_on: date | None = None
    applies_when: When | None = None
    raised_when: When
    priority: Priority
    escalate: tuple[Escalation, ...] = ()
    reason: str
    consider: tuple[Consideration, ...] = Field(min_length=1)
    patient_text: str | None = None
    private: bool = False
    related: tuple[Relation, ...] = ()
    review_by: date
    evidence: Evidence
    explained: tuple[Explanation, ...] = ()
    tests: tuple[RuleTest, ...] = ()
    file: str = ""

    @field_validator("consider", mode="before")
    @classmethod
    def _plain_lines(cls, lines: Data) -> Data:
        if not isinstance(lines, list):
            return lines
        return [{"text": line} if isinstance(line, str) else line for line in lines]

    @property
    def topic(self) -> str:
        """The rule file's name without its ending: safety, hormones, …"""
        return self.file.removesuffix(".yaml")

    @property
    def priorities(self) -> tuple[Priority, ...]:
        """Every priority that the rule can have, the most urgent first."""
        steps = {self.priority, *(step.to for step in self.escalate)}
        return tuple(sorted(steps, key=lambda priority: priority.rank))

    def conditions(self) -> dict[str, Condition]:
        """Return the conditions that decide outcome and priority, by names such as "raised_when" and "escalate 0"."""
        applies = {"applies_when": self.applies_when} if self.applies_when is not None else {}
        steps = {f"escalate {number}": step.when for number, step in enumerate(self.escalate)}
        return {**applies, "raised_when": self.raised_when, **steps}


class RuleFile(Model):
    """The whole of one rule file."""

    rules: Mapping[str, Rule]


class Source(Model):
    """A publication that a rule rests on. `publisher` is the journal or body; `identifier` a DOI, PMCID or number."""

    title: str
    authors: str | None = None
    year: int | None = None
    publisher: str | None = None
    identifier: str | None = None
    note: str | None = None


class SourceFile(Model):
    """The whole of sources.yaml."""

    sources: Mapping[str, Source]


@dataclass(frozen=True)
class Translation:
    """What patients read in one language. `patient_texts`: by rule; without those that are shown in English.

    `notices` name what is not translated, or was changed since. A draft was not reviewed by a speaker of the language.
    """

    language: str
    questionnaire: Questionnaire
    patient_texts: Mapping[str, str]
    is_draft: bool = False
    notices: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class RuleSet:
    """Questionnaire, scores, sources and rules of one version. `files` is the text of each file by name.

    `by_id` keeps the order of the files. `hash` names the content for ever.
    """

    hash: str
    files: Mapping[str, str]
    questionnaire: Questionnaire
    sources: Mapping[str, Source]
    by_id: Mapping[str, Rule]
    translations: Mapping[str, Translation] = field(default_factory=dict)

    def in_language(self, code: str) -> Translation:
        """Return what patients read in a language; the English where there is no translation."""
        return self.translations.get(code) or Translation(ENGLISH, self.questionnaire, {})


def content_hash(files: Mapping[str, str]) -> str:
    """Return the SHA-256 (hex) of all files: names and texts, in the order of the names."""
    digest = hashlib.sha256()
    for name, text in sorted(files.items()):
        for part in (name.encode(), text.encode()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


# what stands in for a faulty part of a rule once that was reported
_HARMLESS_TEST: dict[str, Data] = {"name": "", "answers": {}, "expect": "not raised"}
_HARMLESS_RULE: dict[str, Data] = {
    "title": "",
    "status": "draft",
    "raised_when": UNREADABLE,
    "priority": "note",
    "reason": "",
    "consider": [""],
    "review_by": date.max,
    "evidence": {"health": "hypothesis", "link": "none", "note": "reported"},
}


def read_rules(document: Document, room: int = MOST_RULES) -> tuple[dict[str, Rule], tuple[Located, ...]]:
    """Read one rule file rule by rule, so that a mistake in one hides none in the others.

    `room`: for how many more rules there is room in the rule set; those beyond are not read, and the first is reported.
    """
    _keep_within(document, room)
    located = take_conditions(document)
    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get("rules"), dict):
        validate(RuleFile, document, data, ())
        return {}, located
    validate(RuleFile, document, data | {"rules": {}}, ())
    read = {}
    for rule_id, entry in data["rules"].items():
        place = {"id": rule_id, "file": document.file}
        rule = validate(Rule, document, entry | place if isinstance(entry, dict) else entry, ("rules", rule_id))
        read[rule_id] = rule or Rule.model_validate(_mended(entry) | place)
    return read, located


def _keep_within(document: Document, room: int) -> None:
    entries = document.data.get("rules") if isinstance(document.data, dict) else None
    if not isinstance(entries, dict):
        return
    beyond = list(entries)[room:]
    if beyond:
        message = f"a rule set holds {MOST_RULES:,} rules at most, and this is one more"
        document.report(("rules", beyond[0], ""), message, f"take out {len(beyond):,}, or those that nobody needs")
        document.data = document.data | {"rules": {name: entries[name] for name in list(entries)[:room]}}


def _mended(entry: Data) -> dict[str, Data]:
    """A rule with harmless parts in place of the faulty ones, which were reported, so that the rest can be checked."""
    mended = _HARMLESS_RULE | (entry if isinstance(entry, dict) else {})
    for fault in faults(Rule, mended):
        tests = mended.get("tests")
        if fault[0] == "tests" and len(fault) > 2 and isinstance(tests, list):
            number = int(fault[1])
            mended["tests"] = [
                *tests[:number],
                _replaced(tests[number], str(fault[2]), _HARMLESS_TEST),
                *tests[number + 1 :],
            ]
        else:
            mended = _replaced(mended, str(fault[0]), _HARMLESS_RULE)
    return mended if not faults(Rule, mended) else _HARMLESS_RULE


def _replaced(data: dict[str, Data], key: str, harmless: Mapping[str, Data]) -> dict[str, Data]:
    kept = {name: value for name, value in data.items() if name != key}
    return kept | {key: harmless[key]} if key in harmless else kept


def read_sources(document: Document) -> dict[str, Source]:
    """Read sources.yaml; problems go into the document."""
    file = validate(SourceFile, document, document.data, ())
    return dict(file.sources) if file else {}
