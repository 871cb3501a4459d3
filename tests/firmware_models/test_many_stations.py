"""Stations that share a segment, against published theory (``ethernet.md`` 4.3, 4.4): the pure clause 4 machine.

On the bit clock and without synchronisers the twin is the machine that theory describes. Stations are synchronised:
they submit at the same instant, at the same place.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from functools import partial
from itertools import pairwise

import pytest

from firmware_models.adapter.csma_cd import CsmaCd
from firmware_models.adapter.csma_parameters import TransmitReport
from firmware_models.adapter.mac import frame_to_send
from firmware_models.network.segment import Segment
from rig.adapter.recorder import Timeline, TimelineEvent
from rig.runtime.virtual_time import VirtualTime

FRAME = frame_to_send(bytes(60), pad=True, append_fcs=True)
REQUEST_SPACING_NS = 1_000_000
LONGEST_EPISODE_NS = 20_000_000


class Stations:
    """Transmitters on one spot of a segment, told when to send; ``reports`` are those of the present episode."""

    def __init__(self, count: int, *, seed: int, bits_per_edge: int = 1, sync: int = 0) -> None:
        self.kernel = VirtualTime()
        self.timeline = Timeline()
        self.segment = Segment(self.kernel, bits_per_edge=bits_per_edge, timeline=self.timeline)
        self.reports: list[tuple[int, TransmitReport]] = []
        self.machines = []
        source = random.Random(seed)
        for index in range(count):
            port = self.segment.attach(f"s{index}", phase_ns=0)
            machine = CsmaCd(port, on_done=partial(self._done, index), collision_sync=sync, carrier_sync=sync)
            machine.generator.load(source.randrange(1, 1 << 32))
            self.machines.append(machine)

    def _done(self, index: int, report: TransmitReport) -> None:
        self.reports.append((index, report))

    def episode(self) -> list[tuple[int, TransmitReport]]:
        """Let all send one frame at the same instant; return who was done, in order."""
        self.reports = []
        at_ns = (self.kernel.now_ns // REQUEST_SPACING_NS + 1) * REQUEST_SPACING_NS
        for machine in self.machines:
            machine.submit(FRAME, at_ns)
        self.kernel.advance(at_ns + LONGEST_EPISODE_NS)
        assert len(self.reports) == len(self.machines)
        return self.reports


@pytest.mark.requirement("MAC-4.10")
@pytest.mark.parametrize(("bits_per_edge", "sync"), [(1, 0), (4, 2)])
def test_collisions_of_two_synchronised_stations(bits_per_edge: int, sync: int) -> None:
    """Mean collisions of an episode: sum over k of 2**(-k(k+1)/2) = 1.641633."""
    stations = Stations(2, seed=1, bits_per_edge=bits_per_edge, sync=sync)
    episodes = 3000
    collisions = [stations.episode()[0][1].collisions for _ in range(episodes)]
    share = Counter(collisions)
    expected = [2.0 ** (-k * (k + 1) / 2) for k in range(8)]  # P(more than k collisions)
    mean = sum(expected)
    assert mean == pytest.approx(1.641633, abs=1e-6)
    variance = sum((2 * k + 1) * expected[k] for k in range(8)) - mean**2
    assert abs(sum(collisions) / episodes - mean) < 4 * math.sqrt(variance / episodes)
    for k, probability in [(1, 1 / 2), (2, 3 / 8), (3, 0.109375)]:
        assert abs(share[k] / episodes - probability) < 4 * math.sqrt(probability * (1 - probability) / episodes)


@pytest.mark.requirement("MAC-4.10")
@pytest.mark.parametrize(("count", "unique"), [(3, 0.375), (5, 0.15625), (10, 0.009766)])
def test_unique_smallest_first_draw(count: int, unique: float) -> None:
    """k stations at their first collision: P(one alone draws the smallest number); that one gets through, no other."""
    stations = Stations(count, seed=2)
    episodes = 1000
    uniques = 0
    for _ in range(episodes):
        stations.timeline.events.clear()
        reports = stations.episode()
        draws = {event.station: event.slots or 0 for event in stations.timeline.events if _is_first_draw(event)}
        smallest = [name for name, slots in draws.items() if slots == min(draws.values())]
        if len(smallest) == 1:
            uniques += 1
            assert f"s{reports[0][0]}" == smallest[0]
            assert reports[0][1].collisions == 1
    assert abs(uniques / episodes - unique) < 4 * math.sqrt(unique * (1 - unique) / episodes)


def _is_first_draw(event: TimelineEvent) -> bool:
    return event.kind == "backoff" and event.attempt == 1


class Race:
    """Two saturated stations: what follows when a fresh frame collides with one that collides for the n-th time."""

    def __init__(self, seed: int) -> None:
        self.kernel = VirtualTime()
        segment = Segment(self.kernel, bits_per_edge=1)
        self.outcomes: dict[int, Counter[str]] = {}
        self._drew: list[int] = []  # stations that have drawn in the present collision
        self._race: tuple[int, int] | None = None  # (fresh station, n of the other)
        self.machines: list[CsmaCd] = []
        source = random.Random(seed)
        for index in range(2):
            port = segment.attach(f"s{index}", phase_ns=0)
            machine = CsmaCd(
                port,
                on_done=partial(self._done, index),
                draw_word=partial(self._draws, index),
                collision_sync=0,
                carrier_sync=0,
            )
            machine.generator.load(source.randrange(1, 1 << 32))
            self.machines.append(machine)
            machine.submit(FRAME, REQUEST_SPACING_NS)

    def _draws(self, index: int) -> None:
        if self._race is not None:
            self._count("tie")
        self._drew.append(index)
        if len(self._drew) == 2:
            self._drew.clear()
            collisions = [machine.collisions for machine in self.machines]
            if 1 in collisions:
                fresh = collisions.index(1)
                self._race = (fresh, collisions[1 - fresh])

    def _done(self, index: int, report: TransmitReport) -> None:
        if self._race is not None:
            self._count("win" if index == self._race[0] else "lose")
        self.machines[index].submit(FRAME, self.kernel.now_ns)

    def _count(self, outcome: str) -> None:
        assert self._race is not None
        self.outcomes.setdefault(self._race[1], Counter())[outcome] += 1
        self._race = None


@pytest.mark.requirement("MAC-4.10")
def test_capture() -> None:
    """A fresh frame against one at its n-th collision: wins 1 - 3/(2K), ties 1/K, loses 1/(2K), K = 2**n."""
    seen: dict[int, Counter[str]] = {2: Counter(), 3: Counter()}
    for seed in range(1200):
        race = Race(seed)
        race.kernel.advance(REQUEST_SPACING_NS + 150_000)
        for collisions, outcomes in seen.items():
            outcomes.update(race.outcomes.get(collisions, {}))
    for collisions, outcomes in seen.items():
        races = outcomes.total()
        assert races > 500
        window = 2**collisions
        expected = {"win": 1 - 3 / (2 * window), "tie": 1 / window, "lose": 1 / (2 * window)}
        for outcome, probability in expected.items():
            tolerance = 4 * math.sqrt(probability * (1 - probability) / races)
            assert abs(outcomes[outcome] / races - probability) < tolerance, f"{outcome} at n = {collisions}"


@pytest.mark.requirement("MAC-4.10")
def test_the_first_race_is_fair() -> None:
    """n = 1, both fresh: either wins with 1/4, and half of the races are tied."""
    stations = Stations(2, seed=3)
    episodes = 2000
    first = Counter(
        "tie" if reports[0][1].collisions > 1 else f"s{reports[0][0]}"
        for reports in (stations.episode() for _ in range(episodes))
    )
    for outcome, probability in {"s0": 1 / 4, "s1": 1 / 4, "tie": 1 / 2}.items():
        assert abs(first[outcome] / episodes - probability) < 4 * math.sqrt(probability * (1 - probability) / episodes)


@pytest.mark.requirement("MAC-4.10")
@pytest.mark.parametrize("count", [2, 3, 5, 10])
def test_a_burst_is_delivered_whole(count: int) -> None:
    """Stations that all submit at once get through one after the other, each frame once."""
    stations = Stations(count, seed=count, bits_per_edge=4, sync=2)
    reports = stations.episode()
    assert sorted(index for index, _ in reports) == list(range(count))
    assert all(report.is_ok for _, report in reports)
    edges = [report.done_edge for _, report in reports]
    assert all(later - earlier >= 144 + 24 for earlier, later in pairwise(edges))
