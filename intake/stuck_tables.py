"""What is stored of background jobs that fail."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from intake.moments import Moment
from intake.tables import Row


class StuckJobRow(Row):
    """A background job that failed the last time; `round` counts how often somebody had it tried again."""

    __tablename__ = "stuck_job"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    job_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    round: Mapped[int]
    tries: Mapped[int]
    since: Mapped[datetime] = mapped_column(Moment)
    tried_at: Mapped[datetime] = mapped_column(Moment)
    problem: Mapped[str] = mapped_column(String(200))
    given_up_at: Mapped[datetime | None] = mapped_column(Moment)
