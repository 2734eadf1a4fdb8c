"""How staff sign in: link, password, second factor; waits after wrong tries; nothing tells who has an account."""

import re
from time import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from passlib.totp import TOTP
from werkzeug.test import TestResponse

from intake import credentials, security, tallies
from intake import sign_in as signing_in
from intake.accounts import LINK_SECONDS, link_token, sign_in_token
from intake.database import Database
from intake.sign_in import WRONG, safe_next
from intake.staff import Staff
from tests.conftest import member
from tests.conftest import sign_in as sign_in_at_once

EMAIL, PASSWORD = "ada@example.org", "four words nobody knows"


@pytest.fixture
def price(database: Database) -> Staff:
    """A clinician without a password yet."""
    return member(database, "clinician", "Dr Ada Price")


def link_of(app: Flask, database: Database, who: Staff) -> str:
    with database.writing() as session:
        number = credentials.new_link(session, who.id)
    return f"/sign-in/{link_token(str(app.secret_key), who.id, number)}"


def join(client: FlaskClient, link: str, email: str = EMAIL, password: str = PASSWORD) -> TestResponse:
    """Open a link and choose a password."""
    assert client.get(link).location == "/sign-in/new"
    return client.post("/sign-in/new", data={"email": email, "password": password, "again": password})


def code_of(key: str, offset: int = 0) -> str:
    return str(TOTP(key=key).generate(time() + offset).token)


def set_up_app(client: FlaskClient) -> tuple[str, list[str]]:
    """Set up an authenticator app; return its key and the recovery codes."""
    page = client.get("/account/second-factor/app").text
    key = re.search(r'class="key">([^<]+)<', page)[1].replace("-", "").replace(" ", "")
    done = client.post("/account/second-factor/app", data={"code": code_of(key)})
    return key, re.findall(r"<li>([0-9a-f-]{14})</li>", done.text)


@pytest.fixture
def joined(app: Flask, database: Database, price: Staff) -> tuple[str, list[str]]:
    """Dr Price has a password and an app: its key, and the recovery codes."""
    client = app.test_client()
    assert join(client, link_of(app, database, price)).location == "/account/second-factor"
    found = set_up_app(client)
    assert client.get("/clinician").status_code == 200
    return found


def give_password(client: FlaskClient, password: str = PASSWORD, email: str = EMAIL, **more: str) -> TestResponse:
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def test_a_link_leads_to_a_password_and_a_second_factor_and_then_in(joined: tuple[str, list[str]]):
    assert len(joined[1]) == 8


def test_password_alone_opens_nothing(client: FlaskClient, joined: tuple[str, list[str]]):
    assert give_password(client).location == "/sign-in/second"
    for page in ("/clinician", "/account", "/account/second-factor", "/account/second-factor/app"):
        assert client.get(page).status_code == 403


def test_who_never_set_up_a_second_factor_must_do_so_first(
    app: Flask, client: FlaskClient, database: Database, price: Staff
):
    join(app.test_client(), link_of(app, database, price))
    assert give_password(client).location == "/account/second-factor"
    assert client.get("/clinician").status_code == 403


def test_a_code_lets_in_once(app: Flask, client: FlaskClient, joined: tuple[str, list[str]]):
    code = code_of(joined[0], 30)
    give_password(client)
    assert client.post("/sign-in/second", data={"code": code}).location == "/clinician"
    assert client.get("/clinician").status_code == 200
    other = app.test_client()
    give_password(other)
    assert other.post("/sign-in/second", data={"code": code}).status_code == 422


def test_a_recovery_code_lets_in_once(app: Flask, joined: tuple[str, list[str]]):
    statuses = []
    for _ in range(2):
        client = app.test_client()
        give_password(client)
        statuses.append(client.post("/sign-in/second", data={"code": joined[1][0].upper()}).status_code)
    assert statuses == [303, 422]


@pytest.mark.parametrize("code", ["", "000000", "aaaa-bbbb-cccc", "é" * 6, "1" * 500])
def test_a_wrong_code_is_refused(client: FlaskClient, joined: tuple[str, list[str]], code: str):
    give_password(client)
    assert client.post("/sign-in/second", data={"code": code}).status_code == 422
    assert client.get("/clinician").status_code == 403


def test_unknown_addresses_and_wrong_passwords_are_answered_with_the_same_words(
    client: FlaskClient, joined: tuple[str, list[str]]
):
    key = re.compile(r'"[\w-]+\.[\w-]{6}\.[\w-]{27}"')  # the page's own, which holds the time
    pages = [key.sub("", give_password(client, "wrong password", mail).text) for mail in (EMAIL, "nobody@example.org")]
    assert WRONG in pages[0]
    assert pages[0].replace(EMAIL, "nobody@example.org") == pages[1]


def test_an_unknown_address_costs_a_password_check_too(
    client: FlaskClient, joined: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
):
    checked = []
    monkeypatch.setattr("intake.security.verify_password", lambda given, stored: checked.append(stored) or False)
    give_password(client, email="nobody@example.org")
    assert [one[:9] for one in checked] == ["$argon2id"]


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
def test_wrong_tries_are_followed_by_longer_and_longer_waits(
    app: Flask, joined: tuple[str, list[str]], email: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("intake.security.is_password_of", lambda found, given: given == PASSWORD and found is not None)
    for _ in range(tallies.FREE_TRIES):
        assert give_password(app.test_client(), "wrong password", email).status_code == 422
    waiting = give_password(app.test_client(), PASSWORD, email)
    assert waiting.status_code == 429, "the right password does not help during the wait"
    assert "Wait 1 minute" in waiting.text


def test_waits_double_up_to_a_quarter_of_an_hour(database: Database):
    waits = []
    for _ in range(12):
        with database.writing() as session:
            assert tallies.strike(session, "key", "password", "ada") is None
            row = session.query(tallies.TallyRow).one()
            waits.append(round((row.until - row.since).total_seconds()) if row.until else 0)
            row.until = None
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]


def test_the_second_factor_has_its_own_wait(app: Flask, joined: tuple[str, list[str]]):
    client = app.test_client()
    give_password(client)
    statuses = [client.post("/sign-in/second", data={"code": "000000"}).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


def test_a_new_password_ends_every_other_session(
    app: Flask, client: FlaskClient, joined: tuple[str, list[str]], price: Staff
):
    sign_in_at_once(client, "clinician", price.name)
    other = app.test_client()
    sign_in_at_once(other, "clinician", price.name)
    new = "five words that are new"
    assert client.post("/account/password", data={"password": new, "again": new}).status_code == 303
    assert client.get("/clinician").status_code == 200
    assert other.get("/clinician").status_code == 403
    assert give_password(app.test_client()).status_code == 422
    assert give_password(app.test_client(), new).status_code == 303


def test_the_account_is_not_changed_long_after_the_password_was_given(client: FlaskClient, price: Staff):
    sign_in_at_once(client, "clinician", price.name)
    with client.session_transaction() as session:
        session["fs_paa"] = time() - 3600
    for page in ("/account/password", "/account/second-factor", "/account/second-factor/app"):
        assert client.get(page).location == "/account/confirm"
    assert client.post("/account/codes").location == "/account/confirm"


def test_signing_out_ends_the_session(client: FlaskClient):
    sign_in_at_once(client, "clinician")
    assert client.post("/sign-in/out").status_code == 303
    assert client.get("/clinician").status_code == 403


def test_a_link_works_once(app: Flask, client: FlaskClient, database: Database, price: Staff):
    link = link_of(app, database, price)
    join(client, link)
    assert app.test_client().get(link).status_code == 403


def test_a_newer_link_shuts_out_the_one_before(app: Flask, client: FlaskClient, database: Database, price: Staff):
    before = link_of(app, database, price)
    link_of(app, database, price)
    refused = client.get(before)
    assert refused.status_code == 403
    assert "ask an admin for a new one" in refused.text


def test_an_old_link_is_refused(
    app: Flask, client: FlaskClient, database: Database, price: Staff, monkeypatch: pytest.MonkeyPatch
):
    link, later = link_of(app, database, price), time() + LINK_SECONDS + 2
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    assert client.get(link).status_code == 403


def test_a_link_that_two_use_at_the_same_moment_works_for_the_faster_one(
    app: Flask, database: Database, price: Staff, monkeypatch: pytest.MonkeyPatch
):
    link, hashed = link_of(app, database, price), security.hashed
    slow, fast = app.test_client(), app.test_client()
    slow.get(link)

    def while_the_other_is_faster(password: str) -> str:
        monkeypatch.setattr(security, "hashed", hashed)
        assert join(fast, link, password="other words nobody knows").status_code == 303
        return hashed(password)

    monkeypatch.setattr(security, "hashed", while_the_other_is_faster)
    late = slow.post("/sign-in/new", data={"email": EMAIL, "password": PASSWORD, "again": PASSWORD})
    assert late.status_code == 403
    assert give_password(app.test_client(), "other words nobody knows").status_code == 303


def test_a_forged_link_is_refused(app: Flask, client: FlaskClient, database: Database, price: Staff):
    genuine, key = link_of(app, database, price).removeprefix("/sign-in/"), str(app.secret_key)
    other_key = link_token("another key altogether", price.id, 1)
    not_invented = sign_in_token(key, price.id)
    other_purpose = URLSafeTimedSerializer(key, salt="password").dumps([price.id, 1])
    other_shape = URLSafeTimedSerializer(key, salt="staff sign-in").dumps(price.id)
    for forged in (genuine[:-1], genuine[::-1], other_key, not_invented, other_purpose, other_shape, "x"):
        assert client.get(f"/sign-in/{forged}").status_code == 403, forged


def test_an_invented_member_signs_in_by_the_link_alone(
    app: Flask, client: FlaskClient, database: Database, price: Staff
):
    with database.writing() as session:
        credentials.invent(session, price.id)
    assert client.get(f"/sign-in/{sign_in_token(str(app.secret_key), price.id)}").location == "/clinician"
    assert "invented" in client.get("/clinician").text


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaaaaaa", "x" * 201, "password123456", "Harbour2026!", "qwertyuiop1234"]
)
def test_a_password_that_is_easily_guessed_is_refused(
    app: Flask, client: FlaskClient, database: Database, price: Staff, password: str
):
    assert join(client, link_of(app, database, price), password=password).status_code == 422


def test_an_address_of_somebody_else_is_refused(
    app: Flask, client: FlaskClient, database: Database, joined: tuple[str, list[str]]
):
    refused = join(client, link_of(app, database, member(database, "admin", "Sam Rivers")), EMAIL.upper())
    assert refused.status_code == 422
    assert "another member" in refused.text


def test_after_signing_in_one_is_where_one_wanted_to_be(client: FlaskClient, joined: tuple[str, list[str]]):
    client.get("/desk/new")
    give_password(client)
    assert client.post("/sign-in/second", data={"code": joined[1][0]}).location == "/desk/new"


@pytest.mark.parametrize(
    "address", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "", None, "/\n/evil.example"]
)
def test_signing_in_never_leads_elsewhere(client: FlaskClient, joined: tuple[str, list[str]], address: str | None):
    assert safe_next(address) is None
    give_password(client, **{signing_in.NEXT: address} if address else {})
    assert client.post("/sign-in/second", data={"code": joined[1][1]}).location == "/clinician"


def test_what_is_stored_gives_no_password_no_code_and_no_secret_away(
    database: Database, joined: tuple[str, list[str]], price: Staff
):
    with database.reading() as session:
        stored = repr(vars(session.get(credentials.AccountRow, price.id)))
    assert "$argon2id$" in stored
    for secret in (PASSWORD, joined[0], *joined[1]):
        assert secret not in stored
