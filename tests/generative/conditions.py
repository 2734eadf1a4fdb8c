"""Random rule sets and patients for the comparison of evaluators: every operator, every node, every kind of value."""

from hypothesis import strategies as st

from rules.condition import All, Any, AtLeast, Condition, Finding, Interval, Not, Special, Value

CODES = ("none", "patch", "pill", "gel")
NUMBERS = tuple(range(7))
CHOICE = tuple(f"choice_{n}" for n in range(4))  # one code
CHOICES = tuple(f"choices_{n}" for n in range(3))  # several codes
NUMBER = tuple(f"number_{n}" for n in range(6))  # integers, decimals, and scores as intervals
DEPTH = 4


def _findings() -> st.SearchStrategy[Finding]:
    code, number = st.sampled_from(CODES), st.sampled_from((*NUMBERS, 2.5, 4.5))
    lists = lambda values: st.lists(values, min_size=1, max_size=3, unique=True).map(tuple)  # noqa: E731
    return st.one_of(
        st.builds(Finding, st.sampled_from(CHOICE), st.sampled_from(("=", "!=")), code),
        st.builds(Finding, st.sampled_from(CHOICE), st.just("in"), lists(code)),
        st.builds(Finding, st.sampled_from(CHOICES), st.just("includes"), code),
        st.builds(Finding, st.sampled_from(NUMBER), st.sampled_from(("=", "!=", "<", "<=", ">", ">=")), number),
        st.builds(Finding, st.sampled_from(NUMBER), st.just("in"), lists(number)),
    )


@st.composite
def _at_least(draw: st.DrawFn, parts: st.SearchStrategy[Condition]) -> AtLeast:
    of = tuple(draw(st.lists(parts, min_size=1, max_size=4)))
    return AtLeast(draw(st.integers(1, len(of))), of)


def conditions(depth: int = DEPTH) -> st.SearchStrategy[Condition]:
    """Conditions nested up to `depth` connectives deep."""
    if depth == 0:
        return _findings()
    below = conditions(depth - 1)
    several = st.lists(below, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        _findings(), st.builds(All, several), st.builds(Any, several), st.builds(Not, below), _at_least(below)
    )


@st.composite
def _interval(draw: st.DrawFn) -> Interval:
    low = draw(st.sampled_from(NUMBERS))
    return Interval(low, low + draw(st.integers(1, 6)))


def patients() -> st.SearchStrategy[dict[str, Value]]:
    """The values of one patient; a variable may be missing by name, by being absent, or not apply."""
    gaps = st.sampled_from((Special.MISSING, Special.NOT_APPLICABLE))
    number = st.one_of(st.sampled_from(NUMBERS), st.sampled_from((2.5, 4.4, 4.5)), _interval(), gaps)
    choice = st.one_of(st.sampled_from(CODES), gaps)
    choices = st.one_of(st.frozensets(st.sampled_from(CODES), min_size=1), gaps)
    kinds = dict.fromkeys(CHOICE, choice) | dict.fromkeys(CHOICES, choices) | dict.fromkeys(NUMBER, number)
    return st.fixed_dictionaries({}, optional=kinds)
