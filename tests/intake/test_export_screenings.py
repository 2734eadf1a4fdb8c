"""Screenings for research: nothing in them tells whose they are, and everything else is there."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from flask import Flask
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from intake import encounters
from intake.cli import main
from intake.database import Database
from intake.encounters import Encounter
from intake.settings import Settings
from reports.deidentified import FORMATS, Column, Export, Source, deidentify
from rules.load import library
from rules.response import Missing, read
from rules.screening import Screener
from tests.generative.wild_answers import wild_answers
from tests.intake.clinicians import send

LIBRARY = library()
SCREENER = Screener(LIBRARY)
ANSWERS = {"afraid_at_home": "yes", "breast_change": "yes", "height_cm": 171, "matters_most": "Ask for Zebedee"}


def exported(*raws: dict[str, object], person: str = "ada 1970-05-17", secret: bytes = b"one") -> Export:
    sources = []
    for number, raw in enumerate(raws):
        response = read(LIBRARY.questionnaire, raw)
        screening = SCREENER.screen(response)
        sources.append(Source(f"screening {number}", person, 2026, LIBRARY, response, screening))
    return deidentify(sources, secret)


@given(numbers=st.lists(st.integers(0, 1000), min_size=1, max_size=4))
@hypothesis_settings(max_examples=8)
def test_each_answer_or_why_there_is_none_is_in_the_table_of_either_format(numbers: list[int]) -> None:
    raws = [wild_answers(LIBRARY.questionnaire, number) for number in numbers]
    export = exported(*raws)
    csv, parquet = (export.table(form) for form in FORMATS)
    table = pl.read_parquet(parquet)
    assert table.height == len(raws)
    assert pl.read_csv(csv, infer_schema=False).columns == table.columns
    for row in table.iter_rows(named=True):
        for name in (column.name for column in export.columns if f"{column.name}.why_missing" in row):
            assert (row[name] is None) == (row[f"{name}.why_missing"] is not None)


def test_nothing_tells_whose_it_is_or_what_is_private() -> None:
    for form in FORMATS:
        export = exported({"age": 56, **ANSWERS})
        table = pl.read_parquet(export.table(form)) if form == "parquet" else pl.read_csv(export.table(form))
        text = str(table.to_dicts()) + export.dictionary().decode()
        assert not re.search(r"Zebedee|matters_most|afraid|RF14|1970|\bada\b", text.replace("Feeling afraid", ""))
        row = table.to_dicts()[0]
        assert (row["age"], row["height_cm"], row["year"], row["rule.RF8"]) == ("50 to 59", 170, 2026, "soon")


@pytest.mark.parametrize(("age", "band"), [(16, "10 to 19"), (20, "20 to 29"), (89, "80 to 89"), (101, "90 or older")])
def test_ages_are_told_in_bands(age: int, band: str) -> None:
    assert exported({"age": age}).rows[0]["age"] == band


def test_a_person_has_one_name_within_an_export_and_another_in_the_next() -> None:
    first, second = exported({}, {}), exported({}, secret=b"two")
    assert len({row["person"] for row in first.rows}) == 1
    assert len({row["screening"] for row in first.rows}) == 2
    assert first.rows[0]["person"] != second.rows[0]["person"]


def test_the_dictionary_tells_every_column() -> None:
    export = exported({"phq9_1": 2, "phq9_2": Missing.DECLINED.value})
    dictionary = pl.read_csv(export.dictionary())
    assert dictionary["column"].to_list() == [column.name for column in export.columns]
    told = dict(zip(dictionary["column"], dictionary["values"], strict=True))
    assert told["phq9_1"].startswith("0 = Not at all; 1 = Several days")


def test_the_command_writes_what_is_stored(
    app: Flask, database: Database, settings: Settings, ada: Encounter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(database, ada, ANSWERS)
    with database.writing() as session:
        again, _ = encounters.create(session, patient_name="ADA example", date_of_birth=date(1970, 5, 17))
    send(database, again, {})
    monkeypatch.setenv("INTAKE_DATA", str(settings.data))
    done = CliRunner().invoke(main, ["export", "screenings", str(tmp_path / "out"), "--format", "parquet"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("2 screenings of ")
    table = pl.read_parquet(tmp_path / "out" / "screenings.parquet")
    assert table["person"].n_unique() == 1
    assert table["year"].to_list() == [datetime.now(UTC).year] * 2
    assert (tmp_path / "out" / "dictionary.csv").exists()


def test_no_text_of_a_rule_file_is_a_formula_in_a_spreadsheet() -> None:
    export = Export((Column("item", "text", "=cmd()", "@SUM(1)"),), ({"item": "-1+1"},))
    assert b"'=cmd(),'@SUM(1)" in export.dictionary()
    assert b"'-1+1" in export.table("csv")
