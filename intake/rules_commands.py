"""The commands for rule files: `intake rules …`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import click

from rules.analysis import analyse
from rules.check import TestResult, run_tests
from rules.coverage import coverage
from rules.errors import RuleErrors
from rules.load import LIBRARY, is_one_of_many, load, named_files
from rules.mutation import Mutation, Unnoticed, mutate
from rules.remarks import Remark
from rules.ruleset import RuleSet

TEST_COLUMNS = ("rule", "test", "expected", "got")
COVERAGE_COLUMNS = ("rule", "test in its conditions", "true", "false", "missing")
LIST_COLUMNS = ("rule", "priority", "status", "evidence: health", "link", "title")


def count(number: int, noun: str) -> str:
    """Return a number with its noun: "1 rule", "2 rules"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@click.group("rules")
def rules_group() -> None:
    """Look at, check and test rule files."""


def loaded(path: Path | None) -> RuleSet:
    """Return the rule set in a folder or file, or the product's own; ends the command if it has a problem."""
    try:
        return load(path or LIBRARY)
    except RuleErrors as error:
        refuse(error)


def refuse(error: RuleErrors, exit_code: int = 1) -> NoReturn:
    """Tell every problem of rule files and end."""
    click.echo(str(error), err=True)
    click.echo(f"{count(len(error.problems), 'problem')} found.", err=True)
    sys.exit(exit_code)


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")


@rules_group.command("check")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--deep", is_flag=True, help="Also what is odd: never raised, contained in another, gaps, read by none.")
@as_json_option
def check_command(path: Path | None, deep: bool, as_json: bool) -> None:
    """Name every problem in a folder of rule files, or in one file; without PATH, in those of the product.

    One file of rules is checked by itself; one of questions, scores, sources or translations among those of the
    product. The exit code is 1 if there is a problem; with --deep also if something odd is not explained in the files.
    """
    if as_json:
        _check_as_json(path, deep)
    names = _named(path)
    if path and is_one_of_many(path, names):
        click.echo(f"Checked as {names[0]} among the files of the product. To check it among yours, name their folder.")
    ruleset = loaded(path)
    for translation in ruleset.translations.values():
        for notice in translation.notices:
            click.echo(f"{notice}")
        if translation.notices:
            texts = count(len(translation.notices), "text")
            click.echo(
                f"Language {translation.language}: {texts} to translate; patients are shown the English till then."
            )
    click.echo(f"{count(len(ruleset.by_id), 'rule')}, no problems. Rule set {ruleset.hash}")
    if deep and _print_remarks(ruleset, path):
        sys.exit(1)


def _check_as_json(path: Path | None, deep: bool) -> NoReturn:
    """Print what the check finds as JSON, and end as it would."""
    try:
        ruleset = load(path or LIBRARY)
    except RuleErrors as error:
        click.echo(json.dumps({"problems": [asdict(problem) for problem in error.problems]}, indent=2))
        sys.exit(1)
    notices = [asdict(notice) for one in ruleset.translations.values() for notice in one.notices]
    told = {"problems": [], "rule_set": ruleset.hash, "rules": len(ruleset.by_id), "to_translate": notices}
    odd = [remark for remark in _remarks(ruleset, path) if not remark.explained] if deep else []
    if deep:
        told["odd"] = [asdict(remark.problem) | {"example": remark.example} for remark in odd]
    click.echo(json.dumps(told, indent=2))
    sys.exit(1 if odd else 0)


def _named(path: Path | None) -> list[str]:
    """The names in a rule set of the files that were named."""
    try:
        return list(named_files(path or LIBRARY))
    except RuleErrors as error:
        refuse(error)


def _remarks(ruleset: RuleSet, path: Path | None) -> list[Remark]:
    """What is odd about the files that were named."""
    named = _named(path)
    return [remark for remark in analyse(ruleset) if remark.problem.file in named]


def _print_remarks(ruleset: RuleSet, path: Path | None) -> bool:
    """Print what is odd about the files that were named; True if something is not explained."""
    remarks = _remarks(ruleset, path)
    odd = [remark for remark in remarks if not remark.explained]
    for remark in odd:
        click.echo(f"{remark.problem}")
        if remark.example:
            click.echo(f"    for example: {remark.example}")
    click.echo(f"{count(len(odd), 'odd thing')}, and {len(remarks) - len(odd)} explained in the files.")
    return bool(odd)


@rules_group.command("test")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--coverage", "with_coverage", is_flag=True, help="Show which ends the tests saw: each leaf true, false, missing."
)
@as_json_option
def test_command(path: Path | None, with_coverage: bool, as_json: bool) -> None:
    """Run the tests inside the rule files; the exit code is 1 if one fails, or if coverage is asked for and lacking."""
    ruleset = loaded(path)
    results = run_tests(ruleset)
    if as_json:
        _test_as_json(ruleset, results, with_coverage)
    rows = [(result.rule, result.name, result.expected, result.got) for result in results]
    print_table(TEST_COLUMNS, rows, ["    " if result.passed else "FAIL" for result in results])
    for result in results:
        if not result.passed:
            click.echo(f'{result.rule} "{result.name}": expected {result.expected}, got {result.got}: {result.detail}')
    failed = sum(not result.passed for result in results)
    untested = [rule.id for rule in ruleset.by_id.values() if not rule.tests and rule.status != "retired"]
    click.echo(f"{count(len(results), 'test')}: {len(results) - failed} passed, {failed} failed.")
    if untested:
        click.echo(f"Without a test: {', '.join(untested)}")
    if with_coverage:
        failed += _print_coverage(ruleset)
    sys.exit(1 if failed else 0)


def _test_as_json(ruleset: RuleSet, results: Sequence[TestResult], with_coverage: bool) -> NoReturn:
    """Print the results as JSON, and end as the tests would."""
    told: dict[str, Any] = {"tests": [asdict(result) | {"passed": result.passed} for result in results]}
    leaves = coverage(ruleset) if with_coverage else ()
    if with_coverage:
        told["lacking"] = [
            {"rule": leaf.rule, "test": str(leaf.finding), "never": sorted(leaf.lacking)}
            for leaf in leaves
            if leaf.lacking
        ]
    click.echo(json.dumps(told, indent=2))
    sys.exit(0 if all(result.passed for result in results) and not any(leaf.lacking for leaf in leaves) else 1)


@rules_group.command("list")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@as_json_option
def list_command(path: Path | None, as_json: bool) -> None:
    """List the rules: id, priority, status, grades of evidence (health, link to oxytocin), title."""
    rows = []
    for rule in loaded(path).by_id.values():
        priority = " to ".join(dict.fromkeys((rule.priorities[-1].value, rule.priorities[0].value)))
        rows.append((rule.id, priority, rule.status, rule.evidence.health, rule.evidence.link, rule.title))
    if as_json:
        keys = ("id", "priority", "status", "health", "link", "title")
        click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2))
        return
    print_table(LIST_COLUMNS, rows)
    click.echo(f"{count(len(rows), 'rule')}.")


@rules_group.command("mutate")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--all", "with_equal", is_flag=True, help="Also the changes that make no difference to any patient.")
@as_json_option
def mutate_command(path: Path | None, with_equal: bool, as_json: bool) -> None:
    """Change each rule a little, in every way, and tell the changes that no test in its file notices.

    Each comes with a test to paste. The exit code is 1 if there is such a change.
    """
    ruleset = loaded(path)
    found = mutate(ruleset, only=frozenset(_named(path)))
    told = found.unnoticed if with_equal else found.survivors
    if as_json:
        click.echo(json.dumps(_mutation_as_json(found, told), indent=2))
    else:
        _print_mutation(found, told)
    sys.exit(1 if found.survivors else 0)


def _mutation_as_json(found: Mutation, told: Sequence[Unnoticed]) -> dict[str, Any]:
    unnoticed = [
        {"rule": change.rule} | asdict(change.problem) | {"test": change.test, "equal": change.equal} for change in told
    ]
    return {"tried": found.tried, "noticed": found.noticed, "equal": found.equal, "unnoticed": unnoticed}


def _print_mutation(found: Mutation, told: Sequence[Unnoticed]) -> None:
    for change in told:
        click.echo(f"{change.problem}")
        if change.test:
            click.echo(f"    {change.test}")
    click.echo(
        f"{count(found.tried, 'change')}: {found.noticed} noticed, {found.equal} without a difference, "
        f"{len(found.survivors)} not noticed."
    )


def _print_coverage(ruleset: RuleSet) -> bool:
    """Print for each leaf of each rule which ends its tests saw; True if one was not seen."""
    leaves = coverage(ruleset)
    rows = []
    for leaf in leaves:
        ends = ("never" if end in leaf.lacking else "seen" for end in COVERAGE_COLUMNS[2:])
        rows.append((leaf.rule, str(leaf.finding), *ends))
    print_table(COVERAGE_COLUMNS, rows, ["LACK" if leaf.lacking else "    " for leaf in leaves])
    total, lacking = 3 * len(leaves), sum(len(leaf.lacking) for leaf in leaves)
    click.echo(f"Coverage: {total - lacking} of {total} ends seen ({100 * (total - lacking) // max(total, 1)}%)")
    return lacking > 0


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], marks: Sequence[str] = ()) -> None:
    """Print rows below their head, each column as wide as it needs; `marks` stand before the rows."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for mark, row in zip(["    ", *marks] if marks else [""] * (len(rows) + 1), [head, *rows], strict=True):
        line = "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        click.echo(f"{mark}  {line}".rstrip() if marks else line.rstrip())
