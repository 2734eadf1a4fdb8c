"""Sessions that are over, of patients and of staff: neither this browser nor a copy of its cookie goes on with them."""

from contextlib import suppress
from datetime import timedelta

from flask import session
from sqlalchemy.orm import Session

from intake import away, credentials
from intake.security import SESSION_ID
from intake.services import services

LONGEST_SESSION = timedelta(hours=12)  # of staff; longer than any patient may be quiet


def end_for_good(database: Session) -> None:
    """Let nobody go on with a copy of this session's cookie."""
    if SESSION_ID in session:
        credentials.end_session(database, session[SESSION_ID], LONGEST_SESSION)


def forget() -> None:
    """Forget who was in with this browser, whatever state the database is in, and end the session for good."""
    if SESSION_ID in session:
        with suppress(*away.FAULTS), services().database.writing(session[SESSION_ID]) as database:
            end_for_good(database)
    session.clear()
