"""Faults in the log: what happened and where in the code, and nothing of what a patient wrote."""

import traceback
from pathlib import Path


def place_of(error: BaseException) -> str:
    """Return an exception's type and the lines of code it came through, innermost first.

    Its message is left out, since it may hold an answer or a name.
    """
    frames = reversed(traceback.extract_tb(error.__traceback__))
    lines = [f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno}" for frame in frames]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    behind = f"; caused by {place_of(cause)}" if cause is not None else ""
    return f"{type(error).__name__} at {' < '.join(lines)}{behind}"
