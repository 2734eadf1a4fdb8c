"""Small charts as SVG, readable in black and white: what is known is solid, what may still be added is hatched.

Each is a figure with a `<title>`, which the PDF has as its alternative text, and says nothing that stands nowhere else.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

from reports.scores import ScoreLine
from reports.taken import Moment

WIDTH, HEIGHT = 200, 14  # user units; the style sheet decides the size on the page
TREND_WIDTH = 80
INK, PALE, LINE = "#0b5a5e", "#e3e9e8", "#33474a"
ROW, LABELS, AXIS = 15, 118, 14  # of the timeline: height of a row, width of the labels, height of the axis
TIMELINE_WIDTH = 500
YEAR = 12  # months


def score_bar(score: ScoreLine) -> Markup:
    """Return a bar from the least to the most that a score can be, with a tick at the start of each band."""

    def x(value: float) -> float:
        return round(WIDTH * (value - score.least) / (score.most - score.least), 1)

    parts = [f'<rect x="0" y="4" width="{WIDTH}" height="6" fill="{PALE}"/>']
    parts.append(f'<rect x="0" y="4" width="{x(score.low)}" height="6" fill="{INK}"/>')
    if score.high > score.low:
        parts += [
            f'<rect x="{x(score.low)}" y="4.5" width="{round(x(score.high) - x(score.low), 1)}" height="5" '
            f'fill="#ffffff" stroke="{INK}" stroke-width="1" stroke-dasharray="2 2"/>'
        ]
    if score.cuts:
        ticks = "".join(f"M{x(cut)} 1v12" for cut in score.cuts)
        parts.append(f'<path d="{ticks}" stroke="{LINE}" stroke-width="1"/>')
    label = f"{score.title} {score.words}, on a scale from {score.least:g} to {score.most:g}: {score.band}"
    return _figure("bar", label, WIDTH, HEIGHT, parts)


def trend(score: ScoreLine) -> Markup:
    """Return a line through the scores of earlier visits to today's; a score with gaps is a stroke over its range.

    Visits are a step apart, however long the time between them. There must be an earlier one.
    """
    visits = [(visit.low, visit.high) for visit in score.earlier] + [(score.low, score.high)]
    step = (TREND_WIDTH - 8) / (len(visits) - 1)

    def y(value: float) -> float:
        return round(HEIGHT - 2 - (HEIGHT - 4) * (value - score.least) / (score.most - score.least), 1)

    middles = [(round(4 + number * step, 1), y((low + high) / 2)) for number, (low, high) in enumerate(visits)]
    points = " ".join(f"{x},{middle}" for x, middle in middles)
    parts = [f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="1"/>']
    for (x, middle), (low, high) in zip(middles, visits, strict=True):
        if low != high:
            parts.append(f'<line x1="{x}" y1="{y(low)}" x2="{x}" y2="{y(high)}" stroke="{LINE}" stroke-width="1"/>')
        parts.append(f'<circle cx="{x}" cy="{middle}" r="1.6" fill="{INK}"/>')
    parts.append(f'<circle cx="{middles[-1][0]}" cy="{middles[-1][1]}" r="2.6" fill="{INK}"/>')
    label = f"{score.title} at earlier visits: {', '.join(visit.words for visit in score.earlier)}; now {score.words}"
    return _figure("trend", label, TREND_WIDTH, HEIGHT, parts)


def timeline_chart(moments: Sequence[Moment]) -> Markup:
    """Return when treatment began and what happened since: a bar for what lasts, a diamond for what happened once.

    There must be one moment at least.
    """
    longest = max(YEAR, *(moment.months for moment in moments))

    def x(months: float) -> float:
        return round(TIMELINE_WIDTH - 6 - (TIMELINE_WIDTH - LABELS - 12) * months / longest, 1)

    bottom = ROW * len(moments)
    parts = ['<g font-family="Source Sans 3, Arial, sans-serif">']
    parts += [part for months in _ticks(longest) for part in _tick(x(months), months, bottom)]
    for number, moment in enumerate(moments):
        parts += _row(moment, x(moment.months), x(0), ROW * number + ROW / 2)
    label = f"Timeline: {'; '.join(moment.words for moment in moments)}"
    return _figure("timeline", label, TIMELINE_WIDTH, bottom + AXIS, [*parts, "</g>"])


def _row(moment: Moment, then: float, now: float, middle: float) -> list[str]:
    parts = [f'<text x="0" y="{middle + 3}" font-size="10" fill="{LINE}">{escape(moment.label)}</text>']
    if moment.lasts:
        width = max(1.0, round(now - then, 1))
        return [*parts, f'<rect x="{then}" y="{middle - 3.5}" width="{width}" height="7" fill="{INK}"/>']
    diamond = f"M{then} {middle - 5}l5 5l-5 5l-5 -5z"
    return [*parts, f'<path d="{diamond}" fill="#ffffff" stroke="{LINE}" stroke-width="1.4"/>']


def _ticks(longest: int) -> list[int]:
    """Months ago that get a line: today, and about four more at even distances, in whole years where they are many."""
    step = next((step for step in (3, 6, YEAR, 2 * YEAR, 5 * YEAR, 10 * YEAR) if longest / step <= 5), 20 * YEAR)
    return list(range(0, longest + 1, step))


def _tick(x: float, months: int, bottom: float) -> list[str]:
    if months == 0:
        words = "today"
    else:
        words = f"{months // YEAR} y" if months % YEAR == 0 else f"{months} m"
    line = f'<line x1="{x}" y1="0" x2="{x}" y2="{bottom}" stroke="{PALE}" stroke-width="1"/>'
    anchor = "end" if months == 0 else "middle"
    return [
        line,
        f'<text x="{x}" y="{bottom + 10}" font-size="9" fill="{LINE}" text-anchor="{anchor}">{words}</text>',
    ]


def _figure(kind: str, label: str, width: float, height: float, parts: Sequence[str]) -> Markup:
    # Markup.format escapes what it fills in; the parts hold numbers, and words that are escaped already
    return Markup(
        '<svg class="{kind}" role="img" aria-label="{label}" viewBox="0 0 {width} {height}" width="{width}" '
        'height="{height}" xmlns="http://www.w3.org/2000/svg"><title>{label}</title>{drawing}</svg>'
    ).format(kind=kind, label=label, width=width, height=height, drawing=Markup("".join(parts)))
