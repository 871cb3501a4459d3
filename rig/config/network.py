"""What a scenario file says about cables and what they are plugged into: hubs, switches, routers.

A cable joins two *ends*: ``client`` (a station), ``hub.3`` or ``switch.3`` (a port by number), ``router.eth0`` (an
interface by name). Everything here is shape and range; what must hold across keys is in :mod:`rig.config.topology`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rig.config.fields import DurationMs, InterfaceAddress, Ipv4Address, MacAddress, Mtu, Name, Network, TimeNs
from rig.config.validation import Strict

Duplex = Literal["half", "full"]
BackendName = Literal["model", "rtl", "nic", "board"]
MAX_LENGTH_M = 10_000
MAX_SWITCH_PORTS = 48
MAX_HUB_PORTS = 8


class Outage(Strict):
    """An open contact from ``from_ns`` on; without ``to_ns`` the cable is cut for good."""

    from_ns: TimeNs
    to_ns: TimeNs | None = None


class Cable(Strict):
    """Two ends, length and kind, pairs, and what is wrong with it.

    ``name`` is what messages and results call it; without one they name its ends.
    Without ``wiring`` the cable has the pairs that its ends need: straight between a station and a hub or switch,
    crossover between two of a kind (no port here finds out by itself).
    """

    given_name: Name | None = Field(default=None, alias="name")
    near: str = Field(alias="from")
    far: str = Field(alias="to")
    speed_mbps: Literal[10, 100] = 100
    length_m: float = Field(default=10.0, gt=0, le=MAX_LENGTH_M)
    kind: Literal["cat3", "cat5", "fibre"] = "cat5"
    wiring: Literal["straight", "crossover"] | None = None
    bit_error_rate: float = Field(default=0.0, ge=0.0, le=0.1)
    outages: list[Outage] = Field(default=[])

    @property
    def name(self) -> str:
        """Return what the cable is called in results."""
        return self.given_name or f"{self.near}--{self.far}"


class Hub(Strict):
    """A repeater hub."""

    name: Name
    ports: int = Field(default=4, ge=2, le=MAX_HUB_PORTS)


class Switch(Strict):
    """A switching hub. Its ports are full duplex, but those in ``half_duplex_ports`` and those that lead to a hub."""

    name: Name
    ports: int = Field(default=4, ge=2, le=MAX_SWITCH_PORTS)
    half_duplex_ports: list[Annotated[int, Field(ge=1, le=MAX_SWITCH_PORTS)]] = Field(default=[])
    age_ms: DurationMs = 300_000
    buffer_octets: int = Field(default=65_536, ge=1522, le=1 << 24)


class RouterInterface(Strict):
    """One adapter of a router, at the end of a cable or on a segment."""

    name: Name
    mac: MacAddress
    ip: InterfaceAddress
    segment: str | None = None
    mtu: Mtu = 1500
    position_bits: int = Field(default=0, ge=0)
    duplex: Duplex | None = None


class StaticRoute(Strict):
    """A network by way of a neighbour."""

    network: Network
    gateway: Ipv4Address


class Router(Strict):
    """A host that forwards between its interfaces; ``backend`` is where their adapters stay, as that of a station."""

    name: Name
    interfaces: list[RouterInterface] = Field(min_length=1, max_length=8)
    gateway: Ipv4Address | None = None
    routes: list[StaticRoute] = Field(default=[])
    backend: BackendName | None = None
