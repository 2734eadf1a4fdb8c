"""How long a summary's PDF takes, beside peers with the same words: `python -m tests.benchmarks.bench_pdf`.

Needs Typst (`pip install typst`) and Chromium. Each is asked for a tagged PDF; they take turns, so that a slow moment
of the machine hits all. Processor time is that of this process; Chromium's, the worker's and plain WeasyPrint's, which
work in others, are not known here: compare wall times. "Plain" is WeasyPrint as one calls it first: same page, style
sheet inside it, read each time, without our shortcuts.
"""

import gc
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from itertools import chain
from multiprocessing import get_context

import typst
import weasyprint
from playwright.sync_api import sync_playwright

from intake import demo
from reports.documents import Document
from reports.html import page
from reports.paper import document, first_document
from reports.pdf import FONTS, render
from reports.pdf_worker import PdfWorker
from reports.summary import FlagLine, Patient, Summary, summarise
from rules.load import library
from rules.overview import all_answers
from rules.response import read
from rules.screening import Screener
from tests.reports.population import patient

TURNS = 9
APPENDIX, END = '<section class="appendix">', "</main></body></html>"
Write = Callable[[], bytes]


def summary_of(raw: dict[str, object], screener: Screener) -> Summary:
    """Return the summary of one patient's answers."""
    response = read(library().questionnaire, raw)
    return summarise(
        library(),
        response,
        screener.screen(response),
        patient=Patient("Maria Example", date(1974, 3, 9)),
        clinic="Riverside Clinic",
        completed_at=datetime(2026, 11, 20, 9, 41, tzinfo=UTC),
    )


def without_appendix(html: str) -> str:
    """Return a page that ends before "All answers"."""
    return html[: html.index(APPENDIX)] + END


def plain(html: str) -> bytes:
    """Render as one writes it first; in a process of its own, where WeasyPrint is as it comes."""
    return bytes(weasyprint.HTML(string=html).write_pdf(pdf_variant="pdf/ua-1"))


def in_typst(summary: Summary, whole: bool) -> bytes:
    """Render the same words with Typst."""
    lines = ['#set document(title: "Intake summary")', '#set text(font: "Source Sans 3", size: 9pt, lang: "en")']
    lines += [_title(1, "Intake summary"), _text(summary.patient_name, summary.born, summary.age, summary.completed)]
    lines += chain([_title(2, "Is anything unsafe?")], *map(_flag, summary.unsafe))
    lines += chain([_title(2, "What to look at, and why")], *map(_flag, summary.flags))
    lines += [_title(2, "What could not be assessed"), _text(summary.not_assessed_words)]
    lines += [_text(*line.titles, line.waits_for) for line in (*summary.ask_in_person, *summary.not_assessed)]
    lines += [_title(2, "What the patient wants"), _text(summary.wish.words if summary.wish else "")]
    lines += [_text(line.kind, line.words) for line in summary.taken]
    lines += [_title(2, "Scores"), _table([(score.title, score.words, score.band) for score in summary.scores])]
    if whole:
        lines.append(_title(2, "All answers"))
        for section in summary.answers:
            rows = [(line.question, line.answer) for line in section.told]
            rows += [(answer, "; ".join(line.question for line in said)) for answer, said in section.together.items()]
            lines += [_title(3, section.title), _table([*rows, ("Not asked", "; ".join(section.not_asked))])]
        lines += [_text(line.title, line.note) for line in summary.evidence]
        lines += [_text(source) for source in summary.sources]
    source = "\n\n".join(lines).encode()
    return bytes(typst.compile(source, font_paths=[FONTS], ignore_system_fonts=True, pdf_standards="ua-1"))


def _title(level: int, words: str) -> str:
    return f"#heading(level: {level})[{_text(words)}]"


def _text(*words: str) -> str:
    text = " ".join(words).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'#text("{text}")'


def _flag(flag: FlagLine) -> list[str]:
    small = (flag.rule, flag.health, flag.link, *flag.sources, *flag.would_change)
    considered = "".join(f"[{_text(line)}]," for line in flag.consider)
    return [_title(3, f"{flag.priority_words} {flag.title}"), _text(flag.reason), f"#list({considered})", _text(*small)]


def _table(rows: list[tuple[str, ...]]) -> str:
    cells = "".join(f"[{_text(cell)}]," for row in rows for cell in row)
    return f"#table(columns: {len(rows[0])}, {cells})" if rows else ""


def measured(writers: dict[str, Write]) -> None:
    """Let writers take turns; print the median of each, the best processor time, and the size of what it wrote."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in writers}
    size = {name: len(write()) for name, write in writers.items()}
    for _ in range(TURNS):
        for name, write in writers.items():
            wall, processor = time.perf_counter(), time.process_time()
            write()
            taken[name].append((time.perf_counter() - wall, time.process_time() - processor))
    for name, pairs in taken.items():
        walls, processors = zip(*pairs, strict=True)
        figures = statistics.median(walls), min(walls), statistics.median(processors), min(processors)
        print(f"  {name:28}", *(f"{1000 * figure:8.0f}" for figure in figures), f"{size[name] / 1024:7.0f}")


def beside_peers(summary: Summary, worker: PdfWorker) -> None:
    """Print what each takes for the pages before the appendix, and for all."""
    whole = document(summary)
    with sync_playwright() as playwright, get_context("spawn").Pool(1) as elsewhere:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        tab = browser.new_page()
        for name, cut in (("before the appendix", without_appendix), ("with the appendix", str)):
            ours = Document(cut(whole.html), whole.style, whole.identifier, attachments=whole.attachments)
            written = cut(page(summary))
            tab.set_content(written)
            print(f" {name}: median and best wall time, median and best processor time (ms), KB")
            measured(
                {
                    "our worker": partial(worker.write, ours),
                    "ours, collector off": partial(render, ours),
                    "WeasyPrint, plain": partial(elsewhere.apply, plain, (written,)),
                    "Typst": partial(in_typst, summary, cut is str),
                    "Chromium, warm": partial(tab.pdf, tagged=True, outline=True),
                }
            )
        browser.close()


def over_a_population(screener: Screener, worker: PdfWorker) -> None:
    """Print the median and the 95th percentile over 50 invented patients."""
    for name, cut in (("before the appendix", without_appendix), ("with the appendix", str)):
        walls, processors = [], []
        for number in range(0, 300, 6):
            whole = document(summary_of(patient(library().questionnaire, number), screener))
            ours = Document(cut(whole.html), whole.style, whole.identifier, attachments=whole.attachments)
            begun = time.perf_counter()
            worker.write(ours)
            walls.append(time.perf_counter() - begun)
            begun = time.process_time()
            render(ours)
            processors.append(time.process_time() - begun)
        for kind, figures in (("wall", walls), ("processor", processors)):
            median, high = statistics.median(figures), statistics.quantiles(figures, n=20)[-1]
            print(f" 50 patients, {name}, {kind} time: median {1000 * median:.0f} ms, 95th {1000 * high:.0f} ms")


def main() -> None:
    """Print all figures."""
    screener, worker = Screener(library()), PdfWorker(first_document())
    begun = time.perf_counter()
    worker.write(first_document())
    print(f"A worker started, warmed and asked once: {time.perf_counter() - begun:.1f} s")
    gc.disable()  # as in the worker
    for person in demo.PEOPLE[:2]:
        answers = all_answers(library().questionnaire, demo.WELL | {"age": person.age} | dict(person.answers))
        summary = summary_of(answers, screener)
        print(f"{person.name}: {len(summary.unsafe) + len(summary.flags)} flags")
        beside_peers(summary, worker)
    over_a_population(screener, worker)
    worker.close()


if __name__ == "__main__":
    main()
