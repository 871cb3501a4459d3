"""What docs/adapter.md ("The segment") says stations hear, computed from its formulas with absolute times.

Written from the page and not from the Verilog: no clocks, no pipelines, only the sets of the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rig.adapter.recorder import MEDIUM, TimelineEvent
from rig.units import bit_time_ns

LOG_EDGES = 4096
HEADER_NIBBLES = 16


@dataclass(frozen=True, slots=True)
class Transmission:
    """One entry of a stand-in's plan: ``nibbles`` from its MII edge ``first_edge`` on."""

    first_edge: int
    nibbles: int
    is_collided: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """Stations by position; ``power_loss`` is (station, time in ns)."""

    positions_bits: Sequence[int]
    plans: Sequence[Sequence[Transmission]]
    speed_mbps: int = 100
    full_duplex: bool = False
    garbage_seed: int = 0
    power_loss: tuple[int, int] | None = None
    edges: int = 1500

    @property
    def bit_ns(self) -> int:
        return bit_time_ns(self.speed_mbps)

    @property
    def nibble_ns(self) -> int:
        return 4 * self.bit_ns

    def edge_ns(self, station: int, k: int) -> int:
        """Time of MII edge ``k``."""
        return 7 * station % self.nibble_ns + k * self.nibble_ns

    def interval(self, station: int, sent: Transmission) -> tuple[int, int]:
        """TX_EN rise and fall; a power failure cuts it."""
        start_ns = self.edge_ns(station, sent.first_edge)
        end_ns = start_ns + sent.nibbles * self.nibble_ns
        if self.power_loss is not None and self.power_loss[0] == station:
            end_ns = min(end_ns, self.power_loss[1])
        return start_ns, end_ns

    def is_dark(self, station: int, t_ns: int) -> bool:
        """Tell whether the station has no power at ``t_ns``."""
        return self.power_loss is not None and self.power_loss[0] == station and t_ns > self.power_loss[1]


def nibble(station: int, entry: int, n: int) -> int:
    """What the stand-in sends as nibble ``n`` of an entry; ROM octet 0 of a station is its number."""
    return (n + n // 16 + 3 * entry + 5 * station) % 16


def garbage(station: int, k: int, seed: int) -> int:
    """The page's hash."""
    x = (k + 0x9E3779B9 * (station + 1) + seed) % 2**32
    x ^= x >> 16
    x = x * 0x85EBCA6B % 2**32
    x ^= x >> 13
    return x & 15


def expected_log(scenario: Scenario, station: int) -> list[int]:
    """Return {crs, col, rx_dv, rxd} as each MII edge of ``station`` samples them; rxd is 0 without rx_dv."""
    own = [scenario.interval(station, sent) for sent in scenario.plans[station]]
    own = [interval for interval in own if interval[0] < interval[1]]
    arrivals = []
    for j, plan in enumerate(scenario.plans):
        delay_ns = abs(scenario.positions_bits[station] - scenario.positions_bits[j]) * scenario.bit_ns
        for entry, sent in enumerate(plan):
            start_ns, end_ns = scenario.interval(j, sent)
            if j != station and start_ns < end_ns:
                arrivals.append((start_ns + delay_ns, end_ns + delay_ns, j, entry))
    log = []
    for k in range(min(scenario.edges, LOG_EDGES)):
        t_ns = scenario.edge_ns(station, k)
        transmits = any(start < t_ns <= end for start, end in own)
        arrives = any(a < t_ns <= b for a, b, _, _ in arrivals)
        sqe = scenario.speed_mbps == 10 and any(
            end + 10 * scenario.bit_ns < t_ns <= end + 20 * scenario.bit_ns for _, end in own
        )
        if scenario.full_duplex:
            crs, col = arrives, False
        else:
            crs, col = transmits or arrives, (transmits and arrives) or sqe
        after = k - 1  # RX_DV and RXD change at edges
        heard = [
            (a, j, entry) for a, b, j, entry in arrivals if after >= 2 and a < scenario.edge_ns(station, after - 2) <= b
        ]
        rxd = 0
        if len(heard) == 1:
            a, j, entry = heard[0]
            first = next(m for m in range(k) if scenario.edge_ns(station, m) > a)
            rxd = nibble(j, entry, after - 2 - first)
        elif heard:
            rxd = garbage(station, after, scenario.garbage_seed)
        log.append(crs << 6 | col << 5 | bool(heard) << 4 | rxd)
    return log


def expected_events(scenario: Scenario, names: Sequence[str]) -> list[TimelineEvent]:
    """Return the timeline of the transmissions, receptions, medium and power, sorted."""
    events = []
    intervals = []
    for j, plan in enumerate(scenario.plans):
        for entry, sent in enumerate(plan, start=1):
            start_ns, end_ns = scenario.interval(j, sent)
            if start_ns < end_ns:
                intervals.append((start_ns, end_ns))
                events.append(TimelineEvent(start_ns, end_ns, names[j], "transmit", entry, 1))
        begun_ns = None
        for k, word in enumerate(expected_log(scenario, j)):
            edge_ns = scenario.edge_ns(j, k - 1)
            if scenario.is_dark(j, edge_ns):  # a PHY without power is silent
                if begun_ns is not None and scenario.power_loss is not None:
                    events.append(TimelineEvent(begun_ns, scenario.power_loss[1], names[j], "receive"))
                break
            if word & 16 and begun_ns is None:
                begun_ns = edge_ns
            elif not word & 16 and begun_ns is not None:
                events.append(TimelineEvent(begun_ns, edge_ns, names[j], "receive"))
                begun_ns = None
    if scenario.power_loss is not None:
        station, t_ns = scenario.power_loss
        events.append(TimelineEvent(t_ns, t_ns, names[station], "power"))
    changes = sorted({t for interval in intervals for t in interval})
    begun_ns = None
    for t_ns in changes:
        voices = sum(start <= t_ns < end for start, end in intervals)
        if voices >= 2 and begun_ns is None:
            begun_ns = t_ns
        elif voices < 2 and begun_ns is not None:
            events.append(TimelineEvent(begun_ns, t_ns, MEDIUM, "collision"))
            begun_ns = None
    return sorted(events, key=TimelineEvent.sort_key)


def expected_frames(scenario: Scenario) -> list[tuple[int, int, bytes]]:
    """Return (time, station, octets) of the transmissions that ended whole."""
    frames = []
    for j, plan in enumerate(scenario.plans):
        for entry, sent in enumerate(plan):
            start_ns, end_ns = scenario.interval(j, sent)
            if not sent.is_collided and end_ns - start_ns == sent.nibbles * scenario.nibble_ns:
                nibbles = [nibble(j, entry, n) for n in range(HEADER_NIBBLES, sent.nibbles)]
                octets = bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=False))
                frames.append((start_ns, j, octets))
    return sorted(frames)


SCENARIOS: Mapping[str, Scenario] = {
    "one-talks": Scenario((0, 37, 800), ((Transmission(40, 160, False),), (), ())),
    "no-delay": Scenario((5, 5, 5), ((Transmission(40, 48),), (Transmission(41, 48),), ())),
    "overlap": Scenario(
        (0, 120, 400),
        ((Transmission(40, 200), Transmission(300, 65, False)), (Transmission(60, 150),), (Transmission(290, 90),)),
        garbage_seed=0xC0FFEE,
    ),
    "many-in-flight": Scenario(
        (0, 4000, 100), (tuple(Transmission(40 + 50 * t, 26, False) for t in range(8)), (), (Transmission(900, 3),))
    ),
    "gap-of-one-nibble": Scenario(
        (0, 123, 0), ((Transmission(40, 24), Transmission(65, 24), Transmission(90, 1)), (), ())
    ),
    "ten-mbps-sqe": Scenario(
        (0, 50, 90),
        ((Transmission(40, 150, False), Transmission(196, 150)), (Transmission(240, 40),), ()),
        speed_mbps=10,
        edges=600,
    ),
    "full-duplex": Scenario(
        (0, 77), ((Transmission(40, 200, False),), (Transmission(50, 120, False), Transmission(194, 100))),
        full_duplex=True,
    ),
    "power-loss": Scenario(
        (0, 37, 800), ((Transmission(40, 160, False),), (Transmission(300, 48),), ()), power_loss=(0, 3333)
    ),
    "power-loss-while-receiving": Scenario(
        (0, 37, 800), ((Transmission(40, 160, False),), (), ()), power_loss=(1, 5555)
    ),
    "power-loss-at-an-edge": Scenario(
        (0, 37, 800), ((Transmission(40, 160, False),), (Transmission(300, 48),), ()), power_loss=(0, 3200)
    ),
}  # fmt: skip
