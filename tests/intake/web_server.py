"""A real web server on the loopback that takes calls of the webhook, refuses them, sends them elsewhere, or hangs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass
class Calls:
    """What arrived, as path, headers and body. `answers` go to the next calls in place of 204; 0 is none at all."""

    port: int = 0
    arrived: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/alerts?clinic=1"


@contextmanager
def web_server(calls: Calls) -> Iterator[Calls]:
    """Run a server until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.arrived.append((self.path, dict(self.headers), body))
            answer = calls.answers.pop(0) if calls.answers else 204
            if answer:
                self.send_response(answer)
                self.send_header("Location", f"http://127.0.0.1:{calls.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                calls.over.wait(20)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", calls.port), Handler)
    server.daemon_threads = True
    calls.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield calls
    finally:
        calls.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
