"""What runs in the simulator: each program plays one situation on two PHYs and returns the facts that a record lacks.

The recorder's file of the run has the rest (:mod:`rig.regress.phy.rows`). A *tick* is the millisecond of the PHY's
timers, shortened by TICK_CLOCKS.
"""

from __future__ import annotations

import json
import os
from typing import Any

from rig.regress.phy.bench import Counts, PhyBench, PhyEnd
from rig.runtime.pump_cocotb import SimTime

JOB_VARIABLE = "RIG_PHY_JOB"
CLOCK_NS_NUMERATOR, CLOCK_NS_DENOMINATOR = 50, 3  # 60 MHz

CONTROL, STATUS, ADVERTISEMENT, PARTNER, EXPANSION = 0, 1, 4, 5, 6
FULL_DUPLEX, RESTART, AUTONEG = 0x0100, 0x0200, 0x1000
STATUS_COMPLETE, STATUS_LINK = 0x20, 0x04

JITTER_PS = 13_500
STEPS = 200
"""How often a program looks, at most, within one of the long times."""


async def main(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Run the program that the job names."""
    job: dict[str, Any] = json.loads(os.environ[JOB_VARIABLE])
    program = PROGRAMS[job["program"]]
    tick_ns = job["tick_clocks"] * CLOCK_NS_NUMERATOR // CLOCK_NS_DENOMINATOR
    facts: dict[str, Any] = await program(PhyBench(kernel, dut), tick_ns, job)
    return facts


async def _linked(bench: PhyBench, tick_ns: int, *, full_duplex: bool, jitter_ps: int = 0) -> None:
    """Bring both ends up without auto-negotiation and wait for the link."""
    for index, end in enumerate(bench.ends):
        end.clock(-100 if index else 100)
        end.pair(jitter_ps=jitter_ps, seed=index + 1)
    await bench.start()
    for end in bench.ends:
        await end.write_register(CONTROL, FULL_DUPLEX if full_duplex else 0)
    await _links(bench, tick_ns * 300, tick_ns)


async def _links(bench: PhyBench, limit_ns: int, step_ns: int) -> None:
    if not await bench.until(lambda: all(bench.links), limit_ns, step_ns):
        raise TimeoutError(f"no link after {limit_ns} ns: {bench.links}")


async def _sent(bench: PhyBench, limit_ns: int, **wanted: int) -> None:
    """Wait until the ends have sent that many frames (``a``, ``b``), and the last one has arrived."""
    ends = {"a": bench.ends[0], "b": bench.ends[1]}
    if not await bench.until(lambda: all(ends[name].sent.frames >= n for name, n in wanted.items()), limit_ns, 20_000):
        raise TimeoutError(f"not sent after {limit_ns} ns: {wanted}")
    await bench.sleep(20_000)


async def line(bench: PhyBench, tick_ns: int, job: dict[str, Any]) -> dict[str, Any]:
    """Link pulses of an idle link, then frames: the transmitted waveform."""
    await _linked(bench, tick_ns, full_duplex=True)
    bench.watch("td_p", "td_n", "tx_en", "crs", "rx_dv", ends=(0, 1))
    await bench.sleep(tick_ns * 60)
    pulses_end_ns = bench.scheduler.now_ns
    bench.ends[0].send(4, (64, 67))
    await _sent(bench, 10_000_000, a=4)
    return {"pulses_end_ns": pulses_end_ns, "received": bench.ends[1].received.frames}


async def link(bench: PhyBench, tick_ns: int, job: dict[str, Any]) -> dict[str, Any]:
    """Cut what end 1 hears, then mend it."""
    await _linked(bench, tick_ns, full_duplex=True)
    bench.watch("td_p", "link")
    await bench.sleep(tick_ns * 40)
    heard = bench.ends[1]
    heard.pair(is_cut=1)
    cut_ns = bench.scheduler.now_ns
    if not await bench.until(lambda: not bench.links[1], tick_ns * 300, tick_ns):
        raise TimeoutError("the link stays up on a cut pair")
    await bench.sleep(tick_ns * 20)
    heard.pair(is_cut=0)
    mended_ns = bench.scheduler.now_ns
    await _links(bench, tick_ns * 300, tick_ns)
    return {"cut_ns": cut_ns, "mended_ns": mended_ns}


async def jabber(bench: PhyBench, tick_ns: int, job: dict[str, Any]) -> dict[str, Any]:
    """TX_EN stays up until the PHY has had enough; then it goes down."""
    await _linked(bench, tick_ns, full_duplex=False)
    bench.watch("tx_en", "td_p", "col", ends=(0,))
    end = bench.ends[0]
    end.jab(True)
    await bench.sleep(tick_ns * 10)
    bench.watch("tx_en", "col", ends=(0,))
    await bench.sleep(tick_ns * 150)
    status = await end.read_register(STATUS)
    end.jab(False)
    await bench.sleep(tick_ns * 800)
    return {"jabber_bit": status >> 1 & 1}


async def half_duplex(bench: PhyBench, tick_ns: int, job: dict[str, Any]) -> dict[str, Any]:
    """A frame alone (loopback, SQE test), then both ends at once (collision)."""
    await _linked(bench, tick_ns, full_duplex=False)
    bench.watch("tx_en", "td_p", "td_n", "rx_dv", "crs", "col")
    a, b = bench.ends
    a.send(1, (64, 64))
    await _sent(bench, 10_000_000, a=1)
    alone = {"own_good": a.received.frames, "other_good": b.received.frames}
    both_ns = bench.scheduler.now_ns
    b.send(1, (200, 200))
    await bench.sleep(20_000)
    a.send(1, (64, 64))
    await _sent(bench, 10_000_000, a=2, b=1)
    return {"both_ns": both_ns, **alone}


async def negotiate(bench: PhyBench, tick_ns: int, job: dict[str, Any]) -> dict[str, Any]:
    """Both ends negotiate; then end 0 loses what it hears in the middle of its check of the link."""
    for index, end in enumerate(bench.ends):
        end.clock(-100 if index else 100)
    await bench.start()
    bench.watch("td_p", "link")
    started_ns = bench.scheduler.now_ns
    await _links(bench, tick_ns * 3_000, tick_ns * 4)
    await bench.sleep(tick_ns * 40)
    registers = [[await end.read_register(index) for index in range(7)] for end in bench.ends]
    again_ns = bench.scheduler.now_ns
    for end in bench.ends:
        await end.write_register(CONTROL, AUTONEG | RESTART)
    complete = bench.until(lambda: bench.scheduler.now_ns - again_ns > tick_ns * 1_290, tick_ns * 1_400, tick_ns * 10)
    await complete
    # The bursts with acknowledge take 16 ticks each; end 0 hears nothing more once it is done with them.
    await bench.until(lambda: bench.scheduler.now_ns - again_ns > tick_ns * 1_550, tick_ns * 600, tick_ns * 4)
    bench.ends[0].pair(is_cut=1)
    cut_ns = bench.scheduler.now_ns
    await bench.sleep(tick_ns * 1_200)
    return {"started_ns": started_ns, "registers": registers, "again_ns": again_ns, "cut_ns": cut_ns,
            "end_ns": bench.scheduler.now_ns}  # fmt: skip


async def parallel(bench: PhyBench, tick_ns: int, job: dict[str, Any]) -> dict[str, Any]:
    """End 0 negotiates, end 1 is a PHY without auto-negotiation that sends link pulses only."""
    await bench.start()
    a, b = bench.ends
    await b.write_register(CONTROL, 0)
    bench.watch("td_p", "link")
    await _links(bench, tick_ns * 4_000, tick_ns * 4)
    registers = [await a.read_register(index) for index in range(7)]
    return {"registers": registers}


async def script(bench: PhyBench, tick_ns: int, job: dict[str, Any]) -> dict[str, Any]:
    """End 1 hears what the script of the line says: ``{duration_ns, ppm}``; its clock is ``ppm`` off."""
    heard = bench.ends[1]
    heard.clock(job["ppm"])
    await bench.start()
    for end in bench.ends:
        await end.write_register(CONTROL, FULL_DUPLEX)
    await _links(bench, tick_ns * 300, tick_ns)
    await bench.sleep(50_000)
    bench.watch("rx_dv", "rx_clk", ends=(1,))
    heard.pair(script_on=1)
    started_ns = bench.scheduler.now_ns
    await bench.sleep(job["duration_ns"] + 20_000)
    return {"started_ns": started_ns, "scripts_done": heard.scripts_done}


async def traffic(bench: PhyBench, tick_ns: int, job: dict[str, Any]) -> dict[str, Any]:
    """Frames both ways at once, at the limits of clocks and jitter: ``{frames, octets, jitter_ps, is_extreme}``."""
    a, b = bench.ends
    for end in bench.ends:
        end.pair(is_extreme=int(job.get("is_extreme", False)), is_reversed=int(job.get("is_reversed", False)))
    await _linked(bench, tick_ns, full_duplex=True, jitter_ps=job["jitter_ps"])
    if job.get("is_reversed"):  # a few frames turn the polarity over
        for end in bench.ends:
            end.send(12, (64, 64))
        await _sent(bench, 20_000_000, a=12, b=12)
    before = [(end.sent, end.received, end.bad) for end in bench.ends]
    octets = (job["octets"][0], job["octets"][1])
    a.send(job["frames"], octets, seed=11)
    b.send(job["frames"], octets, seed=12)
    limit_ns = job["frames"] * (octets[1] * 800 + 20_000) + 1_000_000
    frames = {name: end.sent.frames + job["frames"] for name, end in (("a", a), ("b", b))}
    await _sent(bench, limit_ns, **frames)
    return {
        name: {**_counts(sender, receiver, before, index), "bad": receiver.bad - before[1 - index][2]}
        for index, (name, sender, receiver) in enumerate((("a_to_b", a, b), ("b_to_a", b, a)))
    }


def _counts(
    sender: PhyEnd, receiver: PhyEnd, before: list[tuple[Counts, Counts, int]], index: int
) -> dict[str, Any]:  # fmt: skip
    sent, received = sender.sent, receiver.received
    sent_before, received_before = before[index][0], before[1 - index][1]
    return {
        "sent": sent.frames - sent_before.frames,
        "good": received.frames - received_before.frames,
        "same_octets": sent.octets - sent_before.octets == received.octets - received_before.octets,
        "same_digest": (sent.digest - sent_before.digest - received.digest + received_before.digest) % (1 << 32) == 0,
    }


PROGRAMS = {
    "line": line, "link": link, "jabber": jabber, "half_duplex": half_duplex, "negotiate": negotiate,
    "parallel": parallel, "script": script, "traffic": traffic,
}  # fmt: skip
