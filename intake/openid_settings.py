"""The settings of the clinic's own OpenID Connect provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

NEEDED = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
THIS_MACHINE = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Provider:
    """Who vouches for staff. `role_claim` is the claim that names roles; "": roles are kept here."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    role_claim: str


def provider_from(given: Mapping[str, str]) -> Provider | None:
    """Read the settings (without their prefix); None if there are none. Raises `ValueError` in words."""
    if not any(name.startswith("OIDC_") for name in given):
        return None
    for name in NEEDED:
        if name not in given:
            raise ValueError(f"INTAKE_{name}: needed too; a provider has an address, a client and its secret")
    issuer = given["OIDC_ISSUER"].rstrip("/")
    address = urlsplit(issuer)
    if not address.hostname or (address.scheme != "https" and address.hostname not in THIS_MACHINE):
        raise ValueError(f"INTAKE_OIDC_ISSUER: {issuer!r} is not an https address; write https://login.example.org")
    return Provider(
        issuer,
        given["OIDC_CLIENT_ID"],
        given["OIDC_CLIENT_SECRET"],
        given.get("OIDC_NAME", "your clinic account"),
        given.get("OIDC_ROLE_CLAIM", ""),
    )
