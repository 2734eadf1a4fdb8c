"""The meaning of the rule language over a table of past responses, as expressions of Polars.

A response is a row. Each finding is worked out once, as a column of true, false and unknown (null), then the rules over
them: on nulls, Polars' `&` and `|` are Kleene's. The outcomes are those that `reference` and `engine` come to.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import cycle
from operator import add, and_, ge, gt, le, lt, mul, or_

import polars as pl

from rules.columns import Columns, as_stored
from rules.condition import All, Any, AtLeast, Condition, Finding, Not, Number, holds
from rules.questionnaire import Item, Questionnaire, Score
from rules.response import RawAnswers
from rules.ruleset import Outcome, Priority, Rule, RuleSet

End = Priority | Outcome  # how a rule ends for one patient: with a flag of this priority, or without
ENDS: tuple[End, ...] = (*Priority, Outcome.NOT_RAISED, Outcome.NOT_ASSESSED, Outcome.NOT_APPLICABLE)
NOT_RAISED = len(Priority)  # a flag was raised in every end before this one

COMPARE: Mapping[str, Callable[[pl.Expr, Number], pl.Expr]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
NEAR_A_TIE = 1e-6  # tenths of body mass index, much more than the error of one division


@dataclass(frozen=True)
class Ends:
    """How every rule ended for some patients. `table` has a column for each rule with places in `ENDS`."""

    patients: int
    table: pl.DataFrame

    def of(self, rule: str) -> list[End]:
        """Return how one rule ended for each patient, in their order."""
        return [ENDS[place] for place in self.table[rule]]

    def counts(self, rule: str) -> dict[End, int]:
        """Return how many patients one rule ended for in each way; a rule that is not there was never raised."""
        if rule not in self.table.columns:
            return {Outcome.NOT_RAISED: self.patients}
        return {ENDS[end]: number for end, number in self.table[rule].value_counts().iter_rows()}

    def flags(self) -> dict[Priority, Counter[int]]:
        """Return for each priority how many patients have 0, 1, 2 … flags of it."""
        return {priority: self._number(pl.all() == place) for place, priority in enumerate(Priority)}

    def all_flags(self) -> Counter[int]:
        """Return how many patients have 0, 1, 2 … flags of any priority."""
        return self._number(pl.all() < NOT_RAISED)

    def _number(self, is_counted: pl.Expr) -> Counter[int]:
        if not self.table.width:
            return Counter({0: self.patients})
        numbers = self.table.select(pl.sum_horizontal(is_counted).alias("flags"))["flags"]
        return Counter(dict(numbers.value_counts().iter_rows()))


def differing(before: Ends, after: Ends, rule: str) -> Iterator[tuple[int, End, End]]:
    """Yield the place, and both ends, of each patient who gains or loses the rule's flag, or whose priority changes.

    Both are of the same patients in the same order. A rule that is in one of the two only is not raised in the other.
    """
    ends = [one.table[rule] if rule in one.table.columns else _never(one.patients) for one in (before, after)]
    both = pl.DataFrame({"before": ends[0], "after": ends[1]}).with_row_index()
    is_raised = (pl.col("before") < NOT_RAISED) | (pl.col("after") < NOT_RAISED)
    for place, one, other in both.filter(is_raised & (pl.col("before") != pl.col("after"))).iter_rows():
        yield place, ENDS[one], ENDS[other]


def _never(length: int) -> pl.Series:
    return pl.repeat(NOT_RAISED, length, dtype=pl.UInt8, eager=True)


class CohortScreener:
    """Screens many responses at once with one rule set: as many as fit into memory, some 100,000 at a time.

    `items` are those that the rules read, by id; `picked` tells for each column of a code that may be picked its item
    and the code.
    """

    def __init__(self, ruleset: RuleSet) -> None:
        plan = _Plan(ruleset.questionnaire)
        self._rules = [rule for rule in ruleset.by_id.values() if rule.status != "retired"]
        self._ends = [plan.end(rule).alias(rule.id) for rule in self._rules]
        self._layers, self.items, self.picked = plan.layers, plan.items, plan.picked

    def ends(self, answers: pl.DataFrame) -> Ends:
        """Return how every rule ends for patients with these typed answers, in their order."""
        for layer in self._layers:
            answers = answers.with_columns(layer)
        return Ends(answers.height, answers.with_columns(self._ends).select(rule.id for rule in self._rules))

    def screen(self, responses: Iterable[RawAnswers]) -> Ends:
        """Return how every rule ends for some responses, in their order."""
        return Together([self]).screen(map(as_stored, responses))[0]


class Together:
    """Several rule sets that screen the same responses. What all of them read alike is read once."""

    def __init__(self, screeners: Sequence[CohortScreener]) -> None:
        self._screeners = screeners
        items = {name: item for screener in screeners for name, item in screener.items.items()}
        picked = {name: what for screener in screeners for name, what in screener.picked.items()}
        if all(items[name] == item for screener in screeners for name, item in screener.items.items()):
            self._columns = [Columns(items.values(), picked)]
        else:
            self._columns = [Columns(one.items.values(), one.picked) for one in screeners]

    def screen(self, texts: Iterable[bytes]) -> list[Ends]:
        """Return how every rule of each rule set ends for some responses, given as they are stored, in their order."""
        stored = list(texts)
        tables = [columns.table(stored) for columns in self._columns]
        return [one.ends(table) for one, table in zip(self._screeners, cycle(tables), strict=False)]


class _Plan:
    """Conditions → columns to be worked out, layer by layer: each from the answers and the layers before it.

    `items` are those that are read; `picked` tells for each column of a code that may be picked its item and the code.
    """

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._questionnaire = questionnaire
        self._names: dict[Hashable, str] = {}
        self._layer_of: dict[str, int] = {}
        self.layers: list[list[pl.Expr]] = []
        self.items: dict[str, Item] = {}
        self.picked: dict[str, tuple[str, str]] = {}

    def _column(self, key: Hashable, make: Callable[[], pl.Expr]) -> pl.Expr:
        """A column that is worked out once: what has the same key is the same column."""
        if key not in self._names:
            expression = make()
            layer = max((self._layer_of.get(root, -1) + 1 for root in expression.meta.root_names()), default=0)
            if layer == len(self.layers):
                self.layers.append([])
            name = self._names[key] = str(len(self._names))  # no item is named by a number
            self._layer_of[name] = layer
            self.layers[layer].append(expression.alias(name))
        return pl.col(self._names[key])

    def end(self, rule: Rule) -> pl.Expr:
        """Return places in `ENDS`."""
        raised = self.truth(rule.raised_when)
        applies = self.truth(rule.applies_when) if rule.applies_when else pl.lit(True)
        steps = sorted((step for step in rule.escalate if step.to.rank < rule.priority.rank), key=lambda s: s.to.rank)
        ends: list[tuple[pl.Expr, End]] = [
            (~applies, Outcome.NOT_APPLICABLE),
            (applies.is_null() | raised.is_null(), Outcome.NOT_ASSESSED),
            (~raised, Outcome.NOT_RAISED),
            *((self.truth(step.when), step.to) for step in steps),
        ]
        place = _place(rule.priority)
        for holds_then, end in reversed(ends):
            place = pl.when(holds_then).then(_place(end)).otherwise(place)
        return place

    def truth(self, condition: Condition) -> pl.Expr:
        """Return whether a condition holds: true, false or null."""
        if isinstance(condition, Finding):
            return self._truth(condition)
        return self._column(condition, lambda: self._truth(condition))

    def _truth(self, condition: Condition) -> pl.Expr:
        match condition:
            case Finding():
                return self._column(condition, lambda: self._finding(condition))
            case Not(part):
                return ~self._truth(part)
            case All(parts):
                return reduce(and_, map(self._truth, parts))
            case Any(parts):
                return reduce(or_, map(self._truth, parts))
            case AtLeast(count, of):
                truths = [self._truth(part) for part in of]
                sure, possible = (pl.sum_horizontal(one.fill_null(end) for one in truths) for end in (False, True))
                return pl.when(sure >= count).then(True).when(possible < count).then(False)

    def _finding(self, finding: Finding) -> pl.Expr:
        """One test; on what does not apply it is false, and `!=` true."""
        if finding.variable in self._questionnaire.scores:
            score = self._questionnaire.scores[finding.variable]
            test, applies = self._score_test(score, finding), self._score_applies(score)
        else:
            item = self._questionnaire.items[finding.variable]
            test, applies = self._item_test(item, finding), self._applies(item)
        if applies is None:
            return test
        return ~applies | test if finding.operator == "!=" else applies & test

    def _applies(self, item: Item) -> pl.Expr | None:
        """Whether an item is for the patient: true or false; None where it is for everybody."""
        when = item.when
        return None if when is None else self._column((item.when, "asked"), lambda: self.truth(when).fill_null(True))

    def _item_test(self, item: Item, finding: Finding) -> pl.Expr:
        self.items[item.id] = item
        column = pl.col(item.id)
        if item.bounds:
            return _number_test(column, finding)
        if item.type != "choices":
            places = [place for place, option in enumerate(item.options) if holds(finding, option.code)]
            return _one_of(column, places)
        name = str(finding)  # "includes", the only test that there is of several codes
        self.picked[name] = item.id, str(finding.value)
        return pl.col(name)

    def _score_applies(self, score: Score) -> pl.Expr | None:
        """Whether a score is for the patient: as all its items are, unless it says what they count otherwise."""
        if score.not_applicable_counts is not None:
            return None
        gates = [gate for name in score.items if (gate := self._applies(self._questionnaire.items[name])) is not None]
        return self._column((score.id, "asked"), lambda: reduce(and_, gates)) if gates else None

    def _score_test(self, score: Score, finding: Finding) -> pl.Expr:
        low = self._column((score.id, "low"), lambda: self._bound(score, 0))
        high = self._column((score.id, "high"), lambda: self._bound(score, 1))
        if finding.operator in COMPARE:
            at_low, at_high = (_number_test(bound, finding) for bound in (low, high))
            return pl.when(at_low == at_high).then(at_low)
        wanted = _numbers(finding)
        can_be = reduce(or_, [(low <= number) & (number <= high) for number in wanted], pl.lit(False))
        equal = pl.when(~can_be).then(False).when(low == high).then(True)
        return ~equal if finding.operator == "!=" else equal

    def _bound(self, score: Score, end: int) -> pl.Expr:
        """The lowest (0) or highest (1) that a score can be, given what is known of its items."""
        if score.body_mass_index:
            light, tall = self._part(score, score.items[0], end), self._part(score, score.items[1], 1 - end)
            return pl.map_batches([light, tall], _body_mass_index, return_dtype=pl.Float64)
        parts = [self._part(score, name, end) for name in score.items]
        return reduce(add if score.sum else mul, parts)

    def _part(self, score: Score, name: str, end: int) -> pl.Expr:
        """What an item counts at least (0) or at most (1)."""
        item = self._questionnaire.items[name]
        self.items[name] = item
        value = pl.col(name).fill_null(float((item.bounds or (0, 0))[end]))
        applies = self._applies(item)
        if applies is None or score.not_applicable_counts is None:
            return value
        return pl.when(applies).then(value).otherwise(float(score.not_applicable_counts))


def _place(end: End) -> pl.Expr:
    return pl.lit(ENDS.index(end), dtype=pl.UInt8)


def _numbers(finding: Finding) -> list[float]:
    wanted = finding.value if isinstance(finding.value, tuple) else (finding.value,)
    return [float(number) for number in wanted if isinstance(number, int | float)]


def _one_of(column: pl.Expr, wanted: Iterable[float]) -> pl.Expr:
    """Whether a column is one of some numbers; null where it is null."""
    tests = [column == number for number in wanted]
    return reduce(or_, tests) if tests else pl.when(column.is_not_null()).then(False)


def _number_test(column: pl.Expr, finding: Finding) -> pl.Expr:
    if finding.operator in COMPARE:
        return COMPARE[finding.operator](column, *_numbers(finding))
    equal = _one_of(column, _numbers(finding))
    return ~equal if finding.operator == "!=" else equal


def _body_mass_index(parts: Sequence[pl.Series]) -> pl.Series:
    """Kilograms and centimetres → body mass index to one decimal, rounded as Python rounds it."""
    weight, height = parts
    index = weight / (height / 100) ** 2
    tenths = index * 10
    rounded = tenths.round(0) / 10
    ties = (((tenths - tenths.floor()) - 0.5).abs() < NEAR_A_TIE).arg_true()
    exact = [round(w / (h / 100) ** 2, 1) for w, h in zip(weight.gather(ties), height.gather(ties), strict=True)]
    return rounded.scatter(ties, exact)
