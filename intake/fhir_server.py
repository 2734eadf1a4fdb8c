"""The clinic's FHIR server: its address, the token that it asks for (OAuth 2, client credentials), and one transaction.

A token is fetched for each transaction: they are rare, and a token that is kept can be stolen or run out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from intake.mail import is_this_machine

PATIENCE = 30.0  # seconds for each answer of the other side
LONGEST_WORDS = 1000  # characters of what the other side says that are kept
MEDIA_TYPE = "application/fhir+json"
SCOPE = "system/*.write"
_PARTS = ("url", "token_url", "client_id", "client_secret", "scope")
LATER = (401, 403, 408, 425, 429)  # the same will do another time, or once somebody has changed a setting
HINT = "write https://fhir.example.org/r4"


class FhirAddressError(ValueError):
    """A setting is missing or not understood; the message says what to write. `setting`: "FHIR_URL", …"""

    def __init__(self, setting: str, words: str) -> None:
        super().__init__(words)
        self.setting = setting


class HandOverError(Exception):
    """A transaction was not taken; the message is what the other side says. `refused`: it will not take it later."""

    def __init__(self, problem: str, *, refused: bool = False) -> None:
        super().__init__(problem[:LONGEST_WORDS])
        self.refused = refused


@dataclass(frozen=True)
class FhirServer:
    """Where screenings are handed over. Without a `token_url` no token is sent."""

    url: str
    token_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    scope: str = SCOPE
    patience: float = PATIENCE


def settings_from(given: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of the settings FHIR_URL, FHIR_TOKEN_URL, …, checked; "" where they are left out.

    Raises `FhirAddressError`.
    """
    parts = {name: given.get(f"FHIR_{name.upper()}", "") for name in _PARTS}
    for name in ("url", "token_url"):
        if parts[name]:
            check_address(f"FHIR_{name.upper()}", parts[name])
    if any(parts.values()) and not parts["url"]:
        raise FhirAddressError("FHIR_URL", f"needed where another setting of FHIR is set; {HINT}")
    for name in ("client_id", "client_secret"):
        if bool(parts[name]) != bool(parts["token_url"]):
            missing = name if not parts[name] else "token_url"
            raise FhirAddressError(
                f"FHIR_{missing.upper()}", "needed too; a token has an address, a client's name and its secret"
            )
    return {f"fhir_{name}": value for name, value in parts.items()} | {"fhir_scope": parts["scope"] or SCOPE}


def check_address(setting: str, url: str) -> None:
    """Raise `FhirAddressError` unless this is an https address, or an http one of this machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise FhirAddressError(setting, f"this is not an address; {HINT}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise FhirAddressError(setting, f"this is not the address of a server; {HINT}")
    if parts.scheme == "http" and not is_this_machine(parts.hostname):
        raise FhirAddressError(setting, f"what patients answered must not travel in the clear; {HINT}")


def hand_over(server: FhirServer, bundle: Mapping[str, Any]) -> None:
    """Have a transaction done. Raises `HandOverError` unless all of it was."""
    body = json.dumps(bundle, ensure_ascii=False).encode()
    try:
        with httpx.Client(timeout=server.patience, headers={"User-Agent": "intake", "Accept": MEDIA_TYPE}) as client:
            headers = {"Content-Type": MEDIA_TYPE, **_authorization(client, server)}
            answer = client.post(server.url, content=body, headers=headers)
    except httpx.TimeoutException:
        raise HandOverError(f"the FHIR server did not answer within {server.patience:g} seconds") from None
    except httpx.HTTPError as error:
        raise HandOverError(f"the FHIR server cannot be reached ({type(error).__name__})") from None
    if not answer.is_success:
        refused = 400 <= answer.status_code < 500 and answer.status_code not in LATER
        raise HandOverError(f"{answer.status_code}: {_words(answer)}", refused=refused)
    _check_entries(answer)


def _authorization(client: httpx.Client, server: FhirServer) -> dict[str, str]:
    if not server.token_url:
        return {}
    asked = {"grant_type": "client_credentials", "scope": server.scope}
    headers = {"Accept": "application/json"}
    answer = client.post(server.token_url, data=asked, auth=(server.client_id, server.client_secret), headers=headers)
    found = _json(answer)
    token = found.get("access_token")
    if not answer.is_success or not isinstance(token, str):
        words = found.get("error_description") or found.get("error") or "it gave no token"
        raise HandOverError(f"the token server answered {answer.status_code}: {words}")
    return {"Authorization": f"Bearer {token}"}


def _check_entries(answer: httpx.Response) -> None:
    """A transaction is done whole or not at all; a server that answers otherwise is not believed."""
    found = _json(answer)
    if found.get("resourceType") != "Bundle":
        raise HandOverError(f"{answer.status_code}, but no transaction was answered: {_words(answer)}", refused=True)
    for entry in found.get("entry", []):
        status = str(entry.get("response", {}).get("status", ""))
        if not status.startswith("2"):
            words = _issues(entry.get("response", {}).get("outcome", {})) or "no reason given"
            raise HandOverError(f"{status or 'no status'} of one resource: {words}", refused=True)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(answer: httpx.Response) -> str:
    """What a server says: its OperationOutcome, else the beginning of its text."""
    return _issues(_json(answer)) or " ".join(answer.text.split())[:LONGEST_WORDS] or "it gave no reason"


def _issues(outcome: Mapping[str, Any]) -> str:
    lines = []
    for issue in outcome.get("issue") or ():
        words = issue.get("diagnostics") or (issue.get("details") or {}).get("text") or issue.get("code", "")
        where = ", ".join(issue.get("expression") or issue.get("location") or ())
        lines.append(f"{words} ({where})" if where else words)
    return "; ".join(filter(None, lines))
