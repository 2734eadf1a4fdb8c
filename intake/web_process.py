"""gunicorn's process with threads, whose threads are for requests alone.

A browser opens connections ahead of need. gunicorn lets a thread wait up to five seconds for the first word on each:
some idle phones would keep everybody waiting. Here a connection waits beside the threads until something comes.
"""

import time
from functools import partial
from selectors import EVENT_READ

from gunicorn.workers.gthread import TConn, ThreadWorker


class WebProcess(ThreadWorker):
    """What `gunicorn --worker-class` names."""

    def enqueue_req(self, conn: TConn) -> None:
        """Hand a thread what there is to read; let wait, as gunicorn does after those seconds, what is silent yet."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))
