"""A screening's flags as cards of CDS Hooks 2.0, for whoever opens the patient in a record system.

Urgent flags and those that want a look soon have a card each; the rest share one, so that nobody learns to close them
unread. What is private is left out, and so is what a clinician has found not relevant.
"""

from typing import Any as Data

from reports.fhir import Screened
from reports.fhir_terms import name_of
from reports.review import Verdict
from reports.summary import PRIORITY_WORDS
from reports.without_private import without_private
from reports.wording import day
from rules.explain import considerations, reason_text
from rules.response import Response
from rules.ruleset import Priority, Rule, RuleSet

Card = dict[str, Data]

LONGEST_SUMMARY = 139  # characters: fewer than 140, by the specification
INDICATORS = {Priority.EMERGENCY: "critical", Priority.SAME_DAY: "warning", Priority.SOON: "warning"}  # else "info"
FOUND_BY = "Found by name and date of birth alone: check that this is the same person. A screening, not a diagnosis."


def cards(screened: Screened) -> list[Card]:
    """Return the cards of one screening, the most urgent first; none where nothing is flagged."""
    ruleset, response, screening = without_private(screened.ruleset, screened.response, screened.screening)
    flags = [
        (ruleset.by_id[flag.rule], flag.priority)
        for flag in screening.raised
        if flag.priority and screened.review.of(flag.rule).verdict is not Verdict.NOT_RELEVANT
    ]
    own = [(rule, priority) for rule, priority in flags if priority in INDICATORS]
    rest = [(rule, priority) for rule, priority in flags if priority not in INDICATORS]
    found = [_own(screened, ruleset, response, rule, priority) for rule, priority in own]
    return found + ([_shared(screened, ruleset, [rule for rule, _ in rest])] if rest else [])


def _own(screened: Screened, ruleset: RuleSet, response: Response, rule: Rule, priority: Priority) -> Card:
    reason = " ".join(reason_text(rule, response).split())
    lines = [_plain(reason), "", *(f"- {_plain(line)}" for line in considerations(rule, response)), "", _told(screened)]
    title = f"{PRIORITY_WORDS[priority]}: {rule.title}"
    evidence = {"label": f"Evidence for {rule.id}", "url": _evidence(screened, rule.id), "type": "absolute"}
    return _card(screened, rule.id, title, INDICATORS[priority], lines, [evidence])


def _shared(screened: Screened, ruleset: RuleSet, rules: list[Rule]) -> Card:
    title = f"{len(rules)} more to look at in the intake screening" if len(rules) > 1 else rules[0].title
    lines = [*(f"- {_plain(rule.title)}" for rule in rules), "", _told(screened)]
    return _card(screened, "rest", title, "info", lines, [])


def _card(screened: Screened, what: str, title: str, indicator: str, lines: list[str], links: list[Card]) -> Card:
    address = f"{screened.systems.base}/clinician/{screened.encounter}"
    return {
        "uuid": name_of(screened.encounter, screened.basis, "card", what).removeprefix("urn:uuid:"),
        "summary": title if len(title) <= LONGEST_SUMMARY else f"{title[: LONGEST_SUMMARY - 1].rstrip()}…",
        "indicator": indicator,
        "detail": "\n".join(lines),
        "source": {"label": f"Intake screening, {screened.clinic}", "url": f"{screened.systems.base}/about/evidence"},
        "links": [{"label": "Open the summary", "url": address, "type": "absolute"}, *links],
    }


def _told(screened: Screened) -> str:
    when = f"Answered on {day(screened.completed_at.date())}. " if screened.completed_at else ""
    signed = f"Signed by {screened.signed.by}. " if screened.signed else "Not signed by a clinician yet. "
    return f"{when}{_plain(signed)}{FOUND_BY}"


def _evidence(screened: Screened, rule: str) -> str:
    return f"{screened.systems.base}/about/evidence#{rule}"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|!" else letter for letter in text)
