"""What is asked: sections, pages and items, and the scores made of them.

The words for patients and clinicians are data; this module knows only their shape.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Annotated, Literal
from typing import Any as Data

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, field_validator, model_validator

from rules.condition import Code, Condition, Number, variables_of
from rules.predicates import Gate, gates

ItemType = Literal["choice", "choices", "yes_no", "integer", "decimal", "text"]
RESERVED = ("not_sure", "declined", "in_person")  # stand for a missing answer, so never a code
ENGLISH = "en"  # what rule files are written in
LONGEST_TEXT = 4000  # characters of one free-text answer


class Model(BaseModel):
    """Base of everything read from a file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, strict=False)


def _only_conditions(data: Data) -> Condition:
    if not isinstance(data, Condition):
        raise ValueError("a condition is missing here")
    return data


CONDITION = {"format": "condition"}  # where rules.editor_schema puts what a condition looks like
# conditions are read before the models
When = Annotated[Condition, PlainValidator(_only_conditions), WithJsonSchema(CONDITION)]


class Option(Model):
    """One answer that can be picked. `label` is for the patient, `short` for the clinician (default: the label).

    `not_flagged` says why it is asked though no rule reads it.
    """

    code: Code
    label: str
    short: str = ""
    hint: str = ""
    loinc: str | None = None
    not_flagged: str = ""

    @field_validator("code")
    @classmethod
    def _not_reserved(cls, code: Code) -> Code:
        if code in RESERVED:
            raise ValueError(f'the code "{code}" stands for a missing answer; choose another')
        return code


YES_NO = (Option(code="yes", label="Yes", short="yes"), Option(code="no", label="No", short="no"))


class Item(Model):
    """One question. `when` is its whole condition (the page's included); `language` is that of its words.

    `not_flagged` says why it is asked though no rule reads it.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: ItemType
    text: str
    short: str
    hint: str = ""
    options: tuple[Option, ...] = ()
    min: Number | None = None
    max: Number | None = None
    unit: str = ""
    when: When | None = None
    not_sure: bool = True
    declinable: bool = False
    private: bool = False
    derived: Literal["date_of_birth"] | None = None
    loinc: str | None = None
    not_flagged: str = ""
    page: str = ""  # its id
    section: str = ""  # its id
    language: str = ENGLISH

    @model_validator(mode="before")
    @classmethod
    def _yes_and_no(cls, data: Data) -> Data:
        if isinstance(data, dict) and data.get("type") == "yes_no":
            if data.get("options"):
                raise ValueError("yes_no has its own two options; leave out the key options")
            data = data | {"options": YES_NO}
        return data

    @model_validator(mode="after")
    def _fits_its_type(self) -> "Item":
        codes = [option.code for option in self.options]
        if self.type in ("choice", "choices"):
            if not codes:
                raise ValueError(f'the {self.type} "{self.id}" needs options')
            if len(set(codes)) < len(codes):
                raise ValueError(f'two options of "{self.id}" have the same code')
        elif codes and self.type != "yes_no":
            raise ValueError(f'"{self.id}" is {self.type} and takes no options')
        if self.numeric_type and (self.min is None or self.max is None or self.min > self.max):
            raise ValueError(f'"{self.id}" needs a min and a max, min first')
        return self

    @property
    def numeric_type(self) -> bool:
        """Whether the answer is typed as a number."""
        return self.type in ("integer", "decimal")

    @cached_property
    def bounds(self) -> tuple[Number, Number] | None:
        """Lowest and highest number that an answer can be; None where answers are not numbers."""
        if self.numeric_type and self.min is not None and self.max is not None:
            return self.min, self.max
        codes = [option.code for option in self.options if isinstance(option.code, int)]
        return (min(codes), max(codes)) if codes and len(codes) == len(self.options) else None

    @cached_property
    def hangs_on(self) -> tuple[str, ...]:
        """The items and scores by which it is decided whether the question is asked."""
        return () if self.when is None else variables_of(self.when)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The words of the options."""
        return tuple(option.label for option in self.options)

    def __hash__(self) -> int:
        return hash((self.id, self.text))  # enough: pages look up what was kept of them by their items

    def option(self, code: object) -> Option:
        """Return the option with this code; KeyError if there is none."""
        by_code: dict[object, Option] = {option.code: option for option in self.options}
        return by_code[code]


class Page(Model):
    """Items shown together. `sensitive` pages offer to be left quickly."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    intro: str = ""
    sensitive: bool = False
    when: When | None = None
    items: tuple[Item, ...] = Field(min_length=1)
    section: str = ""
    language: str = ENGLISH

    def __hash__(self) -> int:
        return hash((self.id, self.title, self.language))

    @cached_property
    def asked(self) -> tuple[Item, ...]:
        """The items that are asked, and not worked out."""
        return tuple(item for item in self.items if not item.derived)

    @cached_property
    def asked_ids(self) -> frozenset[str]:
        """Their ids."""
        return frozenset(item.id for item in self.asked)


class Section(Model):
    """One part of the questionnaire, in a file of its own."""

    section: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    intro: str = ""
    option_lists: Mapping[str, tuple[Option, ...]] = Field(default_factory=dict)
    pages: tuple[Page, ...] = Field(min_length=1)
    language: str = ENGLISH

    def __hash__(self) -> int:
        return hash((self.section, self.title, self.language))  # the lists of options have no hash

    @property
    def id(self) -> str:
        """The section's id."""
        return self.section


class Band(Model):
    """A named range of a score, both ends included."""

    low: Number = Field(alias="from")
    high: Number = Field(alias="to")
    label: str


class Score(Model):
    """A number worked out from items. Exactly one of `sum`, `product` and `body_mass_index` names them.

    `not_applicable_counts` is what an item counts that does not apply; without it the score does not apply either.
    `source` is a key of sources.yaml.
    """

    id: str = ""
    title: str
    sum: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    body_mass_index: tuple[str, str] | None = None
    not_applicable_counts: Number | None = None
    unit: str = ""
    bands: tuple[Band, ...] = ()
    loinc: str | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Score":
        if sum(bool(kind) for kind in (self.sum, self.product, self.body_mass_index)) != 1:
            raise ValueError(f'the score "{self.id}" needs one of sum, product and body_mass_index')
        return self

    @property
    def items(self) -> tuple[str, ...]:
        """Ids of the items that the score is made of."""
        return self.sum or self.product or self.body_mass_index or ()


class ScoreFile(Model):
    """The whole of scores.yaml."""

    scores: Mapping[str, Score]


@dataclass(frozen=True)
class Questionnaire:
    """Everything that is asked. `order` holds items and scores so that each stands behind all that it is made of.

    `follows` is what is worked out of the answers, in such an order too: which items are asked, and scores.
    """

    sections: tuple[Section, ...]
    pages: Mapping[str, Page]
    items: Mapping[str, Item]
    scores: Mapping[str, Score]
    order: tuple[Item | Score, ...]
    follows: tuple[Gate | Score, ...] = field(compare=False, repr=False)

    def __reduce__(self) -> tuple[Data, ...]:
        return assemble, (self.sections, self.scores)  # functions do not go from process to process

    @cached_property
    def evaluated(self) -> tuple[str, ...]:
        """The ids of the items that conditions see: all but texts."""
        return tuple(item.id for item in self.items.values() if item.type != "text")

    def section(self, section_id: str) -> Section:
        """Return a section by its id."""
        return next(section for section in self.sections if section.id == section_id)

    def bounds(self, variable: str) -> tuple[Number, Number] | None:
        """Lowest and highest number that an item or score can be; None where it is not a number."""
        if variable in self.items:
            return self.items[variable].bounds
        score = self.scores[variable]
        lows_highs = [bounds for item in score.items if (bounds := self.items[item].bounds)]
        return combine(score, [low for low, _ in lows_highs], [high for _, high in lows_highs])

    def title(self, variable: str) -> str:
        """Return the clinician's name of an item or score."""
        return self.items[variable].short if variable in self.items else self.scores[variable].title


def combine(score: Score, lows: Sequence[Number], highs: Sequence[Number]) -> tuple[Number, Number]:
    """Return the lowest and highest value of a score from those of its items, in the order of `score.items`.

    Body mass index: kilograms by metres squared, from kilograms and centimetres, to one decimal.
    """
    if score.sum:
        return sum(lows), sum(highs)
    if score.product:
        return prod(lows), prod(highs)
    (light, short), (heavy, tall) = lows, highs
    return round(light / (tall / 100) ** 2, 1), round(heavy / (short / 100) ** 2, 1)


def assemble(sections: Iterable[Section], scores: Mapping[str, Score]) -> Questionnaire:
    """Put sections (in order) and scores together; their ids must have been checked to be distinct and known."""
    sections = tuple(sections)
    pages = {page.id: page for section in sections for page in section.pages}
    items = {item.id: item for page in pages.values() for item in page.items}
    position = {name: number for number, name in enumerate(items)}
    known = {name: score for name, score in scores.items() if all(item in items for item in score.items)}
    order: list[Item | Score] = list(items.values())
    for score in sorted(known.values(), key=lambda s: max(position[item] for item in s.items), reverse=True):
        order.insert(max(position[item] for item in score.items) + 1, score)
    first = gates({item.id: item.when for item in items.values() if item.when is not None})
    both = (part if isinstance(part, Score) else first.get(part.id) for part in order)
    return Questionnaire(sections, pages, items, known, tuple(order), tuple(step for step in both if step is not None))
