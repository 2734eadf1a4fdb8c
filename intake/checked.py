"""Rule files, checked and tested as the command line does it; kept by their content, since that takes seconds."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache

from rules.check import TestResult, run_tests
from rules.engine_process import EngineProcess
from rules.errors import Problem, RuleErrors
from rules.load import load_texts
from rules.ruleset import RuleSet

KEPT = 8  # rule sets; each takes a few MB

Texts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Checked:
    """What the checker says of a set of rule files: a rule set, or every problem that keeps it from being one."""

    ruleset: RuleSet | None
    problems: tuple[Problem, ...] = ()

    def problems_of(self, file: str) -> tuple[Problem, ...]:
        """Return the problems of one file, in its order."""
        return tuple(problem for problem in self.problems if problem.file == file)


def check(files: Mapping[str, str]) -> Checked:
    """Check rule files by name."""
    return _checked(tuple(sorted(files.items())))


def test_results(files: Mapping[str, str]) -> tuple[TestResult, ...]:
    """Run the tests inside rule files that have no problem. It takes seconds, once for each content."""
    return _tested(tuple(sorted(files.items())))


@lru_cache(maxsize=KEPT)
def _checked(texts: Texts) -> Checked:
    try:
        return Checked(load_texts(dict(texts)))
    except RuleErrors as error:
        return Checked(None, error.problems)


@lru_cache(maxsize=KEPT)
def _tested(texts: Texts) -> tuple[TestResult, ...]:
    ruleset = _checked(texts).ruleset
    if ruleset is None:
        return ()
    with closing(EngineProcess()) as process:  # what an admin has written must not end the process that serves patients
        return run_tests(ruleset, process.engine)
