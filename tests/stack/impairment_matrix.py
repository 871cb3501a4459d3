"""Transfers over bad paths, as a table: loss x round trip x buffer, 10 MB each in virtual time, no octet wrong in any.

    python -m tests.stack.impairment_matrix            run all of it and compare with the table
    python -m tests.stack.impairment_matrix --write    write docs/impairments.md again

A cell is decided by its name alone, so one cell can be run and compared by itself; a change of the stack that changes a
cell shows as a difference of the table, to be looked at and then written. Speeds are those of virtual time: they say
what TCP makes of the path, not how fast Python is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random

from rig.adapter.impairer import Impairments
from rig.runtime.kernel import Task
from rig.stack.config import CongestionAlgorithm, TcpConfig
from rig.units import NS_PER_MS, NS_PER_S
from tests.helpers.memory_link import LinkConfig
from tests.helpers.two_hosts import TwoHosts

PAGE = Path(__file__).resolve().parents[2] / "docs" / "impairments.md"
OCTETS = 10_000_000
CHUNK_OCTETS = 1 << 16
RATE_BPS = 100_000_000
LIMIT_NS = 24 * 3600 * NS_PER_S
LOSSES = (0.0, 0.001, 0.01, 0.05)
ROUND_TRIPS_MS = (1, 10, 100)
BUFFERS_KIB = (16, 64, 256)
HEAD = """# Transfers over bad paths

10 MB from one host to another, in virtual time, through an impairer in each direction (`rig/adapter/impairer.py`):
a rate of 100 Mb/s, half of the round trip as delay, a queue of 1000 frames, and loss as the share of frames that
vanish, acknowledgements included. *Buffer* is the receive and the send buffer of both hosts; without loss it and the
round trip bound the speed. Every octet is compared. *Sent again* counts segments. Written by
`python -m tests.stack.impairment_matrix --write`; CI runs all of it again and compares.

| loss | round trip | buffer | besides | MB/s | seconds | sent again |
|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Cell:
    """One transfer. ``besides`` names what else is wrong with the path, or how the sender differs."""

    loss: float
    round_trip_ms: int
    buffer_kib: int
    besides: str = ""

    @property
    def name(self) -> str:
        """The head of its row."""
        return f"| {self.loss:.1%} | {self.round_trip_ms} ms | {self.buffer_kib} KiB | {self.besides} |"

    @property
    def impairments(self) -> Impairments:
        """What each direction does."""
        rough = self.besides == "all at once"
        return Impairments(
            loss=self.loss,
            duplication=0.01 if rough else 0.0,
            corruption=0.01 if rough else 0.0,
            reordering=0.01 if rough or self.besides == "reordering" else 0.0,
            held_back_ns=2 * NS_PER_MS,
            delay_ns=self.round_trip_ms * NS_PER_MS // 2,
            jitter_ns=NS_PER_MS // 2 if rough else 0,
            rate_bps=RATE_BPS,
        )

    @property
    def tcp(self) -> TcpConfig:
        """How both hosts are set."""
        octets = self.buffer_kib << 10
        kind = CongestionAlgorithm.CUBIC if self.besides == "CUBIC" else CongestionAlgorithm.NEW_RENO
        return TcpConfig(
            receive_buffer_octets=octets,
            send_buffer_octets=octets,
            rto_minimum_ns=200 * NS_PER_MS,
            sack=self.besides != "no SACK",
            congestion=kind,
        )


CELLS = (
    *(Cell(loss, ms, kib) for loss in LOSSES for ms in ROUND_TRIPS_MS for kib in BUFFERS_KIB),
    *(Cell(0.01, ms, 64, besides) for ms in (1, 10) for besides in ("reordering", "all at once", "no SACK", "CUBIC")),
)
CORNER = (Cell(0.0, 1, 256), Cell(0.01, 10, 64), Cell(0.01, 1, 64, "all at once"))
"""What every test run looks at."""


def row(cell: Cell) -> str:
    """Run one transfer, check every octet, and return the row of the table."""
    data = Random(cell.name).randbytes(OCTETS)
    hosts = TwoHosts(
        int.from_bytes(sha256(cell.name.encode()).digest()[:8], "big"),
        LinkConfig(speed_mbps=100, delay_ns=0, queue_frames=64),
        cell.tcp,
        impairments=cell.impairments,
    )

    async def send() -> None:
        socket = await hosts.client.sockets.connect("10.0.0.2", 80)
        await socket.send_all(data)
        await socket.close()

    async def transfer() -> tuple[bool, int]:
        listening = hosts.server.sockets.socket()
        listening.bind(("", 80))
        listening.listen()
        sender: Task[None] = hosts.kernel.spawn(send(), "sender")
        socket, _ = await listening.accept()
        start_ns = hosts.kernel.now_ns
        received = bytearray()
        while piece := await socket.receive(CHUNK_OCTETS):
            received += piece
        await socket.close()
        await sender
        return received == data, hosts.kernel.now_ns - start_ns

    is_same, took_ns = hosts.run(transfer(), LIMIT_NS)
    assert is_same, f"{cell.name} an octet is wrong"
    again = hosts.client.stack.counters().get("tcp_segments_retransmitted", 0)
    seconds = took_ns / NS_PER_S
    return f"{cell.name} {OCTETS / 1e6 / seconds:.3f} | {seconds:.3f} | {again} |"


def recorded() -> dict[str, str]:
    """Return the rows of the page, by the name of their cell."""
    lines = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else []
    return {cell.name: line for cell in CELLS for line in lines if line.startswith(cell.name)}


def differences() -> Iterator[str]:
    """Run every cell; yield what is not as the page says."""
    known = recorded()
    for cell in CELLS:
        now = row(cell)
        if known.get(cell.name) != now:
            yield f"table: {known.get(cell.name, 'no row')}\nnow:   {now}"


def main(arguments: Sequence[str]) -> int:
    """Compare or write; 1 where there is a difference."""
    if "--write" in arguments:
        PAGE.write_text(HEAD + "".join(row(cell) + "\n" for cell in CELLS), encoding="utf-8")
        return 0
    found = list(differences())
    print(*found, f"{len(CELLS)} transfers of {OCTETS} octets, {len(found)} not as in {PAGE.name}", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
