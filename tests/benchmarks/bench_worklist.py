"""How long the server takes for the worklist of 10,000 patients: `python -m tests.benchmarks.bench_worklist`.

Rows are made up, with answers and a screening as large as real ones beside them; each page is asked for in this
process, signed in, from the request to the last byte of the answer. Times are processor time.
"""

import random
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from flask.testing import FlaskClient

from intake import create_app, credentials, rulesets, staff
from intake.accounts import sign_in_token
from intake.database import Database, database_of
from intake.names import name_tokens, person_token
from intake.outgoing_tables import MailRow
from intake.settings import Settings
from intake.staff import Staff
from intake.tables import NOT_URGENT, AlertRow, EmergencyRow, EncounterRow, ResponseRow, ScreeningRow, SignedSummaryRow
from intake.vault_tables import NameTokenRow
from rules.load import library

PATIENTS = 10_000
BORN = date(1940, 1, 1)
ROUNDS = 30
BATCH = 500  # patients
KINDS = (EncounterRow, NameTokenRow, ResponseRow, MailRow, ScreeningRow, AlertRow, EmergencyRow, SignedSummaryRow)
FIRST = ("Ada", "Ben", "Chloé", "Dmitri", "Élodie", "Farah", "George", "Hana", "Ivo", "José")
LAST = ("Example", "Okafor", "García", "Lindqvist", "Marsh", "Adeyemi", "Whitcombe", "Novák", "Price", "Ng")
ADDRESSES = (
    "/clinician",
    "/clinician?view=today",
    "/clinician?view=urgent",
    "/clinician?view=unread",
    "/clinician?view=received",
    "/clinician?view=all",
    "/clinician?view=all&page=200",
    "/clinician?view=all&q=garcia",
    "/clinician/list",
    "/staff/notices",
)


def rows(chance: random.Random, number: int, rule_set: str, reader: Staff, search_key: bytes) -> list[object]:
    """One patient with all that is stored of them."""
    now, encounter, response = datetime.now(UTC), str(uuid4()), str(uuid4())
    name, born = f"{chance.choice(FIRST)} {chance.choice(LAST)} {number}", BORN + timedelta(chance.randrange(22_000))
    sent = now - timedelta(hours=chance.uniform(0, 24 * 90)) if chance.random() < 0.9 else None
    opened, is_signed = (sent, chance.random() < 0.8) if sent and chance.random() < 0.9 else (None, False)
    urgency = chance.choices([0, 1, 2, 3, 4, NOT_URGENT], [1, 4, 20, 30, 25, 20])[0]
    found: list[object] = [
        EncounterRow(
            id=encounter,
            token_hash=str(uuid4()),
            patient_name=name,
            person=person_token(search_key, name, born),
            date_of_birth=born,
            appointment_at=now + timedelta(hours=chance.uniform(-24 * 90, 24 * 14)) if chance.random() < 0.9 else None,
            created_at=now - timedelta(days=90),
            urgency=urgency if sent else NOT_URGENT,
            flag_count=chance.randrange(20) if sent else None,
        ),
        ResponseRow(
            id=response,
            encounter_id=encounter,
            answers={f"item_{item}": "an answer" for item in range(150)},
            help_shown=[],
            revision=40,
            started_at=now,
            sent_at=sent,
            opened_at=opened,
            opened_by=reader.id if opened else None,
            rule_set_hash=rule_set,
        ),
        MailRow(
            id=str(uuid4()),
            key=str(uuid4()),
            kind="invitation",
            encounter_id=encounter,
            made_at=now,
            sent_at=now,
            tries=1,
        ),
    ]
    if sent:
        result = {"outcomes": {f"R{rule}": {"outcome": "not raised", "because": ["x" * 60]} for rule in range(66)}}
        found.append(
            ScreeningRow(
                id=str(uuid4()),
                response_id=response,
                encounter_id=encounter,
                rule_set_hash=rule_set,
                result=result,
                screened_at=sent,
            )
        )
    if urgency == 0 and sent:
        alert = {"encounter_id": encounter, "raised_at": sent}
        taken = {"taken_at": sent, "taken_by": reader.id} if opened else {}
        rule = {"rule": "RF1", "token": uuid4().bytes, "priority": "emergency", "is_private": False}
        found.append(AlertRow(id=str(uuid4()), **rule, **alert))
        found.append(EmergencyRow(id=str(uuid4()), cause="answers", **alert, **taken))
    if is_signed:
        found.append(
            SignedSummaryRow(
                encounter_id=encounter,
                number=1,
                signed_at=sent,
                signed_by=reader.id,
                signature="Signed",
                content={},
                revision=1,
                basis="0" * 64,
                pdf=b"x" * 60_000,
                pdf_sha256="0" * 64,
            )
        )
    tokens = name_tokens(search_key, name)
    return found + [NameTokenRow(token=token, encounter_id=encounter) for token in tokens]


def fill(database: Database) -> Staff:
    """Make the patients up; return a clinician."""
    chance = random.Random(1)
    with database.writing() as session:
        rulesets.publish(session, library())
        rule_set = rulesets.published_hash(session)
        reader = staff.add(session, "Dr Ada Price", ["clinician"])
    assert rule_set is not None
    for start in range(0, PATIENTS, BATCH):
        key, batch = database.keys.search_key, range(start, start + BATCH)
        made = [row for number in batch for row in rows(chance, number, rule_set, reader, key)]
        database.keys.make(row.id for row in made if isinstance(row, EncounterRow))
        with database.writing() as session:
            for kind in KINDS:
                session.add_all([row for row in made if isinstance(row, kind)])
                session.flush()
    return reader


def measure(client: FlaskClient, address: str) -> list[float]:
    """Milliseconds of processor time of each round, sorted."""
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        answer = client.get(address)
        times.append((time.process_time() - begin) * 1000)
        assert answer.status_code == 200, address
    return sorted(times)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment({"INTAKE_DATA": folder})
        database = database_of(settings)
        database.migrate()
        reader = fill(database)
        database.migrate()  # as each start does: looks at the size of the tables
        size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
        print(f"{PATIENTS:,} patients, {size:.0f} MB")
        app = create_app(settings)
        client = app.test_client()
        with database.writing() as session:
            credentials.invent(session, reader.id)
        client.get(f"/sign-in/{sign_in_token(settings.secret_key, reader.id)}")
        for address in ADDRESSES:
            measure(client, address)
            times = measure(client, address)
            print(f"{address:32} median {statistics.median(times):5.1f} ms, slowest of {ROUNDS} {times[-1]:5.1f} ms")
        app.extensions["intake"].pdf_worker.close()


if __name__ == "__main__":
    main()
