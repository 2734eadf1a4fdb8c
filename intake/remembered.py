"""A few values that are costly to come by: the last ones only, in a process's memory, and for some seconds."""

from collections import OrderedDict
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """At most so many values, each for at most so many seconds. Any number of threads may use it."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._lock = Lock()
        self._last: OrderedDict[Key, tuple[Value, float]] = OrderedDict()  # the oldest first

    def get(self, key: Key) -> Value | None:
        """Return what is remembered; None if there is nothing, or nothing any more."""
        with self._lock:
            found = self._last.get(key)
        return None if found is None or found[1] < monotonic() - self._seconds else found[0]

    def put(self, key: Key, value: Value) -> None:
        """Remember a value in the place of the one before; forget those that are too old or too many."""
        now = monotonic()
        with self._lock:
            self._last.pop(key, None)
            self._last[key] = value, now
            while len(self._last) > self._most or next(iter(self._last.values()))[1] < now - self._seconds:
                self._last.popitem(last=False)

    def forget(self, key: Key) -> None:
        """Remember nothing of this any more."""
        with self._lock:
            self._last.pop(key, None)
