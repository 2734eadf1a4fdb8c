"""Figures for Prometheus: `/metrics`, for who knows `INTAKE_METRICS_TOKEN`.

Under `intake serve` all processes count into one folder (`PROMETHEUS_MULTIPROC_DIR`), the worker for background jobs
too. What stands in the database is looked up when the figures are asked for: every machine gives the same.
"""

import hmac
import logging
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from intake import emergencies, outbox, stuck, submission
from intake.counters import REQUESTS
from intake.database import Database
from intake.faults import place_of
from intake.services import services
from intake.stuck import StuckJob

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
                unscreened = len(submission.unfinished(session))
                open_ones = len(emergencies.not_taken(session))
                mails = outbox.unsent(session)
                failing = stuck.listing(session)
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
        yield from _jobs(failing)


def _jobs(failing: Sequence[StuckJob]) -> Iterator[GaugeMetricFamily]:
    """What fails in the background, by kind of job; a kind of which nothing fails is left out."""
    number = GaugeMetricFamily("intake_jobs_failing", "Jobs whose last try failed", labels=["kind"])
    given_up = GaugeMetricFamily("intake_jobs_given_up", "Those of them not tried again by itself", labels=["kind"])
    oldest = GaugeMetricFamily("intake_jobs_failing_seconds", "How long the oldest of them fails", labels=["kind"])
    for kind in sorted({job.kind for job in failing}):
        these = [job for job in failing if job.kind == kind]
        number.add_metric([kind], len(these))
        given_up.add_metric([kind], sum(job.given_up_at is not None for job in these))
        oldest.add_metric([kind], (datetime.now(UTC) - min(job.since for job in these)).total_seconds())
    yield from (number, given_up, oldest)


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
