"""Patients to invite, from a CSV file: what fits is kept, what does not is told by row and column, with what to do.

Columns: name, date_of_birth, appointment, email, phone, language; the first two are needed, in any order. Commas,
semicolons or tabs stand between the cells. Days are 2026-12-31 or, day first, 31/12/2026 or 31.12.2026; an appointment
may go on with its time, 14:30.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from io import StringIO

from intake import invitee
from intake.days import day_of
from intake.invitee import Invitee

NEEDED = ("name", "date_of_birth")
COLUMNS = (*NEEDED, "appointment", "email", "phone", "language")
REASON = "reason"  # of the file of rows that did not fit; read over when that file comes back
LARGEST_FILE = 150_000  # bytes
MOST_ROWS = 1_000
DELIMITERS = ",;\t"
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet may run a cell that begins with one of these
TEMPLATE = (
    COLUMNS,
    ("Ada Example", "1971-03-27", "2027-12-31 14:30", "ada@example.org", "020 7946 0000", "en"),
    ("Ben Example", "27/3/1988", "31/12/2027", "", "", "es"),
)
_DAY = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|(?P<d2>\d{1,2})(?P<sign>[/.-])(?P<m2>\d{1,2})(?P=sign)(?P<y2>\d{2,4})"
)
_TIME = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?")
_DAY_ADVICE = "Write the day like 2026-12-31 or 31/12/2026."


TOO_LARGE = f"The file is larger than {LARGEST_FILE // 1000} KB. Split it, and import the parts one by one."


class FileError(Exception):
    """The file as a whole cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell. `column` is "" where it is the whole row."""

    column: str
    reason: str


@dataclass(frozen=True)
class GoodRow:
    """A row that fits; `number` is the one that a spreadsheet shows."""

    number: int
    invitee: Invitee


@dataclass(frozen=True)
class BadRow:
    """A row that does not fit, with its cells by column as they stand in the file."""

    number: int
    cells: Mapping[str, str]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Rows:
    """A file's rows. `repeated` stand in the file twice; `is_guessed`: the letters were taken for Windows ones."""

    good: tuple[GoodRow, ...]
    repeated: tuple[GoodRow, ...]
    bad: tuple[BadRow, ...]
    is_guessed: bool


def read_rows(content: bytes) -> Rows:
    """Return the rows of a CSV file. Raises `FileError` if it is not one, or its columns are not known."""
    text, is_guessed = _decoded(content)
    records = _records(text)
    number, header = next(records, (0, []))
    if not header:
        raise FileError("The file is empty. Its first row must name the columns: " + ", ".join(COLUMNS) + ".")
    columns = _columns(header)
    good: list[GoodRow] = []
    repeated: list[GoodRow] = []
    bad: list[BadRow] = []
    seen: set[tuple[str, date, datetime | None]] = set()
    for number, cells in records:
        if len(good) + len(repeated) + len(bad) == MOST_ROWS:
            raise FileError(f"The file has more than {MOST_ROWS} rows. Split it, and import the parts one by one.")
        row = _row(number, columns, cells)
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        who = (row.invitee.patient_name.casefold(), row.invitee.date_of_birth, row.invitee.appointment_at)
        (repeated if who in seen else good).append(row)
        seen.add(who)
    if not (good or bad):
        raise FileError("The file names its columns and holds no patients. Add a row for each.")
    return Rows(tuple(good), tuple(repeated), tuple(bad), is_guessed)


def _decoded(content: bytes) -> tuple[str, bool]:
    if len(content) > LARGEST_FILE:
        raise FileError(
            f"The file is larger than {LARGEST_FILE // 1000} KB. Split it, and import the parts one by one."
        )
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileError("This is a spreadsheet. Open it, and save it as “CSV UTF-8 (comma delimited)”.")
    encodings = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding == "cp1252"
    raise FileError("This is not a text file. Save the list as “CSV UTF-8 (comma delimited)”, and try again.")


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, with the numbers that a spreadsheet shows."""
    try:
        for number, cells in enumerate(csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text)), start=1):
            tidy = [cell.strip() for cell in cells]
            if any(tidy):
                yield number, tidy
    except csv.Error as error:
        raise FileError(f"The file cannot be read as CSV ({error}). Save it again from your spreadsheet.") from error


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=first.count)


def _columns(header: Sequence[str]) -> list[str]:
    """The columns' names, tidied: "Date of birth" is date_of_birth."""
    columns = [re.sub(r"[\s_-]+", "_", name.strip().lower()) for name in header]
    while columns and not columns[-1]:
        columns.pop()
    unknown = {name: _meant(name) for name in columns if name not in (*COLUMNS, REASON)}
    problems = [_unknown(name, meant) for name, meant in unknown.items()]
    problems += [f"The column “{name}” is there twice." for name in dict.fromkeys(columns) if columns.count(name) > 1]
    there = {*columns, *unknown.values()}
    problems += [f"The column “{name}” is missing." for name in NEEDED if name not in there]
    if problems:
        known = f"The first row must name the columns: {', '.join(COLUMNS)}. Only the first two are needed."
        raise FileError(" ".join([*problems, known]))
    return columns


def _meant(name: str) -> str:
    return next(iter(get_close_matches(name, COLUMNS, n=1)), "")


def _unknown(name: str, meant: str) -> str:
    hint = f"did you mean “{meant}”?" if meant else "take it out of the file."
    return f"There is no column “{name[:40]}”; {hint}"


def _row(number: int, columns: Sequence[str], cells: Sequence[str]) -> GoodRow | BadRow:
    by_column = {**dict.fromkeys(COLUMNS, ""), **dict(zip(columns, map(_unquoted, cells), strict=False))}
    problems: list[Problem] = []

    def take(column: str, reader: Callable[[str], object]) -> object:
        try:
            return reader(by_column[column])
        except ValueError as error:
            problems.append(Problem(column, str(error)))
            return None

    read = {
        "patient_name": take("name", invitee.read_name),
        "date_of_birth": take("date_of_birth", _birth),
        "appointment_at": take("appointment", _appointment),
        "email": take("email", invitee.read_email),
        "phone": take("phone", invitee.read_phone),
        "language": take("language", invitee.read_language),
    }
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        extra = "The row has more cells than there are columns. Is there a stray comma? Put such a cell in quotes."
        problems.append(Problem("", extra))
    if problems:
        shown = {column: by_column[column] for column in COLUMNS}
        return BadRow(number, shown, tuple(problems))
    return GoodRow(number, Invitee(**read))  # type: ignore[arg-type]


def _birth(text: str) -> date:
    return invitee.check_birth(_day(text) if text else None)


def _appointment(text: str) -> datetime | None:
    if not text:
        return None
    day_text, _, time_text = re.sub(r"[T\s]+", " ", text, count=1).partition(" ")
    day = _day(day_text)
    if not time_text:
        return invitee.check_appointment(day, None)
    match = _TIME.fullmatch(time_text.strip())
    if match is None or int(match["hour"]) > 23 or int(match["minute"]) > 59:
        raise ValueError("Write the time like 14:30, behind the day.")
    return invitee.check_appointment(day, time(int(match["hour"]), int(match["minute"])))


def _day(text: str) -> date:
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError(_DAY_ADVICE)
    day, month, year = (match["d"] or match["d2"], match["m"] or match["m2"], match["y"] or match["y2"])
    if match["d2"] and int(month) > 12 >= int(day):
        raise ValueError(f"The day comes before the month: {month}/{day}/{year}, or {year}-{int(day):02}-{month}.")
    try:
        return day_of(day, month, year)
    except ValueError as error:
        raise ValueError(f"{error} {_DAY_ADVICE}") from error


def _unquoted(cell: str) -> str:
    """A cell without the apostrophe that `bad_rows_csv` puts before a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_SIGNS) else cell


def _quoted(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell


def bad_rows_csv(bad: Iterable[BadRow]) -> bytes:
    """Return the rows that did not fit with their reasons, as CSV that no spreadsheet runs anything of."""
    rows = [[*(_quoted(row.cells[column]) for column in COLUMNS), _reasons(row)] for row in bad]
    return _written([[*COLUMNS, REASON], *rows])


def _reasons(row: BadRow) -> str:
    return " ".join(f"{problem.column or 'row'}: {problem.reason}" for problem in row.problems)


def template_csv() -> bytes:
    """Return a file to begin with: the columns, and two invented patients to write over."""
    return _written(TEMPLATE)


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")  # with the mark, spreadsheets show names as they are written
