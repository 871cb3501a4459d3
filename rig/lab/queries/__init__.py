"""Named questions to the recorded files of a run: the only way in which a lab gets at a fact.

A query is a function of the facts and of keyword arguments, and gives a whole number or a word. It reads, counts and
selects; what *should* be there is the business of the lab that asks. ``docs/labs.md`` lists them from these docstrings.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

from rig.lab.queries import datagrams, driver, fragments, frames, medium, network, packets, run, sockets, tcp

Query = Callable[..., int | str]

QUERIES: dict[str, Query] = {
    **run.QUERIES,
    **tcp.QUERIES,
    **sockets.QUERIES,
    **medium.QUERIES,
    **network.QUERIES,
    **frames.QUERIES,
    **packets.QUERIES,
    **datagrams.QUERIES,
    **fragments.QUERIES,
    **driver.QUERIES,
}


def parameters_of(query: Query) -> tuple[list[str], list[str]]:
    """Return the names of what a query takes besides the facts, and of what it cannot do without."""
    parameters = list(inspect.signature(query).parameters.values())[1:]
    return [each.name for each in parameters], [each.name for each in parameters if each.default is each.empty]
