"""Sealed files: whole again with the passphrase, and refused when anything about them was changed."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake import sealed_file
from intake.sealed_file import PIECE, SealedFileError

WORDS = "a passphrase for tests"


def sealed(content: bytes) -> bytes:
    target = BytesIO()
    sealed_file.seal_file(BytesIO(content), target, WORDS)
    return target.getvalue()


def opened(content: bytes, passphrase: str = WORDS) -> bytes:
    target = BytesIO()
    sealed_file.open_file(BytesIO(content), target, passphrase)
    return target.getvalue()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_sealed_is_whole_again(size: int):
    content = bytes(number % 251 for number in range(size))
    assert opened(sealed(content)) == content
    assert len(content) < 16 or content[:50] not in sealed(content)  # a byte or two stand there by chance


def test_another_passphrase_opens_nothing():
    with pytest.raises(SealedFileError, match="passphrase"):
        opened(sealed(b"what is kept"), "another passphrase")


@settings(max_examples=15)
@given(place=st.integers(0, 65), bit=st.integers(0, 7))
def test_no_byte_can_be_changed_unseen(place: int, bit: int):
    made = bytearray(sealed(b"what is kept"))
    made[place % len(made)] ^= 1 << bit
    with pytest.raises(SealedFileError):
        opened(bytes(made))


def test_no_piece_can_be_cut_off_or_repeated_unseen():
    made = sealed(bytes(2 * PIECE))
    piece = (len(made) - len(sealed(b""))) // 2
    for changed in (made[:-piece], made + made[-piece:], made[:-1]):
        with pytest.raises(SealedFileError):
            opened(changed)
