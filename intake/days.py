"""Days: typed into three boxes, read from text, and said as staff and patients say them."""

from datetime import date, datetime
from typing import Any

from flask import render_template
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup
from wtforms import DateField

FIRST_YEAR, LAST_YEAR = 1000, 9999  # "71" is not taken for a year: nobody can tell which century is meant
BOXES = (("day", lazy_gettext("Day"), 2), ("month", lazy_gettext("Month"), 2), ("year", lazy_gettext("Year"), 4))
NOT_A_DAY = lazy_gettext("This is not a date. Write it like 27 3 1971.")
SHORT_YEAR = lazy_gettext("Write the year with four figures, like 1971.")


class BoxesWidget:
    """Three boxes: day, month, year."""

    def __call__(self, field: "DayField", **kwargs: Any) -> Markup:
        """Render the field. `heading`: the question is the page's heading; `autofill`: it is the reader's birthday."""
        values = field.raw_data or (f"{field.data:%-d %-m %Y}".split() if field.data else ("", "", ""))
        items = [
            {
                "label": str(label),
                "id": f"{field.id}-{name}",
                "name": field.name,
                "value": value,
                "autocomplete": f"bday-{name}" if kwargs.get("autofill") else None,
                "classes": f"govuk-input--width-{width}{' govuk-input--error' if field.errors else ''}",
            }
            for (name, label, width), value in zip(BOXES, values, strict=True)
        ]
        is_heading = kwargs.get("heading", False)
        size = "l" if is_heading else "s"
        legend_class = f"govuk-fieldset__legend--{size}"
        legend = {"text": str(field.label.text), "isPageHeading": is_heading, "classes": legend_class}
        error = {"text": str(field.errors[0]), "visuallyHiddenText": gettext("Error")} if field.errors else None
        params = {
            "id": field.id,
            "fieldset": {"legend": legend},
            "hint": {"text": str(field.description)} if field.description else None,
            "errorMessage": error,
            "items": items,
        }
        return Markup(render_template("govuk_frontend_wtf/date.html", params=params))


class DayField(DateField):
    """A date in three boxes: day, month, year."""

    widget = BoxesWidget()

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, format="%d %m %Y", **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the three boxes; all of them blank is no date."""
        parts = [*(str(part).strip() for part in valuelist), "", "", ""][:3]
        self.raw_data = parts  # what the three boxes show again, even when something else was sent
        self.data = None
        if any(parts):
            self.data = day_of(*parts)

    @property
    def first_box(self) -> str:
        """The id of the box for the day, which stands for all three in a list of errors."""
        return f"{self.id}-day"


def day_of(day: str, month: str, year: str) -> date:
    """Return the date in three texts. Raises `ValueError` in words."""
    try:
        numbers = int(year), int(month), int(day)
    except ValueError:
        raise ValueError(str(NOT_A_DAY)) from None
    if 0 <= numbers[0] < FIRST_YEAR:
        raise ValueError(str(SHORT_YEAR))
    try:
        return date(*numbers)
    except (ValueError, OverflowError):
        raise ValueError(str(NOT_A_DAY)) from None


def day_and_time(moment: datetime) -> str:
    """Return a moment as staff say it, in the time zone of the server: Tue 3 March 2026, 14:30."""
    return f"{moment.astimezone():%a %-d %B %Y, %H:%M}"


def plain_day(day: date) -> str:
    """Return a day as staff say it: 3 March 2026."""
    return f"{day:%-d %B %Y}"


def near_day_and_time(moment: datetime, now: datetime) -> str:
    """Return a moment as staff say it, with today and tomorrow by their names: Today, 14:30."""
    days = (moment.astimezone().date() - now.astimezone().date()).days
    name = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get(days)
    return f"{name}, {moment.astimezone():%H:%M}" if name else day_and_time(moment)


def time_left(moment: datetime, now: datetime) -> str:
    """Return how long it is until a moment, in words like "in 40 minutes", "in 5 days"; "over" once it has passed."""
    minutes = int((moment - now).total_seconds() // 60)
    if minutes < 0:
        return "over"
    if minutes < 60:
        return f"in {minutes} minute{'' if minutes == 1 else 's'}"
    hours, days = round(minutes / 60), (moment.astimezone().date() - now.astimezone().date()).days
    if days == 0:
        return f"in {hours} hour{'' if hours == 1 else 's'}"
    return f"in {days} day{'' if days == 1 else 's'}"
