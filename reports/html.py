"""Summary → HTML: one template for the screen and for the PDF."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.charts import score_bar
from reports.summary import Summary

_PACKAGES = Path(__file__).parent.parent
# in an installed wheel the templates stand inside the package `intake`, in a checkout beside it
TEMPLATES = next(
    folder for folder in (_PACKAGES / "intake" / "_templates", _PACKAGES / "templates") if (folder / "report").is_dir()
)


def page(summary: Summary, stylesheet: str | None = None) -> str:
    """Return the summary as a whole HTML document.

    `stylesheet` is the address of its style sheet; without one the style is written into the document, so that the
    file stands alone.
    """
    return _environment().get_template("report/summary.html").render(summary=summary, stylesheet=stylesheet)


def style() -> str:
    """Return the style sheet for screen and paper."""
    return (TEMPLATES / "report" / "report.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(score_bar=score_bar, style=style)
    return environment
