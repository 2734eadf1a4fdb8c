"""Scores of earlier visits beside today's, and the line through them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from reports.charts import trend
from reports.html import page
from reports.scores import EarlierScore, score_lines
from reports.summary import Summary
from rules.load import library
from rules.response import read
from tests.reports.conftest import WOMAN_OF_52

MARCH, AUGUST = EarlierScore(date(2026, 3, 3), 18, 18), EarlierScore(date(2026, 8, 20), 9, 15)
VISITS: Mapping[str, list[EarlierScore]] = {"phq9": [AUGUST, MARCH]}


def test_earlier_scores_stand_with_their_score_the_oldest_first() -> None:
    lines = {line.title: line for line in score_lines(read(library().questionnaire, WOMAN_OF_52), VISITS)}
    assert lines["PHQ-9"].earlier == (MARCH, AUGUST)
    assert all(line.earlier == () for title, line in lines.items() if title != "PHQ-9")


def test_the_line_says_in_words_what_it_shows() -> None:
    line = next(line for line in score_lines(read(library().questionnaire, WOMAN_OF_52), VISITS))
    drawing = trend(line)
    words = (
        "PHQ-9 at earlier visits: 18 on 3 March 2026, 9 to 15 on 20 August 2026; now at least 12, incomplete (12 to 15)"
    )
    assert f"<title>{words}</title>" in drawing
    assert drawing.count("<circle") == 4  # three visits, and today's once more and larger


def test_the_column_is_there_only_where_there_is_an_earlier_visit(woman_of_52: Summary) -> None:
    first, *others = woman_of_52.scores
    with_one = replace(woman_of_52, scores=(replace(first, earlier=(MARCH,)), *others))
    assert "Earlier visits" in page(with_one)
    assert "18 on 3 March 2026</td>" in page(with_one)
    assert "Earlier visits" not in page(woman_of_52)
