"""From a draft to the rule set in use: checks, tests, a second admin's approval, the record, and the way back."""

import dataclasses
import subprocess
import sys

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from intake import drafts, publishing, rulesets, staff, submission
from intake.cli import main
from intake.database import Database, database_of
from intake.drafts import DraftError
from intake.encounters import Encounter, save_page
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.staff import Staff
from rules.load import library
from rules.ruleset import MOST_RULES, RuleSet
from tests.conftest import SMALL_RULES, come_in, member, sign_in
from tests.intake.admins import Admin

OTHER_PROCESS = """
import sys
from intake import create_app
from intake.settings import Settings
client = create_app(Settings.from_environment()).test_client()
for _ in sys.stdin:
    print("Lowest mood" in client.get("/about/evidence").text, flush=True)
"""


def test_a_change_is_made_approved_published_and_recorded(sam: Admin, kim: Admin):
    draft = sam.begins("Lower the threshold")
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    page = kim.sees(f"{draft}/review")
    assert "<mark>3</mark>" in page
    assert "<mark>2</mark>" in page
    assert sam.publishes(draft)[0] == 422, "without approval"
    assert kim.approves(draft) == 303
    assert sam.publishes(draft)[0] == 303
    versions = sam.sees("/admin/history")
    assert "Approved by Kim Lake, published by Sam Rivers" in versions
    assert "The clinic agreed." in versions
    assert "Lower the threshold" in versions
    assert sam.browser.get(draft).status_code == 404
    assert "phq2 &gt;= 2" in sam.sees("/admin/rules/S1")


def test_who_changed_it_last_does_not_approve_it_and_who_approved_it_does_not_publish_it(sam: Admin, kim: Admin):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    assert sam.approves(draft) == 422
    assert kim.approves(draft) == 303
    status, page = kim.publishes(draft)
    assert status == 422
    assert "another admin has to publish it" in page


def test_a_later_change_makes_the_approval_void(sam: Admin, kim: Admin):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    kim.approves(draft)
    sam.changes(draft, "phq2 >= 2", "phq2 >= 1")
    assert "It was changed after Kim Lake approved it" in kim.sees(f"{draft}/review")
    assert sam.publishes(draft)[0] == 422


def test_a_changed_title_of_a_page_is_told_in_words(sam: Admin):
    draft = sam.begins()
    sam.changes(draft, "title: Second page", "title: Last page", "questionnaire/10-small.yaml")
    page = sam.sees(f"{draft}/review")
    assert "Page small_2</span> Last page" in page
    assert "<mark>Second</mark>" in page


def test_one_rule_more_than_a_rule_set_holds_is_kept_as_typed_and_not_published(sam: Admin, kim: Admin):
    draft = sam.begins()
    sam.browser.post(f"{draft}/files", data={"file": "many"})
    rule = SMALL_RULES.partition("  S2:")[0].partition("rules:")[2]
    rules = "".join(rule.replace("S1:", f"M{number}:") for number in range(MOST_RULES - 1))  # with S1 and S2
    sam.changes(draft, "rules: {}", f"rules:{rules}", "many.yaml")
    page = sam.sees(f"{draft}/files/many.yaml")
    assert "1 problem in this file" in page
    assert "a rule set holds 3,000 rules at most, and this is one more" in page
    assert kim.approves(draft) == 303
    status, page = sam.publishes(draft)
    assert (status, "The checker finds problems" in page) == (422, True)


def test_what_is_approved_or_published_is_what_was_shown(sam: Admin, kim: Admin):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    shown = sam.content(draft)[0]
    sam.changes(draft, "title: Heavy", "title: Very heavy")
    assert kim.approves(draft, shown) == 422
    kim.approves(draft)
    assert sam.publishes(draft, content=shown)[0] == 422


FAILING = "    tests: [{name: low, answers: {phq9_1: 0, phq9_2: 0}, expect: raised}]\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("phq2 >= 3", "phq2 >= 30", "1 problem"),
        ("    evidence:", f"{FAILING}    evidence:", "failed"),
    ],
)
def test_nothing_is_published_with_a_problem_or_a_failing_test(sam: Admin, kim: Admin, old: str, new: str, words: str):
    draft = sam.begins()
    text = sam.content(draft)[1]["safety.yaml"]
    form = {"text": text.replace(old, new, 1), "seen": drafts.mark(text)}
    sam.browser.post(f"{draft}/files/safety.yaml", data=form)
    kim.approves(draft)
    status, page = sam.publishes(draft)
    assert status == 422
    assert words in page
    assert "phq2 &gt;= 3" in sam.sees("/admin/rules/S1"), "the version in use goes on"


def test_a_publication_says_why(sam: Admin, kim: Admin):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    kim.approves(draft)
    status, page = sam.publishes(draft, note=" ")
    assert status == 422
    assert "Say in a few words why" in page


def test_a_clinic_with_one_admin_publishes_alone_and_that_is_recorded(clinic: Flask, sam: Admin):
    services = clinic.extensions["intake"]
    alone = dataclasses.replace(services.settings, approval="one")
    clinic.extensions["intake"] = dataclasses.replace(services, settings=alone)
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    assert sam.publishes(draft)[0] == 303
    assert "Published by Sam Rivers, without a second admin" in sam.sees("/admin/history")


def test_one_click_leads_back_to_an_earlier_version(sam: Admin, kim: Admin, small: RuleSet):
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    kim.approves(draft)
    sam.publishes(draft)
    with sam.database.reading() as session:
        earlier = next(entry for entry in rulesets.publications(session) if entry.rule_set_hash == small.hash)
    assert kim.browser.post(f"/admin/history/{earlier.id}/back").status_code == 303
    assert "phq2 &gt;= 3" in sam.sees("/admin/rules/S1")
    assert "published again by Kim Lake" in sam.sees("/admin/history")
    assert kim.browser.post(f"/admin/history/{earlier.id}/back").status_code == 422, "it is in use"


def test_a_draft_that_was_overtaken_is_brought_up_to_date_without_losing_either_change(sam: Admin, kim: Admin):
    mine, hers = sam.begins("Mine"), kim.begins("Hers")
    sam.changes(mine, "phq2 >= 3", "phq2 >= 2")
    kim.changes(hers, "title: Heavy", "title: Very heavy")
    sam.approves(hers)
    assert kim.publishes(hers)[0] == 303
    kim.approves(mine)
    status, page = sam.publishes(mine)
    assert status == 422
    assert "without a conflict" in page
    assert sam.browser.post(f"{mine}/update").status_code == 303
    files = sam.content(mine)[1]
    assert "phq2 >= 2" in files["safety.yaml"]
    assert "Very heavy" in files["safety.yaml"]
    assert sam.publishes(mine)[0] == 422, "it has changed, so it has to be approved again"
    kim.approves(mine)
    assert sam.publishes(mine)[0] == 303


def test_changes_of_the_same_lines_are_shown_and_wait_for_a_choice(sam: Admin, kim: Admin):
    mine, hers = sam.begins("Mine"), kim.begins("Hers")
    sam.changes(mine, "phq2 >= 3", "phq2 >= 2")
    kim.changes(hers, "phq2 >= 3", "phq2 >= 4")
    sam.approves(hers)
    kim.publishes(hers)
    assert "Both changed the same lines of safety.yaml" in sam.sees(f"{mine}/review")
    sam.browser.post(f"{mine}/update")
    text = sam.content(mine)[1]["safety.yaml"]
    assert text.index("<<<<<<<") < text.index("phq2 >= 2") < text.index("phq2 >= 4") < text.index(">>>>>>>")
    kim.approves(mine)
    assert sam.publishes(mine)[0] == 422


def test_two_admins_who_publish_at_once_publish_one_after_the_other(clinic: Flask, sam: Admin, kim: Admin):
    mine, hers = sam.begins("Mine"), kim.begins("Hers")
    for draft in (mine, hers):
        sam.changes(draft, "phq2 >= 3", "phq2 >= 2" if draft == mine else "phq2 >= 4")
        kim.approves(draft)
    assert sam.publishes(mine)[0] == 303
    status, page = sam.publishes(hers)
    assert status == 422
    assert "Another version was published since" in page


def test_every_process_follows_a_publication_with_its_next_page(sam: Admin, kim: Admin, settings: Settings):
    environ = {"INTAKE_DATA": str(settings.data), "INTAKE_SECRET_KEY": "a key for tests only"}
    environ["INTAKE_DATABASE_URL"] = settings.database_url
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
    )

    def shows_it() -> str:
        assert other.stdin
        assert other.stdout
        other.stdin.write("\n")
        other.stdin.flush()
        return other.stdout.readline().strip()

    assert shows_it() == "False"
    draft = sam.begins()
    sam.changes(draft, "title: Low mood", "title: Lowest mood")
    kim.approves(draft)
    sam.publishes(draft)
    assert shows_it() == "True"
    other.communicate(timeout=30)


def test_answers_are_screened_with_the_version_in_use_when_they_are_sent(
    clinic: Flask, client: FlaskClient, ada: Encounter, sam: Admin, kim: Admin
):
    come_in(client, ada)
    with sam.database.writing() as session:
        save_page(session, ada.id, {"phq9_1": 1, "phq9_2": 1})  # 2 points: low mood only by the new threshold
    draft = sam.begins()
    sam.changes(draft, "phq2 >= 3", "phq2 >= 2")
    kim.approves(draft)
    sam.publishes(draft)
    submission.send(sam.database, clinic.extensions["intake"].screeners, ada.id)
    browser = clinic.test_client()
    sign_in(browser, "clinician")
    with sam.database.reading() as session:
        in_use = rulesets.published_hash(session)
        found = submission.stored_screening(session, Screeners(), ada.id)
    assert found is not None
    assert found.screening.rule_set == in_use
    page = browser.get(f"/clinician/{ada.id}").text
    assert "Low mood" in page
    assert in_use[:12] in page


def test_setting_up_again_leaves_what_an_admin_published(tmp_path, monkeypatch):
    monkeypatch.setenv("INTAKE_DATA", str(tmp_path))
    runner = CliRunner()
    runner.invoke(main, ["init"])
    database = database_of(Settings.from_environment())
    changed = {**library().files, "extra.yaml": "rules: {}\n"}
    with database.writing() as session:
        who = staff.add(session, "Sam Rivers", ["admin"])
        draft = drafts.create(session, "Extra", who.id)
        drafts.add_file(session, draft.id, "extra", who.id)
        ruleset = rulesets.load_texts(changed)
        publishing.publish(session, draft.id, ruleset, who.id, "Extra", needs_approval=False)
    assert "in use" in runner.invoke(main, ["init"]).output
    with database.reading() as session:
        assert rulesets.published_hash(session) == ruleset.hash


def test_a_draft_without_a_change_is_not_published(database: Database, screeners: Screeners, small: RuleSet):
    who: Staff = member(database, "admin")
    with database.writing() as session:
        draft = drafts.create(session, "Empty", who.id)
        with pytest.raises(DraftError, match="Nothing is changed"):
            publishing.publish(session, draft.id, small, who.id, "x", needs_approval=False)
