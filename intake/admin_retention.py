"""The admin's page of what is erased when its time is over, and of the receipts of what was: ids, never names."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, render_template

from intake import erasure, retention
from intake.accounts import requires
from intake.services import services

views = Blueprint("admin_retention", __name__, url_prefix="/admin/retention")
LOOK_AHEAD = timedelta(days=30)
MOST = 100  # lines of each list


@views.get("")
@requires("admin")
def overview() -> str:
    """List what comes to its end soon, and what was erased last."""
    policy, now = retention.policy_of(services().settings), datetime.now(UTC)
    with services().database.reading() as database:
        due = retention.due(database, policy, now + LOOK_AHEAD)
        receipts = erasure.receipts(database)
    return render_template(
        "admin/retention.html", policy=policy, due=due[:MOST], more=len(due) - MOST, receipts=receipts[:MOST]
    )
