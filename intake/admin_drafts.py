"""The admin's drafts: begin one, edit its files one at a time, see what the checker says of them."""

from dataclasses import dataclass
from secrets import token_urlsafe

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from intake import checked, drafts, staff
from intake.accounts import current_staff, requires
from intake.checked import Checked
from intake.drafts import Draft, DraftError, Overwrites
from intake.editor_words import known_words
from intake.rulesets import published_hash
from intake.services import services
from rules.errors import Problem

views = Blueprint("drafts", __name__, url_prefix="/admin/drafts")

GONE = "This draft is not there any more: it was published or discarded."
STYLE_NONCE = "style_nonce"  # in `g`, on a page whose script may add a style sheet
MOST_SHOWN = 50  # problems of one file; whoever mends them is shown the next
AROUND = 2  # lines shown before and after the one with a problem
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True)
class Excerpt:
    """A problem with the lines around it, each with its number and whether the problem stands there."""

    problem: Problem
    lines: tuple[tuple[int, str, bool], ...]


@views.get("")
@requires("admin")
def overview() -> str:
    """List the drafts."""
    return _overview()


def _overview(error: str = "", name: str = "") -> str:
    with services().database.reading() as database:
        listed = drafts.listing(database)
        names = {draft.id: staff_name(database, draft.changed_by) for draft in listed}
        published = published_hash(database)
    return render_template("admin/drafts.html", drafts=listed, names=names, published=published, error=error, name=name)


@views.post("")
@requires("admin")
def begin() -> Answer:
    """Begin a draft."""
    name = request.form.get("name", "")
    try:
        with services().database.writing() as database:
            made = drafts.create(database, name, current_staff().id)
    except DraftError as error:
        return _overview(str(error), name), 422
    return redirect(url_for(".draft", draft_id=made.id), 303)


@views.get("/<draft_id>")
@requires("admin")
def draft(draft_id: str) -> str:
    """Show a draft: its files, and what the checker says of each."""
    return _draft(draft_id)


def _draft(draft_id: str, errors: dict[str, str] | None = None) -> str:
    with services().database.reading() as database:
        found = found_draft(database, draft_id)
        changer = staff_name(database, found.changed_by)
        is_behind = published_hash(database) != found.base_hash
    return render_template(
        "admin/draft.html",
        draft=found,
        groups=_groups(found),
        checked=checked.check(found.files),
        changer=changer,
        is_behind=is_behind,
        errors=errors or {},
        typed=request.form,
    )


@views.post("/<draft_id>/name")
@requires("admin")
def rename(draft_id: str) -> Answer:
    """Give a draft another name."""
    try:
        with services().database.writing() as database:
            drafts.rename(database, draft_id, request.form.get("name", ""))
    except DraftError as error:
        return _refused(draft_id, "name", error)
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@views.post("/<draft_id>/discard")
@requires("admin")
def discard(draft_id: str) -> Answer:
    """Throw a draft away."""
    try:
        with services().database.writing() as database:
            drafts.discard(database, draft_id)
    except DraftError as error:
        abort(404, str(error))
    return redirect(url_for(".overview"), 303)


@views.post("/<draft_id>/files")
@requires("admin")
def add_file(draft_id: str) -> Answer:
    """Add a file."""
    try:
        with services().database.writing() as database:
            file = drafts.add_file(database, draft_id, request.form.get("file", ""), current_staff().id)
    except DraftError as error:
        return _refused(draft_id, "file", error)
    return redirect(url_for(".edit", draft_id=draft_id, file=file), 303)


def _refused(draft_id: str, field: str, error: DraftError) -> Answer:
    return _draft(draft_id, {field: str(error)}), 422


@views.get("/<draft_id>/files/<path:file>")
@requires("admin")
def edit(draft_id: str, file: str) -> str:
    """Show a file to be edited, with its problems."""
    with services().database.reading() as database:
        found = found_draft(database, draft_id)
    text = found.files.get(file)
    if text is None:
        abort(404, f"There is no file {file} in this draft.")
    return editor_page(found, file, text, seen=drafts.mark(text))


@views.post("/<draft_id>/files/<path:file>")
@requires("admin")
def save(draft_id: str, file: str) -> Answer:
    """Keep a file as it was typed, and show what the checker says of it."""
    text = request.form.get("text", "").replace("\r\n", "\n")
    try:
        with services().database.writing() as database:
            drafts.save_file(database, draft_id, file, text, request.form.get("seen", ""), current_staff().id)
    except Overwrites as error:
        with services().database.reading() as database:
            found = found_draft(database, draft_id)
        return editor_page(found, file, text, seen=drafts.mark(error.now), theirs=error.now), 409
    except DraftError as error:
        abort(404, str(error))
    return redirect(url_for(".edit", draft_id=draft_id, file=file, saved="yes"), 303)


@views.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> tuple[str, int]:
    """Say that a file is too large, and what can be done."""
    words = (
        "This file is too large: more than 2 MB. It was not saved; what was saved before is as it was. "
        "Split it: the rules of a rule set can stand in any number of files."
    )
    return render_template("staff/refused.html", code=413, message=words), 413


@views.post("/<draft_id>/put-back/<path:file>")
@requires("admin")
def put_back(draft_id: str, file: str) -> Answer:
    """Undo all that the draft changes in a file."""
    try:
        with services().database.writing() as database:
            drafts.put_back(database, draft_id, file, current_staff().id)
    except DraftError as error:
        abort(404, str(error))
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@views.post("/<draft_id>/remove/<path:file>")
@requires("admin")
def remove(draft_id: str, file: str) -> Answer:
    """Take a file away, once the draft is published."""
    try:
        with services().database.writing() as database:
            drafts.remove_file(database, draft_id, file, current_staff().id)
    except DraftError as error:
        abort(404, str(error))
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@views.post("/<draft_id>/check/<path:file>")
@requires("admin")
def check(draft_id: str, file: str) -> dict[str, object]:
    """Tell a script the first problems of a file as it is typed, and how many more there are, without saving it."""
    with services().database.reading() as database:
        found = found_draft(database, draft_id)
    text = request.form.get("text", "").replace("\r\n", "\n")
    problems = checked.check({**found.files, file: text}).problems_of(file)
    shown = [{"line": p.line, "column": p.column, "message": _words(p)} for p in problems[:MOST_SHOWN]]
    return {"problems": shown, "more": len(problems) - len(shown)}


@views.get("/<draft_id>/words")
@requires("admin")
def words(draft_id: str) -> dict[str, list[dict[str, object]]]:
    """Tell the editor what can be written: items and scores with codes and wording, sources, the language's words.

    They are those of the draft, or of the rule set that it began from while the draft has problems.
    """
    with services().database.reading() as database:
        found = found_draft(database, draft_id)
    ruleset = checked.check(found.files).ruleset or checked.check(found.base).ruleset
    if ruleset is None:
        abort(404, "The rule set that this draft began from cannot be read.")
    return known_words(ruleset)


def found_draft(database: Session, draft_id: str) -> Draft:
    """Return a draft, or answer that it is not there."""
    return drafts.find(database, draft_id) or abort(404, GONE)


def staff_name(database: Session, member_id: str | None) -> str:
    """Return the name of a member of staff, also of one who has left; "" without an id."""
    member = staff.find(database, member_id) if member_id else None
    return member.name if member else ""


def editor_page(found: Draft, file: str, text: str, *, seen: str, theirs: str | None = None) -> str:
    """Return the page of one file. `theirs` is what another admin saved since, where that must not be lost."""
    result = checked.check({**found.files, file: text})
    setattr(g, STYLE_NONCE, token_urlsafe(16))
    return render_template(
        "admin/edit.html",
        style_nonce=g.get(STYLE_NONCE),
        draft=found,
        file=file,
        text=text,
        seen=seen,
        theirs=theirs,
        saved="saved" in request.args,
        excerpts=_excerpts(result, file, text),
        problems=len(result.problems_of(file)),
        elsewhere=sum(problem.file != file for problem in result.problems),
    )


def _excerpts(result: Checked, file: str, text: str) -> list[Excerpt]:
    rows = text.split("\n")
    found = []
    for problem in result.problems_of(file)[:MOST_SHOWN]:
        numbers = range(max(1, problem.line - AROUND), min(len(rows), problem.line + AROUND) + 1)
        lines = tuple((number, rows[number - 1], number == problem.line) for number in numbers)
        found.append(Excerpt(problem, lines))
    return found


def _words(problem: Problem) -> str:
    return f"{problem.message}; {problem.advice}" if problem.advice else problem.message


def _groups(found: Draft) -> list[tuple[str, list[str]]]:
    """The files as an admin looks for them: rules, the questionnaire, what both rest on, languages."""
    titles = {"": "Rules", "questionnaire": "Questionnaire", "languages": "Other languages"}
    groups: dict[str, list[str]] = {title: [] for title in ("Rules", "Questionnaire", "Scores and sources")}
    for file in sorted(found.files, key=lambda name: (name.count("/"), name != "safety.yaml", name)):
        is_shared = file in ("scores.yaml", "sources.yaml")
        title = "Scores and sources" if is_shared else titles[file.rpartition("/")[0].partition("/")[0]]
        groups.setdefault(title, []).append(file)
    return list(groups.items())
