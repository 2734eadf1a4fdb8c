"""Many patients' stored answers, as JSON text → typed columns; the first step of screening a cohort.

The text is cut into answers and never read as JSON: `"phq9_1":3` is the same answer wherever it stands. So each
different answer is read and typed once, by the code that types a single response, and then only looked up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import orjson
import polars as pl

from rules.errors import AnswerProblem
from rules.questionnaire import Item
from rules.response import Missing, RawAnswers, typed

BLOCK = 5_000  # texts cut up at once: as many as the processor's cache likes, and memory bears
MOST_KEPT = 100_000  # different answers that are remembered
ANSWERS = pl.col("answers")
NOT_PLAIN = ["{", '": ', '" ', ', "', "\n", "\r", "\t"]
CELLS = {"answer": pl.String, "column": pl.UInt32, "cell": pl.Float64}


def as_stored(raw: RawAnswers) -> bytes:
    """Return raw answers as the text that they are stored as."""
    return orjson.dumps(raw)


class Columns:
    """Reads answers to some items into tables.

    `picked` tells for each column of a code that may be picked its item and the code.
    """

    def __init__(self, items: Iterable[Item], picked: Mapping[str, tuple[str, str]]) -> None:
        self._items = {item.id: item for item in items}
        self._numbers = {name: number for number, name in enumerate(self._items)}
        self._places = {
            name: {option.code: place for place, option in enumerate(item.options)}
            for name, item in self._items.items()
        }
        self._picked = picked
        self._sets: dict[str, dict[frozenset[str], int]] = {name: {} for name in self._items}
        self._includes = {name: pl.Series(dtype=pl.Boolean) for name in picked}  # for each set, by its number
        self._known = pl.DataFrame(schema=CELLS)

    def table(self, texts: Iterable[bytes]) -> pl.DataFrame:
        """Return a row for each response: columns for items, and true or false for codes that may be picked.

        A text is a JSON object as orjson writes it. A cell is null where there is no value, whatever the reason; else
        the number, or the place of the picked option in `item.options` (codes that are all numbers are numbers). An
        answer that does not fit, given to another version of the questionnaire perhaps, counts as none: so it does
        wherever a stored response is read.
        """
        rest = iter(texts)
        blocks = [self._block(block) for block in iter(lambda: list(islice(rest, BLOCK)), [])]
        return pl.concat(blocks or [self._block([])], rechunk=True)

    def _block(self, texts: Sequence[bytes]) -> pl.DataFrame:
        answers = _cut(texts)
        self._learn(answers["answer"].unique())
        found = answers.join(self._known, on="answer")
        height = len(texts)
        places = found["column"] * height + found["row"]
        cells = pl.repeat(None, height * len(self._items), dtype=pl.Float64, eager=True).scatter(places, found["cell"])
        table = {"": pl.int_range(height, eager=True)}  # so that there is a row for each if nothing is read too
        for number, (name, item) in enumerate(self._items.items()):
            column = cells.slice(number * height, height)
            table[name] = column if item.bounds else column.cast(pl.UInt32)
        for name, (item_id, _) in self._picked.items():
            table[name] = self._includes[name].gather(table[item_id])
        return pl.DataFrame(table)

    def _learn(self, answers: pl.Series) -> None:
        """Type the answers that have not been met before. Own words are none of these: no rule reads them."""
        if self._known.height > MOST_KEPT:
            self._known = self._known.clear()
        new = answers.filter(~answers.is_in(self._known["answer"].implode()))
        rows = [(answer, *cell) for answer in new if (cell := self._cell(answer)) is not None]
        if rows:
            self._known.extend(pl.DataFrame(rows, CELLS, orient="row"))
            for name, (item_id, code) in self._picked.items():
                more = islice(self._sets[item_id], self._includes[name].len(), None)
                self._includes[name].extend(pl.Series([code in codes for codes in more], dtype=pl.Boolean))

    def _cell(self, answer: str) -> tuple[int, float | None] | None:
        """The number of the column and the cell; None if no column is for it."""
        name = answer.partition('":')[0]
        item = self._items.get(name)
        return None if item is None else (self._numbers[name], self._typed(item, answer))

    def _typed(self, item: Item, answer: str) -> float | None:
        problems: list[AnswerProblem] = []
        try:
            value = typed(item, orjson.loads(f'{{"{answer}}}')[item.id], problems)
        except orjson.JSONDecodeError:  # a list with such strings in it as are no codes
            return None
        if isinstance(value, Missing):
            return None
        if isinstance(value, frozenset):
            return self._sets[item.id].setdefault(value, len(self._sets[item.id]))
        if isinstance(value, int | float) and item.bounds:
            return float(value)
        return self._places[item.id][value] if isinstance(value, int | str) else None


def _cut(texts: Sequence[bytes]) -> pl.DataFrame:
    """Every answer in some texts, without its first quotation mark, and the row of the text."""
    whole = pl.DataFrame({"answers": pl.Series(texts, dtype=pl.Binary).cast(pl.String)}).with_row_index("row")
    # what has objects in it, which may hold what looks like answers, cannot be cut so, nor what others laid out
    is_plain = ANSWERS.str.starts_with('{"') & ANSWERS.str.ends_with("}")
    is_plain &= ~pl.any_horizontal(ANSWERS.str.slice(1).str.contains(one, literal=True) for one in NOT_PLAIN)
    cut = whole.filter(is_plain).select("row", ANSWERS.str.slice(2).str.head(-1).str.split(',"').alias("answer"))
    pieces = cut.explode("answer").with_columns(begins=pl.col("answer").str.contains('":', literal=True))
    # a piece that does not begin an answer goes on with a list of codes, or with words that end with a comma
    goes_on = ~pl.col("begins").shift(-1, fill_value=True)
    is_cut = ~pl.col("begins") | goes_on
    mended = pieces.filter(is_cut).group_by(pl.col("begins").cum_sum()).agg(pl.col("row").first(), pl.col("answer"))
    return pl.concat(
        [
            pieces.filter(~is_cut).select("row", "answer"),
            mended.select("row", pl.col("answer").list.join(',"')),
            pl.DataFrame(_one_by_one(whole.filter(~is_plain)), {"row": pl.UInt32, "answer": pl.String}, orient="row"),
        ]
    )


def _one_by_one(texts: pl.DataFrame) -> Iterator[tuple[int, str]]:
    for row, text in texts.iter_rows():
        for name, answer in orjson.loads(text).items():
            yield row, orjson.dumps({name: answer})[2:-1].decode()
