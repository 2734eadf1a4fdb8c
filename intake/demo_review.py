"""The invented clinician reviews and signs the summaries of invented patients who were seen already."""

from datetime import timedelta

from intake import audit, demo, reviews, signing, summaries
from intake.audit import Trail
from intake.database import Database
from intake.encounters import Encounter
from intake.rulesets import Screeners
from intake.settings import Settings
from intake.staff import Staff
from intake.summaries import Opened
from reports.pdf import render
from reports.review import HandFlag, Opinion, Review, Verdict
from rules.ruleset import Priority

BY_HAND = HandFlag("Tired although she sleeps", Priority.ROUTINE, "Blood count and thyroid tests asked for.")
LENGTH = timedelta(minutes=25)  # from the time of the appointment to the signature


def sign_past(database: Database, screeners: Screeners, settings: Settings) -> None:
    """Sign what is not signed yet of the appointments in the past."""
    clinician = next((member for member in demo.members(database) if "clinician" in member.roles), None)
    if clinician is None:
        return
    for encounter in demo.seen_already(database, settings.secret_key):
        opened = summaries.opened(database, screeners, settings.clinic_name, encounter.id, clinician)
        if opened is not None and not opened.versions:
            _review(database, opened, clinician)
            reviewed = summaries.opened(database, screeners, settings.clinic_name, encounter.id, clinician)
            if reviewed is not None:
                _sign(database, reviewed, encounter, clinician, settings)


def _review(database: Database, opened: Opened, clinician: Staff) -> None:
    verdicts = [Opinion(Verdict.AGREE), Opinion(Verdict.ACTED_ON, "Talked about it."), Opinion(Verdict.NOT_RELEVANT)]
    opinions = {flag.rule: verdicts[number % len(verdicts)] for number, flag in enumerate(opened.flags)}
    with database.writing() as session:
        reviews.save(session, opened.encounter.id, Review(opinions, (BY_HAND,)), opened.draft.revision, clinician)


def _sign(database: Database, opened: Opened, encounter: Encounter, clinician: Staff, settings: Settings) -> None:
    if encounter.appointment_at is not None:
        trail = Trail(settings.secret_key, audit.COMMAND_LINE)
        signer = signing.Signer(clinician, encounter.appointment_at + LENGTH, trail)
        signing.sign(database, opened, signer, render, settings.paper)
