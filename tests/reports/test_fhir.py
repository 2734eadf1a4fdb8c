"""A screening as FHIR: valid by every validator there is, complete, without what is private, and back again."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fhirpathpy import evaluate
from fhirpathpy.models import models
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.fhir import Screened, bundle, document_name
from reports.fhir_checks import problems_of, problems_of_bundle
from reports.fhir_paths import ENABLE_EXPRESSION, bounds
from reports.fhir_questionnaire import questionnaire_resource
from reports.fhir_response import answers_of, response_resource
from reports.fhir_results import Signature
from reports.fhir_terms import Systems, extension_value, link_to
from reports.review import HandFlag, Opinion, Review, Verdict
from reports.summary import Patient
from reports.without_private import without_private
from rules.load import library
from rules.response import LONGEST_TEXT, Missing, Response, read
from rules.ruleset import Priority
from rules.screening import Screener
from rules.synthetic import patients
from tests.generative.wild_answers import wild_answers
from tests.reports.fhir_validators import objections

LIBRARY = library()
SYSTEMS = Systems("https://intake.example.org")
ADA = Patient("Ada Example", date(1970, 5, 17))
AT = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
SIGNED = Signature(1, AT, "Dr Ada Price")
SCREENER = Screener(LIBRARY)
LOW = {"age": 56, **{f"phq9_{n}": 2 for n in range(1, 9)}, "phq9_9": 1, "safe_now": "yes", "self_harm_plan": "declined"}
Resource = dict[str, Any]


def screened(raw: Mapping[str, object], **changes: Any) -> Screened:
    response = read(LIBRARY.questionnaire, raw)
    whole = Screened(
        encounter="6a1f6dbe-0000-4000-8000-000000000001",
        basis="b" * 64,
        patient=ADA,
        ruleset=LIBRARY,
        response=response,
        screening=SCREENER.screen(response),
        completed_at=AT,
        amended=False,
        review=Review(),
        signed=None,
        pdf=None,
        systems=SYSTEMS,
        clinic="Harbour Clinic",
    )
    return replace(whole, **changes)


def of_type(sent: Resource, kind: str) -> list[Resource]:
    return [entry["resource"] for entry in sent["entry"] if entry["resource"]["resourceType"] == kind]


def items(resource: Resource) -> dict[str, Resource]:
    """All items of a Questionnaire or a response, at whatever depth, by linkId."""
    found = {}
    for item in resource.get("item", []):
        found |= {item["linkId"]: item} | items(item)
    return found


def answered(response: Response) -> Resource:
    return response_resource(LIBRARY, response, SYSTEMS, name="urn:uuid:1", completed_at=AT, amended=False)


QUESTIONNAIRE: Resource = questionnaire_resource(LIBRARY, SYSTEMS, "Harbour Clinic")
RESPONSES = st.one_of(
    st.integers(0, 10_000).map(lambda number: wild_answers(LIBRARY.questionnaire, number)),
    st.integers(0, 10_000).map(lambda number: next(patients(LIBRARY.questionnaire, [number]))),
)


@given(raw=RESPONSES, is_signed=st.booleans())
@settings(max_examples=10)
def test_every_bundle_is_valid_by_all_validators_and_by_our_own_checks(raw: dict[str, object], is_signed: bool) -> None:
    review = Review({"RF8": Opinion(Verdict.ACTED_ON, "Seen.")}, (HandFlag("Rash", Priority.SOON, "Left arm"),))
    sent = bundle(screened(raw, review=review, signed=SIGNED if is_signed else None, pdf=b"%PDF-1.7"))
    assert problems_of_bundle(sent) == []
    assert objections(sent) == []


@given(raw=RESPONSES, words=st.text(max_size=LONGEST_TEXT))
@settings(max_examples=30)
def test_answers_come_back_as_they_were(raw: dict[str, object], words: str) -> None:
    there = read(LIBRARY.questionnaire, raw | {"matters_most": " ".join(words.split())})
    taken = answers_of(answered(there), LIBRARY.questionnaire)
    assert taken.not_taken == ()
    back = read(LIBRARY.questionnaire, taken.answers)
    assert {n: a for n, a in back.answers.items() if n != "matters_most"} == {
        n: a for n, a in there.answers.items() if n != "matters_most"
    }
    assert back.scores == there.scores
    assert back.not_applicable == there.not_applicable
    assert SCREENER.screen(back) == SCREENER.screen(there)


@given(text=st.text(min_size=1, max_size=LONGEST_TEXT).filter(str.strip))
@settings(max_examples=50)
def test_own_words_are_valid_and_lose_only_what_no_string_may_hold(text: str) -> None:
    sent = answered(read(LIBRARY.questionnaire, {"matters_most": text}))
    assert problems_of(sent) == []
    back = answers_of(sent, LIBRARY.questionnaire).answers.get("matters_most")
    assert (
        back is None
        or str(back).split() == "".join(c if ord(c) > 31 else " " for c in text).replace("\x7f", " ").split()
    )


@pytest.mark.parametrize("why", Missing)
def test_why_an_answer_is_missing_is_told_and_comes_back(why: Missing) -> None:
    response = read(LIBRARY.questionnaire, {"has_uterus": None if why is Missing.SKIPPED else why.value})
    sent = answered(response)
    assert "answer" not in items(sent)["has_uterus"]
    assert read(LIBRARY.questionnaire, answers_of(sent, LIBRARY.questionnaire).answers).answers["has_uterus"] is why


@given(raw=RESPONSES)
@settings(max_examples=6)
def test_a_question_is_asked_elsewhere_when_it_is_asked_here(raw: dict[str, object]) -> None:
    response = read(LIBRARY.questionnaire, raw)
    sent = answered(response)
    known = variables(sent)
    asked = {
        name for name, item in items(QUESTIONNAIRE).items() if item["type"] != "group" and is_asked(item, sent, known)
    }
    assert asked & set(LIBRARY.questionnaire.items) == set(response.answers)


@given(raw=RESPONSES)
@settings(max_examples=6)
def test_scores_are_worked_out_elsewhere_as_here(raw: dict[str, object]) -> None:
    response = read(LIBRARY.questionnaire, raw)
    sent = answered(response)
    known = variables(sent)
    for name, score in response.scores.items():
        if score.applicable and name != "bmi":  # FHIRPath rounds a half up
            assert [known[bound] for bound in bounds(name)] == [[score.low], [score.high]]
        item = items(QUESTIONNAIRE)[f"score:{name}"]
        path = item["extension"][0]["valueExpression"]["expression"]
        found = evaluate(sent, path, known, models["r4"])
        assert len(found) == (1 if score.complete else 0)


def variables(sent: Resource) -> dict[str, Any]:
    known: dict[str, Any] = {"resource": sent}
    for one in QUESTIONNAIRE["extension"]:
        value = one["valueExpression"]
        known[value["name"]] = evaluate(sent, value["expression"], known, models["r4"])
    return known


def is_asked(item: Resource, sent: Resource, known: dict[str, Any]) -> bool:
    """What a form filler makes of `enableWhen` and of the expression."""
    path = extension_value(item, ENABLE_EXPRESSION)
    if path:
        return bool(evaluate(sent, path["expression"], known, models["r4"]) == [True])
    clauses = item.get("enableWhen", [])
    return not clauses or any(holds(clause, items(sent).get(clause["question"], {})) for clause in clauses)


def holds(clause: Resource, found: Resource) -> bool:
    wanted = next(value for key, value in clause.items() if key.startswith("answer"))
    answers = found.get("answer", [])
    if clause["operator"] == "exists":
        return bool(answers) == wanted
    values = [next(value for key, value in answer.items() if key.startswith("value")) for answer in answers]
    if "answerCoding" in clause:
        return any(value["code"] == wanted["code"] and value["system"] == wanted["system"] for value in values)
    compare = {"=": lambda a: a == wanted, ">": lambda a: a > wanted, ">=": lambda a: a >= wanted}
    compare |= {"<": lambda a: a < wanted, "<=": lambda a: a <= wanted, "!=": lambda a: a != wanted}
    return any(compare[clause["operator"]](value) for value in values)


def test_the_questionnaire_is_valid_and_has_codes_translations_and_limits() -> None:
    assert problems_of(QUESTIONNAIRE) == []
    assert objections(QUESTIONNAIRE) == []
    first = items(QUESTIONNAIRE)["phq9_1"]
    assert first["code"][0] == {"system": "http://loinc.org", "code": "44250-9"}
    assert [option["valueCoding"]["code"] for option in first["answerOption"]] == [
        *("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
    ]
    said = [one["extension"][1]["valueString"] for one in first["_text"]["extension"]]
    assert said == [LIBRARY.translations["es"].questionnaire.items["phq9_1"].text]
    assert items(QUESTIONNAIRE)["score:phq9"]["code"][0]["code"] == "44261-6"
    assert items(QUESTIONNAIRE)["has_uterus"]["type"] == "boolean"
    assert items(QUESTIONNAIRE)["age"]["readOnly"]


def test_every_loinc_code_is_one_of_the_questionnaires_own_files() -> None:
    files = "".join(LIBRARY.files.values())
    for resource in (QUESTIONNAIRE, bundle(screened(LOW))):
        assert loinc_codes(resource)
        for code in loinc_codes(resource):
            assert code in files


def loinc_codes(element: Any) -> set[str]:
    if isinstance(element, list):
        return set().union(*map(loinc_codes, element)) if element else set()
    if not isinstance(element, dict):
        return set()
    own = {element["code"]} if element.get("system") == "http://loinc.org" else set()
    return own.union(*map(loinc_codes, element.values()))


def test_a_flag_names_its_rule_its_reason_the_answers_behind_it_and_the_rule_set() -> None:
    sent = bundle(screened(LOW))
    flag = next(
        one for one in of_type(sent, "DetectedIssue") if "item 9" in str(one).lower() or one["severity"] == "high"
    )
    device = of_type(sent, "Device")[0]
    assert device["version"][0]["value"] == LIBRARY.hash
    assert flag["code"]["coding"][0]["code"] in LIBRARY.by_id
    assert flag["author"]["reference"] == link_to(name(device))
    assert flag["evidence"][0]["detail"][0]["reference"] == link_to(name(of_type(sent, "QuestionnaireResponse")[0]))
    assert flag["status"] == "preliminary"
    assert "not a diagnosis" in flag["detail"]


def name(resource: Resource) -> str:
    value: str = (
        resource["identifier"][0]["value"]
        if isinstance(resource["identifier"], list)
        else resource["identifier"]["value"]
    )
    return value


def test_a_signed_flag_is_final_and_tells_what_the_clinician_made_of_it() -> None:
    raised = screened(LOW).screening.raised[0].rule
    review = Review({raised: Opinion(Verdict.ACTED_ON, "Called at noon.")})
    flag = of_type(bundle(screened(LOW, review=review, signed=SIGNED)), "DetectedIssue")[0]
    assert flag["status"] == "final"
    assert flag["mitigation"][0]["action"]["text"] == "Acted on (Dr Ada Price). Called at noon."


def test_a_score_is_a_number_when_known_and_a_range_when_answers_are_missing() -> None:
    def phq9(raw: Mapping[str, object]) -> Resource:
        scores = of_type(bundle(screened(raw)), "Observation")
        return next(one for one in scores if one["code"]["text"] == "PHQ-9")

    assert phq9(LOW)["valueQuantity"]["value"] == 17
    assert phq9(LOW)["interpretation"][0]["text"] == "moderately severe"
    open_ended = phq9(LOW | {"phq9_3": None})
    assert (open_ended["valueRange"]["low"]["value"], open_ended["valueRange"]["high"]["value"]) == (15, 18)
    assert open_ended["status"] == "preliminary"


def test_the_same_screening_gives_the_same_bundle_and_another_encounter_none_of_its_results() -> None:
    assert bundle(screened(LOW)) == bundle(screened(LOW))
    one, other = bundle(screened(LOW)), bundle(screened(LOW, encounter="another"))
    shared = {entry["fullUrl"] for entry in one["entry"]} & {entry["fullUrl"] for entry in other["entry"]}
    kinds = {e["resource"]["resourceType"] for e in one["entry"] if e["fullUrl"] in shared}
    assert kinds == {"Patient", "Device", "Questionnaire"}


def test_no_identifier_is_a_link_of_the_bundle_since_servers_put_addresses_in_place_of_those() -> None:
    sent = bundle(screened(LOW, pdf=b"%PDF"))
    links = {entry["fullUrl"] for entry in sent["entry"]}
    assert not links & {name(entry["resource"]) for entry in sent["entry"]}


def test_a_later_version_takes_the_place_of_the_document_and_of_the_flags() -> None:
    later = bundle(screened(LOW, signed=replace(SIGNED, number=2), pdf=b"%PDF"))
    document = of_type(later, "DocumentReference")[0]
    assert document["relatesTo"][0]["target"]["identifier"]["value"] == document_name(screened(LOW).encounter, 1)
    requests = [e["request"] for e in later["entry"] if e["resource"]["resourceType"] == "DetectedIssue"]
    assert {request["method"] for request in requests} == {"PUT"}


def test_nothing_private_is_in_it_whatever_was_answered() -> None:
    calm = {"touch_frequency": "never", "touch_wish": "more"}
    told = [bundle(screened(calm | answer)) for answer in ({}, {"afraid_at_home": "yes"}, {"afraid_at_home": "no"})]
    assert told[0] == told[1] == told[2]
    assert "afraid_at_home" not in str(told[0])
    assert "RF14" not in str(told[0])


def test_a_rule_that_reads_a_private_answer_is_left_out_with_it() -> None:
    response = read(LIBRARY.questionnaire, {})
    ruleset, left, screening = without_private(LIBRARY, response, SCREENER.screen(response))
    assert "afraid_at_home" not in left.answers
    gone = set(LIBRARY.by_id) - set(ruleset.by_id)
    assert gone == {rule for rule in LIBRARY.by_id if "afraid_at_home" in str(LIBRARY.by_id[rule].conditions())}
    assert set(screening.outcomes) <= set(ruleset.by_id)


def broken(change: Any) -> list[str]:
    sent = copy.deepcopy(bundle(screened(LOW)))
    change(sent)
    return problems_of_bundle(sent)


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("there is no 'done'", lambda b: of_type(b, "Observation")[0].update(status="done")),
        ("there is no 'finished'", lambda b: of_type(b, "QuestionnaireResponse")[0].update(status="finished")),
        (
            "has an answer and items",
            lambda b: items(of_type(b, "QuestionnaireResponse")[0])["phq9_1"].update(item=[{"linkId": "below"}]),
        ),
        ("is none of its answers", lambda b: code_of(b)["valueCoding"].update(code="LA0-0")),
        ("to a question of type choice", lambda b: (code_of(b).clear(), code_of(b).update(valueInteger=2))),
        (
            "2 answers to a question that takes one",
            lambda b: items(of_type(b, "QuestionnaireResponse")[0])["phq9_1"]["answer"].append(code_of(b)),
        ),
        ("is not asked", lambda b: items(of_type(b, "QuestionnaireResponse")[0])["phq9_1"].update(linkId="phq9_10")),
        ("is not in the bundle", lambda b: b["entry"].pop(0)),
        ("would make it twice", lambda b: b["entry"][0]["request"].pop("ifNoneExist")),
        ("stands 2 times", lambda b: b["entry"].append(b["entry"][0])),
        ("birthDate", lambda b: of_type(b, "Patient")[0].update(birthDate="17.5.1970")),
    ],
)
def test_what_the_library_lets_pass_is_found(words: str, change: Any) -> None:
    assert words in "\n".join(broken(change))


def code_of(sent: Resource) -> Resource:
    answer: Resource = items(of_type(sent, "QuestionnaireResponse")[0])["phq9_1"]["answer"][0]
    return answer
