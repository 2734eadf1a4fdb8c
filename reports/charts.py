"""Small charts as SVG, readable in black and white: what is known is solid, what may still be added is hatched."""

from markupsafe import Markup

from reports.scores import ScoreLine

WIDTH, HEIGHT = 200, 14  # user units; the style sheet decides the size on the page


def score_bar(score: ScoreLine) -> Markup:
    """Return a bar from the least to the most that a score can be, with a tick at the start of each band."""
    span = score.most - score.least

    def x(value: float) -> float:
        return round(WIDTH * (value - score.least) / span, 1)

    parts = [f'<rect class="track" x="0" y="4" width="{WIDTH}" height="6" fill="#e3e9e8"/>']
    parts.append(f'<rect class="known" x="0" y="4" width="{x(score.low)}" height="6" fill="#0b5a5e"/>')
    if score.high > score.low:
        parts += [
            f'<rect x="{x(score.low)}" y="4.5" width="{round(x(score.high) - x(score.low), 1)}" height="5" '
            'fill="#ffffff" stroke="#0b5a5e" stroke-width="1" stroke-dasharray="2 2"/>'
        ]
    parts += [
        f'<line x1="{x(cut)}" y1="1" x2="{x(cut)}" y2="13" stroke="#33474a" stroke-width="1"/>' for cut in score.cuts
    ]
    label = f"{score.title} {score.words}, on a scale from {score.least:g} to {score.most:g}: {score.band}"
    # Markup.format escapes what it fills in; the drawing itself holds numbers only
    return Markup(
        '<svg class="bar" role="img" aria-label="{label}" viewBox="0 0 {width} {height}" width="{width}" '
        'height="{height}" xmlns="http://www.w3.org/2000/svg"><title>{label}</title>{drawing}</svg>'
    ).format(label=label, width=WIDTH, height=HEIGHT, drawing=Markup("".join(parts)))
