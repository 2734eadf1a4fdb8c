"""The page on evidence, open to everybody: what is looked for, why, and how sure anybody can be. It follows from the
published rule set alone.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from flask import Blueprint, render_template

from intake.accounts import signed_in
from intake.services import services
from reports.summary import PRIORITY_WORDS
from reports.wording import short_source
from rules.plain_words import PlainWords, in_plain_words
from rules.questionnaire import Questionnaire
from rules.ruleset import Rule, RuleSet, Source

views = Blueprint("about", __name__, url_prefix="/about")

GRADES = {  # best first; `none` only for the link to oxytocin
    "guideline": "A guideline, or a body such as a regulator, advises it.",
    "trial": "It was tried out in people, and compared with not doing it.",
    "observational": "People were watched. Two things go together; that does not show that one causes the other.",
    "laboratory": "It was seen in animals or in cells, not in people.",
    "hypothesis": "It is an idea. It may be wrong; no study has shown it.",
    "promotional": "It is claimed by somebody who sells something.",
    "none": "The rule claims no link to oxytocin.",
}
AREAS = {  # by rule file; an admin's own file is called by its name
    "safety": ("Safety", "Things that should not wait, and medicines or supplements that can do harm together."),
    "activity_sleep": ("Activity and sleep", "Moving, strength and sleep."),
    "connection": ("Connection", "Company, friendly touch and doing things for others."),
    "diet": ("Food", "What is eaten. Answers show what somebody eats, never what their body lacks."),
    "hormones": ("Hormones", "Menopause, hormone treatment, and glands that make hormones."),
    "mood": ("Mood and stress", "Low mood, worry and stress."),
    "substances": ("Alcohol", "Drinking that can harm health."),
}
PLACES = (  # where an identifier can be looked up
    (re.compile(r"10\.\d{4,}/\S+"), "https://doi.org/{}"),
    (re.compile(r"PMC\d+"), "https://www.ncbi.nlm.nih.gov/pmc/articles/{}/"),
    (re.compile(r"(?:NG|CG)\d+"), "https://www.nice.org.uk/guidance/{}"),
)


@dataclass(frozen=True)
class Entry:
    """One rule for everybody to read. A private one is not named, and does not say what raises it."""

    rule: Rule
    urgency: str
    applies: PlainWords | None
    raised: PlainWords | None
    more_urgent: tuple[tuple[str, PlainWords], ...]
    sources: tuple[tuple[str, str], ...]  # key, and the publication in a few words


@dataclass(frozen=True)
class Area:
    """The rules of one file."""

    key: str
    title: str
    words: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Publication:
    """A source in full, with the rules that rest on it, and where it can be looked up."""

    key: str
    source: Source
    address: str | None
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """All that the page shows of a rule set."""

    areas: tuple[Area, ...]
    private: tuple[Entry, ...]
    health: Counter[str]
    link: Counter[str]
    reviewed: int
    count: int
    publications: tuple[Publication, ...]


def evidence_of(ruleset: RuleSet) -> Evidence:
    """Return the rules in use by area, how many have each grade, and every source."""
    in_use = [rule for rule in ruleset.by_id.values() if rule.status != "retired"]
    topics = dict.fromkeys(rule.topic for rule in in_use if not rule.private)
    return Evidence(
        areas=tuple(_area(topic, ruleset, in_use) for topic in topics),
        private=tuple(_entry(rule, ruleset) for rule in in_use if rule.private),
        health=Counter(rule.evidence.health for rule in in_use),
        link=Counter(rule.evidence.link for rule in in_use),
        reviewed=sum(rule.status == "active" for rule in in_use),
        count=len(in_use),
        publications=_publications(ruleset, in_use),
    )


def _area(topic: str, ruleset: RuleSet, in_use: Iterable[Rule]) -> Area:
    title, words = AREAS.get(topic, (topic.replace("_", " ").capitalize(), ""))
    entries = (_entry(rule, ruleset) for rule in in_use if rule.topic == topic and not rule.private)
    return Area(topic, title, words, tuple(entries))


def _entry(rule: Rule, ruleset: RuleSet) -> Entry:
    questionnaire = ruleset.questionnaire
    urgency = dict.fromkeys(PRIORITY_WORDS[priority] for priority in (rule.priorities[-1], rule.priorities[0]))
    return Entry(
        rule=rule,
        urgency=" to ".join(urgency).capitalize(),
        applies=in_plain_words(rule.applies_when, questionnaire) if rule.applies_when and not rule.private else None,
        raised=None if rule.private else in_plain_words(rule.raised_when, questionnaire),
        more_urgent=() if rule.private else tuple(_steps(rule, questionnaire)),
        sources=tuple((key, short_source(ruleset.sources[key])) for key in rule.evidence.sources),
    )


def _steps(rule: Rule, questionnaire: Questionnaire) -> Iterable[tuple[str, PlainWords]]:
    for step in rule.escalate:
        yield PRIORITY_WORDS[step.to].lower(), in_plain_words(step.when, questionnaire)


def _publications(ruleset: RuleSet, in_use: Iterable[Rule]) -> tuple[Publication, ...]:
    """Every source that a rule or a score rests on, by author or body."""
    rules: dict[str, list[str]] = {}
    for score in ruleset.questionnaire.scores.values():
        if score.source is not None:
            rules.setdefault(score.source, [])
    for rule in in_use:
        for key in rule.evidence.sources:
            rules.setdefault(key, []).append(rule.id)
    keys = sorted(rules, key=lambda key: short_source(ruleset.sources[key]).casefold())
    return tuple(
        Publication(key, source := ruleset.sources[key], _address(source.identifier), tuple(rules[key])) for key in keys
    )


def _address(identifier: str | None) -> str | None:
    for shape, address in PLACES:
        if identifier is not None and shape.fullmatch(identifier):
            return address.format(identifier.lower() if identifier.startswith(("NG", "CG")) else identifier)
    return None


@lru_cache(maxsize=4)
def _evidence(rule_set_hash: str) -> Evidence:
    # a rule set never changes, so neither does what the page says of it
    with services().database.reading() as database:
        return evidence_of(services().screeners.ruleset(database, rule_set_hash))


@views.get("/evidence")
def evidence() -> str:
    """Show the evidence for every rule of the published rule set."""
    with services().database.reading() as database:
        published = services().screeners.published(database).ruleset.hash
    return render_template(
        "about/evidence.html",
        evidence=_evidence(published),
        rule_set_hash=published,
        grades=GRADES,
        frame="staff.html" if signed_in() else "patient/base.html",
        today=date.today(),  # noqa: DTZ011 - the clinic's own day
    )
