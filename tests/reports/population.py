"""Invented patients by the hundred, with the mix of complaints, blanks and own words that a clinic may expect.

Each starts as somebody with nothing to report (`intake.demo.WELL`). Troubles come together, as they do in life: some
sections have none, in others most questions are answered with something else. The same number always gives the same
patient. How often there is trouble, a blank or a long story is a guess; nobody was counted. It is meant to be too much
rather than too little: these are people who come because something is wrong.
"""

from random import Random

from intake.demo import MAN, WELL, WOMAN
from rules.overview import all_answers
from rules.questionnaire import Item, Questionnaire

SKIPS, IS_NOT_SURE, DECLINES = 0.03, 0.01, 0.01  # of all questions
WRITES = {"matters_most": 0.8}  # how often there are own words
WRITES_ELSEWHERE = 0.25
RARER = {"phq9_9": 0.2, "safe_now": 0.1, "self_harm_plan": 0.1}
RARE = 0.03  # an emergency is no everyday matter
SENTENCES = (
    "I wake at three every night and cannot get back to sleep.",
    "Nothing special, my employer asked me to have a check-up.",
    "My mother had breast cancer at 50 and I worry about taking hormones.",
    "I want to know whether the tablets that I buy online are safe.",
    "Since we moved here I hardly know anybody.",
    "My knees hurt, and so I walk less than I used to.",
    "I should like to feel like myself again, with energy for my children and for work, and less short-tempered.",
)


def patient(questionnaire: Questionnaire, number: int) -> dict[str, object]:
    """Return the raw answers of one patient."""
    draw = Random(number)
    answers = all_answers(questionnaire, WELL | draw.choice((WOMAN, WOMAN, MAN)) | {"age": draw.randint(18, 85)})
    share = draw.betavariate(4, 3)  # of the sections in which there is trouble
    troubles = {section.id: draw.uniform(0.7, 1) * (draw.random() < share) for section in questionnaire.sections}
    troubles |= {"today": RARE * troubles["today"], "about_you": 0.2 * troubles["about_you"]}
    for item in questionnaire.items.values():
        if not item.derived:
            rare = RARE if item.private else RARER.get(item.id, 1)
            answers[item.id] = _answer(item, answers.get(item.id), troubles[item.section] * rare, draw)
    return answers


def _answer(item: Item, usual: object, trouble: float, draw: Random) -> object:
    chance = draw.random()
    if chance < SKIPS:
        return None
    if item.type == "text":
        return _words(draw) if draw.random() < WRITES.get(item.id, WRITES_ELSEWHERE) else None
    if chance < SKIPS + IS_NOT_SURE and item.not_sure:
        return "not_sure"
    if chance < SKIPS + IS_NOT_SURE + DECLINES and item.declinable:
        return "declined"
    return _trouble(item, draw) if draw.random() < trouble else usual


def _words(draw: Random) -> str:
    return " ".join(draw.sample(SENTENCES, draw.choice((1, 1, 1, 2, 2, 4))))


def _trouble(item: Item, draw: Random) -> object:
    codes = [option.code for option in item.options]
    if item.type == "choices":
        some = [code for code in codes if code != "none"]
        return draw.sample(some, min(len(some), draw.choice((1, 1, 1, 2, 3))))
    if codes:
        return draw.choice(codes)
    low, high = item.bounds or (0, 10)
    return round(draw.triangular(low, high, low))
