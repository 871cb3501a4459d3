"""Rows MAC-5.x: full duplex, PAUSE, address filters and loopback (IEEE Std 802.3-2022 4.2.3, 4.2.4.1, Annex 31B)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from rig.adapter import registers as reg
from rig.adapter.bus import Read32, WriteBlock, padded
from rig.regress.conformance import rules
from rig.regress.conformance.fixture import Arrival
from rig.regress.conformance.mac import OWN_MAC, PAGE_OCTETS, PEER_MAC, Mac
from rig.regress.conformance.rows_transmit import SIZES

GAP_BITS = 96
COLLISION_COUNTERS = (
    "aSingleCollisionFrames", "aMultipleCollisionFrames", "aLateCollisions", "aFramesAbortedDueToXSColls",
    "aDeferredTransmissions", "aCarrierSenseErrors", "aSQETestErrors", "aFramesWithExcessiveDeferral",
)  # fmt: skip

LINE_SLOTS = 4
LINE_SLOT_PAGES = 6
LINE_RING = (LINE_SLOTS * LINE_SLOT_PAGES, 64)

PAUSE_ADDRESS = bytes.fromhex("0180c2000001")
QUANTUM_BITS = 512


async def full_duplex(mac: Mac) -> None:
    """MAC-5.1: a gap of 96 bits after an own frame and nothing else: carrier and COL, at any bit, change nothing."""
    tally = mac.tally
    await mac.set_up(control=reg.CTRL_FULL_DUPLEX)
    frames = [mac.data(60), mac.data(100)]
    for slot, frame in enumerate(frames):
        await mac.queue(frame, slot)
        await mac.outcome(slot)
    wires = [mac.wire(rules.with_fcs(frame)) for frame in frames]
    before = await mac.counters()
    for bit in mac.sample(range(-30, 1500, 13), 9):
        await mac.sleep_bits(400)
        base_ns = mac.now_ns
        mac.fixture.play([mac.carrier((100 + max(0, bit)) * mac.bit_ns, 300 * mac.bit_ns)])
        await mac.sleep_bits(100 + max(0, -bit))
        sending = await mac.again(0)
        await mac.again(1)
        await mac.outcome(0)
        await mac.outcome(1)
        await mac.fixture.kernel.sleep_until(max(mac.now_ns, base_ns + (500 + max(0, bit)) * mac.bit_ns))
        sent = mac.fixture.sent()
        name = f"carrier from bit {bit}"
        if not tally.equal(len(sent), 2, f"{name}: transmissions"):
            continue
        tally.equal(mac.edge_at(sent[0].rise_ns), mac.waiting_edge(sending.executed_ns), f"{name}: first start")
        tally.equal((sent[1].rise_ns - sent[0].fall_ns) // mac.bit_ns, GAP_BITS, f"{name}: gap")
        tally.equal([each.symbols for each in sent], wires, f"{name}: what was sent")
    counted = await mac.counted_since(before)
    tally.equal([name for name in COLLISION_COUNTERS if name in counted], [], "half-duplex counters that moved")


async def line_rate(mac: Mac) -> None:
    """MAC-5.2: 64 and 1518 octets, back to back, both ways at once: every gap is 96 bits, and nothing is lost."""
    await full_duplex_traffic(mac)


async def full_duplex_traffic(mac: Mac) -> None:
    """Send and hear as much as fits on the medium."""
    tally = mac.tally
    for size, count in ((64, 120 if mac.is_thorough else 24), (1518, 14 if mac.is_thorough else 4)):
        await mac.set_up(control=reg.CTRL_FULL_DUPLEX, ring=LINE_RING)
        frames = [mac.data(size - 4) for _ in range(LINE_SLOTS)]
        for slot, frame in enumerate(frames):
            page = slot * LINE_SLOT_PAGES
            base = reg.TX_SLOT_STRIDE * slot
            registers = page.to_bytes(4, "little") + len(frame).to_bytes(4, "little")
            await mac.bus(
                WriteBlock(reg.WIN_BUFFER + page * PAGE_OCTETS, padded(frame)),
                WriteBlock(reg.REG_TX_PAGE + base, registers),
            )
        before = await mac.counters()
        incoming = [rules.with_fcs(mac.data(size - 4, OWN_MAC, PEER_MAC)) for _ in range(count)]
        frame_ns = (rules.HEADER_BITS + 8 * size + GAP_BITS) * mac.bit_ns
        mac.fixture.play([Arrival(100 + index * frame_ns, mac.wire(each)) for index, each in enumerate(incoming)])
        end_ns = mac.now_ns + 100 + count * frame_ns
        received: list[bytes] = []
        queued = done = 0
        while done < count:
            statuses = await mac.bus(*(Read32(reg.REG_TX_STATUS + reg.TX_SLOT_STRIDE * n) for n in range(LINE_SLOTS)))
            for _ in range(queued - done):
                if not cast(int, statuses[done % LINE_SLOTS]) & reg.TX_STATUS_DONE:
                    break
                done += 1
            while queued < count and queued < done + LINE_SLOTS:
                await mac.again(queued % LINE_SLOTS)
                queued += 1
            received += [each.octets for each in await mac.drain()]
        await mac.fixture.kernel.sleep_until(max(mac.now_ns, end_ns + 20 * mac.period_ns + 2_000))
        received += [each.octets for each in await mac.drain()]
        sent = mac.fixture.sent()
        name = f"{size} octets"
        gaps = [(later.rise_ns - each.fall_ns) // mac.bit_ns for each, later in pairwise(sent)]
        for index, gap in enumerate(gaps):
            tally.equal(gap, GAP_BITS, f"{name}: gap after frame {index}")
        wires = [mac.wire(rules.with_fcs(frame)) for frame in frames]
        for index, each in enumerate(sent):
            tally.check(each.symbols == wires[index % LINE_SLOTS], f"{name}: frame {index} is not what was queued")
        tally.equal(len(sent), count, f"{name}: frames sent")
        tally.equal(len(received), count, f"{name}: frames received")
        for index, (got, expected) in enumerate(zip(received, incoming, strict=False)):
            tally.check(got == expected, f"{name}: received frame {index} differs")
        counted = await mac.counted_since(before)
        expected_counters = {
            "aFramesTransmittedOK": count,
            "aOctetsTransmittedOK": count * (size - 18),
            "aFramesReceivedOK": count,
            "aOctetsReceivedOK": count * (size - 18),
        }
        tally.equal(counted, expected_counters, f"{name}: counters")


def pause(quanta: int, destination: bytes = PAUSE_ADDRESS, opcode: int = 1, kind: int = 0x8808) -> bytes:
    """Return a MAC control frame with its FCS; PAUSE unless told otherwise."""
    head = destination + PEER_MAC + kind.to_bytes(2, "big") + opcode.to_bytes(2, "big") + quanta.to_bytes(2, "big")
    return rules.with_fcs(head)


@dataclass(frozen=True, slots=True)
class PauseCase:
    """What is heard, and what it must do: hold a frame until ``quanta`` after reception ``last``, or not (None)."""

    name: str
    frames: Sequence[bytes]
    quanta: int | None
    last: int = 0
    control: int = reg.CTRL_FULL_DUPLEX
    config: int = reg.PAUSE_CFG_RX_ENABLE


async def pause_received(mac: Mac) -> None:
    """MAC-5.3: after a valid PAUSE no frame begins later than one quantum, until pause_time is over; then it does.

    The frame under way is finished. A new PAUSE replaces the old, 0 ends it; wrong opcode, type, address or FCS, half
    duplex and RX_ENABLE = 0 are no PAUSE. None reaches the client, whatever the filter. Sent ones are exact.
    """
    cases = [PauseCase(f"pause of {quanta}", [pause(quanta)], quanta) for quanta in (1, 2, 3, 10, 40)]
    wrong_fcs = bytes([*pause(20)[:-1], pause(20)[-1] ^ 1])
    other = bytes.fromhex("0180c2000002")
    cases += [
        PauseCase("pause of 0", [pause(0)], None),
        PauseCase("pause of 30, then of 0", [pause(30), pause(0)], 0, last=1),
        PauseCase("pause of 30, then of 3", [pause(30), pause(3)], 3, last=1),
        PauseCase("pause of 3, then of 12", [pause(3), pause(12)], 12, last=1),
        PauseCase("pause of 65535, then of 0", [pause(0xFFFF), pause(0)], 0, last=1),
        PauseCase("pause to the own address", [pause(5, OWN_MAC)], 5),
        PauseCase("opcode 2", [pause(20, opcode=2)], None),
        PauseCase("opcode 0", [pause(20, opcode=0)], None),
        PauseCase("type 0x8809", [pause(20, kind=0x8809)], None),
        PauseCase("another reserved address", [pause(20, other)], None),
        PauseCase("another station's address", [pause(20, PEER_MAC)], None),
        PauseCase("wrong FCS", [wrong_fcs], None),
        PauseCase("a runt", [rules.with_fcs(pause(20)[:56], pad=False)], None),
        PauseCase("RX_ENABLE = 0", [pause(20)], None, config=0),
        PauseCase("half duplex", [pause(20)], None, control=0),
    ]
    for rx_config in (reg.RX_CFG_BCAST, reg.RX_CFG_PROMISC):
        for case in cases:
            await _check_pause(mac, case, rx_config)
    await _check_pause_sent(mac)


async def _check_pause(mac: Mac, case: PauseCase, rx_config: int) -> None:
    tally = mac.tally
    name = case.name + (", promiscuous" if rx_config & reg.RX_CFG_PROMISC else "")
    await mac.set_up(control=case.control, rx_config=rx_config)
    await mac.write(reg.REG_PAUSE_CFG, case.config)
    long_frame, short_frame = mac.data(1000), mac.data(60)
    await mac.queue(short_frame, 1)
    await mac.outcome(1)
    before = await mac.counters()
    half = not case.control
    # In half duplex a station does not listen while it sends: there the frame comes first, and nothing is under way.
    lead_bits = 300
    length_bits = rules.HEADER_BITS + 8 * 64 + GAP_BITS
    if not half:
        await mac.queue(long_frame, 0)
        await mac.sleep_bits(50)
    base_ns = mac.now_ns
    starts_ns = [(lead_bits + index * length_bits) * mac.bit_ns for index in range(len(case.frames))]
    wires = [mac.wire(frame) for frame in case.frames]
    arrivals = [Arrival(start_ns, wire) for start_ns, wire in zip(starts_ns, wires, strict=True)]
    mac.fixture.play(arrivals)
    ends_ns = [base_ns + start + len(wire) * mac.period_ns for start, wire in zip(starts_ns, wires, strict=True)]
    if half:
        await mac.fixture.kernel.sleep_until(ends_ns[-1] + 2 * GAP_BITS * mac.bit_ns)
    sending = await mac.again(1)
    if not half:
        await mac.outcome(0)
    await mac.outcome(1)
    sent = mac.fixture.sent()
    if not tally.equal(len(sent), 1 if half else 2, f"{name}: transmissions"):
        return
    if not half:
        tally.equal(sent[0].symbols, mac.wire(rules.with_fcs(long_frame)), f"{name}: the frame under way")
    start_ns = sent[-1].rise_ns
    natural_ns = mac.edge_ns(mac.waiting_edge(sending.executed_ns)) if half else sent[0].fall_ns + GAP_BITS * mac.bit_ns
    quantum_ns = QUANTUM_BITS * mac.bit_ns
    if case.quanta is None:
        tally.equal(start_ns, natural_ns, f"{name}: start of the next frame")
    else:
        heard_ns = ends_ns[case.last]
        earliest_ns = max(natural_ns, heard_ns + case.quanta * quantum_ns)
        latest_ns = max(natural_ns, heard_ns + (case.quanta + 1) * quantum_ns)
        tally.check(
            earliest_ns <= start_ns <= latest_ns,
            f"{name}: the next frame began {start_ns - heard_ns} ns after the PAUSE, not within "
            f"{earliest_ns - heard_ns} .. {latest_ns - heard_ns} ns",
        )
        if earliest_ns > natural_ns:
            tally.check(start_ns > natural_ns, f"{name}: not held")
    stored = [each.octets for each in await mac.drain()]
    counted = await mac.counted_since(before)
    is_obeyed = case.quanta is not None or case.name == "pause of 0"
    tally.equal(
        counted.get("aPAUSEMACCtrlFramesReceived", 0), len(case.frames) if is_obeyed else 0, f"{name}: counted as PAUSE"
    )
    ordinary = [
        frame
        for frame in case.frames
        if not is_obeyed
        and rules.judge(mac.symbols(frame), mac.bits) == "aFramesReceivedOK"
        and (rx_config & reg.RX_CFG_PROMISC or frame[:6] == OWN_MAC)
    ]
    tally.equal(stored, ordinary, f"{name}: delivered to the client")


async def _check_pause_sent(mac: Mac) -> None:
    tally = mac.tally
    for quanta in (0, 1, 0xFFFF):
        for without in (0, reg.CTRL_PAD_EN, reg.CTRL_FCS_EN):
            await mac.set_up(control=reg.CTRL_FULL_DUPLEX, without=without)
            await mac.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE)
            await mac.hear([mac.wire(pause(5))])
            before = await mac.counters()
            mac.fixture.play([])
            await mac.write(reg.REG_PAUSE_CFG, quanta | reg.PAUSE_CFG_RX_ENABLE | reg.PAUSE_CFG_SEND)
            asked_ns = mac.now_ns
            await mac.sleep_bits(rules.HEADER_BITS + 8 * 64 + 100)
            sent = mac.fixture.sent()
            name = f"PAUSE of {quanta} sent, CTRL without {without:#x}"
            if tally.equal(len(sent), 1, f"{name}: transmissions, while paused ourselves"):
                head = PAUSE_ADDRESS + OWN_MAC + b"\x88\x08\x00\x01" + quanta.to_bytes(2, "big")
                tally.equal(sent[0].symbols, mac.wire(rules.with_fcs(head)), f"{name}: the frame")
                tally.check(sent[0].rise_ns - asked_ns < 10 * mac.period_ns, f"{name}: late by {sent[0].rise_ns}")
            is_pending = bool(await mac.read(reg.REG_PAUSE_CFG) & reg.PAUSE_CFG_SEND)
            tally.equal(is_pending, False, f"{name}: SEND after it has left")
            expected = {
                "aFramesTransmittedOK": 1,
                "aOctetsTransmittedOK": 46,
                "aMulticastFramesXmittedOK": 1,
                "aPAUSEMACCtrlFramesTransmitted": 1,
            }
            tally.equal(await mac.counted_since(before), expected, f"{name}: counters")


def hash_entry(address: bytes) -> int:
    """Return the hash entry of a group address: bits 31..26 of the CRC register of 3.2.9, by long division."""
    register = 0
    for bit in rules.fcs_bits(address):
        register = register << 1 | (bit ^ 1)  # fcs_bits gives the complement, x^31 first
    return register >> 26


async def filters(mac: Mac) -> None:
    """MAC-5.4: unicast, broadcast, promiscuous, multicast by hash entry, and frames with a VLAN tag."""
    tally = mac.tally
    known = bytes.fromhex("01005e000001")
    tally.equal(hash_entry(known), 31, "hash entry of 01-00-5E-00-00-01")
    groups = [known, bytes.fromhex("333300000001"), bytes.fromhex("0180c2000000"), bytes.fromhex("01005e7ffffa")]
    groups += [bytes([mac.random.randrange(256) | 1, *mac.random.randbytes(5)]) for _ in range(12)]
    others = [PEER_MAC, bytes(6), *(bytes([0x02 ^ OWN_MAC[0], *OWN_MAC[1:]]),)]
    others += [bytes(octet ^ (1 << bit % 8 if index == bit // 8 else 0) for index, octet in enumerate(OWN_MAC))
               for bit in mac.sample(range(1, 48), 9)]  # fmt: skip
    others = [each for each in others if not each[0] & 1 and each != OWN_MAC]
    if mac.fixture.speed_mbps == 10:  # the speed of the MII cannot matter to an address
        groups, others = groups[:5], others[:5]
    broadcast = rules.BROADCAST
    for rx_config in range(8):
        tables = [0]
        if rx_config & reg.RX_CFG_MCAST:
            tables = [0, (1 << 64) - 1, *(1 << hash_entry(group) for group in mac.sample(groups, 5))]
            tables.append(~(1 << hash_entry(known)) & (1 << 64) - 1)
        for table in tables:
            await mac.set_up(rx_config=rx_config, hash_table=table)
            destinations = [OWN_MAC, broadcast, *groups, *others]
            frames = [rules.with_fcs(mac.data(60, destination, PEER_MAC)) for destination in destinations]
            before = await mac.counters()
            stored = await mac.hear([mac.wire(frame) for frame in frames])
            counted = await mac.counted_since(before)
            wanted = [frame for frame in frames if _is_wanted(frame[:6], rx_config, table)]
            name = f"RX_CFG {rx_config:#x}, hash table {table:#018x}"
            tally.equal([each.octets[:6] for each in stored], [frame[:6] for frame in wanted], f"{name}: stored")
            for each in stored:
                tally.equal(each.status, _status(each.octets), f"{name}: RX_STATUS of {each.octets[:6].hex('-')}")
            group = sum(1 for frame in wanted if frame[0] & 1 and frame[:6] != broadcast)
            cast_ = sum(1 for frame in wanted if frame[:6] == broadcast)
            tally.equal(counted.get("aFramesReceivedOK", 0), len(wanted), f"{name}: aFramesReceivedOK")
            tally.equal(counted.get("aMulticastFramesReceivedOK", 0), group, f"{name}: multicast counted")
            tally.equal(counted.get("aBroadcastFramesReceivedOK", 0), cast_, f"{name}: broadcast counted")
    await _check_vlan(mac)


def _is_wanted(destination: bytes, rx_config: int, table: int) -> bool:
    if destination == OWN_MAC or rx_config & reg.RX_CFG_PROMISC:
        return True
    if destination == rules.BROADCAST:
        return bool(rx_config & reg.RX_CFG_BCAST)
    is_group = bool(destination[0] & 1)
    return is_group and bool(rx_config & reg.RX_CFG_MCAST) and bool(table >> hash_entry(destination) & 1)


def _status(octets: bytes) -> int:
    status = reg.RxStatus.OK
    if octets[:6] == rules.BROADCAST:
        status |= reg.RxStatus.BROADCAST
    elif octets[0] & 1:
        status |= reg.RxStatus.MULTICAST
    return int(status)


async def _check_vlan(mac: Mac) -> None:
    """Check frames with a tag: they are as long as the limit says, and the tag is no length."""
    for limit in (1518, 1522):
        await mac.set_up(max_frame=limit)
        sizes = (64, 68, 1518, 1519, 1522, 1523)
        frames = [
            rules.with_fcs(OWN_MAC + PEER_MAC + b"\x81\x00\x00\x05\x88\xb5" + mac.random.randbytes(size - 22))
            for size in sizes
        ]
        stored = await mac.hear([mac.wire(frame) for frame in frames])
        expected = [size for size in sizes if size <= limit]
        mac.tally.equal([len(each.octets) for each in stored], expected, f"tagged frames at a limit of {limit}")
        for each in stored:
            mac.tally.check(each.octets in frames, f"a tagged frame of {len(each.octets)} octets changed")


async def loopback(mac: Mac) -> None:
    """MAC-5.5: what is sent in loopback is received, nothing reaches the MII, and nothing on the MII is heard."""
    tally = mac.tally
    for control in (0, reg.CTRL_FULL_DUPLEX):
        await mac.set_up(control=reg.CTRL_LOOPBACK | control)
        before = await mac.counters()
        sizes = mac.sample(SIZES, 3)
        for size in sizes:
            frame = mac.data(size, OWN_MAC)
            foreign = rules.with_fcs(mac.data(60, OWN_MAC, PEER_MAC))
            await mac.sleep_bits(800)
            mac.fixture.play([Arrival(50 * mac.bit_ns, mac.wire(foreign))])
            status = await mac.transmit(frame)
            await mac.sleep_bits(800)
            name = f"{size} octets in loopback"
            mask = 0xFFFF & ~reg.TX_STATUS_DEFERRED
            tally.equal(status & mask, reg.TX_STATUS_OK, f"{name}: TX_STATUS")
            tally.equal(mac.fixture.sent(), [], f"{name}: seen on the MII")
            received = [each.octets for each in await mac.drain()]
            tally.equal(received, [rules.with_fcs(frame)], f"{name}: received")
        counted = await mac.counted_since(before)
        tally.equal(counted.get("aFramesTransmittedOK"), len(sizes), "aFramesTransmittedOK in loopback")
        tally.equal(counted.get("aFramesReceivedOK"), len(sizes), "aFramesReceivedOK in loopback")
    await mac.set_up()
    stored = await mac.hear([mac.wire(rules.with_fcs(mac.data(60, OWN_MAC, PEER_MAC)))])
    tally.equal(len(stored), 1, "frames heard from the MII after loopback")
