"""Responses as no patient gives them: any answer to any question, asked or not, and many missing in every way."""

from random import Random

from rules.questionnaire import Item, Questionnaire

MISSING = (None, "not_sure", "declined", "in_person")


def wild_answers(questionnaire: Questionnaire, number: int) -> dict[str, object]:
    """Return the raw answers of one response; the same number is always the same."""
    draw = Random(f"wild {number}")
    left_out, missing = draw.choice(((0, 0.02), (0.05, 0.1), (0.3, 0.3)))
    answers: dict[str, object] = {}
    for item in questionnaire.items.values():
        if draw.random() < left_out:
            continue
        answers[item.id] = _answer(item, draw)
        if draw.random() < missing:
            answers[item.id] = draw.choice(MISSING[:1] if item.type == "text" else MISSING)
    return answers


def _answer(item: Item, draw: Random) -> object:
    codes = [option.code for option in item.options]
    if item.type == "choices":
        some = [code for code in codes if code != "none"]
        return draw.choice((draw.sample(some, draw.randint(1, len(some))), draw.sample(some, 1), codes[-1:]))
    if codes:
        return draw.choice(codes)
    low, high = item.bounds or (0, 0)
    if item.type == "text":
        return "own words"
    size = low + (high - low) * draw.choice((1, 0.1, 0.01)) * draw.random()
    return (
        draw.choice((round(size), float(round(size))))
        if item.type == "integer"
        else round(size, draw.choice((0, 1, 2)))
    )
