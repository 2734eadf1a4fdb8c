"""PHQ-9, GAD-7, AUDIT-C, UCLA-3 and the Exercise Vital Sign stand in the library verbatim, with codes and LOINC."""

import json
from pathlib import Path

import pytest

from rules.load import library
from rules.questionnaire import Item, Questionnaire

INSTRUMENTS = json.loads((Path(__file__).parent / "data" / "instruments.json").read_text(encoding="utf-8"))
AFRAID = "Within the last year, have you been afraid of your partner or ex-partner?"  # LOINC 76501-6


@pytest.fixture(scope="module")
def questionnaire() -> Questionnaire:
    return library().questionnaire


def items_of(questionnaire: Questionnaire, prefix: str, count: int) -> list[Item]:
    return [questionnaire.items[f"{prefix}_{number}"] for number in range(1, count + 1)]


def options_of(item: Item) -> list[list[object]]:
    return [[option.loinc, option.label, option.code] for option in item.options]


@pytest.mark.parametrize("instrument", ["phq9", "gad7"])
def test_items_options_and_stem_of_a_two_week_scale_are_verbatim(questionnaire: Questionnaire, instrument: str) -> None:
    given = INSTRUMENTS[instrument]
    items = items_of(questionnaire, instrument, len(given["items"]))
    assert [[item.loinc, item.text] for item in items] == given["items"]
    assert all(options_of(item) == given["options"] for item in items)
    assert {questionnaire.pages[item.page].intro for item in items} == {given["stem"]}
    assert not any(item.hint for item in items)


@pytest.mark.parametrize("instrument", ["phq9", "gad7"])
def test_total_and_bands_of_a_two_week_scale_are_the_published_ones(
    questionnaire: Questionnaire, instrument: str
) -> None:
    given = INSTRUMENTS[instrument]
    score = questionnaire.scores[instrument]
    assert score.loinc == given["total"]
    assert [[band.low, band.high, band.label] for band in score.bands] == given["bands"]


def test_what_phq9_asks_about_daily_life_is_verbatim(questionnaire: Questionnaire) -> None:
    loinc, text, options = INSTRUMENTS["phq9"]["function_item"]
    item = questionnaire.items["phq9_function"]
    assert (item.loinc, item.text) == (loinc, text)
    assert options_of(item) == [[*option, code] for code, option in enumerate(options)]


def test_items_of_the_two_week_scales_keep_their_order(questionnaire: Questionnaire) -> None:
    order = [name for name in questionnaire.items if name.startswith(("phq9_", "gad7_"))]
    phq9 = [f"phq9_{number}" for number in range(1, 10)]
    assert order == [*phq9, "phq9_function", *(f"gad7_{number}" for number in range(1, 8))]


def test_auditc_is_verbatim(questionnaire: Questionnaire) -> None:
    given = INSTRUMENTS["audit_c"]
    items = items_of(questionnaire, "auditc", 3)
    assert [[item.loinc, item.text, options_of(item)] for item in items] == given["items"]
    assert questionnaire.scores["auditc"].loinc == given["total"]


def test_ucla3_is_verbatim(questionnaire: Questionnaire) -> None:
    given = INSTRUMENTS["ucla3"]
    items = items_of(questionnaire, "ucla3", 3)
    assert [item.text for item in items] == given["items"]
    assert all([[o.label, o.code] for o in item.options] == given["options"] for item in items)
    assert list(questionnaire.bounds("ucla3") or ()) == given["range"]
    lonely = [band for band in questionnaire.scores["ucla3"].bands if band.label == "lonely"]
    assert [band.low for band in lonely] == [given["lonely_if_at_least"]]


def test_exercise_vital_sign_is_verbatim(questionnaire: Questionnaire) -> None:
    given = INSTRUMENTS["evs"]
    items = [questionnaire.items["evs_days"], questionnaire.items["evs_minutes"]]
    assert [[item.loinc, item.text] for item in items] == given["items"]
    assert questionnaire.scores["evs_minutes_per_week"].loinc == given["derived"][0]


def test_every_total_of_a_score_falls_in_exactly_one_band(questionnaire: Questionnaire) -> None:
    for name in ("phq9", "gad7", "ucla3", "auditc", "sarcf", "evs_minutes_per_week"):
        low, high = questionnaire.bounds(name) or (0, 0)
        for total in range(int(low), int(high) + 1):
            bands = [band for band in questionnaire.scores[name].bands if band.low <= total <= band.high]
            assert len(bands) == 1, f"{name} of {total}"


def test_items_of_an_instrument_can_be_declined_and_offer_no_other_answer(questionnaire: Questionnaire) -> None:
    for score in ("phq9", "gad7", "ucla3", "auditc"):
        items = [questionnaire.items[name] for name in questionnaire.scores[score].items]
        assert all(item.declinable and not item.not_sure for item in items), score


def test_fear_at_home_is_asked_in_the_words_of_its_code_alone_and_in_private(questionnaire: Questionnaire) -> None:
    item = questionnaire.items["afraid_at_home"]
    assert (item.text, item.loinc, item.private, item.declinable) == (AFRAID, "76501-6", True, True)
    page = questionnaire.pages[item.page]
    assert ([other.id for other in page.items], page.sensitive) == (["afraid_at_home"], True)
