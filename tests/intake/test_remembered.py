"""What is remembered is the last few values, for some seconds."""

import pytest

from intake import remembered
from intake.remembered import Remembered


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock says, to be changed."""
    now = [0.0]
    monkeypatch.setattr(remembered, "monotonic", lambda: now[0])
    return now


def test_a_value_is_remembered_until_another_takes_its_place_or_it_is_forgotten():
    values = Remembered[str, int](most=5, seconds=60)
    assert values.get("ada") is None
    values.put("ada", 1)
    assert values.get("ada") == 1
    values.put("ada", 2)
    assert values.get("ada") == 2
    values.forget("ada")
    values.forget("nobody")
    assert values.get("ada") is None


def test_after_its_time_a_value_is_not_told_and_with_the_next_one_it_is_gone(seconds: list[float]):
    values = Remembered[str, int](most=5, seconds=60)
    values.put("ada", 1)
    seconds[0] = 60
    assert values.get("ada") == 1
    seconds[0] = 60.1
    assert values.get("ada") is None
    values.put("ben", 2)
    seconds[0] = 60  # even by a clock on which it would be good once more
    assert values.get("ada") is None
    assert values.get("ben") == 2


def test_of_too_many_the_oldest_go():
    values = Remembered[str, int](most=2, seconds=60)
    for place, name in enumerate(("ada", "ben", "ada", "cleo")):
        values.put(name, place)
    assert [values.get(name) for name in ("ada", "ben", "cleo")] == [2, None, 3]
