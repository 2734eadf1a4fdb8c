"""Settings: read once from the environment, checked, and frozen."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from intake import cds_callers, fhir_server
from intake.fhir_server import FhirAddressError, FhirServer
from intake.help_lines import HelpLines, help_lines
from intake.invitee import read_email
from intake.mail import AddressError, MailServer
from intake.openid_settings import Provider, provider_from
from intake.webhook import Webhook, WebhookAddressError, check_address
from reports.documents import Paper

PREFIX = "INTAKE_"
KNOWN = (
    *("DATA", "DATABASE_URL", "CLINIC_NAME", "COUNTRY", "SECRET_KEY", "BASE_URL"),
    *("CLINIC_PHONE", "INVITATION_DAYS", "SMTP_URL", "MAIL_FROM", "ALERT_EMAIL", "LEAVE_URL", "PAPER"),
    *("PATIENT_QUIET_MINUTES", "STAFF_QUIET_MINUTES", "SECOND_FACTOR", "PROXIES"),
    *("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME", "OIDC_ROLE_CLAIM"),
    *("ALERT_WEBHOOK", "ALERT_WEBHOOK_KEY"),
    "APPROVAL",
    *("FHIR_URL", "FHIR_TOKEN_URL", "FHIR_CLIENT_ID", "FHIR_CLIENT_SECRET", "FHIR_SCOPE", "CDS_ISSUER", "CDS_KEYS"),
)
SHORTEST_KEY = 16  # characters
LONGEST_INVITATION = 366  # days
MOST_PROXIES = 5
SHORTEST_QUIET, LONGEST_QUIET = 5, 240  # minutes
PAPERS: dict[str, Paper] = {"a4": "A4", "letter": "Letter"}
LETTER_COUNTRIES = ("CA", "US")


class SettingsError(Exception):
    """The environment holds a setting that is not understood; the message says which and what to write instead."""


@dataclass(frozen=True)
class Settings:
    """Everything an installation can choose. `help_lines` follows from `country`."""

    data: Path
    database_url: str = field(repr=False)  # may hold a password
    clinic_name: str
    country: str
    given_secret_key: str | None = field(repr=False)
    base_url: str
    clinic_phone: str
    invitation_days: int
    smtp_url: str = field(repr=False)  # may hold a password
    mail_from: str
    alert_email: str
    alert_webhook: str = field(repr=False)  # may hold a secret
    alert_webhook_key: str = field(repr=False)
    leave_url: str
    paper: Paper
    patient_quiet_minutes: int
    approval: Literal["two", "one"]
    staff_quiet_minutes: int
    second_factor: Literal["required", "optional"]
    fhir_url: str
    fhir_token_url: str
    fhir_client_id: str
    fhir_client_secret: str = field(repr=False)
    fhir_scope: str
    proxies: int
    openid: Provider | None = field(repr=False)  # holds a secret
    cds_issuer: str
    cds_keys: str

    @property
    def secret_key(self) -> str:
        """What sessions and links are signed with: as given, else made once and kept in the data folder."""
        return self.given_secret_key or kept_secret_key(self.data)

    @property
    def needs_approval(self) -> bool:
        """Whether a second admin approves what is published."""
        return self.approval == "two"

    @property
    def needs_second_factor(self) -> bool:
        """Whether staff sign in with two factors."""
        return self.second_factor == "required"

    @property
    def mail_server(self) -> MailServer | None:
        """Where mails are handed over; None: they are written to a folder in the data folder."""
        return MailServer.from_url(self.smtp_url) if self.smtp_url else None

    @property
    def webhook(self) -> Webhook | None:
        """Where alerts are posted beside the e-mails; None: nowhere."""
        return Webhook(self.alert_webhook, self.alert_webhook_key) if self.alert_webhook else None

    @property
    def fhir_server(self) -> FhirServer | None:
        """Where signed screenings are handed over; None: nowhere."""
        if not self.fhir_url:
            return None
        return FhirServer(
            self.fhir_url, self.fhir_token_url, self.fhir_client_id, self.fhir_client_secret, self.fhir_scope
        )

    @property
    def help_lines(self) -> HelpLines:
        """The numbers to call in the clinic's country."""
        return help_lines()[self.country]

    @staticmethod
    def from_environment(environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings. Raises `SettingsError`."""
        given = {
            name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX) and value
        }
        for name in given:
            if name not in KNOWN:
                near = get_close_matches(name, KNOWN, n=1)
                hint = f"did you mean {PREFIX}{near[0]}?" if near else f"known: {', '.join(KNOWN)}"
                raise SettingsError(f"{PREFIX}{name}: there is no such setting; {hint}")
        data = Path(given.get("DATA", "data")).resolve()
        return Settings(
            data=data,
            database_url=_database_url(given.get("DATABASE_URL", f"sqlite:///{data / 'intake.sqlite'}")),
            clinic_name=given.get("CLINIC_NAME", "Riverside Clinic"),
            country=_country(given.get("COUNTRY", "GB").upper()),
            given_secret_key=_long_enough("SECRET_KEY", given.get("SECRET_KEY")),
            base_url=_web_address("BASE_URL", given.get("BASE_URL", "http://127.0.0.1:5000").rstrip("/")),
            clinic_phone=given.get("CLINIC_PHONE", ""),
            invitation_days=_whole(
                "INVITATION_DAYS", given.get("INVITATION_DAYS", "30"), 1, LONGEST_INVITATION, "days"
            ),
            smtp_url=_smtp_url(given.get("SMTP_URL", "")),
            mail_from=_mail_address(given, "MAIL_FROM", "intake@localhost.localdomain"),
            alert_email=_mail_address(given, "ALERT_EMAIL", "clinic@localhost.localdomain"),
            alert_webhook=_webhook(given.get("ALERT_WEBHOOK", ""), given.get("ALERT_WEBHOOK_KEY", "")),
            alert_webhook_key=given.get("ALERT_WEBHOOK_KEY", ""),
            paper=_paper(given.get("PAPER", ""), given.get("COUNTRY", "GB").upper()),
            leave_url=_web_address("LEAVE_URL", given.get("LEAVE_URL", "https://www.bbc.co.uk/weather")),
            patient_quiet_minutes=_whole(
                "PATIENT_QUIET_MINUTES",
                given.get("PATIENT_QUIET_MINUTES", "30"),
                SHORTEST_QUIET,
                LONGEST_QUIET,
                "minutes",
            ),
            approval=_approval(given.get("APPROVAL", "two").lower()),
            staff_quiet_minutes=_whole(
                "STAFF_QUIET_MINUTES", given.get("STAFF_QUIET_MINUTES", "15"), SHORTEST_QUIET, LONGEST_QUIET, "minutes"
            ),
            proxies=_whole("PROXIES", given.get("PROXIES", "0"), 0, MOST_PROXIES, "proxies in front"),
            openid=_openid(given),
            second_factor=_second_factor(given.get("SECOND_FACTOR", "required").lower()),
            **_record_system(given),
        )


def _database_url(url: str) -> str:
    try:
        make_url(url)
    except ArgumentError as error:  # the address is not repeated: it may hold a password
        raise SettingsError(
            "INTAKE_DATABASE_URL: this is not an address; write sqlite:////folder/file.sqlite"
        ) from error
    return url


def _country(country: str) -> str:
    if country not in help_lines():
        raise SettingsError(f"INTAKE_COUNTRY: {country!r} is not known; use one of {', '.join(help_lines())}")
    return country


def _paper(name: str, country: str) -> Paper:
    paper = PAPERS.get(name.lower())
    if name and paper is None:
        raise SettingsError(f"INTAKE_PAPER: {name!r} is not known; use one of {', '.join(PAPERS.values())}")
    return paper or ("Letter" if country in LETTER_COUNTRIES else "A4")


def _approval(people: str) -> Literal["two", "one"]:
    if people not in ("two", "one"):
        raise SettingsError(f"INTAKE_APPROVAL: {people!r} is not known; use two, or one for a single admin")
    return "two" if people == "two" else "one"


def _openid(given: Mapping[str, str]) -> Provider | None:
    try:
        return provider_from(given)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _second_factor(choice: str) -> Literal["required", "optional"]:
    if choice not in ("required", "optional"):
        raise SettingsError(f"INTAKE_SECOND_FACTOR: {choice!r} is not known; use required or optional")
    return "required" if choice == "required" else "optional"


def _long_enough(name: str, key: str | None) -> str | None:
    if key is not None and len(key) < SHORTEST_KEY:
        raise SettingsError(f"INTAKE_{name}: {len(key)} characters can be guessed; give at least {SHORTEST_KEY}")
    return key


def _webhook(url: str, key: str) -> str:
    if bool(url) != bool(key):
        missing = "INTAKE_ALERT_WEBHOOK" if not url else "INTAKE_ALERT_WEBHOOK_KEY"
        raise SettingsError(f"{missing}: needed too; a webhook has an address and the key that it is signed with")
    _long_enough("ALERT_WEBHOOK_KEY", key or None)
    try:
        if url:
            check_address(url)
    except WebhookAddressError as error:
        raise SettingsError(f"INTAKE_ALERT_WEBHOOK: {error}") from error
    return url


def _record_system(given: Mapping[str, str]) -> dict[str, str]:
    try:
        return fhir_server.settings_from(given) | cds_callers.settings_from(given)
    except FhirAddressError as error:
        raise SettingsError(f"INTAKE_{error.setting}: {error}") from error


def _web_address(name: str, url: str) -> str:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise SettingsError(f"INTAKE_{name}: {url!r} is not an address; write https://intake.example.org")
    return url


def _whole(name: str, text: str, least: int, most: int, unit: str) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingsError(f"INTAKE_{name}: {text!r} is not a number of {unit} from {least} to {most}")
    return int(text)


def _smtp_url(url: str) -> str:
    try:
        if url:
            MailServer.from_url(url)
    except AddressError as error:
        raise SettingsError(f"INTAKE_SMTP_URL: {error}") from error
    return url


def _mail_address(given: Mapping[str, str], name: str, otherwise: str) -> str:
    """An address; with a real mail server it must be given, since an urgent mail to nobody helps nobody."""
    if name not in given and given.get("SMTP_URL"):
        raise SettingsError(f"INTAKE_{name}: needed where INTAKE_SMTP_URL is set; write clinic@example.org")
    try:
        return read_email(given.get(name, otherwise))
    except ValueError:
        raise SettingsError(
            f"INTAKE_{name}: {given[name]!r} is not an e-mail address; write clinic@example.org"
        ) from None


def kept_secret_key(data: Path) -> str:
    """Return the key in the data folder; make it if there is none. Processes that start together end up with one."""
    path = data / "secret_key"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=data, encoding="ascii") as file:  # mode 0600
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)  # whole or not at all, and never over another's
    return path.read_text(encoding="ascii")
