"""What patients saw as saved outlives processes that are killed and a database that is locked (all: script/faults)."""

from pathlib import Path

from tests.faults.trials import Size, killed, locked

FEW = Size(patients=8, left=5, away=12)  # seconds: longer than a writer waits


def test_nothing_is_lost_when_processes_are_killed_at_random_moments(tmp_path: Path) -> None:
    found = killed(tmp_path, FEW).found
    assert found.wrong == ()
    assert found.sent == FEW.patients
    assert found.mails > 0


def test_nothing_is_lost_when_the_database_is_locked_for_longer_than_a_writer_waits(tmp_path: Path) -> None:
    found = locked(tmp_path, FEW).found
    assert found.wrong == ()
    assert found.sent == FEW.patients
