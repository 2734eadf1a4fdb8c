"""Every problem of a rule set's files, found in one pass, and the tests that stand inside rule files."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from rules.condition import All, Code, Finding, Number, findings
from rules.engine import Engine
from rules.errors import AnswerErrors, did_you_mean
from rules.explain import PLACEHOLDER, variable_words
from rules.questionnaire import Item, Questionnaire, Score, Section
from rules.reference import meaning, truth
from rules.response import Response
from rules.response import read as read_response
from rules.ruleset import Outcome, Rule, RuleSet, RuleTest, Source
from rules.screening import Evaluators, MakesEvaluator
from rules.source import Document, Path
from rules.syntax import Located

HELP_LINES = ("emergency_number", "crisis_line", "urgent_line")  # placeholders of `patient_text`
TOGETHER = 100  # rules: what comes with the product, and more, in one group
NOT_AGREED = "durable-rules failed, or differs from the plain reference"


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test inside a rule file went. `expected` and `got` are outcomes, with the priority where it was asked."""

    __test__ = False  # not a test case of pytest's

    rule: str
    name: str
    expected: str
    got: str
    detail: str

    @property
    def passed(self) -> bool:
        """Whether the rule ended as the test expects."""
        return self.expected == self.got


def run_tests(ruleset: RuleSet, engine: MakesEvaluator = Engine) -> tuple[TestResult, ...]:
    """Run every test of every rule through the engine, as a patient's answers would be.

    A test fails too where durable-rules does, or differs from the plain reference: for this rule or those of its
    group. Groups, since thousands of tests over thousands of rules each would take hours.
    """
    rules = [rule for rule in ruleset.by_id.values() if rule.status != "retired"]
    groups = [rules[first : first + TOGETHER] for first in range(0, len(rules), TOGETHER)]
    return tuple(result for group in groups for result in _results(group, ruleset.questionnaire, engine))


def _results(rules: Sequence[Rule], questionnaire: Questionnaire, engine: MakesEvaluator) -> list[TestResult]:
    with closing(Evaluators(rules, engine, meaning)) as evaluators:
        return [_result(rule, test, questionnaire, evaluators) for rule in rules for test in rule.tests]


def _result(rule: Rule, test: RuleTest, questionnaire: Questionnaire, evaluators: Evaluators) -> TestResult:
    response = read_response(questionnaire, test.answers)
    [end], agreed = evaluators.outcomes(response, [rule])
    expected, got = test.expect.value, end.outcome.value if agreed else NOT_AGREED
    if test.priority is not None:
        expected, got = f"{expected}, {test.priority}", f"{got}, {end.priority}"
    missing = ", ".join(f"{m.item} ({m.why.value.replace('_', ' ')})" for m in end.missing)
    answers = "; ".join(f"{name}: {variable_words(name, response)}" for name in _variables(rule))
    detail = "; ".join(b.test for b in end.because) or (f"missing: {missing}" if missing else answers)
    return TestResult(rule.id, test.name, expected, got, detail)


def _variables(rule: Rule) -> dict[str, None]:
    return dict.fromkeys(finding.variable for part in rule.conditions().values() for finding in findings(part))


def check_places(documents: Iterable[tuple[Document, Section]]) -> None:
    """Report ids of sections, pages and items that stand twice."""
    first: dict[tuple[str, str], str] = {}
    for document, section in documents:
        places: list[tuple[str, str, Path]] = [("section", section.id, ("section",))]
        for number, page in enumerate(section.pages):
            places.append(("page", page.id, ("pages", number, "id")))
            places += [("item", item.id, ("pages", number, "items", n, "id")) for n, item in enumerate(page.items)]
        for kind, name, path in places:
            if (kind, name) in first:
                document.report(path, f'the {kind} "{name}" stands twice', f"the first is in {first[kind, name]}")
            first.setdefault((kind, name), document.file)


def check_scores(document: Document, scores: Mapping[str, Score], questionnaire: Questionnaire) -> None:
    """Report scores of unknown items, of items that are not numbers, and with an item's name."""
    for name, score in scores.items():
        path: Path = ("scores", name)
        if name in questionnaire.items:
            document.report((*path, ""), f'"{name}" is the name of an item already', "choose another")
        kind = "sum" if score.sum else "product" if score.product else "body_mass_index"
        for number, item in enumerate(score.items):
            if item not in questionnaire.items:
                advice = did_you_mean(item, questionnaire.items)
                document.report((*path, kind, number), f'unknown item "{item}"', advice)
            elif questionnaire.items[item].bounds is None:
                document.report((*path, kind, number), f'the answers to "{item}" are not numbers')


def check_order(document: Document, section: Section, located: Iterable[Located], known: Questionnaire) -> None:
    """Report a `when` that asks for an item or score which is only known later."""
    position = {part.id: number for number, part in enumerate(known.order)}
    for place in located:
        page = section.pages[int(place.path[1])]
        item = page.items[int(place.path[3])] if place.path[2] == "items" else page.items[0]
        for path, finding in place.findings:
            if position.get(finding.variable, -1) >= position[item.id]:
                message = f'"{finding.variable}" is not known yet when "{item.id}" is asked'
                document.report(path, message, "a when may only use what stands before it")


def check_findings(document: Document, located: Iterable[Located], questionnaire: Questionnaire) -> None:
    """Report every test of an unknown item or code, of the wrong type, or out of range."""
    for place in located:
        for path, finding in place.findings:
            problem = finding_problem(questionnaire, finding)
            if problem:
                document.report(path, *problem)


def finding_problem(questionnaire: Questionnaire, finding: Finding) -> tuple[str, str] | None:
    """Return what is wrong with a test (message, advice), or None."""
    name, operator = finding.variable, finding.operator
    item = questionnaire.items.get(name)
    if item is None and name not in questionnaire.scores:
        return f'unknown item "{name}"', did_you_mean(name, [*questionnaire.items, *questionnaire.scores])
    if item is not None and item.type == "text":
        return f'"{name}" is free text, which is never evaluated', "ask a question with options instead"
    if item is not None and item.type == "choices" and operator != "includes":
        return f'"{name}" can have several answers', f"write: {name} includes code"
    if operator == "includes" and (item is None or item.type != "choices"):
        return f'"{name}" has one answer, not several', f"write: {name} = {finding.value}"
    bounds = questionnaire.bounds(name)
    ordered = operator in ("<", "<=", ">", ">=")
    if ordered and bounds is None:
        return f'"{name}" has no order, so "{operator}" means nothing', f"write: {name} in [code, code]"
    values = finding.value if isinstance(finding.value, tuple) else (finding.value,)
    checks = (_value_problem(None if ordered else item, name, value, bounds) for value in values)
    return next((problem for problem in checks if problem), None)


def _value_problem(
    item: Item | None, name: str, value: Code | Number, bounds: tuple[Number, Number] | None
) -> tuple[str, str] | None:
    if item is not None and item.options:
        codes = [option.code for option in item.options]
        names = [str(code) for code in codes]
        if value not in codes:
            advice = did_you_mean(str(value), names) or f"use {', '.join(names)}"
            return f'"{name}" has no option "{value}"', advice
        return None
    low, high = bounds or (0, 0)
    if isinstance(value, str):
        return f'"{value}" is not a number', f'"{name}" goes from {low:g} to {high:g}'
    if not low <= value <= high:
        return f'"{name}" is never {value:g}', f"it goes from {low:g} to {high:g}"
    return None


def check_rule(
    document: Document, rule: Rule, questionnaire: Questionnaire, sources: Mapping[str, Source], rule_ids: set[str]
) -> None:
    """Report what is wrong with one rule beside its conditions' tests: references, placeholders, and its own tests."""
    path: Path = ("rules", rule.id)
    for number, source in enumerate(rule.evidence.sources):
        if source not in sources:
            advice = did_you_mean(source, sources) or "add it to sources.yaml"
            document.report((*path, "evidence", "sources", number), f'unknown source "{source}"', advice)
    if not rule.evidence.sources and not rule.evidence.note:
        document.report((*path, "evidence"), "there is neither a source nor a note", "add sources, or a note why not")
    variables = [*questionnaire.items, *questionnaire.scores]
    _check_placeholders(document, (*path, "reason"), rule.reason, variables)
    _check_placeholders(document, (*path, "patient_text"), rule.patient_text or "", HELP_LINES)
    for number, relation in enumerate(rule.related):
        if relation.type == "obsoletes" and relation.id in rule_ids:
            document.report((*path, "related", number, "id"), f'"{relation.id}" is still in use', "retire it first")
        elif relation.type == "see_also" and relation.id not in rule_ids:
            advice = did_you_mean(relation.id, rule_ids)
            document.report((*path, "related", number, "id"), f'unknown rule "{relation.id}"', advice)
    if rule.status == "active" and not (rule.reviewed_by and rule.reviewed_on):
        document.report((*path, "status"), "an active rule says who reviewed it", "add reviewed_by and reviewed_on")
    _check_tests(document, rule, questionnaire, path)


def _check_placeholders(document: Document, path: Path, text: str, known: Iterable[str]) -> None:
    for name in PLACEHOLDER.findall(text):
        if name not in known:
            document.report(path, f'nothing fills "{{{name}}}"', did_you_mean(name, known))


def _check_tests(document: Document, rule: Rule, questionnaire: Questionnaire, path: Path) -> None:
    names: set[str] = set()
    for number, test in enumerate(rule.tests):
        place = (*path, "tests", number)
        if test.name in names:
            document.report((*place, "name"), f'two tests have the name "{test.name}"', "say what differs")
        names.add(test.name)
        if test.priority is not None and test.expect is not Outcome.RAISED:
            document.report((*place, "priority"), "only a raised rule has a priority", "leave it out")
        try:
            read_response(questionnaire, test.answers)
        except AnswerErrors as error:
            for problem in error.problems:
                message = f'answer to "{problem.item}": {problem.message}'
                document.report((*place, "answers", problem.item), message, problem.advice)


def check_silence(document: Document, rule: Rule, silence: Response) -> None:
    """Report a rule that a response without any answer, `silence`, would raise: missing is not No."""
    questionnaire, values = silence.questionnaire, silence.values
    whole = rule.raised_when if rule.applies_when is None else All((rule.applies_when, rule.raised_when))
    if any(finding_problem(questionnaire, finding) for finding in findings(whole)):
        return  # reported already, and some cannot be compared with anything
    if truth(whole, values) is True:
        message = f"{rule.id} is raised by a response without a single answer"
        document.report(("rules", rule.id, "raised_when"), message, "ask for an answer that makes it true")
