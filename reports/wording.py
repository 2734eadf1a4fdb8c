"""How dates, publications and missing answers are put into words, the same everywhere in a summary."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from rules.explain import MissingAnswer
from rules.questionnaire import Questionnaire
from rules.response import answer_words
from rules.ruleset import Source

INITIALS = re.compile(r"(?: [A-Z]{1,3})+$")  # "Spitzer RL"
LONGEST_SHORT_IDENTIFIER = 8  # NG225, CG100; a DOI is for the full entry only


def day(moment: date) -> str:
    """Return a date as it is said: 9 March 1974."""
    return f"{moment.day} {moment:%B %Y}"


def day_and_time(moment: datetime) -> str:
    """Return a moment in its own time zone, which is named: 20 November 2026, 09:41 UTC."""
    return f"{day(moment)}, {moment:%H:%M} {moment.tzname() or ''}".rstrip()


def shortened(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters, cut between words where that is possible."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    at_a_word = cut.rsplit(None, 1)[0] if " " in cut[longest // 2 :] else cut
    return at_a_word.rstrip(" ,.;:") + "…"


def joined(words: Sequence[str], last: str) -> str:
    """Return words as a list in a sentence: "mild, moderate or severe" with `last` = "or"."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def short_source(source: Source) -> str:
    """Return a publication in a few words: "Spitzer and others 2006", "NICE NG225 2022"."""
    identifier = source.identifier if source.identifier and len(source.identifier) <= LONGEST_SHORT_IDENTIFIER else None
    return " ".join(str(part) for part in (_short_name(source), identifier, source.year) if part)


def _short_name(source: Source) -> str:
    if not source.authors:
        name = source.publisher or source.title
        in_brackets = re.search(r"\(([A-Z]{2,8})\)", name)
        return in_brackets[1] if in_brackets else name.split(",")[0]
    first, *others = source.authors.replace(" and others", ", others").split(", ")
    surname = INITIALS.sub("", first)
    return f"{surname} and others" if others and surname != first else surname


def citation(source: Source) -> str:
    """Return a publication with everything that is known of it, in one line."""
    parts = [source.authors, source.title, source.publisher, source.year and str(source.year), source.identifier]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def missing_words(missing: Iterable[MissingAnswer], questionnaire: Questionnaire, most: int) -> str:
    """Return missing answers by the reason why: "Skipped: Periods, Contraception and 3 more; not sure: Has a womb".

    At most `most` are named for each reason.
    """
    named: dict[str, list[str]] = {}
    for answer in missing:
        item = questionnaire.items[answer.item]
        named.setdefault(answer_words(item, answer.why), []).append(item.short)
    parts = []
    for why, names in named.items():
        more = len(names) - most
        listed = ", ".join(names[:most]) + f" and {more} more" if more > 0 else joined(names, "and")
        parts.append(f"{why}: {listed}")
    words = "; ".join(parts)
    return words[:1].upper() + words[1:]


def missing_counts(missing: Iterable[MissingAnswer], questionnaire: Questionnaire) -> str:
    """Return how many different answers are missing, and why: "12 answers (10 skipped, 2 not sure)"."""
    reasons = {answer.item: answer_words(questionnaire.items[answer.item], answer.why) for answer in missing}
    counts = Counter(reasons.values())
    listed = ", ".join(f"{number} {why}" for why, number in counts.most_common())
    return f"{count(len(reasons), 'answer')} ({listed})"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: "1 answer", "3 answers"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
