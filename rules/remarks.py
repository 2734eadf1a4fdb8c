"""What analysis tells an admin: a remark on something that is odd, though nothing in it is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.errors import Problem
from rules.questionnaire import Questionnaire
from rules.response import read


@dataclass(frozen=True)
class Remark:
    """One odd thing. `rule` is empty where it is about an item; `explained` says why it is meant, if a file says so.

    `kind` and `about` are what an explanation names it by. `example`: a patient in plain words, if one shows it.
    """

    rule: str
    kind: str
    about: str
    problem: Problem
    example: str = ""
    explained: str = ""


def answers_in_words(answers: Mapping[str, object], questionnaire: Questionnaire) -> str:
    """Return raw answers as the clinician reads them: "Age: 46 years; Womb: yes"."""
    response = read(questionnaire, answers)
    told = (f"{questionnaire.items[name].short}: {response.answer_text(name)}" for name in answers)
    return "; ".join(told) or "no answer at all"
