"""A deeper look at a draft: what is odd though not wrong, and what its tests would not notice."""

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from flask import Blueprint, abort, render_template

from intake import checked
from intake.accounts import requires
from intake.admin_drafts import found_draft
from intake.bounds import bounded
from intake.checked import Texts
from intake.services import services
from rules.analysis import analyse
from rules.mutation import Unnoticed, mutate
from rules.remarks import Remark

views = Blueprint("deeper", __name__, url_prefix="/admin")

KEPT = 8  # looks
_ONE_AT_A_TIME = Lock()  # z3 must not be asked from two threads


@dataclass(frozen=True)
class Look:
    """Odd things that no file explains, the number of those explained, and small changes that no test notices."""

    odd: tuple[Remark, ...]
    explained: int
    tried: int
    survivors: tuple[Unnoticed, ...]


@views.get("/drafts/<draft_id>/deeper")
@requires("admin")
@bounded
def look(draft_id: str) -> str:
    """Show what z3 finds in all rules of a draft, and which changes to the files that it changes go unnoticed."""
    with services().database.reading() as database:
        found = found_draft(database, draft_id)
    if checked.check(found.files).ruleset is None:
        abort(404, "The checker finds problems in this draft; look deeper once they are mended.")
    seen = _look(tuple(sorted(found.files.items())), frozenset(found.changes))
    return render_template("admin/deeper.html", draft=found, look=seen)


@lru_cache(KEPT)
def _look(texts: Texts, changed: frozenset[str]) -> Look:
    ruleset = checked.check(dict(texts)).ruleset
    assert ruleset is not None
    with _ONE_AT_A_TIME:
        remarks = analyse(ruleset)
        mutation = mutate(ruleset, only=changed)
    odd = tuple(remark for remark in remarks if not remark.explained)
    return Look(odd, len(remarks) - len(odd), mutation.tried, mutation.survivors)
