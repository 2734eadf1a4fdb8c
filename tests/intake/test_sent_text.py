"""Text with a NUL in it, which PostgreSQL does not store: it is taken out of all that is sent, whoever sends it."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from intake import drafts, invitations, staff
from intake.database import Database
from intake.encounters import Encounter
from intake.sent_text import CleanRequest, Sent, cleaned
from intake.staff import ROLES
from tests.conftest import come_in, sign_in
from tests.intake.test_accounts import routes

ALL_ROLES = "Kim of all roles"
NAME = "Kim\0 Lake"
EVERYWHERE = {"language", "way-back", "csrf_token"}  # asked for at each request


class Asked(Sent):
    """Sent fields that remember what was asked for."""

    names: set[str] = set()  # noqa: RUF012 - shared on purpose

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)

    def get(self, name: str, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, *args, **kwargs)

    def getlist(self, name: str, *args: Any, **kwargs: Any) -> list[Any]:  # type: ignore[override]
        self.names.add(name)
        return super().getlist(name, *args, **kwargs)


class ListeningRequest(CleanRequest):
    """A request that remembers which fields were asked for."""

    parameter_storage_class = Asked


@pytest.fixture
def kim(client: FlaskClient, database: Database) -> FlaskClient:
    """The browser of a member of staff who may do everything."""
    with database.writing() as session:
        staff.add(session, ALL_ROLES, ROLES)
    sign_in(client, "admin", ALL_ROLES)
    return client


def faults(app: Flask, who: str, ada: Encounter, method: str, address: str) -> list[str]:
    """Send a view all the fields that it asks for, each with a NUL, in every way; return what falls over."""

    def send(**how: Any) -> int:
        client = app.test_client()  # a new one each time: some views end the session
        if who == "patient":
            come_in(client, ada)
        elif who == "staff":
            sign_in(client, "admin", ALL_ROLES)
        answer = client.open(address, method=method, **how)
        answer.close()
        return answer.status_code

    Asked.names.clear()
    found, sent = [send()], set[str]()
    while Asked.names - sent - EVERYWHERE:  # more is asked for once the first is there
        sent = set(Asked.names)
        fields = dict.fromkeys(sorted(sent), NAME)
        found += [send(data=fields, query_string=fields)] if method == "POST" else [send(query_string=fields)]
    if method == "POST":
        found.append(send(json=dict.fromkeys(sent or EVERYWHERE, NAME)))
    return [f"{method} {address} with {sorted(sent)}: {status}" for status in found if status >= 500]


@pytest.mark.parametrize("who", ["nobody", "patient", "staff"])
def test_no_view_falls_over_a_nul_in_any_field_that_it_reads(
    app: Flask, kim: FlaskClient, database: Database, ada: Encounter, who: str
):
    draft = kim.post("/admin/drafts", data={"name": "Lower"}).location.rpartition("/")[2]
    app.request_class = ListeningRequest
    found = []
    for _, method, address in routes(app, ada.id):
        address = address.partition("?")[0].replace("/drafts/none", f"/drafts/{draft}")
        found += faults(app, who, ada, method, address)
    assert found == []


def test_an_address_with_a_nul_leads_nowhere(app: Flask, kim: FlaskClient):
    with app.test_request_context():
        addresses = {
            url_for(rule.endpoint, **{name: "1" if name == "number" else "a\0b" for name in rule.arguments})
            for rule in app.url_map.iter_rules()
            if rule.arguments - {"number", "filename"}
        }
    assert len(addresses) > 30
    for address in (*addresses, "/static/a%00b"):
        for answer in (kim.get(address), kim.post(address)):
            assert answer.status_code in (404, 405), address
            answer.close()


def test_what_is_typed_with_a_nul_is_stored_without(kim: FlaskClient, database: Database):
    draft = kim.post("/admin/drafts", data={"name": "Lower\0 it"}).location
    kim.post(f"{draft}/files", data={"file": "thyroid\0"})
    born = ["17", "5", "1970"]
    kim.post("/desk/new", data={"patient_name": "Ada\0 Example", "date_of_birth": born, "language": "en"})
    kim.post("/admin/staff/new", data={"name": NAME, "email": "kim\0@clinic.example", "roles": ["admin"]})
    with database.reading() as session:
        begun = drafts.find(session, draft.rpartition("/")[2])
        assert begun is not None
        assert begun.name == "Lower it"
        assert "thyroid.yaml" in begun.files
        assert [line.invitation.patient_name for line in invitations.listing(session)] == ["Ada Example"]
        assert "Kim Lake" in [one.name for one in staff.listing(session)]


def test_a_list_of_patients_with_a_nul_in_a_cell_is_read(kim: FlaskClient):
    table = b"name,date_of_birth,email\nAda\0 Example,17.5.1970,ada\0@example.org\n"
    answer = kim.post("/desk/import", data={"file": (BytesIO(table), "patients\0.csv")})
    assert answer.status_code < 500


def test_json_is_cleaned_however_deep():
    assert cleaned({"a\0": ["b\0", {"c": "\0"}], "d": 1}) == {"a": ["b", {"c": ""}], "d": 1}
    assert cleaned(date(2026, 1, 2)) == date(2026, 1, 2)
