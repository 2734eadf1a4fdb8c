"""The sign-in library, Flask-Security: argon2id, codes by time, sessions. Its own pages and tokens are switched off.

The only module that knows how it is set up.
"""

import hmac
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from flask import Flask, current_app
from flask import session as cookie
from flask_security import (
    RoleMixin,
    Security,
    Totp,
    UserDatastore,
    UserMixin,
    hash_password,
    verify_and_update_password,
)
from flask_security.utils import verify_password
from passlib.pwd import genword
from passlib.totp import TotpMatch
from zxcvbn import zxcvbn

from intake import credentials
from intake.credentials import Account
from intake.services import services
from intake.settings import Settings

SESSION_ID = "session_id"  # in the session: what it is ended by
SHORTEST_PASSWORD = 12  # characters
LONGEST_PASSWORD = 200
MOST_LOOKED_AT = 72  # characters of a password that are looked at for words and patterns
HARD_ENOUGH = 3  # of 4: 10^8 guesses and more
RECOVERY_CODES = 8
FIGURES = 6  # of a code by time
WINDOW = 30  # seconds that a clock may be off


class Accounts(UserDatastore):
    """What the library reads and writes."""

    def __init__(self) -> None:
        super().__init__(Account, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **by: Any) -> Account | None:
        """Return the account whose session this is; None for one that was signed out of."""
        with services().database.reading() as session:
            if credentials.is_ended(session, cookie.get(SESSION_ID, "")):
                return None
            return credentials.by_stamp(session, by["fs_uniquifier"])

    def put(self, model: Account) -> Account:
        """Store a password's hash that was made anew because the way of hashing has changed."""
        with services().database.writing() as session:
            credentials.keep_rehashed(session, model.staff.id, model.password or "")
        return model


class CountedTotp(Totp):
    """Codes by time, each taken once."""

    def get_last_counter(self, user: UserMixin) -> int | None:
        """Return the last code's number."""
        return cast(Account, user).totp_counter

    def set_last_counter(self, user: UserMixin, tmatch: TotpMatch) -> None:
        """Remember the code that was just taken; the caller stores it."""
        cast(Account, user).totp_counter = tmatch.counter


def prepare(app: Flask, settings: Settings) -> None:
    """Wire the library into the application."""
    secret = hmac.new(settings.secret_key.encode(), b"secrets of authenticator apps", "sha256").hexdigest()
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SINGLE_HASH=True,
        SECURITY_PASSWORD_SALT="not used: argon2 salts each password itself",
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_TOTP_SECRETS={"1": secret},
        SECURITY_TOTP_ISSUER=settings.clinic_name.replace(":", " "),
    )
    security = Security(app, Accounts(), register_blueprint=False, totp_cls=CountedTotp)
    security.principal.identity_loaders.clear()  # what an account may do is asked in `accounts`
    security.login_manager.request_loader(lambda _request: None)  # nobody signs in by a token in an address


def hashed(password: str) -> str:
    """Return an argon2id hash."""
    return str(hash_password(password))


def is_guessable(password: str, about: Iterable[str]) -> bool:
    """Whether a password is known from breaches, or built so that guessing finds it soon.

    `about` are texts that whoever guesses would try: names, the address, the clinic.
    """
    words = [word for text in about for word in re.split(r"[\W_]+", text) if word]
    found = zxcvbn(password[:MOST_LOOKED_AT], user_inputs=words)
    return int(found["score"]) < HARD_ENOUGH


def is_password_of(account: Account | None, password: str) -> bool:
    """Whether this is the member's password. Takes the same time for an account that there is not."""
    if account is None or account.password is None:
        verify_password(password, _nobodys())
        return False
    return verify_and_update_password(password, account)


@cache
def _nobodys() -> str:
    return hashed(genword(length=SHORTEST_PASSWORD))


def new_totp_secret() -> str:
    """Return the secret of an authenticator app, encrypted."""
    return _totp().generate_totp_secret()


def totp_address(account: Account, secret: str) -> str:
    """Return what an authenticator app reads from a QR code."""
    return _totp().get_totp_uri(account.email or account.staff.name, secret)


def totp_key(secret: str) -> str:
    """Return what is typed into an authenticator app that reads no QR code."""
    return _totp().get_totp_pretty_key(secret)


def takes_code(account: Account, secret: str, code: str) -> bool:
    """Whether a code is the present one, or of half a minute before or after, and was not taken before.

    If so, `account.totp_counter` is changed, and to be stored.
    """
    return _totp().verify_totp(code, secret, account, window=WINDOW)


def new_recovery_codes() -> list[str]:
    """Return codes that stand in for the second factor, once each."""
    codes: list[str] = _totp().generate_recovery_codes(RECOVERY_CODES)
    return codes


def _totp() -> CountedTotp:
    totp: CountedTotp = current_app.extensions["security"].totp_factory
    return totp
