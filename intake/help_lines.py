"""Whom a patient calls, by country: read from help_lines.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rules.source import read

_HELP_LINES = Path(__file__).parent / "help_lines.yaml"


@dataclass(frozen=True)
class HelpLines:
    """Whom a patient of one country calls: life in danger, a crisis, and urgent medical advice (None: no such line).

    `translated` holds the two names in other languages, by language, where they are not proper names.
    """

    country: str
    emergency_number: str
    crisis_name: str
    crisis_line: str
    urgent_name: str | None
    urgent_line: str | None
    translated: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def names(self, language: str) -> tuple[str, str | None]:
        """Return the names of the crisis line and of the line for urgent advice, in a language."""
        own = self.translated.get(language, {})
        return own.get("crisis_name", self.crisis_name), own.get("urgent_name", self.urgent_name)


@cache
def help_lines() -> dict[str, HelpLines]:
    """Return the numbers to call by country code, from help_lines.yaml."""
    document = read(_HELP_LINES.name, _HELP_LINES.read_text(encoding="utf-8"))
    return {country: HelpLines(country=country, **lines) for country, lines in document.data.items()}
