"""Queries about drivers: what they read and wrote, how long frames lay in the receive ring, what they have to tell."""

from __future__ import annotations

from collections.abc import Callable

from rig.errors import UsageError
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.report.bus_trace import (
    FRAME,
    INTERRUPT,
    Access,
    RingFrame,
    lost_to,
    ring_frames,
    ring_levels,
    ring_of,
    transactions_of,
)
from rig.wire.address import parse_mac

_FIELDS: dict[str, Callable[[RingFrame], int]] = {
    "pages": lambda frame: frame.pages,
    "octets": lambda frame: frame.frame_octets,
    "page": lambda frame: frame.page,
    "stored-ns": lambda frame: frame.stored_ns,
    "wait-ns": lambda frame: frame.taken_ns - frame.stored_ns,
}


def bus_value(facts: LabFacts, station: str, register: str, write: bool = True, nth: int = 1) -> int:
    """Return the n-th value (-1: the last) that a station's driver wrote to a register, or read from it."""
    found = [each.value for each in _accesses(facts, station, register, write) if each.value is not None]
    try:
        return found[nth - 1 if nth > 0 else nth]
    except IndexError:
        verb = "wrote" if write else "read"
        raise NoSuchFactError(f"the driver of {station} {verb} {register} {len(found)} times, not {nth}") from None


def bus_octets(facts: LabFacts, station: str, window: str) -> int:
    """Return how many octets a station's driver first read from a window in one block: ROM, COUNTERS, BUFFER."""
    found = [each.octets for each in _accesses(facts, station, window, False) if each.octets]
    if not found:
        raise NoSuchFactError(f"the driver of {station} read no block of {window}")
    return found[0]


def round_trips(facts: LabFacts, station: str) -> int:
    """Count the transactions of a station's driver."""
    facts.station(station)
    return len(transactions_of(facts.run, station))


def ring_pages(facts: LabFacts, station: str) -> int:
    """Return how many pages of 256 octets a station's receive ring has."""
    facts.station(station)
    ring = ring_of(facts.run, station)
    if ring is None:
        raise NoSuchFactError(f"the driver of {station} set up no ring, or nobody recorded it")
    return ring[1] - ring[0]


def ring_fullest(facts: LabFacts, station: str) -> int:
    """Return how many pages of a station's ring were taken at most by whole frames."""
    facts.station(station)
    return max((pages for _, pages in ring_levels(facts.run, station)), default=0)


def ring_frame(facts: LabFacts, station: str, field: str, nth: int = 1) -> int:
    """Return a field of the n-th frame (-1: the last) that a station's driver took out of its ring: pages, octets
    (destination address to FCS), page, stored-ns, wait-ns (until its pages were given back).
    """
    if field not in _FIELDS:
        raise UsageError(f"a frame in the ring has no field {field!r}; it has {', '.join(_FIELDS)}")
    facts.station(station)
    found = ring_frames(facts.run, station)
    try:
        return _FIELDS[field](found[nth - 1 if nth > 0 else nth])
    except IndexError:
        raise NoSuchFactError(
            f"the driver of {station} took {len(found)} frames out of its ring, not {nth}"
        ) from None  # fmt: skip


def longest_wait_ns(facts: LabFacts, station: str) -> int:
    """Return how long a frame lay in a station's ring at most, in ns."""
    facts.station(station)
    return max((frame.taken_ns - frame.stored_ns for frame in ring_frames(facts.run, station)), default=0)


def ring_losses(facts: LabFacts, station: str) -> int:
    """Count the frames for a station that were whole on the wire and never came into its ring."""
    facts.station(station)
    return len(lost_to(facts.run, station))


def stored_before_loss(facts: LabFacts, station: str) -> int:
    """Count the frames that came into a station's ring before the first one that found no room."""
    facts.station(station)
    lost = lost_to(facts.run, station)
    if not lost:
        raise NoSuchFactError(f"no frame for {station} was lost")
    return sum(frame.stored_ns < lost[0].t_ns for frame in ring_frames(facts.run, station))


def most_frames_a_service(facts: LabFacts, station: str) -> int:
    """Return how many frames a station's driver took out of its ring at most after reading the causes once."""
    facts.station(station)
    most = now = 0
    for transaction in transactions_of(facts.run, station):
        if transaction.kind == INTERRUPT:
            now = 0
        elif transaction.kind == FRAME:
            now += 1
            most = max(most, now)
    return most


def mac_octet(facts: LabFacts, station: str, octet: int) -> int:
    """Return an octet, 1 to 6, of the MAC address that a station uses."""
    if not 1 <= octet <= 6:
        raise UsageError(f"a MAC address has no octet {octet}; it has 1 to 6")
    return parse_mac(facts.station(station)["mac"])[octet - 1]


def damaged_rom(facts: LabFacts) -> str:
    """Return the name of the first station whose driver tells of a damaged MAC-address ROM."""
    for name, station in facts.run.stations.items():
        if any("ROM is damaged" in notice for notice in station["notices"]):
            return name
    raise NoSuchFactError("no driver tells of a damaged ROM")


def _accesses(facts: LabFacts, station: str, register: str, write: bool) -> list[Access]:
    facts.station(station)
    return [
        access
        for transaction in transactions_of(facts.run, station)
        for access in transaction.accesses
        if access.is_read is not write and register in (access.register, access.window)
    ]


QUERIES: dict[str, Callable[..., int | str]] = {
    "bus-value": bus_value,
    "bus-octets": bus_octets,
    "round-trips": round_trips,
    "ring-pages": ring_pages,
    "ring-fullest": ring_fullest,
    "ring-frame": ring_frame,
    "ring-losses": ring_losses,
    "longest-wait-ns": longest_wait_ns,
    "stored-before-loss": stored_before_loss,
    "most-frames-a-service": most_frames_a_service,
    "mac-octet": mac_octet,
    "damaged-rom": damaged_rom,
}
