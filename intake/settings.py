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

from intake import choices
from intake.choices import SettingsError
from intake.fhir_server import FhirServer
from intake.help_lines import HelpLines, help_lines
from intake.mail import MailServer
from intake.master_keys import KeyPlaces
from intake.openid_settings import Provider
from intake.webhook import Webhook
from reports.documents import Paper

PREFIX = "INTAKE_"
KNOWN = (
    *("DATA", "DATABASE_URL", "CLINIC_NAME", "COUNTRY", "SECRET_KEY", "BASE_URL"),
    *("MASTER_KEY", "MASTER_KEY_FILE", "KEYS_URL"),
    *("CLINIC_PHONE", "INVITATION_DAYS", "SMTP_URL", "MAIL_FROM", "ALERT_EMAIL", "LEAVE_URL", "PAPER"),
    *("PATIENT_QUIET_MINUTES", "STAFF_QUIET_MINUTES", "SECOND_FACTOR", "PROXIES"),
    *("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME", "OIDC_ROLE_CLAIM"),
    *("ALERT_WEBHOOK", "ALERT_WEBHOOK_KEY"),
    *("APPROVAL", "LOG_LEVEL", "METRICS_TOKEN"),
    *("KEEP_UNFINISHED_DAYS", "KEEP_YEARS", "BACKUP_KEY"),
    *("FHIR_URL", "FHIR_TOKEN_URL", "FHIR_CLIENT_ID", "FHIR_CLIENT_SECRET", "FHIR_SCOPE", "CDS_ISSUER", "CDS_KEYS"),
)
LONGEST_INVITATION = 366  # days
MOST_PROXIES = 5
SHORTEST_QUIET, LONGEST_QUIET = 5, 240  # minutes
LONGEST_UNFINISHED, LONGEST_FINISHED = 366, 100  # days, years


@dataclass(frozen=True)
class Settings:
    """Everything an installation can choose. `help_lines` follows from `country`."""

    data: Path
    database_url: str = field(repr=False)  # may hold a password
    key_places: KeyPlaces
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
    log_level: Literal["info", "warning"]
    metrics_token: str = field(repr=False)
    keep_unfinished_days: int
    keep_years: int
    backup_key: str = field(repr=False)

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
            database_url=choices.database_url(given.get("DATABASE_URL", f"sqlite:///{data / 'intake.sqlite'}")),
            key_places=choices.key_places(given, data),
            clinic_name=given.get("CLINIC_NAME", "Riverside Clinic"),
            country=choices.country(given.get("COUNTRY", "GB").upper()),
            given_secret_key=choices.long_enough("SECRET_KEY", given.get("SECRET_KEY")),
            base_url=choices.web_address("BASE_URL", given.get("BASE_URL", "http://127.0.0.1:5000").rstrip("/")),
            clinic_phone=given.get("CLINIC_PHONE", ""),
            invitation_days=choices.whole(
                "INVITATION_DAYS", given.get("INVITATION_DAYS", "30"), 1, LONGEST_INVITATION, "days"
            ),
            smtp_url=choices.smtp_url(given.get("SMTP_URL", "")),
            mail_from=choices.mail_address(given, "MAIL_FROM", "intake@localhost.localdomain"),
            alert_email=choices.mail_address(given, "ALERT_EMAIL", "clinic@localhost.localdomain"),
            alert_webhook=choices.webhook(given.get("ALERT_WEBHOOK", ""), given.get("ALERT_WEBHOOK_KEY", "")),
            alert_webhook_key=given.get("ALERT_WEBHOOK_KEY", ""),
            paper=choices.paper(given.get("PAPER", ""), given.get("COUNTRY", "GB").upper()),
            leave_url=choices.web_address("LEAVE_URL", given.get("LEAVE_URL", "https://www.bbc.co.uk/weather")),
            patient_quiet_minutes=choices.whole(
                "PATIENT_QUIET_MINUTES",
                given.get("PATIENT_QUIET_MINUTES", "30"),
                SHORTEST_QUIET,
                LONGEST_QUIET,
                "minutes",
            ),
            approval=choices.approval(given.get("APPROVAL", "two").lower()),
            staff_quiet_minutes=choices.whole(
                "STAFF_QUIET_MINUTES", given.get("STAFF_QUIET_MINUTES", "15"), SHORTEST_QUIET, LONGEST_QUIET, "minutes"
            ),
            proxies=choices.whole("PROXIES", given.get("PROXIES", "0"), 0, MOST_PROXIES, "proxies in front"),
            openid=choices.openid(given),
            second_factor=choices.second_factor(given.get("SECOND_FACTOR", "required").lower()),
            log_level=choices.log_level(given.get("LOG_LEVEL", "warning").lower()),
            metrics_token=choices.long_enough("METRICS_TOKEN", given.get("METRICS_TOKEN")) or "",
            keep_unfinished_days=choices.whole(
                "KEEP_UNFINISHED_DAYS", given.get("KEEP_UNFINISHED_DAYS", "30"), 1, LONGEST_UNFINISHED, "days"
            ),
            keep_years=choices.whole("KEEP_YEARS", given.get("KEEP_YEARS", "8"), 1, LONGEST_FINISHED, "years"),
            backup_key=choices.long_enough("BACKUP_KEY", given.get("BACKUP_KEY")) or "",
            **choices.record_system(given),
        )


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
