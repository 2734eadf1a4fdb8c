"""Scores: sums and other numbers worked out from answers, as bounds when answers are missing (no imputation)."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.condition import Interval, Number, Special, Value
from rules.questionnaire import Item, Score, combine


@dataclass(frozen=True, slots=True)
class ScoreValue:
    """What is known of a score: it lies from `low` to `high`. Both are None where the score does not apply."""

    low: Number | None
    high: Number | None

    @property
    def applicable(self) -> bool:
        """Whether the score's items were for this patient at all."""
        return self.low is not None

    @property
    def complete(self) -> bool:
        """Whether the score is known exactly."""
        return self.low is not None and self.low == self.high

    @property
    def value(self) -> Value:
        """The score as conditions see it."""
        if self.low is None or self.high is None:
            return Special.NOT_APPLICABLE
        return self.low if self.low == self.high else Interval(self.low, self.high)


def work_out(score: Score, items: Mapping[str, Item], values: Mapping[str, Value]) -> ScoreValue:
    """Return a score's bounds. A missing item counts from its lowest to its highest answer.

    An item that does not apply makes the score not apply, unless the score says what it counts then.
    """
    lows: list[Number] = []
    highs: list[Number] = []
    for name in score.items:
        value = values.get(name, Special.MISSING)
        if value is Special.NOT_APPLICABLE:
            if score.not_applicable_counts is None:
                return ScoreValue(None, None)
            value = score.not_applicable_counts
        if isinstance(value, int | float):
            low = high = value
        else:
            low, high = items[name].bounds or (0, 0)
        lows.append(low)
        highs.append(high)
    return ScoreValue(*combine(score, lows, highs))
