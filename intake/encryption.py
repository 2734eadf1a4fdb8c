"""AES-256-GCM, and names that only who has the key can work out; the only module that imports the cipher."""

import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12  # bytes
KEY = 32  # bytes
TOKEN = 16  # bytes
FORM = b"\x01"  # stands before everything that is sealed, so that another cipher can take over one day


class Unreadable(Exception):
    """What is stored cannot be opened: its key is gone or another one, it was changed, or it stands in another's place.

    The message names the place, and nothing of what stands there.
    """


class Cipher:
    """Seals bytes with a key of 32 bytes, each for its place: what was sealed for one place opens in no other."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, content: bytes, place: str) -> bytes:
        """Return the content, unreadable: 29 bytes longer, and each time another."""
        nonce = os.urandom(NONCE)
        return FORM + nonce + self._cipher.encrypt(nonce, content, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Return the content. Raises `Unreadable`."""
        if sealed[:1] != FORM:
            raise Unreadable(f"{place}: this was never sealed")
        try:
            return self._cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], place.encode())
        except (InvalidTag, ValueError):
            raise Unreadable(f"{place}: changed, sealed for another place, or with another key") from None


def new_key() -> bytes:
    """Return a new key, of 32 bytes."""
    return os.urandom(KEY)


def token(key: bytes, purpose: str, text: str) -> bytes:
    """Return 16 bytes that stand for a text: always the same, and nobody without the key finds the text to them."""
    return hmac.digest(key, f"{purpose}\0{text}".encode(), "sha256")[:TOKEN]


def seal(secret_key: str, purpose: str, value: object) -> str:
    """Return a JSON value as text for a page to hold, which nobody without the secret key can read or change.

    What was sealed for one purpose cannot be unsealed for another.
    """
    nonce = os.urandom(NONCE)
    text = json.dumps(value, separators=(",", ":")).encode()
    return urlsafe_b64encode(nonce + _cipher(secret_key, purpose).encrypt(nonce, text, None)).decode()


def unseal(secret_key: str, purpose: str, sealed: str) -> Any:
    """Return the value that was sealed; None if it was not sealed here, for this purpose and with this key."""
    try:
        data = urlsafe_b64decode(sealed.encode())
        return json.loads(_cipher(secret_key, purpose).decrypt(data[:NONCE], data[NONCE:], None))
    except (ValueError, InvalidTag):
        return None


@lru_cache(maxsize=16)  # a few purposes, of one key
def _cipher(secret_key: str, purpose: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY, salt=None, info=purpose.encode()).derive(secret_key.encode()))
