"""Mails: what they say and do not say, and how a real mail server takes or refuses them."""

import re
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake import invitations, mailing, outbox
from intake.choices import SettingsError
from intake.database import Database
from intake.invitations import Invitation, Try
from intake.invitee import Invitee
from intake.mail import AddressError, MailError, MailServer, hand_over, message
from intake.outbox import Kind
from intake.settings import Settings
from tests.intake.mail_server import CERTIFICATE, PASSWORD, USER, Mailbox, a_free_port, mail_server

BORN = date(1970, 5, 17)
SOON = datetime.now().astimezone() + timedelta(days=9)
ADA = Invitee("Ada Examplova", BORN, SOON, "ada@example.org", "020 7946 0000")


def a_mail(subject: str = "Hello") -> EmailMessage:
    return message(sender="a@example.org", to="b@example.org", subject=subject, text="Hi\n", html="<p>Hi</p>", key="k")


def set_up(settings: Settings, **more: str) -> Settings:
    """The same clinic with more settings."""
    environ = {
        "INTAKE_DATA": str(settings.data),
        "INTAKE_DATABASE_URL": settings.database_url,
        "INTAKE_SECRET_KEY": settings.secret_key,
    }
    addresses = {"INTAKE_MAIL_FROM": "intake@clinic.example", "INTAKE_ALERT_EMAIL": "desk@clinic.example"}
    return Settings.from_environment({**environ, **addresses, "INTAKE_CLINIC_NAME": "Harbour Clinic", **more})


def invite(database: Database, settings: Settings, who: Invitee = ADA) -> Invitation:
    with database.writing() as session:
        return invitations.create(session, settings.secret_key, who, 30)


def waiting(database: Database) -> list[str]:
    with database.reading() as session:
        return outbox.waiting(session, set(Kind) - {Kind.WEBHOOK})


def send_all(database: Database, settings: Settings) -> None:
    for mail_id in waiting(database):
        mailing.send(database, settings, mail_id)


def mails(settings: Settings) -> list[EmailMessage]:
    """The mails in the folder."""
    paths = sorted((settings.data / "mail").glob("*.eml"))
    read = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    return [mail for mail in read if isinstance(mail, EmailMessage)]


def words(mail: EmailMessage) -> str:
    """All that a mail says, headers and both bodies."""
    bodies = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *bodies])


class TestWhatTheySay:
    def test_an_invitation_holds_the_link_and_no_more_of_the_patient_than_the_address(
        self, database: Database, settings: Settings
    ):
        settings = set_up(settings, INTAKE_CLINIC_PHONE="020 7946 1111")
        invitation = invite(database, settings)
        send_all(database, settings)
        (mail,) = mails(settings)
        with database.reading() as session:
            token = invitations.link_token(session, settings.secret_key, invitation)
        assert mail["To"] == "ada@example.org"
        assert mail["From"] == "Harbour Clinic <intake@clinic.example>"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
        for part in mail.iter_parts():
            text = part.get_content()
            assert f"http://127.0.0.1:5000/start/{token}" in text
            assert "020 7946 1111" in text
            assert "999" in text
        said = words(mail)
        for secret in ("Ada", "Examplova", "1970", "020 7946 0000", SOON.strftime("%-d %B %Y, %H:%M")):
            assert secret not in said

    def test_an_invitation_is_written_in_the_patients_language(self, database: Database, settings: Settings):
        settings = set_up(settings, INTAKE_CLINIC_PHONE="020 7946 1111")
        invite(database, settings, Invitee("Ana Ejemplo", BORN, email="ana@example.org", language="es"))
        send_all(database, settings)
        (mail,) = mails(settings)
        assert mail["Subject"] == "Preguntas antes de su cita en Harbour Clinic"
        said = words(mail)
        for spanish in ("Abra este enlace", "fecha de nacimiento", "El enlace funciona hasta el", '<html lang="es">'):
            assert spanish in said
        assert "appointment" not in said

    def test_a_locked_link_is_told_to_the_clinic_without_a_name(self, database: Database, settings: Settings):
        settings = set_up(settings)
        invitation = invite(database, settings, Invitee("Ada Examplova", BORN))
        with database.writing() as session:
            tried = [invitations.try_date(session, invitation.encounter_id, date(1980, 1, day)) for day in range(1, 9)]
        assert tried.count(Try.LOCKED) == 4
        send_all(database, settings)
        (mail,) = mails(settings)
        assert mail["To"] == "desk@clinic.example"
        assert f"/desk/{invitation.encounter_id}" in words(mail)
        assert "Ada" not in words(mail)
        assert "1970" not in words(mail)

    def test_no_template_uses_anything_but_the_clinics_own_words_and_a_link(self):
        folder = Path(mailing.TEMPLATES) / "mail"
        used = {name for path in folder.iterdir() for name in re.findall(r"{[{%] *(?:if )?(\w+)", path.read_text())}
        keywords = {"block", "endblock", "extends", "endif"}
        assert used - keywords - {"_"} <= {"clinic", "phone", "emergency", "link", "until", "subject", "language"}
        filled_in = {name for path in folder.iterdir() for name in re.findall(r"\w+=(\w+)", path.read_text())}
        assert filled_in <= {"clinic", "phone", "emergency", "until", "device"}


class TestTheOutbox:
    def test_without_an_address_there_is_no_mail(self, database: Database, settings: Settings):
        invite(database, settings, Invitee("Ada", BORN))
        assert waiting(database) == []

    def test_a_mail_is_sent_once_however_often_it_is_asked_for(self, database: Database, settings: Settings):
        invite(database, settings)
        (mail_id,) = waiting(database)
        for _ in range(3):
            mailing.send(database, settings, mail_id)
        assert len(mails(settings)) == 1
        assert waiting(database) == []

    def test_a_mail_that_was_handed_over_by_a_process_that_died_then_is_the_same_mail_again(
        self, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ):
        invite(database, settings)
        with monkeypatch.context() as patch:
            patch.setattr(outbox, "mark_sent", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                send_all(database, settings)
        (first,) = mails(settings)
        send_all(database, settings)
        (second,) = mails(settings)
        assert first["Message-ID"] == second["Message-ID"]

    def test_a_new_link_is_mailed_and_the_mail_of_the_old_one_is_not(self, database: Database, settings: Settings):
        invitation = invite(database, settings)
        with database.writing() as session:
            invitations.renew(session, settings.secret_key, invitation.encounter_id, 30)
        assert len(waiting(database)) == 2
        send_all(database, settings)
        assert waiting(database) == []
        (mail,) = mails(settings)
        with database.reading() as session:
            found = invitations.find(session, invitation.encounter_id)
            assert found is not None
            assert str(invitations.link_token(session, settings.secret_key, found)) in words(mail)

    def test_a_cancelled_invitation_is_not_mailed(self, database: Database, settings: Settings):
        invitation = invite(database, settings)
        with database.writing() as session:
            invitations.cancel(session, invitation.encounter_id)
        send_all(database, settings)
        assert mails(settings) == []
        assert waiting(database) == []

    def test_what_is_rolled_back_is_not_mailed(self, database: Database, settings: Settings):
        def create_and_fail() -> None:
            with database.writing() as session:
                invitations.create(session, settings.secret_key, ADA, 30)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            create_and_fail()
        assert waiting(database) == []

    def test_mails_to_the_clinic_go_first(self, database: Database, settings: Settings):
        invitation = invite(database, settings)
        with database.writing() as session:
            outbox.add(session, Kind.ALERT, invitation.encounter_id, "emergency")
        with database.reading() as session:
            kinds = [outbox.find(session, mail_id) for mail_id in outbox.waiting(session)]
        assert [mail.kind for mail in kinds if mail] == [Kind.ALERT, Kind.INVITATION]


class TestARealServer:
    def test_a_mail_arrives(self, tmp_path: Path):
        with mail_server(Mailbox()) as mailbox:
            hand_over(a_mail("Grüße"), MailServer.from_url(f"smtp://127.0.0.1:{mailbox.port}"), tmp_path, "somebody")
        (mail,) = mailbox.arrived
        assert mail["Subject"] == "Grüße"
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
    @pytest.mark.parametrize(("secure", "scheme"), [("starttls", "smtp+starttls"), ("tls", "smtps")])
    def test_it_goes_over_a_secure_line_with_a_password(self, tmp_path: Path, monkeypatch, secure: str, scheme: str):
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        with mail_server(Mailbox(), secure=secure, login=True) as mailbox:
            url = f"{scheme}://{USER}:pass%3Aword%401@localhost:{mailbox.port}"
            assert MailServer.from_url(url).password == PASSWORD
            hand_over(a_mail(), MailServer.from_url(url), tmp_path, "somebody")
            with pytest.raises(MailError, match="does not take the user and password"):
                hand_over(a_mail(), MailServer.from_url(url.replace("word", "sword")), tmp_path, "somebody")
        assert len(mailbox.arrived) == 1

    def test_a_server_that_nobody_vouches_for_gets_nothing(self, tmp_path: Path):
        with mail_server(Mailbox(), secure="starttls") as mailbox:
            url = f"smtp+starttls://localhost:{mailbox.port}"
            with pytest.raises(MailError, match="cannot be reached") as refused:
                hand_over(a_mail(), MailServer.from_url(url), tmp_path, "somebody")
        assert not refused.value.for_good
        assert mailbox.arrived == []

    def test_a_server_that_is_away_is_tried_again(self, tmp_path: Path):
        with pytest.raises(MailError, match="cannot be reached") as refused:
            hand_over(a_mail(), MailServer.from_url(f"smtp://127.0.0.1:{a_free_port()}"), tmp_path, "somebody")
        assert not refused.value.for_good

    @pytest.mark.parametrize(
        ("answer", "for_good"),
        [
            ("550 5.1.1 No such user", True),
            ("450 4.2.0 Greylisted, come back later", False),
            ("550 5.7.1 We do not relay", False),
            ("452 4.3.1 Disk full", False),
        ],
    )
    def test_a_refused_address_is_given_up_only_where_it_is_wrong(self, tmp_path: Path, answer: str, for_good: bool):
        with mail_server(Mailbox(answers=[answer])) as mailbox, pytest.raises(MailError) as refused:
            hand_over(a_mail(), MailServer.from_url(f"smtp://127.0.0.1:{mailbox.port}"), tmp_path, "somebody")
        assert refused.value.for_good == for_good
        assert answer in str(refused.value)

    def test_a_patients_wrong_address_is_told_and_not_tried_again(self, database: Database, settings: Settings):
        with mail_server(Mailbox(answers=["550 5.1.1 No such user"])) as mailbox:
            settings = set_up(settings, INTAKE_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}")
            invitation = invite(database, settings)
            send_all(database, settings)
            assert waiting(database) == []
        with database.reading() as session:
            mail = outbox.last_invitations(session, [invitation.encounter_id])[invitation.encounter_id]
        assert "No such user" in mail.problem
        assert mail.dropped_at is not None

    def test_an_alert_is_never_given_up(self, database: Database, settings: Settings):
        with mail_server(Mailbox(answers=["550 5.1.1 No such user"])) as mailbox:
            settings = set_up(settings, INTAKE_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}")
            invitation = invite(database, settings, Invitee("Ada", BORN))
            with database.writing() as session:
                outbox.add(session, Kind.ALERT, invitation.encounter_id, "emergency")
            with pytest.raises(MailError):
                send_all(database, settings)
            with database.reading() as session:
                assert len(outbox.to_clinic_failing(session)) == 1
            send_all(database, settings)
            assert [mail["To"] for mail in mailbox.arrived] == ["desk@clinic.example"]
        with database.reading() as session:
            assert outbox.to_clinic_failing(session) == []


class TestAddresses:
    @pytest.mark.parametrize(
        ("url", "server"),
        [
            ("smtp://127.0.0.1", MailServer("smtp", "127.0.0.1", 25)),
            ("smtp://user:x@localhost", MailServer("smtp", "localhost", 25, "user", "x")),
            ("smtp+starttls://mail.example.org", MailServer("smtp+starttls", "mail.example.org", 587)),
            ("smtps://u%40b:p%2F@mail.example.org:1465", MailServer("smtps", "mail.example.org", 1465, "u@b", "p/")),
            ("smtps://[::1]/", MailServer("smtps", "::1", 465)),
        ],
    )
    def test_addresses_are_read(self, url: str, server: MailServer):
        assert MailServer.from_url(url) == server

    @pytest.mark.parametrize(
        "url",
        ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://h:port", "smtps://h/path", "smtps://[::1"],
    )
    def test_others_are_refused_with_an_example(self, url: str):
        with pytest.raises(AddressError, match=r"mail\.example\.org:587"):
            MailServer.from_url(url)

    def test_a_password_does_not_travel_in_the_clear(self):
        with pytest.raises(AddressError, match="must not travel in the clear") as refused:
            MailServer.from_url("smtp://user:hidden@mail.example.org")
        assert "hidden" not in str(refused.value)

    @given(st.text())
    def test_any_text_is_an_address_or_refused(self, text: str):
        try:
            MailServer.from_url(text)
        except AddressError:
            return

    @pytest.mark.parametrize("missing", ["MAIL_FROM", "ALERT_EMAIL"])
    def test_with_a_real_server_both_addresses_are_needed(self, missing: str):
        given = {"SMTP_URL": "smtp://127.0.0.1", "MAIL_FROM": "a@example.org", "ALERT_EMAIL": "b@example.org"}
        environ = {f"INTAKE_{name}": value for name, value in given.items() if name != missing}
        with pytest.raises(SettingsError, match=f"INTAKE_{missing}: needed"):
            Settings.from_environment(environ)

    def test_the_password_does_not_show(self):
        environ = {"INTAKE_SMTP_URL": "smtps://user:hidden@mail.example.org"}
        given = {"INTAKE_MAIL_FROM": "a@example.org", "INTAKE_ALERT_EMAIL": "b@example.org"}
        assert "hidden" not in repr(Settings.from_environment(environ | given))
        with pytest.raises(SettingsError) as refused:
            Settings.from_environment(given | {"INTAKE_SMTP_URL": "smtpx://user:hidden@mail.example.org"})
        assert "hidden" not in str(refused.value)
