"""Each odd thing that analysis tells of a rule set: at its place, with an example, and quiet once it is explained."""

import re
from pathlib import Path
from typing import get_args

import pytest

from rules.analysis import analyse
from rules.load import library, load_texts, read_files
from rules.remarks import Remark
from rules.ruleset import Explanation

SMALL = read_files(Path(__file__).parents[1] / "data" / "small")
HEAD = """\
    title: A rule
    status: draft
    priority: routine
    reason: "{age} {weight_kg} {height_cm}"
    consider: [Ask]
    review_by: 2028-01-01
    evidence: {health: guideline, link: none, sources: [guide]}
"""


def remarks(*rules: str) -> list[Remark]:
    """What is told of rules R0, R1, …, each given by its own lines; items that no rule reads left out."""
    text = "rules:\n" + "".join(f"  R{n}:\n{HEAD}    {rule}\n" for n, rule in enumerate(rules))
    return [remark for remark in analyse(load_texts(SMALL | {"rule.yaml": text})) if remark.kind != "unread"]


@pytest.mark.parametrize(
    ("rule", "kind", "words"),
    [
        (
            "raised_when: {all: [hormone_status = past, hormone_months >= 3]}",
            "never_raised",
            'R0 can never be raised: "hormone_months" is only asked when hormone_status = current',
        ),
        (
            "raised_when: {all: [phq9_1 >= 2, phq9_1 < 2]}",
            "never_raised",
            "R0 can never be raised: its parts exclude each other",
        ),
        (
            "raised_when: {any: [phq9_1 >= 2, phq9_1 < 2]}",
            "always_raised",
            "R0 is raised for everybody who answers and whom it applies to",
        ),
        (
            "raised_when: {any: [phq9_1 >= 2, {all: [hormone_status = past, hormone_months >= 3]}]}",
            "impossible",
            '"hormone_status = past and hormone_months >= 3" can never be true here: '
            '"hormone_months" is only asked when hormone_status = current',
        ),
        (
            "raised_when: {all: [hormone_months >= 3, 'hormone_status in [past, current]']}",
            "impossible",
            '"hormone_status = past" can never be true here: the parts around it exclude it',
        ),
        (
            "raised_when: {not: {all: [phq9_1 >= 0, has_uterus = yes]}}",
            "impossible",
            '"phq9_1 >= 0" can never be false here: the parts around it exclude it',
        ),
        (
            "raised_when: phq9_1 >= 2\n    escalate: [{to: soon, when: phq9_1 >= 1}]",
            "never_its_priority",
            "R0 is never just routine: some step always makes it more urgent",
        ),
        (
            "raised_when: phq9_1 >= 1\n    escalate: [{to: note, when: phq9_1 >= 2}]",
            "step_without_effect",
            "the step to note never decides: the rule is as urgent without it",
        ),
        (
            "raised_when: phq9_1 >= 1\n    escalate: [{to: soon, when: phq9_1 = 3}, {to: same_day, when: phq9_1 >= 2}]",
            "step_without_effect",
            "the step to soon never decides",
        ),
        (
            "raised_when: age >= 20\n    escalate: [{to: soon, when: 'age in [30, 32]'}]",
            "gap",
            'there is a gap in "age": R0 is ',
        ),
        (
            "raised_when: {any: [weight_kg < 50, weight_kg > 50]}",
            "gap",
            'there is a gap in "weight_kg": R0 is routine or more urgent at 49 and 51, but not at 50',
        ),
    ],
    ids=lambda text: text[:60],
)
def test_an_odd_rule_is_told(rule: str, kind: str, words: str) -> None:
    told = {remark.kind: str(remark.problem) for remark in remarks(rule)}
    assert words in told[kind]


def test_a_line_to_consider_that_is_never_shown_is_told_at_its_condition() -> None:
    lines = "consider: [Ask, {when: has_uterus = yes, text: Now}, {when: phq9_1 < 2, text: Never}]"
    text = f"rules:\n  R0:\n{HEAD}    raised_when: phq9_1 >= 2\n".replace("consider: [Ask]", lines)
    told = analyse(load_texts(SMALL | {"rule.yaml": text}))
    (remark,) = [remark for remark in told if remark.rule]
    assert str(remark.problem) == (
        'rule.yaml:7:65: this line is never shown: R0 is not raised when "phq9_1 < 2"; '
        'mend it, or say under explained: {finding: line_never_shown, about: "phq9_1 < 2", because: …}'
    )


def test_the_explanation_that_is_advised_can_be_pasted_as_it_stands() -> None:
    rule = "raised_when: {any: [phq9_1 >= 2, {all: [hormone_status = past, 'hormone_months in [1, 2]']}]}"
    (remark,) = remarks(rule)
    advised = remark.problem.advice.partition("under explained: ")[2]
    (explained,) = remarks(f"{rule}\n    explained: [{advised}]")
    assert (explained.kind, explained.explained) == ("impossible", "…")


def test_every_finding_that_can_be_explained_stands_in_the_guide() -> None:
    guide = Path(__file__).parents[2] / "rules" / "README.md"
    table = guide.read_text(encoding="utf-8").partition("| finding | says |")[2].partition("\n\n")[0]
    told = re.findall(r"`(\w+)`", re.sub(r"(?m)^(\|[^|]+\|).*$", r"\1", table))
    assert sorted(told) == sorted(get_args(Explanation.model_fields["finding"].annotation))


def test_an_example_tells_the_answers_in_plain_words() -> None:
    (remark,) = remarks("raised_when: phq9_1 >= 2", "raised_when: {all: [phq9_1 >= 3, has_uterus = yes]}")
    assert (remark.rule, remark.kind, remark.about) == ("R1", "contained_in", "R0")
    assert remark.example == "Womb: yes; First: Nearly every day"


def test_containment_tells_which_of_the_two_is_more_urgent() -> None:
    broad, narrow = "raised_when: phq9_1 >= 1", "raised_when: phq9_1 >= 2"
    (remark,) = remarks(broad, narrow)
    assert "R0 is always as urgent" in remark.problem.message
    (remark,) = remarks(broad, f"{narrow}\n    escalate: [{{to: soon, when: phq9_1 = 3}}]")
    assert "R1 is more urgent for some of them" in remark.problem.message


def test_two_rules_of_which_everybody_raises_exactly_one_are_opposites() -> None:
    told = remarks("raised_when: phq2 >= 2", "raised_when: phq2 < 2")
    assert [(remark.rule, remark.kind, remark.about) for remark in told] == [("R0", "opposite_of", "R1")]


def test_a_rule_that_only_an_unanswered_question_can_raise_is_told() -> None:
    pages = SMALL["questionnaire/10-small.yaml"].replace(
        "      - {id: phq9_1,",
        "      - {id: past_months, type: integer, text: Months, short: Past months, min: 0, max: 9, "
        "when: hormone_status = past}\n      - {id: phq9_1,",
    )
    rule = f"rules:\n  R0:\n{HEAD}    raised_when: {{all: [past_months >= 1, hormone_months >= 1]}}\n"
    told = analyse(load_texts(SMALL | {"questionnaire/10-small.yaml": pages, "rule.yaml": rule}))
    (remark,) = [remark for remark in told if remark.kind == "only_if_missing"]
    assert remark.problem.message == "R0 is only raised while an answer is missing"
    assert remark.example == "Months: 1; Past months: 1"


def test_a_remark_stands_at_its_line_and_column() -> None:
    (remark,) = remarks(
        "raised_when:\n      any:\n        - phq9_1 >= 2\n        - all: [has_uterus = yes, phq9_1 > 3]".replace(
            "> 3", "= 3"
        )
        + "\n        - all: [age < 20, age > 30]"
    )
    assert remark.kind == "impossible"
    assert (remark.problem.line, remark.problem.column) == (14, 11)


def test_an_explanation_quiets_its_remark_and_no_other() -> None:
    rule = "raised_when: {any: [phq9_1 >= 2, phq9_1 < 2]}"
    because = "\n    explained: [{finding: always_raised, because: Asks everybody.}]"
    (remark,) = remarks(rule + because)
    assert remark.explained == "Asks everybody."
    assert [remark.kind for remark in remarks("raised_when: phq9_1 >= 2" + because)] == ["out_of_date"]


def test_an_explanation_of_nothing_is_told_at_its_place() -> None:
    (remark,) = remarks(
        "raised_when: phq9_1 >= 2\n    explained: [{finding: contained_in, about: R7, because: Once so.}]"
    )
    assert str(remark.problem) == 'rule.yaml:11:17: R0 explains "contained_in R7", which is not so; take it out'
    assert not remark.explained


def unread(questionnaire: str, rule: str = "raised_when: hormone_kinds includes oestrogen") -> list[Remark]:
    files = SMALL | {"questionnaire/10-small.yaml": questionnaire, "rule.yaml": f"rules:\n  R0:\n{HEAD}    {rule}\n"}
    return [remark for remark in analyse(load_texts(files)) if remark.kind in ("unread", "out_of_date")]


def test_items_and_codes_that_no_rule_reads_are_told_at_their_place() -> None:
    told = unread(SMALL["questionnaire/10-small.yaml"])
    assert {remark.about for remark in told} == {
        *("has_uterus", "testosterone", "hormone_months", "phq9_1", "phq9_2", "phq9_3"),
    }
    (code,) = [remark for remark in told if remark.about == "testosterone"]
    assert 'no rule reads the answer "testosterone" to "hormone_kinds"' in code.problem.message
    assert (code.problem.line, code.problem.column) == (28, 63)


def test_what_is_not_flagged_says_why_until_a_rule_reads_it() -> None:
    text = SMALL["questionnaire/10-small.yaml"].replace("short: Womb}", "short: Womb, not_flagged: For the clinician.}")
    assert {remark.about: remark.explained for remark in unread(text)}["has_uterus"] == "For the clinician."
    told = unread(text, "raised_when: has_uterus = yes")
    assert [remark.problem.message for remark in told if remark.kind == "out_of_date"] == ['a rule reads "has_uterus"']


def test_the_library_has_nothing_odd_that_is_not_explained() -> None:
    told = analyse(library())
    assert [str(remark.problem) for remark in told if not remark.explained] == []
    assert {(remark.rule, remark.about) for remark in told if remark.kind == "contained_in"} == {
        ("RF3", "RF23"),
        ("RF15", "O16"),
        ("O24", "O2"),
        ("O26", "H1"),
    }
