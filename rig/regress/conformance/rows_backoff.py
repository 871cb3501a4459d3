"""Rows MAC-4.4, 4.5, 4.8, 4.9: backoff, giving up, and what is wrong without a collision (4.2.8, 5.2.4).

So that a backoff of 0 slots can be told from one of 1, the interpacket gap is set to its least here, less than a slot.
"""

from __future__ import annotations

from collections.abc import Sequence

from rig.adapter import registers as reg
from rig.adapter.bus import Write32
from rig.regress.conformance import rules
from rig.regress.conformance.fixture import Anchor, Arrival, Sent
from rig.regress.conformance.mac import Mac
from rig.regress.conformance.rows_collision import ATTEMPTS, collisions_at

COLLISION_BIT = 8
"""Early enough for the other's signal to be over before the jam is."""
GAP_BITS = 4
SHORT_SLOT_BITS = 32
WINDOW_LIMIT = 10
SEQUENCES, SLOT_SEQUENCES = 400, 20
QUICK_SEQUENCES = {100: 80, 10: 4}
"""At 100 Mb/s enough for the chi-square test of every backoff; the speed of the MII cannot matter to the generator."""
SMALL_WINDOWS = 2
"""Collisions after which 20 draws find every slot of the window."""
BINS = 16
SAMPLES_PER_BIN = 5
P_LIMIT = 1e-4
SEED = 0x1234_5678


def slots_between(mac: Mac, first: Sent, second: Sent, slot_bits: int) -> int | None:
    """Return how many slot times passed from the end of the jam to the next attempt, or None if they are not whole.

    Without a backoff the next attempt comes when the own carrier is gone and the gap is over.
    """
    edges = mac.edge_at(second.rise_ns) - mac.edge_at(first.fall_ns)
    own_carrier = mac.own_carrier_seen(first.rise_ns, first.fall_ns)[1] - mac.edge_at(first.fall_ns)
    if edges == own_carrier + max(1, GAP_BITS // mac.bits):
        return 0
    slots, rest = divmod(edges, slot_bits // mac.bits)
    return None if rest else slots


async def draw_sequences(mac: Mac, count: int, slot_bits: int) -> list[list[int]]:
    """Let ``count`` frames collide in all their attempts; return the slots of each n-th backoff, n = 1 .. 15."""
    tally = mac.tally
    await mac.set_up(part1=0, part2=GAP_BITS, slot_bits=slot_bits, seed=SEED, sqe_test=False)
    mac.fixture.play(collisions_at(mac, [COLLISION_BIT] * (ATTEMPTS * count)))
    await mac.queue(mac.data(60))
    for number in range(count):
        if number:
            await mac.again()
        status = await mac.outcome()
        expected = reg.TX_STATUS_EXC_COL | ATTEMPTS << reg.TX_STATUS_COLLISIONS_LSB
        mask = reg.TX_STATUS_EXC_COL | reg.TX_STATUS_COLLISIONS | reg.TX_STATUS_OK
        tally.equal(status & mask, expected, f"frame {number}: TX_STATUS")
    sent = mac.fixture.sent()
    tally.equal(len(sent), ATTEMPTS * count, "attempts")
    draws: list[list[int]] = [[] for _ in range(ATTEMPTS - 1)]
    for at in range(0, len(sent) - ATTEMPTS + 1, ATTEMPTS):
        for n in range(1, ATTEMPTS):
            first, second = sent[at + n - 1], sent[at + n]
            slots = slots_between(mac, first, second, slot_bits)
            edges = mac.edge_at(second.rise_ns) - mac.edge_at(first.fall_ns)
            name = f"slot of {slot_bits} bits, backoff {n} of frame {at // ATTEMPTS}"
            window = 1 << min(n, WINDOW_LIMIT)
            if tally.check(slots is not None, f"{name}: {edges} edges are not whole slots") and slots is not None:
                tally.check(slots < window, f"{name}: {slots} slots, in a window of {window}")
                draws[n - 1].append(slots)
    return draws


async def backoff_distribution(mac: Mac) -> None:
    """MAC-4.4: after collision n a whole number of slots from the end of the jam, uniform in [0, 2^min(n, 10)).

    400 sequences of 16 attempts with a slot of 32 bits on the chip's own generator, chi-square with at most 16 equal
    bins, p > 1e-4 for each n; 20 sequences at 512 bits for whole slots and both bounds.
    """
    sequences = SEQUENCES if mac.is_thorough else QUICK_SEQUENCES[mac.fixture.speed_mbps]
    draws = await draw_sequences(mac, sequences, SHORT_SLOT_BITS)
    for n, slots in enumerate(draws, start=1):
        window = 1 << min(n, WINDOW_LIMIT)
        bins = min(BINS, window)
        counts = [0] * bins
        for each in slots:
            counts[min(each, window - 1) * bins // window] += 1
        if len(slots) >= SAMPLES_PER_BIN * bins:
            p = rules.chi_square_p(counts)
            mac.tally.check(p > P_LIMIT, f"backoff {n} is not uniform: p = {p:.2g}, bins {counts}")
    if mac.is_thorough:
        for n, slots in enumerate(await draw_sequences(mac, SLOT_SEQUENCES, 512), start=1):
            if n <= SMALL_WINDOWS:
                mac.tally.equal(sorted(set(slots)), list(range(1 << n)), f"slots of 512 bits that backoff {n} can be")


async def attempt_limit(mac: Mac) -> None:
    """MAC-4.5: after 16 collisions the frame is given up and counted; the next frame begins with a window of 2.

    Injected words make the draws of the first frame 0 and would make that of the second 1023 in a window too large.
    """
    tally = mac.tally
    await mac.set_up(part1=0, part2=GAP_BITS, slot_bits=SHORT_SLOT_BITS, sqe_test=False)
    await mac.queue(mac.data(60))
    await mac.outcome()
    for repetition in range(10 if mac.is_thorough else 3):
        await mac.sleep_bits(200)
        before = await mac.counters()
        mac.fixture.play(collisions_at(mac, [COLLISION_BIT] * (ATTEMPTS + 1)))
        words = [0] * (ATTEMPTS - 1) + [0xFFFF]
        await mac.bus(*(Write32(reg.REG_BACKOFF_INJECT, word) for word in words))
        await mac.again()
        status = await mac.outcome()
        name = f"repetition {repetition}"
        mask = reg.TX_STATUS_OK | reg.TX_STATUS_COLLISIONS | reg.TX_STATUS_EXC_COL
        tally.equal(
            status & mask, reg.TX_STATUS_EXC_COL | ATTEMPTS << reg.TX_STATUS_COLLISIONS_LSB, f"{name}: TX_STATUS"
        )
        tally.equal(len(mac.fixture.sent()), ATTEMPTS, f"{name}: attempts")
        tally.equal(await mac.counted_since(before), {"aFramesAbortedDueToXSColls": 1}, f"{name}: counters")
        await mac.again()
        status = await mac.outcome()
        tally.equal(status & mask, reg.TX_STATUS_OK | 1 << reg.TX_STATUS_COLLISIONS_LSB, f"{name}: next frame")
        sent = mac.fixture.sent()
        if tally.equal(len(sent), ATTEMPTS + 2, f"{name}: transmissions"):
            slots = slots_between(mac, sent[ATTEMPTS], sent[ATTEMPTS + 1], SHORT_SLOT_BITS)
            tally.equal(slots, 1, f"{name}: first backoff of the next frame, drawn from all ones")
    for limit in mac.sample((1, 2, 5, 15, 31), 2):
        await mac.set_up(attempts=limit, control=reg.CTRL_NO_BACKOFF, sqe_test=False)
        for collisions in (limit - 1, limit):
            before = await mac.counters()
            mac.fixture.play(collisions_at(mac, [COLLISION_BIT] * collisions))
            status = await mac.transmit(mac.data(60))
            counted = await mac.counted_since(before)
            name = f"{collisions} collisions at an attempt limit of {limit}"
            tally.equal(len(mac.fixture.sent()), min(collisions + 1, limit), f"{name}: attempts")
            tally.equal(bool(status & reg.TX_STATUS_EXC_COL), collisions == limit, f"{name}: EXC_COL")
            tally.equal(counted.get("aFramesAbortedDueToXSColls", 0), int(collisions == limit), f"{name}: counted")
            await mac.sleep_bits(200)


async def excessive_deferral(mac: Mac) -> None:
    """MAC-4.8: a frame that waits for 24 288 bit times is flagged and still sent, or dropped with DEFER_FOREVER = 0.

    The carrier is as long as is needed to wait one edge less, and exactly as many, and one more.
    """
    tally = mac.tally
    limit = rules.MAX_DEFER_BITS // mac.bits
    gap = 96 // mac.bits
    for drops in (False, True):
        await mac.set_up(without=reg.CTRL_DEFER_FOREVER if drops else 0, sqe_test=False)
        await mac.queue(mac.data(60))
        await mac.outcome()
        for waits in (limit - 1, limit, limit + 1, limit + 500):
            await mac.sleep_bits(300)
            before = await mac.counters()
            base_ns = mac.now_ns
            executed_ns = mac.execute_ns(base_ns)
            waiting = mac.waiting_edge(executed_ns)
            # The first edge that sees no carrier is `waits` less the gap after the first at which the frame waits.
            end_ns = mac.edge_ns(waiting + waits - gap - mac.carrier_sync) - mac.period_ns // 2
            mac.fixture.play([mac.carrier(0, end_ns - base_ns)])
            sending = await mac.again()
            tally.equal(sending.executed_ns, executed_ns, "SEND executed")
            status = await mac.outcome()
            await mac.fixture.kernel.sleep_until(max(mac.now_ns, end_ns) + 300 * mac.bit_ns)
            sent = mac.fixture.sent()
            counted = await mac.counted_since(before)
            name = f"waited {waits} edges, {'to be dropped' if drops else 'to be sent'}"
            is_excessive = waits >= limit
            is_sent = not (drops and is_excessive)
            tally.equal(len(sent), int(is_sent), f"{name}: transmissions")
            tally.equal(bool(status & reg.TX_STATUS_OK), is_sent, f"{name}: OK")
            tally.equal(bool(status & reg.TX_STATUS_EXC_DEFERRAL), is_excessive, f"{name}: EXC_DEFERRAL")
            tally.equal(counted.get("aFramesWithExcessiveDeferral", 0), int(is_excessive), f"{name}: counted")
            if sent:
                tally.equal(mac.edge_at(sent[0].rise_ns) - waiting, waits, f"{name}: edges waited")
            else:
                time_ns = int.from_bytes(await _tx_time(mac), "little")
                tally.equal(time_ns, mac.done_ns(mac.edge_ns(waiting + limit - 1)), f"{name}: time of the outcome")


async def _tx_time(mac: Mac) -> bytes:
    low, high = await mac.read(reg.WIN_TX_TIME), await mac.read(reg.WIN_TX_TIME + 4)
    return (low | high << 32).to_bytes(8, "little")


async def carrier_and_sqe(mac: Mac) -> None:
    """MAC-4.9: carrier never seen in a transmission, or lost in it; no heartbeat after it (10 Mb/s, half duplex)."""
    is_slow = mac.fixture.speed_mbps == 10
    frame_edges = (rules.HEADER_BITS + 8 * 64) // mac.bits
    for control in (0, reg.CTRL_FULL_DUPLEX):
        for returns_carrier in (True, False):
            for has_sqe in (True, False):
                await mac.set_up(control=control, half_duplex_phy=returns_carrier, sqe_test=has_sqe)
                half = not control
                beats = returns_carrier and has_sqe
                name = f"{'half' if half else 'full'} duplex, {'own' if returns_carrier else 'no'} carrier"
                await _check_errors(
                    mac, [], half and not returns_carrier, half and is_slow and not beats,
                    f"{name}, {'a' if has_sqe else 'no'} heartbeat",
                )  # fmt: skip
    # A PHY that returns no carrier, and another's that lasts for a part of the transmission.
    await mac.set_up(half_duplex_phy=False)
    positions = mac.sample(range(0, frame_edges + 8, 5), 6)
    for first in positions:
        for last in positions:
            if last <= first:
                continue
            symbols = mac.symbols(b"\x55" * 80)[: last - first]
            arrival = Arrival(first * mac.period_ns, symbols, Anchor.RISE)
            seen = {edge + mac.carrier_sync for edge in range(first + 1, last + 1)}
            during = [edge in seen for edge in range(1, frame_edges + 1)]
            lost = not any(during) or False in during[during.index(True) :]
            await _check_errors(mac, [arrival], lost, is_slow, f"carrier from edge {first} to {last}")
            await mac.sleep_bits(200)


async def _check_errors(mac: Mac, arrivals: Sequence[Arrival], crs_lost: bool, sqe_missing: bool, name: str) -> None:
    """Send one frame; it is OK, and the two errors are as expected."""
    tally = mac.tally
    before = await mac.counters()
    mac.fixture.play(arrivals)
    status = await mac.transmit(mac.data(60))
    counted = await mac.counted_since(before)
    tally.check(bool(status & reg.TX_STATUS_OK), f"{name}: TX_STATUS is {status:#x}")
    tally.equal(bool(status & reg.TX_STATUS_CRS_LOST), crs_lost, f"{name}: CRS_LOST")
    tally.equal(bool(status & reg.TX_STATUS_SQE_MISSING), sqe_missing, f"{name}: SQE_MISSING")
    tally.equal(counted.get("aCarrierSenseErrors", 0), int(crs_lost), f"{name}: aCarrierSenseErrors")
    tally.equal(counted.get("aSQETestErrors", 0), int(sqe_missing), f"{name}: aSQETestErrors")
    # What is there is the time of the outcome: at 10 Mb/s after the window of the SQE test, else at the end.
    sent = mac.fixture.sent()
    time_ns = int.from_bytes(await _tx_time(mac), "little")
    is_half = not await mac.read(reg.REG_CTRL) & reg.CTRL_FULL_DUPLEX
    window_ns = rules.HEADER_BITS * mac.bit_ns if is_half and mac.fixture.speed_mbps == 10 else 0
    if sent:
        tally.equal(time_ns, mac.done_ns(sent[0].fall_ns + window_ns), f"{name}: time of the outcome")
