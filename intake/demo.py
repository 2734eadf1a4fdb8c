"""Invented patients and staff to look around with. Patients answer through the same code as everybody."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from intake import credentials, encounters, staff, submission
from intake.database import Database
from intake.encounters import Encounter
from intake.navigation import journey_of
from intake.rulesets import Screeners
from intake.staff import Role, Staff
from intake.tables import EncounterRow, ResponseRow
from rules.questionnaire import Item, Questionnaire

# what somebody without complaints answers; items that are not named here get "no", "none" or the lowest code
WELL = {
    "has_prostate": "no", "height_cm": 171, "weight_kg": 68.5, "hormone_status": "never", "contraception": "not_needed",
    "period_status": "regular", "weight_change": "none", "desire_change": "same", "migraine_aura": "none",
    "contact_frequency": "daily", "touch_frequency": "daily", "touch_wish": "same", "volunteering": "monthly",
    "someone_to_confide": "yes", "fruit_veg_per_day": 5, "wholegrain_per_day": 3, "protein_foods_per_day": 3,
    "vitamin_c_foods_per_day": 2, "diet_pattern": "omnivore", "oily_fish_per_week": 2, "fermented_per_week": 3,
    "polyphenol_per_week": 5, "sun_exposure": "regular", "legumes_per_week": 3, "prebiotic_per_week": 4,
    "nuts_seeds_greens_per_week": 5, "plant_kinds_per_week": 25, "evs_days": 5, "evs_minutes": 40,
    "sleep_trouble_nights": 0, "everything_true": "yes",
}  # fmt: skip
WOMAN = {"has_uterus": "yes", "has_ovaries": "yes", "has_testes": "no", "sex_at_birth": "female"}
MAN = {"has_uterus": "no", "has_ovaries": "no", "has_testes": "yes", "has_prostate": "yes", "sex_at_birth": "male"}

# two admins: what one changes the other approves
STAFF: dict[str, Role] = {
    "Dr Ada Price": "clinician",
    "Sam Rivers": "admin",
    "Kim Lake": "admin",
    "Jo Field": "front_desk",
}
FIRST_WORDS: dict[Role, str] = {"clinician": "Clinician:", "admin": "Admin:", "front_desk": "Front desk:"}


class NotToLookAround(Exception):
    """Staff sign in here with passwords of their own: invented staff, who need none, have no place beside them."""


@dataclass(frozen=True)
class Person:
    """An invented patient. `stops_before` is the section that is not answered any more; None: all was sent.

    The answers for an appointment in the past were sent on the day before it.
    """

    name: str
    age: int
    days_to_appointment: int
    answers: Mapping[str, object] = field(default_factory=dict)
    stops_before: str | None = None

    @property
    def key(self) -> str:
        """What tells this visit from every other."""
        return self.name if self.days_to_appointment >= 0 else f"{self.name} {self.days_to_appointment}"


SUSAN = WOMAN | {
    "height_cm": 168, "weight_kg": 77, "fertility_wish": "no", "contraception": "none", "conditions": ["thyroid"],
    "hormone_status": "considering", "hormone_tests": ["oxytocin"], "period_status": "irregular",
    "cycle_change_months": 7, "hot_flushes": 3, "night_sweats": 3, "fatigue": 2, "brain_fog": 2, "irritability": 2,
    "joint_pain": 1, "vaginal_dryness": 1, "desire_change": "less", "desire_bother": "yes",
    "phq9_1": 2, "phq9_2": 2, "phq9_3": 3, "phq9_4": 2, "phq9_5": 1, "phq9_6": None, "phq9_7": 1, "phq9_8": 0,
    "phq9_9": 0, "phq9_function": 1, "gad7_1": 2, "gad7_2": 2, "gad7_3": 2, "gad7_4": 2, "gad7_5": 1, "gad7_6": 2,
    "gad7_7": 0, "stress_coping": 3, "ucla3_1": 3, "ucla3_2": 2, "ucla3_3": 2, "contact_frequency": "weekly",
    "lives_alone": "yes", "touch_frequency": "rarely", "touch_wish": "more", "volunteering": "never",
    "volunteering_wish": "yes", "fruit_veg_per_day": 2, "wholegrain_per_day": 0, "legumes_per_week": 1,
    "oily_fish_per_week": 0, "plant_omega3_per_week": 0, "sun_exposure": "little", "fortified_foods_per_week": 0,
    "evs_days": 2, "evs_minutes": 25, "sleep_trouble_nights": 5, "sleep_trouble_months": 6, "mind_body": "never",
    "auditc_1": 3, "auditc_2": 1, "auditc_3": 0, "rectal_bleeding": "not_sure",
    "matters_most": "I wake up soaked at three and cannot get back to sleep. I want to know whether HRT is for me.",
}  # fmt: skip
INVITED = Person("Helen Whitcombe", 52, 1)
PEOPLE = (
    Person("Patricia Lindqvist", 57, 0, WOMAN | {
        "painful_swollen_leg": "yes", "height_cm": 164, "weight_kg": 84, "medicines": ["blood_pressure"],
        "hormone_status": "current", "hormone_kinds": ["oestrogen"], "hormone_source": ["prescribed_licensed"],
        "oestrogen_route": "oral", "progestogen": "none", "hrt_bleeding": "none", "hormone_months": 26,
        "hormone_change_months": 14, "hormone_review_months": 15, "period_status": "stopped_12m_or_more",
        "symptoms_present": ["hot_flushes", "joint_pain"],
        "hormone_tests": ["none"], "hot_flushes": 1, "joint_pain": 2, "sleep_trouble_nights": 2,
        "matters_most": "My calf has been sore and puffy since Tuesday. Is it all right to go on with the tablets?",
    }),
    Person("Susan Okafor", 49, -182, SUSAN | {
        "cycle_change_months": 1, "hot_flushes": 1, "night_sweats": 0, "phq9_1": 1, "phq9_2": 1, "gad7_1": 1,
        "gad7_2": 1, "gad7_3": 1, "gad7_4": 0, "gad7_5": 0, "gad7_6": 1, "auditc_2": 3, "auditc_3": 2,
        "symptoms_present": ["fatigue"], "changes_noticed": ["breast"], "breast_change": "yes",
        "sleep_trouble_nights": 2,
        "matters_most": "My periods have become unreliable, and I am tired.",
    }),
    Person("Susan Okafor", 49, 1, SUSAN),
    Person("Daniel Marsh", 34, 2, MAN | {
        "height_cm": 182, "weight_kg": 79, "fertility_wish": "yes", "contact_frequency": "weekly", "auditc_1": 2,
        "auditc_2": 0, "auditc_3": 0, "matters_most": "Nothing special. My employer asked me to have a check-up.",
    }),
    Person("George Adeyemi", 68, 3, MAN | {"height_cm": 175, "weight_kg": 88, "conditions": ["diabetes"]}, "symptoms"),
)  # fmt: skip


def fill(database: Database, screeners: Screeners, secret_key: str) -> int:
    """Add the invented patients that are not there yet, finish those that were cut off; return how many are new.

    There is always one who was invited and has not sent anything. Raises `NotToLookAround`.
    """
    _add_staff(database)
    new = 0
    for person in PEOPLE:
        encounter, was_there = _invite(database, person, _token(secret_key, person.key))
        new += not was_there
        if encounter.sent_at is None:
            _answer(database, screeners, encounter.id, person)
            if person.stops_before is None:
                submission.send(database, screeners, encounter.id)
            if person.days_to_appointment < 0:
                _put_back(database, encounter.id)
    with database.reading() as session:
        open_token = _first_open(session, secret_key)
    _, was_there = _invite(database, INVITED, open_token)
    return new + (not was_there)


def members(database: Database) -> list[Staff]:
    """Return the invented members of staff, one for each role, who are still there; none without demo data."""
    with database.reading() as session:
        found = [staff.named(session, name) for name in STAFF]
    return [member for member in found if member is not None and member.active]


def seen_already(database: Database, secret_key: str) -> list[Encounter]:
    """Return the invented patients' encounters whose appointment is in the past."""
    tokens = [_token(secret_key, person.key) for person in PEOPLE if person.days_to_appointment < 0]
    with database.reading() as session:
        found = [encounters.find_by_token(session, token) for token in tokens]
    return [encounter for encounter in found if encounter is not None]


def _add_staff(database: Database) -> None:
    """Add the invented members, who sign in by a link alone: never where real ones do."""
    with database.writing() as session:
        if staff.named(session, next(iter(STAFF))) is None and credentials.anybody_real(session):
            raise NotToLookAround
        for name, role in STAFF.items():
            member = staff.named(session, name) or staff.add(session, name, [role])
            credentials.invent(session, member.id)


def invitation(database: Database, secret_key: str) -> tuple[str, date] | None:
    """Return the token and date of birth of the invented patient who has not sent anything yet; None without demo data.

    Tokens are stored as hashes only. Those of invented patients follow from the secret key, so they can be made anew.
    """
    with database.reading() as session:
        token = _first_open(session, secret_key)
        encounter = encounters.find_by_token(session, token)
    return (token, encounter.date_of_birth) if encounter else None


def _first_open(session: Session, secret_key: str) -> str:
    """The token of the first invitation that was not used up: one that exists, or the next one to make."""
    for number in count(1):
        token = _token(secret_key, f"{INVITED.name} {number}")
        encounter = encounters.find_by_token(session, token)
        if encounter is None or encounter.sent_at is None:
            return token
    raise AssertionError("counting does not end")


def _token(secret_key: str, name: str) -> str:
    digest = hmac.digest(secret_key.encode(), f"invented patient: {name}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _invite(database: Database, person: Person, token: str) -> tuple[Encounter, bool]:
    """The encounter with this token, and whether it was there already."""
    today = datetime.now(UTC).astimezone().date()
    first_of_the_day = datetime.combine(today + timedelta(days=person.days_to_appointment), time(9, 30)).astimezone()
    soon = (datetime.now(UTC) + timedelta(hours=2)).replace(second=0, microsecond=0)
    appointment = max(first_of_the_day, soon) if person.days_to_appointment >= 0 else first_of_the_day
    with database.writing() as session:
        found = encounters.find_by_token(session, token)
        if found is not None:
            return found, True
        birth = date(today.year - person.age, today.month, min(today.day, 28)) - timedelta(days=40)
        encounter, _ = encounters.create(
            session, patient_name=person.name, date_of_birth=birth, appointment_at=appointment, token=token
        )
    return encounter, False


def _answer(database: Database, screeners: Screeners, encounter_id: str, person: Person) -> None:
    while True:
        with database.reading() as session:
            questionnaire = screeners.published(session).ruleset.questionnaire
            journey = journey_of(questionnaire, encounters.answers(session, encounter_id))
        page = journey.next_page()
        if page is None or (person.stops_before and _is_reached(questionnaire, page.section, person.stops_before)):
            return
        given = {item.id: _answer_to(item, WELL | dict(person.answers)) for item in journey.unsent(page)}
        fits = journey_of(questionnaire, given).raw
        with database.writing() as session:
            encounters.save_page(session, encounter_id, {name: fits.get(name) for name in given})


def _put_back(database: Database, encounter_id: str) -> None:
    """Let an encounter and its answers be of the day before its appointment."""
    with database.writing() as session:
        encounter = session.get_one(EncounterRow, encounter_id)
        response = session.scalars(select(ResponseRow).where(ResponseRow.encounter_id == encounter_id)).one()
        day_before = (encounter.appointment_at or encounter.created_at) - timedelta(days=1)
        encounter.created_at = response.started_at = response.sent_at = day_before


def _is_reached(questionnaire: Questionnaire, section: str, stop: str) -> bool:
    order = [one.id for one in questionnaire.sections]
    return stop in order and order.index(section) >= order.index(stop)


def _answer_to(item: Item, answers: Mapping[str, object]) -> object:
    if item.id in answers:
        return answers[item.id]
    codes = [option.code for option in item.options]
    if item.type == "choices":
        return ["none"] if "none" in codes else None
    if item.type == "yes_no":
        return "no"
    whole = [code for code in codes if isinstance(code, int)]
    return min(whole) if whole else None
