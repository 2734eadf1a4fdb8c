"""Settings come from the environment, checked, and every one of them is documented."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from intake.choices import SettingsError
from intake.help_lines import help_lines
from intake.settings import KNOWN, Settings

README = Path(__file__).parents[2] / "README.md"
NUMBER = re.compile(r"[0-9]{2,5}( ?[0-9]{1,4}){0,4}")


def test_everything_has_a_default(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment({})
    assert settings.data == tmp_path / "data"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/intake.sqlite"
    assert settings.base_url == "http://127.0.0.1:5000"
    assert settings.country == "GB"
    assert settings.clinic_name


def test_reading_the_settings_writes_nothing(tmp_path):
    Settings.from_environment({"INTAKE_DATA": str(tmp_path / "data")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("INTAKE_CLINICNAME", "x", ["INTAKE_CLINICNAME", "did you mean INTAKE_CLINIC_NAME?"]),
        ("INTAKE_COUNTRY", "XX", ["INTAKE_COUNTRY", "XX", "GB"]),
        ("INTAKE_PAPER", "A5", ["INTAKE_PAPER", "A5", "A4", "Letter"]),
        ("INTAKE_BASE_URL", "intake.example.org", ["INTAKE_BASE_URL", "https://"]),
        ("INTAKE_BASE_URL", "ftp://intake.example.org", ["INTAKE_BASE_URL", "https://"]),
        ("INTAKE_DATABASE_URL", "my database", ["INTAKE_DATABASE_URL", "sqlite:///", "postgresql://"]),
        ("INTAKE_DATABASE_URL", "mysql://host/intake", ["INTAKE_DATABASE_URL", "mysql", "sqlite:///", "postgresql://"]),
        ("INTAKE_APPROVAL", "none", ["INTAKE_APPROVAL", "two"]),
        ("INTAKE_SECRET_KEY", "short", ["INTAKE_SECRET_KEY", "characters"]),
    ],
)
def test_a_setting_that_is_not_understood_is_named(name, value, words):
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({name: value})
    assert [word for word in words if word not in str(refused.value)] == []


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_understood_as_people_and_hosts_write_it(scheme):
    settings = Settings.from_environment({"INTAKE_DATABASE_URL": f"{scheme}://intake:p%40ss@db.example.org/intake"})
    assert settings.database_url == "postgresql+psycopg://intake:p%40ss@db.example.org/intake"


def test_an_empty_setting_counts_as_left_out():
    names = ("COUNTRY", "CLINIC_NAME", "BASE_URL", "DATABASE_URL", "DATA", "SECRET_KEY")
    assert Settings.from_environment({f"INTAKE_{name}": "" for name in names}) == Settings.from_environment({})


def test_other_programs_settings_are_left_alone():
    Settings.from_environment({"HOME": "/", "PATH": "/bin"})


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    settings = Settings.from_environment({"INTAKE_DATA": str(tmp_path / "data")})
    first = settings.secret_key
    assert len(first) >= 64
    assert settings.secret_key == first
    path = tmp_path / "data" / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_processes_that_start_together_share_one_secret_key(tmp_path):
    settings = [Settings.from_environment({"INTAKE_DATA": str(tmp_path / str(n))}) for n in range(40) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda one: one.secret_key, settings))
    assert all(len(set(keys[n : n + 8])) == 1 for n in range(0, len(keys), 8))
    assert all(keys)


def test_secrets_do_not_show_in_a_settings_repr():
    settings = Settings.from_environment(
        {"INTAKE_SECRET_KEY": "k" * 32, "INTAKE_DATABASE_URL": "postgresql://intake:hidden@db/intake"}
    )
    assert "kkkk" not in repr(settings)
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "paper"),
    [
        ({}, "A4"),
        ({"INTAKE_COUNTRY": "US"}, "Letter"),
        ({"INTAKE_COUNTRY": "ca"}, "Letter"),
        ({"INTAKE_COUNTRY": "US", "INTAKE_PAPER": "a4"}, "A4"),
        ({"INTAKE_PAPER": "LETTER"}, "Letter"),
    ],
)
def test_the_paper_is_the_countrys_unless_it_is_chosen(given, paper):
    assert Settings.from_environment(given).paper == paper


@pytest.mark.parametrize("country", help_lines())
def test_each_country_has_numbers_that_can_be_called(country):
    lines = help_lines()[country]
    numbers = [lines.emergency_number, lines.crisis_line, lines.urgent_line]
    assert all(NUMBER.fullmatch(number) for number in numbers[:2])
    assert lines.crisis_name
    assert (lines.urgent_line is None) == (lines.urgent_name is None)
    assert lines.urgent_line is None or NUMBER.fullmatch(lines.urgent_line)


def test_the_numbers_of_great_britain():
    lines = help_lines()["GB"]
    assert (lines.emergency_number, lines.crisis_line, lines.urgent_line) == ("999", "116 123", "111")


def test_every_setting_stands_in_the_readme():
    text = README.read_text(encoding="utf-8")
    assert [name for name in KNOWN if f"| `INTAKE_{name}`" not in text] == []
