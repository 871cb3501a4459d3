"""The impairer: what it does to each frame, when, and that it is a frame device like any other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from random import Random
from typing import Any

import pytest

from rig.adapter.device import ReceivedFrame, ReceiveStatus
from rig.adapter.impairer import WIRE_OVERHEAD_OCTETS, Impairer, Impairments, Lane
from rig.errors import UsageError
from rig.runtime.kernel import Kernel
from rig.runtime.pump_asyncio import WallClock
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_MS, NS_PER_S
from rig.wire.fcs import fcs
from tests.helpers.memory_link import LinkConfig, memory_link

MANY = 4000


def frames(count: int, octets: int = 100) -> list[bytes]:
    return [number.to_bytes(4, "big") + bytes(octets - 4) for number in range(count)]


class Passage:
    """Frames through one lane, one a microsecond."""

    def __init__(self, settings: Impairments, sent: list[bytes], seed: int = 1, gap_ns: int = 1000) -> None:
        self.counts: Counter[str] = Counter()
        lane = Lane(settings, Random(seed), self.counts, "lane")
        self.came: list[tuple[int, bytes]] = []
        for number, frame in enumerate(sent):
            lane.enter(frame, number * gap_ns)
            self.take(lane, number * gap_ns)
        self.take(lane, 1 << 60)
        assert len(lane) == 0 and lane.next_due_ns is None

    def take(self, lane: Lane, now_ns: int) -> None:
        while (out := lane.take(now_ns)) is not None:
            self.came.append(out[:2])

    @property
    def octets(self) -> list[bytes]:
        return [octets for _, octets in self.came]


def test_nothing_is_done_by_default() -> None:
    sent = frames(50)
    passage = Passage(Impairments(), sent)
    assert passage.came == [(number * 1000, frame) for number, frame in enumerate(sent)]
    assert not passage.counts


@pytest.mark.parametrize("share", [0.01, 0.3])
def test_loss_takes_its_share(share: float) -> None:
    sent = frames(MANY)
    passage = Passage(Impairments(loss=share), sent)
    lost = passage.counts["lane_lost"]
    assert abs(lost - share * MANY) < 4 * (share * (1 - share) * MANY) ** 0.5, "within four standard deviations"
    assert len(passage.came) == MANY - lost
    assert passage.octets == sorted(passage.octets), "what is left keeps its order"


def test_all_may_be_lost() -> None:
    assert not Passage(Impairments(loss=1.0), frames(100)).came


def test_a_copy_comes_right_behind() -> None:
    passage = Passage(Impairments(duplication=0.5), frames(MANY))
    doubled = passage.counts["lane_duplicated"]
    assert len(passage.came) == MANY + doubled and 0.45 < doubled / MANY < 0.55
    assert passage.octets == sorted(passage.octets) and len(set(passage.octets)) == MANY


def test_corruption_flips_one_bit_of_any_octet() -> None:
    sent = frames(MANY, 20)
    passage = Passage(Impairments(corruption=1.0), sent)
    places = set()
    for frame, came in zip(sent, passage.octets, strict=True):
        difference = int.from_bytes(frame, "big") ^ int.from_bytes(came, "big")
        assert difference.bit_count() == 1
        places.add(difference.bit_length())
    assert places == set(range(1, 161)), "every bit is hit some time"
    assert passage.counts["lane_corrupted"] == MANY


def test_jitter_makes_late_and_keeps_the_order() -> None:
    settings = Impairments(delay_ns=5_000, jitter_ns=20_000)
    close = Passage(settings, frames(MANY))
    assert close.octets == sorted(close.octets)
    far = Passage(settings, frames(MANY), gap_ns=50_000)
    late = [due_ns - number * 50_000 for number, (due_ns, _) in enumerate(far.came)]
    assert min(late) >= 5_000 and max(late) < 25_000 and max(late) - min(late) > 19_000
    assert abs(sum(late) / MANY - 15_000) < 500, "evenly spread"


def test_reordering_lets_others_pass() -> None:
    passage = Passage(Impairments(reordering=0.1, held_back_ns=5_500), frames(MANY))
    numbers = [int.from_bytes(octets[:4], "big") for octets in passage.octets]
    held = passage.counts["lane_reordered"]
    assert sorted(numbers) == list(range(MANY)) and 0.08 < held / MANY < 0.12
    late = [number for place, number in enumerate(numbers) if number < max(numbers[:place], default=0)]
    assert len(late) >= 0.95 * held, "all but those at the end, or among others held back, come after a later one"


def test_the_rate_limit_counts_what_a_link_needs() -> None:
    passage = Passage(Impairments(rate_bps=100_000_000, delay_ns=7_000), frames(10, 1000), gap_ns=0)
    each_ns = (1000 + WIRE_OVERHEAD_OCTETS) * 80
    assert [due_ns for due_ns, _ in passage.came] == [each_ns * number + 7_000 for number in range(1, 11)]
    short = Passage(Impairments(rate_bps=10_000_000), frames(1, 20))
    assert short.came[0][0] == (60 + 24) * 800, "a short frame is padded on the link"


def test_what_does_not_fit_the_queue_is_dropped() -> None:
    passage = Passage(Impairments(rate_bps=1_000_000, queue_frames=3), frames(10), gap_ns=0)
    assert passage.octets == frames(10)[:3] and passage.counts["lane_queue_full"] == 7


def test_one_impairment_does_not_shift_the_others() -> None:
    sent = frames(MANY)
    plain = set(Passage(Impairments(loss=0.2), sent).octets)
    busy = Impairments(loss=0.2, duplication=0.3, jitter_ns=5, reordering=0.2, rate_bps=10**9, queue_frames=10**6)
    assert set(Passage(busy, sent).octets) == plain, "the same frames are lost"
    assert set(Passage(Impairments(loss=0.2), sent, seed=2).octets) != plain, "another seed loses others"


@pytest.mark.parametrize(
    "wrong",
    [{"loss": 1.5}, {"corruption": -0.1}, {"delay_ns": -1}, {"jitter_ns": -1}, {"rate_bps": 0}, {"queue_frames": 0}],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Impairments(**wrong)


# -- as a device -------------------------------------------------------------------------------------------------------


class Ends:
    """An impairer in front of one end of a memory link, and what the other end hears."""

    def __init__(
        self, kernel: Kernel, transmit: Impairments, receive: Impairments, queue_frames: int = 8, *, runs: bool = True
    ) -> None:
        self.kernel = kernel
        near, self.far = memory_link(kernel, Random(9), LinkConfig(queue_frames=queue_frames, delay_ns=1000))
        self.near = Impairer(kernel, near, Random(5), transmit=transmit, receive=receive)
        if runs:
            kernel.spawn(self.near.run(), "impairer")

    async def send(self, device: Any, sent: list[bytes]) -> None:
        for frame in sent:
            while not device.try_transmit(frame):
                device.tx_ready.clear()
                if device.try_transmit(frame):
                    break
                await device.tx_ready.wait()

    async def hear(self, device: Any, until_ns: int) -> list[ReceivedFrame]:
        heard: list[ReceivedFrame] = []
        while True:
            device.irq.clear()
            while (received := device.receive()) is not None:
                heard.append(received)
            device.transmit_results()
            if await self.kernel.wait_first(device.irq, deadline_ns=until_ns) is None:
                return heard


def run(main: Coroutine[Any, Any, Any], kernel: VirtualTime) -> Any:
    return kernel.run(main, 3600 * NS_PER_S)


def test_without_impairments_the_device_is_as_it_was() -> None:
    kernel = VirtualTime()
    ends = Ends(kernel, Impairments(), Impairments())
    sent = frames(40)

    async def main() -> None:
        kernel.spawn(ends.send(ends.near, sent))
        kernel.spawn(ends.send(ends.far, sent))
        both = [kernel.spawn(ends.hear(device, NS_PER_S)) for device in (ends.near, ends.far)]
        for task in both:
            heard = await task
            assert [each.octets for each in heard] == sent
        step_ns = (100 + 24) * 80
        assert [each.time_ns for each in await both[0]] == [1000 + step_ns * number for number in range(1, 41)]

    run(main(), kernel)
    assert not ends.near.counts


def test_each_direction_has_its_own_impairments() -> None:
    kernel = VirtualTime()
    ends = Ends(kernel, Impairments(delay_ns=NS_PER_MS), Impairments(loss=0.5, delay_ns=3 * NS_PER_MS))
    sent = frames(100, 60)

    async def main() -> None:
        kernel.spawn(ends.send(ends.near, sent))
        kernel.spawn(ends.send(ends.far, sent))
        near = kernel.spawn(ends.hear(ends.near, NS_PER_S))
        far = await ends.hear(ends.far, NS_PER_S)
        assert [each.octets for each in far] == sent and far[0].time_ns > NS_PER_MS
        heard = await near
        assert len(heard) == 100 - ends.near.counts["receive_lost"] and 30 < len(heard) < 70
        assert heard[0].time_ns >= 3 * NS_PER_MS, "the time is that of its way's end"

    run(main(), kernel)
    assert set(ends.near.counts) == {"receive_lost"}


def test_every_frame_taken_has_a_result_also_one_that_was_lost() -> None:
    kernel = VirtualTime()
    ends = Ends(kernel, Impairments(loss=0.5), Impairments())

    async def main() -> int:
        sender = kernel.spawn(ends.send(ends.near, frames(60)))
        results = 0
        while results < 60:
            ends.near.irq.clear()
            results += len(ends.near.transmit_results())
            told = results == 60 or await kernel.wait_first(ends.near.irq, deadline_ns=NS_PER_S) == 0
            assert told, "a result is lost"
        await sender
        return results

    assert run(main(), kernel) == 60


def test_a_full_device_refuses_through_the_impairer() -> None:
    kernel = VirtualTime()
    ends = Ends(kernel, Impairments(), Impairments(), queue_frames=2)

    async def main() -> None:
        taken = 0
        while ends.near.try_transmit(frames(1)[0]):
            taken += 1
        assert taken == 3 and not ends.near.tx_ready.is_set(), "its queue, and one that waits"
        await ends.near.tx_ready.wait()
        assert ends.near.try_transmit(frames(1)[0])
        assert len(await ends.hear(ends.far, NS_PER_S)) == 4

    run(main(), kernel)


def test_frames_that_are_due_wait_for_a_reader_without_spinning() -> None:
    kernel = VirtualTime()
    ends = Ends(kernel, Impairments(), Impairments(delay_ns=10))

    async def main() -> None:
        await ends.send(ends.far, frames(5))
        await kernel.sleep_until(NS_PER_S)
        first = ends.near.receive()
        assert first is not None and first.octets == frames(1)[0]
        assert len(await ends.hear(ends.near, 2 * NS_PER_S)) == 4

    run(main(), kernel)


def test_a_frame_that_the_device_cannot_send_is_refused_before_any_dice() -> None:
    kernel = VirtualTime()
    ends = Ends(kernel, Impairments(loss=1.0), Impairments(), runs=False)
    for octets in (13, 1515):
        with pytest.raises(UsageError, match=f"frame of {octets} octets"):
            ends.near.try_transmit(bytes(octets))


def test_a_damaged_frame_shows_the_fcs_of_its_damage() -> None:
    kernel = VirtualTime()
    ends = Ends(kernel, Impairments(), Impairments(corruption=1.0), runs=False)
    frame = frames(1)[0]
    whole = ReceivedFrame(frame, 0, ReceiveStatus.OK, fcs(frame))
    ends.near._device._received.append(whole)  # type: ignore[attr-defined]
    damaged = ends.near.receive()
    assert damaged is not None and damaged.octets != frame and damaged.fcs == fcs(damaged.octets)
    assert damaged.time_ns == 0 and damaged == whole._replace(octets=damaged.octets, fcs=damaged.fcs)


def test_the_same_seed_does_the_same_and_a_cancelled_run_ends() -> None:
    def heard() -> list[ReceivedFrame]:
        kernel = VirtualTime()
        some = Impairments(loss=0.1, duplication=0.1, corruption=0.1, reordering=0.1, jitter_ns=10**5, delay_ns=10**5)
        ends = Ends(kernel, some, some)

        async def main() -> list[ReceivedFrame]:
            await ends.send(ends.near, frames(300))
            return await ends.hear(ends.far, NS_PER_S)

        result: list[ReceivedFrame] = run(main(), kernel)
        return result

    assert heard() == heard()


def test_it_runs_on_the_wall_clock_too() -> None:
    kernel = WallClock()
    sent = frames(20)

    async def main() -> None:
        ends = Ends(kernel, Impairments(delay_ns=2 * NS_PER_MS), Impairments(delay_ns=2 * NS_PER_MS))
        kernel.spawn(ends.send(ends.near, sent))
        heard: list[ReceivedFrame] = []
        while len(heard) < len(sent):
            heard += await ends.hear(ends.far, kernel.now_ns + 10 * NS_PER_MS)
        assert [each.octets for each in heard] == sent

    asyncio.run(kernel.run_async(main(), 30 * NS_PER_S))
