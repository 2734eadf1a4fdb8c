"""Rule files in a folder, as a clinic keeps them in git, beside the rule sets of the installation."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.rulesets import published_hash
from intake.tables import RuleSetRow
from rules.errors import RulesError
from rules.load import completed, place_of, read_files

SHORTEST = 6  # characters of a hash that name a version


class RuleFilesError(RulesError):
    """What was asked of rule files cannot be done; the message says why and what to do."""


def given_files(path: Path, published: Mapping[str, str]) -> dict[str, str]:
    """Return the rule set that a folder, or one file, makes of the published one.

    A folder is the whole rule set; only a questionnaire, scores or sources that it has none of are those that are
    published. One file takes its place among those that are published. Raises `RuleErrors`.
    """
    if path.is_dir():
        return completed(read_files(path), published)
    [text] = read_files(path).values()
    return {**published, place_of(path, text, published): text}


def stored_files(session: Session, version: str = "") -> dict[str, str]:
    """Return the files of a version that was published, by the beginning of its hash; of the one in use without.

    Raises `RuleFilesError`.
    """
    if not version:
        version = published_hash(session) or ""
    if len(version) < SHORTEST:
        raise RuleFilesError(f"name a version by the first {SHORTEST} characters of its hash, or more")
    found = session.scalars(select(RuleSetRow).where(RuleSetRow.hash.startswith(version, autoescape=True))).all()
    if len(found) != 1:
        raise RuleFilesError(f'{"no" if not found else "more than one"} version begins with "{version}"')
    return found[0].files


def write_files(folder: Path, files: Mapping[str, str], *, overwrite: bool = False) -> int:
    """Write a rule set into a folder so that it holds these rule files and no others; return how many were written.

    Other files are left alone. Raises `RuleFilesError`, before anything is written, where a rule file of the folder
    differs or does not belong, unless it may be replaced or removed (`overwrite`).
    """
    there = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.yaml")}
    foreign = sorted(there.keys() - files.keys())
    different = [name for name, text in files.items() if name in there and there[name].read_bytes() != text.encode()]
    if (foreign or different) and not overwrite:
        names = ", ".join([*foreign, *different])
        raise RuleFilesError(f"{folder} holds other rule files: {names}; choose another folder, or say --overwrite")
    for name in foreign:
        there[name].unlink()
    new = [*different, *(name for name in files if name not in there)]
    for name in new:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(files[name], encoding="utf-8", newline="\n")
    return len(new)
