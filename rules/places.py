"""Where in the files a rule, a part of its condition, an item or a code stands."""

from dataclasses import dataclass

from rules.condition import All, Any, AtLeast, Condition, Finding, Not
from rules.errors import Problem
from rules.ruleset import Rule, RuleSet
from rules.source import Document, Path, read


def path_of(rule: Rule, name: str) -> Path:
    """Return the path of a condition by its name in `Rule.conditions`, such as "raised_when" or "escalate 0"."""
    word, _, number = name.partition(" ")
    return ("rules", rule.id, word, int(number), "when") if number else ("rules", rule.id, word)


def paths_below(condition: Condition, path: Path) -> tuple[Path, ...]:
    """Return the path of each part directly below a condition, in the order of `condition.parts_of`."""
    match condition:
        case Finding():
            return ()
        case Not():
            return ((*path, "not"),)
        case All(parts):
            return tuple((*path, "all", number) for number in range(len(parts)))
        case Any(parts):
            return tuple((*path, "any", number) for number in range(len(parts)))
        case AtLeast(_, of):
            return tuple((*path, "at_least", "of", number) for number in range(len(of)))


@dataclass(frozen=True)
class Places:
    """The files of a rule set with the position of everything in them."""

    documents: dict[str, Document]
    items: dict[str, tuple[str, Path]]

    def of_rule(self, rule: Rule, path: Path, message: str, advice: str = "") -> Problem:
        """Return a problem at a path of a rule's file."""
        return self._problem(rule.file, path, message, advice)

    def of_item(self, item: str, message: str, advice: str = "", code: object = None) -> Problem:
        """Return a problem at an item of the questionnaire, or at the option with this code."""
        file, path = self.items[item]
        return self._problem(file, (*path, "id") if code is None else self._option(file, path, code), message, advice)

    def _option(self, file: str, path: Path, code: object) -> Path:
        options = self._data(file, (*path, "options"))
        lists, above = ("option_lists", str(options)), (*path, "options")
        if isinstance(options, str):
            options, above = self._data(file, lists), lists
        codes = [option["code"] for option in options] if isinstance(options, list) else []
        return (*above, codes.index(code), "code") if code in codes else path

    def _data(self, file: str, path: Path) -> object:
        data = self.documents[file].data
        for step in path:
            data = data[step]
        return data

    def _problem(self, file: str, path: Path, message: str, advice: str) -> Problem:
        document = self.documents[file]
        place = Document(file, None, document.positions)
        place.report(path, message, advice)
        return place.problems[0]


def places(ruleset: RuleSet) -> Places:
    """Read the positions of everything in a rule set's files."""
    documents = {name: read(name, text) for name, text in ruleset.files.items()}
    items: dict[str, tuple[str, Path]] = {}
    for name, document in documents.items():
        if name.startswith("questionnaire/"):
            for page_number, page in enumerate(document.data["pages"]):
                for number, item in enumerate(page["items"]):
                    items[item["id"]] = (name, ("pages", page_number, "items", number))
    return Places(documents, items)
