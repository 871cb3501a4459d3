"""Where replications run: here, in processes of this machine, or on a Dask cluster. The results are the same."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, cast

from rig.errors import ToolError, UsageError
from rig.regress.csma.replication import Point, Replication, replicate

Job = tuple[Point, int, str, str]
"""A point, its counted frames, the seed of the replication, the engine."""

CONNECT_TIMEOUT_S = 10


def run_job(job: Job) -> Replication:
    """Run one replication."""
    return replicate(*job)


def run_jobs(jobs: Sequence[Job], *, workers: int | None = None, dask: str | None = None) -> Iterator[Replication]:
    """Give the results in the order of ``jobs``.

    ``workers`` processes, by default one for each core; 1 stays in this one. ``dask`` is the address of a scheduler,
    such as ``tcp://127.0.0.1:8786``, whose workers can import this package. :class:`ToolError` if it cannot be reached.
    """
    if dask is not None:
        yield from _run_on_dask(jobs, dask)
        return
    count = min(len(jobs), workers or os.cpu_count() or 1)
    if count <= 1:
        yield from map(run_job, jobs)
        return
    # "spawn" works in a process that has threads, and is what every system has.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run_job, jobs)


def _run_on_dask(jobs: Sequence[Job], address: str) -> Iterator[Replication]:
    try:
        import distributed
    except ImportError as err:
        raise UsageError(f"--dask {address} needs the library distributed: pip install 'nicrig[dask]'") from err
    try:
        client = cast(Any, distributed).Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, ValueError) as err:
        raise ToolError(f"there is no Dask scheduler at {address} (waited {CONNECT_TIMEOUT_S} s): {err}") from err
    with client:
        for future in client.map(run_job, jobs, pure=False):
            result: Replication = future.result()
            yield result
