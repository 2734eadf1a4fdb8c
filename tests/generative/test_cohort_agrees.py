"""A table of responses must come to the same ends as screening them one after the other, by engine and reference."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rules.cohort import ENDS, CohortScreener
from rules.condition import OPERATORS, All, Any, AtLeast, Condition, Finding, Not, findings, parts_of
from rules.load import library, load_texts
from rules.questionnaire import Questionnaire
from rules.response import RawAnswers, read
from rules.ruleset import Escalation, Evidence, Outcome, Priority, Rule, RuleSet
from rules.screening import Screener
from rules.synthetic import patients
from tests.generative.wild_answers import wild_answers

QUESTIONS = """
section: tiny
title: Tiny
pages:
  - id: tiny
    title: All questions
    items:
      - {id: first, type: yes_no, text: First, short: First}
      - id: mild
        type: choice
        text: How mild
        short: Mild
        options: [{code: 0, label: None}, {code: 1, label: Some}, {code: 3, label: Much}]
      - id: route
        type: choice
        text: Which way
        short: Way
        when: first = yes
        options: [{code: patch, label: Patch}, {code: gel, label: Gel}, {code: pill, label: Pill}]
      - {id: count, type: integer, text: How many, short: Count, min: -2, max: 3, when: route != gel}
      - {id: weight, type: decimal, text: Weight, short: Weight, min: 20, max: 400}
      - {id: height, type: decimal, text: Height, short: Height, min: 50, max: 272, when: {not: both >= 3}}
      - id: kinds
        type: choices
        text: Which
        short: Kinds
        when: {any: [not: first = yes, mild >= 1]}
        options: [{code: left, label: Left}, {code: right, label: Right}, {code: none, label: None}]
"""
SCORES = """
scores:
  both: {title: Both, sum: [mild, count]}
  counted: {title: Counted, sum: [mild, count, weight], not_applicable_counts: 1}
  times: {title: Times, product: [mild, count], not_applicable_counts: 1}
  bmi: {title: Body mass index, body_mass_index: [weight, height]}
"""
TINY = load_texts({"questionnaire/1.yaml": QUESTIONS, "scores.yaml": SCORES, "sources.yaml": "sources: {}"})
CODES = {"first": ("yes", "no"), "route": ("patch", "gel", "pill")}
NUMBERS = {"mild": (0, 1, 3), "count": (-2, 0, 1, 3), "weight": (20, 60.5), "bmi": (20, 22.5, 25), "both": (-1, 0, 4),
           "counted": (21, 65.5), "times": (-6, 0, 1, 9)}  # fmt: skip
ANSWERS = {
    "first": ("yes", "no"), "mild": (0, 1, 3), "route": CODES["route"], "count": (-2, -1, 0, 1, 2, 3, 2.0),
    "weight": (20, 60.5, 81.8, 64, 400), "height": (200, 160, 170.5, 272),
    "kinds": (["left"], ["right", "left"], ["none"], []),
}  # fmt: skip
QUIET = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


def _findings() -> st.SearchStrategy[Finding]:
    kinds = [st.builds(Finding, st.just("kinds"), st.just("includes"), st.sampled_from(("left", "right", "none")))]
    for name, values in {**CODES, **NUMBERS}.items():
        value, equal = st.sampled_from(values), st.sampled_from(("=", "!="))
        listed = st.lists(value, min_size=1, max_size=3, unique=True).map(tuple)
        kinds.append(st.builds(Finding, st.just(name), equal, value))
        kinds.append(st.builds(Finding, st.just(name), st.just("in"), listed))
    for name, values in NUMBERS.items():
        order = st.sampled_from(("<", "<=", ">", ">="))
        kinds.append(st.builds(Finding, st.just(name), order, st.sampled_from(values)))
    return st.one_of(kinds)


FINDINGS = _findings()


@st.composite
def _at_least(draw: st.DrawFn, parts: st.SearchStrategy[Condition]) -> AtLeast:
    of = tuple(draw(st.lists(parts, min_size=1, max_size=4)))
    return AtLeast(draw(st.integers(1, len(of))), of)


def _above(below: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(below, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(All, several), st.builds(Any, several), st.builds(Not, below), _at_least(below))


CONDITIONS = st.recursive(FINDINGS, _above, max_leaves=6)


def a_rule(
    raised_when: Condition,
    priority: Priority,
    applies_when: Condition | None = None,
    escalate: Sequence[Escalation] = (),
) -> Rule:
    return Rule(
        title="A rule",
        status="draft",
        applies_when=applies_when,
        raised_when=raised_when,
        priority=priority,
        escalate=tuple(escalate),
        reason="Because.",
        consider=({"text": "Ask"},),  # type: ignore[arg-type]
        review_by=date(2028, 1, 1),
        evidence=Evidence(health="hypothesis", link="none"),
    )


STEPS = st.builds(lambda to, when: Escalation(to=to, when=when), st.sampled_from(list(Priority)), CONDITIONS)
RULES = st.builds(
    a_rule, CONDITIONS, st.sampled_from(list(Priority)), st.none() | CONDITIONS, st.lists(STEPS, max_size=2)
)
ONE_OF_EACH = [a_rule(Finding("first", "=", "yes"), priority) for priority in Priority]


@st.composite
def responses(draw: st.DrawFn) -> dict[str, object]:
    missing = st.sampled_from((None, "not_sure", "declined", "in_person"))
    answers = {name: st.one_of(st.sampled_from(values), missing) for name, values in ANSWERS.items()}
    return draw(st.fixed_dictionaries({}, optional=answers))


def ruleset_of(written: Sequence[Rule], questionnaire: Questionnaire) -> RuleSet:
    by_id = {f"R{number}": rule.model_copy(update={"id": f"R{number}"}) for number, rule in enumerate(written)}
    return RuleSet("hash", {}, questionnaire, {}, by_id)


def one_by_one(ruleset: RuleSet, people: Sequence[RawAnswers]) -> dict[str, list[Priority | Outcome]]:
    """How every rule ends for each patient, screened alone."""
    screener = Screener(ruleset)
    screenings = [screener.screen(read(ruleset.questionnaire, person)) for person in people]
    screener.close()
    assert all(screening.agreed for screening in screenings)
    outcomes = {rule: [screening.outcomes[rule] for screening in screenings] for rule in ruleset.by_id}
    return {rule: [ended.priority or ended.outcome for ended in found] for rule, found in outcomes.items()}


def _see(condition: Condition, seen: Counter[str]) -> None:
    seen[type(condition).__name__] += 1
    for part in parts_of(condition):
        _see(part, seen)


def test_generated_rules_end_in_a_table_as_they_do_one_by_one() -> None:
    seen: Counter[str] = Counter()

    @QUIET
    @example(ONE_OF_EACH, [{"first": "yes"}])
    @given(st.lists(RULES, min_size=1, max_size=6), st.lists(responses(), min_size=1, max_size=25))
    def check(written: list[Rule], people: list[dict[str, object]]) -> None:
        ruleset = ruleset_of(written, TINY.questionnaire)
        ends = CohortScreener(ruleset).screen(people)
        expected = one_by_one(ruleset, people)
        assert {rule: ends.of(rule) for rule in ruleset.by_id} == expected
        seen.update(end for ended in expected.values() for end in ended)
        for condition in [rule.raised_when for rule in written]:
            _see(condition, seen)
            seen.update(finding.operator for finding in findings(condition))

    check()
    wanted = [*OPERATORS, *ENDS, *(node.__name__ for node in (All, Any, Not, AtLeast, Finding))]
    assert not [thing for thing in wanted if not seen[thing]], "never generated"


def test_the_library_ends_in_a_table_as_it_does_one_by_one() -> None:
    questionnaire = library().questionnaire
    people = [*patients(questionnaire, range(350)), *(wild_answers(questionnaire, number) for number in range(350))]
    ends = CohortScreener(library()).screen(people)
    expected = one_by_one(library(), people)
    assert {rule: ends.of(rule) for rule in expected} == expected
    assert {end for ended in expected.values() for end in ended} >= set(Priority) | {Outcome.NOT_ASSESSED}
