"""A question that is left out never hides a flag; and which questions the clinical content asks for are all there."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping

import pytest

from rules.condition import Condition, Finding, Special, Value, findings
from rules.load import library
from rules.questionnaire import Item, Questionnaire
from rules.reference import truth
from rules.response import read
from rules.ruleset import Rule
from rules.scores import work_out

PATIENTS = 500  # made up for each rule
# Gates that the clinical content gives itself: what they leave out does not exist for that patient.
CONTENT_GATES = {
    "age_ovaries_removed", "hysterectomy_for_endometriosis", "pregnancy_possible", "period_status",
    "cycle_change_months", "bleeding_after_menopause", "desire_bother", "weaker_erections", "weight_loss_5_percent",
    "sarcf_1", "sarcf_2", "sarcf_3", "sarcf_4", "sarcf_5",
    "phq9_3", "phq9_4", "phq9_5", "phq9_6", "phq9_7", "phq9_8", "phq9_function", "safe_now", "self_harm_plan",
    "gad7_3", "gad7_4", "gad7_5", "gad7_6", "gad7_7",
    "vitamin_d_iu", "vitamin_b6_mg", "zinc_mg", "magnesium_mg", "omega_3_g",
    "hormone_kinds", "oestrogen_route", "progestogen", "hrt_bleeding", "endometrial_risk", "symptoms_persist",
    "auditc_2", "auditc_3",
}  # fmt: skip
# Not asked because nobody has it: ovaries to remove beside testes, months of a treatment that was never taken, a review
# that never took place, minutes of exercise on no day.
NOTHING_TO_ASK = {
    "ovaries_removed", "hormone_months", "hormone_change_months", "hormone_never_reviewed", "hormone_review_months",
    "hormone_source", "testosterone_months", "testosterone_bloods_months", "evs_minutes",
}  # fmt: skip
# Contraception is not asked from 56 on, when nobody takes the combined pill; rules that ask for it are then decided.
NOTHING_TO_ASK |= {"contraception"}
LISTS = ("symptoms_present", "changes_noticed")  # what was not chosen there is none or no
ABSENT: Mapping[str, object] = {"yes_no": "no", "weight_change": "none", "appetite_change": "same"}
CONTENT_ITEMS = """
    age sex_at_birth has_uterus has_ovaries has_testes has_prostate ovaries_removed age_ovaries_removed
    hysterectomy_for_endometriosis pregnancy_possible fertility_wish height_cm weight_kg conditions medicines
    stopped_steroids_recently hot_flushes night_sweats vaginal_dryness joint_pain palpitations brain_fog
    irritability fatigue headaches bloating low_strength less_body_hair breast_tenderness cold_intolerance
    heat_intolerance hair_or_skin_change thirst_and_urine period_status cycle_change_months bleeding_after_menopause
    desire_change desire_bother weaker_erections weight_change weight_loss_5_percent appetite_change
    bowel_change_new rectal_bleeding hirsutism_or_acne galactorrhoea visual_field_loss purple_striae
    proximal_weakness easy_bruising dizzy_on_standing skin_darkening numb_or_tingling chest_pain_now
    sudden_breathlessness collapse painful_swollen_leg face_arm_speech sudden_visual_loss thunderclap_headache
    migraine_aura breast_change jaundice_or_dark_urine flushed_itchy_or_blurred high_blood_pressure
    snoring_with_pauses urinary_symptoms vomiting_or_confusion fever_rigid_agitated sarcf_1 sarcf_2 sarcf_3 sarcf_4
    sarcf_5 phq9_1 phq9_2 phq9_3 phq9_4 phq9_5 phq9_6 phq9_7 phq9_8 phq9_9 phq9_function safe_now self_harm_plan
    gad7_1 gad7_2 gad7_3 gad7_4 gad7_5 gad7_6 gad7_7 stress_coping ucla3_1 ucla3_2 ucla3_3 contact_frequency
    lives_alone someone_to_confide volunteering volunteering_wish touch_frequency touch_wish afraid_at_home
    wholegrain_per_day fruit_veg_per_day legumes_per_week plant_kinds_per_week oily_fish_per_week
    plant_omega3_per_week fermented_per_week prebiotic_per_week polyphenol_per_week nuts_seeds_greens_per_week
    vitamin_c_foods_per_day protein_foods_per_day eggs_soy_per_week fortified_foods_per_week diet_pattern
    sun_exposure antibiotics_3_months supplements vitamin_d_iu vitamin_b6_mg zinc_mg magnesium_mg omega_3_g
    supplement_other evs_days evs_minutes activity_enjoyed activity_with_others activity_wish activity_limited
    mind_body sleep_trouble_nights sleep_trouble_months hormone_status hormone_kinds oestrogen_route progestogen
    hormone_months hormone_change_months hormone_review_months hormone_never_reviewed hrt_bleeding endometrial_risk
    symptoms_persist hormone_source testosterone_months testosterone_bloods_months contraception hormone_tests
    hormone_tests_text auditc_1 auditc_2 auditc_3 morning_drink withdrawal_history matters_most say_in_person
    everything_true
"""

RULESET = library()
QUESTIONNAIRE = RULESET.questionnaire
IN_USE = [rule for rule in RULESET.by_id.values() if rule.status != "retired"]


def gate(item: Item) -> tuple[Finding, ...]:
    return findings(item.when) if item.when is not None else ()


def of_lists(questionnaire: Questionnaire) -> dict[str, dict[str, list[Item]]]:
    """The items behind each option of the two lists, by list and option."""
    behind: dict[str, dict[str, list[Item]]] = {name: defaultdict(list) for name in LISTS}
    for item in questionnaire.items.values():
        for finding in gate(item):
            if finding.variable in LISTS and item.type != "decimal":
                behind[finding.variable][str(finding.value)].append(item)
    return behind


BEHIND = of_lists(QUESTIONNAIRE)


def absent(item: Item) -> object:
    return ABSENT.get(item.id) or ABSENT.get(item.type, 0)


def involved(rule: Rule) -> set[str]:
    """The items that a rule reads, and those that their gates read, and so on."""
    waiting = {finding.variable for condition in rule.conditions().values() for finding in findings(condition)}
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in QUESTIONNAIRE.scores:
            waiting |= set(QUESTIONNAIRE.scores[name].items) - found
        else:
            found.add(name)
            waiting |= {finding.variable for finding in gate(QUESTIONNAIRE.items[name])} - found
    return found


def numbers_near(item: Item) -> list[int]:
    """Every number that a rule or gate compares an item with, one below and one above, and its ends."""
    conditions: list[Condition] = [c for rule in IN_USE for c in rule.conditions().values()]
    conditions += [other.when for other in QUESTIONNAIRE.items.values() if other.when is not None]
    tests = [f for condition in conditions for f in findings(condition) if f.variable == item.id]
    near = {int(f.value) + step for f in tests if isinstance(f.value, int | float) for step in (-1, 0, 1)}
    low, high = item.bounds or (0, 0)
    return sorted(number for number in near | {int(low), int(high)} if low <= number <= high)


NEAR = {item.id: numbers_near(item) for item in QUESTIONNAIRE.items.values() if item.numeric_type}


def some_answer(item: Item, chance: random.Random) -> object:
    if item.numeric_type:
        return chance.choice(NEAR[item.id])
    codes = [option.code for option in item.options]
    if item.type != "choices":
        return chance.choice(codes)
    chosen = [code for code in codes if code != "none" and chance.random() < 0.3]
    return chosen or (["none"] if "none" in codes else codes[:1])


def patients(rule: Rule) -> Iterator[dict[str, object]]:
    """Patients who answer everything that a rule could depend on, whatever they would be asked."""
    chance = random.Random(rule.id)
    names = [name for name in QUESTIONNAIRE.items if name in involved(rule)]
    behind = [item.id for options in BEHIND.values() for items in options.values() for item in items]
    names += [name for name in behind if name not in names]
    for _ in range(PATIENTS):
        answers = {name: some_answer(QUESTIONNAIRE.items[name], chance) for name in names}
        for name, options in BEHIND.items():
            chosen = [o for o, items in options.items() if any(answers[i.id] != absent(i) for i in items)]
            answers[name] = chosen or ["none"]
        yield answers


def values_without_our_gates(answers: Mapping[str, object]) -> dict[str, Value]:
    """What would be known if only the gates of the clinical content were there."""
    typed = read(QUESTIONNAIRE, answers)
    values: dict[str, Value] = {}
    for part in QUESTIONNAIRE.order:
        if not isinstance(part, Item):
            values[part.id] = work_out(part, QUESTIONNAIRE.items, values).value
        elif part.id in typed.not_applicable and part.when is not None:
            kept = part.id not in CONTENT_GATES | NOTHING_TO_ASK or truth(part.when, values) is not False
            raw = answers.get(part.id)
            known = frozenset(raw) if isinstance(raw, list) else raw
            values[part.id] = known if kept and raw is not None else Special.NOT_APPLICABLE  # type: ignore[assignment]
        elif part.type != "text":
            values[part.id] = typed.values[part.id]
    return values


@pytest.mark.parametrize("rule", IN_USE, ids=lambda rule: rule.id)
def test_what_is_not_asked_changes_no_outcome_and_no_priority(rule: Rule) -> None:
    ends = set()
    for answers in patients(rule):
        asked, all_known = read(QUESTIONNAIRE, answers).values, values_without_our_gates(answers)
        raised = truth(rule.raised_when, all_known)
        assert truth(rule.raised_when, asked) is raised, answers
        if raised:
            for step in rule.escalate:
                assert truth(step.when, asked) is truth(step.when, all_known), (str(step.to), answers)
        ends.add(raised)
    assert ends == {True, False}, "the patients made up for this rule do not try it"


def test_every_item_of_the_clinical_content_is_asked() -> None:
    assert set(CONTENT_ITEMS.split()) - set(QUESTIONNAIRE.items) == set()


def test_nothing_depends_on_a_private_answer() -> None:
    """A question that is there or not on the patient's own copy would give the answer away."""
    private = {item.id for item in QUESTIONNAIRE.items.values() if item.private}
    assert private == {"afraid_at_home"}
    assert [i.id for i in QUESTIONNAIRE.items.values() if private & {f.variable for f in gate(i)}] == []


def test_each_option_of_the_two_lists_leads_to_a_question() -> None:
    for name in LISTS:
        codes = {str(option.code) for option in QUESTIONNAIRE.items[name].options} - {"none"}
        assert codes == set(BEHIND[name])


def test_item_9_is_asked_of_everybody_and_what_keeps_safe_comes_right_after_it() -> None:
    assert QUESTIONNAIRE.items["phq9_9"].when is None
    pages = list(QUESTIONNAIRE.pages)
    after = pages[pages.index(QUESTIONNAIRE.items["phq9_9"].page) + 1]
    assert {"safe_now", "self_harm_plan"} == {item.id for item in QUESTIONNAIRE.pages[after].items}


def test_what_is_urgent_is_asked_of_everybody_on_the_first_page() -> None:
    first = next(iter(QUESTIONNAIRE.pages.values()))
    assert all(item.when is None for item in first.items)
    assert {"chest_pain_now", "sudden_breathlessness", "face_arm_speech"} <= {item.id for item in first.items}


def test_short_names_fit_the_summary() -> None:
    assert [item.id for item in QUESTIONNAIRE.items.values() if len(item.short) > 40] == []
