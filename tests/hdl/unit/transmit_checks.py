"""Runs in the simulator: the transmit MAC and CSMA/CD at the pins, edge by edge, against docs/adapter.md."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import cocotb
from cocotb.triggers import Timer

from tests.hdl.unit.mac_mii_bench import HEADER, SYNC, Attempt, MacBench, nibbles_of, wire_nibbles, with_fcs
from tests.hdl.unit.vectors import VECTORS

FRAME = VECTORS["V3"][0]
LENGTH = len(wire_nibbles(FRAME))
JAM = [5] * 8
GAP = 24


async def bench(dut: Any, **knobs: int) -> MacBench:
    mac = MacBench(dut)
    await mac.reset()
    mac.set(**knobs)
    mac.put_frame(FRAME)
    return mac


def fragment(nibbles: list[int], collision: int, jam: list[int]) -> list[int]:
    """Return what is sent when a collision acts ``collision`` edges after the start: never less than the header."""
    return nibbles[: max(collision, len(HEADER))] + jam


@cocotb.test()
async def vectors(dut: Any) -> None:
    """Preamble, SFD, low nibble first, FCS; f = s + n; the start is at the edge that sees the request."""
    mac = await bench(dut)
    for frame, fcs in VECTORS.values():
        mac.put_frame(frame)
        seen = mac.request()
        attempt = await mac.attempt()
        assert attempt.nibbles == HEADER + nibbles_of(frame + fcs)
        assert attempt.start == seen
        assert attempt.end == attempt.start + len(attempt.nibbles)
        assert not any(attempt.errors)
        outcome = await mac.outcome()
        assert outcome.edge == attempt.end
        assert outcome.ok and not outcome.carrier_error and outcome.collisions == 0
        await mac.edges(40)


@cocotb.test()
async def padding(dut: Any) -> None:
    """Zeros up to 60 octets; none without PAD_EN; without FCS_EN neither padding nor FCS."""
    mac = await bench(dut)
    for octets in [*range(14, 66), 1514]:
        frame = bytes(range(1, 256))[:octets] if octets < 256 else bytes(n * 7 & 255 for n in range(octets))
        for pad, fcs in ((1, 1), (0, 1), (1, 0)):
            mac.put_frame(frame)
            mac.set(pad=pad, fcs=fcs)
            mac.request()
            attempt = await mac.attempt()
            assert attempt.nibbles == (wire_nibbles(frame, pad=bool(pad)) if fcs else HEADER + nibbles_of(frame)), (
                octets,
                pad,
                fcs,
            )
            await mac.outcome()
            await mac.edges(30)


@cocotb.test()
async def gap_in_full_duplex(dut: Any) -> None:
    """Back to back frames are exactly part 1 + part 2 apart, at least one nibble, whatever carrier and COL do."""
    mac = await bench(dut, full_duplex=1, force_collision=1)
    served_to_seen = 4  # the bench asks again one edge after the MAC has served, and the request is seen three later
    for part1, part2 in ((16, 8), (0, 8), (16, 0), (5, 0), (0, 1), (0, 0), (63, 63)):
        mac.set(part1=part1, part2=part2, chain=4)
        edge = mac.next_edge()
        mac.schedule("crs", edge, list(range(edge, edge + 4096, 3)))
        mac.schedule("col", edge, list(range(edge, edge + 4096)))
        previous = None
        for _ in range(4):
            attempt = await mac.attempt()
            assert attempt.nibbles == wire_nibbles(FRAME)
            if previous is not None:
                assert attempt.start - previous.end == max(part1 + part2, served_to_seen), (part1, part2)
            previous = attempt
        await mac.edges(200)


@cocotb.test()
async def gap_after_own_frame(dut: Any) -> None:
    """Half duplex: timed from the edge that sees our own carrier gone; other carrier does not restart it."""
    mac = await bench(dut)
    for pulse in range(1, 27):
        mac.set(chain=2)
        first = await mac.attempt()
        idle = first.end + 1 + SYNC  # TX_EN falls at `end`; CRS is low for the edge after it
        mac.schedule("crs", idle - SYNC, [idle + pulse - SYNC])
        second = await mac.attempt()
        assert second.start == idle + GAP, pulse
        await mac.edges(60)


@cocotb.test()
async def gap_after_another(dut: Any) -> None:
    """A pulse in part 1 restarts the gap, one in part 2 is ignored; the frame then starts into it."""
    for part1, part2 in ((16, 8), (8, 16), (0, 24), (1, 2)):
        mac = await bench(dut, part1=part1, part2=part2)
        total = part1 + part2
        for pulse in range(1, total + 3):
            base = mac.next_edge() + 4
            low = base + 20  # first edge that samples no carrier
            idle = low + SYNC
            mac.schedule("crs", base, [*range(base, low), low + pulse])
            mac.request(base + 4)
            attempt = await mac.attempt()
            expected = (idle + pulse + 1 if pulse < part1 else idle) + total
            assert attempt.start == expected, (part1, part2, pulse)
            assert attempt.waiting == base + 4 + SYNC
            assert (await mac.outcome()).deferred
            await mac.edges(60)


@cocotb.test()
async def defer_to_passing_frame(dut: Any) -> None:
    """A request at every edge around a passing frame: at once before carrier is seen, else after it and the gap."""
    mac = await bench(dut)
    for offset in range(-6, 46):
        base = mac.next_edge() + 12
        low = base + 12
        mac.schedule("crs", base, list(range(base, low)))
        seen = mac.request(base + offset)
        attempt = await mac.attempt()
        expected = seen if seen < base + SYNC else max(seen, low + SYNC + GAP)
        assert attempt.start == expected, offset
        assert (await mac.outcome()).deferred == (expected != seen)
        await mac.edges(60)


@cocotb.test()
async def nothing_waits_in_the_gap(dut: Any) -> None:
    """Carrier seen at the end of a gap in which nothing waited makes the station defer again."""
    mac = await bench(dut)
    for last in (GAP - 1, GAP, GAP + 1):
        base = mac.next_edge() + 4
        low = base + 20
        back = low + last
        mac.schedule("crs", base, [*range(base, low), *range(back, back + 50)])
        seen = mac.request(back + 2)  # after its gap has ended
        attempt = await mac.attempt()
        assert attempt.start == back + 50 + SYNC + GAP, (last, seen)
        await mac.edges(60)


@cocotb.test()
async def collision_at_every_edge(dut: Any) -> None:
    """Header finished, then the jam; late from one slot time on; nothing after the last nibble."""
    mac = await bench(dut, attempt_limit=1)
    whole = wire_nibbles(FRAME)
    for acts in range(2, LENGTH + 4):
        start = mac.next_edge() + 6
        mac.request(start - SYNC)
        mac.schedule("col", start - SYNC, [start + acts - SYNC])
        attempt = await mac.attempt()
        outcome = await mac.outcome()
        assert attempt.start == start
        if acts < LENGTH:
            assert attempt.nibbles == fragment(whole, acts, JAM), acts
            assert attempt.collision == start + acts
            assert attempt.jam == start + max(acts, 16)
            assert attempt.end == attempt.jam + 8
            assert attempt.slots is None
            assert (outcome.ok, outcome.collisions, outcome.excessive_collisions) == (False, 1, True)
            assert outcome.late_collisions == (acts >= 128)
        else:
            assert attempt.nibbles == whole
            assert outcome.ok and outcome.collisions == 0
        assert outcome.edge == attempt.end
        await mac.edges(40)


@cocotb.test()
async def forced_collision_and_jam_length(dut: Any) -> None:
    """FORCE_COL acts at the first edge after the start; every length of the jam; below 4 BT it is 4."""
    mac = await bench(dut, attempt_limit=1, force_collision=1)
    for jam in (0, 1, 2, 8, 31, 63):
        mac.set(jam_nibbles=jam)
        start = mac.request()
        attempt = await mac.attempt()
        assert attempt.collision == start + 1
        assert attempt.nibbles == HEADER + [5] * max(jam, 1)
        await mac.outcome()
        await mac.edges(40)
    mac.set(force_collision=0)
    for jam in (0, 1, 2):  # also where the collision comes in the middle of an octet
        mac.set(jam_nibbles=jam)
        start = mac.next_edge() + 6
        mac.request(start - SYNC)
        mac.schedule("col", start - SYNC, [start + 31 - SYNC])
        attempt = await mac.attempt()
        assert attempt.nibbles == fragment(wire_nibbles(FRAME), 31, [5] * max(jam, 1))
        await mac.outcome()
        await mac.edges(40)


@cocotb.test()
async def slot_time_sets_what_is_late(dut: Any) -> None:
    mac = await bench(dut, attempt_limit=1)
    for slot in (1, 4, 32, 255):
        mac.set(slot_nibbles=slot)
        for acts in {2, slot - 1, slot, slot + 1, 140} & set(range(2, LENGTH)):
            start = mac.next_edge() + 6
            mac.request(start - SYNC)
            mac.schedule("col", start - SYNC, [start + acts - SYNC])
            await mac.attempt()
            assert (await mac.outcome()).late_collisions == (acts >= slot), (slot, acts)
            await mac.edges(40)


async def collide(mac: MacBench, attempts: int) -> list[Attempt]:
    """Let every attempt of one frame collide; return them."""
    mac.request()
    return [await mac.attempt() for _ in range(attempts)]


@cocotb.test()
async def backoff_with_injected_words(dut: Any) -> None:
    """r = word & window; the next start is r slot times after the jam, or after the gap where that is later."""
    words = [1, 3, 0x3FF, 0, 0x155, 0x2AA, 0x3FF, 7, 0x200, 0x3FF, 0x3FE, 1, 0, 2, 5]
    slot = 16
    mac = await bench(dut, force_collision=1, slot_nibbles=slot)
    mac.set(inject_words=sum(word << 10 * n for n, word in enumerate(words)), inject_count=len(words))
    attempts = await collide(mac, 16)
    outcome = await mac.outcome()
    for n, word in enumerate(words, start=1):
        before, after = attempts[n - 1 : n + 1]
        assert before.slots == word & ((1 << min(n, 10)) - 1), n
        assert (before.number, before.is_collided) == (n, True)
        expired = before.end + before.slots * slot
        own_gap = before.end + 1 + SYNC + GAP
        assert after.start == max(expired, own_gap), n
        assert after.waiting == expired, n
    assert attempts[15].slots is None
    assert (outcome.collisions, outcome.excessive_collisions, outcome.late_collisions) == (16, True, 0)
    assert outcome.edge == attempts[15].end


@cocotb.test()
async def backoff_limit(dut: Any) -> None:
    for limit in (0, 1, 4, 10, 15):
        mac = await bench(dut, force_collision=1, slot_nibbles=1, backoff_limit=limit)
        mac.set(inject_words=(1 << 160) - 1, inject_count=16)
        attempts = await collide(mac, 16)
        assert [a.slots for a in attempts[:15]] == [(1 << min(n, limit, 10)) - 1 for n in range(1, 16)]
        await mac.outcome()


@cocotb.test()
async def every_attempt_limit(dut: Any) -> None:
    """A frame that always collides is tried as often as the limit says, whatever it is."""
    for limit in range(1, 32):
        mac = await bench(dut, force_collision=1, no_backoff=1, attempt_limit=limit)
        attempts = await collide(mac, limit)
        outcome = await mac.outcome()
        assert (attempts[-1].number, attempts[-1].slots) == (limit, None)
        assert (outcome.collisions, outcome.excessive_collisions) == (limit, True)
        assert outcome.edge == attempts[-1].end


def generator_step(state: int) -> int:
    return state >> 1 ^ 0x80200003 if state & 1 else state >> 1


@cocotb.test()
async def generator(dut: Any) -> None:
    """The generator steps at each edge with TX_EN, a draw takes its low bits; a load replaces it."""
    mac = await bench(dut, force_collision=1, slot_nibbles=1, jam_nibbles=5)
    for seed in (1, 0xDEADBEEF, 0x80000000):
        mac.set(seed=seed, seed_toggle=1 - mac.get("seed_toggle"))
        await mac.edges(5)
        state = seed
        for frame in range(2):
            attempts = await collide(mac, 16)
            for n, attempt in enumerate(attempts, start=1):
                for _ in range(attempt.end - attempt.start):
                    state = generator_step(state)
                if n < 16:
                    assert attempt.slots == state & ((1 << min(n, 10)) - 1), (seed, frame, n)
            await mac.outcome()
            await mac.edges(40)


@cocotb.test()
async def no_backoff(dut: Any) -> None:
    """NO_BACKOFF: every draw is 0, and no injected word is taken."""
    mac = await bench(dut, force_collision=1, no_backoff=1, attempt_limit=4)
    mac.set(inject_words=(1 << 160) - 1, inject_count=16)
    attempts = await collide(mac, 4)
    assert [a.slots for a in attempts] == [0, 0, 0, None]
    assert mac.get("inject_next") == 0
    for before, after in pairwise(attempts):
        assert after.start == before.end + 1 + SYNC + GAP
        assert after.waiting == before.end


@cocotb.test()
async def retransmission(dut: Any) -> None:
    """After a collision the same frame again, whole; the next frame begins with a window of 2."""
    mac = await bench(dut, no_backoff=1)
    for acts in (3, 15, 16, 17, 24, 25, 100, 127):
        start = mac.next_edge() + 6
        mac.request(start - SYNC)
        mac.schedule("col", start - SYNC, [start + acts - SYNC])
        await mac.attempt()
        again = await mac.attempt()
        assert again.nibbles == wire_nibbles(FRAME), acts
        assert again.number == 2
        outcome = await mac.outcome()
        assert (outcome.ok, outcome.collisions) == (True, 1)
        await mac.edges(40)


@cocotb.test()
async def late_collision(dut: Any) -> None:
    """LATE_RETRY 1: counted, and retried; 0: the frame is dropped."""
    mac = await bench(dut, no_backoff=1)
    for retry in (1, 0):
        mac.set(late_retry=retry)
        start = mac.next_edge() + 6
        mac.request(start - SYNC)
        mac.schedule("col", start - SYNC, [start + 128 - SYNC])
        first = await mac.attempt()
        assert first.slots == (0 if retry else None)
        if retry:
            await mac.attempt()
        outcome = await mac.outcome()
        assert (outcome.ok, outcome.collisions, outcome.late_collisions) == (bool(retry), 1, 1)
        assert not outcome.excessive_collisions
        await mac.edges(40)


@cocotb.test()
async def excessive_deferral(dut: Any) -> None:
    """6072 waiting edges without a start: reported, and with DEFER_FOREVER = 0 the end of the frame."""
    limit = 6072
    for forever in (1, 0):
        for waits in (limit - 1, limit, limit + 1):
            mac = await bench(dut, defer_forever=forever)
            seen = mac.request()
            low = seen + waits - GAP - SYNC  # so that the start is `waits` edges after the first waiting one
            mac.schedule("crs", seen - SYNC - 1, list(range(seen - SYNC - 1, low)))
            if forever or waits < limit:
                attempt = await mac.attempt()
                assert attempt.start == seen + waits
            outcome = await mac.outcome()
            assert outcome.excessive_deferral == (waits >= limit)
            assert outcome.ok == (forever == 1 or waits < limit)
            assert outcome.deferred
            if not outcome.ok:
                assert outcome.edge == seen + limit - 1
            await mac.edges(60)


@cocotb.test()
async def excessive_deferral_after_a_backoff(dut: Any) -> None:
    """The waiting edges count from the end of the backoff; where it has no slots, the end of the attempt is the first.

    The carrier of another station begins while this one transmits: one that begins in the gap after that is ignored.
    """
    limit, slot = 6072, 16
    for words in ([0], [1], [0, 0, 4], [0, 0, 0, 8]):
        for waits in (limit - 1, limit):
            mac = await bench(dut, force_collision=1, slot_nibbles=slot, defer_forever=1)
            mac.set(inject_words=sum(word << 10 * n for n, word in enumerate(words)), inject_count=len(words))
            await collide(mac, len(words) - 1)
            await mac.until("start_edge")
            begun = mac.get("start_edge")
            end = begun + len(HEADER) + len(JAM)
            first = end + words[-1] * slot
            mac.schedule("crs", begun + 4, list(range(begun + 4, first + waits - GAP - SYNC)))
            last = await mac.attempt()
            assert (last.slots, last.end) == (words[-1], end)
            mac.set(force_collision=0)
            attempt = await mac.attempt()
            assert (attempt.waiting, attempt.start) == (first, first + waits)
            assert (await mac.outcome()).excessive_deferral == (waits >= limit), (words, waits)


@cocotb.test()
async def sqe_test(dut: Any) -> None:
    """The frame is done 16 edges after its end; COL at any of these edges is the SQE test signal."""
    mac = await bench(dut, sqe_test=1)
    for heard in (None, 0, 1, 2, 8, 16, 17):
        start = mac.next_edge() + 6
        mac.request(start - SYNC)
        end = start + LENGTH
        if heard is not None:
            mac.schedule("col", end - SYNC, [end + heard - SYNC])
        attempt = await mac.attempt()
        assert attempt.end == end and not attempt.is_collided
        outcome = await mac.outcome()
        assert outcome.edge == end + 16
        assert outcome.ok
        assert outcome.sqe_missing == (heard is None or not 1 <= heard <= 16), heard
        await mac.edges(60)
    mac.set(force_collision=1, attempt_limit=1)
    mac.request()
    attempt = await mac.attempt()
    assert (await mac.outcome()).edge == attempt.end  # no SQE test after a collision


@cocotb.test()
async def carrier_sense_errors(dut: Any) -> None:
    """No carrier during a transmission, or carrier that comes and goes."""
    mac = await bench(dut, own_carrier=0)
    for high, error in (
        ((2, LENGTH), False), ((-1, LENGTH), False), ((2, 20), True), ((30, LENGTH), False), ((0, 0), True),
        ((2, LENGTH - 1), True), ((LENGTH, LENGTH), True), ((LENGTH, LENGTH + 1), True), ((LENGTH - 1, LENGTH), False),
    ):  # fmt: skip
        start = mac.next_edge() + 8
        mac.request(start - SYNC)
        # Seen from edge s + high[0] to s + high[1]; the start must not be deferred.
        seen = list(range(start + max(high[0], 1), start + high[1] + 1)) if high != (0, 0) else []
        mac.schedule("crs", start - SYNC, [k - SYNC for k in seen])
        attempt = await mac.attempt()
        assert attempt.start == start
        outcome = await mac.outcome()
        last = start + LENGTH
        expected = not any(start < k <= last for k in seen) or any(
            k not in seen for k in range(next(k for k in seen if k > start), last + 1)
        )
        assert outcome.carrier_error == expected, high
        assert outcome.carrier_error == error or high in ((LENGTH, LENGTH), (LENGTH, LENGTH + 1)), high
        assert outcome.ok
        await mac.edges(60)


@cocotb.test()
async def underrun(dut: Any) -> None:
    """A word that is missing when its first nibble is due: TX_ER for two nibbles, then the end."""
    mac = await bench(dut)
    for words in (0, 1, 5, 14):
        mac.set(words_there=words)
        start = mac.request()
        attempt = await mac.attempt()
        due = 16 + 8 * words
        assert attempt.nibbles == [*wire_nibbles(FRAME)[:due], 5, 5]
        assert attempt.errors == [0] * due + [1, 1]
        assert attempt.end == start + due + 2
        outcome = await mac.outcome()
        assert (outcome.ok, outcome.underrun, outcome.edge) == (False, True, attempt.end)
        await mac.edges(60)
    mac.set(words_there=3)  # a collision at the very edge wins, a later one means nothing
    for acts, collided in ((40, True), (41, False)):
        start = mac.next_edge() + 6
        mac.request(start - SYNC)
        mac.schedule("col", start - SYNC, [start + acts - SYNC])
        attempt = await mac.attempt()
        assert attempt.is_collided == collided
        if collided:
            assert attempt.nibbles == wire_nibbles(FRAME)[:40] + JAM
            mac.set(words_there=512)
            assert (await mac.attempt()).nibbles == wire_nibbles(FRAME)
            mac.set(words_there=3)
        assert (await mac.outcome()).underrun == (not collided)
        await mac.edges(60)


@cocotb.test()
async def pause(dut: Any) -> None:
    """A pause holds frames for 128 edges a quantum, but not MAC control frames; a new one replaces it; 0 ends it."""
    mac = await bench(dut, full_duplex=1)
    await mac.edges(4)

    async def load(quanta: int) -> int:
        taken = mac.next_edge() + SYNC
        mac.set(pause_quanta=quanta, pause_toggle=1 - mac.get("pause_toggle"))
        await mac.edges(4)
        return taken

    for quanta in (1, 3):
        taken = await load(quanta)
        mac.request()
        attempt = await mac.attempt()
        assert attempt.start == taken + 128 * quanta + 1
        assert attempt.waiting == attempt.start  # held, not deferring
        assert not (await mac.outcome()).deferred
        await mac.edges(60)
    await load(100)
    mac.set(control=1)
    seen = mac.request()
    assert (await mac.attempt()).start == seen
    await mac.outcome()
    mac.set(control=0)
    await mac.edges(60)
    mac.request()
    await mac.edges(10)
    taken = await load(0)
    assert (await mac.attempt()).start == taken + 1
    await mac.outcome()
    await mac.edges(60)
    mac.set(full_duplex=0)
    await load(100)
    seen = mac.request()
    assert (await mac.attempt()).start == seen  # half duplex knows no pause


@cocotb.test()
async def reset_drops_the_carrier(dut: Any) -> None:
    """A reset in a transmission makes TX_EN fall at once and forgets the frame."""
    mac = await bench(dut)
    mac.request()
    await mac.edges(60)
    edge = mac.next_edge()
    mac.set(rst=1)
    attempt = await mac.attempt()
    assert attempt.end == edge
    mac.set(request=0)
    await mac.edges(8)
    mac.set(rst=0)
    attempts = mac.get("attempts")
    await mac.edges(200)
    assert mac.get("attempts") == attempts
    assert not mac.dut.tx_en.value
    await Timer(1, "ns")
    mac.request()
    assert (await mac.attempt()).nibbles == HEADER + nibbles_of(with_fcs(FRAME))
