"""The workers of a Dask cluster as an executor. The package `distributed` is imported only when one is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from urllib.parse import urlsplit

from conformance.verdicts import HarnessBroken

CONNECT_SECONDS = 10
NEEDS = "--dask needs Dask, which is not installed: pip install 'cht-rapidpro-harness[dask]', or 'distributed>=2026.1'"


@contextmanager
def dask_workers(address: str) -> Iterator[tuple[Executor, int]]:
    """An executor on the cluster whose scheduler is at `address`, and how many calls it runs at a time.

    Raises HarnessBroken, with what to do, if there is no Dask, no scheduler or no worker.
    """
    check_address(address)
    try:
        from distributed import Client
    except ImportError:
        raise HarnessBroken(NEEDS) from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as failure:
        raise HarnessBroken(
            f"no scheduler of Dask answers at {address} within {CONNECT_SECONDS} seconds ({failure}): "
            "start one with `dask scheduler`, and give the address that it prints"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            raise HarnessBroken(
                f"the scheduler at {address} has no workers: start some with `dask worker {address} --nthreads 1`"
            ) from None
        yield client.get_executor(pure=False), sum(client.nthreads().values())


def check_address(address: str) -> None:
    """Raises HarnessBroken unless it is an address as a scheduler prints it."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("tcp", "tls") and bool(parts.hostname) and bool(parts.port)
    except ValueError:  # a port that is not a number
        usable = False
    if not usable:
        raise HarnessBroken(f"expected the address of a scheduler of Dask such as tcp://10.0.0.5:8786, got {address!r}")
