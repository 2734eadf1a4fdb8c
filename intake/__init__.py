"""The Flask application. `create_app` only wires: settings in, views, services and headers out."""

from pathlib import Path

from flask import Flask, Response, current_app, render_template, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined
from werkzeug.exceptions import HTTPException

from intake import accounts, admin, clinician, patient
from intake.database import Database
from intake.rulesets import Screeners
from intake.services import Services
from intake.settings import Settings
from reports.pdf import PdfWorker

LONGEST_REQUEST = 256 * 1024  # bytes; one page of answers is a few hundred
_HERE = Path(__file__).parent
# in an installed wheel the templates stand inside this package, in a checkout beside it
TEMPLATES = _HERE / "_templates" if (_HERE / "_templates").is_dir() else _HERE.parent / "templates"


def create_app(settings: Settings) -> Flask:
    """Return the application. The database must have been made by `intake init`."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=LONGEST_REQUEST,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https:"),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a slow patient is not an attack
    )
    app.extensions["intake"] = Services(settings, Database(settings.database_url), Screeners(), PdfWorker())
    app.jinja_env.undefined = StrictUndefined
    app.jinja_loader = ChoiceLoader(  # type: ignore[assignment]
        [
            FileSystemLoader(TEMPLATES),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    app.jinja_env.globals["clinic_name"] = settings.clinic_name
    app.jinja_env.globals["help_lines"] = settings.help_lines
    CSRFProtect(app)
    for module in (accounts, patient, clinician, admin):
        app.register_blueprint(module.views)
    app.after_request(_protect)
    app.register_error_handler(HTTPException, _show_error)
    app.register_error_handler(CSRFError, _show_error)
    app.register_error_handler(Exception, _show_fault)
    return app


def _protect(response: Response) -> Response:
    """Keep pages out of caches, frames, logs of other sites, and closed to scripts that are not ours."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _show_error(error: HTTPException) -> tuple[str, int]:
    return render_template("error.html", code=error.code, message=error.description), error.code or 500


def _show_fault(error: Exception) -> tuple[str, int]:
    # the message of an exception may hold an answer: only its type goes to the log
    current_app.logger.error("%s while answering %s", type(error).__name__, request.endpoint)
    return render_template("error.html", code=500, message=None), 500
