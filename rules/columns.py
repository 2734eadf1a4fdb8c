"""Many patients' raw answers → typed columns, one for each item; the first step of screening a cohort.

Every answer is typed by the code that types a single response, but only once for each different answer.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from rules.condition import Code
from rules.errors import AnswerProblem
from rules.questionnaire import Item
from rules.response import Missing, RawAnswers, typed

Column = list[float | int | None]

BLOCK = 100  # responses turned into columns at once: as many as the processor's cache holds
MOST_KEPT = 10_000  # different answers to one item that are remembered


class Columns:
    """The typed answers of responses to some items. `number` is how many were added, `by_item` the cells of each.

    A cell is None where there is no value, whatever the reason; else the number, the place of the picked option in
    `item.options` (codes that are all numbers are numbers), or the place in `sets` of the codes that were picked. An
    answer that does not fit, given to another version of the questionnaire perhaps, counts as none: so it does wherever
    a stored response is read.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self.items = {item.id: item for item in items}
        self.number = 0
        self.by_item: dict[str, Column] = {name: [] for name in self.items}
        self._cells = [_Cells(item) for item in self.items.values()]
        self.sets = {name: cells.sets.keys() for name, cells in zip(self.items, self._cells, strict=True)}
        self._nothing = dict.fromkeys(self.items)

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


class _Cells(dict[object, float | int | None]):
    """The cells of one item by raw answer, each worked out when it is first met."""

    def __init__(self, item: Item) -> None:
        super().__init__()
        self._item = item
        self._places: dict[Code, int] = {option.code: place for place, option in enumerate(item.options)}
        # 1, 1.0 and True are the same key; as a code they are not the same answer, and True is none at all
        self._types = {int, str, type(None)} | ({float} if item.numeric_type else set()) if item.bounds else None
        self.sets: dict[frozenset[str], int] = {}

    def of(self, answers: Sequence[object]) -> Iterable[float | int | None]:
        """Return the cells of some answers, in their order."""
        if self._types and not self._types.issuperset(map(type, answers)):
            return map(self._make, answers)
        try:
            if self._item.type == "choices":
                return [self[tuple(raw) if type(raw) is list else raw] for raw in answers]
            return list(map(self.__getitem__, answers))
        except TypeError:  # what cannot be a key cannot be an answer either, but those beside it can
            return map(self._make, answers)

    def __missing__(self, raw: object) -> float | int | None:
        cell = self._make(list(raw) if isinstance(raw, tuple) else raw)
        if len(self) < MOST_KEPT:
            self[raw] = cell
        return cell

    def _make(self, raw: object) -> float | int | None:
        problems: list[AnswerProblem] = []
        answer = typed(self._item, raw, problems)
        if isinstance(answer, Missing):
            return None
        if isinstance(answer, frozenset):
            return self.sets.setdefault(answer, len(self.sets))
        if isinstance(answer, int | float) and self._item.bounds:
            return float(answer)
        return self._places[answer] if isinstance(answer, int | str) else None
