"""What the mails say, and sending one. A mail holds a link, and no name, no answer, nothing of what a flag is about."""

from dataclasses import dataclass
from email.utils import formataddr

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from intake import invitations, outbox
from intake.database import Database
from intake.days import day_and_time
from intake.folders import TEMPLATES
from intake.invitations import State
from intake.mail import MailError, hand_over, message
from intake.outbox import Kind, Mail
from intake.settings import Settings

_WORDS = Environment(
    loader=FileSystemLoader(TEMPLATES / "mail"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class _Letter:
    """To whom, which template, and what the template may say."""

    to: str
    template: str
    subject: str
    link: str
    until: str = ""


def send(database: Database, settings: Settings, mail_id: str) -> None:
    """Send a mail, unless that has been done or it has nothing to say any more. Safe to repeat.

    Raises `MailError` where it is to be tried again.
    """
    with database.reading() as session:
        mail = outbox.find(session, mail_id)
        letter = _letter(database, settings, mail) if mail and mail.is_waiting else None
    if mail is None or not mail.is_waiting:
        return
    if letter is None:
        with database.writing() as session:
            outbox.drop(session, mail_id)
        return
    try:
        _send(settings, letter, mail.key)
    except MailError as error:
        with database.writing() as session:
            outbox.mark_failed(session, mail_id, str(error), for_good=error.for_good and mail.kind is Kind.INVITATION)
        if error.for_good and mail.kind is Kind.INVITATION:
            return
        raise
    with database.writing() as session:
        outbox.mark_sent(session, mail_id)


def _send(settings: Settings, letter: _Letter, key: str) -> None:
    values = {
        "clinic": settings.clinic_name,
        "phone": settings.clinic_phone,
        "emergency": settings.help_lines.emergency_number,
        "link": letter.link,
        "until": letter.until,
        "subject": letter.subject,
    }
    text, html = (_WORDS.get_template(f"{letter.template}.{kind}").render(values) for kind in ("txt", "html"))
    sender = formataddr((settings.clinic_name, settings.mail_from))
    mail = message(sender=sender, to=letter.to, subject=letter.subject, text=text, html=html, key=key)
    hand_over(mail, settings.mail_server, settings.data)


def _letter(database: Database, settings: Settings, mail: Mail) -> _Letter | None:
    """What a mail says now; None where it has nothing to say any more."""
    if mail.kind is Kind.INVITATION:
        return _invitation(database, settings, mail)
    if mail.kind is Kind.LOCK:
        subject = "A patient’s link is locked"
        return _Letter(settings.alert_email, "lock", subject, f"{settings.base_url}/desk/{mail.encounter_id}")
    when = "now" if mail.key.endswith(":emergency") else "today"
    subject = f"Please look at the worklist {when}"
    return _Letter(settings.alert_email, "alert", subject, f"{settings.base_url}/clinician/{mail.encounter_id}")


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
    until = day_and_time(found.expires_at) if found.expires_at else ""
    subject = f"Questions before your appointment at {settings.clinic_name}"
    return _Letter(found.email, "invitation", subject, f"{settings.base_url}/start/{token}", until)
