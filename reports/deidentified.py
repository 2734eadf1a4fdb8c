"""Screenings for research: a table without names, dates, free text or what is private, and a dictionary of its columns.

**De-identified is not anonymous.** Somebody with rare answers may still be found by who knows them: share it as the
clinic's ethics board says. Persons and screenings are named by a hash with a secret of one export alone, so that two
screenings of a person can be told to be of one, and neither export can be joined to another or to the clinic's records.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Literal

import polars as pl

from reports.without_private import without_private
from rules.condition import Number
from rules.questionnaire import Item
from rules.response import Missing, Response
from rules.ruleset import RuleSet
from rules.screening import Screening

Kind = Literal["integer", "decimal", "text"]
Cell = Number | str | None
FORMATS = ("csv", "parquet")
OLDEST = 90  # years; who is older is not told apart
COARSE = 5  # numbers that can have many values, such as height and weight, are rounded to this
MANY_VALUES = 100
WHY = ".why_missing"
_TYPES = {"integer": pl.Int64(), "decimal": pl.Float64(), "text": pl.String()}
_FIRST = (
    ("screening", "text", "A screening, by a name that holds for this export alone"),
    ("person", "text", "A person (the same name and date of birth), by a name that holds for this export alone"),
    ("year", "integer", "The year in which the answers were sent"),
    ("rule_set", "text", "The rule set that screened them: the first 12 figures of its hash"),
    ("age", "text", f"Age in years, in bands of ten; from {OLDEST} on in one"),
)


@dataclass(frozen=True)
class Column:
    """One column of the table, as the dictionary tells it. `values`: what can stand in it."""

    name: str
    kind: Kind
    meaning: str
    values: str = ""


@dataclass(frozen=True)
class Source:
    """One screening to be exported. `screening_id` and `person` are hashed; no more is needed of whom it is about."""

    screening_id: str
    person: str
    year: int
    ruleset: RuleSet
    response: Response
    screening: Screening


@dataclass(frozen=True)
class Export:
    """The table, a row for each screening in an order that tells nothing, and its dictionary."""

    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Cell], ...]

    def table(self, form: str) -> bytes:
        """Return the table in one of `FORMATS`."""
        data = {
            column.name: pl.Series(
                [_cell(row.get(column.name), column.kind) for row in self.rows], dtype=_TYPES[column.kind]
            )
            for column in self.columns
        }
        return _file(pl.DataFrame(data), form)

    def dictionary(self) -> bytes:
        """Return what each column means, as CSV."""
        lines = [(column.name, column.kind, column.meaning, column.values) for column in self.columns]
        return _file(pl.DataFrame(lines, schema=["column", "type", "meaning", "values"], orient="row"), "csv")


def deidentify(sources: Iterable[Source], secret: bytes) -> Export:
    """Return screenings without what tells whose they are. `secret` must be new for each export and be forgotten."""
    columns = {name: Column(name, kind, meaning) for name, kind, meaning in _FIRST}  # type: ignore[arg-type]
    rows = []
    for source in sources:
        ruleset, response, screening = without_private(source.ruleset, source.response, source.screening)
        for column in _columns(ruleset):
            known = columns.setdefault(column.name, column)
            if known.kind != column.kind:  # another version of the questionnaire
                columns[column.name] = Column(column.name, "text", column.meaning, column.values)
        first: dict[str, Cell] = {
            "screening": _named(secret, source.screening_id),
            "person": _named(secret, source.person),
            "year": source.year,
            "rule_set": ruleset.hash[:12],
            "age": _band(response.answers.get("age")),
        }
        rows.append(first | _answers(_told(ruleset), response) | _results(ruleset, screening))
    return Export(tuple(columns.values()), tuple(sorted(rows, key=lambda row: str(row["screening"]))))


def _named(secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode(), sha256).hexdigest()[:16]


def _band(age: object) -> str | None:
    if not isinstance(age, int | float):
        return None
    low = int(age) // 10 * 10
    return f"{OLDEST} or older" if low >= OLDEST else f"{low} to {low + 9}"


def _told(ruleset: RuleSet) -> list[Item]:
    return [item for item in ruleset.questionnaire.items.values() if item.type != "text" and not item.derived]


def _columns(ruleset: RuleSet) -> list[Column]:
    found = []
    for item in _told(ruleset):
        found.append(Column(item.id, _kind(item), _meaning(item), _values(item)))
        reasons = ", ".join(why.value for why in Missing)
        found.append(Column(f"{item.id}{WHY}", "text", f"Why there is no answer to {item.id}", f"{reasons}, not_asked"))
    for score in ruleset.questionnaire.scores.values():
        for end, words in (("low", "at least"), ("high", "at most")):
            meaning = f"{score.title}: {words}, given what was answered (rounded to whole numbers)"
            found.append(Column(f"score.{score.id}.{end}", "integer", meaning))
    outcomes = "emergency, same_day, soon, routine, note; not raised, not assessed, not applicable"
    return found + [Column(f"rule.{rule.id}", "text", rule.title, outcomes) for rule in ruleset.by_id.values()]


def _kind(item: Item) -> Kind:
    return "integer" if item.bounds else "text"


def _is_coarse(item: Item) -> bool:
    return item.numeric_type and item.bounds is not None and item.bounds[1] - item.bounds[0] > MANY_VALUES


def _meaning(item: Item) -> str:
    unit = f" ({item.unit})" if item.unit else ""
    return f"{item.text}{unit}{f', rounded to {COARSE}' if _is_coarse(item) else ''}"


def _values(item: Item) -> str:
    several = "any of, with | between: " if item.type == "choices" else ""
    return several + "; ".join(f"{option.code} = {option.label}" for option in item.options)


def _answers(items: Iterable[Item], response: Response) -> dict[str, Cell]:
    row: dict[str, Cell] = {}
    for item in items:
        answer = response.answers.get(item.id)
        if answer is None or isinstance(answer, Missing):
            row[f"{item.id}{WHY}"] = answer.value if answer else "not_asked"
        elif isinstance(answer, frozenset):
            row[item.id] = "|".join(sorted(answer))
        elif isinstance(answer, int | float) and item.numeric_type:
            row[item.id] = round(answer / COARSE) * COARSE if _is_coarse(item) else round(answer)
        else:
            row[item.id] = answer
    return row


def _results(ruleset: RuleSet, screening: Screening) -> dict[str, Cell]:
    row: dict[str, Cell] = {}
    for name, score in screening.scores.items():
        if name in ruleset.questionnaire.scores and score.low is not None and score.high is not None:
            row |= {f"score.{name}.low": round(score.low), f"score.{name}.high": round(score.high)}
    ends = {f"rule.{rule}": (end.priority or end.outcome).value for rule, end in screening.outcomes.items()}
    return row | ends


def _cell(value: Cell, kind: Kind) -> Cell:
    return str(value) if kind == "text" and value is not None else value


def _file(table: pl.DataFrame, form: str) -> bytes:
    file = BytesIO()
    if form == "parquet":
        table.write_parquet(file)
    else:  # no text that a spreadsheet takes for a formula
        table.with_columns(pl.col(pl.String).str.replace(r"^([=+\-@\t\r])", "'$1")).write_csv(file)
    return file.getvalue()
