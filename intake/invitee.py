"""Who is invited: each detail read from text and checked, the same way from a form and from a file."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time

from babel import Locale

from intake.encounters import age_on
from intake.language import ENGLISH, LANGUAGES

LONGEST_NAME = 200
LONGEST_EMAIL = 254
YOUNGEST, OLDEST = 16, 120  # whom the questionnaire is for
PHONE_FIGURES = range(5, 16)  # how many figures a telephone number has
NAMES = {code: Locale(code).get_display_name("en") or code for code in LANGUAGES}  # as staff call them
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_PHONE = re.compile(r"\+?[0-9 ().\-/]+")


@dataclass(frozen=True)
class Invitee:
    """One patient to invite. E-mail address and telephone number are "" where they are not known."""

    patient_name: str
    date_of_birth: date
    appointment_at: datetime | None = None
    email: str = ""
    phone: str = ""
    language: str = ENGLISH  # that the patient is written to in


def read_name(text: str) -> str:
    """Return a name with single spaces and no control characters. Raises `ValueError` in words."""
    name = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if not name:
        raise ValueError("Give the patient’s name.")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"The name has {len(name)} characters; shorten it to {LONGEST_NAME}.")
    return name


def check_birth(day: date | None) -> date:
    """Return a date of birth of somebody whom the questionnaire is for. Raises `ValueError` in words."""
    if day is None:
        raise ValueError("Give the date of birth.")
    if not YOUNGEST <= age_on(day, date.today()) <= OLDEST:  # noqa: DTZ011 - the clinic's own day
        raise ValueError(f"The questionnaire is for people from {YOUNGEST} to {OLDEST} years.")
    return day


def read_email(text: str) -> str:
    """Return an e-mail address; "" where there is none. Raises `ValueError` in words."""
    email = text.strip()
    if email and (len(email) > LONGEST_EMAIL or ".." in email or not _EMAIL.fullmatch(email)):
        raise ValueError("This is not an e-mail address. Write it like ann@example.org.")
    return email


def read_phone(text: str) -> str:
    """Return a telephone number as it was written; "" where there is none. Raises `ValueError` in words."""
    phone = " ".join(text.split())
    figures = sum(sign.isdigit() for sign in phone)
    if phone and not (_PHONE.fullmatch(phone) and figures in PHONE_FIGURES):
        raise ValueError("This is not a telephone number. Write it like 020 7946 0000 or +44 20 7946 0000.")
    return phone


def read_language(text: str) -> str:
    """Return the code of a language that is given by its code or name; English where there is none.

    Raises `ValueError` in words.
    """
    named = {word.casefold(): code for code in LANGUAGES for word in (code, LANGUAGES[code], NAMES[code])}
    code = named.get(text.strip().casefold() or ENGLISH)
    if code is None:
        raise ValueError(f"There are no questions in this language. Write one of: {', '.join(LANGUAGES)}.")
    return code


def check_appointment(day: date, at: time | None) -> datetime:
    """Return an appointment in the time zone of the server; without a time, the start of its day.

    Raises `ValueError` in words for a day that is over.
    """
    if day < date.today():  # noqa: DTZ011 - the clinic's own day
        raise ValueError("This day is over. Check the day of the appointment.")
    return datetime.combine(day, at or time()).astimezone()
