"""One rule of a draft as a form: it writes the same file, and nothing else in it changes."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import drafts
from intake.rule_form import rule_form
from rules.load import library
from rules.source import read
from tests.conftest import sign_in
from tests.intake.test_drafts import SEEN


class Form:
    """The form of rule H6 in a new draft, as an admin opens it."""

    def __init__(self, app: Flask, browser: FlaskClient, rule: str = "H6") -> None:
        self.app, self.browser = app, browser
        self.address = browser.post(f"/admin/rules/{rule}/change").location

    def text(self) -> str:
        with self.app.extensions["intake"].database.reading() as session:
            return drafts.listing(session)[0].files["hormones.yaml"]

    def save(self, **fields: str) -> tuple[int, str]:
        seen = SEEN.findall(self.browser.get(self.address).text)[0]
        typed = {name.replace("__", "/"): value for name, value in fields.items()}
        answer = self.browser.post(self.address, data={"seen": seen, **typed})
        return answer.status_code, self.browser.get(answer.location).text if answer.status_code == 303 else answer.text


@pytest.fixture
def form(app: Flask, client: FlaskClient) -> Form:
    sign_in(client, "admin", "Sam Rivers")
    return Form(app, client)


def test_a_title_and_a_priority_are_written_at_their_place(form: Form):
    before = form.text()
    title = library().by_id["H6"].title
    status, page = form.save(title="No shield for the lining", priority="same_day")
    assert status == 303
    assert "The checker finds no problem in this rule" in page
    changed = [(old, new) for old, new in zip(before.split("\n"), form.text().split("\n"), strict=True) if old != new]
    assert [new.strip() for _, new in changed] == ["title: No shield for the lining", "priority: same_day"]
    assert title in changed[0][0]


def test_what_is_saved_untouched_changes_nothing(form: Form):
    page = form.browser.get(form.address).text
    names = re.findall(r'<(?:input|textarea|select)[^>]* name="([a-z_]+(?:/\w+)*)"', page)
    shown = rule_form(read("hormones.yaml", form.text()), "H6")
    assert shown is not None
    values = {field.name: field.text for field in shown.fields()}
    assert set(values) <= set(names)
    before = form.text()
    assert form.save(**values)[0] == 303
    assert form.text() == before


def test_a_mistake_is_kept_and_told_at_its_field(form: Form):
    status, page = form.save(raised_when__all__0="hormone_statuss = current")
    assert status == 303
    assert "Saved, but it cannot be published like this" in page
    assert 'href="#raised_when/all/0"' in page
    assert "did you mean" in page


def test_tests_are_told_in_plain_words(form: Form):
    assert "Progestogen" in form.browser.get(form.address).text


def test_who_reviewed_an_active_rule_is_added(form: Form):
    status, page = form.save(status="active", reviewed_by="Dr Ada Price", reviewed_on="2026-11-01")
    assert status == 303
    assert "no problem" in page
    assert "    status: active\n    reviewed_by: Dr Ada Price\n    reviewed_on: 2026-11-01\n" in form.text()


def test_two_admins_never_overwrite_each_other(form: Form):
    seen = SEEN.findall(form.browser.get(form.address).text)[0]
    form.save(title="Hers")
    answer = form.browser.post(form.address, data={"seen": seen, "title": "Mine"})
    assert answer.status_code == 409
    assert "Mine" in answer.text
    assert "title: Hers" in form.text()


@pytest.mark.parametrize("rule_id", library().by_id)
def test_every_rule_of_the_library_has_a_form_of_all_its_conditions(rule_id: str):
    rule = library().by_id[rule_id]
    form = rule_form(read(rule.file, library().files[rule.file]), rule_id)
    assert form is not None
    words = {group.words for group in form.groups}
    assert "It is raised for" in words
    assert ("It applies only to patients with" in words) == (rule.applies_when is not None)
    assert {"title", "priority", "status", "reason", "evidence/health"} <= {field.name for field in form.fields()}


def test_a_rule_that_is_not_there_is_not_found(form: Form):
    draft = form.address.split("/rule/")[0]
    assert form.browser.get(f"{draft}/rule/X99/hormones.yaml").status_code == 404
    assert form.browser.get(f"{draft}/rule/H6/nothing.yaml").status_code == 404
    assert form.browser.post("/admin/rules/X99/change").status_code == 404
