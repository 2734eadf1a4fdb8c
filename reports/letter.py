"""A draft for the record system: the flags of a screening as plain text, without what is private."""

from collections.abc import Iterator

from reports.review import Review, Verdict
from reports.summary import FlagLine, Summary


def letter(summary: Summary, review: Review) -> str:
    """Return the flags, with what the clinician said of them, as plain text. Private flags are left out."""
    return "\n".join(_lines(summary, review)).rstrip() + "\n"


def left_out(summary: Summary) -> int:
    """Return how many flags the letter leaves out because they are private."""
    return sum(flag.private for flag in _flags(summary))


def _flags(summary: Summary) -> tuple[FlagLine, ...]:
    return (*summary.unsafe, *summary.flags)


def _lines(summary: Summary, review: Review) -> Iterator[str]:
    flags = [flag for flag in _flags(summary) if not flag.private]
    dismissed = [flag for flag in flags if review.of(flag.rule).verdict is Verdict.NOT_RELEVANT]
    yield f"Intake screening, {summary.clinic}"
    yield f"{summary.patient_name}, {summary.born[:1].lower()}{summary.born[1:]}. {summary.completed}."
    yield review.signature or review.pending
    yield "The patient answered a questionnaire. Flags are reasons to look; this is a screening, not a diagnosis."
    yield ""
    for flag in flags:
        if flag not in dismissed:
            yield from _flag(flag, review)
    for added in review.added:
        yield f"- {added.priority.value.replace('_', ' ').capitalize()}: {added.title} (added by the clinician)"
        yield from _indented(added.note)
    if not review.added and len(dismissed) == len(flags):
        yield "Nothing was flagged." if not dismissed else "No flag was found relevant."
    if dismissed:
        yield ""
        yield "Flagged, and not found relevant by the clinician:"
        for flag in dismissed:
            yield f"- {flag.title}"
            yield from _indented(review.of(flag.rule).note)
    if summary.not_assessed_words:
        yield ""
        yield f"Could not be assessed: {summary.not_assessed_words}."


def _flag(flag: FlagLine, review: Review) -> Iterator[str]:
    opinion = review.of(flag.rule)
    yield f"- {flag.priority_words}: {flag.title}"
    yield from _indented(flag.reason)
    if opinion.verdict is not None:
        yield f"  Clinician: {opinion.verdict.words.lower()}."
    yield from _indented(opinion.note)


def _indented(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"  {line}".rstrip()
