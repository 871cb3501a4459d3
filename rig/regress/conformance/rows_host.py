"""Rows MAC-6.2 and MAC-7.1: management of the PHY, receive ring and interrupts (clause 22; docs/adapter.md)."""

from __future__ import annotations

from collections.abc import Sequence

from rig.adapter import registers as reg
from rig.adapter.bus import Write32, WriteBlock, padded
from rig.regress.conformance import rules
from rig.regress.conformance.fixture import MDIO_PHY_ADDRESS, MdioFrame
from rig.regress.conformance.mac import OWN_MAC, PAGE_OCTETS, PEER_MAC, RING_START, Mac
from rig.regress.conformance.rows_collision import COLLISION_BITS

MDC_MIN_PERIOD_NS = 400
MDC_MIN_LEVEL_NS = 160
"""IEEE Std 802.3-2022 22.2.2.13: MDC."""

PREAMBLE_BITS, FRAME_BITS = 32, 32
OP_READ, OP_WRITE = 0b10, 0b01
ABSENT_PHYS = (0, 2, 17, 31)
WRITABLE_REGISTERS = (0, 4, 7, 16, 31)
FIXED_REGISTERS = {2: 0x0022, 3: 0x1560}
STORE_CLOCKS = 16
"""Bus clocks from the time stamp of a frame to its last header word, at which INT RX is set."""
MANY = 255
"""Largest IRQ_MODERATION.COUNT."""
BUFFER_PAGES = 64
MODERATION_CLOCKS = 64
"""Unit of IRQ_MODERATION.TIME."""


# -- MDIO --------------------------------------------------------------------------------------------------------------


async def mdio(mac: Mac) -> None:
    """MAC-6.2: read and write, with and without preamble, of a PHY that is there and of one that is not.

    MDC is no faster than 2.5 MHz; on the wires the frames are those of 22.2.4.5, and the turnaround is the PHY's.
    """
    tally = mac.tally
    await mac.set_up()
    await mac.write(reg.REG_INT_MASK, reg.INT_STATUS_MDIO_DONE)
    seen = len(mac.fixture.mdio_frames() or [])
    expected: list[tuple[bool, int, int, int, int, bool]] = []
    for short in (False, True):
        name = "without preamble" if short else "with preamble"
        for register, value in FIXED_REGISTERS.items():
            got = await _mdio(mac, expected, MDIO_PHY_ADDRESS, register, short=short)
            tally.equal(got, (value, False), f"read of register {register} {name}")
        for register in WRITABLE_REGISTERS:
            for value in (0x5555, 0x2AAA, 1 << register % 15, 0):
                await _mdio(mac, expected, MDIO_PHY_ADDRESS, register, write=value, short=short)
                got = await _mdio(mac, expected, MDIO_PHY_ADDRESS, register, short=short)
                tally.equal(got, (value, False), f"register {register} after a write of {value:#x} {name}")
        for phy in ABSENT_PHYS:
            await _mdio(mac, expected, phy, 4, write=0x1234, short=short)
            got = await _mdio(mac, expected, phy, 4, short=short)
            tally.equal(got, (0xFFFF, True), f"read of absent PHY {phy} {name}")
        got = await _mdio(mac, expected, MDIO_PHY_ADDRESS, 4, short=short)
        tally.equal(got, (0, False), f"register 4 after writes to absent PHYs {name}")
    frames = mac.fixture.mdio_frames()
    if frames is not None:
        _check_wires(mac, frames[seen:], expected)
    # A write while BUSY is ignored.
    await mac.bus(*(Write32(reg.REG_MDIO, MDIO_PHY_ADDRESS << reg.MDIO_PHYAD_LSB | register << reg.MDIO_REGAD_LSB)
                    for register in (2, 3)))  # fmt: skip
    await mac.sleep((PREAMBLE_BITS + FRAME_BITS + 4) * 2 * MDC_MIN_PERIOD_NS)
    tally.equal(await mac.read(reg.REG_MDIO) & reg.MDIO_DATA, FIXED_REGISTERS[2], "a second write while BUSY")


async def _mdio(
    mac: Mac,
    expected: list[tuple[bool, int, int, int, int, bool]],
    phy: int,
    register: int,
    *,
    write: int | None = None,
    short: bool,
) -> tuple[int, bool]:
    """Do one management frame; return DATA and NO_ANSWER. What the wires must have shown goes to ``expected``."""
    tally = mac.tally
    value = phy << reg.MDIO_PHYAD_LSB | register << reg.MDIO_REGAD_LSB
    if write is not None:
        value |= write | reg.MDIO_WRITE
    if short:
        value |= reg.MDIO_NO_PREAMBLE
    await mac.bus(Write32(reg.REG_INT_STATUS, reg.INT_STATUS_MDIO_DONE), Write32(reg.REG_MDIO, value))
    executed_ns = mac.now_ns - 3 * mac.fixture.bus_period_ns
    name = f"management frame {value:#x}"
    tally.check(bool(await mac.read(reg.REG_MDIO) & reg.MDIO_BUSY), f"{name}: not BUSY after it was started")
    bits = FRAME_BITS if short else PREAMBLE_BITS + FRAME_BITS
    deadline_ns = mac.now_ns + 4 * bits * MDC_MIN_PERIOD_NS
    answered = await mac.fixture.kernel.wait_first(mac.fixture.bus.irq, deadline_ns=deadline_ns)
    tally.check(answered is not None, f"{name}: no MDIO_DONE")
    took_ns = mac.now_ns - executed_ns
    clock_ns = mac.fixture.bus_period_ns
    tally.check(took_ns >= bits * MDC_MIN_PERIOD_NS, f"{name}: over after {took_ns} ns, MDC is too fast")
    half_clocks = -(-1_000_000_000 // clock_ns // 5_000_000)
    tally.equal(took_ns, (2 + 2 * half_clocks * bits) * clock_ns, f"{name}: time until the interrupt")
    result = await mac.read(reg.REG_MDIO)
    tally.check(not result & reg.MDIO_BUSY, f"{name}: BUSY after MDIO_DONE")
    data = result & reg.MDIO_DATA
    expected.append((short, OP_READ if write is None else OP_WRITE, phy, register, data, phy == MDIO_PHY_ADDRESS))
    return data, bool(result & reg.MDIO_NO_ANSWER)


def _check_wires(
    mac: Mac, frames: Sequence[MdioFrame], expected: Sequence[tuple[bool, int, int, int, int, bool]]
) -> None:
    tally = mac.tally
    tally.equal(len(frames), len(expected), "management frames on the wires")
    for index, (frame, (short, opcode, phy, register, data, is_there)) in enumerate(
        zip(frames, expected, strict=False)
    ):
        name = f"management frame {index} on the wires"
        tally.equal(
            (frame.opcode, frame.phy, frame.register, frame.data), (opcode, phy, register, data), f"{name}: fields"
        )
        turnaround = "10" if opcode == OP_WRITE else "z0" if is_there else "zz"
        tally.equal(frame.turnaround, turnaround, f"{name}: turnaround")
        tally.check(not frame.is_contended, f"{name}: the adapter drives what is the PHY's")
        if short:
            tally.check(frame.preamble_bits < PREAMBLE_BITS, f"{name}: {frame.preamble_bits} ones, to be suppressed")
        else:
            tally.check(frame.preamble_bits >= PREAMBLE_BITS, f"{name}: only {frame.preamble_bits} ones before it")
        tally.check(frame.period_ns >= MDC_MIN_PERIOD_NS, f"{name}: MDC period of {frame.period_ns} ns")
        tally.check(
            min(frame.high_ns, frame.low_ns) >= MDC_MIN_LEVEL_NS,
            f"{name}: MDC high for {frame.high_ns} ns, low for {frame.low_ns} ns",
        )


# -- ring and interrupts -----------------------------------------------------------------------------------------------


async def ring_and_interrupts(mac: Mac) -> None:
    """MAC-7.1: frames of every number of pages from every page of a ring, around its end; overrun; moderation.

    Ring and slots lie anywhere in the buffer, and all slots are queued at once.
    An overrun leaves what is stored alone, and is counted; the line comes at the very edge that COUNT and TIME say;
    a cause that comes at the edge of its acknowledge is not lost.
    """
    await _wrap(mac)
    await _anywhere(mac)
    await _overrun(mac)
    await _moderation(mac)
    await _no_cause_lost(mac)


def _frame(mac: Mac, size: int) -> bytes:
    return rules.with_fcs(mac.data(size - 4, OWN_MAC, PEER_MAC), pad=False)


async def _wrap(mac: Mac) -> None:
    tally = mac.tally
    pages = 9
    ring = (RING_START, RING_START + pages)
    await mac.set_up(ring=ring)
    current = ring[0]
    for size in (64, 239, 240, 241, 496, 497, 752, 1008, 1264, 1265, 1518):
        taken = -(-(reg.RX_HEADER_OCTETS + size) // PAGE_OCTETS)
        for start in mac.sample(range(*ring), 3):
            while current != start:
                stored = await mac.hear([mac.wire(_frame(mac, 64))])
                tally.equal([each.page for each in stored], [current], "page of a short frame")
                current = current + 1 if current + 1 < ring[1] else ring[0]
            frame = _frame(mac, size)
            stored = await mac.hear([mac.wire(frame)])
            name = f"{size} octets from page {start} of {ring[0]}..{ring[1] - 1}"
            tally.equal([(each.page, each.octets) for each in stored], [(start, frame)], f"{name}: stored")
            current = (start - ring[0] + taken) % pages + ring[0]
            tally.equal(await mac.read(reg.REG_RX_CURR), current, f"{name}: RX_CURR")


async def _anywhere(mac: Mac) -> None:
    """Rings at both ends and in the middle of the buffer; a full queue of frames from pages all over the rest."""
    tally = mac.tally
    for ring in ((0, 9), (BUFFER_PAGES - 9, BUFFER_PAGES), (28, 37)):
        await mac.set_up(ring=ring)
        pages = [page for page in (0, 7, 15, 23, 40, 48, 55, 62) if not ring[0] - 2 < page < ring[1]]
        for first in range(0, len(pages), 2):
            chosen = [pages[(first + slot) % len(pages)] for slot in range(reg.TX_SLOT_COUNT)]
            frames = [mac.data(300 + slot) for slot in range(reg.TX_SLOT_COUNT)]
            mac.fixture.play([])
            for slot, (page, frame) in enumerate(zip(chosen, frames, strict=True)):
                await mac.bus(WriteBlock(reg.WIN_BUFFER + PAGE_OCTETS * page, padded(frame)))
                fields = page.to_bytes(4, "little") + len(frame).to_bytes(4, "little")
                await mac.bus(WriteBlock(reg.REG_TX_PAGE + reg.TX_SLOT_STRIDE * slot, fields))
            commands = [reg.REG_TX_COMMAND + reg.TX_SLOT_STRIDE * slot for slot in range(reg.TX_SLOT_COUNT)]
            control = await mac.read(reg.REG_CTRL)
            if first % 4 == 0:  # none begins before all are queued
                await mac.write(reg.REG_CTRL, control & ~reg.CTRL_TX_EN)
            await mac.bus(*(Write32(address, reg.TX_COMMAND_SEND) for address in commands))
            await mac.write(reg.REG_CTRL, control)
            for slot in range(reg.TX_SLOT_COUNT):
                await mac.outcome(slot)
            await mac.sleep_bits(COLLISION_BITS)
            sent = [each.symbols for each in mac.fixture.sent()]
            wires = [mac.wire(rules.with_fcs(frame)) for frame in frames]
            tally.equal(sent, wires, f"ring from page {ring[0]}, slots at pages {chosen}: sent")
        frames = [_frame(mac, size) for size in (64, 1518, 500, 700)]
        stored = await mac.hear([mac.wire(frame) for frame in frames])
        tally.equal([each.octets for each in stored], frames, f"ring from page {ring[0]}: stored")


async def _overrun(mac: Mac) -> None:
    tally = mac.tally
    pages = 8
    ring = (RING_START, RING_START + pages)
    fits = pages - 1
    for first in range(pages if mac.is_thorough else 2):
        await mac.set_up(ring=ring)
        await mac.hear([mac.wire(_frame(mac, 64)) for _ in range(first)])
        for big in (False, True):
            before = await mac.counters()
            small = [_frame(mac, 64 + index) for index in range(fits - 2 if big else fits)]
            lost = [_frame(mac, 1518)] if big else [_frame(mac, 64), _frame(mac, 200)]
            errors = [] if big else [bytes([*lost[0][:-1], lost[0][-1] ^ 1])]
            not_ours = [] if big else [rules.with_fcs(mac.data(60, PEER_MAC))]
            await mac.write(reg.REG_INT_STATUS, 0xFF)
            await mac.let_arrive([mac.wire(frame) for frame in [*small, *lost, *errors, *not_ours]])
            causes = await mac.read(reg.REG_INT_STATUS)
            stored = [each.octets for each in await mac.drain()]
            name = f"ring full from page {ring[0] + first}, then {'a large frame' if big else 'more'}"
            tally.equal(stored, small, f"{name}: frames stored before the overrun")
            tally.check(bool(causes & reg.INT_STATUS_RX_OVERRUN), f"{name}: INT_STATUS is {causes:#x}")
            counted = await mac.counted_since(before)
            tally.equal(counted.get("aFramesReceivedOK"), len(small), f"{name}: aFramesReceivedOK")
            tally.equal(counted.get("aFramesLostDueToIntMACRcvError"), len(lost), f"{name}: lost and counted")
            tally.equal(counted.get("aFrameCheckSequenceErrors", 0), len(errors), f"{name}: FCS errors")
            after = [_frame(mac, 100), _frame(mac, 64)]
            got = [each.octets for each in await mac.hear([mac.wire(frame) for frame in after])]
            tally.equal(got, after, f"{name}: received when there is room again")


async def _interrupt_after(mac: Mac, count: int, wait_ns: int) -> tuple[int | None, list[int]]:
    """Let ``count`` frames arrive; return when the line rose, if it did, and when each frame's INT RX was set."""
    kernel = mac.fixture.kernel
    rose_ns: list[int] = []

    async def watch() -> None:
        await mac.fixture.bus.irq.wait()
        rose_ns.append(kernel.now_ns)

    task = kernel.spawn(watch(), "interrupt line")
    await mac.let_arrive([mac.wire(_frame(mac, 64)) for _ in range(count)])
    await mac.sleep(wait_ns)
    if not rose_ns:
        task.cancel()
    stored = await mac.drain()
    clock_ns = mac.fixture.bus_period_ns
    return (rose_ns[0] if rose_ns else None), [each.time_ns + STORE_CLOCKS * clock_ns for each in stored]


async def _moderation(mac: Mac) -> None:
    tally = mac.tally
    clock_ns = mac.fixture.bus_period_ns
    frame_ns = (rules.HEADER_BITS + 8 * 64 + 96) * mac.bit_ns
    long_time = 4 * frame_ns // (MODERATION_CLOCKS * clock_ns)
    cases = [(0, 0), (1, 0), (2, 0), (3, 0), (5, 0), (0, 1), (0, 10), (0, long_time), (3, 1), (2, long_time)]
    cases += [(5, long_time), (7, 0)]
    await mac.set_up(part1=0, part2=8)
    for count, time in cases:
        moderation = count << reg.IRQ_MODERATION_COUNT_LSB | time << reg.IRQ_MODERATION_TIME_LSB
        await mac.bus(
            Write32(reg.REG_INT_STATUS, 0xFF),
            Write32(reg.REG_INT_MASK, reg.INT_STATUS_RX),
            Write32(reg.REG_IRQ_MODERATION, moderation),
        )
        for repetition in range(2):  # the second counts anew
            rose_ns, causes_ns = await _interrupt_after(mac, 6, MODERATION_CLOCKS * time * clock_ns)
            due_ns = []
            if not count and not time:
                due_ns.append(causes_ns[0] + clock_ns)
            if count and count <= len(causes_ns):
                due_ns.append(causes_ns[count - 1] + clock_ns)
            if time:
                due_ns.append(causes_ns[0] + (1 + MODERATION_CLOCKS * time) * clock_ns)
            name = f"COUNT {count}, TIME {time}, repetition {repetition}"
            tally.equal(rose_ns, min(due_ns, default=None), f"{name}: the line rose at")
            await mac.write(reg.REG_INT_STATUS, 0xFF)
            await mac.sleep(4 * clock_ns)
            tally.check(not mac.fixture.bus.irq.is_set(), f"{name}: the line after the acknowledge")
    # The largest COUNT, met by slots that are refused; more causes than it can count change nothing.
    for causes in (MANY - 1, MANY, MANY + 20):
        await mac.bus(
            Write32(reg.REG_INT_STATUS, 0xFF),
            Write32(reg.REG_INT_MASK, reg.INT_STATUS_TX),
            Write32(reg.REG_IRQ_MODERATION, MANY << reg.IRQ_MODERATION_COUNT_LSB),
            Write32(reg.REG_TX_OCTETS, 0),
            *[Write32(reg.REG_TX_COMMAND, reg.TX_COMMAND_SEND)] * causes,
        )
        await mac.sleep(4 * clock_ns)
        tally.equal(mac.fixture.bus.irq.is_set(), causes >= MANY, f"the line after {causes} causes at COUNT {MANY}")
    await mac.write(reg.REG_INT_STATUS, 0xFF)
    # Causes that are not moderated do not wait; TX counts with RX.
    await mac.bus(
        Write32(reg.REG_IRQ_MODERATION, 2 << reg.IRQ_MODERATION_COUNT_LSB),
        Write32(reg.REG_INT_MASK, reg.INT_STATUS_RX | reg.INT_STATUS_TX | reg.INT_STATUS_RX_ERR),
    )
    await mac.let_arrive([mac.wire(bytes([*_frame(mac, 64)[:-4], 0, 0, 0, 0]))])
    tally.check(mac.fixture.bus.irq.is_set(), "RX_ERR waits for moderation")
    await mac.write(reg.REG_INT_STATUS, 0xFF)
    await mac.queue(mac.data(60))
    await mac.sleep(2 * frame_ns)
    tally.check(not mac.fixture.bus.irq.is_set(), "one TX cause at COUNT 2 shows")
    await mac.let_arrive([mac.wire(_frame(mac, 64))])
    tally.check(mac.fixture.bus.irq.is_set(), "one TX and one RX cause at COUNT 2 do not show")
    await mac.drain()


async def _no_cause_lost(mac: Mac) -> None:
    """Let LINK change at every bus clock around an acknowledge of it: it is seen on the line before, or stays."""
    tally = mac.tally
    kernel = mac.fixture.kernel
    clock_ns = mac.fixture.bus_period_ns
    await mac.set_up()
    await mac.write(reg.REG_INT_MASK, reg.INT_STATUS_LINK_CHANGE)
    is_up = True
    kept: list[bool] = []
    for offset in range(-10, 11):
        await mac.sleep(40 * clock_ns)
        grid_ns = 4 * clock_ns
        executed_ns = (mac.now_ns // grid_ns + 12) * grid_ns
        is_up = not is_up
        rose: list[int] = []

        async def watch(rose: list[int] = rose) -> None:
            await mac.fixture.bus.irq.wait()
            rose.append(kernel.now_ns)

        async def change(level: bool = is_up, at_ns: int = executed_ns + offset * clock_ns + 3) -> None:
            await kernel.sleep_until(at_ns)
            mac.fixture.set_link(level)

        watcher = kernel.spawn(watch(), "interrupt line")
        changer = kernel.spawn(change(), "link")
        await kernel.sleep_until(executed_ns - grid_ns)
        await mac.write(reg.REG_INT_STATUS, reg.INT_STATUS_LINK_CHANGE)
        tally.equal(mac.now_ns - 3 * clock_ns, executed_ns, "the acknowledge was executed at")
        await changer
        await mac.sleep(20 * clock_ns)
        is_kept = bool(await mac.read(reg.REG_INT_STATUS) & reg.INT_STATUS_LINK_CHANGE)
        name = f"link change {offset} bus clocks after the acknowledge"
        tally.check(bool(rose), f"{name}: never on the line")
        tally.equal(mac.fixture.bus.irq.is_set(), is_kept, f"{name}: the line afterwards")
        if rose and not is_kept:
            tally.check(rose[0] <= executed_ns + clock_ns, f"{name}: cleared by an acknowledge before it")
        kept.append(is_kept)
        if not rose:
            watcher.cancel()
        await mac.write(reg.REG_INT_STATUS, reg.INT_STATUS_LINK_CHANGE)
    tally.equal(kept, sorted(kept), "the cause is kept from some offset on, and not before")
    tally.check(kept[0] is False and kept[-1] is True, f"kept {kept}")
    if not is_up:
        mac.fixture.set_link(True)
