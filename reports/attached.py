"""The screening as data, to be attached to its PDF: for programs, in a form that stays as it is described here.

    format       "intake-screening/1"
    rule_set     the hash of the rule set, which names its exact text
    agreed       whether both evaluations came to the same end
    completed_at when the answers were sent, ISO 8601; null where that is not known
    patient      {name, date_of_birth}; null where nobody is named
    answers      item → {"value": …}, {"not_asked": true} or {"missing": …}, which is
                 "skipped", "declined", "not_sure" or "in_person"
    scores       score → {low, high, complete}; both are null where the score does not apply
    outcomes     rule → {outcome, priority, because, missing, would_change}
    private      items and rules that are for the clinician alone

The same screening always gives the same bytes.
"""

import json
from datetime import date, datetime
from typing import Any as Data

from rules.response import Answer, Missing, Response
from rules.ruleset import RuleSet
from rules.screening import Screening

FORMAT = "intake-screening/1"


def screening_json(
    ruleset: RuleSet,
    response: Response,
    screening: Screening,
    *,
    patient: tuple[str, date] | None,
    completed_at: datetime | None,
) -> bytes:
    """Return the screening with its answers as JSON in UTF-8. `patient` is the name and the date of birth."""
    items = response.questionnaire.items
    private = [item.id for item in items.values() if item.private]
    private += [rule.id for rule in ruleset.by_id.values() if rule.private]
    data = screening.as_json() | {
        "format": FORMAT,
        "completed_at": completed_at and completed_at.isoformat(),
        "patient": patient and {"name": patient[0], "date_of_birth": patient[1].isoformat()},
        "answers": {item: _answer(response.answers.get(item)) for item in items},
        "private": private,
    }
    return json.dumps(data, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _answer(answer: Answer | None) -> dict[str, Data]:
    if answer is None:
        return {"not_asked": True}
    if isinstance(answer, Missing):
        return {"missing": answer.value}
    return {"value": sorted(answer) if isinstance(answer, frozenset) else answer}
