"""AES-256-GCM; the only module that imports the cipher."""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12  # bytes
KEY = 32  # bytes


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


def _cipher(secret_key: str, purpose: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY, salt=None, info=purpose.encode()).derive(secret_key.encode()))
