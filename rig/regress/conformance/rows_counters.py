"""Row MAC-7.2: every management counter and its rule (IEEE Std 802.3-2022 5.2.4, 30.3.1.1; RFC 3635)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from rig.adapter import registers as reg
from rig.adapter.bus import Read32, Write32, WriteBlock, padded
from rig.regress.conformance import rules
from rig.regress.conformance.fixture import RX_ER, Anchor, Arrival
from rig.regress.conformance.mac import OWN_MAC, PAGE_OCTETS, PEER_MAC, RING_START, Mac
from rig.regress.conformance.rows_backoff import COLLISION_BIT
from rig.regress.conformance.rows_collision import COLLISION_BITS, collisions_at
from rig.regress.conformance.rows_duplex import pause

Counts = dict[str, int]
GROUP = bytes.fromhex("01005e000001")
LATE_BIT = 530
CROWD = 4
"""Frames that follow each other, one a slot."""
CROWD_PAGES = 4
CROWD_PHASES = 5
"""Edges of the MII after which its phase to the slot wheel comes again, for bus clocks of 20 and of 25 ns."""


async def counters(mac: Mac) -> None:
    """MAC-7.2: each counter of the list moves by its rule, and nothing else does; read while counting; wrap.

    (aFramesLostDueToIntMACXmitError needs a buffer memory that is too slow for the MII, which a bus clock in the
    documented range excludes; here it never moves.)
    """
    await _transmitted(mac)
    await _collided(mac)
    await _waited(mac)
    await _carrier(mac)
    await _received(mac)
    await _full_duplex(mac)
    await _crowded(mac)
    await _read_while_counting(mac)
    await _wrap(mac)


async def _sent(mac: Mac, frame: bytes, expected: Counts, name: str, arrivals: Sequence[Arrival] = ()) -> int:
    """Send a frame and compare what the counters did; return TX_STATUS."""
    before = await mac.counters()
    await mac.sleep_bits(100)
    mac.fixture.play(arrivals)
    status = await mac.transmit(frame)
    await mac.sleep_bits(2 * COLLISION_BITS)
    mac.tally.equal(await mac.counted_since(before), expected, name)
    return status


def _ok(octets: int, **others: int) -> Counts:
    """Return the counts of a frame that was sent: ``octets`` of data and pad, and others by name."""
    return {"aFramesTransmittedOK": 1, "aOctetsTransmittedOK": octets} | others


async def _transmitted(mac: Mac) -> None:
    await mac.set_up()
    for size in (14, 60, 61, 100, 1514):
        await _sent(mac, mac.data(size), _ok(max(46, size - 14)), f"{size} octets sent")
    await _sent(mac, mac.data(60, GROUP), _ok(46, aMulticastFramesXmittedOK=1), "multicast sent")
    await _sent(mac, mac.data(60, rules.BROADCAST), _ok(46, aBroadcastFramesXmittedOK=1), "broadcast sent")
    await mac.set_up(without=reg.CTRL_PAD_EN)
    await _sent(mac, mac.data(20), _ok(6), "20 octets without padding")
    await mac.set_up(without=reg.CTRL_FCS_EN)
    await _sent(mac, mac.data(64), _ok(46), "64 octets with the client's FCS")
    await _sent(mac, mac.data(19), _ok(1), "19 octets with the client's FCS")
    for size in (14, 17, 18):
        await _sent(mac, mac.data(size), {"aFramesTransmittedOK": 1}, f"{size} octets with the client's FCS")
    before = await mac.counters()
    status = await mac.transmit(mac.data(14)[:13])
    mac.tally.check(bool(status & reg.TX_STATUS_BAD_COMMAND), f"13 octets: TX_STATUS is {status:#x}")
    mac.tally.equal(await mac.counted_since(before), {}, "a refused command")


async def _collided(mac: Mac) -> None:
    await mac.set_up(control=reg.CTRL_NO_BACKOFF)
    for collisions in range(1, 16):
        kind = "aSingleCollisionFrames" if collisions == 1 else "aMultipleCollisionFrames"
        expected = _ok(46, **{kind: 1, f"aCollisionFrames[{collisions}]": 1})
        arrivals = collisions_at(mac, [COLLISION_BIT] * collisions)
        await _sent(mac, mac.data(60), expected, f"sent after {collisions} collisions", arrivals)
    arrivals = collisions_at(mac, [COLLISION_BIT] * 16)
    await _sent(mac, mac.data(60), {"aFramesAbortedDueToXSColls": 1}, "16 collisions", arrivals)
    arrivals = collisions_at(mac, [LATE_BIT, COLLISION_BIT, LATE_BIT, LATE_BIT])
    expected = _ok(86, **{"aLateCollisions": 3, "aMultipleCollisionFrames": 1, "aCollisionFrames[4]": 1})
    await _sent(mac, mac.data(100), expected, "sent after 4 collisions, 3 of them late", arrivals)
    arrivals = collisions_at(mac, [LATE_BIT] * 16)
    expected = {"aLateCollisions": 16, "aFramesAbortedDueToXSColls": 1}
    await _sent(mac, mac.data(100), expected, "16 late collisions", arrivals)
    await mac.set_up(control=reg.CTRL_NO_BACKOFF, without=reg.CTRL_LATE_RETRY)
    arrivals = collisions_at(mac, [COLLISION_BIT, LATE_BIT])
    await _sent(mac, mac.data(100), {"aLateCollisions": 1}, "dropped for a late collision", arrivals)


async def _waited(mac: Mac) -> None:
    """Deferral: counted when no collision followed; excessive deferral once a frame."""
    await mac.set_up(control=reg.CTRL_NO_BACKOFF)
    busy = mac.carrier(0, 800 * mac.bit_ns)
    await _sent(mac, mac.data(60), _ok(46, aDeferredTransmissions=1), "deferred", [busy])
    expected = _ok(46, **{"aSingleCollisionFrames": 1, "aCollisionFrames[1]": 1})
    arrivals = [busy, *collisions_at(mac, [COLLISION_BIT])]
    await _sent(mac, mac.data(60), expected, "deferred, then collided", arrivals)
    endless = mac.carrier(0, (rules.MAX_DEFER_BITS + 1000) * mac.bit_ns)
    expected = _ok(46, aDeferredTransmissions=1, aFramesWithExcessiveDeferral=1)
    await _sent(mac, mac.data(60), expected, "deferred excessively", [endless])
    await mac.set_up(without=reg.CTRL_DEFER_FOREVER)
    await _sent(mac, mac.data(60), {"aFramesWithExcessiveDeferral": 1}, "dropped for deferral", [endless])
    await mac.sleep_bits(2000)


async def _carrier(mac: Mac) -> None:
    """Carrier sense errors once a frame, SQE test errors at 10 Mb/s only; both are no failure."""
    is_slow = mac.fixture.speed_mbps == 10
    sqe = {"aSQETestErrors": 1} if is_slow else {}
    await mac.set_up(half_duplex_phy=False)
    await _sent(mac, mac.data(60), _ok(46, aCarrierSenseErrors=1, **sqe), "no carrier of our own")
    await mac.set_up(sqe_test=False)
    await _sent(mac, mac.data(60), _ok(46, **sqe), "no heartbeat")
    await mac.set_up()
    await _sent(mac, mac.data(60), _ok(46), "carrier and heartbeat")


async def _heard(mac: Mac, receptions: Sequence[bytes], expected: Counts, name: str) -> None:
    before = await mac.counters()
    await mac.let_arrive(receptions)
    mac.tally.equal(await mac.counted_since(before), expected, name)
    await mac.drain()


async def _received(mac: Mac) -> None:
    def frame(size: int = 64, destination: bytes = OWN_MAC, kind: int = 0x88B5) -> bytes:
        return rules.with_fcs(mac.data(size - 4, destination, PEER_MAC, kind), pad=False)

    def bad(octets: bytes) -> bytes:
        return bytes([*octets[:-1], octets[-1] ^ 0x80])

    def with_symbol_error(octets: bytes, at: int) -> bytes:
        symbols = bytearray(mac.wire(octets))
        symbols[at] |= RX_ER
        return bytes(symbols)

    await mac.set_up(rx_config=reg.RX_CFG_BCAST | reg.RX_CFG_MCAST, hash_table=(1 << 64) - 1)
    for size in (64, 65, 1518):
        expected = {"aFramesReceivedOK": 1, "aOctetsReceivedOK": size - 18}
        await _heard(mac, [mac.wire(frame(size))], expected, f"{size} octets received")
    good = {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}
    await _heard(mac, [mac.wire(frame(64, GROUP))], good | {"aMulticastFramesReceivedOK": 1}, "multicast")
    await _heard(mac, [mac.wire(frame(64, rules.BROADCAST))], good | {"aBroadcastFramesReceivedOK": 1}, "broadcast")
    await _heard(mac, [mac.wire(bad(frame()))], {"aFrameCheckSequenceErrors": 1}, "bad FCS")
    await _heard(mac, [mac.wire(bad(frame(64, GROUP)))], {"aFrameCheckSequenceErrors": 1}, "bad FCS, multicast")
    await _heard(mac, [mac.wire(bad(frame())) + b"\1"], {"aAlignmentErrors": 1}, "bad FCS and a nibble")
    await _heard(mac, [mac.wire(frame()) + b"\1"], good, "good FCS and a nibble")
    await _heard(mac, [mac.wire(frame(1519))], {"aFrameTooLongErrors": 1}, "too long")
    await _heard(mac, [mac.wire(bad(frame(1519))) + b"\1"], {"aFrameTooLongErrors": 1}, "too long, bad in every way")
    await _heard(mac, [mac.wire(frame(100, kind=81))], {"aInRangeLengthErrors": 1}, "wrong length")
    await _heard(mac, [mac.wire(bad(frame(100, kind=81)))], {"aFrameCheckSequenceErrors": 1}, "wrong length, bad FCS")
    await _heard(mac, [mac.wire(frame(100, kind=1501))], {"aOutOfRangeLengthField": 1}, "length 1501")
    await _heard(mac, [mac.wire(frame(63)), mac.wire(bad(frame(63)))], {}, "runts")
    strangers = [frame(64, PEER_MAC), bad(frame(64, PEER_MAC)), frame(1519, PEER_MAC), frame(100, PEER_MAC, 1501)]
    await _heard(mac, [mac.wire(each) for each in strangers], {}, "frames that are not ours, good and bad")
    header = rules.HEADER_BITS // mac.bits
    error = {"aSymbolErrorDuringCarrier": 1}
    for at in (header, header + 20, header + 127):
        both = error | {"aFrameCheckSequenceErrors": 1}
        await _heard(mac, [with_symbol_error(frame(), at)], both, f"symbol error at nibble {at}")
    await _heard(mac, [with_symbol_error(frame(64, PEER_MAC), header + 30)], error, "symbol error, not ours")
    await _heard(mac, [with_symbol_error(frame(40), header + 30)], error, "symbol error in a runt")
    await _heard(mac, [with_symbol_error(frame(), 3)], good, "symbol error in the preamble")
    await mac.set_up(ring=(RING_START, RING_START + 2))
    expected = {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46, "aFramesLostDueToIntMACRcvError": 2}
    await _heard(mac, [mac.wire(frame()) for _ in range(3)], expected, "two of three frames lost in a ring for one")


async def _full_duplex(mac: Mac) -> None:
    """No collision counter moves in full duplex; PAUSE frames are counted both ways."""
    await mac.set_up(control=reg.CTRL_FULL_DUPLEX)
    await mac.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE)
    arrivals = [*collisions_at(mac, [COLLISION_BIT])]
    await _sent(mac, mac.data(60), _ok(46), "collision signal in full duplex", arrivals)
    expected = {
        "aFramesReceivedOK": 1, "aOctetsReceivedOK": 46, "aMulticastFramesReceivedOK": 1,
        "aPAUSEMACCtrlFramesReceived": 1,
    }  # fmt: skip
    await _heard(mac, [mac.wire(pause(0))], expected, "PAUSE received")
    before = await mac.counters()
    await mac.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_SEND)
    await mac.sleep_bits(1000)
    expected = _ok(46, aMulticastFramesXmittedOK=1, aPAUSEMACCtrlFramesTransmitted=1)
    mac.tally.equal(await mac.counted_since(before), expected, "PAUSE sent")


async def _crowded(mac: Mac) -> None:
    """Frames as short and as close as they can be, behind one that is received: each moves its counters, and once.

    In half duplex those that collide in their only attempt, late for the least slot time; in full duplex those that
    consist of a header and little more, while fragments with symbol errors come the other way.
    """
    frame = rules.with_fcs(mac.data(60, rules.BROADCAST, PEER_MAC))
    received = {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}
    collided = {"aFramesAbortedDueToXSColls": CROWD, "aLateCollisions": CROWD}
    await mac.set_up(attempts=1, part1=0, part2=0, slot_bits=mac.bits, jam_bits=mac.bits)
    await _fill_slots(mac, mac.data(60))
    for shift in range(CROWD_PHASES):
        others = mac.symbols(b"\x55" * 4)
        arrivals = [
            Arrival((300 + mac.bits * shift) * mac.bit_ns, mac.wire(frame)),
            *(Arrival(0, others, Anchor.RISE, number) for number in range(CROWD)),
        ]
        expected = received | {"aBroadcastFramesReceivedOK": 1} | collided
        await _crowd(mac, arrivals, 600, expected, f"{CROWD} late collisions, {shift} edges after a frame")
    control = reg.CTRL_FULL_DUPLEX
    await mac.set_up(control=control, without=reg.CTRL_PAD_EN | reg.CTRL_FCS_EN, part1=0, part2=0)
    await mac.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE)
    await _fill_slots(mac, mac.data(19, GROUP))
    fragment = bytes([*mac.symbols(b"\x55\xd5"), RX_ER, RX_ER])
    sent = {"aFramesTransmittedOK": CROWD, "aOctetsTransmittedOK": CROWD, "aMulticastFramesXmittedOK": CROWD}
    expected = received | {"aMulticastFramesReceivedOK": 1, "aPAUSEMACCtrlFramesReceived": 1} | sent
    for lead in mac.sample(range(0, 720, 8 * mac.bits), 4):
        arrivals = [Arrival(100, mac.wire(pause(0)))]
        errors = 0
        if mac.bits == 4:  # the bit clock has no RX_ER
            errors = 6
            end_ns = 100 + len(arrivals[0].symbols) * mac.period_ns
            step_ns = (len(fragment) + 2) * mac.period_ns
            arrivals += [Arrival(end_ns + (1 + n) * step_ns, fragment) for n in range(errors)]
        more = {"aSymbolErrorDuringCarrier": errors} if errors else {}
        await _crowd(mac, arrivals, lead, expected | more, f"{CROWD} short frames, {lead} bits after a PAUSE began")


async def _fill_slots(mac: Mac, frame: bytes) -> None:
    for slot in range(CROWD):
        page = slot * CROWD_PAGES
        registers = page.to_bytes(4, "little") + len(frame).to_bytes(4, "little")
        await mac.bus(
            WriteBlock(reg.WIN_BUFFER + page * PAGE_OCTETS, padded(frame)),
            WriteBlock(reg.REG_TX_PAGE + reg.TX_SLOT_STRIDE * slot, registers),
        )


async def _crowd(mac: Mac, arrivals: Sequence[Arrival], lead_bits: int, expected: Counts, name: str) -> None:
    """Queue all slots at once, ``lead_bits`` after a script began."""
    before = await mac.counters()
    await mac.sleep_bits(200)
    mac.fixture.play(arrivals)
    await mac.sleep_bits(lead_bits)
    sends = [Write32(reg.REG_TX_COMMAND + reg.TX_SLOT_STRIDE * slot, reg.TX_COMMAND_SEND) for slot in range(CROWD)]
    await mac.bus(*sends)
    await mac.sleep_bits(2500)
    mac.tally.equal(await mac.counted_since(before), expected, name)
    await mac.drain()


async def _read_while_counting(mac: Mac) -> None:
    """Two counters are read again and again while frames come back to back: never too many, never fewer."""
    tally = mac.tally
    await mac.set_up(control=reg.CTRL_FULL_DUPLEX, ring=(RING_START, RING_START + 2))  # most frames are lost
    count = 60 if mac.is_thorough else 15
    frame = rules.with_fcs(mac.data(60, OWN_MAC, PEER_MAC))
    length_ns = (rules.HEADER_BITS + 8 * len(frame) + 96) * mac.bit_ns
    names = {index: name for index, name in reg.COUNTER_NAMES.items() if "Received" in name or "Rcv" in name}
    before = await mac.counters()
    start_ns = mac.now_ns
    mac.fixture.play([Arrival(100 + index * length_ns, mac.wire(frame)) for index in range(count)])
    addresses = [Read32(reg.WIN_COUNTERS + 4 * index) for index in names]
    last = dict.fromkeys(names, 0)
    while mac.now_ns < start_ns + count * length_ns:
        await mac.sleep(length_ns * 3 // 17)
        values = await mac.bus(*addresses)
        elapsed = (mac.now_ns - start_ns) // length_ns + 1
        for (index, name), value in zip(names.items(), values, strict=True):
            now = cast(int, value) - before[name]
            limit = elapsed * (46 if "Octets" in name else 1)
            tally.check(last[index] <= now <= limit, f"{name} reads {now} after {last[index]}, at most {limit} came")
            last[index] = now
    await mac.sleep(20 * mac.period_ns + 2_000)
    counted = await mac.counted_since(before)
    total = counted.get("aFramesReceivedOK", 0) + counted.get("aFramesLostDueToIntMACRcvError", 0)
    tally.equal(total, count, "frames received and lost, counted while they were read")
    await mac.drain()


async def _wrap(mac: Mac) -> None:
    """Counters wrap at 32 bits, and tell when they reach half of that; a soft reset leaves them alone."""
    tally = mac.tally
    if not mac.fixture.has_back_door:
        tally.note("no counter was brought to its wrap: the device file says nothing under `counters`")
        return
    await mac.set_up()
    indices = {name: index for index, name in reg.COUNTER_NAMES.items()}
    frames, octets = indices["aFramesTransmittedOK"], indices["aOctetsTransmittedOK"]
    for start, increment, is_half in (
        (0xFFFF_FFFF, 1, False), (0xFFFF_FFFE, 1, False), (0x7FFF_FFFF, 1, True), (0x7FFF_FFFE, 1, False),
        (0x8000_0000, 1, False), (0xFFFF_FFE0, 46, False), (0x7FFF_FFE0, 46, True), (0x7FFF_FFD2, 46, True),
        (0x7FFF_FFD1, 46, False),
    ):  # fmt: skip
        index = frames if increment == 1 else octets
        mac.fixture.set_counter(index, start)
        await mac.bus(Write32(reg.REG_INT_STATUS, 0xFF), Write32(reg.REG_INT_MASK, reg.INT_STATUS_COUNTER_HALF))
        before = await mac.counters()
        name = f"{reg.COUNTER_NAMES[index]} from {start:#x}"
        tally.equal(before[reg.COUNTER_NAMES[index]], start, name)
        await mac.queue(mac.data(60))
        await mac.sleep_bits(rules.HEADER_BITS + 8 * 64 + 400)
        causes = await mac.read(reg.REG_INT_STATUS)
        after = await mac.counters()
        tally.equal(
            after[reg.COUNTER_NAMES[index]], (start + increment) & 0xFFFF_FFFF, f"{name}, then {increment} more"
        )
        tally.equal(bool(causes & reg.INT_STATUS_COUNTER_HALF), is_half, f"{name}: COUNTER_HALF")
        tally.equal(mac.fixture.bus.irq.is_set(), is_half, f"{name}: the line")
    before = await mac.counters()
    await mac.set_up()
    tally.equal(await mac.counted_since(before), {}, "counters after a soft reset")
    for index in (frames, octets):
        mac.fixture.set_counter(index, 0)
    await mac.sleep(200)
