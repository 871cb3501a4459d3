"""The conformance list of the 10BASE-T PHY: what each recorded program says of the times of clauses 14, 22 and 28.

A figure marked [M] in docs/phy.md is from memory of the standard. Each function takes the recording of one program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from rig.regress.phy.bench import Change
from rig.regress.phy.runner import Measured, Recording

MS = 1e6
PULSE_LIMIT_PS = 300_000
"""A high of the line that is shorter, with idle around it, is a link pulse."""
BURST_GAP = 2.5
"""Pulses that are this many positions apart belong to different bursts."""
POSITION_NS = 62_500


def _of(changes: Sequence[Change], name: str, end: int = 0) -> list[tuple[int, int]]:
    return [(change.time_ps, change.value) for change in changes if change.name == name and change.end == end]


def _span(values_ns: Iterable[float]) -> tuple[float, float]:
    values = list(values_ns)
    return (min(values), max(values)) if values else (-1.0, float("inf"))  # nothing seen is a failure


def _highs(changes: Sequence[Change], end: int = 0) -> list[tuple[int, int]]:
    """Return rise and fall, in ps, of each time that td_p was high."""
    seen = _of(changes, "td_p", end)
    return [(rise, fall) for (rise, value), (fall, _) in pairwise(seen) if value]


def _pulses(changes: Sequence[Change], end: int = 0, until_ps: float = float("inf")) -> list[tuple[int, int]]:
    return [(rise, fall) for rise, fall in _highs(changes, end) if fall - rise < PULSE_LIMIT_PS and fall <= until_ps]


def line(recording: Recording) -> list[Measured]:
    """The transmitted waveform."""
    changes, timers = recording.changes, recording.timers
    quiet_ps = recording.facts["pulses_end_ns"] * 1000
    pulses = _pulses(changes, until_ps=quiet_ps)
    intervals = [(later - rise) / 1000 * timers.tick_scale for (rise, _), (later, _) in pairwise(pulses)]
    frames = [change for change in changes if change.time_ps >= quiet_ps and change.end == 0]
    levels = _of(frames, "td_p")
    ends = [(fall - rise) / 1000 for rise, fall in _highs(frames) if fall - rise >= 200_000]
    gaps = [(later - time) / 1000 for (time, _), (later, _) in pairwise(levels) if later - time < 200_000]
    halves = [gap for gap in gaps if gap < 75]
    wholes = [gap for gap in gaps if gap >= 75]
    tx_en, td = _of(frames, "tx_en"), _of(frames, "td_n")
    latency = [min(t for t, _ in [*td, *levels] if t > rise) / 1000 - rise / 1000 for rise, value in tx_en if value]
    heard = _of(frames, "tx_en")
    crs = [time for time, value in _of([c for c in changes if c.time_ps >= quiet_ps], "crs", 1) if value]
    sense = [crs_ps / 1000 - rise / 1000 for crs_ps, (rise, _) in zip(crs, [e for e in heard if e[1]], strict=False)]
    return [
        Measured("PHY-1.1", "half a bit", "7.3.1.1", 49, 51, _span(halves), True),
        Measured("PHY-1.2", "a bit", "7.3.1.1", 99, 101, _span(wholes), True),
        Measured("PHY-1.3", "start of idle", "14.2.1.1", 250, 400, _span(ends), True),
        Measured("PHY-1.4", "TX_EN to the line", "22.2.2 (latency, ours)", 0, 800, _span(latency), True),
        Measured("PHY-1.5", "TX_EN to CRS at the other end", "22.2.2.11 (latency, ours)", 0, 2_000, _span(sense), True),
        Measured("PHY-2.1", "width of a link pulse", "14.2.1.1", 60, 200,
                 _span((fall - rise) / 1000 for rise, fall in pulses), True),
        Measured("PHY-2.2", "interval of link pulses", "14.2.1.1", 8 * MS, 24 * MS, _span(intervals), timers.are_real),
    ]  # fmt: skip


def link(recording: Recording) -> list[Measured]:
    """Link fail and return."""
    changes, timers, facts = recording.changes, recording.timers, recording.facts
    fall_ps = next(time for time, value in _of(changes, "link", 1) if not value)
    rise_ps = next(time for time, value in _of(changes, "link", 1) if value and time > fall_ps)
    last_ps = max(fall for _, fall in _pulses(changes) if fall < facts["cut_ns"] * 1000)
    returning = [1.0 for _, fall in _pulses(changes) if facts["mended_ns"] * 1000 < fall < rise_ps]
    loss = (fall_ps - last_ps) / 1000 * timers.tick_scale
    return [
        Measured("PHY-2.3", "link loss after the last pulse", "14.2.1.7", 50 * MS, 150 * MS, (loss, loss),
                 timers.are_real),
        Measured("PHY-2.4", "pulses until the link is back (a count)", "14.2.1.7", 2, 10,
                 (len(returning), len(returning)), True),
    ]  # fmt: skip


def jabber(recording: Recording) -> list[Measured]:
    """Jabber control."""
    changes, timers = recording.changes, recording.timers
    tx_en, col = _of(changes, "tx_en"), _of(changes, "col")
    rise_ps = next(time for time, value in tx_en if value)
    end_ps = next(time for time, value in tx_en if not value)
    jab_ps = next(time for time, value in col if value)
    unjab_ps = next((time for time, value in col if not value and time > end_ps), 1 << 62)
    jab, unjab = ((late - early) / 1000 * timers.tick_scale for early, late in ((rise_ps, jab_ps), (end_ps, unjab_ps)))
    bit = recording.facts["jabber_bit"]
    return [
        Measured("PHY-3.1", "jabber", "14.2.1.10", 20 * MS, 150 * MS, (jab, jab), timers.are_real),
        Measured("PHY-3.2", "end of jabber", "14.2.1.10", 250 * MS, 750 * MS, (unjab, unjab), timers.are_real),
        Measured("PHY-3.3", "jabber bit of register 1", "22.2.4.2.13", 1, 1, (bit, bit), True),
    ]


def half_duplex(recording: Recording) -> list[Measured]:
    """Loopback, SQE test and collision presence."""
    changes, both_ps = recording.changes, recording.facts["both_ns"] * 1000
    alone = [change for change in changes if change.time_ps < both_ps]
    line_end_ps = max(fall for _, fall in _highs(alone))
    data_end_ps = line_end_ps - 300_000  # the start of idle is no data
    test = _of(alone, "col")
    sqe_rise, sqe_fall = test[0][0], test[1][0]
    delay, length = (sqe_rise - data_end_ps) / 1000, (sqe_fall - sqe_rise) / 1000
    own = recording.facts["own_good"]
    together = [change for change in changes if change.time_ps >= both_ps]
    start_ps = next(time for time, value in _of(together, "tx_en") if value)
    first_ps = next(time for time, _ in sorted(_of(together, "td_p") + _of(together, "td_n")) if time >= start_ps)
    col = [(time, value) for time, value in _of(together, "col") if time >= start_ps]
    presence = (col[0][0] - first_ps) / 1000
    end_ps = max(fall for _, fall in _highs([c for c in together if c.end == 0])) - 300_000
    drop = (col[1][0] - end_ps) / 1000
    return [
        Measured("PHY-4.1", "frames looped back", "14.2.1.3", 1, 1, (own, own), True),
        Measured("PHY-4.2", "SQE test after the end of data", "14.2.1.5 [M]", 600, 1600, (delay, delay), True),
        Measured("PHY-4.3", "length of the SQE test", "14.2.1.5 [M]", 500, 1500, (length, length), True),
        Measured("PHY-5.1", "collision presence, on", "14.2.1.4 [M]", -1, 900, (presence, presence), True),
        Measured("PHY-5.2", "collision presence, off", "14.2.1.4 [M]", -900, 900, (drop, drop), True),
    ]


def _bursts(pulses: Sequence[tuple[int, int]], position_ps: float) -> list[list[int]]:
    bursts: list[list[int]] = []
    for rise, _ in pulses:
        if not bursts or rise - bursts[-1][-1] > BURST_GAP * position_ps:
            bursts.append([])
        bursts[-1].append(rise)
    return bursts


def negotiate(recording: Recording) -> list[Measured]:
    """Fast link pulse bursts and the timers of arbitration."""
    changes, timers, facts = recording.changes, recording.timers, recording.facts
    position_ps = POSITION_NS * 1000 / timers.eighth_scale
    pulses = _pulses(changes)
    bursts = [burst for burst in _bursts(pulses, position_ps) if len(burst) > 1]
    spacing = [(b - a) / 1000 * timers.eighth_scale for burst in bursts for a, b in pairwise(burst)]
    data = [gap for gap in spacing if gap < 90_000]
    clocks = [gap for gap in spacing if gap >= 90_000]
    starts = [burst[0] for burst in bursts]
    # Bursts stop for a while where one negotiation ends and the next begins.
    intervals = [(b - a) / 1000 * timers.tick_scale for a, b in pairwise(starts)]
    intervals = [interval for interval in intervals if interval < 100 * MS]
    again_ps, cut_ps = facts["again_ns"] * 1000, facts["cut_ns"] * 1000
    silent = (next(start for start in starts if start > again_ps) - again_ps) / 1000 * timers.tick_scale
    last_burst_ps = max(burst[-1] for burst in bursts if burst[-1] < cut_ps)
    singles = [rise for rise, _ in pulses if rise > last_burst_ps]
    check = [rise for rise in singles if rise < last_burst_ps + 1_100 * MS * 1000 / timers.tick_scale]
    inhibit = (max(check) - last_burst_ps) / 1000 * timers.tick_scale if check else -1.0
    full = sum(1 for registers in facts["registers"] if registers[1] & 0x20 and registers[5] & 0x61 == 0x61)
    return [
        Measured("PHY-6.1", "clock pulse to data pulse", "28.2.1.1.1", 55_500, 69_500, _span(data), timers.are_real),
        Measured("PHY-6.2", "clock pulse to clock pulse", "28.2.1.1.1", 111_000, 139_000, _span(clocks),
                 timers.are_real),
        Measured("PHY-6.3", "pulses of a burst (a count)", "28.2.1.1", 17, 33,
                 _span(float(len(burst)) for burst in bursts), True),
        Measured("PHY-6.4", "interval of bursts", "28.2.1.1", 8 * MS, 24 * MS, _span(intervals), timers.are_real),
        Measured("PHY-6.5", "break_link_timer", "28.3.2", 1_200 * MS, 1_520 * MS, (silent, silent), timers.are_real),
        Measured("PHY-6.6", "link_fail_inhibit_timer, to 16 ms", "28.3.2", 734 * MS, 1_000 * MS, (inhibit, inhibit),
                 timers.are_real),
        Measured("PHY-6.7", "ends that have agreed on full duplex", "28.2.3.3", 2, 2, (full, full), True),
    ]  # fmt: skip


def parallel(recording: Recording) -> list[Measured]:
    """A partner without auto-negotiation."""
    changes, timers, facts = recording.changes, recording.timers, recording.facts
    position_ps = POSITION_NS * 1000 / timers.eighth_scale
    bursts = [burst for burst in _bursts(_pulses(changes), position_ps) if len(burst) > 1]
    last_ps = max(burst[-1] for burst in bursts)
    single_ps = min(rise for rise, _ in _pulses(changes) if rise > last_ps)
    wait = (single_ps - last_ps) / 1000 * timers.tick_scale
    registers = facts["registers"]
    half = int(bool(registers[1] & 0x20) and registers[5] == 0x21 and not registers[6] & 1)
    return [
        Measured(
            "PHY-6.8", "autoneg_wait_timer, to 16 ms", "28.3.2", 500 * MS, 1_016 * MS, (wait, wait), timers.are_real
        ),
        Measured("PHY-6.9", "half duplex after parallel detection", "28.2.3.1", 1, 1, (half, half), True),
    ]


ROWS: dict[str, Callable[[Recording], list[Measured]]] = {
    "line": line, "link": link, "jabber": jabber, "half_duplex": half_duplex, "negotiate": negotiate,
    "parallel": parallel,
}  # fmt: skip
