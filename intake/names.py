"""Finding patients by name, where no name is stored in clear.

Beside an encounter stand tokens: what the beginnings of the words of the name come to under a key (HMAC-SHA256), so
that a word is found from its beginning, whatever its accents and capitals. Whoever has the database and not the key
cannot read a name from them, nor look whether somebody is in it. They do see which patients have beginnings of names in
common, and could guess very common names by counting; so the tokens of an encounter are erased with it.

Another token stands for the whole name with the date of birth, by which the same person is known again.
"""

import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from intake.encryption import token
from intake.sealed import keys_of
from intake.vault_tables import NameTokenRow

LONGEST_BEGINNING = 12  # letters of a word; those that go on differently are not told apart


def folded(text: str) -> str:
    """Return a text as names are compared: small letters without accents and surplus spaces."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def words(text: str) -> set[str]:
    """Return the words of a name, folded; parts that a hyphen or an apostrophe joins are words too."""
    whole = folded(text).split()
    parts = (part for word in whole for part in "".join(c if c.isalnum() else " " for c in word).split())
    return {*whole, *parts}


def beginnings(name: str) -> set[str]:
    """Return all beginnings of the words of a name."""
    return {word[:length] for word in words(name) for length in range(1, min(len(word), LONGEST_BEGINNING) + 1)}


def name_tokens(search_key: bytes, name: str) -> list[bytes]:
    """Return the tokens of a name."""
    return [token(search_key, "name", beginning) for beginning in sorted(beginnings(name))]


def person_token(search_key: bytes, name: str, born: date) -> bytes:
    """Return what stands for a person: the same for each way to write the name, 16 bytes."""
    return token(search_key, "person", f"{folded(name)}\0{born.isoformat()}")


def person(session: Session, name: str, born: date) -> bytes:
    """Return what stands for a person in this installation."""
    return person_token(keys_of(session).ring.search_key, name, born)


def index(session: Session, encounter_id: str, name: str) -> None:
    """Let a stored encounter be found by a name."""
    tokens = name_tokens(keys_of(session).ring.search_key, name)
    if tokens:
        session.execute(insert(NameTokenRow), [{"token": one, "encounter_id": encounter_id} for one in tokens])


def forget(session: Session, encounter_ids: Iterable[str]) -> int:
    """Let encounters not be found any more; return how many tokens that were."""
    mine = NameTokenRow.encounter_id.in_(list(encounter_ids))
    return session.execute(delete(NameTokenRow).where(mine)).rowcount  # type: ignore[attr-defined]


def found(session: Session, search: str) -> list[Select[Any]]:
    """Return one query for each word that is searched: the ids of the encounters that have a word beginning so."""
    key = keys_of(session).ring.search_key
    wanted = [token(key, "name", word[:LONGEST_BEGINNING]) for word in folded(search).split()]
    return [select(NameTokenRow.encounter_id).where(NameTokenRow.token == one) for one in wanted]
