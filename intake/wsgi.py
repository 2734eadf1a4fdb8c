"""What gunicorn serves: the application with the settings of the environment."""

from flask import Flask

from intake import create_app, submission
from intake.services import Services
from intake.settings import Settings


def application() -> Flask:
    """Return the application for one worker process, its rule set compiled before the first patient comes.

    A worker that takes the place of one that died screens what that one left.
    """
    app = create_app(Settings.from_environment())
    services: Services = app.extensions["intake"]
    services.pdf_worker.warm()
    with services.database.reading() as session:
        services.screeners.published(session)
    submission.screen_unfinished(services.database, services.screeners)
    return app
