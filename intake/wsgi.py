"""What gunicorn serves: the application with the settings of the environment."""

import logging

from flask import Flask
from sqlalchemy.exc import DBAPIError

from intake import create_app
from intake.faults import place_of
from intake.rulesets import Screeners
from intake.services import Services
from intake.settings import Settings
from rules.engine_process import EngineProcess

LOG = logging.getLogger(__name__)


def application() -> Flask:
    """Return the application for one worker process, its rule set compiled before the first patient comes."""
    app = create_app(Settings.from_environment(), Screeners(EngineProcess()))
    services: Services = app.extensions["intake"]
    services.pdf_worker.warm()
    try:
        with services.database.reading() as session:
            services.screeners.published(session)
    except DBAPIError as error:  # were this process to end of it, gunicorn would give up, and all would end
        LOG.error("the database cannot be read yet; the rule set is compiled when it can: %s", place_of(error))
    return app
