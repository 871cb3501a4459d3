"""What a driver did on the bus of its adapter, read back from ``bus.json``: transactions, and the life of each frame.

A received frame lies in the receive ring from the moment at which the adapter has stored it (the time stamp of its
header) until the driver, having read it, gives its pages back by writing RX_BNRY. A frame that was whole on the wire,
for this station, and never got a header in the ring was lost: the ring was full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from rig.report.run_facts import Frame, RunFacts
from rig.units import NS_PER_US
from rig.wire.address import parse_mac

PREAMBLE_OCTETS = 8  # with the SFD
STORE_NS = 5 * NS_PER_US
"""A header's time stamp lies so soon after the end of its frame."""
BRING_UP, INTERRUPT, FRAME, SEND, OTHER = "bring-up", "interrupt", "frame", "send", "other"


@dataclass(frozen=True, slots=True)
class Access:
    """One operation of a transaction. ``value`` of a register; ``octets`` and perhaps ``data`` of a block."""

    is_read: bool
    register: str
    value: int | None
    octets: int
    data: str
    header: dict[str, int] | None

    @property
    def window(self) -> str:
        """The register's name without an index or offset: ``TX_PAGE``, ``BUFFER``."""
        return self.register.partition("[")[0].partition("+")[0]


@dataclass(frozen=True, slots=True)
class Transaction:
    """Operations in one round trip, from the driver's wish at ``t_ns`` to their end; what the CPU needs included."""

    t_ns: int
    end_ns: int
    kind: str
    accesses: tuple[Access, ...]


@dataclass(frozen=True, slots=True)
class RingFrame:
    """One frame in the ring: stored, read, and its pages given back at ``taken_ns``."""

    stored_ns: int
    taken_ns: int
    page: int
    pages: int
    frame_octets: int


def transactions_of(facts: RunFacts, station: str) -> list[Transaction]:
    """Return the transactions of a station's driver in order of time; none where they were not recorded."""
    found, is_up = [], False
    for row in facts.bus:
        if row["station"] == station:
            accesses = tuple(map(_access, row["operations"]))
            kind = _kind(accesses) if is_up else BRING_UP
            is_up = is_up or any(not each.is_read and each.register == "INT_MASK" for each in accesses)
            found.append(Transaction(row["t_ns"], row["end_ns"], kind, accesses))
    return found


def _access(item: dict[str, Any]) -> Access:
    return Access(
        item["op"] == "read", item["register"], item.get("value"), item.get("octets", 0), item.get("data", ""),
        item.get("header"),
    )  # fmt: skip


def _kind(accesses: tuple[Access, ...]) -> str:
    if accesses[0].is_read and accesses[0].register == "INT_STATUS":
        return INTERRUPT
    if any(not each.is_read and each.register == "RX_BNRY" for each in accesses):
        return FRAME
    return SEND if any(not each.is_read and each.window == "BUFFER" for each in accesses) else OTHER


def ring_of(facts: RunFacts, station: str) -> tuple[int, int] | None:
    """Return the first page of a station's receive ring and the one after its last, as its driver wrote them."""
    written = {
        each.register: each.value
        for transaction in transactions_of(facts, station)
        for each in transaction.accesses
        if not each.is_read and each.register in ("RX_START", "RX_STOP")
    }
    start, stop = written.get("RX_START"), written.get("RX_STOP")
    return None if start is None or stop is None else (start, stop)


def ring_frames(facts: RunFacts, station: str) -> list[RingFrame]:
    """Return the frames that a station's driver took out of its ring, in order."""
    ring = ring_of(facts, station)
    found: list[RingFrame] = []
    if ring is None:
        return found
    waiting: dict[str, int] | None = None
    for transaction in transactions_of(facts, station):
        for each in transaction.accesses:
            if not each.is_read and each.register == "RX_BNRY" and waiting and each.value == waiting["next_page"]:
                pages = (waiting["next_page"] - waiting["page"]) % (ring[1] - ring[0])
                found.append(
                    RingFrame(
                        waiting["timestamp_ns"], transaction.end_ns, waiting["page"], pages, waiting["frame_octets"]
                    )
                )
                waiting = None
            elif each.header is not None:
                waiting = each.header
    return found


def lost_to(facts: RunFacts, station: str) -> list[Frame]:
    """Return the frames for a station that were whole on the wire and are in no header of its ring; none where what
    its driver did was not recorded.
    """
    if ring_of(facts, station) is None:
        return []
    stored = iter(ring_frames(facts, station))
    next_stored = next(stored, None)
    lost = []
    for frame in frames_for(facts, station):
        end_ns = end_of(facts, frame)
        if next_stored is not None and 0 <= next_stored.stored_ns - end_ns < STORE_NS:
            next_stored = next(stored, None)
        else:
            lost.append(frame)
    return lost


def frames_for(facts: RunFacts, station: str) -> Iterator[Frame]:
    """Return the frames of others that a station's address filter lets through: its own address, and broadcasts."""
    own = parse_mac(facts.stations[station]["mac"])
    return (
        frame for frame in facts.frames if frame.tap != station and frame.octets[:6] in (own, b"\xff" * len(own))
    )  # fmt: skip


def end_of(facts: RunFacts, frame: Frame) -> int:
    """Return when the last bit of a frame was sent."""
    return frame.t_ns + (PREAMBLE_OCTETS + len(frame.octets)) * 8 * facts.bit_time_ns


def ring_levels(facts: RunFacts, station: str) -> list[tuple[int, int]]:
    """Return how many pages of a station's ring were in use, as (from when, pages)."""
    changes = sorted(
        change
        for frame in ring_frames(facts, station)
        for change in ((frame.stored_ns, frame.pages), (frame.taken_ns, -frame.pages))
    )
    return list(zip((t_ns for t_ns, _ in changes), accumulate(pages for _, pages in changes), strict=True))


def busiest(facts: RunFacts) -> str | None:
    """Return the station whose driver took most frames out of its ring, the first of these; None without any."""
    counts = {station: len(ring_frames(facts, station)) for station in facts.stations}
    station = max(counts, key=lambda name: counts[name], default=None)
    return station if station is not None and counts[station] else None
