"""A process of its own for what may crash or hang: begun when it is wanted, replaced when it dies, ended when it hangs.

It answers one question at a time, through a pipe. When the process that asks is gone, however it went, the pipe closes
and it ends too.
"""

import atexit
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import RLock
from typing import Any

LONGEST_END = 5  # seconds


class ProcessEndedError(Exception):
    """The process died before it answered."""


class TooSlowError(Exception):
    """The process did not answer in time, and was ended."""


class OwnProcess:
    """Asks a process of its own. `lock` is held by whoever asks; safe to use from several threads.

    `answer` runs in it, with its end of the pipe and `arguments`; both must be of a module that it can import.
    """

    def __init__(self, name: str, answer: Callable[..., None], *arguments: Any) -> None:
        self.lock = RLock()
        self.starts = 0  # which process it is; what an earlier one was told is lost
        self._name, self._answer, self._arguments = name, answer, arguments
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        atexit.register(self.close)

    def ask(self, question: Any, longest: float) -> Any:
        """Return the answer. Raises `ProcessEndedError`, or `TooSlowError` after `longest` seconds."""
        with self.lock:
            try:
                pipe = self.start()
                pipe.send(question)
                if pipe.poll(longest):
                    return pipe.recv()
            except (EOFError, OSError) as error:
                self._end()
                raise ProcessEndedError(f"the process {self._name} ended") from error
            self._end()
            raise TooSlowError(f"the process {self._name} took longer than {longest:g} seconds")

    def start(self) -> Connection:
        """Begin the process if there is none; return the pipe to it."""
        with self.lock:
            if self._pipe is None or self._process is None or not self._process.is_alive():
                self._end()
                # spawn: a fork would carry the database's connections and this process's threads' locks along
                context = multiprocessing.get_context("spawn")
                pipe, far_end = context.Pipe()
                with far_end:  # then the process's alone: when it dies, our end says so
                    arguments = (far_end, *self._arguments)
                    process = context.Process(target=self._answer, args=arguments, name=self._name, daemon=True)
                    process.start()
                self._pipe, self._process, self.starts = pipe, process, self.starts + 1
            return self._pipe

    def close(self) -> None:
        """End the process. The next question would start another."""
        atexit.unregister(self.close)
        with self.lock:
            self._end()

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.kill()  # it holds nothing that could be lost
            self._process.join(LONGEST_END)
            self._process = None
