"""The worked cases of the clinical content, walked in a real browser from the link to the clinician's PDF."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.clinic import Clinic, Invited
from tests.browser.walk import Answers, enter, send, walk

NOTHING_URGENT = {
    "chest_pain_now": "no", "sudden_breathlessness": "no", "collapse": "no", "face_arm_speech": "no",
    "sudden_visual_loss": "no", "thunderclap_headache": "no", "painful_swollen_leg": "no",
    "vomiting_or_confusion": "no", "symptoms_present": ["none"], "changes_noticed": ["none"],
}  # fmt: skip
LOW_MOOD_WITHOUT_ITEM_6 = {
    "phq9_1": 2, "phq9_2": 2, "phq9_3": 2, "phq9_4": 2, "phq9_5": 1, "phq9_7": 1, "phq9_8": 1, "phq9_9": 0,
}  # fmt: skip
OVARIES_REMOVED_AT_38 = {
    "sex_at_birth": "female", "has_ovaries": "no", "ovaries_removed": "yes", "age_ovaries_removed": 38,
    "has_uterus": "no", "has_testes": "no", "hormone_status": "never", "symptoms_present": ["hot_flushes"],
    "hot_flushes": 2,
}  # fmt: skip
OESTROGEN_PATCH_ALONE = {
    "sex_at_birth": "female", "has_testes": "no", "hormone_status": "current", "hormone_kinds": ["oestrogen"],
    "oestrogen_route": "patch_gel_spray", "progestogen": "none",
}  # fmt: skip
LIVING_ALONE = {
    "lives_alone": "yes", "contact_frequency": "weekly", "ucla3_1": 1, "ucla3_2": 1, "ucla3_3": 1,
    "touch_frequency": "rarely", "touch_wish": "same", "volunteering": "never", "volunteering_wish": "no",
}  # fmt: skip
MARRIED_AND_LONELY = {"lives_alone": "no", "contact_frequency": "daily", "ucla3_1": 3, "ucla3_2": 3, "ucla3_3": 2}
AFRAID_AT_HOME = {"afraid_at_home": "yes", "touch_frequency": "never", "touch_wish": "more"}


@dataclass(frozen=True)
class Case:
    """What a patient answers, and what her PDF must and must not hold, as patterns over runs of space."""

    name: str
    answers: Answers
    holds: tuple[str, ...]
    lacks: tuple[str, ...] = ()
    age: int = 52


def flag(rule: str, priority: str = r"\w+( \w+)?") -> str:
    """The line of a raised flag: its priority, its title and its rule."""
    return rf"(?m)^ *{priority} +\S.* {rule}, version \w+$"


CASES = [
    Case(
        "1: a PHQ-9 with an item skipped is an interval",
        LOW_MOOD_WITHOUT_ITEM_6,
        holds=(flag("O9", "SOON"), r"PHQ-9 .{0,20}11 to 14 \(incomplete\)", r"Skipped +Feeling bad about oneself"),
        lacks=(flag("RF1"),),
    ),
    Case(
        "2: item 9 left blank is asked in person",
        {"phq9_1": 0, "phq9_2": 0},
        holds=(
            r"(?s)Ask in person: .*□[^□]*self-harm RF1 Skipped: Better off dead.*What to look at",
            r"Skipped +Better off dead or self-harm \(item 9\)",
            r"PHQ-2: 0",
        ),
        lacks=(flag("RF1"), flag("O9"), r"PHQ-9: 0", r"(?i)normal result"),
    ),
    Case(
        "3: ovaries removed at 38 need no test",
        OVARIES_REMOVED_AT_38,
        holds=(flag("H3", "SOON"), r"no test is needed"),
        lacks=(flag("H2"), r"•[^•]*FSH[^•]*Evidence:"),
        age=44,
    ),
    Case(
        "4: oestrogen alone is right after the womb is removed",
        OESTROGEN_PATCH_ALONE | {"has_uterus": "no", "hysterectomy_for_endometriosis": "no"},
        holds=(r"Route of oestrogen +patch, gel or spray",),
        lacks=(flag("H6"), "Oestrogen without protection"),
    ),
    Case(
        "4: oestrogen alone is not assessed when the womb is not known",
        OESTROGEN_PATCH_ALONE | {"has_uterus": "not_sure"},
        holds=(
            r"Oestrogen without protection of the womb lining",
            r"(?i)not sure: [^□]*Has a womb",
            r"Not sure +Has a womb",
        ),
        lacks=(flag("H6"),),
    ),
    Case(
        "5: living alone is no flag", LIVING_ALONE, holds=(r"Lives alone +yes",), lacks=tuple(map(flag, ("O2", "O3")))
    ),
    Case("5: a married person can be lonely", MARRIED_AND_LONELY, holds=(flag("O2"),), lacks=(flag("O3"),)),
    Case(
        "8: fear at home is for the clinician alone",
        AFRAID_AT_HOME,
        holds=(flag("RF14", "SAME DAY"), r"Private: not on the patient’s copy"),
        lacks=(flag("O4"),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_worked_case_from_the_link_to_the_pdf(
    case: Case, clinic: Clinic, page: Page, pdf_text: Callable[[Invited], str]
) -> None:
    patient = clinic.invite(f"Ada Example, {case.name}", case.age)
    enter(page, patient.link, patient.born)
    walk(page, NOTHING_URGENT | case.answers)
    send(page)
    text = pdf_text(patient)
    assert "Not a diagnosis." in text
    for pattern in case.holds:
        assert re.search(pattern, text), f"{pattern} is not in\n{text}"
    for pattern in case.lacks:
        assert not re.search(pattern, text), f"{pattern} is in\n{text}"


def test_fear_at_home_leaves_no_trace_on_the_pages_that_come_after(clinic: Clinic, page: Page) -> None:
    patient = clinic.invite()
    enter(page, patient.link, patient.born)
    texts: dict[str, str] = {}
    walk(page, NOTHING_URGENT | AFRAID_AT_HOME, visit=lambda page: texts.update({page.url: page.inner_text("body")}))
    *_, to_check = texts
    assert re.search(r"afraid of your partner.*Answered. Not shown here", texts.pop(to_check))
    send(page)
    texts["sent"] = page.inner_text("body")
    asked = next(url for url in texts if url.endswith("/safety_at_home"))
    after = list(texts)[list(texts).index(asked) + 1 :]
    assert len(after) > 5
    for url in after:
        assert not re.search(r"(?i)afraid|partner|abuse|violence", texts[url]), texts[url]


def test_a_newcomer_with_bleeding_and_dark_thoughts_is_helped_at_once_and_both_stand_first(
    clinic: Clinic, page: Page, pdf_text: Callable[[Invited], str]
) -> None:
    patient = clinic.invite("Nora Newcomer")
    answers = NOTHING_URGENT | {
        "sex_at_birth": "female", "has_uterus": "yes", "has_ovaries": "yes", "has_testes": "no",
        "hormone_status": "never", "period_status": "stopped_12m_or_more",
        "period_change_months": 14, "bleeding_after_menopause": "yes", "phq9_1": 1, "phq9_2": 1, "phq9_9": 1,
        "safe_now": "yes", "self_harm_plan": "no",
    }  # fmt: skip
    enter(page, patient.link, patient.born)
    seen = walk(page, answers, until="/help-now")
    assert seen[-2] == "/questions/mood_dark_thoughts"
    calls = page.locator("a[href^='tel:']")
    expect(calls.first).to_be_visible()
    assert {calls.nth(i).get_attribute("href") for i in range(calls.count())} >= {"tel:999", "tel:116123"}
    assert calls.first.bounding_box()["y"] + calls.first.bounding_box()["height"] < 900
    walk(page, answers)
    send(page)
    text = pdf_text(patient)
    first, _ = text.split("Ask in person", 1)
    assert re.findall(r"(?m)^ *(?:SAME DAY|SOON|EMERGENCY) .* (\w+), version \w+$", first) == ["RF1", "RF6"]
