"""Hormones, medicines and supplements: what is taken, in words, and since when, for a timeline."""

from dataclasses import dataclass

from rules.response import Missing, Response

# items of the questionnaire, in the order in which they are told; one that a questionnaire lacks is left out
HORMONES = ("hormone_kinds", "hormone_source", "oestrogen_route", "progestogen")
DOSES = ("vitamin_d_iu", "vitamin_b6_mg", "magnesium_mg", "zinc_mg", "omega_3_g")
STARTED = {"hormone_months": "Hormones", "testosterone_months": "Testosterone"}
HAPPENED = {
    "hormone_change_months": "Last change",
    "hormone_review_months": "Last review",
    "testosterone_bloods_months": "Last blood test",
}


@dataclass(frozen=True)
class Taken:
    """One kind of thing that the patient takes, in words: "Medicines", "antidepressant, triptan"."""

    kind: str
    words: str


@dataclass(frozen=True)
class Moment:
    """Something that began, or happened once, a number of months ago. What `lasts` goes on until today."""

    label: str
    months: int
    lasts: bool

    @property
    def words(self) -> str:
        """The moment as it is read: "Hormones for 26 months", "Last review 15 months ago"."""
        months = f"{self.months} month{'' if self.months == 1 else 's'}"
        return f"{self.label} for {months}" if self.lasts else f"{self.label} {months} ago"


def taken(response: Response) -> tuple[Taken, ...]:
    """Return what the patient takes, by kind: one that was left blank says so, one that was not asked is left out.

    Where a kind is blank as a whole, nothing is said of what follows from it.
    """
    parts = {
        "Hormones": _with_more(response, "hormone_status", HORMONES),
        "Contraception": _words(response, "contraception"),
        "Medicines": _words(response, "medicines"),
        "Supplements": _with_more(response, "supplements", DOSES),
    }
    return tuple(Taken(kind, words) for kind, words in parts.items() if words)


def timeline(response: Response) -> tuple[Moment, ...]:
    """Return when hormones were begun, changed and reviewed, what lasts first and the longest ago first."""
    found = [
        Moment(label, months, lasts)
        for labels, lasts in ((STARTED, True), (HAPPENED, False))
        for item, label in labels.items()
        if isinstance(months := response.answers.get(item), int)
    ]
    return tuple(sorted(found, key=lambda moment: (not moment.lasts, -moment.months)))


def _with_more(response: Response, head: str, more: tuple[str, ...]) -> str:
    """The answer to a first question, and to those that follow from it, each with its name."""
    if isinstance(response.answers.get(head), Missing):
        return _words(response, head)
    named = (
        f"{response.questionnaire.items[item].short}: {_words(response, item)}"
        for item in more
        if item in response.answers
    )
    return ". ".join(part for part in (_words(response, head), *named) if part)


def _words(response: Response, item: str) -> str:
    """An answer in words; "" where it was not asked."""
    return response.answer_text(item) if item in response.answers else ""
