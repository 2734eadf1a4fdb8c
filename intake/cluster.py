"""Work in parts on other machines, by a Dask cluster; the only module that imports Dask, which is an optional extra."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Done = TypeVar("Done")


class ClusterError(Exception):
    """The cluster cannot be used; the message says why, in one line."""


def on_cluster(address: str, work: Callable[[int], Done], parts: Iterable[int]) -> list[Done]:
    """Return what `work` makes of each part, done by the workers of the scheduler at an address, `tcp://host:8786`.

    What a worker had in hand when it was lost is done again by another. `work` has to be a function of a module, and
    every worker needs this product. Raises `ClusterError`.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError("Dask is not installed; run: pip install 'clinical-intake-screening[cluster]'") from error
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        raise ClusterError(f"no scheduler answers at {address}") from error
    with client:
        return list(client.gather(client.map(work, list(parts), pure=False)))
