"""A draft's questions as a patient would see them, page by page, to be tried out before anybody is asked them."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request
from markupsafe import Markup

from intake import checked, language, what_if
from intake.accounts import requires
from intake.admin_drafts import found_draft
from intake.drafts import Draft
from intake.forms import AnswersForm, filled_form
from intake.services import services
from rules.plain_words import PlainWords, in_plain_words
from rules.questionnaire import Item, Page, Questionnaire
from rules.ruleset import RuleSet

views = Blueprint("preview", __name__, url_prefix="/admin/drafts/<draft_id>/questions")

SHOWN_IN = "in"  # the language, in the address


@dataclass(frozen=True)
class Listed:
    """A page in the list: whether its questions differ from those in use, or it is new."""

    page: Page
    change: str


@views.get("")
@requires("admin")
def overview(draft_id: str) -> str:
    """List the pages of a draft's questionnaire, with those that it changes."""
    draft, ruleset = _readable(draft_id)
    base = checked.check(draft.base).ruleset
    before = base.questionnaire.pages if base else {}
    sections = ruleset.questionnaire.sections
    listed = [(one, [_listed(page, before) for page in one.pages]) for one in sections]
    removed = [page for page in before.values() if page.id not in ruleset.questionnaire.pages]
    return render_template("admin/questions.html", draft=draft, sections=listed, removed=removed)


@views.route("/<page_id>", methods=["GET", "POST"])
@requires("admin")
def page(draft_id: str, page_id: str) -> str | tuple[str, int]:
    """Show one page as a patient sees it; of answers that were tried, what a patient would be told, or what is kept."""
    draft, ruleset = _readable(draft_id)
    code = request.args.get(SHOWN_IN, language.ENGLISH)
    code = code if code in language.LANGUAGES else language.ENGLISH
    questionnaire = ruleset.in_language(code).questionnaire
    shown = questionnaire.pages.get(page_id) or abort(404, f"There is no page {page_id} in this draft.")
    with language.in_language(code):
        form = filled_form([item for item in shown.items if not item.derived], {}, request.form or None)
        is_tried = request.method == "POST"
        fits = form.validate() if is_tried else True
        questions, errors = Markup().join(field() for field in form.questions()), form.summary()
    order = list(questionnaire.pages)
    place = order.index(page_id)
    return render_template(
        "admin/question_page.html",
        draft=draft,
        page=shown,
        section=questionnaire.section(shown.section),
        is_first=questionnaire.section(shown.section).pages[0].id == page_id,
        conditions=_conditions(shown, ruleset.questionnaire),
        questions=questions,
        errors=errors,
        answers=what_if.as_test(_given(form)) if is_tried and fits else "",
        code=code,
        languages={
            one: name for one, name in language.LANGUAGES.items() if one in (language.ENGLISH, *ruleset.translations)
        },
        before=order[place - 1] if place else None,
        after=order[place + 1] if place + 1 < len(order) else None,
    ), (200 if fits else 422)


def _readable(draft_id: str) -> tuple[Draft, RuleSet]:
    with services().database.reading() as database:
        found = found_draft(database, draft_id)
    ruleset = checked.check(found.files).ruleset
    if ruleset is None:
        abort(404, "The checker finds problems in this draft; its questions can be seen once they are mended.")
    return found, ruleset


def _listed(page: Page, before: Mapping[str, Page]) -> Listed:
    return Listed(page, "new" if page.id not in before else "changed" if before[page.id] != page else "")


def _conditions(page: Page, questionnaire: Questionnaire) -> list[tuple[Item, PlainWords]]:
    """The questions that not everybody is asked, each with whom it is for."""
    asked = [item for item in page.items if item.when is not None]
    words = [in_plain_words(item.when, questionnaire, name_private=True) for item in asked if item.when is not None]
    return list(zip(asked, words, strict=True))


def _given(form: AnswersForm) -> dict[str, object]:
    return {item: answer for item, answer in form.answers().items() if answer is not None}
