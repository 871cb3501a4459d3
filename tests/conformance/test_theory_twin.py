"""Published theory of a contended segment, reproduced by the pure clause 4 machine: bit clock, no synchronisers.

Capture (Ramakrishnan and Yang, LCN 1994) race by race for a loser at its 1st to 6th collision, until it is decided and
until the loser has had its 16th; and how often one of k stations at their n-th collision draws a smallest number of
its own. Scripted draws bring the stations to the situation, the generators decide it. Tolerance: 4 sigma of the
binomial, fixed seeds. Collisions per episode and the first draw of several are in
``tests/firmware_models/test_many_stations.py``.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from firmware_models.adapter.csma_cd import CsmaCd
from firmware_models.adapter.csma_parameters import TransmitReport
from firmware_models.adapter.mac import frame_to_send
from firmware_models.network.segment import Segment
from rig.runtime.virtual_time import VirtualTime

SHORT = frame_to_send(bytes(60), pad=True, append_fcs=True)
LONG = frame_to_send(bytes(1514), pad=True, append_fcs=True)
BEGIN_NS = 10_000
STEP_NS = 50_000
SIGMAS = 4
WINNER, LOSER = 0, 1


class Contest:
    """Stations on one spot that all begin at once. What happens is kept, in order: draws, and frames that are done.

    ``script(station)`` says what a station draws; None leaves it to its generator. Stations ``again`` send another
    frame as soon as one is done.
    """

    def __init__(
        self, count: int, source: random.Random, frame: bytes = SHORT, again: frozenset[int] = frozenset()
    ) -> None:
        self.kernel = VirtualTime()
        self.script: Callable[[int], int | None] = lambda _: None
        self.draws: list[tuple[int, int]] = []
        """Station and which of its collisions it was, for each draw since the last frame that was done."""
        self.done: list[tuple[int, TransmitReport, list[tuple[int, int]]]] = []
        """Station, report, and the draws that came before it."""
        self._frame = frame
        self._again = again
        segment = Segment(self.kernel, bits_per_edge=1)
        self.machines: list[CsmaCd] = []
        for index in range(count):
            machine = CsmaCd(
                segment.attach(f"s{index}", phase_ns=0),
                on_done=partial(self._done, index),
                draw_word=partial(self._draw, index),
                collision_sync=0,
                carrier_sync=0,
            )
            machine.generator.load(source.randrange(1, 1 << 32))
            self.machines.append(machine)
        for machine in self.machines:
            machine.submit(frame, BEGIN_NS)

    def run_until(self, is_over: Callable[[Contest], bool]) -> None:
        """Let time pass until, and perhaps for a while after, something is the case."""
        while not is_over(self):
            self.kernel.advance(self.kernel.now_ns + STEP_NS)

    def _draw(self, index: int) -> int | None:
        self.draws.append((index, self.machines[index].collisions))
        return self.script(index)

    def _done(self, index: int, report: TransmitReport) -> None:
        self.done.append((index, report, self.draws))
        self.draws = []
        if index in self._again:
            self.machines[index].submit(self._frame, self.kernel.now_ns)


def assert_share(hits: int, trials: int, probability: float, what: str = "") -> None:
    sigma = math.sqrt(probability * (1 - probability) / trials)
    assert abs(hits / trials - probability) <= SIGMAS * sigma, f"{what}: {hits} of {trials}, expected {probability:.4f}"


# -- capture -----------------------------------------------------------------------------------------------------------

# n: wins at once, tie, loses at once, wins in the end
CAPTURE = {
    1: (1 / 4, 1 / 2, 1 / 4, 0.5),
    2: (5 / 8, 1 / 4, 1 / 8, 0.8208),
    3: (13 / 16, 1 / 8, 1 / 16, 0.9249),
    4: (29 / 32, 1 / 16, 1 / 32, 0.9657),
    5: (61 / 64, 1 / 32, 1 / 64, 0.9836),
    6: (125 / 128, 1 / 64, 1 / 128, 0.9920),
}
RACES = 400
STILL_WAITING = 0.7084
EPISODES = 250


@pytest.mark.requirement("MAC-4.10")
@pytest.mark.parametrize("n", CAPTURE)
def test_capture(n: int) -> None:
    """A winner's fresh frame against a loser at its n-th collision."""
    source = random.Random(n)
    at_once: Counter[str] = Counter()
    in_the_end = 0
    for _ in range(RACES):
        first, last = race(n, source)
        at_once[first] += 1
        in_the_end += last == WINNER
    wins, ties, losses, eventually = CAPTURE[n]
    for outcome, probability in {"win": wins, "tie": ties, "lose": losses}.items():
        assert_share(at_once[outcome], RACES, probability, f"{outcome} at n = {n}")
    assert_share(in_the_end, RACES, eventually, f"wins in the end at n = {n}")


def race(n: int, source: random.Random) -> tuple[str, int]:
    """Return how the first draw ended, seen by the winner of before, and who got through first."""
    contest = Contest(2, source, again=frozenset({WINNER}))
    # Until the loser is at its n-th collision the winner draws 0 and the loser 1.
    contest.script = lambda station: int(station == LOSER) if len(contest.done) < n - 1 else None
    contest.run_until(lambda each: len(each.done) >= n)
    assert all(index == WINNER for index, _, _ in contest.done[: n - 1])
    index, _, draws = contest.done[n - 1]
    assert (LOSER, n) in draws
    if (LOSER, n + 1) in draws:
        return "tie", index
    return ("win" if index == WINNER else "lose"), index


@pytest.mark.requirement("MAC-4.10")
def test_a_loser_still_waits_at_its_16th_collision() -> None:
    source = random.Random(16)
    waiting = sum(is_waiting_at_the_end(source) for _ in range(EPISODES))
    assert_share(waiting, EPISODES, STILL_WAITING, "still waiting")


def is_waiting_at_the_end(source: random.Random) -> bool:
    """Let a station lose a first race to a saturated one; tell whether it has 16 collisions before it gets through."""
    contest = Contest(2, source, frame=LONG, again=frozenset({WINNER}))
    contest.script = lambda station: None if contest.done else int(station == LOSER)
    contest.run_until(lambda each: any(index == LOSER for index, _, _ in each.done))
    (report,) = (report for index, report, _ in contest.done if index == LOSER)
    return not report.is_ok


# -- the smallest draw -------------------------------------------------------------------------------------------------

# stations: {collision: share of unique smallest draws}
UNIQUE = {
    3: {1: 0.375, 2: 0.6562, 3: 0.8203},
    5: {1: 0.1562, 2: 0.4785, 3: 0.7135, 4: 0.8503},
    10: {1: 0.0098, 2: 0.1926, 3: 0.4905, 4: 0.7167},
    24: {2: 0.0080, 3: 0.1432, 4: 0.4245, 5: 0.6696},
}
BURSTS = {3: 400, 5: 400, 10: 250, 24: 120}


def unique_minimum(count: int, n: int) -> float:
    """Return the probability that of ``count`` draws below 2**n one alone is the smallest."""
    window = 2**n
    return sum(count * (window - 1 - slots) ** (count - 1) for slots in range(window)) / window**count


@pytest.mark.parametrize(("count", "n"), [(count, n) for count, row in UNIQUE.items() for n in row])
def test_the_formula_gives_the_published_figures(count: int, n: int) -> None:
    assert unique_minimum(count, n) == pytest.approx(UNIQUE[count][n], abs=1e-4)


@pytest.mark.requirement("MAC-4.10")
@pytest.mark.parametrize(("count", "n"), [(count, n) for count, row in UNIQUE.items() for n in row])
def test_a_smallest_draw_of_its_own(count: int, n: int) -> None:
    """All draw 0 until their n-th collision. A draw that is alone gets through without any further collision."""
    source = random.Random(100 * count + n)
    alone = sum(is_alone(count, n, source) for _ in range(BURSTS[count]))
    assert_share(alone, BURSTS[count], unique_minimum(count, n), f"{count} stations at collision {n}")


def is_alone(count: int, n: int, source: random.Random) -> bool:
    """Tell whether after the n-th collision of all somebody gets through before anybody collides again."""
    contest = Contest(count, source)
    contest.script = lambda station: 0 if contest.machines[station].collisions < n else None
    contest.run_until(lambda each: bool(each.done) or any(machine.collisions > n for machine in each.machines))
    draws = contest.done[0][2] if contest.done else contest.draws
    return all(collision <= n for _, collision in draws)
