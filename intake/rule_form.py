"""One rule as a form: every single value of it that can be changed in its place, with its name in plain words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any as Data
from typing import Literal, get_args

from rules.errors import Problem
from rules.rewriting import Value
from rules.ruleset import Grade, Priority, Rule
from rules.source import Document, Path

Kind = Literal["line", "text", "choice", "test", "count"]

GROUPS = {"all": "all of these", "any": "any of these", "not": "not"}
STATUSES = get_args(Rule.model_fields["status"].annotation)
PRIORITIES = tuple(priority.value for priority in Priority)
GRADES = get_args(Grade)


@dataclass(frozen=True)
class FormField:
    """A value that stands at `path` in the rule. `problem` is what the checker says of it."""

    path: Path
    label: str
    kind: Kind
    value: Value
    choices: tuple[str, ...] = ()
    problem: str = ""

    @property
    def name(self) -> str:
        """The name of the field in the form."""
        return "/".join(map(str, self.path))

    @property
    def text(self) -> str:
        """The value as it is shown."""
        return "" if self.value is None else str(self.value).removesuffix("\n")

    def typed(self, text: str) -> Value:
        """Return the value that a typed text stands for; a line break at its end stays as it was."""
        text = text.replace("\r\n", "\n").strip()
        if text == self.text or (not text and self.value is None):
            return self.value
        if self.kind == "count" and text.isdigit():
            return int(text)
        return text + "\n" * str(self.value).endswith("\n") if text else None


@dataclass(frozen=True)
class Group:
    """Fields below a few words, such as "any of these"."""

    words: str
    below: tuple["FormField | Group", ...]


@dataclass(frozen=True)
class RuleForm:
    """The form of one rule: its groups, and the problems that stand at none of its fields."""

    id: str
    title: str
    groups: tuple[Group, ...]
    problems: tuple[Problem, ...] = ()

    def fields(self) -> list[FormField]:
        """Return every field, in order."""
        return list(_fields(self.groups))

    def changes(self, typed: Mapping[str, str]) -> dict[Path, Value]:
        """Return what is typed differently from what stands in the file, by its path in the file."""
        values = {field: field.typed(typed[field.name]) for field in self.fields() if field.name in typed}
        return {("rules", self.id, *field.path): value for field, value in values.items() if value != field.value}


def rule_form(document: Document, rule_id: str, problems: Iterable[Problem] = ()) -> RuleForm | None:
    """Return the form of a rule in a file as read, with the file's problems at their fields; None without the rule."""
    entries = document.data.get("rules") if isinstance(document.data, dict) else None
    entry = entries.get(rule_id) if isinstance(entries, dict) else None
    if not isinstance(entry, dict):
        return None
    form = RuleForm(rule_id, str(entry.get("title", "")), tuple(group for group in _groups(entry) if group.below))
    own = [problem for problem in problems if _rule_at(document, problem) == rule_id]
    told = {_nearest(document, form, problem): problem for problem in reversed(own)}
    groups = tuple(_with_problems(group, told) for group in form.groups)
    return replace(form, groups=groups, problems=(told[""],) if "" in told else ())


def _groups(entry: Mapping[str, Data]) -> Iterator[Group]:
    yield Group(
        "The rule",
        (
            *_one(entry, "title", "Title", "line"),
            *_one(entry, "priority", "Priority", "choice", choices=PRIORITIES),
            *_one(entry, "status", "Status", "choice", choices=STATUSES),
            FormField(("reviewed_by",), "Reviewed by", "line", entry.get("reviewed_by")),
            FormField(("reviewed_on",), "Reviewed on (such as 2027-03-31)", "line", entry.get("reviewed_on")),
            *_one(entry, "review_by", "To be reviewed again by", "line"),
        ),
    )
    for key, words in (("applies_when", "It applies only to patients with"), ("raised_when", "It is raised for")):
        yield Group(words, tuple(_condition(entry.get(key), (key,))))
    for number, step in _numbered(entry.get("escalate")):
        to = _one(step, "to", "Becomes", "choice", ("escalate", number), PRIORITIES)
        yield Group("It becomes more urgent", (*to, *_condition(step.get("when"), ("escalate", number, "when"))))
    reason = _one(entry, "reason", "Reason", "text")
    yield Group("What the clinician reads", (*reason, *_considered(entry.get("consider"))))
    yield Group("What the patient reads at once", tuple(_one(entry, "patient_text", "Text for the patient", "text")))
    evidence, above = entry.get("evidence"), ("evidence",)
    yield Group(
        "Evidence",
        (
            *_one(evidence, "health", "For the health claim", "choice", above, GRADES),
            *_one(evidence, "link", "For the link to oxytocin", "choice", above, (*GRADES, "none")),
            *_one(evidence, "note", "Note", "text", above),
        ),
    )


def _one(
    data: Data, key: str, label: str, kind: Kind, above: Path = (), choices: tuple[str, ...] = ()
) -> list[FormField]:
    """The field of a key; none where the key is not there, or holds more than one value."""
    if not isinstance(data, Mapping) or key not in data or isinstance(data[key], dict | list):
        return []
    return [FormField((*above, key), label, kind, data[key], choices)]


def _numbered(data: Data) -> list[tuple[int, Mapping[str, Data]]]:
    return [(n, part) for n, part in enumerate(data if isinstance(data, list) else ()) if isinstance(part, Mapping)]


def _considered(data: Data) -> Iterator[FormField | Group]:
    for number, part in enumerate(data if isinstance(data, list) else ()):
        label, path = f"To consider {number + 1}", ("consider", number)
        if isinstance(part, str):
            yield FormField(path, label, "text", part)
        elif isinstance(part, Mapping):
            yield from _one(part, "text", label, "text", path)
            tests = tuple(_condition(part.get("when"), (*path, "when")))
            if tests:
                yield Group(f"To consider {number + 1} only with", tests)


def _condition(tree: Data, path: Path) -> Iterator[FormField | Group]:
    """The tests of a condition as fields; what stands above them as words."""
    if isinstance(tree, list):
        for number, part in enumerate(tree):
            yield from _condition(part, (*path, number))
    elif isinstance(tree, Mapping):
        for word, part in tree.items():
            if word == "at_least" and isinstance(part, Mapping):
                count = FormField((*path, word, "count"), "At least how many", "count", part.get("count"))
                yield Group("at least some of these", (count, *_condition(part.get("of"), (*path, word, "of"))))
            else:
                yield Group(GROUPS.get(str(word), str(word)), tuple(_condition(part, (*path, word))))
    elif tree is not None:
        yield FormField(path, "Test", "test", tree)


def _fields(parts: Iterable[FormField | Group]) -> Iterator[FormField]:
    for part in parts:
        if isinstance(part, Group):
            yield from _fields(part.below)
        else:
            yield part


def _rule_at(document: Document, problem: Problem) -> str:
    """The rule that a problem stands in: the last whose id stands at or before its line."""
    rules = {
        path[1]: place for path, place in document.positions.items() if path[:1] == ("rules",) and path[2:] == ("",)
    }
    return next((str(name) for name, place in reversed(rules.items()) if place[0] <= problem.line), "")


def _nearest(document: Document, form: RuleForm, problem: Problem) -> str:
    """The name of the field that a problem stands at; "" if none does."""
    places = {field.name: document.positions.get(("rules", form.id, *field.path)) for field in form.fields()}
    on_line = {name: place for name, place in places.items() if place and place[0] == problem.line}
    before = [name for name, place in on_line.items() if place[1] <= problem.column]
    return max(before, key=lambda name: on_line[name][1], default="")


def _with_problems(group: Group, told: Mapping[str, Problem]) -> Group:
    below: list[FormField | Group] = []
    for part in group.below:
        if isinstance(part, Group):
            below.append(_with_problems(part, told))
        elif part.name in told:
            problem = told[part.name]
            below.append(replace(part, problem="; ".join(filter(None, (problem.message, problem.advice)))))
        else:
            below.append(part)
    return replace(group, below=tuple(below))
