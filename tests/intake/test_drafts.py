"""Drafts: changed rule files that are kept as typed, checked, and never overwritten by another admin."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import drafts
from intake.admin_drafts import MOST_SHOWN
from intake.database import Database
from intake.drafts import DraftError
from intake.rulesets import Screeners
from intake.staff import Staff
from tests.conftest import member, sign_in

SEEN = re.compile(r'name="seen" value="(\w+)"')


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    """A browser that an admin has signed in with."""
    sign_in(client, "admin", "Sam Rivers")
    return client


@pytest.fixture
def sam(database: Database, screeners: Screeners) -> Staff:
    """An admin, where the small rule set is published."""
    return member(database, "admin", "Sam Rivers")


def begin(browser: FlaskClient, name: str = "Lower the threshold") -> str:
    """Begin a draft; return its address."""
    answer = browser.post("/admin/drafts", data={"name": name})
    assert answer.status_code == 303, answer.text
    return answer.location


def save(browser: FlaskClient, address: str, text: str, seen: str = "") -> tuple[int, str]:
    """Save a file as its page, opened just now, would; return the status and the page that follows."""
    seen = seen or SEEN.findall(browser.get(address).text)[0]
    answer = browser.post(address, data={"text": text, "seen": seen})
    return answer.status_code, browser.get(answer.location).text if answer.status_code == 303 else answer.text


def test_a_draft_is_begun_edited_renamed_and_discarded(admin: FlaskClient):
    draft = begin(admin)
    text = admin.get(f"{draft}/files/mood.yaml").text
    assert "PHQ-9" in text
    status, page = save(admin, f"{draft}/files/new.yaml", "x", "x")
    assert status == 404
    admin.post(f"{draft}/files", data={"file": "thyroid"})
    status, page = save(admin, f"{draft}/files/thyroid.yaml", "# Thyroid\r\nrules: {}\r\n")
    assert status == 303
    assert "No problem in this file" in page
    assert "thyroid.yaml" in admin.get("/admin/drafts").text
    admin.post(f"{draft}/name", data={"name": "Thyroid"})
    assert "Thyroid" in admin.get("/admin/drafts").text
    admin.post(f"{draft}/discard")
    assert admin.get(draft).status_code == 404
    assert "There is no draft now" in admin.get("/admin/drafts").text


def test_what_cannot_be_read_is_kept_as_typed_with_its_problem_and_place(admin: FlaskClient):
    draft = begin(admin)
    typed = "rules:\n  X1:\n\ttitle: <b>Tab</b>\n"
    status, page = save(admin, f"{draft}/files/diet.yaml", typed)
    assert status == 303
    assert "indent with spaces, never with tabs" in page
    assert "Line 3" in page
    assert "&lt;b&gt;Tab&lt;/b&gt;" in page
    assert "Saved." in page
    assert "1 problem" in admin.get(draft).text


def test_the_problems_are_those_of_the_command_line(admin: FlaskClient):
    draft = begin(admin)
    address = f"{draft}/files/connection.yaml"
    text = admin.get(address).text
    assert "No problem" in text
    with admin.application.extensions["intake"].database.reading() as session:
        now = drafts.listing(session)[0].files["connection.yaml"]
    _, page = save(admin, address, now.replace("loneliness", "lonelines", 1))
    assert "did you mean" in page or "problem" in page
    answer = admin.post(f"{draft}/check/connection.yaml", data={"text": now + "\nrules: {}\n"}).get_json()
    assert "a second time" in answer["problems"][0]["message"]
    assert answer["problems"][0]["line"] > 1


def test_two_admins_never_overwrite_each_other_without_a_word(app: Flask, admin: FlaskClient):
    other = app.test_client()
    sign_in(other, "admin", "Kim Lake")
    address = f"{begin(admin)}/files/diet.yaml"
    seen = SEEN.findall(admin.get(address).text)[0]
    save(other, address, "rules: {}  # hers\n")
    status, page = save(admin, address, "rules: {}  # mine\n", seen)
    assert status == 409
    assert "# hers" in page
    assert "# mine" in page
    assert "not saved yet" in page
    assert "# hers" in other.get(address).text, "it was overwritten"
    status, page = save(admin, address, "rules: {}  # both\n", SEEN.findall(page)[0])
    assert status == 303
    assert "# both" in page


def test_a_file_that_is_as_published_again_is_no_change(database: Database, sam: Staff):
    with database.writing() as session:
        draft = drafts.create(session, "Try", sam.id)
        before = draft.files["safety.yaml"]
        drafts.save_file(session, draft.id, "safety.yaml", "# new\n", drafts.mark(before), sam.id)
        changed = drafts.find(session, draft.id)
        drafts.save_file(session, draft.id, "safety.yaml", before, drafts.mark("# new\n"), sam.id)
        again = drafts.find(session, draft.id)
    assert changed.changes == {"safety.yaml": "# new\n"}
    assert again.changes == {}
    assert again.content == again.base_hash


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "Taken"])
def test_a_draft_needs_a_name_of_its_own(database: Database, sam: Staff, name: str):
    with database.writing() as session:
        drafts.create(session, "Taken", sam.id)
        with pytest.raises(DraftError):
            drafts.create(session, name, sam.id)


@pytest.mark.parametrize("file", ["", "../secret", "/etc/passwd", "a b", "Mood", "x/y", "safety", ".yaml"])
def test_a_new_file_stands_where_rule_files_stand(database: Database, sam: Staff, file: str):
    with database.writing() as session:
        draft = drafts.create(session, "Files", sam.id)
        with pytest.raises(DraftError):
            drafts.add_file(session, draft.id, file, sam.id)


def test_what_is_wrong_with_a_name_is_said_on_the_page(admin: FlaskClient):
    draft = begin(admin)
    assert admin.post("/admin/drafts", data={"name": ""}).status_code == 422
    refused = admin.post(f"{draft}/files", data={"file": "Mood"})
    assert refused.status_code == 422
    assert "small letters" in refused.text
    assert admin.post(f"{draft}/name", data={"name": " "}).status_code == 422


def test_a_file_can_be_put_back_as_published(admin: FlaskClient):
    draft = begin(admin)
    save(admin, f"{draft}/files/diet.yaml", "rules: {}\n")
    admin.post(f"{draft}/put-back/diet.yaml")
    assert "changed</strong>" not in admin.get(draft).text


def test_a_long_file_is_kept_and_one_that_is_too_long_is_refused_in_words(admin: FlaskClient):
    draft = begin(admin)
    admin.post(f"{draft}/files", data={"file": "long"})
    address, line = f"{draft}/files/long.yaml", "# a remark\n"
    assert save(admin, address, "rules: {}\n" + line * 100_000)[0] == 303
    answer = admin.post(f"{draft}/check/long.yaml", data={"text": "rules: {}\n" + line * 100_000})
    assert answer.json == {"problems": [], "more": 0}
    status, page = save(admin, address, "rules: {}\n" + line * 200_000)
    assert (status, "This file is too large: more than 2 MB." in page) == (413, True)
    assert admin.get(address).text.count("a remark") == 100_000


def test_of_very_many_problems_the_first_are_shown_and_the_rest_counted(admin: FlaskClient):
    draft = begin(admin)
    admin.post(f"{draft}/files", data={"file": "many"})
    rules = "rules:\n" + "".join(f"  M{number}: 1\n" for number in range(120))
    status, page = save(admin, f"{draft}/files/many.yaml", rules)
    assert (status, page.count('<figure class="excerpt"')) == (303, MOST_SHOWN)
    assert "120 problems in this file" in page
    assert "And 70 more, shown once these are mended." in page
    answer = admin.post(f"{draft}/check/many.yaml", data={"text": rules}).json or {}
    assert (len(answer["problems"]), answer["more"]) == (MOST_SHOWN, 70)


def test_a_draft_that_is_gone_is_said_on_a_page_for_staff_that_leads_on(admin: FlaskClient):
    draft = begin(admin)
    admin.post(f"{draft}/discard")
    page = admin.get(draft).text
    assert "This draft is not there any more" in page
    assert 'href="/admin/"' in page or 'href="/admin"' in page
    assert "Patients: please open the link" not in page
