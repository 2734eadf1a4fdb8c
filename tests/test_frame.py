"""What the project's frame promises: exact locks, front-end files that ask for nothing that is not there."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-build.lock")
SCRIPTS = ("script/setup", "script/server", "script/test", "script/lock", "script/vendor", "script/picture")
SCRIPTS += ("script/scan", "script/faults", "script/messages", ".ci/run")
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; [^\\]+)?(?: \\)?$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
FROM = re.compile(r"^    # +(?:via )?[A-Za-z0-9._ ()-]*$")


def read_lock(name: str) -> dict[str, tuple[str, int]]:
    """Each locked package with its version and its number of hashes."""
    pins: dict[str, tuple[str, int]] = {}
    package = ""
    for line in (CHECKOUT / name).read_text().splitlines():
        if pin := PIN.match(line):
            package = pin["name"]
            pins[package] = (pin["version"], 0)
        elif HASH.match(line):
            version, hashes = pins[package]
            pins[package] = (version, hashes + 1)
        else:
            assert FROM.match(line), f"{name}: neither a pin, a hash nor a plain comment: {line!r}"
    return pins


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes(name):
    assert [package for package, (_, hashes) in read_lock(name).items() if not hashes] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_registry_and_no_path_of_a_machine(name):
    text = (CHECKOUT / name).read_text()
    assert "://" not in text
    assert "index-url" not in text
    assert re.findall(r"(?:^|\s)/\S+", text) == []


@pytest.mark.parametrize(("lock", "extra"), [("requirements.lock", None), ("requirements-test.lock", "test")])
def test_the_lock_satisfies_what_pyproject_asks_for(lock, extra):
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + (project["optional-dependencies"][extra] if extra else [])
    pins = read_lock(lock)
    for requirement in map(Requirement, wanted):
        version, _ = pins[normalised(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} but locked {version}; run script/lock"


def test_tests_run_on_the_versions_that_the_server_runs_on():
    server, test = read_lock("requirements.lock"), read_lock("requirements-test.lock")
    assert {name: test.get(name) for name in server} == server


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_can_be_run_and_parse(script):
    path = CHECKOUT / script
    assert path.stat().st_mode & 0o111, f"{script} is not executable"
    subprocess.run(["bash", "-n", path], check=True)


def test_the_code_is_looked_at_for_security():
    lint = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert "ruff check ." in (CHECKOUT / "script/test").read_text()


def test_every_test_that_the_security_notes_name_is_there():
    named = re.findall(r"`(tests/[a-z_/]+\.py)(?:::(test_[a-z0-9_]+))?`", (CHECKOUT / "SECURITY.md").read_text())
    assert named
    missing = [f"{file}::{test}" for file, test in named if f"def {test}" not in (CHECKOUT / file).read_text()]
    assert missing == []


def test_setup_refuses_a_purpose_it_does_not_know():
    refused = subprocess.run([CHECKOUT / "script/setup", "lunch"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert 'unknown purpose "lunch"; say server or test' in refused.stderr


class TestVendoredFrontEnd:
    folder = CHECKOUT / "intake/static/vendor/govuk-frontend"
    style = (folder / "govuk-frontend.min.css").read_text()

    def test_style_sheet_asks_only_for_files_that_are_there(self):
        wanted = re.findall(r"url\(\"?([^\")]+)\"?\)", self.style)
        assert wanted
        assert [file for file in wanted if not (self.folder / file).resolve().is_file()] == []

    def test_nothing_that_belongs_to_gov_uk_alone_is_shipped(self):
        assert "GDS Transport" not in self.style
        assert "crest" not in " ".join(path.name for path in self.folder.rglob("*"))

    def test_style_sheet_and_script_are_of_the_version_that_is_noted(self):
        version = (self.folder / "VERSION").read_text().strip()
        assert f'--govuk-frontend-version: "{version}"' in self.style
        assert version in (self.folder / "govuk-frontend.min.js").read_text()
        assert f"govuk_frontend={version}" in (CHECKOUT / "script/vendor").read_text()

    def test_the_editor_is_of_the_version_that_is_noted(self):
        folder = CHECKOUT / "intake/static/vendor/codemirror"
        version = (folder / "VERSION").read_text().strip()
        assert f"codemirror={version} " in (CHECKOUT / "script/vendor").read_text()
        assert f"codemirror@{version}" in (folder / "LICENSE").read_text()
        assert "url(http" not in (folder / "codemirror.min.js").read_text()

    def test_every_folder_of_fonts_carries_its_licence(self):
        for folder in ("intake/static/fonts", "reports/fonts"):
            assert "SIL Open Font License" in (CHECKOUT / folder / "LICENSE.md").read_text()
