"""A patient who answers the real pages over HTTP, quickly: reads each form as it stands, ticks at random, sends it.

What the patient saw as saved is kept (`saved`), to be compared with what is stored. A page that fails is sent again, as
a patient would press the button once more.
"""

import asyncio
import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from time import monotonic
from urllib.parse import urlencode, urlsplit

LONGEST_ANSWER = 60  # seconds
FORMS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (r'<form id="(?:answers|enter)".*?</form>', r'<form method="post"(?! action="/leave").*?</form>')
)
TAG = re.compile(r"<(input|textarea)([^>]*)>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
ACTION = re.compile(r'<form[^>]* action="([^"]+)"')
NEXT = re.compile(r'href="(/questions/[^"]+)"')
NOT_ANSWERS = ("csrf_token", "asked-items", "seen", "way-back", "typed", "date_of_birth")
Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Answered:
    """One answer of the server: after how many seconds, counted from when it was asked; 0 as status: there was none."""

    method: str
    path: str
    status: int
    seconds: float


@dataclass
class Patient:
    """One patient at one device. `saved` holds the last answer to each question that was seen as saved.

    `typed`: what was sent when the session was over, and is kept until the date of birth is given again. `odd`: what
    should not have been, in words. `came_back`: how often the link had to be opened again.
    """

    host: str
    port: int
    path: str
    born: date
    chance: random.Random
    encounter_id: str = ""
    method: str = "GET"
    fields: Fields = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)
    saved: dict[str, str] = field(default_factory=dict)
    is_done: bool = False
    seen: list[Answered] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    typed: Fields = field(default_factory=list)
    link: str = ""
    came_back: int = 0
    _stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @staticmethod
    def invited(link: str, born: date, seed: int, encounter_id: str = "") -> "Patient":
        """Return a patient who is about to open a link."""
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port or 80
        return Patient(host, port, parts.path, born, random.Random(seed), encounter_id, link=parts.path)

    async def page(self) -> bool:
        """Do what leads to the next page that is read; return whether it came, in place of a fault."""
        while True:
            status, content, location = await self.ask()
            if not 300 <= status < 400:
                break
            self._note_saved()
            if status != 307:
                self.method, self.fields = "GET", []
            self.path = location
        body = content.decode()
        if status != 200 and status not in (409, 422):
            if status == 503:
                self._compare_kept(body)
            elif status in (400, 403) and "/start/" not in self.path:  # the page asks to open the link again
                self._come_back()
            elif status:
                self.odd.append(f"{self.method} {self.path.split('?')[0]}: {status}")
            return False
        self._read(body)
        return True

    def _note_saved(self) -> None:
        """A redirect after a page of questions says that it is saved."""
        if self.method == "POST" and self.path.startswith("/questions/"):
            sent = self.typed if any(name == "typed" for name, _ in self.fields) else self.fields
            self.saved.update((name, value) for name, value in sent if name not in NOT_ANSWERS)

    def _compare_kept(self, body: str) -> None:
        """The page that says that the database is away must hold all that was sent."""
        form = FORMS[1].search(body)
        kept = dict(_filled(form[0], self)) if form else {}
        if self.method == "POST" and kept != dict(self.fields):
            self.odd.append(f"{self.path.split('?')[0]}: not all is kept")

    def _read(self, body: str) -> None:
        """Fill in the form of a page, to be sent next."""
        if self.path.startswith("/sent"):
            self.is_done = True
        elif self.path.startswith("/welcome"):
            found = NEXT.search(body)
            self.method, self.path, self.fields = "GET", found[1] if found else "/check", []
        else:
            form = next((found for one in FORMS if (found := one.search(body))), None)
            if form is None and self.path.startswith("/help-now"):  # the numbers alone: the session is lost
                self._come_back()
                return
            if form is None:
                self.odd.append(f"{self.path}: a page without a form")
                return
            action = ACTION.match(form[0])
            if "/enter" in form[0] and self.path.startswith(
                "/questions/"
            ):  # asked again who it is, with what was typed
                self.typed = self.fields
            self.method, self.fields = "POST", list(_filled(form[0], self))
            self.path = unescape(action[1]) if action else self.path

    def _come_back(self) -> None:
        """Open the link again."""
        self.method, self.path, self.fields = "GET", self.link, []
        self.came_back += 1

    async def ask(self) -> tuple[int, bytes, str]:
        """Send what is to be sent next; return status (0: no answer), content and where it leads."""
        begin = monotonic()
        status, body, location = 0, b"", ""
        try:
            async with asyncio.timeout(LONGEST_ANSWER):
                status, body, location = await self._exchange()
        except (OSError, EOFError, TimeoutError):  # the other end died, or did not answer
            self.hang_up()
        self.seen.append(Answered(self.method, self.path.split("?")[0], status, monotonic() - begin))
        return status, body, location

    async def _exchange(self) -> tuple[int, bytes, str]:
        reader, writer = await self._connection()
        body = urlencode(self.fields).encode() if self.method == "POST" else b""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = (
            f"{self.method} {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nCookie: {cookies}\r\n"
            f"Accept-Encoding: gzip\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        for name, value in headers:
            if name == "set-cookie":
                key, _, rest = value.partition(";")[0].partition("=")
                self.cookies[key] = rest
        known = dict(headers)
        content = await reader.readexactly(int(known.get("content-length", 0)))
        if known.get("connection", "").lower() == "close":
            self.hang_up()
        if known.get("content-encoding") == "gzip":
            content = zlib.decompress(content, 31)
        return int(lines[0].split()[1]), content, known.get("location", "")

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._stream is None or self._stream[0].at_eof():
            self.hang_up()
            self._stream = await asyncio.open_connection(self.host, self.port)
        return self._stream

    def hang_up(self) -> None:
        """Close the connection."""
        if self._stream is not None:
            self._stream[1].close()
            self._stream = None


def _filled(form: str, patient: Patient) -> Iterator[tuple[str, str]]:
    """What is sent with a form: its hidden fields, one choice of each question, and some words."""
    choices: dict[str, list[str]] = {}
    boxes = iter((patient.born.day, patient.born.month, patient.born.year))
    for kind, text in TAG.findall(form):
        tag = dict(ATTRIBUTE.findall(text))
        name, value = tag.get("name", ""), unescape(tag.get("value", ""))
        if tag.get("type") == "hidden":
            yield name, value
        elif tag.get("type") in ("radio", "checkbox"):
            if not name.endswith("-instead"):
                choices.setdefault(name, []).append(value)
        elif name == "date_of_birth":
            yield name, str(next(boxes))
        elif kind == "textarea":
            yield name, f"words {patient.chance.randrange(10**9)}"
    for name, values in choices.items():
        yield name, patient.chance.choice(values)
