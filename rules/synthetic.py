"""Invented patients by the thousand: to see what a change of the rules does where no responses are stored yet, and to
measure with. The same seed and number are always the same patient.

Every share below is a guess, and nobody was counted: numbers that come of it say how two rule sets compare, and never
how common anything is. Most answers are those of somebody with nothing to report. Troubles come together, as in life:
some sections have none, and in others every other answer differs. Some questions are left open, and some sections too.
"""

from collections.abc import Iterable, Iterator
from random import Random

from rules.condition import Special, Value
from rules.overview import all_answers, usual_answers
from rules.questionnaire import Item, Questionnaire
from rules.reference import truth
from rules.response import Missing, RawAnswers, typed
from rules.scores import work_out

SKIPS, IS_NOT_SURE, DECLINES = 0.03, 0.02, 0.02  # of all questions
TALKS_INSTEAD, GIVES_UP = 0.01, 0.02  # of all sections
BOTHERED = (2, 3)  # alpha and beta of the share of sections with trouble, by patient
TROUBLED, WELL = (0.2, 0.8), 0.02  # share of answers that are not the usual one, in a section with and without trouble
WRITES = 0.3  # free text
RARE_SECTIONS = {"today": 0.04}  # an emergency is no everyday matter
RARE = dict.fromkeys(("has_uterus", "has_ovaries", "has_testes", "has_prostate"), 0.05)
RARE |= {"phq9_9": 0.3, "safe_now": 0.1, "self_harm_plan": 0.1, "afraid_at_home": 0.1}
WELL_BESIDE = {"safe_now": "yes", "evs_days": 5, "evs_minutes": 40}  # beside what overview.yaml says
WOMAN = {"has_uterus": "yes", "has_ovaries": "yes", "has_testes": "no", "has_prostate": "no", "sex_at_birth": "female"}
MAN = {"has_uterus": "no", "has_ovaries": "no", "has_testes": "yes", "has_prostate": "yes", "sex_at_birth": "male"}
AGE = (18, 90, 47)  # lowest, highest, most often
BODY = {"height_cm": (169, 10), "weight_kg": (76, 16)}  # mean, standard deviation
WORDS = "I wake at three every night. My knees hurt, and so I walk less than I used to."


def patients(questionnaire: Questionnaire, numbers: Iterable[int], seed: int = 0) -> Iterator[dict[str, object]]:
    """Yield the raw answers of some patients of a seed, as they are stored: to all questions that apply to them."""
    known = {**usual_answers(), **WELL_BESIDE}
    usual = all_answers(questionnaire, {name: raw for name, raw in known.items() if _fits(questionnaire, name, raw)})
    return (_patient(questionnaire, usual, Random(f"{seed} {number}")) for number in numbers)


def _fits(questionnaire: Questionnaire, name: str, raw: object) -> bool:
    item = questionnaire.items.get(name)
    return item is not None and not isinstance(typed(item, raw, []), Missing)


def _patient(questionnaire: Questionnaire, usual: RawAnswers, draw: Random) -> dict[str, object]:
    usual = {**usual, **_body(draw)}
    trouble = _trouble_by_section(questionnaire, draw)
    answers: dict[str, object] = {}
    values: dict[str, Value] = {}
    for part in questionnaire.order:
        if not isinstance(part, Item):
            values[part.id] = work_out(part, questionnaire.items, values).value
        elif part.when is not None and truth(part.when, values) is False:
            values[part.id] = Special.NOT_APPLICABLE
        else:
            raw = answers[part.id] = _answer(part, usual.get(part.id), trouble[part.section], draw)
            answer = typed(part, raw, [])
            values[part.id] = Special.MISSING if isinstance(answer, Missing) else answer
    return answers


def _body(draw: Random) -> dict[str, object]:
    low, high, mode = AGE
    body = {name: round(draw.gauss(*shape), 1) for name, shape in BODY.items()}
    return {**draw.choice((WOMAN, WOMAN, MAN)), **body, "age": round(draw.triangular(low, high, mode))}


def _trouble_by_section(questionnaire: Questionnaire, draw: Random) -> dict[str, float | str | None]:
    """For each section the share of unusual answers, "in_person", or None once the patient has given up."""
    share = draw.betavariate(*BOTHERED)
    trouble: dict[str, float | str | None] = {}
    has_given_up = False
    for section in questionnaire.sections:
        unusual = draw.uniform(*TROUBLED) if draw.random() < share else WELL
        has_given_up = has_given_up or draw.random() < GIVES_UP
        talks = draw.random() < TALKS_INSTEAD
        chance = unusual * RARE_SECTIONS.get(section.id, 1.0)
        trouble[section.id] = None if has_given_up else Missing.IN_PERSON.value if talks else chance
    return trouble


def _answer(item: Item, usual: object, trouble: float | str | None, draw: Random) -> object:
    if item.derived:
        return usual
    if not isinstance(trouble, float):
        return trouble
    if draw.random() < SKIPS:
        return None
    if item.type == "text":
        return WORDS if draw.random() < WRITES else None
    if item.not_sure and draw.random() < IS_NOT_SURE:
        return Missing.NOT_SURE.value
    if item.declinable and draw.random() < DECLINES:
        return Missing.DECLINED.value
    return _unusual(item, draw) if draw.random() < trouble * RARE.get(item.id, 1) else usual


def _unusual(item: Item, draw: Random) -> object:
    codes = [option.code for option in item.options]
    if item.type == "choices":
        some = [code for code in codes if code != "none"]
        return draw.sample(some, min(len(some), draw.choice((1, 1, 1, 2, 3))))
    if codes:
        return draw.choice(codes)
    low, high = item.bounds or (0, 0)
    return round(low + (high - low) * draw.random() ** 3)  # small numbers more often
