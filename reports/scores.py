"""Scores in words and as numbers for their bars: what is known, what may still be added, and the bands both meet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from reports.wording import day, joined
from rules.condition import findings
from rules.explain import variable_words
from rules.questionnaire import Score
from rules.response import Missing, Response
from rules.scores import ScoreValue


@dataclass(frozen=True)
class EarlierScore:
    """The same score of the same person at an earlier screening: from `low` to `high`, which are one if complete."""

    day: date
    low: float
    high: float

    @property
    def words(self) -> str:
        """The score with its day: "12 on 3 March 2026", "9 to 12 on 3 March 2026"."""
        value = f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"
        return f"{value} on {day(self.day)}"


@dataclass(frozen=True)
class ScoreLine:
    """One score with bands. `words` say what it is, `band` what it means; it lies from `low` to `high`.

    The scale goes from `least` to `most`; `cuts` are the starts of the bands but the first. `earlier` are the scores
    of earlier visits, oldest first.
    """

    title: str
    words: str
    band: str
    low: float
    high: float
    least: float
    most: float
    cuts: tuple[float, ...]
    earlier: tuple[EarlierScore, ...] = ()


def score_lines(
    response: Response, earlier: Mapping[str, Sequence[EarlierScore]] = MappingProxyType({})
) -> Iterator[ScoreLine]:
    """Yield each score that has bands and at least one answer. `earlier` are those of earlier visits, by score id."""
    for score in response.questionnaire.scores.values():
        value = response.scores[score.id]
        bounds = response.questionnaire.bounds(score.id)
        if not score.bands or value.low is None or value.high is None or bounds is None or _blank(score, response):
            continue
        met = [band.label for band in score.bands if band.high >= value.low and band.low <= value.high]
        yield ScoreLine(
            title=score.title,
            words=score_words(value, score.unit),
            band=joined(met, "or"),
            low=value.low,
            high=value.high,
            least=bounds[0],
            most=bounds[1],
            cuts=tuple(band.low for band in score.bands[1:]),
            earlier=tuple(sorted(earlier.get(score.id, ()), key=lambda visit: visit.day)),
        )


def scores_left_out(response: Response) -> Iterator[str]:
    """Yield a few words on each score that has no line: without bands, not answered, or not asked and why."""
    for score in response.questionnaire.scores.values():
        value = response.scores[score.id]
        if not value.applicable:
            yield f"{score.title}: not asked{_gate(score, response)}"
        elif _blank(score, response):
            if score.bands:
                yield f"{score.title}: not answered"
        elif not score.bands and value.complete:
            yield f"{score.title}: {score_words(value, score.unit)}"


def score_words(value: ScoreValue, unit: str) -> str:
    """Return a score as it is read: "10", "at least 11, incomplete (11 to 14)", "not asked"."""
    if value.low is None or value.high is None:
        return "not asked"
    if value.complete:
        return f"{value.low:g} {unit}".strip()
    return f"at least {value.low:g}, incomplete ({value.low:g} to {value.high:g}) {unit}".strip()


def _blank(score: Score, response: Response) -> bool:
    return all(isinstance(response.answers.get(item), Missing) for item in score.items)


def _gate(score: Score, response: Response) -> str:
    """Why the score's questions were not asked: the score or answer that decided it."""
    for item in score.items:
        when = response.questionnaire.items[item].when
        if item in response.not_applicable and when is not None:
            decisive = findings(when)[0].variable
            return f" ({response.questionnaire.title(decisive)} was {variable_words(decisive, response)})"
    return ""
