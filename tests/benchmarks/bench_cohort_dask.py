"""Impact on a cluster, a worker killed half-way: `python -m tests.benchmarks.bench_cohort_dask [RESPONSES]`.

Needs Dask: `pip install distributed`. A scheduler and four workers, each a process of its own, compare two rule sets on
responses stored in a database. Once some parts are done a worker that holds some of them is killed (`kill -9`; another
is started in its place). The impact must be the one that comes of no cluster at all.
"""

import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from distributed import Client, LocalCluster

from intake.past_responses import past_impact
from rules.impact import Impact
from rules.load import library
from tests.benchmarks.bench_cohort import stored, stricter

WORKERS = 4
PARTS_BEFORE = 3  # parts that are done when the worker is killed


def alike(one: Impact, other: Impact) -> bool:
    """Whether two impacts tell the same, in whatever order their responses were read."""

    def told(impact: Impact) -> list[tuple[object, ...]]:
        return [(r.rule, dict(r.before), dict(r.after), sorted(map(str, r.differences))) for r in impact.rules]

    return told(one) == told(other) and (one.before, one.after) == (other.before, other.after)


def kill_half_way(cluster: LocalCluster, killed: list[int]) -> None:
    """Wait until some parts are done, then kill a worker that has work in hand and results that are still wanted."""
    scheduler = cluster.scheduler
    while True:
        done = [task for task in scheduler.tasks.values() if task.state == "memory"]
        holders = [worker for task in done for worker in task.who_has if worker.processing]
        if len(done) >= PARTS_BEFORE and holders:
            break
        time.sleep(0.05)
    with Client(cluster) as client:
        pids = client.run(os.getpid)
    killed.append(pids[holders[0].address])
    os.kill(killed[0], signal.SIGKILL)
    print(f"a worker killed: {len(done)} of {len(scheduler.tasks)} parts were done")


def main() -> None:
    """Print the figures."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        database = stored(Path(os.environ.get("BENCH_FOLDER", folder)), number)
        start = time.perf_counter()
        alone = past_impact(database, library(), stricter())
        print(f"{number:,} responses without a cluster: {time.perf_counter() - start:.1f} s")
        with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster:
            for kills in (False, True):
                killed: list[int] = []
                killer = threading.Thread(target=kill_half_way, args=(cluster, killed))
                if kills:
                    killer.start()
                start = time.perf_counter()
                impact = past_impact(database, library(), stricter(), cluster.scheduler_address)
                took = time.perf_counter() - start
                assert alike(impact, alone)
                if kills:
                    killer.join()
                    assert killed
                print(f"with {WORKERS} workers{', one of them killed' if kills else ''}: {took:.1f} s, the same impact")


if __name__ == "__main__":
    main()
