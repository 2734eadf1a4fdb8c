"""Every total that a score can have stands in its published band, and missing answers never make it look better.

The bands are typed from the publications not read from the library.
"""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
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


@st.composite
def incomplete(draw: st.DrawFn) -> tuple[Table, dict[str, int], frozenset[str]]:
    """A scale with an answer to each item, and the items that were left blank."""
    table = draw(st.sampled_from(TABLES))
    given = {item: draw(st.integers(table.least, table.most)) for item in table.items}
    if table.asked_from:
        given[table.items[0]] = draw(st.integers(table.asked_from, table.most))
    if table is AUDIT_C:
        given[table.items[0]] = draw(st.integers(1, table.most))
    blank = draw(st.frozensets(st.sampled_from(table.items[1:]), min_size=1))
    return table, given, blank


@given(incomplete())
def test_a_scale_with_blanks_lies_between_its_lowest_and_highest_completion(
    drawn: tuple[Table, dict[str, int], frozenset[str]],
) -> None:
    table, given, blank = drawn
    response = respond(table.besides | {item: answer for item, answer in given.items() if item not in blank})
    score = response.scores[table.name]
    answered = sum(answer for item, answer in given.items() if item not in blank)
    assert (score.low, score.high) == (answered + len(blank) * table.least, answered + len(blank) * table.most)
    assert not score.complete


@given(incomplete())
def test_a_scale_with_blanks_is_never_shown_in_a_better_band_than_it_may_have(
    drawn: tuple[Table, dict[str, int], frozenset[str]],
) -> None:
    table, given, blank = drawn
    found = line(table, respond(table.besides | {item: answer for item, answer in given.items() if item not in blank}))
    assert found is not None
    assert "incomplete" in found.words
    worst = sum(table.most if item in blank else answer for item, answer in given.items())
    assert found.band.endswith(table.band(worst))
    assert table.band(sum(given.values())) in found.band


@pytest.mark.parametrize(
    ("days", "minutes", "total"), [(0, None, 0), (7, 300, 2100), (3, 50, 150), (3, 49, 147), (5, 0, 0)]
)
def test_exercise_is_days_times_minutes(days: int, minutes: int | None, total: int) -> None:
    score = respond({"evs_days": days, "evs_minutes": minutes}).scores["evs_minutes_per_week"]
    assert (score.low, score.high) == (total, total)


def test_exercise_on_an_unknown_number_of_minutes_is_not_taken_for_none() -> None:
    score = respond({"evs_days": 3}).scores["evs_minutes_per_week"]
    assert (score.low, score.high) == (0, 900)
