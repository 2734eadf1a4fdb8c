"""What a patient is told right after an answer that cannot wait: which texts, in which order, and whom to call.

The words of a private rule are discreet. They stand last, without any sign of what they are about, and never turn the
page into an alarm.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext

from intake import language
from intake.help_lines import HelpLines
from rules.questionnaire import ENGLISH
from rules.ruleset import AT_ONCE, Priority, Rule, RuleSet, Translation

NO_URGENT_LINE = lazy_gettext("your doctor’s out-of-hours service")  # in a country without one number for urgent advice


@dataclass(frozen=True)
class PhoneLine:
    """A number to call. `address` is what a telephone link points to; `words` stand in the middle of a sentence."""

    key: str
    name: str
    number: str
    words: str

    @property
    def address(self) -> str:
        """The link that dials it."""
        return f"tel:{''.join(self.number.split())}"

    @property
    def label(self) -> str:
        """What a button says: "Call 116 123 (Samaritans)", "Call NHS 111"."""
        if self.number in self.name:
            return gettext("Call %(number)s", number=self.name)
        number = f"{self.number} ({self.name})" if self.name else self.number
        return gettext("Call %(number)s", number=number)


@dataclass(frozen=True)
class Advice:
    """What one raised rule tells the patient. `key` is remembered once the patient has gone on from it.

    `priority` is None where the words are private. `lines` are the keys of the numbers that the words name. `language`
    is that of the words: English where they are not translated.
    """

    key: str
    paragraphs: tuple[str, ...]
    lines: frozenset[str]
    priority: Priority | None
    language: str

    @property
    def private(self) -> bool:
        """Whether the words must not show what they are about."""
        return self.priority is None


@dataclass(frozen=True)
class Help:
    """Everything that the page of help at once shows: advice, the most urgent first, and all numbers of the country."""

    advice: tuple[Advice, ...]
    all_lines: tuple[PhoneLine, ...]

    @property
    def priority(self) -> Priority | None:
        """How urgent it is; None while there is no advice, or only private advice."""
        return self.advice[0].priority if self.advice else None

    @property
    def lines(self) -> tuple[PhoneLine, ...]:
        """The numbers that the advice names; all of them where there is none."""
        named = {key for advice in self.advice for key in advice.lines}
        return tuple(line for line in self.all_lines if line.key in named or not self.advice)

    def without(self, shown: Iterable[str]) -> "Help":
        """Return the same less the advice that was shown before."""
        seen = set(shown)
        return Help(tuple(advice for advice in self.advice if advice.key not in seen), self.all_lines)

    def keys(self) -> frozenset[str]:
        """What to remember once the patient has gone on."""
        return frozenset(advice.key for advice in self.advice)


def phone_lines(help_lines: HelpLines) -> tuple[PhoneLine, ...]:
    """Return the numbers to call in a country, the most urgent first, with their names in the patient's language."""
    crisis_name, urgent_name = help_lines.names(language.current())
    known = [
        ("emergency_number", "", help_lines.emergency_number),
        ("crisis_line", crisis_name, help_lines.crisis_line),
        ("urgent_line", urgent_name, help_lines.urgent_line),
    ]
    return tuple(PhoneLine(key, name or "", number, _words(name, number)) for key, name, number in known if number)


def _words(name: str | None, number: str) -> str:
    """ "Samaritans on 116 123", but "NHS 111" for a name that holds its number."""
    if not name:
        return number
    return name if number in name else gettext("%(name)s on %(number)s", name=name, number=number)


def help_for(ruleset: RuleSet, raised: Mapping[str, Priority], help_lines: HelpLines, words: Translation) -> Help:
    """Return what raised rules tell the patient at once; its `advice` is empty when there is nothing.

    `raised` has the rules with their priorities, the most urgent first; `words` are those of the patient's language.
    """
    urgent = [rule for rule, priority in raised.items() if priority in AT_ONCE and ruleset.by_id[rule].patient_text]
    lines = phone_lines(help_lines)
    ordered = sorted(urgent, key=lambda rule: ruleset.by_id[rule].private)
    return Help(tuple(_advice(ruleset.by_id[rule], raised[rule], lines, words) for rule in ordered), lines)


def is_new(found: Help, shown: Iterable[str]) -> bool:
    """Whether a page of help says anything that the patient has not gone on from yet."""
    return not found.keys() <= set(shown)


def _advice(rule: Rule, priority: Priority, lines: Iterable[PhoneLine], words: Translation) -> Advice:
    spoken = words.language if rule.id in words.patient_texts else ENGLISH
    text = words.patient_texts.get(rule.id) or rule.patient_text or ""
    numbers = {"urgent_line": str(NO_URGENT_LINE)} | {line.key: line.words for line in lines}
    named = frozenset(key for key in numbers if f"{{{key}}}" in text)
    for key, value in numbers.items():
        text = text.replace(f"{{{key}}}", value)
    paragraphs = tuple(" ".join(part.split()) for part in text.split("\n") if part.strip())
    # a flag that has become more urgent is shown again
    return Advice(f"{rule.id} {priority}", paragraphs, named, None if rule.private else priority, spoken)
