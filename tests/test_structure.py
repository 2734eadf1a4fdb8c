"""The shape of the code: who may import whom, how long a module may be, and what is public has a docstring."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"rules": set(), "reports": {"rules"}, "intake": {"rules", "reports"}}
FORBIDDEN = {"rules": {"flask", "sqlalchemy"}, "reports": {"flask", "sqlalchemy"}, "intake": set()}
ORDER = {  # each module imports only those above it
    "rules": [
        "errors",
        "own_process",
        "source",
        "rewriting",
        "condition",
        "syntax",
        "formatting",
        "reference",
        "predicates",
        "questionnaire",
        "questionnaire_files",
        "scores",
        "response",
        "ruleset",
        "packing",
        "tables",
        "engine",
        "engine_process",
        "explain",
        "plain_words",
        "parts",
        "changes",
        "screening",
        "check",
        "coverage",
        "claims",
        "terms",
        "solver",
        "places",
        "remarks",
        "unread",
        "analysis",
        "mutants",
        "mutation",
        "translation",
        "editor_schema",
        "load",
        "overview",
        "columns",
        "cohort",
        "synthetic",
        "impact",
    ],
    "reports": [
        "wording",
        "changes",
        "review",
        "appendix",
        "attached",
        "said",
        "scores",
        "taken",
        "unassessed",
        "charts",
        "summary",
        "letter",
        "html",
        "documents",
        "paper",
        "weasyprint_lines",
        "weasyprint_shortcuts",
        "pdf",
        "pdf_worker",
        "without_private",
        "deidentified",
        "fhir_terms",
        "fhir_paths",
        "fhir_questionnaire",
        "fhir_import",
        "fhir_response",
        "fhir_results",
        "fhir",
        "cds_cards",
        "fhir_checks",
    ],
}
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
LONGEST = 300


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_the_packages_it_may(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    roots = {name.split(".")[0] for name in imported(path)}
    assert not (roots & set(PACKAGES)) - PACKAGES[package] - {package}
    assert not roots & FORBIDDEN[package]


@pytest.mark.parametrize("package", ORDER)
def test_modules_of_a_package_import_only_those_above_them(package: str) -> None:
    order = ORDER[package]
    for path in (ROOT / package).glob("*.py"):
        if path.stem == "__init__":
            continue
        below = set(order[order.index(path.stem) :])
        names = {name.split(".")[1] for name in imported(path) if name.startswith(f"{package}.")}
        assert not names & below, f"{path.stem} imports {names & below}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_enough_to_be_read_in_one_go(path: Path) -> None:
    if "migrations" not in path.parts:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_says_what_it_promises(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path} has no docstring"
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    inside = [node for cls in classes for node in cls.body]
    for node in [*tree.body, *inside]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path}: {node.name} has no docstring"
