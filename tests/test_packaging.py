"""The product as it is installed: a wheel in an environment of its own, run from a folder that knows nothing of it."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
DATA_FOLDERS = ("rules/library", "intake/static", "intake/migrations", "reports/fonts", "templates")


def run(*command: str | Path, **options) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done


def build_wheel(source: Path, folder: Path) -> Path:
    run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index"),
        *("--no-deps", "--no-build-isolation", "--wheel-dir", folder, source),
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build_wheel(CHECKOUT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory) -> Path:
    """A new environment with the wheel in it; only the libraries are borrowed from this one."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check"),
        *("--no-index", "--no-deps", wheel),
    )
    (site_packages,) = environment.glob("lib/python*/site-packages")
    # Named this way, the borrowed folder's own .pth files, that of the checkout among them, are not read.
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment


@pytest.fixture
def from_root(environment, tmp_path):
    """Runs a command of the installed product from /, with a data folder of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    surroundings = kept | {"HOME": str(tmp_path), "INTAKE_DATA": str(tmp_path / "data"), "PYTHONWARNINGS": "error"}

    def call(name: str, *arguments: str | Path) -> str:
        return run(environment / "bin" / name, *arguments, cwd="/", env=surroundings).stdout

    return call


def names_in(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def files_in(folder: str) -> list[str]:
    paths = (path for path in (CHECKOUT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [path.relative_to(CHECKOUT).as_posix() for path in paths]


@pytest.mark.parametrize("folder", DATA_FOLDERS)
def test_wheel_holds_every_data_file(wheel, folder):
    files = files_in(folder)
    assert files, f"{folder} holds nothing"
    inside = [name.replace("templates/", "intake/_templates/", 1) if folder == "templates" else name for name in files]
    assert sorted(set(inside) - names_in(wheel)) == []


def test_wheel_holds_nothing_but_the_three_packages(wheel):
    tops = {name.split("/")[0] for name in names_in(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"intake", "rules", "reports"}


def test_wheel_built_from_the_source_archive_is_the_same(wheel, tmp_path):
    run(*(sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", tmp_path), cwd=CHECKOUT)
    (archive,) = tmp_path.glob("*.tar.gz")
    assert names_in(build_wheel(archive, tmp_path)) == names_in(wheel)


def test_installed_product_does_not_come_from_the_checkout(from_root):
    places = from_root(
        "python", "-c", "import intake, rules, reports; print(intake.__file__, rules.__file__, reports.__file__)"
    )
    assert str(CHECKOUT) not in places
    assert places.count("site-packages") == 3


def test_installed_rules_are_checked_from_any_folder(from_root):
    from_root("intake", "rules", "check")


def test_installed_product_screens_and_prints_from_any_folder(from_root, tmp_path):
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"age": 52}))
    screened = json.loads(from_root("intake", "screen", answers, "--json"))
    assert screened["rule_set"]
    assert screened["outcomes"]

    from_root("intake", "screen", answers, "--pdf", tmp_path / "summary.pdf")
    assert (tmp_path / "summary.pdf").read_bytes().startswith(b"%PDF-")
    from_root("intake", "screen", answers, "--html", tmp_path / "summary.html")
    assert "<html" in (tmp_path / "summary.html").read_text(encoding="utf-8")


def test_installed_product_makes_its_database(from_root, tmp_path):
    from_root("intake", "init")
    assert list((tmp_path / "data").glob("*")), "no database was made"
