"""Every mistake an author can make has a broken file here; its last lines say what the error must hold."""

from pathlib import Path

import pytest

from rules.errors import RuleErrors
from rules.load import load_texts, read_files

BROKEN = Path(__file__).parents[1] / "broken_rules"
SMALL = read_files(Path(__file__).parents[1] / "data" / "small")
MARK = "# expect: "


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_broken_file_is_refused_with_place_and_advice(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]
    assert expected
    with pytest.raises(RuleErrors) as refused:
        load_texts(SMALL | {path.name: text})
    problems = str(refused.value)
    for words in expected:
        assert f"{path.name}:" in problems
        assert words in problems, problems


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_broken_file_is_not_blamed_for_more_than_was_broken(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = [line for line in text.splitlines() if line.startswith(MARK)]
    with pytest.raises(RuleErrors) as refused:
        load_texts(SMALL | {path.name: text})
    assert len(refused.value.problems) <= len(expected), str(refused.value)
