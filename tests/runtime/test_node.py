"""The one loop: what it does in a round, in which order, and that no wake-up is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from rig.adapter.device import Capabilities, ReceivedFrame, ReceiveStatus, TransmitOutcome, TransmitResult
from rig.runtime.kernel import KernelError
from rig.runtime.node import Node
from rig.runtime.virtual_time import VirtualTime


class FakeStack:
    """Notes the calls; sends what a test puts into ``outgoing``; is due at ``deadlines``."""

    def __init__(self, story: list[Any]) -> None:
        self.story = story
        self.outgoing: deque[bytes] = deque()
        self.events: deque[Any] = deque()
        self.deadlines: deque[int] = deque()
        self.built = 0

    def receive_frame(self, frame: bytes, now_ns: int, interface: int = 0) -> None:
        self.story.append((now_ns, "receive", frame))
        self.events.append(("event of", frame))

    def frames_to_send(self, now_ns: int, interface: int = 0) -> Iterator[bytes]:
        while self.outgoing and interface == 0:
            self.built += 1
            yield self.outgoing.popleft()

    def next_deadline(self) -> int | None:
        return self.deadlines[0] if self.deadlines else None

    def handle_timers(self, now_ns: int) -> None:
        while self.deadlines and self.deadlines[0] <= now_ns:
            self.story.append((now_ns, "timer", self.deadlines.popleft()))

    def next_event(self) -> Any:
        return self.events.popleft() if self.events else None


class FakeDevice:
    """Has room for ``room`` frames; notes what it took."""

    def __init__(self, kernel: VirtualTime, story: list[Any]) -> None:
        self.kernel = kernel
        self.story = story
        self.irq = kernel.event("irq")
        self.tx_ready = kernel.event("tx_ready")
        self.capabilities = Capabilities("fake", bytes(6))
        self.is_link_up = True
        self.room = 100
        self.refusals = 0
        self.received: deque[ReceivedFrame] = deque()
        self.results: list[TransmitResult] = []

    def try_transmit(self, frame: bytes) -> bool:
        if self.room == 0:
            self.refusals += 1
            return False
        self.room -= 1
        self.story.append((self.kernel.now_ns, "transmit", frame))
        return True

    def receive(self) -> ReceivedFrame | None:
        return self.received.popleft() if self.received else None

    def transmit_results(self) -> list[TransmitResult]:
        results, self.results = self.results, []
        return results

    def arrive(self, *octets: bytes, status: ReceiveStatus = ReceiveStatus.OK) -> None:
        self.received.extend(ReceivedFrame(frame, self.kernel.now_ns, status) for frame in octets)
        self.irq.set()


class Bench:
    def __init__(self) -> None:
        self.kernel = VirtualTime()
        self.story: list[Any] = []
        self.stack = FakeStack(self.story)
        self.device = FakeDevice(self.kernel, self.story)
        self.node = Node(
            self.kernel,
            self.stack,  # type: ignore[arg-type]
            self.device,
            lambda event: self.story.append((self.kernel.now_ns, "deliver", event)),
            "bench",
        )

    def run(self, until_ns: int) -> None:
        async def main() -> None:
            task = self.kernel.spawn(self.node.run(), "node")
            await self.kernel.sleep_until(until_ns)
            task.cancel()

        self.kernel.run(main())


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_round_receives_then_runs_timers_then_delivers_then_sends(bench: Bench) -> None:
    bench.device.arrive(b"one", b"two")
    bench.stack.deadlines.append(0)
    bench.stack.outgoing.append(b"out")
    bench.run(1)
    assert bench.story == [
        (0, "receive", b"one"),
        (0, "receive", b"two"),
        (0, "timer", 0),
        (0, "deliver", ("event of", b"one")),
        (0, "deliver", ("event of", b"two")),
        (0, "transmit", b"out"),
    ]


def test_it_sleeps_until_each_source_wakes_it(bench: Bench) -> None:
    bench.stack.deadlines.extend([100, 300])

    def ask(frame: bytes) -> None:
        bench.stack.outgoing.append(frame)
        bench.node.kick.set()

    bench.kernel.call_at(200, bench.device.arrive, b"in")
    bench.kernel.call_at(250, ask, b"asked")
    bench.run(1000)
    assert [entry for entry in bench.story if entry[1] != "deliver"] == [
        (100, "timer", 100),
        (200, "receive", b"in"),
        (250, "transmit", b"asked"),
        (300, "timer", 300),
    ]


def test_a_refused_frame_is_kept_and_goes_first(bench: Bench) -> None:
    bench.device.room = 1
    bench.stack.outgoing.extend([b"1", b"2", b"3"])

    def make_room(frames: int) -> None:
        bench.device.room = frames
        bench.device.tx_ready.set()

    bench.kernel.call_at(50, make_room, 1)
    bench.kernel.call_at(70, make_room, 1)
    bench.run(100)
    assert bench.story == [(0, "transmit", b"1"), (50, "transmit", b"2"), (70, "transmit", b"3")]


def test_no_frame_is_built_that_the_device_has_no_room_for(bench: Bench) -> None:
    """The stack decides as late as it can what goes out; at most one frame waits between the two."""
    bench.device.room = 2
    bench.stack.outgoing.extend([b"1", b"2", b"3", b"4"])
    bench.kernel.call_at(10, lambda _: bench.node.kick.set())
    bench.run(100)
    assert (bench.stack.built, len(bench.stack.outgoing)) == (3, 1)


def test_room_that_appears_while_it_is_refused_is_not_missed(bench: Bench) -> None:
    """tx_ready set before the clear and never again: the second try must find the room."""
    bench.device.room = 0
    original = bench.device.try_transmit

    def room_after_the_first_refusal(frame: bytes) -> bool:
        taken = original(frame)
        if bench.device.refusals == 1:
            bench.device.room = 1
            bench.device.tx_ready.set()
        return taken

    bench.device.try_transmit = room_after_the_first_refusal  # type: ignore[method-assign]
    bench.stack.outgoing.append(b"1")
    bench.run(100)
    assert bench.story == [(0, "transmit", b"1")]


def test_it_does_not_wait_for_room_while_no_frame_waits(bench: Bench) -> None:
    bench.device.tx_ready.set()  # as a device does that has room
    bench.run(100)  # a loop that woke by it would never get to 100
    assert bench.story == []


def test_what_comes_while_it_works_is_served_before_it_sleeps(bench: Bench) -> None:
    arrivals = deque([b"second", b"third"])

    def receive_frame(frame: bytes, now_ns: int, interface: int = 0) -> None:
        bench.story.append((now_ns, "receive", frame))
        bench.node.kick.set()

    def frames_to_send(now_ns: int, interface: int = 0) -> Iterator[bytes]:
        if arrivals:
            bench.device.arrive(arrivals.popleft())  # after this round's drain
        return iter(())

    bench.stack.receive_frame = receive_frame  # type: ignore[method-assign]
    bench.stack.frames_to_send = frames_to_send  # type: ignore[method-assign]
    bench.device.arrive(b"first")
    bench.run(100)
    assert bench.story == [(0, "receive", b"first"), (0, "receive", b"second"), (0, "receive", b"third")]


def test_events_of_sending_are_delivered(bench: Bench) -> None:
    def frames_to_send(now_ns: int, interface: int = 0) -> Iterator[bytes]:
        if now_ns == 0 and not bench.story:
            bench.stack.events.append("no route")
        return iter(())

    bench.stack.frames_to_send = frames_to_send  # type: ignore[method-assign]
    bench.run(100)
    assert bench.story == [(0, "deliver", "no route")]


def test_bad_frames_that_a_device_shows_are_kept_from_the_stack(bench: Bench) -> None:
    bench.device.arrive(b"bad", status=ReceiveStatus.FCS_ERROR)
    bench.device.arrive(b"good", status=ReceiveStatus.OK | ReceiveStatus.BROADCAST)
    bench.run(1)
    assert bench.story[0] == (0, "receive", b"good")
    assert bench.node.frames_with_errors == 1


def test_results_of_transmissions_are_taken_and_counted(bench: Bench) -> None:
    bench.device.results += [TransmitResult(TransmitOutcome.OK, 0, False, 0, 1)] * 2
    bench.device.results += [TransmitResult(TransmitOutcome.EXCESSIVE_COLLISIONS, 16, True, 0, 1)]
    bench.run(1)
    assert bench.node.transmit_outcomes == {TransmitOutcome.OK: 2, TransmitOutcome.EXCESSIVE_COLLISIONS: 1}
    assert bench.device.results == []


def test_a_deadline_that_never_passes_is_an_error_and_no_hang(bench: Bench) -> None:
    bench.stack.next_deadline = lambda: 0  # type: ignore[method-assign]
    with pytest.raises(KernelError, match="'bench': at 0 ns the stack stays due since 0 ns"):
        bench.run(1)


def test_an_error_of_the_device_ends_the_run(bench: Bench) -> None:
    def receive() -> ReceivedFrame | None:
        raise RuntimeError("the adapter is gone")

    bench.device.receive = receive  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="gone"):
        bench.run(1)
