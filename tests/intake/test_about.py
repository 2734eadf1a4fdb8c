"""The page on evidence: every rule of the published rule set, its grades and sources, for everybody to read."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from intake import about, create_app, rulesets
from intake.database import Database, database_of
from intake.settings import Settings
from rules.load import library, load_texts
from rules.ruleset import Grade, Rule
from tests.conftest import come_in, sign_in

LIBRARY = library()
RULES = list(LIBRARY.by_id.values())


def shown(client: FlaskClient) -> str:
    response = client.get("/about/evidence")
    assert response.status_code == 200
    return unescape(response.text)


def entry(text: str, rule: Rule) -> str:
    """What the page says of one rule."""
    return text.partition(f'id="{rule.id}"')[2].partition("</article>")[0]


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> str:
    """The page as somebody without a link sees it, with the library published."""
    data = tmp_path_factory.mktemp("data")
    settings = Settings.from_environment({"INTAKE_DATA": str(data), "INTAKE_SECRET_KEY": "a key for tests only"})
    database = database_of(settings)
    database.migrate()
    with database.writing() as session:
        rulesets.publish(session, LIBRARY)
    app = create_app(settings)
    text = shown(app.test_client())
    for open_database in (database, app.extensions["intake"].database):
        open_database.close()
    app.extensions["intake"].pdf_worker.close()
    return text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_stands_there_with_both_grades_and_its_sources(text: str, rule: Rule) -> None:
    words = entry(text, rule)
    grades = re.findall(r'href="#grades">(.+?)</a>', words)
    link = "No link claimed" if rule.evidence.link == "none" else rule.evidence.link.capitalize()
    assert grades == [rule.evidence.health.capitalize(), link]
    assert [key for key in rule.evidence.sources if f'href="#source-{key}"' not in words] == []
    assert (rule.title in words) is not rule.private
    assert (rule.evidence.note in words) is not rule.private


def test_sources_stand_there_with_authors_year_journal_and_identifier(text: str) -> None:
    used = {key for rule in RULES for key in rule.evidence.sources}
    used |= {score.source for score in LIBRARY.questionnaire.scores.values() if score.source}
    for key in used:
        source = LIBRARY.sources[key]
        words = text.partition(f'id="source-{key}"')[2].partition("</li>")[0]
        known = [source.title, source.authors, source.year, source.publisher, source.identifier, source.note]
        assert [part for part in known if part and str(part) not in words] == [], key
    assert len(re.findall(r'id="source-', text)) == len(used)


def test_every_link_on_the_page_leads_somewhere_on_it(text: str) -> None:
    assert set(re.findall(r'href="#([^"]+)"', text)) - set(re.findall(r'id="([^"]+)"', text)) == set()


def test_identifiers_lead_to_the_publication(text: str) -> None:
    assert 'href="https://www.nice.org.uk/guidance/ng225"' in text
    assert 'href="https://doi.org/10.1177/0164027504268574"' in text


def test_every_grade_is_explained() -> None:
    assert set(about.GRADES) == {*Grade.__args__, "none"}


def test_it_says_that_it_is_no_diagnosis_and_that_all_rules_are_drafts(text: str) -> None:
    assert "This is not a diagnosis" in text
    assert "No questionnaire and no routine blood test can show that oxytocin is low." in " ".join(text.split())
    assert f"All {len(RULES)} rules are drafts." in text


def test_of_private_rules_it_shows_neither_title_nor_answers_nor_advice(text: str) -> None:
    private = [rule for rule in RULES if rule.private]
    assert private
    for rule in private:
        assert [line.text for line in rule.consider if line.text in text] == []
        assert rule.title not in text
    items = [item for item in LIBRARY.questionnaire.items.values() if item.private]
    assert [item.short for item in items if item.short in text] == []
    assert "at home" not in entry(text, LIBRARY.by_id["O4"]), "O4 left out would tell of fear at home"


def test_a_reviewed_rule_is_told_from_drafts_and_a_retired_one_is_left_out() -> None:
    safety = LIBRARY.files["safety.yaml"]
    reviewed = safety.replace("status: draft", "status: active\n    reviewed_by: Dr Ng\n    reviewed_on: 2026-10-01", 1)
    files = {**LIBRARY.files, "safety.yaml": reviewed}
    files["substances.yaml"] = files["substances.yaml"].replace("status: draft", "status: retired")
    evidence = about.evidence_of(load_texts(files))
    assert (evidence.reviewed, evidence.count) == (1, len(RULES) - 1)
    assert "substances" not in {area.key for area in evidence.areas}


def test_a_file_that_an_admin_adds_is_an_area_of_its_own() -> None:
    files = {**LIBRARY.files, "falls_at_home.yaml": LIBRARY.files["substances.yaml"].replace("O16:", "FALL1:")}
    areas = {
        area.title: [entry.rule.id for entry in area.entries] for area in about.evidence_of(load_texts(files)).areas
    }
    assert areas["Falls at home"] == ["FALL1"]


def test_it_is_linked_from_the_pages_of_patients_and_staff(client: FlaskClient, settings: Settings, ada) -> None:
    link = 'href="/about/evidence"'
    assert link in client.get("/").text
    come_in(client, ada)
    assert link in client.get("/welcome").text
    for role in ("clinician", "admin"):
        sign_in(client, role)
        assert link in client.get(f"/{role}").text
        assert f'href="/{role}"' in shown(client), "no way back"


def test_it_changes_as_soon_as_another_rule_set_is_published(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    assert "A fall in the past year" not in shown(client)
    text = LIBRARY.files["substances.yaml"].replace("O16:", "FALL1:")
    text = re.sub(r"title: .*", "title: A fall in the past year", text, count=1)
    with database.writing() as session:
        rulesets.publish(session, load_texts({**LIBRARY.files, "falls.yaml": text}))
    assert "A fall in the past year" in shown(client)
