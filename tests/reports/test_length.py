"""How long a summary is before its appendix, over 300 invented patients and those of the demo."""

from collections import Counter
from dataclasses import replace
from io import BytesIO

import pikepdf
import pytest

from intake import demo
from reports.paper import document
from reports.pdf import render
from reports.summary import Summary
from rules.load import library
from rules.overview import all_answers
from tests.reports.conftest import Summarised
from tests.reports.population import patient

PATIENTS, PART = 300, 50  # in parts, so that several processes can share the work
APPENDIX = '<section class="appendix">'


def pages_in_front(summary: Summary) -> int:
    """The pages before the appendix, which begins on a page of its own."""
    whole = document(summary)
    front = whole.html[: whole.html.index(APPENDIX)] + "</main></body></html>"
    with pikepdf.open(BytesIO(render(replace(whole, html=front, attachments=())))) as pdf:
        return len(pdf.pages)


@pytest.mark.parametrize("first", range(0, PATIENTS, PART))
def test_for_95_patients_of_100_it_has_at_most_two_pages(summarised: Summarised, first: int) -> None:
    numbers = range(first, first + PART)
    pages = Counter(pages_in_front(summarised(patient(library().questionnaire, number))) for number in numbers)
    assert pages[1] + pages[2] >= 0.95 * PART, pages


@pytest.mark.parametrize("person", demo.PEOPLE, ids=lambda person: person.name)
def test_every_patient_of_the_demo_fits_on_two_pages(summarised: Summarised, person: demo.Person) -> None:
    answers = all_answers(library().questionnaire, demo.WELL | {"age": person.age} | dict(person.answers))
    assert pages_in_front(summarised(answers)) <= 2
