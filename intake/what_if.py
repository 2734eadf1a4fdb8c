"""What-if: invented answers put through two rule sets side by side. Nothing of it is stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from reports.summary import PRIORITY_WORDS
from rules.engine import Engine
from rules.errors import AnswerErrors, AnswerProblem
from rules.explain import reason_text
from rules.questionnaire import Item, Questionnaire
from rules.response import RawAnswers, Response
from rules.response import read as read_response
from rules.ruleset import Outcome, RuleSet
from rules.screening import MakesEvaluator, RuleOutcome, Screener
from rules.source import read
from rules.synthetic import patients

MARKS = ("not_sure", "declined", "in_person")  # what can stand for an answer
ENDS = (Outcome.RAISED, Outcome.NOT_ASSESSED, Outcome.NOT_RAISED, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True)
class End:
    """How one rule ends with one rule set: in words, and why. `rank` orders by what matters most."""

    words: str
    priority: str
    rank: int
    reason: str = ""
    because: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compared:
    """One rule with the version in use and with the draft; None where it is not there, or is retired."""

    rule: str
    title: str
    now: End | None
    draft: End | None

    @property
    def differs(self) -> bool:
        """Whether the draft changes how it ends."""
        return (self.now and self.now.words) != (self.draft and self.draft.words)

    @property
    def ends(self) -> tuple[End | None, ...]:
        """Both ends, the version in use first."""
        return self.now, self.draft

    @property
    def rank(self) -> int:
        """The more important of both ends."""
        return min(end.rank for end in self.ends if end)


def from_form(questionnaire: Questionnaire, form: MultiDict[str, str]) -> dict[str, object]:
    """Return the answers that a form holds, without those left blank."""
    answers = {item.id: _typed(item, form.getlist(item.id)) for item in questionnaire.items.values()}
    return {name: answer for name, answer in answers.items() if answer not in ("", [], None)}


def _typed(item: Item, sent: list[str]) -> object:
    codes = {str(option.code): option.code for option in item.options}
    if item.type == "choices":
        mark = next((one for one in sent if one in MARKS), None)
        return mark or [codes.get(one, one) for one in sent if one]
    text = sent[0].strip() if sent else ""
    if item.numeric_type and text.lstrip("-").replace(".", "", 1).isdigit():
        return float(text) if "." in text else int(text)
    return codes.get(text, text)


def from_text(text: str) -> dict[str, object]:
    """Return answers written as JSON or YAML, alone or below "answers". Raises `ValueError`, in words."""
    document = read("answers", text)
    data = document.data.get("answers", document.data) if isinstance(document.data, dict) else None
    if document.problems:
        raise ValueError(f"Line {document.problems[0].line}: {document.problems[0].message}")
    if not isinstance(data, dict):
        raise ValueError("Write answers as {item: answer, item: answer}, as in the tests of a rule file.")
    return {str(name): answer for name, answer in data.items()}


def from_test(ruleset: RuleSet, name: str) -> dict[str, object]:
    """Return the answers of a test inside a rule file, named such as "H6/2"; none if it is not there."""
    rule_id, _, number = name.rpartition("/")
    tests = ruleset.by_id[rule_id].tests if rule_id in ruleset.by_id else ()
    return dict(tests[int(number)].answers) if number.isdigit() and int(number) < len(tests) else {}


def invented(questionnaire: Questionnaire, number: int) -> dict[str, object]:
    """Return the answers of an invented patient; the same for the same number."""
    answers = next(iter(patients(questionnaire, [number])))
    return {name: answer for name, answer in answers.items() if answer not in ("", [], None)}


def fitting(questionnaire: Questionnaire, answers: RawAnswers) -> tuple[Response, list[AnswerProblem]]:
    """Return the response that the answers make, and what is wrong with those that do not fit and count as blank."""
    try:
        return read_response(questionnaire, answers), []
    except AnswerErrors as error:
        wrong = {problem.item for problem in error.problems}
        kept = {name: answer for name, answer in answers.items() if name not in wrong}
        return read_response(questionnaire, kept), list(error.problems)


def compare(
    now: RuleSet, draft: RuleSet | None, answers: RawAnswers, engine: MakesEvaluator = Engine
) -> list[Compared]:
    """Return how every rule ends with both rule sets: what differs first, then the most urgent."""
    before, after = _ends(now, answers, engine), _ends(draft or now, answers, engine)
    titles = {rule.id: rule.title for ruleset in (now, draft or now) for rule in ruleset.by_id.values()}
    both = [Compared(rule, titles[rule], before.get(rule), after.get(rule)) for rule in {**before, **after}]
    return sorted(both, key=lambda one: (not one.differs, one.rank))


def _ends(ruleset: RuleSet, answers: RawAnswers, engine: MakesEvaluator) -> dict[str, End]:
    response, _ = fitting(ruleset.questionnaire, answers)
    screener = Screener(ruleset, engine)
    outcomes = screener.screen(response).outcomes
    screener.close()
    return {rule: _end(ruleset, response, outcome) for rule, outcome in outcomes.items()}


def _end(ruleset: RuleSet, response: Response, outcome: RuleOutcome) -> End:
    priority, title = outcome.priority, ruleset.questionnaire.title
    rank = priority.rank if priority is not None else 10 + ENDS.index(outcome.outcome)
    missing = tuple(f"{title(one.item)} ({one.why.value.replace('_', ' ')})" for one in outcome.missing)
    if priority is None:
        return End(outcome.outcome.value, "none", rank, missing=missing)
    reason = " ".join(reason_text(ruleset.by_id[outcome.rule], response).split())
    because = tuple(f"{title(one.variable)}: {one.answer} ({one.test})" for one in outcome.because)
    return End(PRIORITY_WORDS[priority], priority.value, rank, reason, because, missing)


def as_test(answers: Mapping[str, object]) -> str:
    """Return answers as they stand in a test of a rule file."""
    return f"answers: {{{', '.join(_pairs(answers))}}}"


def _pairs(answers: Mapping[str, object]) -> Iterator[str]:
    for name, answer in answers.items():
        yield f"{name}: [{', '.join(map(str, answer))}]" if isinstance(answer, list) else f"{name}: {answer}"
