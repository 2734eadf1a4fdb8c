"""Passkeys (WebAuthn): made, listed, proved. The only module that knows the library.

What a browser is asked, and what it answers, is JSON text; the challenge in between stands in the session.
"""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from intake.account_tables import PasskeyRow
from intake.credentials import Account
from intake.settings import Settings

LONGEST_NAME = 60  # characters


@dataclass(frozen=True)
class Passkey:
    """A passkey as it is listed."""

    id: str
    name: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Asked:
    """What a browser is asked, and the challenge that its answer holds."""

    options: str
    challenge: str


def works_here(settings: Settings) -> bool:
    """Whether browsers offer passkeys at this address: they do where it has a name, and is https or this machine."""
    parts = urlsplit(settings.base_url)
    try:
        ip_address(parts.hostname or "")
    except ValueError:
        return parts.scheme == "https" or parts.hostname == "localhost"
    return False


def listing(session: Session, staff_id: str) -> list[Passkey]:
    """Return a member's passkeys, the oldest first."""
    rows = session.scalars(select(PasskeyRow).where(PasskeyRow.staff_id == staff_id).order_by(PasskeyRow.made_at))
    return [Passkey(row.id, row.name, row.made_at, row.used_at) for row in rows]


def ask_for_new(settings: Settings, account: Account, known: list[Passkey]) -> Asked:
    """Return how a browser is asked to make a passkey."""
    options = generate_registration_options(
        rp_id=_place(settings),
        rp_name=settings.clinic_name,
        user_name=account.email or account.staff.name,
        user_display_name=account.staff.name,
        user_id=account.staff.id.encode(),
        exclude_credentials=_described(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return Asked(options_to_json(options), _text(options.challenge))


def add(session: Session, settings: Settings, account: Account, answer: str, challenge: str, name: str) -> bool:
    """Store the passkey that a browser made; False if it does not prove itself."""
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_place(settings),
            expected_origin=settings.base_url,
        )
    except (WebAuthnException, ValueError):
        return False
    passkey_id = _text(made.credential_id)
    if session.get(PasskeyRow, passkey_id) is not None:
        return False
    session.add(
        PasskeyRow(
            id=passkey_id,
            staff_id=account.staff.id,
            name=" ".join(name.split())[:LONGEST_NAME] or "Passkey",
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            made_at=datetime.now(UTC),
        )
    )
    return True


def ask_for_proof(settings: Settings, known: list[Passkey]) -> Asked:
    """Return how a browser is asked to prove that it has one of a member's passkeys."""
    options = generate_authentication_options(
        rp_id=_place(settings),
        allow_credentials=_described(known),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return Asked(options_to_json(options), _text(options.challenge))


def is_proved(session: Session, settings: Settings, account: Account, answer: str, challenge: str) -> bool:
    """Whether the answer proves one of the member's passkeys."""
    row = session.get(PasskeyRow, _named(answer))
    if row is None or row.staff_id != account.staff.id:
        return False
    try:
        proof = verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_place(settings),
            expected_origin=settings.base_url,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
        )
    except (WebAuthnException, ValueError):
        return False
    row.sign_count, row.used_at = proof.new_sign_count, datetime.now(UTC)
    return True


def remove(session: Session, staff_id: str, passkey_id: str) -> None:
    """Forget a passkey of a member; nothing if there is none of that name."""
    row = session.get(PasskeyRow, passkey_id)
    if row is not None and row.staff_id == staff_id:
        session.delete(row)


def _place(settings: Settings) -> str:
    return urlsplit(settings.base_url).hostname or ""


def _described(known: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.id)) for passkey in known]


def _named(answer: str) -> str:
    try:
        found = json.loads(answer)
    except ValueError:
        return ""
    return str(found.get("id", "")) if isinstance(found, dict) else ""


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
