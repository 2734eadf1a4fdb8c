"""Languages: whose choice counts, switching without a loss, and no English left for a patient who reads Spanish."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import gettext
from werkzeug.test import TestResponse

from intake import encounters, invitations, language
from intake.database import Database
from intake.forms import filled_form
from intake.help_at_once import phone_lines
from intake.help_lines import help_lines
from intake.invitee import Invitee
from intake.language import CATALOGS, LANGUAGES
from rules.load import library
from rules.questionnaire import Item, Questionnaire
from tests.conftest import come_in, sign_in

ROOT = Path(__file__).parent.parent.parent
OTHERS = [code for code in LANGUAGES if code != "en"]
BORN = date(1970, 5, 17)


@pytest.fixture
def patient(client: FlaskClient, database: Database, app: Flask) -> FlaskClient:
    """Ada's browser, after her date of birth."""
    with database.writing() as session:
        encounter, _ = encounters.create(session, patient_name="Ada Example", date_of_birth=BORN)
    come_in(client, encounter)
    return client


@pytest.fixture
def encounter_id(patient: FlaskClient) -> str:
    """Ada's encounter."""
    with patient.session_transaction() as session:
        return str(session["encounter"])


def stored(database: Database, encounter_id: str) -> dict[str, object]:
    """What she has answered; her age follows from her date of birth."""
    with database.reading() as session:
        answers = dict(encounters.answers(session, encounter_id))
    return {name: answer for name, answer in answers.items() if name != "age"}


def spoken(answer: TestResponse) -> str:
    """The language that a page says it is in."""
    found = re.search(r'<html lang="(\w+)"', answer.text)
    assert found
    return found[1]


# The catalogue


def messages(catalog: Path) -> list[Message]:
    with catalog.open("rb") as file:
        return [message for message in read_po(file) if message.id]


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> set[object]:
    """Every text that is marked for translation in the code and the templates."""
    found = tmp_path_factory.mktemp("messages") / "found.pot"
    command = [Path(sys.executable).with_name("pybabel"), "-q", "extract", "-F", "pyproject.toml", "-k", "lazy_gettext"]
    subprocess.run([*command, "-o", found, "."], cwd=ROOT, check=True, capture_output=True)
    return {message.id for message in messages(found)}


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_of_the_pages_is_translated(code: str, marked: set[object]):
    """If this fails: script/messages, then translate what is empty in the .po file."""
    translated = {message.id for message in messages(CATALOGS / f"{code}.po") if message.string and not message.fuzzy}
    empty = [message.id for message in messages(CATALOGS / f"{code}.po") if not all(in_all(message))]
    assert (marked - translated, translated - marked, empty) == (set(), set(), [])


def in_all(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


@pytest.mark.parametrize("code", OTHERS)
def test_translations_hold_the_placeholders_and_links_of_the_english(code: str):
    for message in messages(CATALOGS / f"{code}.po"):
        english = (message.id,) if isinstance(message.id, str) else message.id
        for said, translated in zip(english, in_all(message), strict=True):
            for part in (r"%\(\w+\)[sd]", r"<[^>]+>"):
                assert sorted(re.findall(part, translated)) == sorted(re.findall(part, said)), said


# Whose choice counts


def test_the_browser_is_asked_for_its_language(client: FlaskClient):
    assert spoken(client.get("/")) == "en"
    assert spoken(client.get("/", headers={"Accept-Language": "es-MX,es;q=0.9,en;q=0.8"})) == "es"
    assert spoken(client.get("/", headers={"Accept-Language": "fr,de;q=0.5"})) == "en"


def test_what_was_chosen_counts_more_than_what_the_browser_asks_for(client: FlaskClient):
    client.get("/?language=es")
    assert spoken(client.get("/", headers={"Accept-Language": "en"})) == "es"
    client.get("/?language=en")
    assert spoken(client.get("/", headers={"Accept-Language": "es"})) == "en"


def test_a_language_that_there_is_not_changes_nothing(client: FlaskClient):
    client.get("/?language=es")
    assert client.get("/?language=xx").location == "/"
    assert spoken(client.get("/")) == "es"


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/help-now?show=new&language=es", "/help-now?show=new"),
        ("/nowhere?language=es", "/nowhere"),
    ],
)
def test_the_link_that_switches_leads_back_to_the_same_page(client: FlaskClient, address: str, leads_to: str):
    answer = client.get(address)
    assert (answer.status_code, answer.location) == (303, leads_to)


def test_the_link_that_switches_never_leads_to_another_server(app: Flask):
    with app.test_request_context(
        "http://localhost/?language=es", environ_overrides={"PATH_INFO": "//elsewhere.example/"}
    ):
        answer = app.preprocess_request()
    assert answer is not None
    assert answer.location == "/elsewhere.example/"


def test_staff_read_english_whatever_their_browser_asks_for(app: Flask, client: FlaskClient):
    sign_in(client, "clinician")
    page = client.get("/clinician", headers={"Accept-Language": "es"})
    assert (page.status_code, spoken(page)) == (200, "en")
    assert "Español" not in page.text


def test_a_fault_and_a_missing_page_speak_the_patients_language(client: FlaskClient):
    page = client.get("/nowhere", headers={"Accept-Language": "es"})
    assert (page.status_code, spoken(page)) == (404, "es")
    assert "Página no encontrada" in page.text
    assert "not found on the server" not in page.text


# Switching loses nothing


def test_switching_keeps_what_is_typed_and_complains_about_nothing(patient, database, encounter_id):
    sent = {"asked-items": "matters_most say_in_person everything_true", "matters_most": "Sleep.", "language": "es"}
    answer = patient.post("/questions/closing", data=sent | {"everything_true": "yes"})
    assert answer.status_code == 303
    page = patient.get(answer.location)
    assert spoken(page) == "es"
    assert ">Sleep.</textarea>" in page.text
    assert "Hay un problema" not in page.text
    assert stored(database, encounter_id) == {"matters_most": "Sleep.", "everything_true": "yes"}


def test_a_number_that_cannot_be_read_is_still_in_its_box_in_the_other_language(patient, database, encounter_id):
    with database.writing() as session:
        encounters.save_page(session, encounter_id, {"hormone_status": "current"})
    sent = {"asked-items": "hormone_months hormone_change_months", "hormone_months": "about nine", "language": "es"}
    page = patient.post("/questions/hormone_times", data=sent | {"hormone_change_months": "7"})
    assert (page.status_code, spoken(page)) == (200, "es")
    assert 'value="about nine"' in page.text
    assert 'value="7"' in page.text
    assert "govuk-error-summary" not in page.text
    assert stored(database, encounter_id)["hormone_change_months"] == 7


def test_questions_left_blank_stay_open_when_the_language_is_switched(patient, database, encounter_id):
    answer = patient.post("/questions/urgent", data={"asked-items": "chest_pain_now collapse", "language": "es"})
    assert answer.location == "/questions/urgent"
    assert stored(database, encounter_id) == {}


def test_an_answer_taken_back_before_switching_stays_taken_back(patient, database, encounter_id):
    with database.writing() as session:
        encounters.save_page(session, encounter_id, {"collapse": "no"})
    patient.post("/questions/urgent", data={"asked-items": "chest_pain_now collapse", "language": "es"})
    assert stored(database, encounter_id) == {"collapse": None}


def test_an_answer_that_cannot_wait_shows_its_help_in_the_language_switched_to(patient):
    sent = {"asked-items": "chest_pain_now", "chest_pain_now": "yes", "language": "es"}
    page = patient.post("/questions/urgent", data=sent, follow_redirects=True)
    assert page.request.path == "/help-now"
    assert "Llame al 999 ahora, aunque se sienta mejor." in page.text
    assert "Llamar: 999" in page.text


def test_switching_on_the_page_of_the_date_of_birth_is_no_try(client: FlaskClient, app: Flask, database: Database):
    with database.writing() as session:
        invitation = invitations.create(session, str(app.secret_key), Invitee("Ada Example", BORN), 30)
        token = invitations.link_token(session, str(app.secret_key), invitation)
    client.get(f"/start/{token}")
    page = client.post("/enter", data={"date_of_birth": ["1", "1", "19"], "language": "es"})
    assert (page.status_code, spoken(page)) == (200, "es")
    assert 'value="19"' in page.text
    assert "govuk-error" not in page.text
    with database.reading() as session:
        after = invitations.find(session, invitation.encounter_id)
        assert after is not None
        assert after.tries_left == invitations.MOST_TRIES


# Numbers and dates


def test_a_decimal_comma_is_read_and_written_in_spanish(patient, database, encounter_id):
    with database.writing() as session:
        encounters.save_page(session, encounter_id, {"supplements": ["zinc"]})
    patient.get("/?language=es")
    patient.post("/questions/supplements_more", data={"asked-items": "zinc_mg", "zinc_mg": "12,5 mg"})
    assert stored(database, encounter_id)["zinc_mg"] == 12.5
    assert 'value="12,5"' in patient.get("/questions/supplements_more?show=all").text
    patient.get("/?language=en")
    assert 'value="12.5"' in patient.get("/questions/supplements_more?show=all").text


def test_dates_and_messages_are_written_in_the_language_that_is_asked_for(app: Flask):
    moment = datetime(2026, 3, 3, 14, 30, tzinfo=UTC).astimezone()
    with app.app_context():
        assert language.day_and_time(moment).endswith(f"3 March at {moment:%H:%M}")
        with language.in_language("es"):
            assert language.day_and_time(moment).endswith(f"3 de marzo a las {moment:%H:%M}")
            assert gettext("Thank you") == "Gracias"
        with language.in_language("xx"):
            assert gettext("Thank you") == "Thank you"


def test_lines_to_call_are_named_in_the_language(app: Flask):
    with app.app_context():
        assert [line.label for line in phone_lines(help_lines()["ES"])] == ["Call 112", "Call the 024 line"]
        with language.in_language("es"):
            spain, states = (phone_lines(help_lines()[country])[1].words for country in ("ES", "US"))
    assert (spain, states) == ("la Línea 024", "la Línea 988 de Prevención del Suicidio y Crisis")


# No English is left


class Words(HTMLParser):
    """The words of a page that are said to be in the page's own language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.marks: list[bool] = []
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "input", "br", "img"):
            other = tag in ("script", "style") or ("lang" in dict(attrs) and tag != "html")
            self.marks.append(other)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "link", "input", "br", "img"):
            self.marks.pop()

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if words and not any(self.marks):
            self.found.append(words)


def texts(questionnaire: Questionnaire) -> Iterator[str]:
    for section in questionnaire.sections:
        yield from (section.title, section.intro)
    for page in questionnaire.pages.values():
        yield from (page.title, page.intro)
    for item in questionnaire.items.values():
        yield from (item.text, item.hint, item.unit)
        yield from (text for option in item.options for text in (option.label, option.hint))


@pytest.fixture(scope="module")
def english() -> set[str]:
    """Every English text of the questionnaire and of the pages that is said in other words in Spanish."""
    own = {message.id for message in messages(CATALOGS / "es.po") if isinstance(message.id, str)}
    same = {message.id for message in messages(CATALOGS / "es.po") if message.id == message.string}
    spanish = set(texts(library().in_language("es").questionnaire))
    advice = {line for rule in library().by_id.values() for line in (rule.patient_text or "").split("\n")}
    return ((set(texts(library().questionnaire)) - spanish) | (own - same) | advice) - {""}


def left_in_english(page: str, english: set[str]) -> set[str]:
    return {words for words in Words(page).found if words.rstrip(" :.") in english or words in english}


def test_every_question_of_every_page_is_asked_in_spanish_or_marked_as_english(app: Flask, english: set[str]):
    questionnaire = library().in_language("es").questionnaire
    with app.test_request_context("/questions/x", headers={"Accept-Language": "es"}):
        app.preprocess_request()
        with language.in_language("es"):
            for page in questionnaire.pages.values():
                form = filled_form([item for item in page.items if not item.derived], {})
                html = "".join(str(field()) for field in form.questions())
                assert left_in_english(html, english) == set(), page.id
                assert ('lang="en"' in html) == any(item.language == "en" for item in page.items if not item.derived)


def most(item: Item) -> object:
    """An answer that leads to many further questions: all that can be picked, else the first option or the highest."""
    picked = [option.code for option in item.options if option.code != "none"]
    if item.type == "choices":
        return picked
    return "una palabra" if item.type == "text" else item.max if item.numeric_type else picked[0]


def test_a_whole_walk_in_spanish_shows_no_english_but_what_is_marked(patient: FlaskClient, english: set[str]):
    patient.get("/?language=es")
    page, pages = patient.get("/welcome"), []
    questionnaire = library().questionnaire
    for _ in range(120):
        pages.append(page.request.path)
        assert spoken(page) == "es"
        assert left_in_english(page.text, english) == set(), page.request.path
        if page.request.path == "/check":
            break
        if page.request.path == "/welcome":
            page = patient.get("/questions/urgent")
        elif page.request.path == "/help-now":
            page = patient.post("/help-now", follow_redirects=True)
        else:
            asked = re.search(r'name="asked-items" value="([^"]*)"', page.text)
            assert asked
            sent: dict[str, object] = {"asked-items": asked[1]}
            sent |= {name: most(questionnaire.items[name]) for name in asked[1].split()}
            page = patient.post(page.request.path, data=sent, follow_redirects=True)
    assert pages[-1] == "/check"
    assert len(pages) > 30
    assert "/help-now" in pages
    thanks = patient.post("/check", follow_redirects=True)
    assert "Sus respuestas se han enviado" in thanks.text
    assert left_in_english(thanks.text, english) == set()


def test_a_page_with_an_instrument_in_english_says_why(patient: FlaskClient):
    patient.get("/?language=es")
    page = patient.get("/questions/companionship")
    assert '<span lang="en">How often do you feel left out?</span>' in page.text
    assert "no hay una traducción publicada" in page.text
    assert "no hay una traducción publicada" not in patient.get("/questions/urgent").text


def test_the_summary_is_english_and_quotes_the_patients_own_words(app: Flask, patient: FlaskClient, encounter_id: str):
    patient.get("/?language=es")
    patient.post("/questions/closing", data={"asked-items": "matters_most", "matters_most": "Quiero dormir."})
    patient.post("/questions/urgent", data={"asked-items": "chest_pain_now", "chest_pain_now": "yes"})
    patient.post("/check")
    staff = app.test_client()
    sign_in(staff, "clinician")
    summary = staff.get(f"/clinician/{encounter_id}", headers={"Accept-Language": "es"}).text
    assert "Quiero dormir." in summary
    assert "Chest pain" in summary
    assert "Dolor en el pecho" not in summary
