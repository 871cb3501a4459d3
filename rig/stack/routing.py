"""Routing table: longest prefix first, then the smallest metric (RFC 1122, 3.3.1).

Addresses are 32-bit integers.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.wire.address import prefix_mask


@dataclass(frozen=True, slots=True)
class Route:
    """Where packets for ``network``/``prefix_length`` go. ``gateway`` is None on a directly attached network.

    ``interface`` is an index into the stack's interfaces and ``source`` the address that packets of ours carry.
    ``is_redirect``: a gateway asked for it (RFC 1122, 3.2.2.2), nobody configured it.
    """

    network: int
    prefix_length: int
    interface: int
    source: int
    gateway: int | None = None
    metric: int = 0
    is_redirect: bool = False

    def next_hop(self, destination: int) -> int:
        """Return the address to which a packet for ``destination`` is handed on the link."""
        return destination if self.gateway is None else self.gateway


class RoutingTable:
    """All routes of a host, best first."""

    __slots__ = ("_routes", "version")

    def __init__(self) -> None:
        self._routes: list[tuple[int, Route]] = []
        self.version = 0  # counts changes, so that whoever remembers a way knows when to look again

    def add(self, route: Route) -> None:
        """Add a route. Among routes of equal prefix and metric the one added first is used."""
        self._routes.append((prefix_mask(route.prefix_length), route))
        self._routes.sort(key=lambda entry: (-entry[1].prefix_length, entry[1].metric))
        self.version += 1

    def remove(self, route: Route) -> None:
        """Remove a route that was added; :class:`ValueError` where it is not in the table."""
        self._routes.remove((prefix_mask(route.prefix_length), route))
        self.version += 1

    def lookup(self, destination: int) -> Route | None:
        """Return the best route to ``destination``, or None."""
        for mask, route in self._routes:
            if destination & mask == route.network:
                return route
        return None

    def routes(self) -> list[Route]:
        """Return all routes, best first."""
        return [route for _, route in self._routes]
