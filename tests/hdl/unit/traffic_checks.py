"""Runs in the simulator: frames between two whole adapters, edge by edge, against docs/adapter.md."""

from __future__ import annotations

import zlib
from itertools import pairwise
from typing import Any

from rig.adapter import registers as reg
from rig.adapter.bus import Read32, Write32
from tests.hdl.unit.adapter_bench import (
    ADDRESSES,
    BUS_NS,
    COUNTER_INDEX,
    DEFAULT_CTRL,
    FULL,
    NIBBLE_NS,
    PAGE_OCTETS,
    Lab,
    done_edge,
    first_edge,
    request_edge,
    stored_edge,
    test_frame,
    with_fcs,
)


async def transmit_edges(kernel: Any, dut: Any) -> None:
    """From SEND to the wire, and from the end of the frame to status, time and interrupt; slots in order of SEND."""
    lab = Lab(kernel, dut)
    a = lab.a
    await a.start(FULL)
    done_ns: list[int] = []
    starts: list[int] = []
    for n in range(8):
        frame = test_frame(ADDRESSES[1], ADDRESSES[0], 60 + 3 * n)
        await a.do(*a.sending(n % 4, frame))
        start_ns = first_edge(request_edge(a.executed_ns), NIBBLE_NS) + 2 * NIBBLE_NS
        end_ns = start_ns + NIBBLE_NS * (16 + 2 * (len(frame) + 4))
        starts.append(start_ns)
        await kernel.sleep_until(end_ns)
        done = done_edge(end_ns)
        await a.bus.irq.wait()
        assert kernel.now_ns == done + BUS_NS
        done_ns.append(done)
        low, high, status, causes = await a.do(
            Read32(reg.WIN_TX_TIME + 8 * (n % 4)), Read32(reg.WIN_TX_TIME + 8 * (n % 4) + 4),
            Read32(reg.REG_TX_STATUS + 16 * (n % 4)), Read32(reg.REG_INT_STATUS),
        )  # fmt: skip
        assert (low, high) == (done, 0)
        assert status == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
        assert causes == reg.INT_STATUS_TX
        await a.write(reg.REG_INT_STATUS, reg.INT_STATUS_TX)
        cleared_ns = a.executed_ns
        assert not a.bus.irq.is_set()
        assert kernel.now_ns > cleared_ns
        await a.pause_ns(1500 + 7 * n)
    # Four slots at once, queued while TX_EN is 0, in an order of their own.
    await a.write(reg.REG_CTRL, FULL & ~reg.CTRL_TX_EN)
    order = [2, 0, 3, 1]
    for slot in order:
        await a.do(*a.sending(slot, test_frame(ADDRESSES[1], ADDRESSES[0], 60 + slot)))
    await a.pause_ns(2000)
    assert await a.read(reg.REG_STATUS) & reg.STATUS_TX_BUSY
    await a.write(reg.REG_CTRL, FULL)
    start_ns = first_edge(request_edge(a.executed_ns), NIBBLE_NS) + 2 * NIBBLE_NS
    for slot in order:
        starts.append(start_ns)
        end_ns = start_ns + NIBBLE_NS * (16 + 2 * (64 + slot))
        done = done_edge(end_ns)
        start_ns = max(first_edge(done + 3 * BUS_NS, NIBBLE_NS) + 2 * NIBBLE_NS, end_ns + 24 * NIBBLE_NS)
    await a.finished(1)
    assert not await a.read(reg.REG_STATUS) & reg.STATUS_TX_BUSY
    timeline = await lab.timeline()
    assert [event.t_ns for event in timeline.sorted_events() if event.kind == "transmit"] == starts


async def receive_edges(kernel: Any, dut: Any) -> None:
    """Time stamp at A, RX_CURR and the interrupt at A + 16; the ring wraps everywhere; pages are used again."""
    lab = Lab(kernel, dut)
    a, b = lab.a, lab.b
    ring = (60, 64)
    await a.start(FULL)
    await b.start(FULL, ring=ring)
    page = ring[0]
    lengths = [60, 236, 237, 235, 492, 240, 470, 100, 700, 748, 236, 60, 492, 61, 62, 63]
    for n, octets in enumerate(lengths):
        frame = test_frame(ADDRESSES[1], ADDRESSES[0], octets, n)
        await a.do(*a.sending(0, frame))
        start_ns = first_edge(request_edge(a.executed_ns), NIBBLE_NS) + 2 * NIBBLE_NS
        await b.bus.irq.wait()
        arrival_ns = start_ns + 40  # four bit times away
        k = (arrival_ns - 7) // NIBBLE_NS + 1  # first edge of b (phase 7) after it
        end = k + 16 + 2 * (octets + 4) + 2 + 1  # latency of the PHY; RX_DV is sampled low one edge later
        pushed_ns = 7 + (end + 1) * NIBBLE_NS
        partial_ns = pushed_ns - NIBBLE_NS if octets % 4 else None
        stored = stored_edge(pushed_ns, partial_ns)
        assert kernel.now_ns == stored + 17 * BUS_NS, (n, kernel.now_ns, stored)
        (frame_there,) = await b.drain(ring=ring)
        assert (frame_there.status, frame_there.octets) == (1 << 0, with_fcs(frame))
        assert frame_there.time_ns == stored
        used = (16 + octets + 4 + PAGE_OCTETS - 1) // PAGE_OCTETS
        page = ring[0] + (page - ring[0] + used) % (ring[1] - ring[0])
        assert frame_there.next_page == page == await b.read(reg.REG_RX_CURR)
        assert await b.read(reg.REG_INT_STATUS) == reg.INT_STATUS_RX
        await b.write(reg.REG_INT_STATUS, 0xFF)
        await a.finished(0)
        await a.pause_ns(777)
    counters = await b.counters()
    assert counters[COUNTER_INDEX["aFramesReceivedOK"]] == len(lengths)
    assert counters[COUNTER_INDEX["aOctetsReceivedOK"]] == sum(octets - 14 for octets in lengths)


async def overrun(kernel: Any, dut: Any) -> None:
    """A full ring loses the frame and says so; what is stored stays as it is; room made is used again."""
    lab = Lab(kernel, dut)
    a, b = lab.a, lab.b
    ring = (30, 36)  # six pages: five can be used
    await a.start(FULL)
    await b.start(FULL, ring=ring)
    frames = [test_frame(ADDRESSES[1], ADDRESSES[0], octets, octets) for octets in (500, 300, 100, 60, 1000)]
    causes = []
    for frame in frames:
        await a.send(0, frame)
        await a.pause_ns(2000)
        causes.append(await b.read(reg.REG_INT_STATUS))
        await b.write(reg.REG_INT_STATUS, 0xFF)
    # 500 takes 3 pages (16 + 504), 300 takes 2: full. The others are lost.
    assert causes == [reg.INT_STATUS_RX] * 2 + [reg.INT_STATUS_RX_OVERRUN] * 3
    assert await b.read(reg.REG_RX_CURR) == 35
    stored = await b.drain(ring=ring)
    assert [f.octets for f in stored] == [with_fcs(f) for f in frames[:2]]
    counters = await b.counters()
    assert counters[COUNTER_INDEX["aFramesReceivedOK"]] == 2
    assert counters[COUNTER_INDEX["aFramesLostDueToIntMACRcvError"]] == 3
    for n in range(12):  # a frame that is cut in mid-page leaves no trace
        big = test_frame(ADDRESSES[1], ADDRESSES[0], 1400, n)
        small = test_frame(ADDRESSES[1], ADDRESSES[0], 60 + n, n)
        await a.send(0, big)
        await a.send(0, small)
        await a.pause_ns(2000)
        assert [f.octets for f in await b.drain(ring=ring)] == [with_fcs(small)]
    # A ring that cannot be: RX_EN stays 0.
    for start, stop in ((10, 11), (10, 10), (12, 10), (0, 65), (63, 65), (254, 0)):
        await b.write(reg.REG_CTRL, FULL & ~reg.CTRL_RX_EN)
        await b.do(Write32(reg.REG_ERROR, 7), Write32(reg.REG_RX_START, start), Write32(reg.REG_RX_STOP, stop))
        await b.write(reg.REG_CTRL, FULL)
        assert await b.read(reg.REG_CTRL) == FULL & ~reg.CTRL_RX_EN
        assert await b.read(reg.REG_ERROR) == reg.ERROR_RING_CONFIG


async def what_is_stored(kernel: Any, dut: Any) -> None:
    """Filters, errors, runts and lengths: status, causes and counters of each."""
    lab = Lab(kernel, dut)
    a, b = lab.a, lab.b
    await a.start(FULL & ~reg.CTRL_FCS_EN)  # so that a sends what it is told
    await b.start(FULL)
    other, group, all_ones = ADDRESSES[2], bytes.fromhex("01005e000001"), b"\xff" * 6
    me = ADDRESSES[1]
    index = COUNTER_INDEX

    def raw(destination: bytes, octets: int = 64, *, type_: int = 0x88B5, good: bool = True) -> bytes:
        frame = destination + ADDRESSES[0] + type_.to_bytes(2, "big") + bytes(max(0, octets - 18))
        frame = frame[: octets - 4]
        fcs = zlib.crc32(frame).to_bytes(4, "little")
        return frame + (fcs if good else bytes([fcs[0] ^ 1]) + fcs[1:])

    ok, bad, long_, short_length, undefined, runt, multi, broad = (1 << n for n in (0, 1, 3, 4, 5, 6, 7, 8))
    received, errors = reg.INT_STATUS_RX, reg.INT_STATUS_RX_ERR
    base, everything = reg.RX_CFG_RESET & ~reg.RX_CFG_BCAST, reg.RX_CFG_PROMISC
    accept_bad, accept_runt = reg.RX_CFG_ACCEPT_ERR, reg.RX_CFG_ACCEPT_RUNT
    cases: list[tuple[int, bytes, int | None, int, dict[str, int]]] = [
        (base, raw(me), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}),
        (base, raw(other), None, 0, {}),
        (base, raw(other, good=False), None, 0, {}),
        (base | everything, raw(other), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}),
        (base, raw(all_ones), None, 0, {}),
        (
            base | reg.RX_CFG_BCAST,
            raw(all_ones),
            ok | broad,
            received,
            {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46, "aBroadcastFramesReceivedOK": 1},
        ),
        (
            base | reg.RX_CFG_MCAST,
            raw(group),
            ok | multi,
            received,
            {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46, "aMulticastFramesReceivedOK": 1},
        ),
        (base, raw(group), None, 0, {}),
        (base | reg.RX_CFG_MCAST, raw(bytes.fromhex("333300000001")), None, 0, {}),
        (base, raw(me, good=False), None, errors, {"aFrameCheckSequenceErrors": 1}),
        (base | accept_bad, raw(me, good=False), bad, received | errors, {"aFrameCheckSequenceErrors": 1}),
        (base, raw(me, 63), None, 0, {}),
        (base | accept_bad, raw(me, 63), None, 0, {}),
        (base | accept_runt, raw(me, 63), ok | runt, received, {}),
        (base | accept_runt, raw(me, 63, good=False), None, 0, {}),
        (base | accept_runt | accept_bad, raw(me, 63, good=False), bad | runt, received, {}),
        (base | accept_runt, raw(me, 20), ok | runt, received, {}),
        (base | accept_runt, raw(me, 20, type_=7), ok | runt, received, {}),
        (base, raw(me, 1518), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 1500}),
        (base, raw(me, 1519), None, errors, {"aFrameTooLongErrors": 1}),
        (base | accept_bad, raw(me, 1519, good=False), long_, received | errors, {"aFrameTooLongErrors": 1}),
        (base, raw(me, type_=46), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}),
        (base, raw(me, type_=0), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}),
        (base, raw(me, type_=47), None, errors, {"aInRangeLengthErrors": 1}),
        (base | accept_bad, raw(me, 65, type_=45), short_length, received | errors, {"aInRangeLengthErrors": 1}),
        (base, raw(me, 118, type_=100), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 100}),
        (base, raw(me, 117, type_=100), None, errors, {"aInRangeLengthErrors": 1}),
        (base, raw(me, 1518, type_=1500), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 1500}),
        (base | accept_bad, raw(me, type_=1501), undefined, received | errors, {"aOutOfRangeLengthField": 1}),
        (base, raw(me, type_=1535), None, errors, {"aOutOfRangeLengthField": 1}),
        (base, raw(me, type_=1536), ok, received, {"aFramesReceivedOK": 1, "aOctetsReceivedOK": 46}),
        (base, raw(me, type_=1535, good=False), None, errors, {"aFrameCheckSequenceErrors": 1}),
    ]
    await b.do(Write32(reg.REG_MHASH_LO, 1 << 31), Write32(reg.REG_MHASH_HI, 0))
    await a.write(reg.REG_RX_CFG, 2000 << reg.RX_CFG_MAX_FRAME_LSB)  # the sender's own limit
    before = await b.counters()
    for n, (rx_cfg, frame, status, causes, counts) in enumerate(cases):
        await b.write(reg.REG_RX_CFG, rx_cfg)
        assert await a.send(0, frame) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
        await a.pause_ns(3000)
        stored = await b.drain()
        assert [f.status for f in stored] == ([] if status is None else [status]), n
        assert all(f.octets == frame for f in stored), n
        assert await b.read(reg.REG_INT_STATUS) == causes, n
        await b.write(reg.REG_INT_STATUS, 0xFF)
        after = await b.counters()
        moved = {name: after.get(i, 0) - before.get(i, 0) for name, i in index.items()}
        assert {name: by for name, by in moved.items() if by} == counts, n
        before = after


async def octets_sent(kernel: Any, dut: Any) -> None:
    """aOctetsTransmittedOK moves by data and pad, from the shortest frame to the longest that MAX_FRAME can allow."""
    lab = Lab(kernel, dut)
    a = lab.a
    await a.write(reg.REG_RX_CFG, 2047 << reg.RX_CFG_MAX_FRAME_LSB)
    index = COUNTER_INDEX["aOctetsTransmittedOK"]
    counted = 0
    for ctrl, lengths in (
        (FULL, {14: 46, 60: 46, 61: 47, 1514: 1500, 2043: 2029}),
        (FULL & ~reg.CTRL_FCS_EN, {14: 0, 17: 0, 18: 0, 19: 1, 64: 46, 2047: 2029}),
    ):
        await a.start(ctrl)
        for octets, data in lengths.items():
            status = await a.send(0, test_frame(ADDRESSES[1], ADDRESSES[0], octets))
            assert status == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
            await a.pause_ns(3000)
            counted += data
            assert (await a.counters()).get(index, 0) == counted, (ctrl, octets)


async def loopback(kernel: Any, dut: Any) -> None:
    """The own receiver gets the frame, the MII nothing, in the mode of either duplex."""
    lab = Lab(kernel, dut, full_duplex=False)
    a, b = lab.a, lab.b
    await b.start(DEFAULT_CTRL)
    for ctrl in (DEFAULT_CTRL, FULL):
        await a.write(reg.REG_CTRL, reg.CTRL_SOFT_RESET)
        await a.pause_ns(1000)
        await a.start(ctrl | reg.CTRL_LOOPBACK)
        frames = [test_frame(ADDRESSES[0], ADDRESSES[0], octets) for octets in (60, 61, 62, 63, 64, 1514, 60)]
        for n, frame in enumerate(frames):
            if n < 4:
                await a.do(*a.sending(n, frame))  # back to back
        for n, frame in enumerate(frames):
            status = await a.finished(n) if n < 4 else await a.send(0, frame)
            deferred = reg.TX_STATUS_DEFERRED if 0 < n < 4 else 0
            assert status == reg.TX_STATUS_DONE | reg.TX_STATUS_OK | deferred
        await a.pause_ns(3000)
        assert [f.octets for f in await a.drain()] == [with_fcs(f) for f in frames]
    assert await b.drain() == []
    timeline = await lab.timeline()
    assert not [event for event in timeline.events if event.kind == "receive"]


async def pause_frames(kernel: Any, dut: Any) -> None:
    """A PAUSE frame sent by one adapter stops the other, and is seen by nobody above the MAC."""
    lab = Lab(kernel, dut)
    a, b = lab.a, lab.b
    await a.start(FULL)
    await b.start(FULL)
    await b.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE)
    quanta = 20
    await a.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_SEND | quanta)
    assert await a.read(reg.REG_PAUSE_CFG) == reg.PAUSE_CFG_SEND | quanta
    await a.pause_ns(7500)
    assert await a.read(reg.REG_PAUSE_CFG) == quanta
    assert await a.read(reg.REG_INT_STATUS) == 0
    frame = test_frame(ADDRESSES[0], ADDRESSES[1], 60)
    await b.do(*b.sending(0, frame))
    asked_ns = b.executed_ns
    assert await b.finished(0) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
    assert await b.drain() == []
    assert await b.read(reg.REG_INT_STATUS) == reg.INT_STATUS_TX
    index = COUNTER_INDEX
    assert await b.counters() == {
        index["aFramesReceivedOK"]: 1, index["aOctetsReceivedOK"]: 46, index["aMulticastFramesReceivedOK"]: 1,
        index["aPAUSEMACCtrlFramesReceived"]: 1, index["aFramesTransmittedOK"]: 1, index["aOctetsTransmittedOK"]: 46,
    }  # fmt: skip
    assert await a.counters() == {
        index["aFramesTransmittedOK"]: 1, index["aOctetsTransmittedOK"]: 46, index["aMulticastFramesXmittedOK"]: 1,
        index["aPAUSEMACCtrlFramesTransmitted"]: 1, index["aFramesReceivedOK"]: 1, index["aOctetsReceivedOK"]: 46,
    }  # fmt: skip
    # Without RX_ENABLE it is a frame like any other; in half duplex nothing is sent.
    await b.do(Write32(reg.REG_PAUSE_CFG, 0), Write32(reg.REG_RX_CFG, reg.RX_CFG_RESET | reg.RX_CFG_PROMISC))
    await a.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_SEND | 0x1234)
    await a.pause_ns(10_000)
    (stored,) = await b.drain()
    control = bytes.fromhex("0180c2000001") + ADDRESSES[0] + bytes.fromhex("880800011234")
    assert stored.octets == with_fcs(control)
    assert await b.send(0, frame) & reg.TX_STATUS_OK
    await a.write(reg.REG_CTRL, DEFAULT_CTRL)
    await a.write(reg.REG_PAUSE_CFG, reg.PAUSE_CFG_SEND | 1)
    assert await a.read(reg.REG_PAUSE_CFG) == 1
    timeline = await lab.timeline()
    sent = {name: [e for e in timeline.sorted_events() if e.kind == "transmit" and e.station == name] for name in "ab"}
    received = [e for e in timeline.sorted_events() if e.kind == "receive" and e.station == "b"]
    pushed_ns = received[0].end_ns + 2 * NIBBLE_NS  # RX_DV is sampled low one edge later, the mark goes out after that
    loaded_ns = first_edge(stored_edge(pushed_ns), NIBBLE_NS, 7) + 2 * NIBBLE_NS
    assert asked_ns < loaded_ns + 128 * quanta * NIBBLE_NS
    assert sent["b"][0].t_ns == loaded_ns + (128 * quanta + 1) * NIBBLE_NS
    assert len(sent["a"]) == 2


async def both_ways_at_line_rate(kernel: Any, dut: Any) -> None:
    """Full duplex, back to back both ways at once, shortest and longest frames: nothing lost, no gap too long."""
    lab = Lab(kernel, dut)
    hosts = (lab.a, lab.b)
    for host in hosts:
        await host.start(FULL)
        await host.write(reg.REG_INT_MASK, 0)
    total = 0
    for octets, rounds in ((60, 12), (1514, 2)):
        frames = [test_frame(ADDRESSES[1], ADDRESSES[0], octets, n) for n in range(4)]
        reply = [test_frame(ADDRESSES[0], ADDRESSES[1], octets, n) for n in range(4)]
        slots = [[bytes(frame) for frame in side] for side in (frames, reply)]
        for host, side in zip(hosts, slots, strict=True):
            for slot, frame in enumerate(side):
                await host.do(*host.sending(slot, frame)[:-1])
        for _ in range(rounds):
            for slot in range(4):
                for host in hosts:
                    kernel.spawn(host.bus.transaction([Write32(reg.REG_TX_COMMAND + 16 * slot, 1)]))
            for host in hosts:
                await host.finished(3)
            await hosts[0].pause_ns(2000)
            for host, side in zip(hosts, (slots[1], slots[0]), strict=True):
                assert [f.octets for f in await host.drain()] == [with_fcs(frame) for frame in side]
            total += 4
    timeline = await lab.timeline()
    for name in "ab":
        sent = [e for e in timeline.sorted_events() if e.kind == "transmit" and e.station == name]
        assert len(sent) == total
        for n in range(0, total, 4):
            burst = sent[n : n + 4]
            assert [after.t_ns - before.end_ns for before, after in pairwise(burst)] == [24 * NIBBLE_NS] * 3


async def ten_megabit(kernel: Any, dut: Any) -> None:
    """10 Mb/s half duplex from power-on: the SQE test is heard, and a soft reset reaches the slow MII domains too."""
    lab = Lab(kernel, dut, full_duplex=False, speed_mbps=10)
    a, b = lab.a, lab.b
    ctrl = DEFAULT_CTRL & ~reg.CTRL_SPEED100
    await a.start(ctrl)
    await b.start(ctrl)
    frame = test_frame(ADDRESSES[1], ADDRESSES[0], 60)
    assert await a.send(0, frame) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK
    await a.do(*a.sending(0, frame))
    await a.pause_ns(20_000)
    await a.write(reg.REG_CTRL, reg.CTRL_SOFT_RESET)
    reset_ns = a.executed_ns
    await a.pause_ns(400)
    await a.start(ctrl)
    await a.do(*a.sending(0, frame))
    assert await a.finished(0) & reg.TX_STATUS_OK
    await a.pause_ns(20_000)
    assert [f.octets for f in await b.drain()] == [with_fcs(frame)] * 2
    timeline = await lab.timeline()
    sent = [event for event in timeline.sorted_events() if event.kind == "transmit"]
    assert [event.station for event in sent] == ["a"] * 3
    assert sent[1].end_ns == first_edge(reset_ns, 400) + 800


async def busy_medium(kernel: Any, dut: Any) -> None:
    """Half duplex, both at once: every frame arrives; collisions and outcomes agree with the record, on both sides."""
    lab = Lab(kernel, dut, full_duplex=False)
    hosts = {"a": lab.a, "b": lab.b}
    for seed, host in enumerate(hosts.values(), start=1):
        await host.start(DEFAULT_CTRL)
        await host.do(Write32(reg.REG_INT_MASK, 0), Write32(reg.REG_BACKOFF_SEED, 0x9E3779B9 * seed & 0xFFFFFFFF))
    frames: dict[str, list[bytes]] = {"a": [], "b": []}
    collisions = {"a": 0, "b": 0}

    async def talk(name: str, peer: bytes) -> None:
        host = hosts[name]
        for n in range(25):
            frame = test_frame(peer, host.address, (60, 61, 200, 64)[n % 4], n)
            status = await host.send(n % 4, frame)
            assert status & reg.TX_STATUS_OK
            frames[name].append(frame)
            collisions[name] += (status & reg.TX_STATUS_COLLISIONS) >> reg.TX_STATUS_COLLISIONS_LSB

    tasks = [kernel.spawn(talk("a", ADDRESSES[1])), kernel.spawn(talk("b", ADDRESSES[0]))]
    for task in tasks:
        await task
    await lab.a.pause_ns(5000)
    counters = {name: await host.counters() for name, host in hosts.items()}
    for name, other in (("a", "b"), ("b", "a")):
        assert [f.octets for f in await hosts[name].drain()] == [with_fcs(f) for f in frames[other]]
    timeline = await lab.timeline()
    assert collisions["a"] == collisions["b"] > 0
    for name in "ab":
        seen = [e for e in timeline.events if e.station == name and e.kind == "collision"]
        assert len(seen) == collisions[name]
        own = counters[name]
        single, multiple = (own.get(COUNTER_INDEX[f"a{word}CollisionFrames"], 0) for word in ("Single", "Multiple"))
        assert own.get(COUNTER_INDEX["aCollisionFrames[1]"], 0) == single
        assert sum(own.get(COUNTER_INDEX[f"aCollisionFrames[{n}]"], 0) for n in range(1, 16)) == single + multiple
        assert own[COUNTER_INDEX["aFramesTransmittedOK"]] == 25
        assert COUNTER_INDEX["aFrameCheckSequenceErrors"] not in own


CHECKS = (
    transmit_edges, receive_edges, overrun, what_is_stored, octets_sent, loopback, pause_frames, both_ways_at_line_rate,
    ten_megabit, busy_medium,
)  # fmt: skip
