"""What gunicorn serves: the application with the settings of the environment."""

from flask import Flask

from intake import create_app
from intake.settings import Settings


def application() -> Flask:
    """Return the application for one worker process; each compiles the rule set for itself."""
    return create_app(Settings.from_environment())
