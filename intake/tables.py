"""What is stored: one class for each table. The connection to them is `intake.database`."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NOT_URGENT = 9  # stands after the rank of every priority


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no time zone, so it is put back on reading; PostgreSQL may be set to another."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Store every moment in UTC, so that SQLite compares them rightly too."""
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Give every moment that is read its time zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Row(DeclarativeBase):
    """Base of all rows."""


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


class ImpactRow(Row):
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
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), deferred=True)


class EncounterRow(Row):
    """One patient's appointment: invitation, and who it is for. The link's token is kept only as a hash.

    `link_number` counts the links made for it, of which only the last one works, and that until `expires_at`.
    For the worklist: `search_name` is the name as it is searched for; `urgency` the rank of the most urgent priority
    that is known (`NOT_URGENT` for none), `flag_count` the number of flags, None until the answers are screened.
    """

    __tablename__ = "encounter"
    __table_args__ = (  # all that the worklist sorts and counts by
        Index("encounter_on_worklist", "id", "appointment_at", "urgency", "cancelled_at", "expires_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    patient_name: Mapped[str] = mapped_column(String(200))
    date_of_birth: Mapped[date] = mapped_column(index=True)
    appointment_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    locked_at: Mapped[datetime | None] = mapped_column(Moment)
    cancelled_at: Mapped[datetime | None] = mapped_column(Moment)
    language: Mapped[str] = mapped_column(String(8), default="en", server_default="en")
    link_number: Mapped[int] = mapped_column(default=0, server_default="0")
    wrong_tries: Mapped[int] = mapped_column(default=0, server_default="0")
    search_name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    urgency: Mapped[int] = mapped_column(default=NOT_URGENT, server_default=str(NOT_URGENT))
    flag_count: Mapped[int | None]


class ResponseRow(Row):
    """One patient's answers. `revision` counts the saves.

    `sent_at` is set when the patient sends them, together with the rule set that was in use then and screens them.
    Once the pages were left quickly (`left_quickly_at`), they show no earlier answer to a sensitive question.
    `help_wanted_at` is when the patient last said that they need help now. `opened_at` and `opened_by` (the id of a
    member of staff) are when and by whom the summary was first opened.
    Until then the patient may change the answers that were sent: `correction` holds them as they are changed, and they
    take the place of `answers` when they are sent too. `first_sent_at` is when they were sent before that.
    """

    __tablename__ = "response"
    __table_args__ = (  # what the worklist reads, so that it does not have to go past the answers
        Index("response_on_worklist", "encounter_id", "sent_at", "started_at", "opened_at", "opened_by", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), unique=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    help_shown: Mapped[list[str]] = mapped_column(JSON)
    revision: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    left_quickly_at: Mapped[datetime | None] = mapped_column(Moment)
    help_wanted_at: Mapped[datetime | None] = mapped_column(Moment)
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    opened_by: Mapped[str | None] = mapped_column(String(36))
    correction: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    first_sent_at: Mapped[datetime | None] = mapped_column(Moment)
    rule_set_hash: Mapped[str | None] = mapped_column(ForeignKey("rule_set.hash"))

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


class ScreeningRow(Row):
    """A response put through a rule set. Made once for each sent response."""

    __tablename__ = "screening"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    response_id: Mapped[str] = mapped_column(ForeignKey("response.id"), unique=True)
    rule_set_hash: Mapped[str] = mapped_column(ForeignKey("rule_set.hash"))
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    screened_at: Mapped[datetime] = mapped_column(Moment)


class ReviewRow(Row):
    """What clinicians think of an encounter's flags so far. `revision` counts the saves."""

    __tablename__ = "review"

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int]
    saved_at: Mapped[datetime] = mapped_column(Moment)
    saved_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))


class SignedSummaryRow(Row):
    """A summary as it was signed, never changed again: version `number` of its encounter.

    `basis` tells which answers and screening it shows, `revision` which save of the review.
    """

    __tablename__ = "signed_summary"

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    signed_at: Mapped[datetime] = mapped_column(Moment)
    signed_by: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    signature: Mapped[str] = mapped_column(String(400))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int]
    basis: Mapped[str] = mapped_column(String(64))
    pdf: Mapped[bytes] = mapped_column(deferred=True)
    pdf_sha256: Mapped[str] = mapped_column(String(64))


class MailRow(Row):
    """A mail or a call of the webhook that is to go out, written together with what it tells of.

    `key` keeps the same one from being made twice. It holds no words: those are put together when it is sent.
    `problem` is what the last try met, at `tried_at`.
    """

    __tablename__ = "mail"
    __table_args__ = (Index("mail_unsent", "sent_at", "dropped_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    dropped_at: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[str | None] = mapped_column(String(200))
    tried_at: Mapped[datetime | None] = mapped_column(Moment)


class AlertRow(Row):
    """An urgent rule that an encounter's answers raised, when they first did, whether or not they were sent."""

    __tablename__ = "alert"
    __table_args__ = (UniqueConstraint("encounter_id", "rule", "priority", name="alert_once"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), index=True)
    rule: Mapped[str] = mapped_column(String(40))
    priority: Mapped[str] = mapped_column(String(20))
    is_private: Mapped[bool]
    raised_at: Mapped[datetime] = mapped_column(Moment)


class EmergencyRow(Row):
    """Something that needs somebody now, until a member of staff (`taken_by`, an id) takes it."""

    __tablename__ = "emergency"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), index=True)
    cause: Mapped[str] = mapped_column(String(20))
    raised_at: Mapped[datetime] = mapped_column(Moment)
    taken_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    taken_by: Mapped[str | None] = mapped_column(String(36))


class HandOverRow(Row):
    """What became of handing a signed version over to the record system; there is none before the first try.

    `problem` is what the last try met, in the words of the other side; with `refused_at` it is not tried again until
    somebody says so, which begins the next `round`.
    """

    __tablename__ = "hand_over"

    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounter.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime] = mapped_column(Moment)
    problem: Mapped[str | None] = mapped_column(Text)
    refused_at: Mapped[datetime | None] = mapped_column(Moment)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
