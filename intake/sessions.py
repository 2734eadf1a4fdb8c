"""Sessions that outlive a clock that is put back: one that was signed in what is now the future is still good."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

PUT_BACK = timedelta(hours=12)  # as long as the longest session of staff


class Signer(TimestampSigner):
    """Signs as Flask does, and takes what was signed by a clock that was so far ahead."""

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:
        """Return what was signed. Raises `BadSignature`, and `SignatureExpired` if it is too old, or too new."""
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        age = datetime.now(UTC) - signed_at
        if max_age is not None and not -PUT_BACK <= age <= timedelta(seconds=max_age):
            raise SignatureExpired(f"signed {age} ago", payload=value, date_signed=signed_at)
        return (value, signed_at) if return_timestamp else value


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions of one application, signed so."""

    def __init__(self) -> None:
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what reads and writes the cookie: one and the same for all requests."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
            if self._serializer is not None:
                self._serializer.signer = Signer
        return self._serializer
