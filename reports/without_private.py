"""A screening without what is private: for whatever leaves the clinic, where others than the clinician may read it.

Private items are left out as if they were never asked. So is every rule that reads one, private or not, and every item
that is asked because of one: from whether they are there, the answer could be told. Nothing says what was left out.
"""

from dataclasses import replace

from rules.condition import variables_of
from rules.questionnaire import Page, Questionnaire, Section, assemble
from rules.response import Response
from rules.ruleset import Rule, RuleSet
from rules.screening import Screening


def without_private(ruleset: RuleSet, response: Response, screening: Screening) -> tuple[RuleSet, Response, Screening]:
    """Return the three as if nothing that is private had ever been asked. The rule set keeps its hash."""
    open_rules = open_ruleset(ruleset)
    return open_rules, _response(response, open_rules.questionnaire), _screening(screening, open_rules)


def open_ruleset(ruleset: RuleSet) -> RuleSet:
    """Return a rule set without what is private in it. It keeps its hash."""
    hidden = private_items(ruleset.questionnaire)
    asked = _less(ruleset.questionnaire, hidden)
    translations = {
        code: replace(one, questionnaire=_less(one.questionnaire, hidden)) for code, one in ruleset.translations.items()
    }
    by_id = {rule.id: rule for rule in ruleset.by_id.values() if not is_private(rule, hidden)}
    return replace(ruleset, questionnaire=asked, translations=translations, by_id=by_id)


def private_items(questionnaire: Questionnaire) -> frozenset[str]:
    """Return the items that are private, with the scores made of them and the items that are asked because of them."""
    hidden: set[str] = set()
    for part in questionnaire.order:
        if part.id in questionnaire.scores:
            is_hidden = not hidden.isdisjoint(questionnaire.scores[part.id].items)
        else:
            item = questionnaire.items[part.id]
            is_hidden = item.private or not hidden.isdisjoint(item.hangs_on)
        if is_hidden:
            hidden.add(part.id)
    return frozenset(hidden)


def is_private(rule: Rule, hidden: frozenset[str]) -> bool:
    """Whether a rule is private, or reads what is."""
    read = {variable for condition in rule.conditions().values() for variable in variables_of(condition)}
    return rule.private or not hidden.isdisjoint(read)


def _less(asked: Questionnaire, hidden: frozenset[str]) -> Questionnaire:
    sections = (_section(section, hidden) for section in asked.sections)
    scores = {name: score for name, score in asked.scores.items() if name not in hidden}
    return assemble((section for section in sections if section.pages), scores)


def _section(section: Section, hidden: frozenset[str]) -> Section:
    pages = (_page(page, hidden) for page in section.pages)
    return section.model_copy(update={"pages": tuple(page for page in pages if page.items)})


def _page(page: Page, hidden: frozenset[str]) -> Page:
    return page.model_copy(update={"items": tuple(item for item in page.items if item.id not in hidden)})


def _response(response: Response, asked: Questionnaire) -> Response:
    return Response(
        asked,
        {name: answer for name, answer in response.answers.items() if name in asked.items},
        response.not_applicable & frozenset(asked.items),
        response.undecided & frozenset(asked.items),
        {name: score for name, score in response.scores.items() if name in asked.scores},
        {name: value for name, value in response.values.items() if name in asked.items or name in asked.scores},
    )


def _screening(screening: Screening, ruleset: RuleSet) -> Screening:
    outcomes = {rule: outcome for rule, outcome in screening.outcomes.items() if rule in ruleset.by_id}
    known = {*ruleset.questionnaire.scores, *ruleset.questionnaire.items}
    scores = {name: score for name, score in screening.scores.items() if name in known}
    return replace(screening, outcomes=outcomes, scores=scores)
