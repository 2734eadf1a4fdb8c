"""How long a patient may be quiet before the answers are closed on a device, and how much of that is left.

The clock stands in the session, so that all windows of a browser share it.
"""

from time import time

from flask import session

from intake.services import services

ACTIVE = "active"  # in the session: when the patient last did something, in seconds
WARNING = 300  # seconds before the end, the patient is asked whether they are still there
GRAIN = 5  # seconds that the clock may be behind
LEEWAY = 60  # seconds more than the page's own clock, in which it saves what was typed


def note() -> None:
    """Remember that the patient is here."""
    if not 0 <= time() - session.get(ACTIVE, 0) < GRAIN:  # each change of a session is signed and sent
        session[ACTIVE] = int(time())


def seconds_left() -> int:
    """Return how long the answers stay open, in seconds; less than 0 once that is over."""
    limit = services().settings.patient_quiet_minutes * 60
    return int(session.get(ACTIVE, 0) + limit - time())


def is_over() -> bool:
    """Whether the patient was quiet for too long, the way of a last request included."""
    return seconds_left() < -LEEWAY
