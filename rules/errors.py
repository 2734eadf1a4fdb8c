"""Everything that can be wrong with rule files, answers or the engine, in one tree.

RulesError
├── RuleErrors      a set of rule files is refused; carries every `Problem`, each with file, line and column
├── ConditionError  one condition cannot be read; says where in its text
├── RewriteError    a rule file cannot be changed in one place alone; says why
├── AnswerErrors    answers do not fit the questionnaire; carries one `AnswerProblem` for each
└── EngineError     durable-rules answered with an error code
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class RulesError(Exception):
    """Base of all errors of this package."""


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One mistake in a rule file: where it is (`line` and `column` count from 1), what is wrong, what to do."""

    file: str
    line: int
    column: int
    message: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{advice}"


class RuleErrors(RulesError):
    """A rule set is refused. `problems` holds every mistake found, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


class ConditionError(RulesError):
    """A condition cannot be read. `offset` counts characters from the start of its text."""

    def __init__(self, message: str, advice: str = "", offset: int = 0) -> None:
        self.message, self.advice, self.offset = message, advice, offset
        super().__init__(f"{message}; {advice}" if advice else message)


class RewriteError(RulesError):
    """A part of a rule file cannot be changed without touching others; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """One answer that does not fit the questionnaire: the item's id, what is wrong, what to do."""

    item: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.item}: {self.message}{advice}"


class AnswerErrors(RulesError):
    """Answers are refused. `problems` holds one entry for each answer that does not fit."""

    def __init__(self, problems: Sequence[AnswerProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class EngineError(RulesError):
    """durable-rules refused a rule set or a fact; the message holds its error code."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return 'did you mean "…"?' for the known word nearest to `word`, or an empty text if none is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else ""
