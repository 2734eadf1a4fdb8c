"""With which answers a page was shown, so that two windows never overwrite each other's without a word.

A page carries a mark of each answer that it was shown with. When the answer that is stored has another mark by the time
the page is sent, it was given elsewhere in between.
"""

import hmac
from collections.abc import Iterable, Sequence

import orjson

from rules.questionnaire import Item
from rules.response import RawAnswers

SEEN = "seen"  # the hidden input with the marks, in the order of the page's items
LENGTH = 10  # hexadecimal figures of one mark


def marks(items: Iterable[Item], raw: RawAnswers, key: str) -> str:
    """Return the marks of stored answers. Who does not hold the key cannot tell the answers from them."""
    return " ".join(_mark(item.id, raw, key) for item in items)


def clashes(sent: str | None, items: Sequence[Item], raw: RawAnswers, answers: RawAnswers, key: str) -> list[Item]:
    """Return the items that were answered elsewhere since the page was shown, and otherwise than on this page."""
    if sent is None:
        return []
    shown = dict(zip((item.id for item in items), sent.split(), strict=False))
    return [
        item
        for item in items
        if item.id in answers
        and shown.get(item.id) != _mark(item.id, raw, key)
        and raw.get(item.id) is not None
        and answers[item.id] != raw[item.id]
    ]


def _mark(item: str, raw: RawAnswers, key: str) -> str:
    return hmac.digest(key.encode(), orjson.dumps([item, raw.get(item)]), "sha256").hex()[:LENGTH]
