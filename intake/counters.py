"""What is counted while the product runs, for `intake.metrics`. No label names a patient or an address."""

from prometheus_client import Counter, Histogram

UPPER_BOUNDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds

REQUESTS = Histogram(
    "intake_request_seconds", "Time to answer a request", ("endpoint", "method", "status"), buckets=UPPER_BOUNDS
)
SCREENINGS = Histogram("intake_screening_seconds", "Time to screen sent answers", buckets=UPPER_BOUNDS)
SCREENING_FAULTS = Counter("intake_screening_faults", "Screenings that failed, to be tried again")
DISAGREEMENTS = Counter("intake_screening_disagreements", "Screenings on which the two evaluators differed")
JOBS = Counter("intake_job_tries", "Tries of background jobs", ("kind", "outcome"))
