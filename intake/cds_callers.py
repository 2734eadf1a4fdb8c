"""Who may ask for cards: a record system proves itself with a signed token (JWT), by keys that it publishes."""

from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from intake.fhir_server import FhirAddressError, check_address

ALGORITHMS = ("ES256", "ES384", "RS256", "RS384")  # never one with a shared secret
LONGEST_LIFE = 3600  # seconds between "issued at" and "expires"


class NotTheCaller(Exception):
    """A request is not from the record system that may ask; the message holds nothing of it."""


@dataclass(frozen=True)
class Caller:
    """The one record system that may ask: the issuer of its tokens, and where it publishes its keys (JWKS)."""

    issuer: str
    keys_url: str


def settings_from(given: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of the settings CDS_ISSUER and CDS_KEYS, checked; "" where they are left out.

    Raises `FhirAddressError`.
    """
    issuer, keys = given.get("CDS_ISSUER", ""), given.get("CDS_KEYS", "")
    if bool(issuer) != bool(keys):
        words = "needed too; whoever asks for cards has an issuer, and an address of its keys"
        raise FhirAddressError("CDS_ISSUER" if not issuer else "CDS_KEYS", words)
    if keys:
        check_address("CDS_KEYS", keys)
    return {"cds_issuer": issuer, "cds_keys": keys}


def check(caller: Caller, keys: jwt.PyJWKClient, authorization: str, audience: str) -> None:
    """Raise `NotTheCaller` unless the header holds a token of this caller, for this address, that is still good."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotTheCaller("there is no token")
    needed = ["exp", "iat", "iss", "aud", "jti"]
    try:
        key = keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=audience,
            issuer=caller.issuer,
            options={"require": needed},
        )
    except jwt.PyJWTError as error:
        raise NotTheCaller(type(error).__name__) from None
    if claims["exp"] - claims["iat"] > LONGEST_LIFE:
        raise NotTheCaller("the token lives too long")
