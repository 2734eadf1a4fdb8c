"""Patients whose summaries are looked at: with nothing to flag, with much, with every question left blank."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime

import pytest

from reports.summary import Patient, Summary, summarise
from rules.load import library
from rules.response import read
from rules.screening import Screener

Summarised = Callable[[Mapping[str, object]], Summary]

# the worked example of the first step: bleeding after the menopause, and item 9 of the PHQ-9
WOMAN_OF_52 = {
    "age": 52,
    "has_uterus": "yes",
    "has_ovaries": "yes",
    "has_testes": "no",
    "period_status": "stopped_12m_or_more",
    "bleeding_after_menopause": "yes",
    "hormone_status": "never",
    "phq9_1": 2,
    "phq9_2": 2,
    "phq9_3": 3,
    "phq9_4": 2,
    "phq9_5": 1,
    "phq9_7": 1,
    "phq9_8": 0,
    "phq9_9": 1,
    "safe_now": "yes",
    "matters_most": "To sleep again, and to know what the bleeding is.",
}


@pytest.fixture(scope="session")
def screener() -> Iterator[Screener]:
    screener = Screener(library())
    yield screener
    screener.close()


@pytest.fixture(scope="session")
def summarised(screener: Screener) -> Summarised:
    def build(raw: Mapping[str, object], name: str = "Maria Example") -> Summary:
        response = read(screener.ruleset.questionnaire, raw)
        return summarise(
            screener.ruleset,
            response,
            screener.screen(response),
            patient=Patient(name, date(1974, 3, 9)),
            clinic="Riverside Clinic",
            completed_at=datetime(2026, 11, 20, 9, 41, tzinfo=UTC),
        )

    return build


@pytest.fixture
def woman_of_52(summarised: Summarised) -> Summary:
    return summarised(WOMAN_OF_52)
