"""What is stored: one class for each table. The connection to them is `intake.database`.

What patients and clinicians say stands in sealed columns (`intake.sealed`); `SECURITY.md` lists what stands in clear.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from intake.encryption import TOKEN
from intake.key_store import OF_SEVERAL
from intake.moments import Moment
from intake.sealed import HoldsSealed, bytes_column, date_column, json_column, moment_column, optional, text_column

NOT_URGENT = 9  # stands after the rank of every priority


class Row(DeclarativeBase):
    """Base of all rows."""


def _where_set(name: str, column: str) -> Index:
    """An index of the few rows that still wait for something: the workers ask for them every second."""
    is_set = text(f"{column} IS NOT NULL")
    return Index(name, column, sqlite_where=is_set, postgresql_where=is_set)


class RuleSetRow(Row):
    """A rule set, whole, by the hash of its content. The one published last is used."""

    __tablename__ = "rule_set"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    files: Mapped[dict[str, str]] = mapped_column(JSON)
    published_at: Mapped[datetime] = mapped_column(Moment, index=True)


class DraftRow(Row):
    """Changed rule files on top of a published rule set: texts by name, None for one that is removed.

    It ends when published or discarded. `approved_hash` names the content (all files) that `approved_by`, a member of
    staff, stands for.
    """

    __tablename__ = "draft"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    base_hash: Mapped[str] = mapped_column(ForeignKey("rule_set.hash"))
    changes: Mapped[dict[str, str | None]] = mapped_column(JSON)
    changed_by: Mapped[str] = mapped_column(String(36))
    changed_at: Mapped[datetime] = mapped_column(Moment)
    approved_hash: Mapped[str | None] = mapped_column(String(64))
    approved_by: Mapped[str | None] = mapped_column(String(36))


class PublicationRow(Row):
    """One time that a rule set was published: in the place of which, how, and who (members of staff) stood for it."""

    __tablename__ = "publication"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    rule_set_hash: Mapped[str] = mapped_column(ForeignKey("rule_set.hash"))
    from_hash: Mapped[str | None] = mapped_column(ForeignKey("rule_set.hash"))
    published_at: Mapped[datetime] = mapped_column(Moment, index=True)
    how: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(Text)
    published_by: Mapped[str | None] = mapped_column(String(36))
    approved_by: Mapped[str | None] = mapped_column(String(36))


class ImpactRow(HoldsSealed, Row):
    """What a draft's content would do to the `responses` sent by then, in the place of a published rule set.

    It is worked out in parts, in the background; `result` stands there once it is done. `files` is the whole content.
    """

    __tablename__ = "impact"
    __table_args__ = (Index("impact_asked", "before_hash", "after_hash", "asked_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    before_hash: Mapped[str] = mapped_column(ForeignKey("rule_set.hash"))
    after_hash: Mapped[str] = mapped_column(String(64))
    files: Mapped[dict[str, str]] = mapped_column(JSON, deferred=True)
    responses: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Moment)
    parts: Mapped[int] = mapped_column(default=0)
    parts_done: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    result_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    result = optional(json_column())

    @property
    def key_id(self) -> str:
        """The key for what is worked out of several patients' answers."""
        return OF_SEVERAL


class EncounterRow(HoldsSealed, Row):
    """One patient's appointment: invitation, and who it is for. The link's token is kept only as a hash.

    `link_number` counts the links made for it, of which only the last one works, and that until `expires_at`.
    `person` stands for name and date of birth together (`intake.names`).
    For the worklist: `urgency` is the rank of the most urgent priority that is known (`NOT_URGENT` for none),
    `flag_count` the number of flags, None until the answers are screened.
    """

    __tablename__ = "encounter"
    __table_args__ = (  # all that the worklist sorts and counts by
        Index("encounter_on_worklist", "id", "appointment_at", "urgency", "cancelled_at", "expires_at", "created_at"),
        Index("encounter_to_come", "appointment_at", "expires_at", "id"),
        Index("encounter_urgent", "urgency", "id"),
    )
    ENCOUNTER = "id"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person: Mapped[bytes] = mapped_column(LargeBinary(TOKEN), index=True)
    patient_name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    date_of_birth_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    appointment_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    locked_at: Mapped[datetime | None] = mapped_column(Moment)
    cancelled_at: Mapped[datetime | None] = mapped_column(Moment)
    language: Mapped[str] = mapped_column(String(8), default="en", server_default="en")
    link_number: Mapped[int] = mapped_column(default=0, server_default="0")
    wrong_tries: Mapped[int] = mapped_column(default=0, server_default="0")
    urgency: Mapped[int] = mapped_column(default=NOT_URGENT, server_default=str(NOT_URGENT))
    flag_count: Mapped[int | None]
    patient_name = text_column()
    date_of_birth = date_column()
    email = optional(text_column())
    phone = optional(text_column())


class ResponseRow(HoldsSealed, Row):
    """One patient's answers. `revision` counts the saves.

    `sent_at` is set when the patient sends them, together with the rule set that was in use then and screens them;
    `unscreened_since` too, until they are screened.
    Once the pages were left quickly (`left_quickly_at`), they show no earlier answer to a sensitive question.
    `help_wanted_at` is when the patient last said that they need help now. `opened_at` and `opened_by` (the id of a
    member of staff) are when and by whom the summary was first opened.
    Until then the patient may change the answers that were sent: `correction` holds them as they are changed, and they
    take the place of `answers` when they are sent too. `first_sent_at` is when they were sent before that.
    """

    __tablename__ = "response"
    __table_args__ = (  # what the worklist reads, so that it does not have to go past the answers
        Index("response_on_worklist", "encounter_id", "sent_at", "started_at", "opened_at", "opened_by", "id"),
        _where_set("response_unscreened", "unscreened_since"),
        Index("response_unread", "opened_at", "sent_at", "encounter_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), unique=True)
    answers_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    help_shown_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    revision: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    unscreened_since: Mapped[datetime | None] = mapped_column(Moment)
    left_quickly_at_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    help_wanted_at: Mapped[datetime | None] = mapped_column(Moment)
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    opened_by: Mapped[str | None] = mapped_column(String(36))
    correction_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    first_sent_at: Mapped[datetime | None] = mapped_column(Moment)
    rule_set_hash: Mapped[str | None] = mapped_column(ForeignKey("rule_set.hash"))
    answers = json_column()
    help_shown = json_column()
    left_quickly_at = optional(moment_column())
    correction = optional(json_column())

    @property
    def open_correction(self) -> dict[str, Any] | None:
        """The sent answers as the patient is changing them; None once somebody at the clinic has opened the summary."""
        return self.correction if self.opened_at is None else None


class StaffRow(Row):
    """A member of staff. The name is unique: it is what signs. Those who left are kept, not `active`."""

    __tablename__ = "staff"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    roles: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)


class ScreeningRow(HoldsSealed, Row):
    """A response put through a rule set. Made once for each sent response."""

    __tablename__ = "screening"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    response_id: Mapped[str] = mapped_column(ForeignKey("response.id"), unique=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), index=True)
    rule_set_hash: Mapped[str] = mapped_column(ForeignKey("rule_set.hash"))
    result_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    screened_at: Mapped[datetime] = mapped_column(Moment)
    result = json_column()


class ReviewRow(HoldsSealed, Row):
    """What clinicians think of an encounter's flags so far. `revision` counts the saves."""

    __tablename__ = "review"
    IDENTITY = ("encounter_id",)

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), primary_key=True)
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    revision: Mapped[int]
    saved_at: Mapped[datetime] = mapped_column(Moment)
    saved_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    content = json_column()


class SignedSummaryRow(HoldsSealed, Row):
    """A summary as it was signed, never changed again: version `number` of its encounter.

    `basis` tells which answers and screening it shows, `revision` which save of the review. `unhanded_since` is when it
    was signed, until the record system takes or refuses it, or another version is signed.
    """

    __tablename__ = "signed_summary"
    __table_args__ = (_where_set("signed_summary_unhanded", "unhanded_since"),)
    IDENTITY = ("encounter_id", "number")

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    signed_at: Mapped[datetime] = mapped_column(Moment)
    signed_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    signature_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    revision: Mapped[int]
    basis_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    pdf_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    pdf_sha256: Mapped[str] = mapped_column(String(64))
    unhanded_since: Mapped[datetime | None] = mapped_column(Moment)
    signature = text_column()
    content = json_column()
    basis = text_column()
    pdf = bytes_column()


class AlertRow(HoldsSealed, Row):
    """An urgent rule that an encounter's answers raised, when they first did, whether or not they were sent.

    `token` stands for the rule, which is sealed, so that none is stored twice.
    """

    __tablename__ = "alert"
    __table_args__ = (UniqueConstraint("encounter_id", "token", "priority", name="alert_once"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), index=True)
    token: Mapped[bytes] = mapped_column(LargeBinary(TOKEN))
    rule_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    priority: Mapped[str] = mapped_column(String(20))
    is_private_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    raised_at: Mapped[datetime] = mapped_column(Moment)
    rule = text_column()
    is_private = json_column()


class EmergencyRow(Row):
    """Something that needs somebody now, until a member of staff (`taken_by`, an id) takes it."""

    __tablename__ = "emergency"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), index=True)
    cause: Mapped[str] = mapped_column(String(20))
    raised_at: Mapped[datetime] = mapped_column(Moment)
    taken_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    taken_by: Mapped[str | None] = mapped_column(String(36))
