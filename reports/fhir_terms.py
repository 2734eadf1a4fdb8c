"""The words of FHIR R4 that several resources use: code systems, extensions, and the smallest parts of a resource.

Resources are plain data, as they travel. What is ours is named in two ways:

- A resource by `urn:uuid:…`, which follows from what it tells of (`name_of`), so that the same is named the same, for
  ever and on every machine. That is its identifier. Within a bundle it has another such name, its `fullUrl`
  (`link_to`): servers put the real address in place of that one wherever it stands, in identifiers too.
- Codes by a system below the installation's own address (`Systems`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any as Data
from uuid import NAMESPACE_URL, UUID, uuid5

Json = dict[str, Data]

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
URI = "urn:ietf:rfc:3986"  # the system of identifiers that are addresses
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
STRUCTURE = "http://hl7.org/fhir/StructureDefinition"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"
ABSENT = f"{STRUCTURE}/data-absent-reason"
ORDINAL = f"{STRUCTURE}/ordinalValue"
TRANSLATION = f"{STRUCTURE}/translation"
_OURS = uuid5(NAMESPACE_URL, "clinical-intake-screening")
_LOINC_ANSWER = re.compile(r"LA\d+-\d")
_NOT_IN_A_STRING = re.compile(r"[^\S \r\n\t]|[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Systems:
    """Our own code systems and the questionnaire's canonical address, below the installation's address `base`."""

    base: str

    @property
    def questionnaire(self) -> str:
        """The questionnaire's canonical address, without its version."""
        return f"{self.base}/fhir/Questionnaire/intake"

    @property
    def items(self) -> str:
        """The system of items and scores."""
        return f"{self.base}/fhir/items"

    @property
    def rules(self) -> str:
        """The system of rules."""
        return f"{self.base}/fhir/rules"

    def answers(self, item: str) -> str:
        """Return the system of the codes of one item."""
        return f"{self.base}/fhir/answers/{item}"


def name_of(*parts: str) -> str:
    """Return the address of what these parts tell from everything else: `urn:uuid:…`."""
    return UUID(bytes=uuid5(_OURS, "\n".join(parts)).bytes).urn


def identifier(name: str) -> Json:
    """Return the identifier of a resource that is named so."""
    return {"system": URI, "value": name}


def link_to(name: str) -> str:
    """Return the `fullUrl` of the resource of this name."""
    return name_of("link", name)


def reference(name: str) -> Json:
    """Return a reference to the resource of this name in the same bundle."""
    return {"reference": link_to(name)}


def text(words: str) -> str:
    """Return words as FHIR allows them in a string: other spaces and control characters become plain spaces."""
    return _NOT_IN_A_STRING.sub(" ", words)


def coding(system: str, code: str, display: str = "") -> Json:
    """Return one code of a system."""
    return {"system": system, "code": code} | ({"display": text(display)} if display else {})


def loinc_answer(code: Mapping[str, Data]) -> str | None:
    """Return a coding's LOINC code, or None; "LA6568-5" needs no system, which LHC-Forms leaves out."""
    found = str(code.get("code", ""))
    is_loinc = code.get("system") == LOINC or (code.get("system") is None and _LOINC_ANSWER.fullmatch(found))
    return found if is_loinc else None


def extension(url: str, kind: str, value: Data) -> Json:
    """Return an extension whose value is of a kind, such as "Code"."""
    return {"url": url, f"value{kind}": value}


def expression(url: str, fhirpath: str, name: str = "") -> Json:
    """Return an extension that holds an expression in FHIRPath."""
    named = {"name": name} if name else {}
    return extension(url, "Expression", named | {"language": "text/fhirpath", "expression": fhirpath})


def extension_value(element: Mapping[str, Data], url: str) -> Data:
    """Return the value of an element's extension, of whatever kind; None without one."""
    for one in element.get("extension", ()):
        if one.get("url") == url:
            return next((value for key, value in one.items() if key.startswith("value")), None)
    return None
