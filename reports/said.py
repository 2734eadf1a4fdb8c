"""What the patient said in words of their own, and what they would rather say in person."""

from collections.abc import Iterator
from dataclasses import dataclass

from reports.wording import joined, shortened
from rules.response import Missing, Response

LONGEST_QUOTE = 500  # characters; all of it stands in the list of answers
IN_PERSON = "say_in_person"  # the question what else to talk about; its codes are sections


@dataclass(frozen=True)
class Quote:
    """The patient's own words on one question; `cut` where the list of answers has more of it."""

    question: str
    words: str
    cut: bool


def quotes(response: Response) -> Iterator[tuple[str, Quote]]:
    """Yield the items that the patient answered in words of their own, each with its quote."""
    for item in response.questionnaire.items.values():
        answer = response.answers.get(item.id)
        if item.type == "text" and isinstance(answer, str) and not isinstance(answer, Missing):
            words = answer.strip()
            yield item.id, Quote(item.short, shortened(words, LONGEST_QUOTE), len(words) > LONGEST_QUOTE)


def to_talk_about(response: Response) -> str:
    """Return the sections that the patient left for a talk or asked to talk about, in words; "" for none."""
    asked = response.answers.get(IN_PERSON)
    wanted = set(asked) if isinstance(asked, frozenset) else set()
    for section in response.questionnaire.sections:
        if any(response.answers.get(i.id) is Missing.IN_PERSON for page in section.pages for i in page.items):
            wanted.add(section.id)
    item = response.questionnaire.items.get(IN_PERSON)
    words = {option.code: option.short or option.label for option in item.options} if item else {}
    titles = {section.id: section.title for section in response.questionnaire.sections}
    return joined([words.get(name, title) for name, title in titles.items() if name in wanted], "and")
