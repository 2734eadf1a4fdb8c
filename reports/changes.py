"""What is new since the screening before: flags that came, went, or are more or less urgent than they were."""

from dataclasses import dataclass

from rules.ruleset import Outcome, Priority, RuleSet
from rules.screening import RuleOutcome, Screening

WHY_NEW = {  # how a rule ended last time, where that makes its flag less of a news
    Outcome.NOT_ASSESSED: "could not be assessed then",
    Outcome.NOT_APPLICABLE: "did not apply then",
}
WHY_GONE = {
    Outcome.NOT_ASSESSED: "cannot be assessed now",
    Outcome.NOT_APPLICABLE: "does not apply now",
}
NO_RULE_THEN, NO_RULE_NOW = "the rule was not in use then", "the rule is not in use now"


@dataclass(frozen=True)
class Changes:
    """The flags that differ from an earlier screening, by title, with what explains it in brackets.

    `since` says which screening that was. `same` counts the flags that are raised with the same priority.
    """

    since: str
    new: tuple[str, ...]
    gone: tuple[str, ...]
    more_urgent: tuple[str, ...]
    less_urgent: tuple[str, ...]
    same: int

    @property
    def groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The flags under their headings, without headings that have none."""
        named = (
            ("New", self.new),
            ("More urgent", self.more_urgent),
            ("Less urgent", self.less_urgent),
            ("No longer raised", self.gone),
        )
        return tuple((heading, titles) for heading, titles in named if titles)


def changes(before: Screening, ruleset_before: RuleSet, now: Screening, ruleset: RuleSet, since: str) -> Changes:
    """Return what is new in a screening since the one before it; each comes with the rule set that made it."""
    titles = {rule.id: rule.title for rule in (*ruleset_before.by_id.values(), *ruleset.by_id.values())}
    then, today = _priorities(before), _priorities(now)
    both = [(rule, then[rule], today[rule]) for rule in today if rule in then]
    moved = [(a.rank - b.rank, f"{titles[rule]} (was {_words(a)}, is {_words(b)})") for rule, a, b in both]
    return Changes(
        since=since,
        new=tuple(_told(titles[rule], before, rule, WHY_NEW, NO_RULE_THEN) for rule in today if rule not in then),
        gone=tuple(_told(titles[rule], now, rule, WHY_GONE, NO_RULE_NOW) for rule in then if rule not in today),
        more_urgent=tuple(words for step, words in moved if step > 0),
        less_urgent=tuple(words for step, words in moved if step < 0),
        same=sum(step == 0 for step, _ in moved),
    )


def _priorities(screening: Screening) -> dict[str, Priority]:
    return {flag.rule: flag.priority for flag in screening.raised if flag.priority is not None}


def _told(title: str, other: Screening, rule: str, why: dict[Outcome, str], no_rule: str) -> str:
    outcome: RuleOutcome | None = other.outcomes.get(rule)
    reason = no_rule if outcome is None else why.get(outcome.outcome, "")
    return f"{title} ({reason})" if reason else title


def _words(priority: Priority) -> str:
    return priority.value.replace("_", " ")
