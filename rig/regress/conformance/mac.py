"""The hands of a row: set up the adapter, send, listen, read counters, and the arithmetic of its clock edges.

Everything goes through the bus as a driver would do it; no row reaches into an adapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar, cast

from rig.adapter import registers as reg
from rig.adapter.bus import Operation, Read32, ReadBlock, Result, Write32, WriteBlock, padded
from rig.regress.conformance import rules
from rig.regress.conformance.fixture import Arrival, Fixture
from rig.regress.conformance.tally import Tally

T = TypeVar("T")

OWN_MAC = bytes.fromhex("020000000001")
PEER_MAC = bytes.fromhex("020000000002")

PAGE_OCTETS = 256
SLOT_PAGES = 8
"""Pages of the buffer memory that belong to each transmit slot: a frame of 2047 octets."""
SLOTS = 2
RING_START, RING_STOP = SLOTS * SLOT_PAGES, 64

ACKNOWLEDGE_CLOCKS = 3
"""Bus clocks from the execution of the last access of a batch to its end."""
SLOT_WHEEL_CLOCKS = 4
"""Bus clocks of a turn, in which an access is executed and each other thing of the bus side has its edge."""
REQUEST_CLOCKS = 4
"""Bus clocks from the execution of SEND to the edge at which its request toggles, with the MAC free."""
REQUEST_SYNC = 2
"""Edges of the MII clock from the first that samples the request to send to the one that acts on it."""
DONE_SYNC, DONE_PHASE = 2, 1
"""The outcome of a frame is there this many bus clocks after the first that samples its end, or later: in this phase
of the slot wheel."""
NEXT_REQUEST_CLOCKS = 3
"""Bus clocks from there to the request of the slot that is queued next (all: docs/adapter.md, "Transmit, bus side")."""
RESET_NS = 4_000
"""After this a reset, or a change of RX_EN, has reached the MII clocks, which are at 2.5 MHz then behind an RMII."""
PATIENCE_NS = 400_000_000
"""A frame that takes longer is lost."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A frame that was queued: ``executed_ns`` is the bus edge of its SEND."""

    slot: int
    frame: bytes
    executed_ns: int


@dataclass(frozen=True, slots=True)
class Received:
    """A frame from the ring: octets with FCS, RX_STATUS, time stamp, page of its header."""

    octets: bytes
    status: int
    time_ns: int
    page: int


def configuration(
    control: int,
    station: bytes,
    ring: tuple[int, int],
    /,
    *,
    part1: int = 64,
    part2: int = 32,
    slot_bits: int = 512,
    jam_bits: int = 32,
    attempts: int = 16,
    backoff_limit: int = 10,
    seed: int = 1,
    rx_config: int = reg.RX_CFG_BCAST,
    max_frame: int = 1518,
    hash_table: int = 0,
) -> list[Operation]:
    """Return the writes that set up an adapter after a reset.

    ``control`` is CTRL, ``ring`` the first page of the receive ring and the one after its last; lengths are in bit
    times.
    """
    collision = (
        attempts << reg.COLLISION_CFG_ATTEMPT_LIMIT_LSB
        | backoff_limit << reg.COLLISION_CFG_BACKOFF_LIMIT_LSB
        | slot_bits << reg.COLLISION_CFG_SLOT_TIME_LSB
        | jam_bits << reg.COLLISION_CFG_JAM_SIZE_LSB
    )
    return [
        Write32(reg.REG_MAC_ADDR_LO, int.from_bytes(station[:4], "little")),
        Write32(reg.REG_MAC_ADDR_HI, int.from_bytes(station[4:], "little")),
        Write32(reg.REG_MHASH_LO, hash_table & 0xFFFF_FFFF),
        Write32(reg.REG_MHASH_HI, hash_table >> 32),
        Write32(reg.REG_IPG, part1 << reg.IPG_PART1_LSB | part2 << reg.IPG_PART2_LSB),
        Write32(reg.REG_COLLISION_CFG, collision),
        Write32(reg.REG_BACKOFF_SEED, seed),
        Write32(reg.REG_RX_CFG, rx_config | max_frame << reg.RX_CFG_MAX_FRAME_LSB),
        Write32(reg.REG_RX_START, ring[0]),
        Write32(reg.REG_RX_STOP, ring[1]),
        Write32(reg.REG_RX_BNRY, ring[0]),
        Write32(reg.REG_INT_MASK, reg.INT_STATUS_TX),
        Write32(reg.REG_CTRL, control),
    ]


class LostFrameError(Exception):
    """The adapter never finished a frame, or never stored one that was expected."""


class Mac:
    """The adapter of one fixture. ``is_thorough`` False: rows sample their stimuli instead of trying each."""

    def __init__(self, fixture: Fixture, tally: Tally, *, is_thorough: bool, seed: int = 1) -> None:
        self.fixture = fixture
        self.tally = tally
        self.is_thorough = is_thorough
        self.random = Random(seed)
        self.bits = fixture.bits_per_edge
        self.bit_ns = 1_000 // fixture.speed_mbps
        self.period_ns = self.bits * self.bit_ns
        self.is_serial = self.bits == 1
        self.collision_sync = 0
        self.carrier_sync = 0
        self._next_page = RING_START
        self._ring = (RING_START, RING_STOP)

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def now_ns(self) -> int:
        """The present time."""
        return self.fixture.kernel.now_ns

    async def sleep(self, duration_ns: int) -> None:
        """Wait."""
        await self.fixture.kernel.sleep_until(self.now_ns + duration_ns)

    async def sleep_bits(self, bits: int) -> None:
        """Wait some bit times."""
        await self.sleep(bits * self.bit_ns)

    def edge_ns(self, edge: int) -> int:
        """Return the time of an edge of the MII clocks."""
        return self.fixture.phase_ns + edge * self.period_ns

    def edge_after(self, t_ns: int) -> int:
        """Return the first edge later than ``t_ns``: the first to sample what changes on the medium then."""
        return (t_ns - self.fixture.phase_ns) // self.period_ns + 1

    def edge_from(self, t_ns: int) -> int:
        """Return the first edge not earlier than ``t_ns``: the first to sample what the bus side changes then."""
        return -((self.fixture.phase_ns - t_ns) // self.period_ns)

    def edge_at(self, t_ns: int) -> int:
        """Return the edge at ``t_ns``, of which a change of TX_EN is made."""
        return (t_ns - self.fixture.phase_ns) // self.period_ns

    def waiting_edge(self, executed_ns: int) -> int:
        """Return the edge from which a frame waits whose SEND was executed at ``executed_ns`` while no other waited."""
        return self._edge_that_acts_on(executed_ns + REQUEST_CLOCKS * self.fixture.bus_period_ns)

    def next_waiting_edge(self, end_ns: int) -> int:
        """Return the edge from which the next queued frame waits, after one that ended at the MII edge ``end_ns``."""
        return self._edge_that_acts_on(self.done_ns(end_ns) + NEXT_REQUEST_CLOCKS * self.fixture.bus_period_ns)

    def _edge_that_acts_on(self, request_ns: int) -> int:
        return self.edge_from(request_ns) + REQUEST_SYNC

    def execute_ns(self, t_ns: int) -> int:
        """Return the bus edge at which an access is executed that is asked for at ``t_ns``."""
        seen = t_ns // self.fixture.bus_period_ns + 1
        return (seen // SLOT_WHEEL_CLOCKS + 1) * SLOT_WHEEL_CLOCKS * self.fixture.bus_period_ns

    def done_ns(self, end_ns: int) -> int:
        """Return the bus edge at which the outcome is there of a frame that ended at the MII edge ``end_ns``."""
        clock = end_ns // self.fixture.bus_period_ns + 1 + DONE_SYNC
        return (clock + (DONE_PHASE - clock) % SLOT_WHEEL_CLOCKS) * self.fixture.bus_period_ns

    def carrier_seen(self, start_ns: int, end_ns: int) -> tuple[int, int]:
        """Return the edges ``[first, end)`` that see the synchronised carrier of an arrival."""
        return self.edge_after(start_ns) + self.carrier_sync, self.edge_after(end_ns) + self.carrier_sync

    def own_carrier_seen(self, rise_ns: int, fall_ns: int) -> tuple[int, int]:
        """Return the edges that see the carrier that the PHY returns of an own transmission."""
        return self.carrier_seen(rise_ns, fall_ns)

    # -- choosing stimuli ----------------------------------------------------------------------------------------------

    def sample(self, stimuli: Sequence[T], step: int = 7) -> list[T]:
        """Return all stimuli, or in a quick run the first, the last and every ``step``-th."""
        if self.is_thorough:
            return list(stimuli)
        chosen = list(stimuli[::step])
        return chosen if not stimuli or (len(stimuli) - 1) % step == 0 else [*chosen, stimuli[-1]]

    def symbols(self, octets: bytes) -> bytes:
        """Return octets as symbols of this fixture's clock."""
        return rules.to_symbols(octets, self.bits)

    def wire(self, frame_with_fcs: bytes) -> bytes:
        """Return a whole transmission, preamble to FCS, as symbols."""
        return rules.on_wire(frame_with_fcs, self.bits)

    def carrier(self, start_ns: int, duration_ns: int) -> Arrival:
        """Return an arrival that is nothing but carrier: preamble without end."""
        edges = -(-duration_ns // self.period_ns) + 1
        symbols = rules.to_symbols(b"\x55" * (edges * self.bits // 8 + 1), self.bits)[:edges]
        return Arrival(start_ns, symbols, duration_ns=duration_ns)

    def data(self, octets: int, destination: bytes = PEER_MAC, source: bytes = OWN_MAC, kind: int = 0x88B5) -> bytes:
        """Return a frame without FCS of ``octets`` octets and random content."""
        return destination + source + kind.to_bytes(2, "big") + self.random.randbytes(octets - 14)

    # -- registers -----------------------------------------------------------------------------------------------------

    async def bus(self, *operations: Operation) -> list[Result]:
        """Do one batch."""
        return await self.fixture.bus.transaction(operations)

    async def read(self, address: int) -> int:
        """Read a register."""
        return cast(int, (await self.bus(Read32(address)))[0])

    async def write(self, address: int, value: int) -> None:
        """Write a register."""
        await self.bus(Write32(address, value))

    async def set_up(
        self,
        *,
        control: int = 0,
        without: int = 0,
        ring: tuple[int, int] = (RING_START, RING_STOP),
        half_duplex_phy: bool = True,
        sqe_test: bool = True,
        **settings: int,
    ) -> None:
        """Reset the adapter and set it up anew, transmitter and receiver on; ``control`` and ``without`` are of CTRL.

        ``settings`` are those of :func:`configuration`. The PHY has an SQE test at 10 Mb/s, unless told otherwise.
        """
        fixture = self.fixture
        await self.write(reg.REG_CTRL, reg.CTRL_SOFT_RESET)
        await self.sleep(RESET_NS)
        fixture.set_phy(half_duplex=half_duplex_phy, sqe_test=sqe_test and fixture.speed_mbps == 10)
        capabilities = await self.read(reg.REG_CAPS)
        self.collision_sync = (capabilities & reg.CAPS_COL_SYNC) >> reg.CAPS_COL_SYNC_LSB
        self.carrier_sync = (capabilities & reg.CAPS_CRS_SYNC) >> reg.CAPS_CRS_SYNC_LSB
        speed = reg.CTRL_SPEED100 if fixture.speed_mbps == 100 else 0
        value = (reg.CTRL_RESET | reg.CTRL_TX_EN | reg.CTRL_RX_EN | speed | control) & ~without
        self._ring = ring
        self._next_page = ring[0]
        await self.bus(*configuration(value, OWN_MAC, ring, **settings))
        await self.sleep(RESET_NS)

    async def counters(self) -> dict[str, int]:
        """Read all management counters, by their clause 30 names, after they have caught up."""
        await self.sleep(100 * self.fixture.bus_period_ns)
        octets = cast(bytes, (await self.bus(ReadBlock(reg.WIN_COUNTERS, reg.WIN_COUNTERS_OCTETS)))[0])
        words = [int.from_bytes(octets[at : at + 4], "little") for at in range(0, len(octets), 4)]
        return {name: words[index] for index, name in reg.COUNTER_NAMES.items()}

    async def counted_since(self, before: dict[str, int]) -> dict[str, int]:
        """Return by how much each counter moved that did."""
        after = await self.counters()
        return {name: after[name] - before[name] & 0xFFFF_FFFF for name in after if after[name] != before[name]}

    # -- transmit ------------------------------------------------------------------------------------------------------

    async def queue(self, frame: bytes, slot: int = 0) -> Sending:
        """Fill a slot and queue it; ``frame`` is destination address to data."""
        page = slot * SLOT_PAGES
        base = reg.TX_SLOT_STRIDE * slot
        await self.bus(
            WriteBlock(reg.WIN_BUFFER + page * PAGE_OCTETS, padded(frame)),
            Write32(reg.REG_TX_PAGE + base, page),
            Write32(reg.REG_TX_OCTETS + base, len(frame)),
            Write32(reg.REG_TX_COMMAND + base, reg.TX_COMMAND_SEND),
        )
        return Sending(slot, frame, self.now_ns - ACKNOWLEDGE_CLOCKS * self.fixture.bus_period_ns)

    async def again(self, slot: int = 0) -> Sending:
        """Queue a slot once more, as it is."""
        await self.write(reg.REG_TX_COMMAND + reg.TX_SLOT_STRIDE * slot, reg.TX_COMMAND_SEND)
        return Sending(slot, b"", self.now_ns - ACKNOWLEDGE_CLOCKS * self.fixture.bus_period_ns)

    async def outcome(self, slot: int = 0, patience_ns: int = PATIENCE_NS) -> int:
        """Wait until a slot is done, acknowledge its interrupt, and return TX_STATUS."""
        kernel = self.fixture.kernel
        irq = self.fixture.bus.irq
        deadline_ns = self.now_ns + patience_ns
        while True:
            await kernel.wait_first(irq, deadline_ns=deadline_ns)
            results = await self.bus(
                Write32(reg.REG_INT_STATUS, reg.INT_STATUS_TX | reg.INT_STATUS_TX_ERR),
                Read32(reg.REG_TX_STATUS + reg.TX_SLOT_STRIDE * slot),
            )
            status = cast(int, results[1])
            if status & reg.TX_STATUS_DONE:
                return status
            if self.now_ns >= deadline_ns:
                raise LostFrameError(f"transmit slot {slot} was not done after {patience_ns} ns")

    async def transmit(self, frame: bytes) -> int:
        """Send a frame through slot 0 and return TX_STATUS."""
        await self.queue(frame)
        return await self.outcome()

    # -- receive -------------------------------------------------------------------------------------------------------

    async def hear(self, receptions: Iterable[bytes], gap_bits: int = 96) -> list[Received]:
        """Let ``receptions`` (symbols, preamble to end) arrive one after the other, and return what was stored.

        The ring is emptied whenever it might fill.
        """
        room = (self._ring[1] - self._ring[0] - 2) * PAGE_OCTETS // 2
        stored: list[Received] = []
        batch: list[bytes] = []
        octets = 0
        for symbols in receptions:
            size = len(symbols) * self.bits // 8 + PAGE_OCTETS
            if batch and octets + size > room:
                stored += await self._hear_batch(batch, gap_bits)
                batch, octets = [], 0
            batch.append(symbols)
            octets += size
        if batch:
            stored += await self._hear_batch(batch, gap_bits)
        return stored

    async def _hear_batch(self, receptions: Sequence[bytes], gap_bits: int) -> list[Received]:
        await self.let_arrive(receptions, gap_bits)
        return await self.drain()

    async def let_arrive(self, receptions: Sequence[bytes], gap_bits: int = 96) -> None:
        """Let receptions arrive, and wait until the adapter is done with them; nothing is taken out of the ring."""
        arrivals = []
        at_ns = 4 * self.period_ns
        for symbols in receptions:
            arrivals.append(Arrival(at_ns, symbols))
            at_ns += len(symbols) * self.period_ns + gap_bits * self.bit_ns
        self.fixture.play(arrivals)
        await self.sleep(at_ns + 20 * max(self.period_ns, 4 * self.bit_ns) + 100 * self.fixture.bus_period_ns)

    async def drain(self) -> list[Received]:
        """Take every stored frame out of the ring."""
        start, stop = self._ring
        frames: list[Received] = []
        current = await self.read(reg.REG_RX_CURR)
        while self._next_page != current:
            page = self._next_page
            header = await self._ring_octets(page, 0, reg.RX_HEADER_OCTETS)
            status = int.from_bytes(header[0:2], "little")
            length = int.from_bytes(header[2:4], "little")
            octets = await self._ring_octets(page, reg.RX_HEADER_OCTETS, length)
            frames.append(Received(octets, status, int.from_bytes(header[8:16], "little"), page))
            if not start <= header[4] < stop or len(frames) > stop - start:
                raise LostFrameError(f"the ring is broken: the frame at page {page} says that page {header[4]} follows")
            self._next_page = header[4]
        await self.write(reg.REG_RX_BNRY, self._next_page)
        return frames

    async def _ring_octets(self, page: int, offset: int, octets: int) -> bytes:
        """Read from the ring, ``offset`` octets after the start of ``page``, around its end."""
        start, stop = self._ring
        words = -(-octets // 4) * 4
        at = page * PAGE_OCTETS + offset
        if at >= stop * PAGE_OCTETS:
            at -= (stop - start) * PAGE_OCTETS
        first = min(words, stop * PAGE_OCTETS - at)
        operations = [ReadBlock(reg.WIN_BUFFER + at, first)]
        if first < words:
            operations.append(ReadBlock(reg.WIN_BUFFER + start * PAGE_OCTETS, words - first))
        results = await self.bus(*operations)
        return b"".join(cast(bytes, result) for result in results)[:octets]
