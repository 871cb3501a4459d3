"""How much data had arrived when: a line for each sender of TCP data, one for all, and what one cable could carry.

Octets count once, at the end of the frame that first carried them. The line of the cable is its speed from the first
bit on, so that runs of different lengths can be compared: with a hub all senders together stay below it, with a switch
and full duplex each may come close to it.
"""

from __future__ import annotations

from rig.report.plot import Axis, Series, draw_plot, nice_ticks
from rig.report.run_facts import RunFacts
from rig.report.tcp_segments import read_segments
from rig.units import NS_PER_MS

OCTETS_PER_KILO = 1000


def draw_throughput(facts: RunFacts) -> str | None:
    """Return the plot as SVG, or None where nobody sent data over TCP."""
    data = [seen for seen in read_segments(facts) if seen.octets and not seen.is_lost]
    if not data:
        return None
    first_ns = data[0].t_ns
    arrived: dict[tuple[str, frozenset[tuple[str, int]]], set[int]] = {}
    lines: dict[str, list[tuple[float, float]]] = {each.sender: [(0.0, 0.0)] for each in data}
    together: list[tuple[float, float]] = [(0.0, 0.0)]
    for seen in sorted(data, key=lambda each: each.end_ns):
        have = arrived.setdefault((seen.sender, seen.connection), set())
        before = len(have)
        have.update(range(seen.relative, seen.relative + seen.octets))
        for line in (lines[seen.sender], together):
            if len(have) > before:
                more = (len(have) - before) / OCTETS_PER_KILO
                line.append(((seen.end_ns - first_ns) / NS_PER_MS, line[-1][1] + more))
    last, most = together[-1]
    x = Axis("ms since the first data", nice_ticks(0, last))
    y = Axis("1000 octets arrived", nice_ticks(0, most))
    kilo_per_ms = NS_PER_MS / facts.bit_time_ns / 8 / OCTETS_PER_KILO
    until = min(x.ticks[-1], y.ticks[-1] / kilo_per_ms)
    cable = Series("one cable", [(0.0, 0.0), (until, until * kilo_per_ms)], is_theory=True)
    series = [Series(name, [*points, (last, points[-1][1])]) for name, points in lines.items()]
    return draw_plot("How much data had arrived when", x, y, [*series, Series("all", together), cable])
