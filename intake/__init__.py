"""The Flask application. `create_app` only wires: settings in, views, services and headers out."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader
from werkzeug.exceptions import HTTPException

from intake import (
    about,
    accounts,
    admin,
    admin_audit,
    admin_deeper,
    admin_drafts,
    admin_impact,
    admin_jobs,
    admin_preview,
    admin_publish,
    admin_record,
    admin_retention,
    admin_rule,
    admin_what_if,
    away,
    browser_rules,
    cds_hooks,
    clinician,
    clinician_audit,
    clinician_fhir,
    clinician_hand_over,
    clinician_record,
    correction,
    days,
    desk,
    desk_import,
    desk_paper,
    entry,
    fhir_questionnaire,
    health,
    kiosk,
    language,
    logs,
    members,
    metrics,
    my_account,
    notices,
    openid,
    patient,
    patients_copy,
    review,
    second_factor,
    security,
    sent_text,
    sign_in,
    static_files,
    typed,
)
from intake.database import database_of
from intake.faults import place_of
from intake.folders import TEMPLATES
from intake.kept_journeys import KeptJourneys
from intake.kept_pages import KeptPages
from intake.rulesets import Screeners
from intake.services import Services
from intake.settings import Settings
from reports.paper import first_document
from reports.pdf_worker import PdfWorker

VIEWS = (
    health,
    metrics,
    about,
    accounts,
    sign_in,
    openid,
    second_factor,
    my_account,
    members,
    notices,
    kiosk,
    entry,
    patient,
    patients_copy,
    correction,
    desk_import,
    desk_paper,
    desk,
    cds_hooks,
    clinician,
    clinician_audit,
    clinician_fhir,
    clinician_hand_over,
    fhir_questionnaire,
    clinician_record,
    review,
    admin,
    admin_audit,
    admin_deeper,
    admin_drafts,
    admin_impact,
    admin_jobs,
    admin_preview,
    admin_publish,
    admin_record,
    admin_retention,
    admin_rule,
    admin_what_if,
)
LOG = logging.getLogger(__name__)


class Application(Flask):
    """A Flask application none of whose functions is asynchronous, so that no request looks for one among them."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func


def create_app(settings: Settings, screeners: Screeners | None = None) -> Flask:
    """Return the application. The database must have been made by `intake init`.

    `screeners`: those of this process; where it is left out, durable-rules runs in this process itself.
    """
    app = Application(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a slow patient is not an attack
    )
    app.extensions["intake"] = Services(
        settings,
        database_of(settings),
        screeners or Screeners(),
        PdfWorker(first_document(settings.paper)),
        KeptPages(),
        KeptJourneys(),
    )
    logs.prepare(app, settings)
    metrics.prepare(app)
    sent_text.prepare(app)
    browser_rules.prepare(app, settings)
    _prepare_templates(app, settings)
    language.prepare(app)
    csrf = CSRFProtect(app)
    csrf.exempt("intake.patient.leave")  # whoever must get off a page gets off it
    csrf.exempt("intake.cds_hooks.serve")  # a token lets in, no cookie
    security.prepare(app, settings)
    openid.prepare(app, settings)
    for module in VIEWS:
        app.register_blueprint(module.views)
    static_files.prepare(app)
    away.prepare(app)
    app.register_error_handler(HTTPException, _show_error)
    app.register_error_handler(CSRFError, _show_stale_page)
    app.register_error_handler(accounts.SignInFirst, sign_in.ask_first)
    app.register_error_handler(Exception, _show_fault)
    return app


def _prepare_templates(app: Flask, settings: Settings) -> None:
    govuk = {name: PackageLoader(name) for name in ("govuk_frontend_jinja", "govuk_frontend_wtf")}
    loaders = [FileSystemLoader(TEMPLATES), PrefixLoader(govuk)]
    app.jinja_loader = ChoiceLoader(loaders)
    app.jinja_env.globals["clinic_name"] = settings.clinic_name
    app.jinja_env.globals["clinic_phone"] = settings.clinic_phone
    app.jinja_env.globals["help_lines"] = settings.help_lines
    app.jinja_env.globals["day_and_time"] = days.day_and_time
    app.jinja_env.globals["plain_day"] = days.plain_day
    app.jinja_env.globals["near_day_and_time"] = days.near_day_and_time
    app.jinja_env.globals["time_left"] = days.time_left


def _show_error(error: HTTPException) -> tuple[str, int]:
    is_ours = error.description != type(error).description  # the library's own words are in English only
    message = error.description if is_ours else None
    return render_template(_page_of_errors(), code=error.code, message=message), error.code or 500


def _show_stale_page(error: CSRFError) -> entry.Answer:
    if typed.WAY_BACK in request.form:
        return entry.ask_again()
    message = gettext(
        "This page is no longer open here: another link was opened since, or the browser was closed in between."
    )
    return render_template(_page_of_errors(), code=error.code, message=message), 400


def _page_of_errors() -> str:
    return "staff/refused.html" if accounts.signed_in() else "error.html"


def _show_fault(error: Exception) -> tuple[str, int]:
    LOG.error("fault while answering %s: %s", request.endpoint, place_of(error))
    try:
        return render_template("error.html", code=500, message=None), 500
    except Exception as second:  # whatever the fault was, it may be in the frame of every page
        LOG.error("fault while showing a fault: %s", place_of(second))
        return "<!DOCTYPE html><title>Error</title><p>Something went wrong on our side. Please try again.", 500
