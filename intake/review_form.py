"""The form of a review: what was typed, kept as typed, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from unicodedata import category

from reports.review import HandFlag, Opinion, Review, Verdict
from reports.summary import FlagLine
from reports.unassessed import URGENT
from rules.ruleset import Priority

LONGEST_TITLE = 120  # characters
LONGEST_NOTE = 2000  # characters
MOST_BY_HAND = 20
UNPRINTABLE = ("Cc", "Cs")  # control characters and halves of a pair: no database and no PDF takes them


@dataclass(frozen=True)
class HandRow:
    """A flag by hand as it was typed: perhaps without a title, perhaps without a priority."""

    title: str = ""
    priority: str = ""
    note: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed."""
        return not (self.title or self.note or self.priority)


@dataclass(frozen=True)
class Problem:
    """What is wrong, and the id of the field to mend."""

    field: str
    text: str


@dataclass(frozen=True)
class Typed:
    """What stands in the form: opinions by rule, and one row for each flag by hand, the last one blank."""

    opinions: Mapping[str, Opinion]
    rows: tuple[HandRow, ...]

    def of(self, rule: str) -> Opinion:
        """Return what stands at a rule's flag."""
        return self.opinions.get(rule, Opinion())

    @property
    def review(self) -> Review:
        """The review that was typed; call `problems` first."""
        filled = [row for row in self.rows if not row.is_blank]
        return Review(self.opinions, tuple(HandFlag(row.title, Priority(row.priority), row.note) for row in filled))


def typed_from(review: Review) -> Typed:
    """Return the form of a stored review."""
    rows = [HandRow(flag.title, flag.priority.value, flag.note) for flag in review.added]
    return Typed(review.opinions, (*rows, HandRow())[:MOST_BY_HAND])


def read(form: Mapping[str, str], flags: Sequence[FlagLine]) -> Typed:
    """Return what was typed. Codes that the form does not offer are as if nothing was chosen."""
    opinions = {flag.rule: _opinion(form, flag.rule) for flag in flags}
    rows = [_row(form, number) for number in range(MOST_BY_HAND)]
    filled = [row for row in rows if not row.is_blank]
    return Typed(
        {rule: opinion for rule, opinion in opinions.items() if opinion != Opinion()},
        (*filled, HandRow())[:MOST_BY_HAND],
    )


def problems(typed: Typed, flags: Sequence[FlagLine], *, signing: bool) -> list[Problem]:
    """Return what keeps a review from being saved, or from being signed: urgent flags need a verdict for that."""
    found = [
        Problem(f"note-{flag.rule}", f"{flag.title}: the note is longer than {LONGEST_NOTE} characters.")
        for flag in flags
        if len(typed.of(flag.rule).note) > LONGEST_NOTE
    ]
    for number, row in enumerate(typed.rows):
        found += _row_problems(number, row)
    if signing:
        found += [
            Problem(f"verdict-{flag.rule}-agree", f"{flag.title}: say what you think of it before you sign.")
            for flag in flags
            if flag.priority in URGENT and typed.of(flag.rule).verdict is None
        ]
    return found


def _row_problems(number: int, row: HandRow) -> list[Problem]:
    if row.is_blank:
        return []
    found = []
    if not row.title:
        found.append(Problem(f"added-title-{number}", "Give the flag that you add a title."))
    if len(row.title) > LONGEST_TITLE:
        found.append(Problem(f"added-title-{number}", f"A title is at most {LONGEST_TITLE} characters long."))
    if not row.priority:
        found.append(Problem(f"added-priority-{number}", "Give the flag that you add a priority."))
    if len(row.note) > LONGEST_NOTE:
        found.append(Problem(f"added-note-{number}", f"A note is at most {LONGEST_NOTE} characters long."))
    return found


def _opinion(form: Mapping[str, str], rule: str) -> Opinion:
    code = form.get(f"verdict-{rule}", "")
    verdict = Verdict(code) if code in {one.value for one in Verdict} else None
    return Opinion(verdict, _text(form, f"note-{rule}"))


def _row(form: Mapping[str, str], number: int) -> HandRow:
    code = form.get(f"added-priority-{number}", "")
    priority = code if code in {one.value for one in Priority} else ""
    return HandRow(_line(form, f"added-title-{number}"), priority, _text(form, f"added-note-{number}"))


def _text(form: Mapping[str, str], name: str) -> str:
    lines = (
        "".join(sign for sign in line if category(sign) not in UNPRINTABLE) for line in form.get(name, "").splitlines()
    )
    return "\n".join(lines).strip()


def _line(form: Mapping[str, str], name: str) -> str:
    return " ".join(_text(form, name).split())
