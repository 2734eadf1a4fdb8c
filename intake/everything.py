"""All that is stored of one encounter, for the patient who asks to see it: every row as JSON, and each PDF as it is.

It is the same list of tables that erasing goes by (`intake.erasure`), so that what can be erased can also be seen.
Left out is the hash of the link alone, which says nothing of the patient.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from intake import audit, erasure, summaries
from intake.audit_tables import AuditRow
from intake.database import Database
from intake.rulesets import Screeners
from intake.sealed import Sealed
from intake.settings import Settings
from intake.tables import EncounterRow, Row
from reports.documents import Document
from reports.paper import document

LEFT_OUT = ("token_hash", "person")
README = """All that is stored of this appointment and its questionnaire.

record.json    each table with its rows, as they are stored; moments are in universal time (UTC)
audit.json     who read or changed it, and when; members of staff are named by ids
*.pdf          the summary as it stands, and each version that was signed
"""


def everything(
    database: Database, screeners: Screeners, settings: Settings, encounter_id: str, write: Callable[[Document], bytes]
) -> bytes | None:
    """Return a ZIP of all that is stored of an encounter; None if there is none. `write` makes the summary's PDF."""
    standing = summaries.as_it_stands(database, screeners, settings.clinic_name, encounter_id)
    summary = write(document(standing.with_review(standing.review), settings.paper)) if standing else None
    with database.reading() as session:
        if session.get(EncounterRow, encounter_id) is None:
            return None
        record, files = _record(session, encounter_id)
        entries = [_entry(entry) for entry in audit.entries(session, AuditRow.encounter_id == encounter_id)]
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        archive.writestr("record.json", _text(record))
        archive.writestr("audit.json", _text(entries))
        if summary is not None:
            archive.writestr("summary.pdf", summary)
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _record(session: Session, encounter_id: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Every table with its rows, and the files that stand in them by the names that the rows give them."""
    record: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    kinds: tuple[type[Row], ...] = (EncounterRow, *reversed(erasure.KINDS))
    for kind in kinds:
        mine = kind.__table__.c["id" if kind is EncounterRow else "encounter_id"] == encounter_id
        rows = session.scalars(select(kind).where(mine)).all()
        record[kind.__tablename__] = [dict(_values(row, files)) for row in rows]
    return record, files


def _values(row: Row, files: dict[str, bytes]) -> Iterator[tuple[str, Any]]:
    for column in inspect(type(row)).column_attrs:
        name = column.key.removesuffix("_sealed")
        value = getattr(row, name) if isinstance(vars(type(row)).get(name), Sealed) else getattr(row, column.key)
        if name in LEFT_OUT:
            continue
        if isinstance(value, bytes):
            file = f"signed-{getattr(row, 'number', len(files) + 1)}.{name}"
            files[file], value = value, file
        yield name, value


def _entry(entry: audit.Entry) -> dict[str, object]:
    who = f"{entry.who.kind} {entry.who.id}".strip()
    return {"number": entry.number, "at": entry.at, "who": who, "event": entry.event, "about": entry.about}


def _text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
