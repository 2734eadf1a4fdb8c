"""The appendix: every answer, those that were not given told apart by why, and the evidence behind the flags."""

from collections.abc import Iterable
from dataclasses import dataclass

from reports.wording import citation
from rules.questionnaire import Section
from rules.response import Missing, Response, answer_words
from rules.ruleset import Rule, RuleSet

NO = "no"
FEWEST_TOGETHER = 3  # questions with the same answer that are told in one line


@dataclass(frozen=True)
class AnswerLine:
    """One answer in the appendix; `missing` marks one that was not given, `private` one that no copy may show."""

    question: str
    answer: str
    missing: bool
    private: bool


@dataclass(frozen=True)
class AnswerSection:
    """The appendix of one section of the questionnaire. `not_asked` names the questions that did not apply."""

    title: str
    answers: tuple[AnswerLine, ...]
    not_asked: tuple[str, ...]

    @property
    def told(self) -> tuple[AnswerLine, ...]:
        """The answers that have a line of their own."""
        return tuple(line for line in self.answers if line.answer not in self.together)

    @property
    def together(self) -> dict[str, tuple[AnswerLine, ...]]:
        """The others, by what they share: "no", an answer given to several questions, and last what was not given."""
        groups: dict[str, tuple[AnswerLine, ...]] = {}
        for line in sorted(self.answers, key=lambda line: line.missing):
            groups[line.answer] = (*groups.get(line.answer, ()), line)
        return {
            answer: lines
            for answer, lines in groups.items()
            if lines[0].missing or answer == NO or len(lines) >= FEWEST_TOGETHER
        }


@dataclass(frozen=True)
class EvidenceLine:
    """What stands behind one flag: the rule's note, and the numbers of its publications in the list of sources."""

    rule: str
    title: str
    note: str
    sources: tuple[int, ...]


def answer_section(section: Section, response: Response) -> AnswerSection:
    """Return all questions of a section, asked and not asked."""
    items = [item for page in section.pages for item in page.items]
    lines = tuple(
        AnswerLine(item.short, answer_words(item, answer), isinstance(answer, Missing), item.private)
        for item in items
        if (answer := response.answers.get(item.id)) is not None
    )
    return AnswerSection(section.title, lines, tuple(i.short for i in items if i.id in response.not_applicable))


def evidence_of(rules: Iterable[Rule], ruleset: RuleSet) -> tuple[tuple[EvidenceLine, ...], tuple[str, ...]]:
    """Return the evidence behind rules, and the publications in full, each once, in the order of their numbers."""
    numbers: dict[str, int] = {}
    lines = []
    for rule in rules:
        full = [citation(ruleset.sources[key]) for key in rule.evidence.sources]
        own = tuple(numbers.setdefault(source, len(numbers) + 1) for source in full)
        lines.append(EvidenceLine(rule.id, rule.title, " ".join(rule.evidence.note.split()), own))
    return tuple(lines), tuple(numbers)
