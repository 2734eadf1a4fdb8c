"""The guide to writing a rule (rules/README.md), tried: every block of its example is done as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from rules.check import run_tests
from rules.errors import RuleErrors
from rules.load import LIBRARY, load_texts, read_files
from rules.ruleset import RuleSet

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "rules" / "README.md").read_text(encoding="utf-8")
EXAMPLE = GUIDE.partition("## Ten minutes")[2].partition("\n## ")[0]
BLOCK = re.compile(r"^```(yaml|json|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY = "…"  # stands for whatever a machine prints there


@dataclass(frozen=True)
class Block:
    kind: str
    text: str


BLOCKS = [Block(*found.groups()) for found in BLOCK.finditer(EXAMPLE)]


def written(count: int) -> dict[str, str]:
    """The library's files after the first `count` blocks of YAML, each done as its first line says."""
    files = read_files(LIBRARY)
    for block in [block for block in BLOCKS if block.kind == "yaml"][:count]:
        place, _, text = block.text.partition("\n")
        if place == "# at the end of rules/library/sources.yaml":
            files["sources.yaml"] += text
        elif place == "# rules/library/falls.yaml, below tests:":
            files["falls.yaml"] = files["falls.yaml"].partition("    tests:\n")[0] + "    tests:\n" + text
        else:
            assert place == "# rules/library/falls.yaml"
            files["falls.yaml"] = f"{place}\n{text}"
    return files


def finished() -> RuleSet:
    return load_texts(written(len(BLOCKS)))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """The product's files in a folder of their own, and an installation whose rule set is published."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("rules", "intake", "reports", "templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    assert run(["intake", "init"], folder).returncode == 0
    return folder


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the guide in a folder, with that folder's code and rule files."""
    assert words[0] == "intake"
    command = [sys.executable, "-c", "from intake.cli import main; main(prog_name='intake')", *words[1:]]
    environment = {**os.environ, "INTAKE_DATA": str(folder / "data"), "INTAKE_SECRET_KEY": "a key for tests only"}
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def commands(block: Block) -> list[tuple[str, str]]:
    """Each command of a block with what the guide says it prints."""
    parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def as_pattern(printed: str) -> str:
    return re.escape(printed).replace(re.escape(ANY), ".*")


def test_every_step_of_the_example_does_what_the_guide_says(checkout: Path) -> None:
    library = checkout / "rules" / "library"
    (library / "falls.yaml").write_text("", encoding="utf-8")  # step 2: an empty file
    done = tried = 0
    for block in BLOCKS:
        if block.kind == "yaml":
            done += 1
            for name in ("falls.yaml", "sources.yaml"):
                (library / name).write_text(written(done)[name], encoding="utf-8")
        elif block.kind == "json":
            (checkout / "answers.json").write_text(block.text, encoding="utf-8")
        for command, printed in commands(block) if block.kind == "console" else ():
            told = run(command.split(), checkout).stdout
            assert re.fullmatch(as_pattern(printed), told, re.DOTALL), f"$ {command}\n{told}"
            tried += 1
    assert tried >= 8


def test_the_finished_example_passes_its_own_tests() -> None:
    results = [result for result in run_tests(finished()) if result.rule == "FALL1"]
    assert len(results) == 7
    assert [result for result in results if not result.passed] == []


def mistakes() -> list[tuple[str, str]]:
    """What is written and what is told, from the guide's table."""
    table = GUIDE.partition("| written | told |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(.+)` \| (.+) \|$", table, re.MULTILINE)


@pytest.mark.parametrize(("line", "told"), mistakes(), ids=lambda text: text)
def test_each_mistake_of_the_table_is_told_in_these_words(line: str, told: str) -> None:
    files = written(len(BLOCKS))
    key = "priority" if line.startswith("prioriti:") else line.partition(":")[0]
    lines = files["falls.yaml"].splitlines()
    at = next(number for number, text in enumerate(lines) if text.startswith(f"    {key}:"))
    files["falls.yaml"] = "\n".join([*lines[:at], f"    {line}", *lines[at + 1 :]])
    with pytest.raises(RuleErrors) as problems:
        load_texts(files)
    assert f"falls.yaml:{at + 1}:" in str(problems.value)
    assert told in str(problems.value)


def test_the_table_of_mistakes_is_read() -> None:
    assert len(mistakes()) >= 15
