"""Connections that browsers open ahead of need."""

import socket
from contextlib import ExitStack
from urllib.parse import urlsplit
from urllib.request import urlopen

from tests.browser.clinic import Clinic

MANY = 40  # more than all processes have threads


def test_connections_on_which_nothing_is_said_keep_nobody_waiting(clinic: Clinic):
    at = urlsplit(clinic.address)
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection((at.hostname, at.port))) for _ in range(MANY)]
        with urlopen(clinic.address, timeout=3) as page:
            assert page.status == 200
        late = silent[-1]  # whoever opened one speaks at last
        late.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        late.settimeout(3)
        assert late.recv(100).startswith(b"HTTP/1.1 200")
