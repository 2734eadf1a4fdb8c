"""Every total that a score can have stands in its published band, and missing answers never make it look better.

The bands are typed from the publications, not read from the library.
"""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.scores import ScoreLine, score_lines, scores_left_out
from rules.load import library
from rules.response import Response, read


@dataclass(frozen=True)
class Table:
    """A score as published: its items, the lowest and highest answer to each, and where each band begins."""

    name: str
    title: str
    count: int
    least: int
    most: int
    bands: dict[int, str]
    besides: dict[str, object] = field(default_factory=dict)  # what makes it asked
    asked_from: int = 0  # first two items together, from which on the others are asked

    @property
    def items(self) -> list[str]:
        return [f"{self.name}_{number}" for number in range(1, self.count + 1)]

    @property
    def totals(self) -> range:
        return range(self.count * self.least, self.count * self.most + 1)

    def band(self, total: int) -> str:
        return [label for start, label in self.bands.items() if start <= total][-1]

    def answers(self, total: int) -> dict[str, object]:
        """Answers with a total, the first items as high as they can be."""
        left, given = total - self.count * self.least, {}
        for item in self.items:
            more = min(left, self.most - self.least)
            given[item], left = self.least + more, left - more
        return self.besides | given


PHQ_9 = Table(
    "phq9",
    "PHQ-9",
    9,
    0,
    3,
    {0: "none/minimal", 5: "mild", 10: "moderate", 15: "moderately severe", 20: "severe"},
    asked_from=2,
)
GAD_7 = Table("gad7", "GAD-7", 7, 0, 3, {0: "minimal", 5: "mild", 10: "moderate", 15: "severe"}, asked_from=2)
UCLA_3 = Table("ucla3", "UCLA-3 loneliness", 3, 1, 3, {3: "not lonely by this scale", 6: "lonely"})
SARC_F = Table(
    "sarcf", "SARC-F", 5, 0, 2, {0: "below the threshold", 4: "possible loss of muscle"}, besides={"age": 70}
)
AUDIT_C = Table(
    "auditc",
    "AUDIT-C",
    3,
    0,
    4,
    {
        0: "below the thresholds",
        3: "at the threshold, but below it if male at birth",
        4: "at or above the thresholds",
        8: "high",
    },
)
TABLES = (PHQ_9, GAD_7, UCLA_3, SARC_F, AUDIT_C)


def respond(answers: dict[str, object]) -> Response:
    return read(library().questionnaire, answers)


def line(table: Table, response: Response) -> ScoreLine | None:
    return next((found for found in score_lines(response) if found.title == table.title), None)


def case(table: Table, total: int) -> object:
    return pytest.param(table, total, id=f"{table.title} {total}")


@pytest.mark.parametrize(
    ("table", "total"), [case(table, total) for table in TABLES for total in table.totals if total >= table.asked_from]
)
def test_each_total_stands_in_its_published_band(table: Table, total: int) -> None:
    found = line(table, respond(table.answers(total)))
    assert found is not None
    assert (found.words, found.band) == (str(total), table.band(total))
    assert (found.least, found.most) == (table.totals[0], table.totals[-1])


@pytest.mark.parametrize(("table", "total"), [case(table, total) for table in (PHQ_9, GAD_7) for total in (0, 1)])
def test_a_long_scale_that_its_first_two_items_make_needless_has_no_total(table: Table, total: int) -> None:
    response = respond({table.items[0]: total, table.items[1]: 0})
    assert line(table, response) is None
    assert any(words.startswith(f"{table.title}: not asked") for words in scores_left_out(response))


@dataclass(frozen=True)
class Drawn:
    """A scale as a patient would have answered it in full, and the items that the patient left blank."""

    table: Table
    full: dict[str, int]
    blank: frozenset[str]

    @property
    def response(self) -> Response:
        return respond(self.table.besides | {item: self.full[item] for item in self.full if item not in self.blank})

    @property
    def is_gated_off(self) -> bool:
        """Whether the first two items, both answered, make the others needless."""
        first = self.table.items[:2]
        return sum(self.full[item] for item in first) < self.table.asked_from and not self.blank.intersection(first)

    @property
    def is_known_to_be_none(self) -> bool:
        """Whether "never" to the first question of AUDIT-C answers the others."""
        return self.table is AUDIT_C and self.full["auditc_1"] == 0 and "auditc_1" not in self.blank

    @property
    def total(self) -> int:
        return sum(self.full.values())


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    table = draw(st.sampled_from(TABLES))
    full = {item: draw(st.integers(table.least, table.most)) for item in table.items}
    if table is AUDIT_C and full["auditc_1"] == 0:
        full |= {"auditc_2": 0, "auditc_3": 0}  # who never drinks is not asked how much
    return Drawn(table, full, draw(st.frozensets(st.sampled_from(table.items))))


@settings(max_examples=300, deadline=None)
@given(drawn())
def test_a_scale_lies_between_its_lowest_and_highest_completion_whatever_is_blank(drawn: Drawn) -> None:
    score = drawn.response.scores[drawn.table.name]
    blanks = 0 if drawn.is_known_to_be_none else len(drawn.blank)
    answered = sum(answer for item, answer in drawn.full.items() if item not in drawn.blank)
    low, high = answered + blanks * drawn.table.least, answered + blanks * drawn.table.most
    assert (score.low, score.high) == ((None, None) if drawn.is_gated_off else (low, high))
    assert score.complete == (not blanks and not drawn.is_gated_off)
    assert drawn.is_gated_off or low <= drawn.total <= high


@settings(max_examples=300, deadline=None)
@given(drawn())
def test_a_scale_with_blanks_is_never_shown_in_a_better_band_than_it_may_have(drawn: Drawn) -> None:
    table, found = drawn.table, line(drawn.table, drawn.response)
    if drawn.is_gated_off or drawn.blank == frozenset(table.items):
        assert found is None
        return
    assert found is not None
    blanks = frozenset() if drawn.is_known_to_be_none else drawn.blank
    worst = sum(table.most if item in blanks else answer for item, answer in drawn.full.items())
    assert found.band.endswith(table.band(worst))
    assert table.band(drawn.total) in found.band
    assert ("incomplete" in found.words) == bool(blanks)


@pytest.mark.parametrize(
    ("days", "minutes", "total"), [(0, None, 0), (7, 300, 2100), (3, 50, 150), (3, 49, 147), (5, 0, 0)]
)
def test_exercise_is_days_times_minutes(days: int, minutes: int | None, total: int) -> None:
    score = respond({"evs_days": days, "evs_minutes": minutes}).scores["evs_minutes_per_week"]
    assert (score.low, score.high) == (total, total)


def test_exercise_on_an_unknown_number_of_minutes_is_not_taken_for_none() -> None:
    score = respond({"evs_days": 3}).scores["evs_minutes_per_week"]
    assert (score.low, score.high) == (0, 900)
