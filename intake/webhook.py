"""Calling the clinic's webhook: a signed message that says that there is something to look at, and nothing of what.

The body is JSON: an `id` that stays the same when it is sent again, a `link`, and the time `at` which it was raised.
The header `X-Intake-Signature` holds `sha256=` and the HMAC of the body with the clinic's key, in hexadecimal figures.
"""

import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from intake.mail import is_this_machine

PATIENCE = 10.0  # seconds for each answer of the other side
SIGNATURE = "X-Intake-Signature"
HINT = "write https://alerts.example.org/intake"


class WebhookAddressError(ValueError):
    """A webhook's address is not understood; the message says what to write, and repeats nothing of it."""


class WebhookError(Exception):
    """A message was not taken; the message says why, and holds nothing of the address."""


@dataclass(frozen=True)
class Webhook:
    """Where alerts are posted, and what they are signed with. Both are secrets."""

    url: str = field(repr=False)
    key: str = field(repr=False)
    patience: float = PATIENCE


def check_address(url: str) -> None:
    """Raise `WebhookAddressError` unless this is an https address, or an http one of this machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise WebhookAddressError(f"this is not an address; {HINT}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or not _is_plain(url):
        raise WebhookAddressError(f"this is not the address of a web page; {HINT}")
    if parts.scheme == "http" and not is_this_machine(parts.hostname):
        raise WebhookAddressError(f"links to patients must not travel in the clear; {HINT}")


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def body_of(key: str, link: str, at: datetime) -> bytes:
    """Return what is posted. The same key gives the same id, so that a repeat can be told."""
    message = {"id": sha256(key.encode()).hexdigest()[:32], "link": link, "at": at.isoformat(timespec="seconds")}
    return json.dumps(message).encode()


def signature(key: str, body: bytes) -> str:
    """Return what the header with the signature says."""
    return "sha256=" + hmac.new(key.encode(), body, sha256).hexdigest()


def post(hook: Webhook, body: bytes) -> None:
    """Hand a message over. Raises `WebhookError` unless the other side says that it took it; follows no redirect."""
    headers = {"Content-Type": "application/json", "User-Agent": "intake", SIGNATURE: signature(hook.key, body)}
    parts = urlsplit(hook.url)
    connection = _connection(parts, hook.patience)
    try:
        connection.request("POST", parts._replace(scheme="", netloc="", fragment="").geturl() or "/", body, headers)
        status = connection.getresponse().status
    except TimeoutError:
        raise WebhookError(f"the webhook did not answer within {hook.patience:g} seconds") from None
    except (HTTPException, OSError) as error:
        raise WebhookError(f"the webhook cannot be reached ({type(error).__name__})") from None
    finally:
        connection.close()
    if 300 <= status < 400:
        raise WebhookError(f"the webhook answered {status} (elsewhere); set the address that it really has")
    if not 200 <= status < 300:
        raise WebhookError(f"the webhook answered {status}")


def _connection(parts: SplitResult, patience: float) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        return HTTPSConnection(host, parts.port, timeout=patience)
    return HTTPConnection(host, parts.port, timeout=patience)
