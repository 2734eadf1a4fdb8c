"""Logs: one JSON object a line on standard error, with the request it belongs to, and nothing of what patients write.

An address may hold a token or a patient's id: a request is named by its endpoint. Every answer carries the request's id
in `X-Request-Id`, so that what somebody saw can be found here.
"""

import logging
import logging.config
import re
import time
from typing import Any
from uuid import uuid4

from flask import Flask, Response, g, has_request_context, request
from pythonjsonlogger.json import JsonFormatter

from intake.settings import Settings

HEADER = "X-Request-Id"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s %(message)s"
NAMES = {"asctime": "at", "levelname": "level", "name": "logger"}
LOG = logging.getLogger(__name__)


class OfRequest(logging.Filter):
    """Puts the id of the request on what is logged while it is answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through."""
        if has_request_context() and "request_id" in g:
            record.request_id = g.request_id
        return True


class Lines(JsonFormatter):
    """A line of JSON. Tracebacks are left out: an exception's words may hold an answer or a name (`intake.faults`)."""

    def __init__(self) -> None:
        super().__init__(FORMAT, rename_fields=NAMES)
        self.converter = time.gmtime
        self.default_time_format, self.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"

    def formatException(self, ei: Any) -> str:  # the library's name
        """Return the exception's type alone."""
        return ei[0].__name__ if ei and ei[0] else ""


def configuration(level: str) -> dict[str, Any]:
    """Return what `logging.config.dictConfig` sets up, for gunicorn's processes and for the worker alike."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": OfRequest}},
        "formatters": {"lines": {"()": Lines}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["request"]}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "intake": {"level": level.upper()},
            "gunicorn.error": {"level": level.upper(), "handlers": [], "propagate": True},
        },
    }


def configure(level: str) -> None:
    """Set up the logs of this process."""
    logging.config.dictConfig(configuration(level))


def prepare(app: Flask, settings: Settings) -> None:
    """Give every request an id and a line. Comes before anything else that looks at a request."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get(HEADER, "")
        is_ours = settings.proxies > 0 and GIVEN.fullmatch(given)
        g.request_id = given if is_ours else uuid4().hex
        g.begun = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        if request.endpoint != "static":  # they are many, and hold nothing that goes wrong
            response.headers[HEADER] = g.request_id
        LOG.info(
            "answered",
            extra={
                "endpoint": request.endpoint,
                "method": request.method,
                "status": response.status_code,
                "milliseconds": round((time.perf_counter() - g.begun) * 1000, 1),
            },
        )
        return response
