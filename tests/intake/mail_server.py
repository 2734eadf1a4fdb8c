"""A real mail server on the loopback, to be refused by, to be greylisted by, and to be switched off."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

CERTIFICATE = Path(__file__).parents[1] / "data" / "mail" / "test_certificate.pem"
KEY = CERTIFICATE.with_name("test_key.pem")
USER, PASSWORD = "clinic", "pass:word@1"


def a_free_port() -> int:
    """Return a port of the loopback that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Mailbox:
    """What arrived, and how the server behaves. `answers` are given to the next recipients in place of "250 OK"."""

    port: int = 0
    arrived: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    asked: int = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list) -> str:
        """Take a recipient, unless told otherwise."""
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail."""
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.arrived.append(mail)
        return "250 OK"


@contextmanager
def mail_server(mailbox: Mailbox, *, secure: str = "", login: bool = False) -> Iterator[Mailbox]:
    """Run a server until the end of the block, at the mailbox's port if it has one. `secure`: starttls or tls."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE, KEY)

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        given = (getattr(data, "login", b""), getattr(data, "password", b""))
        return AuthResult(success=given == (USER.encode(), PASSWORD.encode()), handled=False)

    mailbox.port = mailbox.port or a_free_port()
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.port,
        loop=asyncio.new_event_loop(),
        ssl_context=tls if secure == "tls" else None,
        tls_context=tls if secure == "starttls" else None,
        require_starttls=secure == "starttls",
        authenticator=check if login else None,
        auth_required=login,
        auth_require_tls=secure == "starttls",
        enable_SMTPUTF8=False,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
        controller.loop.close()
