"""How rules do: raised, not assessed and for want of which answer, and what clinicians say of their flags."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from time import time

from flask import Blueprint, render_template, request

from intake import rule_record
from intake.accounts import requires
from intake.database import Database
from intake.rule_record import Record, RuleRecord
from intake.services import services
from reports.review import Verdict
from rules.ruleset import Outcome

views = Blueprint("record", __name__, url_prefix="/admin/how-rules-do")

TIMES = {30: "30 days", 90: "90 days", 365: "12 months"}
ORDERS: Mapping[str, tuple[str, Callable[[RuleRecord], float]]] = {
    "file": ("as in the files", lambda record: 0),
    "raised": ("raised most often first", lambda record: -record.share(Outcome.RAISED)),
    "not_relevant": ("most often “not relevant” first", lambda record: -record.not_relevant),
    "not_assessed": ("most often not assessed first", lambda record: -record.share(Outcome.NOT_ASSESSED)),
}
KEPT = 4  # records
FRESH = 60  # seconds


@views.get("")
@requires("admin")
def overview() -> str:
    """Show how each published rule did with the newest screenings, and one of them in detail."""
    days = request.args.get("days", 90, int)
    days = days if days in TIMES else 90
    order = request.args.get("order", "file")
    order = order if order in ORDERS else "file"
    with services().database.reading() as database:
        ruleset = services().screeners.published(database).ruleset
    record = _record(services().database, days, int(time()) // FRESH)
    rules = {rule.id: rule for rule in ruleset.by_id.values() if rule.status != "retired"}
    rows = [(rule, record.rules.get(rule.id, RuleRecord())) for rule in rules.values()]
    rows.sort(key=lambda row: ORDERS[order][1](row[1]))
    chosen = rules.get(request.args.get("rule", ""))
    return render_template(
        "admin/record.html",
        record=record,
        rows=rows,
        times=TIMES,
        days=days,
        orders={key: words for key, (words, _) in ORDERS.items()},
        order=order,
        outcome=Outcome,
        verdict=Verdict,
        chosen=chosen,
        of_chosen=record.rules.get(chosen.id, RuleRecord()) if chosen else None,
        questionnaire=ruleset.questionnaire,
    )


@lru_cache(maxsize=KEPT)
def _record(database: Database, days: int, moment: int) -> Record:
    """Kept for a while: thousands of screenings are read for it."""
    with database.reading() as session:
        return rule_record.read(session, days)
