"""Which language a patient reads. Staff's pages are in English.

It was chosen on a page (a cookie remembers that), or else is the one that the patient is written to in, where that is
not English, or else the best of those that the browser asks for. A page is
switched by a link with `?language=es`, or, where something may have been typed in, by a button of its form with that
name and value: the view then keeps what was typed, complains about nothing, and shows the same page again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

from babel import Locale
from babel.dates import format_skeleton, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_app_context, has_request_context, redirect, request, session
from flask_babel import Babel, Domain
from markupsafe import Markup
from werkzeug.wrappers import Response

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "es": "Español"}  # each by its own name
FIELD = "language"  # of an address or a form: the language to switch to
COOKIE = "language"
CATALOGS = Path(__file__).parent / "languages"  # what pages say, by language: es.po
A_YEAR = 365 * 24 * 3600  # seconds
# blueprints whose pages have languages; None: an address that is not ours
PATIENTS = ("patient", "patients_copy", "correction", "entry", "kiosk", None)
# Dates are written as in Great Britain: 3 March is understood everywhere, and 3/3 is never written.
LOCALES = {ENGLISH: Locale("en", "GB"), "es": Locale("es")}


@cache
def catalog(code: str) -> NullTranslations:
    """Return what pages say in a language. The .po file is read as it stands, so nothing has to be compiled."""
    path = CATALOGS / f"{code}.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Translations(compiled)


class Catalogs(Domain):
    """Flask-Babel's way to the translations of this request, which are those of `catalog`."""

    def get_translations(self) -> NullTranslations:
        """Return the translations into the present language."""
        return catalog(current())


def prepare(app: Flask) -> None:
    """Give an application its languages. Comes before anything else that looks at a request."""
    Babel(app, locale_selector=_selected).domain_instance = Catalogs()
    # the library's own way from a template to a translation asks for the request some twenty times
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: catalog(current()).gettext(text),
        ngettext=lambda one, many, count: catalog(current()).ngettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals |= {"lang_mark": lang_mark, "appointment_words": day_and_time}  # in imported macros too
    app.before_request(_choose)
    app.after_request(_remember)
    app.context_processor(_for_templates)


def current() -> str:
    """Return the code of the language that is written now: of this request, or of `in_language`; English elsewhere."""
    if not has_app_context():
        return ENGLISH
    spoken: str | None = g.get("spoken")
    if spoken is None:
        spoken = g.spoken = _selected()
    return spoken


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Write in a language, whoever reads the page that is being made: for messages to patients."""
    if not has_app_context():
        yield
        return
    before, g.spoken = current(), code if code in LANGUAGES else ENGLISH
    try:
        yield
    finally:
        g.spoken = before


def is_switched() -> bool:
    """Whether this form was sent to see the page in another language, and not to go on."""
    return request.method == "POST" and request.form.get(FIELD) in LANGUAGES


def number(value: float) -> str:
    """Return a number as it is written in the reader's language: 1.5, or 1,5."""
    return format_decimal(value, format="0.######", locale=LOCALES[current()])


def day_and_time(moment: datetime) -> str:
    """Return a moment in the reader's language and the server's time zone: Tuesday 3 March at 14:30."""
    return day_and_time_in(current(), moment)


def day_and_time_in(code: str, moment: datetime) -> str:
    """Return the same in a language, outside the application too."""
    local, locale = moment.astimezone(), LOCALES[code]
    words = {
        "day": format_skeleton("MMMMEEEEd", local, locale=locale),
        "time": format_time(local, "HH:mm", locale=locale),
    }
    return catalog(code).gettext("%(day)s at %(time)s") % words


def day(date: date) -> str:
    """Return a day in the reader's language: 3 March 1974."""
    return format_skeleton("yMMMMd", date, locale=LOCALES[current()])


def lang_mark(code: str) -> Markup:
    """Return the attribute that says in which language the words of an element are; nothing where all the page is."""
    return Markup("") if code == current() else Markup(' lang="{}"').format(code)


def _choose() -> Response | None:
    """Settle the language of this request; a link that switches leads on to the page's own address."""
    sent = request.form if request.method == "POST" else request.args
    wanted = sent.get(FIELD)
    g.language = wanted if wanted in LANGUAGES else _preferred()
    if request.method != "GET" or FIELD not in request.args:
        return None
    rest = urlencode([pair for pair in request.args.items(multi=True) if pair[0] != FIELD])
    # one slash at the beginning: two would lead to another server
    return redirect(f"/{request.path.lstrip('/')}{'?' if rest else ''}{rest}", 303)


def _preferred() -> str:
    for kept in (request.cookies.get(COOKIE), session.get(COOKIE)):
        if kept in LANGUAGES:
            return str(kept)
    return request.accept_languages.best_match(LANGUAGES, ENGLISH)


def prefer(code: str) -> None:
    """Show this browser's pages in the language that its patient is written to in, unless another is chosen here."""
    if code != ENGLISH:
        session[COOKIE] = code


def _selected() -> str:
    if not has_request_context():
        return ENGLISH
    # a request that is refused before anything looks at it has no g.language
    return (g.get(FIELD) or _preferred()) if request.blueprint in PATIENTS else ENGLISH


def _remember(response: Response) -> Response:
    if g.get(FIELD) and FIELD in (request.form if request.method == "POST" else request.args):
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(COOKIE, g.language, max_age=A_YEAR, secure=secure, httponly=True, samesite="Lax")
    return response


def _for_templates() -> dict[str, object]:
    language = current()
    others = {} if request.blueprint not in PATIENTS else LANGUAGES
    return {
        "language": language,
        "other_languages": [(code, name) for code, name in others.items() if code != language],
        "switch_address": _switch_address,
    }


def _switch_address(code: str) -> str:
    """Return the link to this page in another language. It is relative: some addresses are not for a page to hold."""
    kept = [pair for pair in request.args.items(multi=True) if request.method == "GET"]
    return f"?{urlencode([*kept, (FIELD, code)])}"
