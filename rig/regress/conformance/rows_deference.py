"""Rows MAC-3.x and MAC-4.1: when a station may send (IEEE Std 802.3-2022 4.2.3.2.1 and Deference of 4.2.8).

Every expected start comes from :func:`rig.regress.conformance.rules.start_edge`, the deference process of the standard
run over the carrier that the row itself has made.
"""

from __future__ import annotations

from dataclasses import replace

from rig.adapter import registers as reg
from rig.regress.conformance import rules
from rig.regress.conformance.fixture import Anchor
from rig.regress.conformance.mac import SLOT_WHEEL_CLOCKS, Mac, Sending

OTHERS_FRAME_BITS = 640
"""A passing frame of 72 octets and its header."""
LEAD_BITS = 400
"""From the start of a script to the first arrival: time to queue a frame or not."""
FRAME_OCTETS = 60


async def _send_when_told(mac: Mac) -> Sending:
    """Queue the frame that lies in slot 0, with the script just begun."""
    return await mac.again()


async def gap_after_own(mac: Mac) -> None:
    """MAC-3.1: the gap after an own frame is 96 bit times or more, whatever the carrier does meanwhile.

    A second frame waits while a carrier of 40 bits rises at each bit time after the first. Carrier that is there
    before the own one has been seen to go prolongs the busy period; from then on nothing matters.
    """
    tally = mac.tally
    await mac.set_up(control=reg.CTRL_NO_BACKOFF, sqe_test=False)
    part1, total = 64 // mac.bits, 96 // mac.bits
    frame = mac.data(FRAME_OCTETS)
    await mac.queue(frame, 0)
    await mac.outcome(0)
    await mac.queue(frame, 1)
    await mac.outcome(1)
    for bit in [None, *mac.sample(range(150), 9)]:
        pulse = [] if bit is None else [replace(mac.carrier(bit * mac.bit_ns, 40 * mac.bit_ns), anchor=Anchor.FALL)]
        await mac.sleep_bits(600)
        mac.fixture.play(pulse)
        await mac.again(0)
        await mac.again(1)
        await mac.outcome(0)
        await mac.outcome(1)
        await mac.sleep_bits(200)
        sent = mac.fixture.sent()
        name = "no carrier" if bit is None else f"carrier at bit {bit} after the own frame"
        if not tally.check(len(sent) >= 2, f"{name}: {len(sent)} transmissions"):
            continue
        rise_ns, fall_ns = sent[0].rise_ns, sent[0].fall_ns
        carrier = [mac.own_carrier_seen(rise_ns, fall_ns)]
        if bit is not None:
            start_ns = fall_ns + bit * mac.bit_ns
            carrier.append(mac.carrier_seen(start_ns, start_ns + 40 * mac.bit_ns))
        own = mac.edge_at(rise_ns), mac.edge_at(fall_ns)
        expected = rules.start_edge(mac.next_waiting_edge(fall_ns), carrier, part1=part1, total=total, last_own=own)
        gap_bits = (sent[1].rise_ns - fall_ns) // mac.bit_ns
        tally.check(gap_bits >= 96, f"{name}: a gap of {gap_bits} bit times")
        tally.equal(mac.edge_at(sent[1].rise_ns) - own[1], expected - own[1], f"{name}: edges to the next start")
    for part1_bits, part2_bits in ((252, 252), (0, 252), (252, 0)):
        await _configured_gap(mac, part1_bits, part2_bits)


async def _configured_gap(mac: Mac, part1_bits: int, part2_bits: int) -> None:
    """Send two frames in a row; between them is the gap that was set."""
    await mac.set_up(control=reg.CTRL_NO_BACKOFF, sqe_test=False, part1=part1_bits, part2=part2_bits)
    for slot in range(2):
        await mac.queue(mac.data(FRAME_OCTETS), slot)
        await mac.outcome(slot)
    await mac.sleep_bits(600)
    mac.fixture.play([])
    for slot in range(2):
        await mac.again(slot)
    for slot in range(2):
        await mac.outcome(slot)
    await mac.sleep_bits(200)
    sent = mac.fixture.sent()
    part1 = part1_bits // mac.bits
    total = max(1, part1 + part2_bits // mac.bits)
    name = f"a gap of {part1_bits} and {part2_bits} bits"
    if mac.tally.equal(len(sent), 2, f"{name}: transmissions"):
        carrier = [mac.own_carrier_seen(sent[0].rise_ns, sent[0].fall_ns)]
        own = mac.edge_at(sent[0].rise_ns), mac.edge_at(sent[0].fall_ns)
        waiting = mac.next_waiting_edge(sent[0].fall_ns)
        expected = rules.start_edge(waiting, carrier, part1=part1, total=total, last_own=own)
        mac.tally.equal(mac.edge_at(sent[1].rise_ns) - own[1], expected - own[1], f"{name}: edges to the next start")


async def _after_others_frame(
    mac: Mac, pulse_ns: int | None, pulse_bits: int, part1_bits: int, total_bits: int, name: str
) -> None:
    """Queue a frame while another's passes, with a carrier ``pulse_ns`` after its end; check start and collision."""
    tally = mac.tally
    bit_ns = mac.bit_ns
    arrivals = [mac.carrier(LEAD_BITS * bit_ns, OTHERS_FRAME_BITS * bit_ns)]
    if pulse_ns is not None:
        arrivals.append(mac.carrier((LEAD_BITS + OTHERS_FRAME_BITS) * bit_ns + pulse_ns, pulse_bits * bit_ns))
    await mac.sleep_bits(LEAD_BITS)
    base_ns = mac.now_ns
    mac.fixture.play(arrivals)
    await mac.sleep_bits(LEAD_BITS + OTHERS_FRAME_BITS // 2)
    sending = await mac.again(0)
    await mac.outcome(0)
    await mac.sleep_bits(pulse_bits + 200)
    sent = mac.fixture.sent()
    if not tally.check(len(sent) >= 1, f"{name}: never sent"):
        return
    times = [(base_ns + each.start_ns, base_ns + each.start_ns + (each.duration_ns or 0)) for each in arrivals]
    carrier = [mac.carrier_seen(*each) for each in times]
    waiting = mac.waiting_edge(sending.executed_ns)
    expected = rules.start_edge(waiting, carrier, part1=part1_bits // mac.bits, total=max(1, total_bits // mac.bits))
    start = mac.edge_at(sent[0].rise_ns)
    tally.equal(start - carrier[0][1], expected - carrier[0][1], f"{name}: edges from the end of carrier to the start")
    if pulse_ns is not None:
        sampled = mac.edge_after(times[1][0]), mac.edge_after(times[1][1])
        edges = (rules.HEADER_BITS + 8 * 64) // mac.bits
        collides = rules.collision_edge(expected, edges, sampled, mac.collision_sync) is not None
        tally.equal(len(sent) > 1, collides, f"{name}: collided and sent again")


async def gap_after_others(mac: Mac) -> None:
    """MAC-3.2: after another's frame carrier in bits 1 to 64 restarts the gap; later it is ignored, and collides."""
    for pulse_bits in (40, 400):
        await mac.set_up(control=reg.CTRL_NO_BACKOFF, sqe_test=False)
        await mac.queue(mac.data(FRAME_OCTETS))
        await mac.outcome()
        await _after_others_frame(mac, None, pulse_bits, 64, 96, "no carrier in the gap")
        for bit in mac.sample(range(1, 120), 5):
            name = f"carrier of {pulse_bits} bits from bit {bit} of the gap"
            await _after_others_frame(mac, bit * mac.bit_ns, pulse_bits, 64, 96, name)


async def part1_value(mac: Mac) -> None:
    """MAC-3.3: any part 1 from 0 to 64 bits, as configured: the last edge that restarts the gap is its own last."""
    for part1_bits in mac.sample(range(65), 6):
        await mac.set_up(control=reg.CTRL_NO_BACKOFF, sqe_test=False, part1=part1_bits, part2=96 - part1_bits)
        await mac.queue(mac.data(FRAME_OCTETS))
        await mac.outcome()
        edges = part1_bits // mac.bits
        total_bits = (edges + (96 - part1_bits) // mac.bits) * mac.bits
        for edge in sorted({max(1, edges - 1), max(1, edges), edges + 1}):
            name = f"part 1 of {part1_bits} bits, carrier first seen {edge} edges into the gap"
            await _after_others_frame(mac, edge * mac.period_ns, 40, part1_bits, total_bits, name)


async def defer(mac: Mac) -> None:
    """MAC-4.1: a frame that becomes ready at any bit of a passing one waits for its end and the gap."""
    tally = mac.tally
    bit_ns = mac.bit_ns
    await mac.set_up(sqe_test=False)
    await mac.queue(mac.data(FRAME_OCTETS))
    await mac.outcome()
    for bit in mac.sample(range(-20, OTHERS_FRAME_BITS + 110), 17):
        await mac.sleep_bits(200)
        # Accesses are executed on a coarser grid than bits, so the passing frame is moved instead of the SEND.
        ready_ns = (mac.now_ns // bit_ns + 1_000) * bit_ns
        grid_ns = SLOT_WHEEL_CLOCKS * mac.fixture.bus_period_ns
        execute_ns = ready_ns // grid_ns * grid_ns
        start_ns = execute_ns - bit * bit_ns
        if start_ns <= mac.now_ns:
            await mac.sleep_bits(OTHERS_FRAME_BITS)
            start_ns += OTHERS_FRAME_BITS * bit_ns
            execute_ns += OTHERS_FRAME_BITS * bit_ns
        arrival = mac.carrier(start_ns - mac.now_ns, OTHERS_FRAME_BITS * bit_ns)
        base_ns = mac.now_ns
        mac.fixture.play([arrival])
        await mac.fixture.kernel.sleep_until(execute_ns - grid_ns)
        sending = await mac.again(0)
        status = await mac.outcome(0)
        await mac.fixture.kernel.sleep_until(max(mac.now_ns, start_ns + OTHERS_FRAME_BITS * bit_ns + 100 * bit_ns))
        sent = mac.fixture.sent()
        name = f"ready {(sending.executed_ns - start_ns) // bit_ns} bits after the start of a passing frame"
        end_ns = base_ns + arrival.start_ns + OTHERS_FRAME_BITS * bit_ns
        carrier = [mac.carrier_seen(start_ns, end_ns)]
        waiting = mac.waiting_edge(sending.executed_ns)
        expected = rules.start_edge(waiting, carrier, part1=64 // mac.bits, total=96 // mac.bits)
        tally.equal(mac.edge_at(sent[0].rise_ns) - carrier[0][0], expected - carrier[0][0], f"{name}: start")
        collides = expected < carrier[0][0]
        if not collides:
            tally.check(
                not start_ns < sent[0].rise_ns <= end_ns, f"{name}: sent at {sent[0].rise_ns} ns, during the carrier"
            )
            is_deferred = bool(status & reg.TX_STATUS_DEFERRED)
            tally.equal(is_deferred, expected > waiting, f"{name}: DEFERRED")
