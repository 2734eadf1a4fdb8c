"""What a load balancer asks: whether this process lives (`/healthz`), and whether it can do its work (`/readyz`)."""

import logging
from functools import cache

from alembic.script import ScriptDirectory
from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from intake import rulesets
from intake.database import MIGRATIONS
from intake.encryption import Unreadable
from intake.faults import place_of
from intake.master_keys import MasterKeyError
from intake.services import services

ENDPOINTS = ("health.alive", "health.ready")  # asked by an address that need not be the clinic's
LOG = logging.getLogger(__name__)

views = Blueprint("health", __name__)


@views.get("/healthz")
def alive() -> Response:
    """Answer, and touch nothing."""
    return jsonify(alive=True)


@views.get("/readyz")
def ready() -> tuple[Response, int]:
    """Answer 200 if patients can be served, else 503 with the reason."""
    try:
        services().database.keys.check()
        with services().database.reading() as session:
            reason = not_ready(session)
    except (MasterKeyError, Unreadable) as error:
        LOG.error("not ready: %s", error)  # it names where the master key stands, which is not for everybody
        reason = "the keys of what is stored cannot be opened; run: intake doctor"
    except SQLAlchemyError as error:
        LOG.error("not ready: %s", place_of(error))
        reason = "the database does not answer"
    return jsonify(ready=not reason, **({"reason": reason} if reason else {})), 503 if reason else 200


def not_ready(session: Session) -> str:
    """Return what keeps an installation from serving patients, and what to do; "" if nothing does."""
    if session.scalar(text("SELECT version_num FROM alembic_version")) != newest_tables():
        return "the tables are not those of this version; run: intake init"
    if rulesets.published_hash(session) is None:
        return "no rule set is published; run: intake init"
    return ""


@cache
def newest_tables() -> str | None:
    """Return the name of the last migration that this version of the product has."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()
