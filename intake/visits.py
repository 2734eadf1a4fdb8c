"""A patient's request: who it is, how far they have come, and who is let in to a patient's page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import redirect, url_for
from werkzeug.wrappers import Response

from intake import entry, language
from intake.encounters import Encounter
from intake.help_at_once import Help, help_for
from intake.in_hand import InHand
from intake.navigation import Journey
from intake.services import services
from rules.ruleset import Priority, Translation
from rules.screening import Screener

P = ParamSpec("P")
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True)
class Visit:
    """One request of a patient: what is in hand, the way through its questions, and what screens the answers."""

    in_hand: InHand
    journey: Journey
    screener: Screener
    words: Translation

    @property
    def encounter(self) -> Encounter:
        """Whose answers these are."""
        return self.in_hand.encounter

    def help(self, raised: Mapping[str, Priority] | None = None) -> Help:
        """Return what the answers so far tell the patient at once; `raised` spares looking at the rules again."""
        if raised is None:
            raised = self.screener.urgent(self.journey.response)
        return help_for(self.screener.ruleset, raised, services().settings.help_lines, self.words)


def current() -> Visit | None:
    """Return the visit that this request is part of, if the session is a patient's."""
    found = entry.opened()
    if found is None:
        return None
    screener = services().screeners.kept(found.published) or _compiled(found.published)
    words = screener.ruleset.in_language(language.current())
    journey = services().kept_journeys.of(found.encounter.id, words.questionnaire, found.answers)
    return Visit(found, journey, screener, words)


def _compiled(rule_set_hash: str) -> Screener:
    with services().database.reading() as database:
        return services().screeners.get(database, rule_set_hash)


def for_patient(view: Callable[Concatenate[Visit, P], Answer]) -> Callable[P, Answer]:
    """Hand the view the visit of the patient whose link opened this session; nobody else gets in."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
        visit = current()
        if visit is None:
            return entry.ask_to_come_in()
        return view(visit, *args, **kwargs)

    return guarded


def before_sending(view: Callable[Concatenate[Visit, P], Answer]) -> Callable[Concatenate[Visit, P], Answer]:
    """Show the page of thanks instead of the view once the answers were sent, unless they are being corrected."""

    def guarded(visit: Visit, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        if visit.encounter.sent_at is not None and not visit.encounter.is_corrected_now:
            return redirect(url_for("patient.sent"), 303)
        return view(visit, *args, **kwargs)

    guarded.__name__ = view.__name__  # by which Flask names the route
    return guarded
