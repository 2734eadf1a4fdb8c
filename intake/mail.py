"""Handing over one mail: to a mail server by SMTP, or, where none is set, as a file in a folder of the data folder."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

FOLDER = "mail"  # in the data folder
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
PATIENCE = 30  # seconds for each answer of the mail server
NO_SUCH_BOX = (550, 551, 553)  # what a server answers where trying the same address again would not help …
OUR_FAULT = "5.7."  # … unless it goes on like this: it does not want mails of ours, which can be mended
HINT = "write smtp+starttls://user:password@mail.example.org:587, smtps://… or smtp://…"


class AddressError(ValueError):
    """A mail server's address is not understood; the message says what to write, and repeats no password."""


class MailError(Exception):
    """A mail was not handed over. `for_good`: the server will not take it later either."""

    def __init__(self, problem: str, *, for_good: bool = False) -> None:
        super().__init__(problem)
        self.for_good = for_good


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over. `scheme` is smtp (plain), smtp+starttls or smtps."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @staticmethod
    def from_url(url: str) -> "MailServer":
        """Read an address like smtp+starttls://user:password@mail.example.org:587. Raises `AddressError`."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise AddressError(f"this is not an address; {HINT}") from None
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise AddressError(f"this is not an address of a mail server; {HINT}")
        if parts.scheme == "smtp" and parts.username and not is_this_machine(parts.hostname):
            raise AddressError("a password must not travel in the clear; write smtp+starttls:// or smtps://")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return MailServer(parts.scheme, parts.hostname, port or PORTS[parts.scheme], user, password)


def is_this_machine(host: str) -> bool:
    """Whether a host's name or address is this machine's own, so that nothing travels."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def message(*, sender: str, to: str, subject: str, text: str, html: str, key: str) -> EmailMessage:
    """Return a mail in plain text and HTML. The same key gives the same Message-ID, so that a repeat can be told."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = f"<{sha256(key.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2].strip('> ')}>"
    mail["Auto-Submitted"] = "auto-generated"  # no answers of absence, please
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    return mail


def hand_over(mail: EmailMessage, server: MailServer | None, data: Path, about: str) -> None:
    """Give a mail to the server, or write it to the folder where there is none. Raises `MailError`.

    `about` is the id of the encounter that it is about: the file is named after it, so that `forget` finds it.
    """
    if server is None:
        _write(mail, data / FOLDER, about)
        return
    with _told_in_words(), _connection(server) as connection:
        connection.send_message(mail)


def forget(data: Path, about: str) -> None:
    """Delete the mails that were written to the folder about an encounter. Raises `OSError`."""
    for file in (data / FOLDER).glob(f"{about}-*.eml"):
        file.unlink(missing_ok=True)


def reach(server: MailServer) -> None:
    """Connect and sign in to a mail server, and send nothing. Raises `MailError`."""
    with _told_in_words(), _connection(server) as connection:
        connection.noop()


@contextmanager
def _told_in_words() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        said = _said(words)
        for_good = code in NO_SUCH_BOX and not said.startswith(OUR_FAULT)
        raise MailError(f"the mail server refused the address: {code} {said}", for_good=for_good) from None
    except smtplib.SMTPAuthenticationError as error:
        raise MailError(f"the mail server does not take the user and password ({error.smtp_code})") from None
    except smtplib.SMTPResponseException as error:
        raise MailError(f"the mail server refused it: {error.smtp_code} {_said(error.smtp_error)}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailError(f"the mail server cannot be reached ({type(error).__name__})") from None


@contextmanager
def _connection(server: MailServer) -> Iterator[smtplib.SMTP]:
    trust = ssl.create_default_context()
    opened: smtplib.SMTP
    if server.scheme == "smtps":
        opened = smtplib.SMTP_SSL(server.host, server.port, timeout=PATIENCE, context=trust)
    else:
        opened = smtplib.SMTP(server.host, server.port, timeout=PATIENCE)
    with opened as connection:
        if server.scheme == "smtp+starttls":
            connection.starttls(context=trust)
        if server.user:
            connection.login(server.user, server.password)
        yield connection


def _said(words: bytes | str) -> str:
    return " ".join((words.decode(errors="replace") if isinstance(words, bytes) else words).split())


def _write(mail: EmailMessage, folder: Path, about: str) -> None:
    """Write whole or not at all; the same mail again takes the place of the first."""
    name = f"{about}-{str(mail['Message-ID']).strip('<>').partition('@')[0]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{name}"
        unfinished.write_bytes(bytes(mail))
        unfinished.replace(folder / f"{name}.eml")
    except OSError as error:
        raise MailError(f"cannot write to {folder} ({error.strerror})") from None
