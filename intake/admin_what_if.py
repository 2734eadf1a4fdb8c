"""The page of what-if: load a case, change answers, and see what the version in use and a draft make of it."""

from flask import Blueprint, render_template, request, url_for

from intake import checked, what_if
from intake.accounts import requires
from intake.admin_drafts import found_draft
from intake.bounds import bounded
from intake.drafts import Draft
from intake.services import services
from rules.ruleset import RuleSet

views = Blueprint("what_if", __name__, url_prefix="/admin")

MOST_INVENTED = 99_999  # the highest number of an invented patient


@views.route("/what-if", methods=["GET", "POST"])
@requires("admin")
@bounded
def published() -> str:
    """Put a case through the version in use."""
    return _page(None)


@views.route("/drafts/<draft_id>/what-if", methods=["GET", "POST"])
@requires("admin")
@bounded
def with_draft(draft_id: str) -> str:
    """Put a case through the version in use and a draft."""
    with services().database.reading() as database:
        return _page(found_draft(database, draft_id))


def _page(draft: Draft | None) -> str:
    with services().database.reading() as database:
        now = services().screeners.published(database).ruleset
    changed = checked.check(draft.files).ruleset if draft else None
    shown = changed or now
    answers, error = _answers(shown)
    response, problems = what_if.fitting(shown.questionnaire, answers)
    facts = {
        "draft": draft,
        "has_problems": draft is not None and changed is None,
        "both": changed is not None,
        "compared": what_if.compare(now, changed, answers, services().screeners.engine),
        "problems": problems,
        "not_asked": response.not_applicable,
        "as_test": what_if.as_test(answers),
    }
    if request.form.get("part") == "outcomes":
        return render_template("admin/outcomes.html", **facts)
    address = url_for(".with_draft", draft_id=draft.id) if draft else url_for(".published")
    return render_template(
        "admin/what_if.html",
        **facts,
        ruleset=shown,
        answers=answers,
        error=error,
        address=address,
        pasted=request.form.get("pasted", ""),
        marks=what_if.MARKS,
        most_invented=MOST_INVENTED,
    )


def _answers(ruleset: RuleSet) -> tuple[dict[str, object], str]:
    """The answers that the page was asked for, and what is wrong with a text that was typed in."""
    if "pasted" in request.form:
        try:
            return what_if.from_text(request.form["pasted"]), ""
        except ValueError as error:
            return {}, str(error)
    if request.method == "POST":
        return what_if.from_form(ruleset.questionnaire, request.form), ""
    number = request.args.get("invented", "")
    if number.isdigit() and int(number) <= MOST_INVENTED:
        return what_if.invented(ruleset.questionnaire, int(number)), ""
    return what_if.from_test(ruleset, request.args.get("test", "")), ""
