"""Figures for Prometheus: `/metrics`, for who knows `INTAKE_METRICS_TOKEN`.

Under `intake serve` all processes count into one folder (`PROMETHEUS_MULTIPROC_DIR`), the worker for background jobs
too. What stands in the database is looked up when the figures are asked for: every machine gives the same.
"""

import hmac
import logging
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from intake import emergencies, outbox, submission
from intake.counters import REQUESTS
from intake.database import Database
from intake.faults import place_of
from intake.services import services

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

LOG = logging.getLogger(__name__)

views = Blueprint("metrics", __name__)


class Stored(Collector):
    """What waits, by the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name nothing beforehand, so that the database is asked once."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Look it up; where the database does not answer, that is the figure."""
        try:
            with self._database.reading() as session:
                unscreened = len(submission.unfinished(session, submission.EVER))
                open_ones = len(emergencies.not_taken(session))
                mails = outbox.unsent(session)
        except SQLAlchemyError as error:
            LOG.error("no figures of the database: %s", place_of(error))
            yield GaugeMetricFamily("intake_database_up", "Whether the database answers", 0)
            return
        yield GaugeMetricFamily("intake_database_up", "Whether the database answers", 1)
        yield GaugeMetricFamily("intake_responses_not_screened", "Responses sent and not screened yet", unscreened)
        yield GaugeMetricFamily("intake_emergencies_open", "Patients who need somebody and whom nobody took", open_ones)
        waiting = GaugeMetricFamily("intake_mails_waiting", "Mails and webhook calls not sent yet", labels=["kind"])
        oldest = GaugeMetricFamily("intake_mails_oldest_seconds", "How long the oldest of them waits", labels=["kind"])
        for kind in outbox.Kind:
            made = [mail.made_at for mail in mails if mail.kind is kind]
            waiting.add_metric([kind.value], len(made))
            oldest.add_metric([kind.value], (datetime.now(UTC) - min(made)).total_seconds() if made else 0)
        yield waiting
        yield oldest


@views.get("/metrics")
def show() -> Response:
    """Answer with all figures, as Prometheus reads them; not found without the token."""
    token = services().settings.metrics_token
    given = request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        abort(404)
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)
    else:
        registry.register(REGISTRY)
    registry.register(Stored(services().database))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def prepare(app: Flask) -> None:
    """Count every request of an application."""

    @app.before_request
    def begin() -> None:
        g.counted_from = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        labels = request.endpoint or "none", request.method, str(response.status_code)
        REQUESTS.labels(*labels).observe(time.perf_counter() - g.counted_from)
        return response
