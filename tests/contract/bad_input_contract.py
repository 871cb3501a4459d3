"""What a careless driver may do to the adapter: coroutines that hold on every backend.

Each takes a :class:`BadInputBench`: the buses of two adapters on one segment with nobody else, in any state. One of
them gets the bad input, the other is its witness. Whatever the input: the answer is the documented one
(docs/adapter.md, docs/registers.md), frames before and after it are whole, and both adapters work on.
"""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Write32, WriteBlock, padded, read32, read_block
from rig.errors import BusError
from rig.runtime.kernel import Scheduler
from rig.units import bit_time_ns
from rig.wire.fcs import FCS_OCTETS, has_good_fcs

PAGE_OCTETS = 256
RESET_READS = 5  # a soft reset lasts 16 bus clocks, an access 4
RESET_NS = 5_000  # until the MII domains of 10 Mb/s have been reset too
SLOT_PAGES = 6
RING_START = r.TX_SLOT_COUNT * SLOT_PAGES
RING_PAGES = 8
PATIENCE_NS = 100_000_000
MACS = (b"\x02\x00\x00\x00\x00\x0a", b"\x02\x00\x00\x00\x00\x0b")
HOLE = r.REG_ERROR + 4
OUTSIDE = (HOLE, r.ADDRESS_OCTETS, 0xFFFFFFFC)


@dataclass(slots=True)
class Station:
    """One adapter, set up plainly: slots of six pages, then a ring."""

    scheduler: Scheduler
    bus: AdapterBus
    number: int
    control: int
    """CTRL when everything is on."""
    page: int = RING_START
    """Where the next frame begins."""
    sent: int = 0
    """Slots used so far."""
    counters: tuple[int, ...] = field(default_factory=tuple)
    """As they were after the set-up."""

    async def set_up(self) -> None:
        """Reset the adapter and switch it on."""
        low, high = struct.unpack("<IH", MACS[self.number])
        await self.bus.transaction([Write32(r.REG_CTRL, r.CTRL_SOFT_RESET), *[Read32(r.REG_ID)] * RESET_READS])
        await self.scheduler.sleep_until(self.scheduler.now_ns + RESET_NS)
        await self.bus.transaction(
            [
                Write32(r.REG_CTRL, self.control & ~(r.CTRL_TX_EN | r.CTRL_RX_EN)),
                Write32(r.REG_MAC_ADDR_LO, low),
                Write32(r.REG_MAC_ADDR_HI, high),
                Write32(r.REG_BACKOFF_SEED, self.number + 1),
                Write32(r.REG_RX_START, RING_START),
                Write32(r.REG_RX_STOP, RING_START + RING_PAGES),
                Write32(r.REG_RX_BNRY, RING_START),
                Write32(r.REG_INT_STATUS, 0xFF),
                Write32(r.REG_ERROR, 0xFF),
                Write32(r.REG_CTRL, self.control),
            ]
        )
        self.page, self.sent = RING_START, 0
        self.counters = await self._read_counters()

    def frame(self, octets: int, mark: int) -> bytes:
        """Return a frame of ``octets`` octets to the other station that ``mark`` tells from others."""
        header = MACS[1 - self.number] + MACS[self.number] + b"\x88\xb5"
        return header + bytes(mark + 7 * index & 0xFF for index in range(octets - len(header)))

    def command(self, slot: int, octets: int, page: int | None = None) -> WriteBlock:
        """Return the operation that queues a slot."""
        registers = struct.pack("<3I", slot * SLOT_PAGES if page is None else page, octets, r.TX_COMMAND_SEND)
        return WriteBlock(r.REG_TX_PAGE + slot * r.TX_SLOT_STRIDE, registers)

    def send_operations(self, frame: bytes) -> list[Operation]:
        """Return the operations that queue ``frame`` in the next slot."""
        slot = self.sent % r.TX_SLOT_COUNT
        self.sent += 1
        buffer = r.WIN_BUFFER + slot * SLOT_PAGES * PAGE_OCTETS
        return [WriteBlock(buffer, padded(frame)), self.command(slot, len(frame))]

    async def send(self, *frames: bytes) -> None:
        """Queue frames in the next slots and wait until they have been sent without error."""
        first = self.sent
        for frame in frames:
            await self.bus.transaction(self.send_operations(frame))
        for number in range(first, self.sent):
            assert (await self.outcome(number % r.TX_SLOT_COUNT)) & r.TX_STATUS_OK

    async def outcome(self, slot: int) -> int:
        """Wait until a slot is not queued; return its TX_STATUS."""
        base = slot * r.TX_SLOT_STRIDE
        deadline_ns = self.scheduler.now_ns + PATIENCE_NS
        while True:
            command, status = cast(
                "list[int]",
                await self.bus.transaction([Read32(r.REG_TX_COMMAND + base), Read32(r.REG_TX_STATUS + base)]),
            )
            if not command & r.TX_COMMAND_SEND:
                return status
            assert self.scheduler.now_ns < deadline_ns, f"slot {slot} hangs"
            await self.scheduler.sleep_until(self.scheduler.now_ns + 10_000)

    async def stored(self, *, release: bool = True) -> list[bytes]:
        """Return the good frames in the ring without FCS, and give their pages back."""
        end = await read32(self.bus, r.REG_RX_CURR)
        frames = []
        ring = await read_block(self.bus, r.WIN_BUFFER + RING_START * PAGE_OCTETS, RING_PAGES * PAGE_OCTETS)
        page = self.page
        while page != end:
            at = (page - RING_START) * PAGE_OCTETS
            status, octets, page, _ = struct.unpack_from(r.RX_HEADER_FORMAT, ring, at)
            frame = (ring + ring)[at + r.RX_HEADER_OCTETS : at + r.RX_HEADER_OCTETS + octets]
            assert status & r.RxStatus.OK and has_good_fcs(frame), f"a stored frame is damaged: {frame.hex()}"
            frames.append(frame[:-FCS_OCTETS])
        if release:
            self.page = page
            await self.bus.transaction([Write32(r.REG_RX_BNRY, page)])
        return frames

    async def _read_counters(self) -> tuple[int, ...]:
        window = await read_block(self.bus, r.WIN_COUNTERS, r.WIN_COUNTERS_OCTETS)
        return struct.unpack(f"<{len(window) // 4}I", window)

    async def counted(self, index: int) -> int:
        """Return by how much a counter has moved since the set-up."""
        return ((await self._read_counters())[index] - self.counters[index]) & 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class BadInputBench:
    """Two adapters on a segment, and how that segment is."""

    scheduler: Scheduler
    buses: tuple[AdapterBus, AdapterBus]
    speed_mbps: int
    full_duplex: bool

    async def stations(self) -> tuple[Station, Station]:
        """Set both adapters up; return the one that gets the bad input, and its witness."""
        control = r.CTRL_RESET | r.CTRL_TX_EN | r.CTRL_RX_EN
        control &= ~r.CTRL_SPEED100
        control |= (r.CTRL_FULL_DUPLEX if self.full_duplex else 0) | (r.CTRL_SPEED100 if self.speed_mbps == 100 else 0)
        victim, witness = (Station(self.scheduler, bus, number, control) for number, bus in enumerate(self.buses))
        await victim.set_up()
        await witness.set_up()
        return victim, witness

    async def wire_time(self, octets: int) -> None:
        """Wait as long as a frame of ``octets`` octets takes, preamble included."""
        await self.scheduler.sleep_until(self.scheduler.now_ns + octets * 8 * bit_time_ns(self.speed_mbps))


Contract = Callable[[BadInputBench], Awaitable[None]]


async def insist_that_both_work(victim: Station, witness: Station) -> None:
    """Exchange a frame in each direction."""
    for sender, receiver in ((victim, witness), (witness, victim)):
        frame = sender.frame(200, 0x5A)
        await sender.send(frame)
        await sender.scheduler.sleep_until(sender.scheduler.now_ns + 10_000)  # until it is stored
        assert await receiver.stored() == [frame]


async def refused(bus: AdapterBus, operation: Operation) -> None:
    """Insist on a bus error."""
    try:
        await bus.transaction([operation])
    except BusError as error:
        assert error.address == operation.address
    else:
        raise AssertionError(f"{operation} was done")


async def accesses_outside_the_map_disturb_no_frame(bench: BadInputBench) -> None:
    """They are refused, at sender and receiver of a frame that is under way."""
    victim, witness = await bench.stations()
    frame = victim.frame(1000, 1)
    await victim.bus.transaction(victim.send_operations(frame))
    for address in OUTSIDE:
        for bus in bench.buses:
            await refused(bus, Read32(address))
            await refused(bus, Write32(address, 0xFFFFFFFF))
            await refused(bus, WriteBlock(address, bytes(64)))
    await refused(victim.bus, Write32(r.REG_RX_CURR, 0))
    assert await victim.outcome(0) & r.TX_STATUS_OK
    await bench.wire_time(10)
    assert await witness.stored() == [frame]
    await insist_that_both_work(victim, witness)


async def impossible_lengths_disturb_no_neighbour(bench: BadInputBench) -> None:
    """Length 0, longer than a frame, beyond the buffer: that slot is refused, the slots around it are sent."""
    pages = await read32(bench.buses[0], r.REG_CAPS) & r.CAPS_BUFFER_PAGES
    for page, octets in ((SLOT_PAGES, 0), (SLOT_PAGES, 13), (SLOT_PAGES, 1515), (SLOT_PAGES, 2047), (pages - 1, 257)):
        victim, witness = await bench.stations()
        first, last = victim.frame(300, 1), victim.frame(400, 2)
        operations = victim.send_operations(first)
        operations.append(victim.command(1, octets, page))
        victim.sent += 1
        await victim.bus.transaction(operations + victim.send_operations(last))
        assert await victim.outcome(1) == r.TX_STATUS_DONE | r.TX_STATUS_BAD_COMMAND, f"{octets} octets at page {page}"
        assert await victim.outcome(0) & r.TX_STATUS_OK
        assert await victim.outcome(2) & r.TX_STATUS_OK
        error, causes = cast("list[int]", await victim.bus.transaction([Read32(r.REG_ERROR), Read32(r.REG_INT_STATUS)]))
        assert error == r.ERROR_TX_LENGTH and causes & r.INT_STATUS_TX_ERR
        await bench.wire_time(10)
        assert await witness.stored() == [first, last]
        assert await victim.counted(r.CNT_AFRAMESTRANSMITTEDOK) == 2
        await insist_that_both_work(victim, witness)


async def a_frame_beyond_its_slot_only_reads(bench: BadInputBench) -> None:
    """A slot has no end of its own: what lies behind is sent with the frame, and stays as it is."""
    victim, witness = await bench.stations()
    whole = victim.frame(PAGE_OCTETS + 100, 3)
    neighbour = victim.frame(500, 4)
    buffer = r.WIN_BUFFER + (SLOT_PAGES - 1) * PAGE_OCTETS
    await victim.bus.transaction(
        [
            WriteBlock(buffer, whole[:PAGE_OCTETS]),
            WriteBlock(buffer + PAGE_OCTETS, padded(neighbour)),
            victim.command(0, len(whole), SLOT_PAGES - 1),
            victim.command(1, len(neighbour)),
        ]
    )
    assert await victim.outcome(0) & await victim.outcome(1) & r.TX_STATUS_OK
    await bench.wire_time(10)
    assert await witness.stored() == [whole[:PAGE_OCTETS] + neighbour[:100], neighbour]


async def an_impossible_ring_stores_nothing(bench: BadInputBench) -> None:
    """Backwards, empty, of one page or beyond the memory: the receiver stays off and no octet of the memory changes."""
    victim, witness = await bench.stations()
    size = (await read32(victim.bus, r.REG_CAPS) & r.CAPS_BUFFER_PAGES) * PAGE_OCTETS
    pages = size // PAGE_OCTETS
    pattern = bytes(range(256)) * pages
    for start, stop in ((12, 10), (10, 10), (10, 11), (10, pages + 1), (pages, 255)):
        await victim.bus.transaction(
            [
                Write32(r.REG_CTRL, victim.control & ~r.CTRL_RX_EN),
                WriteBlock(r.WIN_BUFFER, pattern),
                Write32(r.REG_RX_START, start),
                Write32(r.REG_RX_STOP, stop),
                Write32(r.REG_RX_BNRY, start),
                Write32(r.REG_CTRL, victim.control),
            ]
        )
        results = await victim.bus.transaction([Read32(r.REG_CTRL), Read32(r.REG_ERROR)])
        assert results == [victim.control & ~r.CTRL_RX_EN, r.ERROR_RING_CONFIG], f"pages {start} to {stop}"
        await victim.bus.transaction([Write32(r.REG_ERROR, r.ERROR_RING_CONFIG)])
        await witness.send(witness.frame(300, 5))
        await bench.wire_time(10)
        assert await read_block(victim.bus, r.WIN_BUFFER, size) == pattern
        assert not await read32(victim.bus, r.REG_INT_STATUS) & (r.INT_STATUS_RX | r.INT_STATUS_RX_OVERRUN)
    await victim.set_up()
    await insist_that_both_work(victim, witness)


async def a_boundary_outside_of_the_ring_costs_no_other_memory(bench: BadInputBench) -> None:
    """No page is protected then, and frames run over older ones; nothing but the ring is ever written."""
    for boundary in (0, RING_START - 1, RING_START + RING_PAGES, 255):
        victim, witness = await bench.stations()
        size = (await read32(victim.bus, r.REG_CAPS) & r.CAPS_BUFFER_PAGES) * PAGE_OCTETS
        behind = r.WIN_BUFFER + (RING_START + RING_PAGES) * PAGE_OCTETS
        before, after = bytes(range(256)) * RING_START, bytes(range(255, -1, -1)) * (size // PAGE_OCTETS)
        after = after[: size - len(before) - RING_PAGES * PAGE_OCTETS]
        await victim.bus.transaction(
            [WriteBlock(r.WIN_BUFFER, before), WriteBlock(behind, after), Write32(r.REG_RX_BNRY, boundary)]
        )
        for mark in range(12):  # once and a half around the ring
            await witness.send(witness.frame(200, mark))
        await bench.wire_time(10)
        assert await read_block(victim.bus, r.WIN_BUFFER, len(before)) == before, f"RX_BNRY {boundary}"
        assert await read_block(victim.bus, behind, len(after)) == after, f"RX_BNRY {boundary}"
        assert await victim.counted(r.CNT_AFRAMESRECEIVEDOK) == 12
        assert await read32(victim.bus, r.REG_RX_CURR) == RING_START + 12 % RING_PAGES
        restart = [Write32(r.REG_CTRL, victim.control & ~r.CTRL_RX_EN), Write32(r.REG_RX_BNRY, RING_START)]
        await victim.bus.transaction([*restart, Write32(r.REG_CTRL, victim.control)])
        await insist_that_both_work(victim, witness)


async def a_ring_moved_in_use_ends_within_the_buffer(bench: BadInputBench) -> None:
    """RX_STOP below the page at hand is not met: pages count up to the end of the buffer and on from page 0."""
    victim, witness = await bench.stations()
    pages = await read32(victim.bus, r.REG_CAPS) & r.CAPS_BUFFER_PAGES
    octets = 1500
    each = -(-(r.RX_HEADER_OCTETS + octets + FCS_OCTETS) // PAGE_OCTETS)
    count = (pages - RING_START) // each + 1
    await victim.bus.transaction([Write32(r.REG_RX_STOP, RING_START), Write32(r.REG_RX_BNRY, 255)])
    for mark in range(count):
        await witness.send(witness.frame(octets, mark))
    await bench.wire_time(10)
    assert await victim.counted(r.CNT_AFRAMESRECEIVEDOK) == count
    assert pages & (pages - 1) == 0, "what follows counts modulo a power of two"
    assert await read32(victim.bus, r.REG_RX_CURR) == (RING_START + count * each) % pages
    await victim.set_up()
    await insist_that_both_work(victim, witness)


async def pages_that_are_never_released_cost_new_frames_only(bench: BadInputBench) -> None:
    """RX_BNRY stays: what was stored stays, further frames are lost and counted, and releasing repairs it."""
    victim, witness = await bench.stations()
    frames = [witness.frame(400 + mark, mark) for mark in range(6)]  # two pages each; one page is always kept empty
    for frame in frames:
        await witness.send(frame)
    await bench.wire_time(10)
    held = (RING_PAGES - 1) // 2
    assert await victim.stored(release=False) == frames[:held]
    assert await read32(victim.bus, r.REG_INT_STATUS) & r.INT_STATUS_RX_OVERRUN
    assert await victim.counted(r.CNT_AFRAMESRECEIVEDOK) == held
    assert await victim.counted(r.CNT_AFRAMESLOSTDUETOINTMACRCVERROR) == len(frames) - held
    assert await victim.stored() == frames[:held], "the frames that were lost have not touched the stored ones"
    await insist_that_both_work(victim, witness)


async def a_queued_slot_is_sent_once_as_it_was_queued(bench: BadInputBench) -> None:
    """Writes to its registers and a second SEND are ignored and reported."""
    victim, witness = await bench.stations()
    first, second = victim.frame(700, 6), victim.frame(300, 7)
    await victim.bus.transaction(victim.send_operations(first) + victim.send_operations(second))
    base = r.TX_SLOT_STRIDE  # of the second slot, which waits for the first
    results = await victim.bus.transaction(
        [
            Write32(r.REG_TX_COMMAND + base, r.TX_COMMAND_SEND),
            Read32(r.REG_ERROR),
            Write32(r.REG_ERROR, r.ERROR_TX_BUSY_SLOT),
            Write32(r.REG_TX_PAGE + base, 0),
            Read32(r.REG_ERROR),
            Write32(r.REG_ERROR, r.ERROR_TX_BUSY_SLOT),
            Write32(r.REG_TX_OCTETS + base, 60),
            Write32(r.REG_TX_COMMAND + base, 0),
            Write32(r.REG_TX_OCTETS, 0),  # of the slot that is being sent
            Read32(r.REG_ERROR),
            ReadBlock(r.REG_TX_PAGE + base, 12),
        ]
    )
    assert [results[1], results[4], results[9]] == [r.ERROR_TX_BUSY_SLOT] * 3
    assert results[10] == struct.pack("<3I", SLOT_PAGES, len(second), r.TX_COMMAND_SEND)
    assert await victim.outcome(0) & await victim.outcome(1) & r.TX_STATUS_OK
    await bench.wire_time(2000)
    assert await witness.stored() == [first, second]
    assert await victim.counted(r.CNT_AFRAMESTRANSMITTEDOK) == 2
    await insist_that_both_work(victim, witness)


async def a_reset_of_the_sender_in_mid_frame(bench: BadInputBench) -> None:
    """The frame breaks off; the witness stores nothing of it, keeps what it had, and both work on."""
    for octets_sent in (4, 30, 300):
        victim, witness = await bench.stations()
        kept = victim.frame(200, 8)
        await victim.send(kept)
        await bench.wire_time(10)
        await victim.bus.transaction(victim.send_operations(victim.frame(1000, 9)))
        await bench.wire_time(octets_sent)
        await victim.set_up()
        await bench.wire_time(100)
        assert await witness.stored() == [kept]
        await insist_that_both_work(victim, witness)


async def a_reset_of_the_receiver_in_mid_frame(bench: BadInputBench) -> None:
    """The frame is not stored, nor is its rest; the sender does not notice."""
    for octets_sent in (4, 30, 300):
        victim, witness = await bench.stations()
        await witness.bus.transaction(witness.send_operations(witness.frame(1000, 10)))
        await bench.wire_time(octets_sent)
        await victim.set_up()
        assert await witness.outcome(0) & r.TX_STATUS_OK
        await bench.wire_time(10)
        assert await victim.stored() == []
        await insist_that_both_work(victim, witness)


async def a_receiver_switched_off_and_on_in_mid_frame(bench: BadInputBench) -> None:
    """The ring begins anew, and half a frame never enters it."""
    victim, witness = await bench.stations()
    await witness.send(witness.frame(200, 11))
    await witness.bus.transaction(witness.send_operations(witness.frame(1000, 12)))
    await bench.wire_time(300)
    await victim.bus.transaction(
        [Write32(r.REG_CTRL, victim.control & ~r.CTRL_RX_EN), Write32(r.REG_CTRL, victim.control)]
    )
    assert await witness.outcome(1) & r.TX_STATUS_OK
    await bench.wire_time(10)
    assert await victim.stored() == []
    await insist_that_both_work(victim, witness)


CONTRACT: Sequence[Contract] = (
    accesses_outside_the_map_disturb_no_frame,
    impossible_lengths_disturb_no_neighbour,
    a_frame_beyond_its_slot_only_reads,
    an_impossible_ring_stores_nothing,
    a_ring_moved_in_use_ends_within_the_buffer,
    a_boundary_outside_of_the_ring_costs_no_other_memory,
    pages_that_are_never_released_cost_new_frames_only,
    a_queued_slot_is_sent_once_as_it_was_queued,
    a_reset_of_the_sender_in_mid_frame,
    a_reset_of_the_receiver_in_mid_frame,
    a_receiver_switched_off_and_on_in_mid_frame,
)
