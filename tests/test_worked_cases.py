"""The worked cases of the clinical content, through the library and the way that a patient's answers take."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from rules.condition import All
from rules.explain import considerations
from rules.load import library
from rules.response import Missing, RawAnswers, Response, read
from rules.screening import Screener, Screening

LOW_MOOD_WITHOUT_ITEM_6 = {
    "phq9_1": 2, "phq9_2": 2, "phq9_3": 2, "phq9_4": 2, "phq9_5": 1, "phq9_7": 1, "phq9_8": 1, "phq9_9": 0,
}  # fmt: skip
OESTROGEN_PATCH_ALONE = {
    "age": 52, "hormone_status": "current", "hormone_kinds": ["oestrogen"], "oestrogen_route": "patch_gel_spray",
    "progestogen": "none",
}  # fmt: skip
CONNECTION = ("O2", "O3", "O4", "O18")


@dataclass(frozen=True)
class Screened:
    """A response and its screening, with short names for what the tests ask."""

    response: Response
    screening: Screening

    def outcome(self, rule: str) -> str:
        return str(self.screening.outcomes[rule].outcome)

    def priority(self, rule: str) -> str | None:
        return self.screening.outcomes[rule].priority

    def missing(self, rule: str) -> dict[str, Missing]:
        return {answer.item: answer.why for answer in self.screening.outcomes[rule].missing}

    def score(self, name: str) -> tuple[float | None, float | None, bool]:
        score = self.screening.scores[name]
        return score.low, score.high, score.complete


class Clinic:
    """Screens answers with the library."""

    def __init__(self) -> None:
        self.ruleset = library()
        self.screener = Screener(self.ruleset)

    def screen(self, answers: RawAnswers) -> Screened:
        response = read(self.ruleset.questionnaire, answers)
        screening = self.screener.screen(response)
        assert screening.agreed
        return Screened(response, screening)


@pytest.fixture(scope="module")
def clinic() -> Iterator[Clinic]:
    clinic = Clinic()
    yield clinic
    clinic.screener.close()


def test_case_1_a_phq9_with_one_item_skipped_is_an_interval_and_still_raises_the_flag(clinic: Clinic) -> None:
    patient = clinic.screen(LOW_MOOD_WITHOUT_ITEM_6)
    assert patient.score("phq9") == (11, 14, False)
    assert patient.outcome("O9") == "raised"
    assert patient.priority("O9") == "soon"
    assert patient.outcome("RF1") == "not raised"


def test_case_2_item_9_left_blank_is_never_taken_for_no(clinic: Clinic) -> None:
    patient = clinic.screen({"phq9_1": 0, "phq9_2": 0})
    assert patient.score("phq2") == (0, 0, True)
    assert patient.score("phq9") == (None, None, False)
    assert patient.outcome("RF1") == "not assessed"
    assert patient.missing("RF1")["phq9_9"] is Missing.SKIPPED
    assert patient.outcome("O9") == "not raised"


def test_case_3_ovaries_removed_at_38_is_ovarian_insufficiency_without_a_test(clinic: Clinic) -> None:
    patient = clinic.screen(
        {"age": 44, "has_ovaries": "no", "ovaries_removed": "yes", "age_ovaries_removed": 38, "has_uterus": "no",
         "hormone_status": "never", "hot_flushes": 2}
    )  # fmt: skip
    assert patient.outcome("H3") == "raised"
    assert patient.priority("H3") == "soon"
    advice = " ".join(considerations(clinic.ruleset.by_id["H3"], patient.response))
    assert "no test is needed" in advice
    assert "FSH" not in advice
    assert patient.outcome("H2") == "not raised"


def test_case_4_oestrogen_alone_is_right_after_the_womb_is_removed(clinic: Clinic) -> None:
    patient = clinic.screen(OESTROGEN_PATCH_ALONE | {"has_uterus": "no", "hysterectomy_for_endometriosis": "no"})
    assert patient.outcome("H6") == "not raised"


def test_case_4_oestrogen_alone_is_not_assessed_when_the_womb_is_not_known(clinic: Clinic) -> None:
    patient = clinic.screen(OESTROGEN_PATCH_ALONE | {"has_uterus": "not_sure"})
    assert patient.outcome("H6") == "not assessed"
    assert patient.missing("H6")["has_uterus"] is Missing.NOT_SURE


def test_case_4_oestrogen_alone_with_a_womb_is_raised_soon(clinic: Clinic) -> None:
    patient = clinic.screen(OESTROGEN_PATCH_ALONE | {"has_uterus": "yes"})
    assert (patient.outcome("H6"), patient.priority("H6")) == ("raised", "soon")


def test_case_4_oestrogen_alone_after_a_womb_removed_for_endometriosis_is_a_note(clinic: Clinic) -> None:
    patient = clinic.screen(OESTROGEN_PATCH_ALONE | {"has_uterus": "no", "hysterectomy_for_endometriosis": "yes"})
    assert (patient.outcome("H6"), patient.priority("H6")) == ("raised", "note")


def test_case_5_living_alone_raises_nothing_by_itself(clinic: Clinic) -> None:
    patient = clinic.screen(
        {"lives_alone": "yes", "contact_frequency": "weekly", "ucla3_1": 1, "ucla3_2": 1, "ucla3_3": 1,
         "touch_frequency": "rarely", "touch_wish": "same", "volunteering": "never", "volunteering_wish": "no"}
    )  # fmt: skip
    assert patient.score("ucla3") == (3, 3, True)
    assert [patient.outcome(rule) for rule in CONNECTION] == ["not raised"] * len(CONNECTION)


def test_case_5_a_married_person_can_be_lonely(clinic: Clinic) -> None:
    patient = clinic.screen(
        {"lives_alone": "no", "contact_frequency": "daily", "ucla3_1": 3, "ucla3_2": 3, "ucla3_3": 2}
    )
    assert patient.score("ucla3") == (8, 8, True)
    assert patient.outcome("O2") == "raised"
    assert patient.outcome("O3") == "not raised"


def test_case_6_a_well_planned_vegan_diet_raises_nothing(clinic: Clinic) -> None:
    patient = clinic.screen(
        {"diet_pattern": "vegan", "fortified_foods_per_week": 7, "legumes_per_week": 7, "supplements": ["omega_3"],
         "sun_exposure": "little", "wholegrain_per_day": 0, "fruit_veg_per_day": 3, "oily_fish_per_week": 0,
         "plant_omega3_per_week": 0}
    )  # fmt: skip
    assert [patient.outcome(rule) for rule in ("O10", "O12", "O13")] == ["not raised"] * 3


def test_case_7_never_drinking_is_a_complete_score_of_0(clinic: Clinic) -> None:
    patient = clinic.screen({"sex_at_birth": "female", "auditc_1": 0})
    assert patient.score("auditc") == (0, 0, True)
    assert patient.outcome("O16") == "not raised"


def test_case_8_fear_at_home_is_raised_in_private_and_no_touch_is_suggested(clinic: Clinic) -> None:
    patient = clinic.screen({"afraid_at_home": "yes", "touch_frequency": "never", "touch_wish": "more"})
    assert (patient.outcome("RF14"), patient.priority("RF14")) == ("raised", "same_day")
    assert patient.outcome("O4") == "not raised"
    assert clinic.ruleset.by_id["RF14"].private
    assert clinic.ruleset.questionnaire.items["afraid_at_home"].private


def test_no_rule_but_the_private_one_tells_of_fear_at_home_in_its_reason(clinic: Clinic) -> None:
    telling = [rule.id for rule in clinic.ruleset.by_id.values() if "{afraid_at_home}" in rule.reason]
    assert set(telling) <= {"RF14"}


def test_headaches_around_menopause_use_the_same_condition_as_menopause_itself(clinic: Clinic) -> None:
    menopause, headaches = (clinic.ruleset.by_id[rule].raised_when for rule in ("H1", "O26"))
    assert isinstance(menopause, All)
    assert isinstance(headaches, All)
    assert headaches.parts[1:] == menopause.parts
