"""The kernel as pumps and models see it: timers, deadlines, errors of use, and what it costs to leave things lying."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.runtime.kernel import Cancelled, DeadlockError, Kernel, KernelError
from rig.runtime.virtual_time import VirtualTime

# -- timers, without a run ---------------------------------------------------------------------------------------------


def test_advance_runs_what_is_due_at_its_own_time() -> None:
    kernel = Kernel()
    log: list[tuple[int, str]] = []
    for t_ns, name in ((20, "b"), (10, "a"), (30, "c")):
        kernel.call_at(t_ns, lambda name: log.append((kernel.now_ns, name)), name)
    assert kernel.next_deadline() == 10
    kernel.advance(25)
    assert log == [(10, "a"), (20, "b")]
    assert kernel.now_ns == 25
    assert kernel.next_deadline() == 30
    kernel.advance(30)
    assert log[-1] == (30, "c")
    assert kernel.next_deadline() is None


def test_time_does_not_go_back() -> None:
    kernel = Kernel(now_ns=100)
    kernel.advance(50)
    assert kernel.now_ns == 100


def test_call_in_the_past_comes_after_what_is_due_now() -> None:
    kernel = Kernel(now_ns=100)
    log: list[str] = []
    kernel.call_at(100, log.append, "now")
    kernel.call_at(50, log.append, "past")
    kernel.advance(100)
    assert log == ["now", "past"]
    assert kernel.now_ns == 100


def test_cancelled_timer_does_not_run() -> None:
    kernel = Kernel()
    log: list[str] = []
    timer = kernel.call_at(10, log.append, "no")
    other = kernel.call_at(20, log.append, "yes")
    timer.cancel()
    timer.cancel()
    assert kernel.next_deadline() == 20
    kernel.advance(20)
    other.cancel()
    assert log == ["yes"]


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=60), st.integers(0, 20))
def test_timers_run_in_order_of_time_then_call(plan: list[tuple[int, bool]], pause_ns: int) -> None:
    kernel = Kernel()
    log: list[int] = []
    timers = [kernel.call_at(t_ns, log.append, number) for number, (t_ns, _) in enumerate(plan)]
    kept = []
    for number, (t_ns, is_kept) in enumerate(plan):
        if is_kept:
            kept.append((t_ns, number))
        else:
            timers[number].cancel()
    kernel.advance(pause_ns)
    assert log == [number for t_ns, number in sorted(kept) if t_ns <= pause_ns]
    later = [t_ns for t_ns, _ in kept if t_ns > pause_ns]
    assert kernel.next_deadline() == min(later, default=None)
    kernel.advance(20)
    assert log == [number for _, number in sorted(kept)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9), st.booleans()), max_size=40))
def test_waits_with_lazy_deadlines_are_those_of_a_plain_model(plan: list[tuple[int, int, bool]]) -> None:
    """One task waits with changing time-outs and is woken early at random; its deadlines fire exactly on time."""
    kernel = VirtualTime()
    event = kernel.event()

    async def main() -> None:
        for early_ns, timeout_ns, is_woken in plan:
            start_ns = kernel.now_ns
            event.clear()
            if is_woken:
                kernel.call_at(start_ns + early_ns, lambda _: event.set())
            first = await kernel.wait_first(event, deadline_ns=start_ns + timeout_ns)
            if is_woken and early_ns <= timeout_ns:
                assert (first, kernel.now_ns) == (0, start_ns + early_ns)
            else:
                assert (first, kernel.now_ns) == (None, start_ns + timeout_ns)
                await kernel.sleep_until(start_ns + 20)  # past the late wake

    kernel.run(main())


def test_failure_without_a_run_is_raised_by_advance() -> None:
    kernel = Kernel()

    def bad(arg: object) -> None:
        raise ValueError(arg)

    kernel.call_at(5, bad, "told")
    with pytest.raises(ValueError, match="told") as caught:
        kernel.advance(10)
    assert caught.value.__notes__ == ["outside any task at 5 ns"]
    kernel.advance(20)


def test_shutdown_without_a_run_lists_the_tasks() -> None:
    kernel = Kernel()

    async def wait() -> None:
        await kernel.event().wait()

    kernel.spawn(wait(), name="a")
    kernel.advance(0)
    kernel.spawn(wait(), name="never ran")
    assert kernel.shutdown() == ["a", "never ran"]


def test_outside_work_comes_after_what_is_due() -> None:
    kernel = Kernel()
    event = kernel.event()
    log: list[tuple[int, str]] = []

    async def wait() -> None:
        await event.wait()
        log.append((kernel.now_ns, "woken"))

    kernel.spawn(wait())
    kernel.advance(0)
    kernel.call_at(10, lambda _: log.append((kernel.now_ns, "timer")))
    event.set()
    kernel.advance(12)
    assert log == [(10, "timer"), (12, "woken")]
    kernel.shutdown()


# -- cost of what is left lying ----------------------------------------------------------------------------------------


def test_cancelled_timers_are_swept_out() -> None:
    kernel = Kernel()
    for t_ns in range(10_000):
        kernel.call_at(10**9 + t_ns, print).cancel()
    assert len(kernel._heap) < 200


def test_overtaken_deadlines_are_swept_out() -> None:
    kernel = VirtualTime()
    event = kernel.event()

    async def main() -> None:
        for _ in range(5_000):
            event.clear()
            kernel.call_at(kernel.now_ns + 1, lambda _: event.set())
            await kernel.wait_first(event, deadline_ns=kernel.now_ns + 10**9)
            await kernel.sleep_until(kernel.now_ns + 10)

    kernel.run(main())
    assert len(kernel._heap) < 200


def test_short_tasks_leave_nothing() -> None:
    kernel = VirtualTime()

    async def short() -> None:
        await kernel.wait_first(deadline_ns=kernel.now_ns + 5)

    async def waits_for_event_with_far_deadline() -> None:
        event = kernel.event()
        kernel.call_at(kernel.now_ns + 1, lambda _: event.set())
        await kernel.wait_first(event, deadline_ns=kernel.now_ns + 10**9)

    async def main() -> None:
        for _ in range(1_000):
            await kernel.spawn(short())
            await kernel.spawn(waits_for_event_with_far_deadline())

    kernel.run(main())
    assert len(kernel._heap) < 200
    assert not kernel._live


# -- a run that cannot go on -------------------------------------------------------------------------------------------


def test_deadlock_says_who_waits_for_what_and_where() -> None:
    kernel = VirtualTime()
    reply = kernel.event("the reply")

    async def inner() -> None:
        await kernel.wait_first(reply, kernel.event())

    async def client() -> None:
        await inner()

    async def main() -> None:
        await kernel.sleep_until(50)
        await kernel.spawn(client(), name="client")

    with pytest.raises(DeadlockError, match=r"deadlock at 50 ns") as caught:
        kernel.run(main())
    message = str(caught.value)
    assert "task 'client' waits for event 'the reply' or an event at " in message
    assert "test_kernel.py" in message
    assert "inner" in message, "the innermost place counts"


def test_deadlock_is_seen_in_spite_of_a_limit_and_of_dead_timers() -> None:
    kernel = VirtualTime()

    async def main() -> None:
        kernel.call_at(10**9, print).cancel()
        await kernel.event().wait()

    with pytest.raises(DeadlockError):
        kernel.run(main(), limit_ns=10**6)


@pytest.mark.parametrize("kind", ["tasks", "timers"])
def test_livelock_ends_the_run(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rig.runtime.kernel.LIVELOCK_STEPS", 1_000)
    kernel = VirtualTime()
    a, b = kernel.event(), kernel.event()

    async def bounce(mine: Any, other: Any) -> None:
        while True:
            await mine.wait()
            mine.clear()
            other.set()

    def again(arg: object) -> None:
        kernel.call_at(kernel.now_ns, again)

    async def main() -> None:
        await kernel.sleep_until(10)
        if kind == "tasks":
            kernel.spawn(bounce(a, b), name="ping")
            kernel.spawn(bounce(b, a), name="pong")
            a.set()
        else:
            again(None)
        await kernel.sleep_until(20)

    with pytest.raises(KernelError, match=r"livelock: 1000 steps at 10 ns.*(p[io]ng|callbacks)"):
        kernel.run(main())


def test_interrupt_by_the_user_cleans_up_and_goes_on_out() -> None:
    kernel = VirtualTime()
    log: list[str] = []

    async def server() -> None:
        try:
            await kernel.event().wait()
        finally:
            log.append("clean")

    async def main() -> None:
        kernel.spawn(server())
        await kernel.sleep_until(5)
        raise KeyboardInterrupt

    async def later() -> int:
        await kernel.sleep_until(10)
        return 1

    with pytest.raises(KeyboardInterrupt):
        kernel.run(main())
    assert log == ["clean"]
    assert kernel.run(later()) == 1, "the interrupt was told; it must not end another run"


def test_first_failure_is_raised_and_the_others_are_noted() -> None:
    kernel = VirtualTime()

    async def bad(text: str) -> None:
        raise ValueError(text)

    async def main() -> None:
        kernel.spawn(bad("one"), name="a")
        kernel.spawn(bad("two"), name="b")
        await kernel.sleep_until(5)

    with pytest.raises(ValueError, match="one") as caught:
        kernel.run(main())
    assert caught.value.__notes__ == ["in task 'a' at 0 ns", "then in task 'b' at 0 ns: ValueError: two"]


def test_joining_during_the_shutdown_does_not_hide_the_failure() -> None:
    kernel = VirtualTime()

    async def bad() -> None:
        await kernel.sleep_until(5)
        raise ValueError("first")

    async def main() -> None:
        task = kernel.spawn(bad())
        try:
            await kernel.sleep_until(100)
        finally:
            try:
                await task
            except ValueError:
                pass

    with pytest.raises(ValueError, match="first"):
        kernel.run(main())


def test_main_task_that_is_cancelled_is_an_error() -> None:
    kernel = VirtualTime()

    def cancel_main(arg: object) -> None:
        assert kernel.main is not None
        kernel.main.cancel()

    async def main() -> None:
        kernel.call_at(5, cancel_main)
        await kernel.sleep_until(10)

    with pytest.raises(KernelError, match="did not end by itself"):
        kernel.run(main())


def test_clean_up_may_start_tasks_and_use_them() -> None:
    kernel = VirtualTime()
    log: list[str] = []

    async def helper() -> None:
        log.append("helper")

    async def server() -> None:
        try:
            await kernel.event().wait()
        finally:
            await kernel.spawn(helper())
            log.append("server")

    async def main() -> None:
        kernel.spawn(server())
        await kernel.sleep_until(5)

    kernel.run(main())
    assert log == ["helper", "server"]


# -- errors of use -----------------------------------------------------------------------------------------------------


def test_errors_of_use_are_told_at_the_place() -> None:
    kernel = VirtualTime()

    async def nothing() -> None:
        pass

    async def main() -> None:
        with pytest.raises(TypeError, match="was the function called"):
            kernel.spawn(nothing)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="an event or a deadline"):
            await kernel.wait_first()
        assert kernel.current is not None
        with pytest.raises(KernelError, match="cancels itself"):
            kernel.current.cancel()
        with pytest.raises(KernelError, match="joins itself"):
            await kernel.current
        with pytest.raises(KernelError, match="pumped by something that it runs"):
            kernel.advance(5)
        with pytest.raises(TypeError, match="which is not of this kernel"):
            await asyncio.sleep(0)

    kernel.run(main())


def test_task_describes_itself() -> None:
    kernel = VirtualTime()

    async def sleeper() -> None:
        await kernel.sleep_until(100)

    async def main() -> None:
        task = kernel.spawn(sleeper(), name="s")
        assert repr(task).startswith("<task 's' is ready to run at ")
        await kernel.sleep_until(10)
        assert repr(task).startswith("<task 's' waits for 100 ns at ")
        task.cancel()
        with pytest.raises(Cancelled, match="task 's' was cancelled"):
            await task
        assert repr(task) == "<task 's' done>"
        assert kernel.spawn(sleeper()).name.endswith("sleeper")

    kernel.run(main())
