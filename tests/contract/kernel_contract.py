"""The kernel's contract: coroutines that hold under every pump.

Those of ``CONTRACT`` take a scheduler and await nothing else. pytest runs them in virtual time and on a wall clock,
cocotb on both simulators. None asserts how long something took: on a wall clock any wait may be late. ``SHORT_NS`` is
still long enough that a wall clock goes through the event loop, and ``LONG_NS`` is never waited for. Those of
``RUN_CONTRACT`` take a pump and start runs of their own. ``mixed_scenario`` returns a hash of what it did: it is the
same wherever time is exact.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from rig.runtime.kernel import Cancelled, Event, KernelError, Scheduler, Task, TimeLimitError

T = TypeVar("T")

SHORT_NS = 200_000
LONG_NS = 3_600_000_000_000

Contract = Callable[[Scheduler], Coroutine[Any, Any, None]]


class PumpedKernel(Scheduler, Protocol):
    """A kernel with its pump; virtual time is dressed up to look asynchronous."""

    async def run_async(self, coro: Coroutine[Any, Any, T], limit_ns: int | None = None) -> T: ...

    def call_at(self, t_ns: int, fn: Callable[[Any], object], arg: Any = None) -> object: ...

    def shutdown(self) -> list[str]: ...


RunContract = Callable[[PumpedKernel], Coroutine[Any, Any, None]]


async def join_cancelled(task: Task[None]) -> None:
    """Join ``task`` and insist that it was cancelled."""
    try:
        await task
    except Cancelled:
        return
    raise AssertionError(f"{task!r} was not cancelled")


async def after(s: Scheduler, t_ns: int, action: Callable[[], object]) -> None:
    await s.sleep_until(t_ns)
    action()


async def equal_times_run_in_call_order(s: Scheduler) -> None:
    log: list[int] = []
    t_ns = s.now_ns + SHORT_NS
    for task in [s.spawn(after(s, t_ns, lambda i=i: log.append(i))) for i in range(20)]:
        await task
    assert log == list(range(20)), log


async def equal_times_keep_their_order_over_early_wakes(s: Scheduler) -> None:
    """A time-out that was re-armed lazily runs where its last wait began, not where its first did."""
    log: list[str] = []
    go = s.event("go")
    t_ns = s.now_ns + 3 * SHORT_NS

    async def twice() -> None:
        await s.wait_first(go, deadline_ns=t_ns)
        go.clear()
        await s.wait_first(go, deadline_ns=t_ns)
        log.append("twice")

    async def once() -> None:
        await s.sleep_until(t_ns)
        log.append("once")

    tasks = [s.spawn(twice()), s.spawn(once())]
    await s.sleep_until(s.now_ns + SHORT_NS)
    go.set()
    for task in tasks:
        await task
    assert log == ["once", "twice"], log


async def earlier_deadline_overtakes(s: Scheduler) -> None:
    """The one heap entry of a task must come up in time when a wait is shorter than the one before."""
    go = s.event("go")
    start_ns = s.now_ns

    async def body() -> int:
        await s.wait_first(go, deadline_ns=start_ns + LONG_NS)
        await s.sleep_until(start_ns + 2 * SHORT_NS)
        return s.now_ns

    task = s.spawn(body())
    await s.sleep_until(start_ns + SHORT_NS)
    go.set()
    assert start_ns + 2 * SHORT_NS <= await task < start_ns + LONG_NS


async def event_wakes_in_order_of_arrival(s: Scheduler) -> None:
    log: list[int] = []
    event = s.event()

    async def body(i: int) -> None:
        await event.wait()
        log.append(i)

    tasks = [s.spawn(body(i)) for i in range(5)]
    await s.sleep_until(s.now_ns + SHORT_NS)
    event.set()
    for task in tasks:
        await task
    assert log == list(range(5)), log


async def time_stands_still_within_an_instant(s: Scheduler) -> None:
    ping, pong = s.event(), s.event()

    async def echo() -> None:
        for _ in range(50):
            await ping.wait()
            ping.clear()
            pong.set()

    task = s.spawn(echo())
    await s.sleep_until(s.now_ns + SHORT_NS)
    start_ns = s.now_ns
    for _ in range(50):
        ping.set()
        await pong.wait()
        pong.clear()
        assert s.now_ns == start_ns
    await task


async def event_is_a_level_and_a_pulse_wakes(s: Scheduler) -> None:
    event = s.event()
    log: list[bool] = []

    async def body() -> None:
        await event.wait()
        log.append(event.is_set())

    task = s.spawn(body())
    await s.sleep_until(s.now_ns + SHORT_NS)
    event.set()
    event.clear()
    await task
    assert log == [False], log
    event.set()
    await event.wait()
    await event.wait()
    assert event.is_set()


async def past_sleep_returns_at_once(s: Scheduler) -> None:
    start_ns = s.now_ns
    await s.sleep_until(start_ns)
    await s.sleep_until(start_ns - 5)
    assert await s.wait_first(s.event(), deadline_ns=start_ns) is None
    assert s.now_ns == start_ns
    assert type(s.now_ns) is int


async def cancel_runs_clean_up(s: Scheduler) -> None:
    log: list[str] = []
    event = s.event()

    async def body(wait: Callable[[], Awaitable[object]]) -> None:
        try:
            await wait()
        finally:
            log.append("clean")

    waits: list[Callable[[], Awaitable[object]]] = [
        event.wait,
        lambda: s.sleep_until(s.now_ns + LONG_NS),
        lambda: s.wait_first(event, s.event(), deadline_ns=s.now_ns + LONG_NS),
    ]
    for wait in waits:
        task = s.spawn(body(wait))
        await s.sleep_until(s.now_ns + SHORT_NS)
        assert task.cancel() is True
        await join_cancelled(task)
        assert task.done
        assert task.cancel() is False
    assert log == ["clean"] * len(waits), log


async def cancelled_before_start_never_runs(s: Scheduler) -> None:
    log: list[str] = []

    async def body() -> None:
        log.append("ran")

    task = s.spawn(body())
    assert task.cancel()
    assert task.done
    await join_cancelled(task)
    assert not log


async def cancel_beats_pending_wake(s: Scheduler) -> None:
    log: list[str] = []
    event = s.event()

    async def body() -> None:
        await event.wait()
        log.append("woke")

    task = s.spawn(body())
    await s.sleep_until(s.now_ns + SHORT_NS)
    event.set()
    task.cancel()
    await join_cancelled(task)
    assert not log
    assert event.is_set(), "a cancelled wait lost the event"


async def clean_up_may_await(s: Scheduler) -> None:
    log: list[str] = []

    async def body() -> None:
        try:
            await s.sleep_until(s.now_ns + LONG_NS)
        finally:
            await s.sleep_until(s.now_ns + SHORT_NS)
            log.append("closed")

    task = s.spawn(body())
    await s.sleep_until(s.now_ns + SHORT_NS)
    task.cancel()
    await join_cancelled(task)
    assert log == ["closed"], log


async def second_cancel_leaves_clean_up_alone(s: Scheduler) -> None:
    log: list[str] = []

    async def body() -> None:
        try:
            await s.sleep_until(s.now_ns + LONG_NS)
        finally:
            await s.sleep_until(s.now_ns + 2 * SHORT_NS)
            log.append("closed")

    task = s.spawn(body())
    await s.sleep_until(s.now_ns + SHORT_NS)
    assert task.cancel()
    await s.sleep_until(s.now_ns + SHORT_NS)
    assert task.cancel()
    await join_cancelled(task)
    assert log == ["closed"], log


async def cancelled_joiner_leaves_the_child(s: Scheduler) -> None:
    log: list[str] = []
    child = s.spawn(after(s, s.now_ns + 3 * SHORT_NS, lambda: log.append("child")))

    async def parent() -> None:
        await child

    joiner = s.spawn(parent())
    await s.sleep_until(s.now_ns + SHORT_NS)
    joiner.cancel()
    await join_cancelled(joiner)
    assert not child.done
    await child
    assert log == ["child"], log


async def time_out_against_event(s: Scheduler) -> None:
    """At equal times the one that was armed first wins."""
    event = s.event()
    t_ns = s.now_ns + 3 * SHORT_NS
    setter = s.spawn(after(s, t_ns, event.set))
    await s.sleep_until(s.now_ns + SHORT_NS)
    assert await s.wait_first(event, deadline_ns=t_ns) == 0
    await setter

    late = s.event()
    t_ns = s.now_ns + 3 * SHORT_NS
    result: list[int | None] = []

    async def waiter() -> None:
        result.append(await s.wait_first(late, deadline_ns=t_ns))

    tasks = [s.spawn(waiter()), s.spawn(after(s, t_ns, late.set))]
    for task in tasks:
        await task
    assert result == [None], result


async def wait_first_says_which(s: Scheduler) -> None:
    a, b = s.event(), s.event()
    b.set()
    assert await s.wait_first(a, b) == 1
    a.set()
    assert await s.wait_first(a, b) == 0
    a.clear()
    b.clear()
    s.spawn(after(s, s.now_ns + SHORT_NS, b.set))
    assert await s.wait_first(a, b, deadline_ns=s.now_ns + LONG_NS) == 1
    b.clear()
    s.spawn(after(s, s.now_ns + SHORT_NS, b.set))
    assert await s.wait_first(a, b, b) == 1, "the first mention counts"


async def wait_first_leaves_no_waiter_behind(s: Scheduler) -> None:
    """Seen from outside: an event that a finished wait mentioned must not wake the task from a later wait."""
    stale, other = s.event("stale"), s.event("other")
    log: list[int | None] = []

    async def body() -> None:
        log.append(await s.wait_first(stale, other))
        log.append(await s.wait_first(stale, deadline_ns=s.now_ns + SHORT_NS // 4))
        start_ns = s.now_ns
        await s.sleep_until(start_ns + 2 * SHORT_NS)
        assert s.now_ns >= start_ns + 2 * SHORT_NS, "woken by an event that nobody waits for"

    task = s.spawn(body())
    await s.sleep_until(s.now_ns + SHORT_NS)
    other.set()
    await s.sleep_until(s.now_ns + SHORT_NS)
    stale.set()
    await task
    assert log == [1, None], log
    assert not waiters(stale)
    assert not waiters(other)


def waiters(event: Event) -> int:
    return len(event._waiters)


async def join_returns_the_value(s: Scheduler) -> None:
    async def body() -> int:
        await s.sleep_until(s.now_ns + SHORT_NS)
        return 42

    task = s.spawn(body())
    assert await s.wait_first(task.finished) == 0
    assert await task == 42
    assert await task == 42


async def join_raises_the_error(s: Scheduler) -> None:
    async def body() -> None:
        await s.sleep_until(s.now_ns + SHORT_NS)
        raise ValueError("told")

    task = s.spawn(body())
    try:
        await task
    except ValueError as error:
        assert str(error) == "told"
    else:
        raise AssertionError("the error was lost")


async def kept_error_waits_for_the_joiner(s: Scheduler) -> None:
    async def body() -> None:
        raise ValueError("late")

    task = s.spawn(body(), keep_error=True)
    await s.sleep_until(s.now_ns + SHORT_NS)
    assert task.done
    try:
        await task
    except ValueError:
        return
    raise AssertionError("the error was lost")


async def join_at_the_instant_of_failure_observes(s: Scheduler) -> None:
    async def body() -> None:
        raise ValueError("now")

    task = s.spawn(body())
    yielded = s.event()
    yielded.set()
    await yielded.wait()
    try:
        await task
    except ValueError:
        return
    raise AssertionError("the error was lost")


async def joining_a_cancelled_task_is_not_silent(s: Scheduler) -> None:
    """The joiner was not cancelled itself: if it lets Cancelled out, that is a failure, told as such."""
    child = s.spawn(after(s, s.now_ns + LONG_NS, list))

    async def parent() -> None:
        await child

    task = s.spawn(parent(), name="parent", keep_error=True)
    await s.sleep_until(s.now_ns + SHORT_NS)
    child.cancel()
    try:
        await task
    except RuntimeError as error:
        assert "parent" in str(error)
    else:
        raise AssertionError("the cancelled child took its parent along without a word")


async def foreign_awaitable_is_refused(s: Scheduler) -> None:
    class Foreign:
        def __await__(self):  # type: ignore[no-untyped-def]
            yield self

    try:
        await Foreign()
    except TypeError as error:
        assert "Foreign" in str(error)
        assert "kernel_contract.py" in str(error), "the message names the place"
    else:
        raise AssertionError("a foreign awaitable was accepted")
    await s.sleep_until(s.now_ns + SHORT_NS)


async def many_switches_at_one_instant(s: Scheduler) -> None:
    rounds = 3_000
    events = [s.event(), s.event()]
    count = 0

    async def body(i: int) -> None:
        nonlocal count
        for _ in range(rounds):
            await events[i].wait()
            events[i].clear()
            count += 1
            events[1 - i].set()

    tasks = [s.spawn(body(0)), s.spawn(body(1))]
    events[0].set()
    for task in tasks:
        await task
    assert count == 2 * rounds


CONTRACT: tuple[Contract, ...] = (
    equal_times_run_in_call_order,
    equal_times_keep_their_order_over_early_wakes,
    earlier_deadline_overtakes,
    event_wakes_in_order_of_arrival,
    time_stands_still_within_an_instant,
    event_is_a_level_and_a_pulse_wakes,
    past_sleep_returns_at_once,
    cancel_runs_clean_up,
    cancelled_before_start_never_runs,
    cancel_beats_pending_wake,
    clean_up_may_await,
    second_cancel_leaves_clean_up_alone,
    cancelled_joiner_leaves_the_child,
    time_out_against_event,
    wait_first_says_which,
    wait_first_leaves_no_waiter_behind,
    join_returns_the_value,
    join_raises_the_error,
    kept_error_waits_for_the_joiner,
    join_at_the_instant_of_failure_observes,
    joining_a_cancelled_task_is_not_silent,
    foreign_awaitable_is_refused,
    many_switches_at_one_instant,
)


async def unobserved_failure_ends_the_run(kernel: PumpedKernel) -> None:
    log: list[str] = []

    async def bad() -> None:
        await kernel.sleep_until(kernel.now_ns + SHORT_NS)
        raise ValueError("nobody asked")

    async def main() -> None:
        kernel.spawn(bad(), name="bad one")
        try:
            await kernel.sleep_until(kernel.now_ns + LONG_NS)
        finally:
            log.append("main cleaned up")

    try:
        await kernel.run_async(main())
    except ValueError as error:
        assert str(error) == "nobody asked"
        assert any("bad one" in note for note in error.__notes__), error.__notes__
    else:
        raise AssertionError("the failure was lost")
    assert log == ["main cleaned up"], log


async def failure_of_a_callback_ends_the_run(kernel: PumpedKernel) -> None:
    def bad(arg: object) -> None:
        raise ValueError(arg)

    async def main() -> None:
        kernel.call_at(kernel.now_ns + SHORT_NS, bad, "callback")
        await kernel.sleep_until(kernel.now_ns + LONG_NS)

    try:
        await kernel.run_async(main())
    except ValueError as error:
        assert str(error) == "callback"
    else:
        raise AssertionError("the failure was lost")


async def main_failure_is_raised_as_it_is(kernel: PumpedKernel) -> None:
    async def main() -> None:
        await kernel.sleep_until(kernel.now_ns + SHORT_NS)
        raise ConnectionResetError("peer")

    try:
        await kernel.run_async(main())
    except ConnectionResetError as error:
        assert str(error) == "peer"
    else:
        raise AssertionError("the failure was lost")


async def failure_of_an_abandoned_join_is_unobserved(kernel: PumpedKernel) -> None:
    """The one who joined was cancelled before it could look: the error is nobody's and ends the run."""

    async def bad() -> None:
        await kernel.sleep_until(kernel.now_ns + 2 * SHORT_NS)
        raise ValueError("abandoned")

    async def main() -> None:
        task = kernel.spawn(bad())

        async def join() -> None:
            await task

        joiner = kernel.spawn(join())
        await kernel.sleep_until(kernel.now_ns + SHORT_NS)
        joiner.cancel()
        await kernel.sleep_until(kernel.now_ns + LONG_NS)

    try:
        await kernel.run_async(main())
    except ValueError as error:
        assert str(error) == "abandoned"
    else:
        raise AssertionError("the failure was lost")


async def left_over_tasks_are_listed_and_cleaned_up(kernel: PumpedKernel) -> None:
    log: list[str] = []

    async def server(name: str) -> None:
        try:
            await kernel.event().wait()
        finally:
            log.append(name)

    async def stubborn() -> None:
        try:
            await kernel.event().wait()
        finally:
            await kernel.sleep_until(kernel.now_ns + SHORT_NS)
            log.append("time went on during the shutdown")

    async def main() -> int:
        for name in ("first", "second"):
            kernel.spawn(server(name), name=name)
        kernel.spawn(stubborn(), name="stubborn")
        await kernel.sleep_until(kernel.now_ns + SHORT_NS)
        return 7

    assert await kernel.run_async(main()) == 7
    assert log == ["second", "first"], log
    assert kernel.shutdown() == ["first", "second", "stubborn"]


async def failure_in_clean_up_is_told(kernel: PumpedKernel) -> None:
    async def bad() -> None:
        try:
            await kernel.event().wait()
        finally:
            raise ValueError("clean-up")

    async def main() -> None:
        kernel.spawn(bad())
        await kernel.sleep_until(kernel.now_ns + SHORT_NS)

    try:
        await kernel.run_async(main())
    except ValueError as error:
        assert str(error) == "clean-up"
    else:
        raise AssertionError("the failure was lost")


async def limit_ends_the_run_and_says_who_waits(kernel: PumpedKernel) -> None:
    log: list[str] = []

    async def ticker() -> None:
        while True:  # so that the run is no deadlock
            await kernel.sleep_until(kernel.now_ns + SHORT_NS)

    async def main() -> None:
        kernel.spawn(ticker(), name="ticker")
        kernel.spawn(after(kernel, kernel.now_ns + 5 * SHORT_NS, lambda: log.append("due at the limit")))
        await kernel.event("the last word").wait()

    try:
        await kernel.run_async(main(), limit_ns=5 * SHORT_NS)
    except TimeLimitError as error:
        assert "the last word" in str(error), error
        assert "ticker" in str(error), error
    else:
        raise AssertionError("the run went on")
    assert log == ["due at the limit"], log


async def a_kernel_can_run_again(kernel: PumpedKernel) -> None:
    ticks: list[int] = []

    def tick(left: int) -> None:
        ticks.append(left)
        if left:
            kernel.call_at(kernel.now_ns + SHORT_NS, tick, left - 1)

    async def wait() -> None:
        await kernel.sleep_until(kernel.now_ns + SHORT_NS)

    async def wait_for_ticks() -> None:
        while 0 not in ticks:
            await kernel.sleep_until(kernel.now_ns + SHORT_NS)

    async def bad() -> None:
        await wait()
        raise ValueError("first")

    kernel.call_at(kernel.now_ns, tick, 3)
    try:
        await kernel.run_async(bad())
    except ValueError:
        pass
    else:
        raise AssertionError("the failure was lost")
    await kernel.run_async(wait(), limit_ns=LONG_NS)
    await kernel.run_async(wait_for_ticks(), limit_ns=LONG_NS)
    assert ticks == [3, 2, 1, 0], "timers of models live on from run to run"


async def nested_run_is_refused(kernel: PumpedKernel) -> None:
    async def nothing() -> None:
        pass

    async def main() -> None:
        await kernel.run_async(nothing())

    try:
        await kernel.run_async(main())
    except KernelError:
        return
    raise AssertionError("a run was started within a run")


RUN_CONTRACT: tuple[RunContract, ...] = (
    unobserved_failure_ends_the_run,
    failure_of_a_callback_ends_the_run,
    main_failure_is_raised_as_it_is,
    failure_of_an_abandoned_join_is_unobserved,
    left_over_tasks_are_listed_and_cleaned_up,
    failure_in_clean_up_is_told,
    limit_ends_the_run_and_says_who_waits,
    a_kernel_can_run_again,
    nested_run_is_refused,
)


MIXED_SCENARIO_HASH = "552363b90830b27ec80d391c9f5a46ee138183977eee6a8b4eec563f6c157f8a"


async def mixed_scenario(s: Scheduler) -> str:
    """Let tasks that sleep, race, cancel and fail get in each other's way; return a hash of what happened when."""
    start_ns = s.now_ns
    dice = random.Random(2)
    log: list[tuple[int, str, object]] = []
    events = [s.event() for _ in range(4)]
    running: dict[int, Task[None]] = {}

    def note(what: str, detail: object) -> None:
        log.append((s.now_ns - start_ns, what, detail))

    async def worker(number: int) -> None:
        try:
            for _ in range(12):
                pair = dice.sample(range(4), 2)
                deadline_ns = s.now_ns + dice.randrange(0, 5) * 1_000
                first = await s.wait_first(*(events[i] for i in pair), deadline_ns=deadline_ns)
                note("woke", (number, None if first is None else pair[first]))
                if first is not None:
                    events[pair[first]].clear()
                await s.sleep_until(s.now_ns + dice.choice((0, 1_000, 2_000)))
                if dice.random() < 0.1:
                    raise ValueError(number)
        finally:
            note("leaves", number)
            await s.sleep_until(s.now_ns + 1_000)
            note("left", number)

    for number in range(40):
        running[number] = s.spawn(worker(number), keep_error=True)
        await s.sleep_until(s.now_ns + dice.choice((0, 1_000, 3_000)))
        events[dice.randrange(4)].set()
        if dice.random() < 0.3:
            victim = dice.choice(list(running))
            note("cancel", (victim, running[victim].cancel()))
    for number, task in running.items():
        try:
            await task
        except Cancelled:
            note("was cancelled", number)
        except ValueError as error:
            note("failed", error.args)
    assert {what for _, what, _ in log} == {"woke", "leaves", "left", "cancel", "was cancelled", "failed"}
    return hashlib.sha256(repr(log).encode()).hexdigest()
