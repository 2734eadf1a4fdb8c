"""The master keys, which open the keys of the encounters and nothing else: from the environment or from a file.

Each has 32 bytes, written as 64 hexadecimal digits. Several can be known at once, so that a new one takes over while
the service runs: the first wraps what is new, the others still open what they wrapped. What a key wrapped names the key
by its id, which follows from the key and does not give it away.
"""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock

from intake.encryption import KEY, Cipher, new_key, token

FILE = "master_key"  # in the data folder, where no other place is set
HINT = "a master key is 64 hexadecimal digits, as `openssl rand -hex 32` prints; several stand with spaces in between"


class MasterKeyError(Exception):
    """There is no master key, or not the one that is needed; the message says which, by its id, and what to do."""


@dataclass(frozen=True)
class KeyPlaces:
    """Where keys come from: the address of the key store, and the master keys, given or in a file.

    Holds no secret where the master keys stand in a file, so that it can be handed to other processes.
    """

    store_url: str = field(repr=False)  # may hold a password
    file: Path
    given: str = field(default="", repr=False)

    def without_secret(self) -> "KeyPlaces":
        """Return the same for another machine, which has to have the master key itself, in its environment or file."""
        return replace(self, given="")


def places_from(given: Mapping[str, str], store_url: str, data: Path) -> KeyPlaces:
    """Read the settings, by their names without the prefix. Raises `ValueError`, in words that name the setting."""
    if given.get("MASTER_KEY") and given.get("MASTER_KEY_FILE"):
        raise ValueError("INTAKE_MASTER_KEY_FILE: give the master key itself or its file, not both")
    if given.get("MASTER_KEY"):
        try:
            parse(given["MASTER_KEY"])
        except ValueError as error:
            raise ValueError(f"INTAKE_MASTER_KEY: {error}") from None
    return KeyPlaces(store_url, Path(given.get("MASTER_KEY_FILE", data / FILE)).resolve(), given.get("MASTER_KEY", ""))


def parse(text: str) -> tuple[bytes, ...]:
    """Return the keys in a text. Raises `ValueError`, in words that repeat no key."""
    words = re.split(r"[\s,]+", text.strip())
    if not all(re.fullmatch(f"[0-9a-fA-F]{{{2 * KEY}}}", word) for word in words):
        raise ValueError(HINT)
    return tuple(bytes.fromhex(word) for word in words)


def id_of(key: bytes) -> str:
    """Return a master key's id: 16 hexadecimal digits."""
    return token(key, "master key", "id")[:8].hex()


class MasterKeys:
    """The master keys of this process. Those in a file are read again when the file changes."""

    def __init__(self, places: KeyPlaces) -> None:
        self._places = places
        self._lock = Lock()
        self._seen: object = None
        self._ciphers: dict[str, Cipher] = {}

    def wrap(self, key_id: str, key: bytes) -> tuple[str, bytes]:
        """Return a key wrapped with the first master key, and that one's id. Raises `MasterKeyError`."""
        ciphers = self._known()
        first = next(iter(ciphers))
        return first, ciphers[first].seal(key, _place(key_id))

    def unwrap(self, key_id: str, master_id: str, wrapped: bytes) -> bytes:
        """Return a wrapped key. Raises `MasterKeyError` if its master key is not known, `Unreadable` if altered."""
        cipher = self._ciphers.get(master_id)
        if cipher is None:
            self.check({master_id})
            cipher = self._known()[master_id]
        return cipher.open(wrapped, _place(key_id))

    def check(self, needed: set[str]) -> None:
        """Raise `MasterKeyError` unless the master keys of all these ids are known."""
        missing = needed - set(self.ids)
        if missing:
            raise MasterKeyError(
                f"the master key {min(missing)} is not known; put it back where it was ({self.where}): "
                "without it nothing that patients said can be read"
            )

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the known keys, the one that wraps first. Raises `MasterKeyError`."""
        return tuple(self._known())

    @property
    def where(self) -> str:
        """Where the master keys stand, in words."""
        return "INTAKE_MASTER_KEY" if self._places.given else str(self._places.file)

    @property
    def are_there(self) -> bool:
        """Whether there is a master key."""
        return bool(self._places.given) or self._places.file.exists()

    def make(self) -> None:
        """Make a first master key in the file, unless there is one. Processes that start together end up with one."""
        if not self.are_there:
            self._places.file.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                _write(self._places.file, [new_key()], replace=False)

    def add(self) -> str:
        """Put a new key first in the file; return its id. Raises `MasterKeyError` where no file holds the keys."""
        key = new_key()
        self._rewrite([key, *self._in_file()])
        return id_of(key)

    def forget(self, unused: set[str]) -> None:
        """Take keys out of the file, by id, never the first. Raises `MasterKeyError` where no file holds the keys."""
        first, *others = self._in_file()
        self._rewrite([first, *(key for key in others if id_of(key) not in unused)])

    def _in_file(self) -> tuple[bytes, ...]:
        if self._places.given:
            raise MasterKeyError(
                "the master keys stand in INTAKE_MASTER_KEY, which only you can change: put a new one before the old "
                "ones, separated by a space, and start the service anew"
            )
        try:
            return parse(self._places.file.read_text(encoding="ascii"))
        except OSError as error:
            raise MasterKeyError(
                f"cannot read the master key in {self.where} ({error.strerror}): "
                "without it nothing that patients said can be read; put it back"
            ) from None
        except ValueError as error:
            raise MasterKeyError(f"{self.where}: {error}") from None

    def _rewrite(self, keys: list[bytes]) -> None:
        try:
            _write(self._places.file, keys, replace=True)
        except OSError as error:
            raise MasterKeyError(f"cannot write {self.where}: {error.strerror}") from None

    def _known(self) -> dict[str, Cipher]:
        with self._lock:
            stamp = self._stamp()
            if stamp is None or stamp != self._seen:
                keys = parse(self._places.given) if self._places.given else self._in_file()
                self._ciphers, self._seen = {id_of(key): Cipher(key) for key in keys}, stamp
            return self._ciphers

    def _stamp(self) -> object:
        """What changes whenever the keys may have changed; None: not to be told."""
        if self._places.given:
            return self._places.given
        try:
            found = self._places.file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


def _place(key_id: str) -> str:
    return f"key {key_id}"


def _write(path: Path, keys: list[bytes], *, replace: bool) -> None:
    """Write whole or not at all, for the owner alone; never over another's unless to replace it."""
    with NamedTemporaryFile("w", dir=path.parent, encoding="ascii", delete=False) as file:  # mode 0600
        try:
            file.write("".join(f"{key.hex()}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
            (os.replace if replace else os.link)(file.name, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(file.name)
