"""What a run found out, in the shape in which it is written; the same from every backend."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

COMPLETED = "completed"
LIMIT = "limit"
FAILED = "failed"
OUTCOMES = (COMPLETED, "timeout", "reset", "refused", FAILED, LIMIT)


@dataclass(slots=True)
class Transfer:
    """One file on its way. ``sha256_received`` is over what the receiving application read; None if it is not whole."""

    name: str
    octets: int
    client: str
    server: str
    sha256_sent: str
    sha256_received: str | None = None
    start_ns: int = 0
    end_ns: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the receiver has the same octets as the sender."""
        return self.sha256_received == self.sha256_sent


@dataclass(slots=True)
class StationFacts:
    """One station after the run; ``netstat`` as it was at ``netstat_ns``, while the connection lived."""

    mac: str
    ip: str | None
    segment: str
    position_bits: int
    counters: dict[str, int] = field(default_factory=dict)
    netstat: list[dict[str, Any]] = field(default_factory=list)
    netstat_ns: int | None = None
    driver: dict[str, int] = field(default_factory=dict)
    stack: dict[str, int] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    impairments: dict[str, int] = field(default_factory=dict)
    mtu: int = 1500


@dataclass(slots=True)
class Facts:
    """The run as a whole. ``error`` is what ended it, with the name of its class; ``at_ns`` when."""

    outcome: str
    error: str | None
    at_ns: int
    sim_ns: int
    transfers: list[Transfer]
    stations: dict[str, StationFacts]
    story: list[str] = field(default_factory=list)
    network: dict[str, Any] = field(default_factory=dict)
    """What was between the stations; empty where that was one segment."""
    sockets: list[dict[str, Any]] = field(default_factory=list)
    """What the hosts' sockets did, where the scenario asks for it: the rows of ``sockets.json``."""
    bus: list[dict[str, Any]] = field(default_factory=list)
    """What the drivers did on their buses, where the scenario asks for it: the rows of ``bus.json``."""

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Facts:
        """Return what :meth:`to_json` gave."""
        return cls(
            **{
                **value,
                "transfers": [Transfer(**transfer) for transfer in value["transfers"]],
                "stations": {name: StationFacts(**station) for name, station in value["stations"].items()},
            }
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, for a live display: ``octets`` of ``total`` are with the receiver or handed over by the sender.

    ``collisions`` counts attempts that collided, over all stations; ``netstat`` holds the rows of every host by name.
    """

    t_ns: int
    octets: int
    total: int
    collisions: int
    netstat: dict[str, list[dict[str, Any]]]

    def to_json(self) -> dict[str, Any]:
        """Return the progress as JSON values."""
        return asdict(self)
