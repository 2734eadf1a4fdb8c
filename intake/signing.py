"""Signing: the summary as it stands becomes a PDF that is kept, with its hash, under the name of who signs."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from intake import reviews
from intake.audit import Event, Trail
from intake.database import Database
from intake.reviews import Signed
from intake.staff import Staff
from intake.summaries import Opened
from reports.documents import Document, Paper
from reports.paper import document
from reports.wording import day_and_time

SHORT_HASH = 12  # characters of a rule set's hash beside a signature; all of it stands below


@dataclass(frozen=True)
class Signer:
    """Who signs, when, and what writes that into the audit trail."""

    by: Staff
    at: datetime
    trail: Trail


def sign(database: Database, opened: Opened, signer: Signer, write: Callable[[Document], bytes], paper: Paper) -> bool:
    """Freeze a summary. Return False, and keep nothing, if its review was saved or signed anew in between.

    `write` makes the PDF; no transaction is open while it does.
    """
    number, by, at = len(opened.versions) + 1, signer.by, signer.at
    signature = (
        f"Signed by {by.name}, {day_and_time(at.astimezone())} "
        f"(summary version {number}, rule set {opened.summary.rule_set[:SHORT_HASH]})"
    )
    signed = replace(opened.review, signature=signature)
    pdf = write(document(opened.with_review(signed), paper))
    sha256 = hashlib.sha256(pdf).hexdigest()
    version = Signed(number, at, by.name, signed, opened.draft.revision, opened.basis, sha256)
    with database.writing(opened.encounter.id) as session:
        kept = reviews.keep_signed(session, opened.encounter.id, version, by, pdf)
        if kept:
            signer.trail.note(session, Event.SIGNED, opened.encounter.id, f"version {number}")
    return kept
