"""Rows MAC-4.2, 4.3, 4.6, 4.7: what a collision does (IEEE Std 802.3-2022 4.2.3.2.4, 4.2.8).

COL rises at every bit time of a transmission; what must follow is :func:`rig.regress.conformance.rules.collision` at
the first edge that sees it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rig.adapter import registers as reg
from rig.regress.conformance import rules
from rig.regress.conformance.fixture import Anchor, Arrival, Sent
from rig.regress.conformance.mac import Mac

ATTEMPTS = 16
LENGTHS = (64, 100, 200, 400, 800, 1200, 1518)
"""Octets of a frame with FCS: the least, the most, and what lies between."""
PLACES = (16, 40, 96, 200, 300, 450, 508, 512, 540, 800, 1300)
"""Bit times at which a collision is acted on: in preamble, SFD, frame, on both sides of the slot time, late."""
COLLISION_BITS = 60
"""How long another's signal lasts; longer than any part of a transmission that it has to reach."""
JAM_SYMBOL = 5


def collisions_at(mac: Mac, bits: Sequence[int], every: int = 1) -> list[Arrival]:
    """Return arrivals that reach transmission ``every * i`` at bit time ``bits[i]``."""
    edges = COLLISION_BITS // mac.bits
    symbols = rules.to_symbols(b"\x55" * COLLISION_BITS, mac.bits)[:edges]
    return [
        Arrival(bit * mac.bit_ns, symbols, Anchor.RISE, every * index, COLLISION_BITS * mac.bit_ns)
        for index, bit in enumerate(bits)
    ]


def acts_at(mac: Mac, bit: int, frame_octets: int) -> int | None:
    """Return the edge, from the start, that acts on a collision at a bit time; None if the frame is over by then."""
    sampled = bit * mac.bit_ns // mac.period_ns + 1
    edges = (rules.HEADER_BITS + 8 * frame_octets) // mac.bits
    last = (bit + COLLISION_BITS) * mac.bit_ns // mac.period_ns + 1
    return rules.collision_edge(0, edges, (sampled, last), mac.collision_sync)


async def fragments(mac: Mac, bits: Sequence[int], frame: bytes) -> list[Sent]:
    """Collide with one attempt at each of ``bits``, 16 attempts a frame, and return what was sent."""
    rest = -len(bits) % ATTEMPTS
    await mac.sleep_bits(700)
    mac.fixture.play(collisions_at(mac, [*bits, *([0] * rest)]))
    await mac.queue(frame)
    for number in range((len(bits) + rest) // ATTEMPTS):
        if number:
            await mac.again()
        await mac.outcome()
    await mac.sleep_bits(COLLISION_BITS)
    return mac.fixture.sent()


def check_fragment(mac: Mac, sent: Sent, bit: int, frame_with_fcs: bytes, jam_bits: int = 32) -> None:
    """Check one fragment: as long as it must be, the frame up to the jam, then the jam."""
    tally = mac.tally
    name = f"collision at bit {bit}"
    edge = acts_at(mac, bit, len(frame_with_fcs))
    assert edge is not None
    expected = rules.collision(edge, bits_per_edge=mac.bits, jam_bits=jam_bits)
    edges = (sent.fall_ns - sent.rise_ns) // mac.period_ns
    tally.equal(edges * mac.bits, expected.end_edge * mac.bits, f"{name}: bits of the fragment")
    whole = rules.on_wire(frame_with_fcs, mac.bits)
    tally.equal(sent.symbols[: expected.jam_edge], whole[: expected.jam_edge], f"{name}: what comes before the jam")
    jam = rules.to_symbols(b"\x55" * (jam_bits // 8 + 1), mac.bits)[: expected.end_edge - expected.jam_edge]
    tally.equal(sent.symbols[expected.jam_edge :], jam, f"{name}: the jam")
    if mac.is_serial:
        tally.equal(edges, max(bit + 1, 64) + jam_bits, f"{name}: max(t + 1, 64) + {jam_bits} bits")
    if jam_bits == 32:
        tally.check(edges * mac.bits >= 96, f"{name}: a fragment of {edges * mac.bits} bits, less than 96")


async def every_bit(mac: Mac) -> None:
    """MAC-4.2: a collision at each bit 0 to 511: the header is finished, then a jam of 32 bits; other jams too.

    And in every part of frames of every length, late ones included, in each attempt from the first to the sixteenth.
    """
    await mac.set_up(control=reg.CTRL_NO_BACKOFF, sqe_test=False)
    bits = mac.sample(range(512), 11)
    frame = mac.data(96)
    sent = await fragments(mac, bits, frame)
    mac.tally.check(len(sent) >= len(bits), f"{len(sent)} transmissions for {len(bits)} collisions")
    for bit, each in zip(bits, sent, strict=False):
        check_fragment(mac, each, bit, rules.with_fcs(frame))
    for jam_bits in mac.sample((4, 8, 28, 36, 48, 96, 252), 3):
        await mac.set_up(control=reg.CTRL_NO_BACKOFF, sqe_test=False, jam_bits=jam_bits)
        bits = [0, 17, 63, 64, 65, 300]
        for bit, each in zip(bits, await fragments(mac, bits, frame), strict=False):
            check_fragment(mac, each, bit, rules.with_fcs(frame), jam_bits)
    await mac.set_up(control=reg.CTRL_NO_BACKOFF, sqe_test=False)
    for octets in mac.sample(LENGTHS, len(LENGTHS) - 1):
        await _every_place(mac, octets)


async def _every_place(mac: Mac, octets: int) -> None:
    """Collide in each attempt at each place, and end in each attempt; a frame goes through the places in turn."""
    tally = mac.tally
    frame = mac.data(octets - rules.FCS_OCTETS)
    delay_bits = mac.bits * (1 + mac.collision_sync)
    places = [place - delay_bits for place in PLACES if acts_at(mac, place - delay_bits, octets) is not None]
    for first in mac.sample(range(len(places)), 4):
        bits = [places[(first + attempt) % len(places)] for attempt in range(ATTEMPTS)]
        for bit, each in zip(bits, await fragments(mac, bits, frame), strict=False):
            check_fragment(mac, each, bit, rules.with_fcs(frame))
    for collisions in mac.sample(range(ATTEMPTS), 5):
        mac.fixture.play(collisions_at(mac, places[:1] * collisions))
        status = await mac.transmit(frame)
        await mac.sleep_bits(COLLISION_BITS)
        sent = mac.fixture.sent()
        name = f"{octets} octets after {collisions} collisions"
        mask = reg.TX_STATUS_OK | reg.TX_STATUS_COLLISIONS
        tally.equal(status & mask, reg.TX_STATUS_OK | collisions << reg.TX_STATUS_COLLISIONS_LSB, f"{name}: TX_STATUS")
        if tally.equal(len(sent), collisions + 1, f"{name}: transmissions"):
            tally.equal(sent[-1].symbols, mac.wire(rules.with_fcs(frame)), f"{name}: the frame")


async def jam_is_no_fcs(mac: Mac) -> None:
    """MAC-4.3: no fragment, wherever it was cut, passes the FCS, not even when it is as long as a frame."""
    await mac.set_up(control=reg.CTRL_NO_BACKOFF, sqe_test=False)
    frame = mac.data(150)
    last_bit = rules.HEADER_BITS + 8 * (len(frame) + 4) - mac.bits * (mac.collision_sync + 2)
    bits = mac.sample(range(0, last_bit, mac.bits), 11)
    header = rules.HEADER_BITS // mac.bits
    for bit, each in zip(bits, await fragments(mac, bits, frame), strict=False):
        octets = rules.to_octets(each.symbols[header:], mac.bits)
        mac.tally.check(not rules.has_good_fcs(octets), f"the fragment of a collision at bit {bit} has a good FCS")
        for cut in range(4, len(octets)):
            if rules.has_good_fcs(octets[:cut]):
                mac.tally.check(False, f"the first {cut} octets of the fragment of bit {bit} have a good FCS")


async def late(mac: Mac) -> None:
    """MAC-4.6: a collision from bit 512 to the last: jam, and counted as late; then a retry or not, as configured."""
    tally = mac.tally
    for retries in (True, False):
        without = 0 if retries else reg.CTRL_LATE_RETRY
        for octets, step in ((64, 1), (128, 8), (1518, 331)):
            await mac.set_up(control=reg.CTRL_NO_BACKOFF, without=without, sqe_test=False)
            frame = mac.data(octets - 4)
            end_bit = rules.HEADER_BITS + 8 * octets
            bits = mac.sample([*range(512, end_bit - 1, step), end_bit - 1], 9)
            for bit in bits:
                edge = acts_at(mac, bit, octets)
                name = f"{octets} octets, collision at bit {bit}, {'retry' if retries else 'no retry'}"
                before = await mac.counters()
                mac.fixture.play(collisions_at(mac, [bit]))
                status = await mac.transmit(frame)
                await mac.sleep_bits(2 * COLLISION_BITS)
                sent = mac.fixture.sent()
                counted = await mac.counted_since(before)
                is_late = edge is not None and rules.collision(edge, bits_per_edge=mac.bits).is_late
                tally.equal(len(sent), 2 if edge is not None and (retries or not is_late) else 1, f"{name}: attempts")
                if edge is None:
                    tally.equal(status & 0xFFFF & ~reg.TX_STATUS_CRS_LOST, reg.TX_STATUS_OK, f"{name}: TX_STATUS")
                    continue
                if sent:
                    check_fragment(mac, sent[0], bit, rules.with_fcs(frame))
                tally.equal(bool(status & reg.TX_STATUS_LATE_COL), is_late, f"{name}: LATE_COL")
                tally.equal(counted.get("aLateCollisions", 0), int(is_late), f"{name}: aLateCollisions")
                is_sent = retries or not is_late
                tally.equal(bool(status & reg.TX_STATUS_OK), is_sent, f"{name}: OK")
                tally.equal(counted.get("aFramesTransmittedOK", 0), int(is_sent), f"{name}: aFramesTransmittedOK")
                tally.equal(counted.get("aSingleCollisionFrames", 0), int(is_sent), f"{name}: aSingleCollisionFrames")


async def slot_time_edge(mac: Mac) -> None:
    """MAC-4.7: the slot time counts from the first bit of preamble: 511 is normal, 512 is late.

    At an MII the edge that sees the collision decides. Other slot times too.
    """
    tally = mac.tally
    for slot_bits in mac.sample((512, 256, 600, 1020), 3):
        await mac.set_up(control=reg.CTRL_NO_BACKOFF, sqe_test=False, slot_bits=slot_bits)
        frame = mac.data(146)
        for bit in mac.sample(range(slot_bits - 20, slot_bits + 9), 3):
            edge = acts_at(mac, bit, len(frame) + 4)
            assert edge is not None
            before = await mac.counters()
            mac.fixture.play(collisions_at(mac, [bit]))
            status = await mac.transmit(frame)
            await mac.sleep_bits(COLLISION_BITS)
            counted = await mac.counted_since(before)
            expected = rules.collision(edge, bits_per_edge=mac.bits, slot_bits=slot_bits).is_late
            if mac.is_serial:
                expected = bit >= slot_bits
            name = f"slot time {slot_bits}, collision at bit {bit}"
            tally.equal(bool(status & reg.TX_STATUS_LATE_COL), expected, f"{name}: LATE_COL")
            tally.equal(counted.get("aLateCollisions", 0), int(expected), f"{name}: aLateCollisions")
