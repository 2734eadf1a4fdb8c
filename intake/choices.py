"""What a setting may be: each is checked when it is read, and a mistake is named with what to write instead."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from intake import cds_callers, fhir_server
from intake.fhir_server import FhirAddressError
from intake.help_lines import help_lines
from intake.invitee import read_email
from intake.mail import AddressError, MailServer
from intake.master_keys import KeyPlaces, places_from
from intake.openid_settings import Provider, provider_from
from intake.webhook import WebhookAddressError, check_address
from reports.documents import Paper

POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")  # as people and hosts write it
SHORTEST_KEY = 16  # characters
PAPERS: dict[str, Paper] = {"a4": "A4", "letter": "Letter"}
LETTER_COUNTRIES = ("CA", "US")


class SettingsError(Exception):
    """The environment holds a setting that is not understood; the message says which and what to write instead."""


def database_url(text: str, name: str = "DATABASE_URL") -> str:
    """Return the address of a database as SQLAlchemy takes it."""
    advice = "write sqlite:////folder/file.sqlite or postgresql://user:password@host/database"
    try:
        url = make_url(text)
    except ArgumentError as error:  # the address is not repeated: it may hold a password
        raise SettingsError(f"INTAKE_{name}: this is not an address; {advice}") from error
    if url.drivername in POSTGRESQL:
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if url.drivername != "sqlite":
        raise SettingsError(f"INTAKE_{name}: {url.drivername} is not supported; {advice}")
    return text


def key_places(given: Mapping[str, str], data: Path) -> KeyPlaces:
    """Read where the keys come from."""
    store_url = database_url(given.get("KEYS_URL", f"sqlite:///{data / 'keys.sqlite'}"), "KEYS_URL")
    if store_url == database_url(given.get("DATABASE_URL", "sqlite://")):
        raise SettingsError("INTAKE_KEYS_URL: keys must not stand in the same database as what they open")
    try:
        return places_from(given, store_url, data)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def country(country: str) -> str:
    """Return a country whose help lines are known."""
    if country not in help_lines():
        raise SettingsError(f"INTAKE_COUNTRY: {country!r} is not known; use one of {', '.join(help_lines())}")
    return country


def paper(name: str, country: str) -> Paper:
    """Return what PDFs are printed on; left out, what is usual in the country."""
    paper = PAPERS.get(name.lower())
    if name and paper is None:
        raise SettingsError(f"INTAKE_PAPER: {name!r} is not known; use one of {', '.join(PAPERS.values())}")
    return paper or ("Letter" if country in LETTER_COUNTRIES else "A4")


def approval(people: str) -> Literal["two", "one"]:
    """Return how many admins stand for a change of the rules."""
    if people not in ("two", "one"):
        raise SettingsError(f"INTAKE_APPROVAL: {people!r} is not known; use two, or one for a single admin")
    return "two" if people == "two" else "one"


def openid(given: Mapping[str, str]) -> Provider | None:
    """Return the provider that staff sign in with, if there is one."""
    try:
        return provider_from(given)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def second_factor(choice: str) -> Literal["required", "optional"]:
    """Return whether staff sign in with two factors."""
    if choice not in ("required", "optional"):
        raise SettingsError(f"INTAKE_SECOND_FACTOR: {choice!r} is not known; use required or optional")
    return "required" if choice == "required" else "optional"


def log_level(level: str) -> Literal["info", "warning"]:
    """Return from which level on something is logged."""
    if level not in ("info", "warning"):
        raise SettingsError(f"INTAKE_LOG_LEVEL: {level!r} is not known; use warning, or info for every request and job")
    return "info" if level == "info" else "warning"


def long_enough(name: str, key: str | None) -> str | None:
    """Return a key that is not easily guessed."""
    if key is not None and len(key) < SHORTEST_KEY:
        raise SettingsError(f"INTAKE_{name}: {len(key)} characters can be guessed; give at least {SHORTEST_KEY}")
    return key


def webhook(url: str, key: str) -> str:
    """Return the address of a webhook, which must have come with a key."""
    if bool(url) != bool(key):
        missing = "INTAKE_ALERT_WEBHOOK" if not url else "INTAKE_ALERT_WEBHOOK_KEY"
        raise SettingsError(f"{missing}: needed too; a webhook has an address and the key that it is signed with")
    long_enough("ALERT_WEBHOOK_KEY", key or None)
    try:
        if url:
            check_address(url)
    except WebhookAddressError as error:
        raise SettingsError(f"INTAKE_ALERT_WEBHOOK: {error}") from error
    return url


def record_system(given: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the record system by their names in `Settings`."""
    try:
        return fhir_server.settings_from(given) | cds_callers.settings_from(given)
    except FhirAddressError as error:
        raise SettingsError(f"INTAKE_{error.setting}: {error}") from error


def web_address(name: str, url: str) -> str:
    """Return an address of the web as it was given."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise SettingsError(f"INTAKE_{name}: {url!r} is not an address; write https://intake.example.org")
    return url


def whole(name: str, text: str, least: int, most: int, unit: str) -> int:
    """Return a whole number within its bounds."""
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingsError(f"INTAKE_{name}: {text!r} is not a number of {unit} from {least} to {most}")
    return int(text)


def smtp_url(url: str) -> str:
    """Return the address of a mail server as it was given."""
    try:
        if url:
            MailServer.from_url(url)
    except AddressError as error:
        raise SettingsError(f"INTAKE_SMTP_URL: {error}") from error
    return url


def mail_address(given: Mapping[str, str], name: str, otherwise: str) -> str:
    """An address; with a real mail server it must be given, since an urgent mail to nobody helps nobody."""
    if name not in given and given.get("SMTP_URL"):
        raise SettingsError(f"INTAKE_{name}: needed where INTAKE_SMTP_URL is set; write clinic@example.org")
    try:
        return read_email(given.get(name, otherwise))
    except ValueError:
        raise SettingsError(
            f"INTAKE_{name}: {given[name]!r} is not an e-mail address; write clinic@example.org"
        ) from None
