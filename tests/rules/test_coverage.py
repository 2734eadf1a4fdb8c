"""Coverage names, for each leaf of a rule's conditions, the ends that its tests have not seen."""

from pathlib import Path

from rules.coverage import coverage
from rules.load import load_texts, read_files

SMALL = read_files(Path(__file__).parents[1] / "data" / "small")
RULE = """
rules:
  T1:
    title: Low mood
    status: draft
    applies_when: has_uterus = yes
    raised_when: {not: phq9_1 = 0}
    priority: routine
    reason: Because.
    consider: [Ask]
    review_by: 2028-01-01
    evidence: {health: guideline, link: none, sources: [guide]}
    tests:
      - {name: raised, answers: {phq9_1: 2, has_uterus: yes}, expect: raised}
      - {name: not asked, answers: {has_uterus: yes}, expect: not assessed}
"""


def test_the_ends_that_no_test_has_seen_are_named_for_each_leaf() -> None:
    leaves = {str(leaf.finding): leaf.lacking for leaf in coverage(load_texts(SMALL | {"rule.yaml": RULE}))}
    assert leaves == {"has_uterus = yes": ("false", "missing"), "phq9_1 = 0": ("true",)}
