"""What the rule files of the product promise each other."""

from rules.condition import All
from rules.load import library


def test_headaches_around_menopause_use_the_same_condition_as_menopause_itself() -> None:
    menopause, headaches = (library().by_id[rule].raised_when for rule in ("H1", "O26"))
    assert isinstance(menopause, All)
    assert isinstance(headaches, All)
    assert headaches.parts[1:] == menopause.parts


def test_no_rule_but_the_private_one_tells_of_fear_at_home_in_its_reason() -> None:
    telling = [rule.id for rule in library().by_id.values() if "{afraid_at_home}" in rule.reason]
    assert telling == ["RF14"]
    assert library().by_id["RF14"].private
    assert library().questionnaire.items["afraid_at_home"].private
