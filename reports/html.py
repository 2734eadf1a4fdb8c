"""Summary → HTML: one template for the screen and for the PDF."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.charts import score_bar, timeline_chart, trend
from reports.summary import Summary

_PACKAGES = Path(__file__).parent.parent
# in an installed wheel the templates stand inside the package `intake`, in a checkout beside it
TEMPLATES = next(
    folder for folder in (_PACKAGES / "intake" / "_templates", _PACKAGES / "templates") if (folder / "report").is_dir()
)


def page(summary: Summary, *, style_in_page: bool = True) -> str:
    """Return the summary as a whole HTML document.

    With `style_in_page` its style sheet is written into it, so that the file stands alone.
    """
    return (
        _environment()
        .get_template("report/summary.html")
        .render(summary=summary, stylesheet=None, style_in_page=style_in_page)
    )


def style() -> str:
    """Return the style sheet for screen and paper."""
    return (TEMPLATES / "report" / "report.css").read_text(encoding="utf-8")


IN_TEMPLATE = {"score_bar": score_bar, "trend": trend, "timeline_chart": timeline_chart, "style": style}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
    )
    environment.globals.update(IN_TEMPLATE)
    return environment
