"""What a clinician made of a screening: a verdict and a note at each flag, flags added by hand, and the signature."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any as Data

from rules.ruleset import Priority


class Verdict(Enum):
    """What a clinician says of a flag."""

    AGREE = "agree"
    NOT_RELEVANT = "not_relevant"
    ACTED_ON = "acted_on"

    @property
    def words(self) -> str:
        """The verdict as it is read."""
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Opinion:
    """What a clinician says of one flag. Without a verdict the flag is not marked yet."""

    verdict: Verdict | None = None
    note: str = ""


@dataclass(frozen=True)
class HandFlag:
    """A flag that a clinician added by hand."""

    title: str
    priority: Priority
    note: str = ""


@dataclass(frozen=True)
class Review:
    """Opinions by rule id, and flags by hand. `signature` says who signed and when; "" until somebody has: then
    `pending` says how things stand."""

    opinions: Mapping[str, Opinion] = field(default_factory=dict)
    added: tuple[HandFlag, ...] = ()
    signature: str = ""
    pending: str = "Not reviewed yet by a clinician."

    def of(self, rule: str) -> Opinion:
        """Return the opinion on a rule's flag; an empty one where there is none."""
        return self.opinions.get(rule, Opinion())

    def as_json(self) -> dict[str, Data]:
        """Return plain data for storage, without the signature."""
        return {
            "opinions": {
                rule: {"verdict": opinion.verdict and opinion.verdict.value, "note": opinion.note}
                for rule, opinion in self.opinions.items()
            },
            "added": [{"title": f.title, "priority": f.priority.value, "note": f.note} for f in self.added],
        }

    @staticmethod
    def from_json(data: Mapping[str, Data]) -> "Review":
        """Read what `as_json` wrote."""
        return Review(
            {
                rule: Opinion(opinion["verdict"] and Verdict(opinion["verdict"]), opinion["note"])
                for rule, opinion in data["opinions"].items()
            },
            tuple(HandFlag(f["title"], Priority(f["priority"]), f["note"]) for f in data["added"]),
        )
