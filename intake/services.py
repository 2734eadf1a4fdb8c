"""What views work with, made once for each process and handed to them by the application."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from intake.database import Database
from intake.kept_journeys import KeptJourneys
from intake.kept_pages import KeptPages
from intake.rulesets import Screeners
from intake.settings import Settings
from reports.pdf_worker import PdfWorker


@dataclass(frozen=True)
class Services:
    """Settings, database, compiled rule sets, the process that makes PDFs, and what is kept of pages and patients."""

    settings: Settings
    database: Database
    screeners: Screeners
    pdf_worker: PdfWorker
    kept_pages: KeptPages
    kept_journeys: KeptJourneys


def services() -> Services:
    """Return the services of the application that answers this request."""
    return cast(Services, current_app.extensions["intake"])
