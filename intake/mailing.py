"""What mails and the webhook say, and sending one: a link, and no name, no answer, nothing of what a flag is about."""

from dataclasses import dataclass
from email.utils import formataddr
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from intake import invitations, language, outbox, webhook
from intake.database import Database
from intake.folders import TEMPLATES
from intake.invitations import State
from intake.mail import MailError, hand_over, message
from intake.outbox import Kind, Mail
from intake.settings import Settings
from intake.webhook import WebhookError


@cache
def _words(code: str) -> Environment:
    """The templates in a language."""
    words = Environment(
        loader=FileSystemLoader(TEMPLATES / "mail"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words.install_gettext_translations(language.catalog(code), newstyle=True)  # type: ignore[attr-defined]
    return words


@dataclass(frozen=True)
class _Letter:
    """To whom, which template, and what the template may say."""

    to: str
    template: str
    subject: str
    link: str
    until: str = ""
    language: str = language.ENGLISH


@dataclass(frozen=True)
class _Call:
    """What the webhook is told."""

    body: bytes


def send(database: Database, settings: Settings, mail_id: str) -> None:
    """Send a mail, unless that has been done or it has nothing to say any more. Safe to repeat.

    Raises `MailError` where it is to be tried again.
    """
    with database.reading() as session:
        mail = outbox.find(session, mail_id)
    if mail is None or not mail.is_waiting:
        return
    message = _message(database, settings, mail)
    if message is None:
        with database.writing(mail.encounter_id) as session:
            outbox.drop(session, mail.key)
        return
    try:
        _send(settings, message, mail)
    except (MailError, WebhookError) as error:
        for_good = isinstance(error, MailError) and error.for_good and mail.kind is Kind.INVITATION
        with database.writing(mail.encounter_id) as session:
            outbox.mark_failed(session, mail.key, str(error), for_good=for_good)
        if for_good:
            return
        raise
    with database.writing(mail.encounter_id) as session:
        outbox.mark_sent(session, mail.key)


def _send(settings: Settings, what: _Letter | _Call, mail: Mail) -> None:
    if isinstance(what, _Letter):
        _send_mail(settings, what, mail)
    elif settings.webhook is not None:
        webhook.post(settings.webhook, what.body)


def _send_mail(settings: Settings, letter: _Letter, mail: Mail) -> None:
    values = {
        "clinic": settings.clinic_name,
        "phone": settings.clinic_phone,
        "emergency": settings.help_lines.emergency_number,
        "link": letter.link,
        "until": letter.until,
        "subject": letter.subject,
        "language": letter.language,
    }
    words = _words(letter.language)
    text, html = (words.get_template(f"{letter.template}.{kind}").render(values) for kind in ("txt", "html"))
    sender = formataddr((settings.clinic_name, settings.mail_from))
    made = message(sender=sender, to=letter.to, subject=letter.subject, text=text, html=html, key=mail.key)
    hand_over(made, settings.mail_server, settings.data, mail.encounter_id)


def _message(database: Database, settings: Settings, mail: Mail) -> _Letter | _Call | None:
    """What is said now; None where there is nothing to say any more, or no webhook to say it to."""
    if mail.kind is Kind.INVITATION:
        return _invitation(database, settings, mail)
    if mail.kind is Kind.LOCK:
        subject = "A patient’s link is locked"
        return _Letter(settings.alert_email, "lock", subject, f"{settings.base_url}/desk/{mail.encounter_id}")
    link = f"{settings.base_url}/clinician/{mail.encounter_id}"
    if mail.kind is Kind.WEBHOOK:
        return _Call(webhook.body_of(mail.key, link, mail.made_at)) if settings.webhook else None
    when = "now" if mail.key.endswith(outbox.NOW) else "today"
    return _Letter(settings.alert_email, "alert", f"Please look at the worklist {when}", link)


def _invitation(database: Database, settings: Settings, mail: Mail) -> _Letter | None:
    with database.reading() as session:
        found = invitations.find(session, mail.encounter_id)
        if found is None or not found.email or found.state not in (State.OPEN, State.LOCKED):
            return None
        if mail.key != outbox.mail_key(Kind.INVITATION, found.encounter_id, str(found.link_number)):
            return None  # a newer link has a mail of its own
        token = invitations.link_token(session, settings.secret_key, found)
    if token is None:
        return None
    until = language.day_and_time_in(found.language, found.expires_at) if found.expires_at else ""
    words = language.catalog(found.language).gettext("Questions before your appointment at %(clinic)s")
    subject = words % {"clinic": settings.clinic_name}
    return _Letter(found.email, "invitation", subject, f"{settings.base_url}/start/{token}", until, found.language)
