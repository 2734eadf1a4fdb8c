"""Screenings as FHIR at the clinic: from the page and the command line, signed or not, never with what is private."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from intake.cli import main
from intake.encounters import Encounter
from intake.settings import Settings
from reports.fhir_import import section_of
from reports.fhir_response import answers_of
from rules.load import library
from rules.questionnaire_files import read_section
from rules.source import read
from tests.intake.clinicians import sign
from tests.reports.fhir_validators import objections
from tests.reports.test_fhir import QUESTIONNAIRE, of_type

LOINC = "http://loinc.org"


def words_of(bundle: dict[str, Any], folder: Path) -> str:
    """What stands in the PDF of a bundle."""
    attachment = of_type(bundle, "DocumentReference")[0]["content"][0]["attachment"]
    (folder / "handed.pdf").write_bytes(base64.b64decode(attachment["data"]))
    text = subprocess.run(["pdftotext", folder / "handed.pdf", "-"], capture_output=True, text=True, check=True).stdout
    return " ".join(text.split())


def test_a_clinician_gets_a_valid_bundle_of_what_was_sent(price: FlaskClient, sent: Encounter, tmp_path: Path) -> None:
    answer = price.get(f"/clinician/{sent.id}/fhir.json")
    assert answer.mimetype == "application/fhir+json"
    assert objections(answer.json) == []
    assert [flag["code"]["coding"][0]["code"] for flag in of_type(answer.json, "DetectedIssue")] == ["RF2", "RF8"]
    assert "Chest pain" in words_of(answer.json, tmp_path)


def test_neither_the_data_nor_the_pdf_in_it_hold_what_is_private(
    price: FlaskClient, sent: Encounter, tmp_path: Path
) -> None:
    sign(price, sent)
    bundle = price.get(f"/clinician/{sent.id}/fhir.json").json
    rule, item = library().by_id["RF14"], library().questionnaire.items["afraid_at_home"]
    for text in (json.dumps(bundle), words_of(bundle, tmp_path)):
        assert not [word for word in ("RF14", rule.title, item.id, item.text, item.short) if word in text]


def test_a_signed_screening_names_who_signed_and_the_next_version_replaces_it(
    price: FlaskClient, sent: Encounter, tmp_path: Path
) -> None:
    sign(price, sent)
    copy = words_of(price.get(f"/clinician/{sent.id}/fhir.json").json, tmp_path)
    assert "Copy for the record system, without private questions" in copy
    first = of_type(price.get(f"/clinician/{sent.id}/fhir.json").json, "DocumentReference")[0]
    sign(price, sent, note__RF8="Seen today.")
    bundle = price.get(f"/clinician/{sent.id}/fhir.json").json
    second = of_type(bundle, "DocumentReference")[0]
    assert (first["docStatus"], first["authenticator"]["display"]) == ("final", "Dr Ada Price")
    assert second["relatesTo"][0]["target"]["identifier"] == first["identifier"][0]
    assert {flag["status"] for flag in of_type(bundle, "DetectedIssue")} == {"final"}


def test_there_is_nothing_to_send_before_answers_are_sent(price: FlaskClient, ada: Encounter) -> None:
    assert price.get(f"/clinician/{ada.id}/fhir.json").status_code == 404


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line of the same installation."""
    monkeypatch.setenv("INTAKE_DATA", str(settings.data))
    return CliRunner()


def test_the_command_line_writes_the_same_bundle(command: CliRunner, sent: Encounter, tmp_path: Path) -> None:
    done = command.invoke(main, ["fhir", "export", sent.id, "--out", str(tmp_path / "out.json")])
    assert done.exit_code == 0, done.output
    bundle = json.loads((tmp_path / "out.json").read_text())
    assert f"{len(bundle['entry'])} resources" in done.output
    assert command.invoke(main, ["fhir", "export", "nobody"]).exit_code == 1


def test_answers_made_elsewhere_are_screened_by_their_loinc_codes(command: CliRunner, tmp_path: Path) -> None:
    codes = ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"]
    items = [
        {"linkId": f"/{code}", "answer": [{"valueCoding": {"system": LOINC, "code": "LA6571-9"}}]} for code in codes
    ]
    items += [
        {"linkId": "/44261-6", "answer": [{"valueDecimal": 27}]},
        {"linkId": "mood", "answer": [{"valueString": "x"}]},
    ]
    made = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": items}
    (tmp_path / "phq9.json").write_text(json.dumps(made))
    done = command.invoke(main, ["fhir", "screen", str(tmp_path / "phq9.json"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["scores"]["phq9"] == {"low": 27, "high": 27, "complete": True}
    assert done.stderr == "mood: no question and answer of ours, so it is left out\n"
    assert "PHQ-9" in command.invoke(main, ["fhir", "screen", str(tmp_path / "phq9.json")]).output


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}", "no resource"),
        ('{"resourceType": "Patient"}', "this is no QuestionnaireResponse, but Patient"),
        ('{"resourceType": "QuestionnaireResponse", "status": "over"}', "there is no 'over'"),
        ('{"resourceType": "QuestionnaireResponse", "item": 1, "status": "completed"}', "item"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(command: CliRunner, tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "file.json").write_text(content)
    done = command.invoke(main, ["fhir", "screen", str(tmp_path / "file.json")])
    assert done.exit_code == 1
    assert words in done.output


def published() -> dict[str, Any]:
    """PHQ-9 in the shape in which LHC-Forms publishes it: options that count, a total that is worked out."""
    phq9 = json.loads((Path(__file__).parents[1] / "data" / "instruments.json").read_text())["phq9"]
    options = [
        {
            "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": counts}],
            "valueCoding": {"system": LOINC, "code": code, "display": label},
        }
        for code, label, counts in phq9["options"]
    ]
    items: list[dict[str, Any]] = [
        {
            "linkId": f"/{code}",
            "type": "choice",
            "code": [{"system": LOINC, "code": code}],
            "text": text,
            "answerOption": options,
        }
        for code, text in phq9["items"]
    ]
    total = {"linkId": "/44261-6", "type": "decimal", "readOnly": True, "text": "Total"}
    return {"resourceType": "Questionnaire", "status": "draft", "title": "PHQ-9 panel", "item": [*items, total]}


def test_a_published_questionnaire_becomes_a_section(command: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "phq9.json").write_text(json.dumps(published()))
    done = command.invoke(main, ["fhir", "import-questionnaire", str(tmp_path / "phq9.json")])
    assert done.exit_code == 0, done.output
    assert "/44261-6 (Total): it is worked out, and belongs in scores.yaml" in done.stderr
    document = read("phq9.yaml", done.stdout)
    section, _ = read_section(document)
    assert document.problems == []
    assert section is not None
    ours = [library().questionnaire.items[f"phq9_{number}"] for number in range(1, 10)]
    items = section.pages[0].items
    assert [(item.loinc, item.text) for item in items] == [(item.loinc, item.text) for item in ours]
    assert [(option.code, option.loinc) for option in items[0].options] == [
        (option.code, option.loinc) for option in ours[0].options
    ]


def test_lhc_forms_leaves_out_the_system_of_loincs_answers(command: CliRunner, tmp_path: Path) -> None:
    made = published()
    for option in made["item"][0]["answerOption"]:  # the same objects for all items
        del option["valueCoding"]["system"]
    section, _ = read_section(read("phq9.yaml", section_of(made).text))
    assert section is not None
    assert [option.loinc for option in section.pages[0].items[0].options][:2] == ["LA6568-5", "LA6569-3"]
    answered = {"linkId": "/44250-9", "answer": [{"valueCoding": {"code": "LA6570-1", "display": "More than half"}}]}
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [answered]}
    taken = answers_of(response, library().questionnaire)
    assert (taken.answers, taken.not_taken) == ({"phq9_1": 2}, ())


def test_a_long_title_is_cut_between_words() -> None:
    made = {"title": "PHQ-9 quick depression assessment panel", "item": published()["item"]}
    assert "section: phq_9_quick_depression\n" in section_of(made).text


def test_the_questionnaire_stands_at_its_canonical_address(
    client: FlaskClient, price: FlaskClient, sent: Encounter
) -> None:
    entries = price.get(f"/clinician/{sent.id}/fhir.json").get_json()["entry"]
    handed = next(entry["resource"] for entry in entries if entry["resource"]["resourceType"] == "Questionnaire")
    path = handed["url"].removeprefix("http://localhost:5000")
    answer = client.get(path)
    assert answer.mimetype == "application/fhir+json"
    assert json.loads(answer.text) == handed, "without what is private, as it is handed over"
    assert client.get(path, query_string={"version": handed["version"]}).data == answer.data
    assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    unknown = client.get(path, query_string={"version": "x"})
    assert (unknown.status_code, json.loads(unknown.text)["resourceType"]) == (404, "OperationOutcome")


def test_options_in_a_value_set_groups_and_limits_are_taken_over_and_the_rest_is_named() -> None:
    concepts = [{"code": "never", "display": "Never"}, {"code": "often", "display": "Often"}]
    made = {
        "resourceType": "Questionnaire",
        "title": '3 things: "all"',
        "contained": [{"id": "how", "compose": {"include": [{"concept": concepts}]}}],
        "item": [
            {"linkId": "a", "type": "choice", "text": "How often?", "answerValueSet": "#how", "repeats": True},
            {"linkId": "b", "type": "choice", "text": "Elsewhere", "answerValueSet": "http://example.org/set"},
            {
                "linkId": "g",
                "type": "group",
                "text": "More",
                "item": [
                    {"linkId": "c", "type": "integer", "text": "How many?"},
                    {"linkId": "d", "type": "date", "text": "When?"},
                    {"linkId": "e", "type": "boolean", "text": "Yes?", "enableWhen": [{}]},
                ],
            },
        ],
    }
    imported = section_of(made)
    section, _ = read_section(document := read("made.yaml", imported.text))
    assert document.problems == []
    assert section is not None
    assert [(page.title, [item.type for item in page.items]) for page in section.pages] == [
        ('3 things: "all"', ["choices"]),
        ("More", ["yes_no"]),
    ]
    assert [line[0] for line in imported.left_out] == ["b", "c", "d", "e"]


def test_our_own_questionnaire_can_be_taken_over_elsewhere_and_back() -> None:
    document = read("ours.yaml", section_of(QUESTIONNAIRE).text)
    section, _ = read_section(document)
    assert document.problems == []
    assert section is not None
    taken = sum(len(page.items) for page in section.pages)
    assert taken == len(library().questionnaire.items) - 1  # age follows from the date of birth
