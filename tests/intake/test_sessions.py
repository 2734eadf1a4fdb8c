"""Sessions when the machine's clock is put back: they go on, unless it was put back by more than half a day."""

import time

import pytest
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner

from intake.encounters import Encounter
from tests.conftest import come_in, sign_in

HOUR = 60 * 60  # seconds


def put_forward(patch: pytest.MonkeyPatch, hours: float) -> None:
    """Have sessions signed by a clock that is ahead."""
    patch.setattr(TimestampSigner, "get_timestamp", lambda _signer: int(time.time() + hours * HOUR))


@pytest.mark.parametrize(("hours", "status"), [(0, 200), (3, 200), (11, 200), (13, 403), (1000, 403)])
def test_a_patient_goes_on_after_the_clock_was_put_back(
    client: FlaskClient, ada: Encounter, monkeypatch: pytest.MonkeyPatch, hours: int, status: int
):
    with monkeypatch.context() as ahead:
        put_forward(ahead, hours)
        come_in(client, ada)
    assert client.get("/welcome").status_code == status


def test_staff_go_on_after_the_clock_was_put_back(client: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as ahead:
        put_forward(ahead, 3)
        sign_in(client, "clinician")
    assert client.get("/clinician").status_code == 200


def test_a_session_is_too_old_after_a_month(client: FlaskClient, ada: Encounter, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as behind:
        put_forward(behind, -24 * 32)
        come_in(client, ada)
    assert client.get("/welcome").status_code == 403


def test_a_session_that_was_changed_is_refused(client: FlaskClient, ada: Encounter):
    come_in(client, ada)
    cookie = client.get_cookie("session")
    assert cookie is not None
    content, signed_at, signature = cookie.value.rsplit(".", 2)
    for forged in (f"{content}.{signed_at[::-1]}.{signature}", f"{content[::-1]}.{signed_at}.{signature}"):
        client.set_cookie("session", forged)
        assert client.get("/welcome").status_code == 403
