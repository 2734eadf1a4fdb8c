"""What a patient typed on a page whose session was lost: kept, sealed, in the page that asks for the date of birth.

A page of questions holds whose it is (`WAY_BACK`). If it is sent after the session ended, what it brings is sealed into
the next page (`TYPED`), comes back with the date of birth, and is saved then. Neither shows anything to whoever reads
the page, and each works for one invitation only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from intake import language
from intake.encryption import seal, unseal

WAY_BACK = "way-back"
TYPED = "typed"
KEEP = "keep"  # sent with a page that is not done: what is blank on it is still open
NOT_KEPT = ("csrf_token", WAY_BACK)

Mark = Mapping[str, Any]  # of an invitation's link (`entry`)


@dataclass(frozen=True)
class Typed:
    """What was typed, and the address of the page that it was typed on."""

    address: str
    fields: MultiDict[str, str]


def way_back(key: str, mark: Mark) -> str:
    """Return what a page holds of whose it is."""
    return seal(key, WAY_BACK, dict(mark))


def whose(key: str, sent: Mapping[str, str]) -> dict[str, Any] | None:
    """Return whose page was sent, if it says so."""
    mark: dict[str, Any] | None = unseal(key, WAY_BACK, sent.get(WAY_BACK, ""))
    return mark


def keep(key: str, mark: Mark, address: str, sent: MultiDict[str, str]) -> str:
    """Seal what was typed for the patient with this link."""
    fields = [pair for pair in sent.items(multi=True) if pair[0] not in NOT_KEPT]
    if language.FIELD in sent:
        fields.append((KEEP, "yes"))
    return seal(key, TYPED, [dict(mark), address, fields])


def kept(key: str, mark: Mark | None, sent: Mapping[str, str]) -> Typed | None:
    """Return what was typed, if it was sealed for the patient with this link."""
    found = unseal(key, TYPED, sent.get(TYPED, ""))
    if found is None or found[0] != mark:
        return None
    return Typed(found[1], MultiDict(map(tuple, found[2])))
