"""A web server on the loopback that gives tokens and takes FHIR transactions, or answers as it is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOKEN = "a token"


@dataclass
class Peer:
    """What arrived: bodies asked for a token with, and transactions. `answers` go to the next transactions instead."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[int, Any]] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a clinic whose server this is."""
        base = f"http://127.0.0.1:{self.port}"
        return {
            "INTAKE_FHIR_URL": f"{base}/fhir",
            "INTAKE_FHIR_TOKEN_URL": f"{base}/token",
            "INTAKE_FHIR_CLIENT_ID": "intake",
            "INTAKE_FHIR_CLIENT_SECRET": "not guessed",
        }

    def answer(self, path: str, authorization: str, body: bytes) -> tuple[int, Any]:
        """Return the status and the body of the answer to one call."""
        if path == "/token":
            self.asked.append(f"{authorization} {body.decode()}")
            return 200, {"access_token": TOKEN, "token_type": "Bearer"}
        if authorization != f"Bearer {TOKEN}":
            return 401, "no token"
        if self.answers:
            return self.answers.pop(0)
        bundle = json.loads(body)
        self.taken.append(bundle)
        entries = [{"response": {"status": "201 Created"}} for _ in bundle["entry"]]
        return 200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


@contextmanager
def fhir_peer() -> Iterator[Peer]:
    """Run a server until the end of the block."""
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, said = peer.answer(self.path, self.headers.get("Authorization", ""), body)
            content = (said if isinstance(said, str) else json.dumps(said)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    peer.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
