"""A single rule of a draft as a form, for those who never want to see YAML; it writes the same file."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from intake import checked, drafts
from intake.accounts import current_staff, requires
from intake.admin_drafts import Answer, found_draft
from intake.drafts import Draft, DraftError, Overwrites
from intake.rule_form import RuleForm, rule_form
from intake.services import services
from rules.check import finding_problem
from rules.errors import ConditionError, RewriteError
from rules.plain_words import in_plain_words
from rules.rewriting import rewrite
from rules.ruleset import RuleSet
from rules.source import read
from rules.syntax import parse_test

views = Blueprint("rule_form", __name__, url_prefix="/admin")

CHANGED = "Somebody else has changed this file since you opened it. Please look at what you typed, and save it again."


@views.post("/rules/<rule_id>/change")
@requires("admin")
def change(rule_id: str) -> Response:
    """Begin a draft to change a rule of the version in use."""
    with services().database.writing() as database:
        published = services().screeners.published(database).ruleset
        rule = published.by_id.get(rule_id) or abort(404, f"There is no rule {rule_id} in the published rule set.")
        made = drafts.create(database, drafts.unused_name(database, f"{rule_id}: {rule.title}"), current_staff().id)
    return redirect(url_for(".edit", draft_id=made.id, rule_id=rule_id, file=rule.file), 303)


@views.get("/drafts/<draft_id>/rule/<rule_id>/<path:file>")
@requires("admin")
def edit(draft_id: str, rule_id: str, file: str) -> str:
    """Show a rule as a form."""
    found = _draft(draft_id)
    return _page(found, rule_id, file)


@views.post("/drafts/<draft_id>/rule/<rule_id>/<path:file>")
@requires("admin")
def save(draft_id: str, rule_id: str, file: str) -> Answer:
    """Write what was changed into the rule's file, at its place."""
    found = _draft(draft_id)
    text, form = _form(found, rule_id, file)
    changes = form.changes(request.form)
    try:
        with services().database.writing() as database:
            seen = request.form.get("seen", "")
            drafts.save_file(database, draft_id, file, rewrite(text, changes), seen, current_staff().id)
    except Overwrites:
        words = (
            "Somebody else has changed this file since you opened it. Below is what you typed over what it says now."
        )
        return _page(found, rule_id, file, words), 409
    except (DraftError, RewriteError) as error:
        return _page(found, rule_id, file, str(error)), 422
    return redirect(url_for(".edit", draft_id=draft_id, rule_id=rule_id, file=file, saved="yes"), 303)


def _draft(draft_id: str) -> Draft:
    with services().database.reading() as database:
        return found_draft(database, draft_id)


def _form(found: Draft, rule_id: str, file: str) -> tuple[str, RuleForm]:
    text = found.files.get(file) or abort(404, f"There is no file {file} in this draft.")
    problems = checked.check(found.files).problems_of(file)
    form = rule_form(read(file, text), rule_id, problems)
    return text, form or abort(404, f"There is no rule {rule_id} that can be read in {file}.")


def _page(found: Draft, rule_id: str, file: str, error: str = "") -> str:
    text, form = _form(found, rule_id, file)
    ruleset = checked.check(found.files).ruleset or checked.check(found.base).ruleset
    return render_template(
        "admin/rule_form.html",
        draft=found,
        file=file,
        form=form,
        seen=drafts.mark(text),
        typed=request.form,
        tests=_tests(ruleset),
        explained={field.name: _explained(ruleset, field.text) for field in form.fields() if field.kind == "test"},
        error=error,
        saved="saved" in request.args,
    )


def _tests(ruleset: RuleSet | None) -> list[str]:
    """What can be tested of the answers, for completion: each item with each of its codes, or with its limits."""
    offered = []
    for item in ruleset.questionnaire.items.values() if ruleset else ():
        operator = "includes" if item.type == "choices" else "="
        offered += [f"{item.id} {operator} {option.code}" for option in item.options]
        offered += [f"{item.id} >= {item.min}", f"{item.id} <= {item.max}"] if item.numeric_type else []
    scores = ruleset.questionnaire.scores if ruleset else {}
    return [*offered, *(f"{name} >= " for name in scores)]


def _explained(ruleset: RuleSet | None, test: str) -> str:
    """A test in plain words; "" where it cannot be read."""
    try:
        finding = parse_test(test)
    except ConditionError:
        return ""
    if ruleset is None or finding_problem(ruleset.questionnaire, finding):
        return ""
    return in_plain_words(finding, ruleset.questionnaire, name_private=True).line
