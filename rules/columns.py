"""Many patients' raw answers → typed columns, one for each item; the first step of screening a cohort.

Every answer is typed by the code that types a single response, but only once for each different answer.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from rules.condition import Code, Number
from rules.errors import AnswerProblem
from rules.questionnaire import Item
from rules.response import Missing, RawAnswers, typed

Cell = int | float | frozenset[str] | None
Column = list[Cell]

BLOCK = 100  # responses turned into columns at once: as many as the processor's cache holds
MOST_KEPT = 10_000  # different answers to one item that are remembered
_HASHABLE = {int, float, str, type(None)}


class Columns:
    """The typed answers of responses to some items. `number` is how many were added, `by_item` the cells of each.

    A cell is None where there is no value, whatever the reason; else the number, the set of codes picked, or the place
    of the picked option in `item.options` (codes that are all numbers are numbers). An answer that does not fit, given
    to another version of the questionnaire perhaps, counts as none: so it does wherever a stored response is read.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self.number = 0
        self.by_item: dict[str, Column] = {}
        self._cells = []
        for item in items:
            self._cells.append(_Cells(item))
            self.by_item[item.id] = []
        self._nothing = dict.fromkeys(self.by_item)

    def add(self, responses: Sequence[RawAnswers]) -> None:
        """Add a few responses."""
        self.number += len(responses)
        # answers to anything else stand behind those to the items
        rows = [{**self._nothing, **response}.values() for response in responses]
        for column, cells, answers in zip(self.by_item.values(), self._cells, zip(*rows, strict=False), strict=False):
            column.extend(cells.of(answers))


def fill(tables: Sequence[Columns], responses: Iterable[RawAnswers]) -> None:
    """Add responses to several tables, each response read once."""
    rest = iter(responses)
    while block := list(islice(rest, BLOCK)):
        for table in tables:
            table.add(block)


class _Cells(dict[object, Cell]):
    """The cells of one item by raw answer, each worked out when it is first met."""

    def __init__(self, item: Item) -> None:
        super().__init__()
        self._item = item
        self._cell = _cell_maker(item)
        # 1, 1.0 and True are the same key, and a code is only one of them
        self._types = _HASHABLE if item.numeric_type else _HASHABLE - {float}

    def of(self, answers: Sequence[object]) -> Iterable[Cell]:
        """Return the cells of some answers, in their order."""
        if self._item.type == "choices":
            return [self[tuple(raw)] if type(raw) is list else self._make(raw) for raw in answers]
        return map(self.__getitem__ if self._types.issuperset(map(type, answers)) else self._make, answers)

    def __missing__(self, raw: object) -> Cell:
        cell = self._make(list(raw) if isinstance(raw, tuple) else raw)
        if len(self) < MOST_KEPT:
            self[raw] = cell
        return cell

    def _make(self, raw: object) -> Cell:
        problems: list[AnswerProblem] = []
        answer = typed(self._item, raw, problems)
        return None if isinstance(answer, Missing) else self._cell(answer)


def _cell_maker(item: Item) -> Callable[[Number | str | frozenset[str]], Cell]:
    if item.type == "choices":
        return lambda answer: answer if isinstance(answer, frozenset) else None
    if item.bounds:
        return lambda answer: float(answer) if isinstance(answer, int | float) else None
    places: dict[Code, int] = {option.code: place for place, option in enumerate(item.options)}
    return lambda answer: places[answer] if isinstance(answer, int | str) else None
