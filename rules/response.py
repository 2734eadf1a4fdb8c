"""Raw answers → typed response: values, and for each answer that has none whether it was skipped, declined, not sure or
not applicable.

Raw answers are what is stored and what `intake screen` reads: item id → number, code, list of codes, text, one of the
words `not_sure`, `declined` and `in_person` (would rather talk about it), or None for a question that was sent blank. A
question that is absent counts as skipped.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rules.condition import MISSING, NOT_APPLICABLE, Number, Value
from rules.errors import AnswerErrors, AnswerProblem, did_you_mean
from rules.predicates import Gate
from rules.questionnaire import LONGEST_TEXT, Item, Questionnaire
from rules.scores import ScoreValue, work_out

RawAnswers = Mapping[str, object]


class Missing(StrEnum):
    """Why a question that applies has no value."""

    SKIPPED = "skipped"
    DECLINED = "declined"
    NOT_SURE = "not_sure"
    IN_PERSON = "in_person"


SKIPPED, IN_PERSON = Missing.SKIPPED, Missing.IN_PERSON.value
INSTEAD = {Missing.NOT_SURE.value: Missing.NOT_SURE, Missing.DECLINED.value: Missing.DECLINED}

Answer = Number | str | frozenset[str] | Missing

_MISSING_WORDS = {
    Missing.SKIPPED: "skipped",
    Missing.DECLINED: "preferred not to say",
    Missing.NOT_SURE: "not sure",
    Missing.IN_PERSON: "prefers to talk in person",
}


@dataclass(frozen=True)
class Response:
    """One patient's answers, typed. `values` is what conditions see: every item that is not text, and every score.

    `undecided` are items that count as applying only because it is not known yet whether they do.
    """

    questionnaire: Questionnaire
    answers: Mapping[str, Answer]
    not_applicable: frozenset[str]
    undecided: frozenset[str]
    scores: Mapping[str, ScoreValue]
    values: Mapping[str, Value]

    def answer_text(self, item_id: str) -> str:
        """Return an answer in the clinician's short words: "patch or gel", "not sure", "skipped", "not asked"."""
        if item_id in self.not_applicable:
            return "not asked"
        return answer_words(self.questionnaire.items[item_id], self.answers[item_id])


def answer_words(item: Item, answer: Answer) -> str:
    """Return an answer to an item in the clinician's short words, with its unit."""
    if isinstance(answer, Missing):
        return _MISSING_WORDS[answer]
    if isinstance(answer, frozenset):
        return ", ".join(option.short or option.label for option in item.options if option.code in answer)
    if item.options:
        option = item.option(answer)
        return option.short or option.label
    return f"{answer:g} {item.unit}".strip() if isinstance(answer, int | float) else answer


def read(questionnaire: Questionnaire, raw: RawAnswers) -> Response:
    """Type raw answers, decide which items apply, and work out the scores.

    An item applies unless its `when` is false; where that cannot be decided it is asked, so it applies. Answers to
    items that do not apply are checked but not evaluated. Raises `AnswerErrors` naming every answer that does not fit.
    """
    problems: list[AnswerProblem] = []
    answers: dict[str, Answer] = dict.fromkeys(questionnaire.items, SKIPPED)
    values: dict[str, Value] = dict.fromkeys(questionnaire.evaluated, MISSING)
    for name, given in raw.items():
        item = questionnaire.items.get(name)
        if item is None:
            advice = did_you_mean(name, questionnaire.items)
            problems.append(AnswerProblem(name, "there is no such item", advice))
            continue
        answers[name] = answer = typed(item, given, problems)
        if item.type != "text" and not isinstance(answer, Missing):
            values[name] = answer
    scores: dict[str, ScoreValue] = {}
    not_applicable: set[str] = set()
    undecided: set[str] = set()
    for step in questionnaire.follows:
        if not isinstance(step, Gate):
            scores[step.id] = score = work_out(step, questionnaire.items, values)
            values[step.id] = score.value
            continue
        applies = step.holds(values)
        if applies is None:
            undecided.update(step.items)
        elif applies is False:
            not_applicable.update(step.items)
            values.update(dict.fromkeys(step.items, NOT_APPLICABLE))
            for name in step.items:
                del answers[name]
    if problems:
        raise AnswerErrors(problems)
    return Response(questionnaire, answers, frozenset(not_applicable), frozenset(undecided), scores, values)


def typed(item: Item, raw: object, problems: list[AnswerProblem]) -> Answer:
    """Return one raw answer as it is evaluated. One that does not fit adds to `problems` and counts as skipped."""
    if raw is None or raw == "" or raw == []:
        return SKIPPED
    if raw == IN_PERSON:
        return Missing.IN_PERSON
    if item.type == "text":
        return _text(item, raw, problems)
    if isinstance(raw, str) and raw in INSTEAD:
        return INSTEAD[raw]
    if item.type == "choices":
        return _codes(item, raw, problems)
    if item.options:
        return _code(item, raw, problems)
    return _number(item, raw, problems)


def _refused(item: Item, problems: list[AnswerProblem], message: str, advice: str = "") -> Missing:
    problems.append(AnswerProblem(item.id, message, advice))
    return SKIPPED


def _text(item: Item, raw: object, problems: list[AnswerProblem]) -> Answer:
    if not isinstance(raw, str):
        return _refused(item, problems, f"{_shown(raw)} is not text", "put it in quotes")
    if len(raw) > LONGEST_TEXT:
        return _refused(item, problems, f"the text has {len(raw)} characters", f"at most {LONGEST_TEXT}")
    return raw if raw.strip() else SKIPPED


def _code(item: Item, raw: object, problems: list[AnswerProblem]) -> Answer:
    for option in item.options:
        if raw == option.code and type(raw) is type(option.code):
            return option.code
    codes = [str(option.code) for option in item.options]
    advice = did_you_mean(str(raw), codes) if isinstance(raw, str) else ""
    if isinstance(raw, bool):
        advice = 'write "yes" or "no"'
    elif isinstance(raw, str) and raw in codes:
        advice = "write the number without quotes"
    return _refused(item, problems, f"{_shown(raw)} is not one of {', '.join(codes)}", advice)


def _codes(item: Item, raw: object, problems: list[AnswerProblem]) -> Answer:
    if not isinstance(raw, list | tuple | frozenset | set):
        return _refused(item, problems, f"{_shown(raw)} is not a list of codes", 'write ["code", "code"]')
    codes = [str(option.code) for option in item.options]
    unknown = [code for code in raw if code not in codes]
    if unknown:
        advice = did_you_mean(str(unknown[0]), codes)
        return _refused(item, problems, f"{_shown(unknown[0])} is not one of {', '.join(codes)}", advice)
    if "none" in raw and len(raw) > 1:
        return _refused(item, problems, '"none" cannot stand beside another answer', "keep one of the two")
    return frozenset(str(code) for code in raw)


def _number(item: Item, raw: object, problems: list[AnswerProblem]) -> Answer:
    kind = "a whole number" if item.type == "integer" else "a number"
    whole = isinstance(raw, int) or (isinstance(raw, float) and math.isfinite(raw) and raw.is_integer())
    if isinstance(raw, bool) or not isinstance(raw, int | float) or (item.type == "integer" and not whole):
        return _refused(item, problems, f"{_shown(raw)} is not {kind}")
    if item.min is None or item.max is None or not item.min <= raw <= item.max:
        return _refused(item, problems, f"{_shown(raw)} is not from {item.min:g} to {item.max:g}")
    return int(raw) if whole else raw


def _shown(raw: object) -> str:
    text = f'"{raw}"' if isinstance(raw, str) else repr(raw)
    return text if len(text) <= 60 else f"{text[:57]}..."
