"""durable-rules in a process of its own: should it crash or loop for ever, the process that serves patients goes on.

The rule sets of one web process share one such process. What it answers for a patient is what `Engine` would; where it
dies of a patient's answers, or does not come to an end, that is an `EngineError` like any other.
"""

import itertools
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Thread

from rules.condition import Condition, Truth, Value
from rules.engine import Engine
from rules.errors import EngineError
from rules.own_process import OwnProcess, ProcessEndedError, TooSlowError

LONGEST = 10  # seconds; the library takes a ten-thousandth of that
LONGEST_START = 120  # seconds until the process runs and has compiled a rule set: two, on a machine that is not busy
MOST_DEATHS = 3  # of different patients' answers, one after the other, and then it is left alone …
REST = 30  # … for so many seconds
ATTEMPTS = 2  # the second in a new process: the first may have been killed for other reasons
_numbers = itertools.count()


class EngineProcess:
    """Holds the compiled conditions of several rule sets; safe to use from several threads."""

    def __init__(self) -> None:
        self._process = OwnProcess("rules engine", _evaluate)
        self.lock = self._process.lock  # of whoever asks
        self._known: set[int] = set()  # whose conditions the present process has
        self._start = 0
        self._deaths = 0  # one after the other, of patients' answers
        self._rests_until = 0.0

    def engine(self, conditions: Mapping[str, Condition]) -> "RemoteEngine":
        """Return what evaluates these conditions there, compiled in the background."""
        engine = RemoteEngine(self, conditions)
        Thread(target=engine.warm, name="compile a rule set", daemon=True).start()
        return engine

    def close(self) -> None:
        """End the process. The next evaluation would start another."""
        self._process.close()

    def ask(self, number: int, conditions: Mapping[str, Condition], values: Mapping[str, Value]) -> list[Truth]:
        """Return the truth of each condition, in order. Raises `EngineError`."""
        if time.monotonic() < self._rests_until:
            raise EngineError("the process of durable-rules died of the last patients' answers")
        for _ in range(ATTEMPTS):
            with self._process.lock, suppress(ProcessEndedError):
                truths = self._asked(number, conditions, values)
                self._deaths = 0
                return truths
        self._deaths += bool(values)  # without any it was to be compiled only
        if self._deaths >= MOST_DEATHS:  # else everybody would wait for it to start, twice
            self._rests_until = time.monotonic() + REST
        raise EngineError("the process of durable-rules ended twice")

    def _asked(self, number: int, conditions: Mapping[str, Condition], values: Mapping[str, Value]) -> list[Truth]:
        self._process.start()
        if self._start != self._process.starts:
            self._start, self._known = self._process.starts, set()
        is_new = number not in self._known
        question = (number, conditions if is_new else None, values)
        try:
            answer = self._process.ask(question, LONGEST_START if is_new else LONGEST)
        except TooSlowError as error:
            raise EngineError(str(error)) from error
        if self._start != self._process.starts:  # it died in between, and the next one does not know the rule set
            raise ProcessEndedError("another process answered")
        if isinstance(answer, str):
            raise EngineError(answer)
        self._known.add(number)
        return list(answer)

    def forget(self, number: int) -> None:
        """Free the memory of a rule set."""
        with self._process.lock, suppress(ProcessEndedError, TooSlowError):
            if number in self._known and self._start == self._process.starts:
                self._known.discard(number)
                self._process.ask((number, None, None), LONGEST)


class RemoteEngine:
    """Evaluates named conditions as `Engine` does, in the process of its own."""

    def __init__(self, process: EngineProcess, conditions: Mapping[str, Condition]) -> None:
        self._process, self._conditions, self._number = process, dict(conditions), next(_numbers)
        self._is_closed = False

    def warm(self) -> None:
        """Compile the conditions before the first patient comes."""
        with suppress(EngineError), self._process.lock:  # it is said when a patient needs them
            if not self._is_closed:  # else the process would be begun again for it
                self._process.ask(self._number, self._conditions, {})

    def evaluate(self, values: Mapping[str, Value]) -> dict[str, Truth]:
        """Return True, False or None (unknown) for each condition. Raises `EngineError`."""
        truths = self._process.ask(self._number, self._conditions, dict(values))
        return dict(zip(self._conditions, truths, strict=True))

    def close(self) -> None:
        """Free the memory that durable-rules holds for these conditions."""
        with self._process.lock:
            self._is_closed = True
            self._process.forget(self._number)


def _evaluate(pipe: Connection) -> None:
    """What the process does until the other end of its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the web process, which ends this one
    engines: dict[int, Engine] = {}
    with suppress(EOFError, OSError):  # the other end is closed
        while True:
            number, conditions, values = pipe.recv()
            try:
                if conditions is not None:
                    engines[number] = Engine(conditions)
                if values is None:
                    engines.pop(number).close()
                    pipe.send([])
                else:
                    pipe.send(list(engines[number].evaluate(values).values()))
            except Exception as error:  # its words could hold an answer; its kind cannot
                pipe.send(f"durable-rules failed: {type(error.__cause__ or error).__name__}")
