"""Files that nobody reads or changes without the passphrase: sealed in pieces, so that any size goes through.

The key follows from the passphrase by scrypt, with a salt of each file's own. Each piece is sealed for its number, and
the last one as the last: none can be taken away, changed, moved or cut off unseen.
"""

import hashlib
import os
from typing import BinaryIO

from intake.encryption import KEY, Cipher, Unreadable

MAGIC = b"intake sealed file 1\n"
SALT = 16  # bytes
PIECE = 1 << 20  # bytes
COST, BLOCK = 1 << 15, 8  # of scrypt: 32 MiB of memory
MEMORY = 128 * COST * BLOCK * 2  # bytes


class SealedFileError(Exception):
    """A file is none of ours, was made with another passphrase, or was changed or cut off; the message says so."""


def seal_file(source: BinaryIO, target: BinaryIO, passphrase: str) -> None:
    """Write all that `source` holds to `target`, sealed."""
    salt = os.urandom(SALT)
    target.write(MAGIC + salt)
    cipher, number, piece = _cipher(passphrase, salt), 0, source.read(PIECE)
    while True:
        following = source.read(PIECE)
        target.write(cipher.seal(piece, _place(number, is_last=not following)))
        if not following:
            return
        number, piece = number + 1, following


def open_file(source: BinaryIO, target: BinaryIO, passphrase: str) -> None:
    """Write to `target` what was sealed. Raises `SealedFileError`; what was written until then is not to be used."""
    if source.read(len(MAGIC)) != MAGIC:
        raise SealedFileError("this is no file that intake sealed")
    cipher, number = _cipher(passphrase, source.read(SALT)), 0
    size = len(cipher.seal(bytes(PIECE), ""))
    piece = source.read(size)
    while True:
        following = source.read(size)
        try:
            target.write(cipher.open(piece, _place(number, is_last=not following)))
        except Unreadable:
            what = "the passphrase is another one, or the file was changed" if number == 0 else "the file was changed"
            raise SealedFileError(f"{what} or cut off") from None
        if not following:
            return
        number, piece = number + 1, following


def _cipher(passphrase: str, salt: bytes) -> Cipher:
    key = hashlib.scrypt(passphrase.encode(), salt=salt, n=COST, r=BLOCK, p=1, maxmem=MEMORY, dklen=KEY)
    return Cipher(key)


def _place(number: int, *, is_last: bool) -> str:
    return f"piece {number}{', the last' if is_last else ''}"
