"""The kernel's contract: coroutines that hold under every pump.

Each takes a scheduler and awaits nothing else. pytest runs them in virtual time and on a wall clock, cocotb on both
simulators. None asserts how long something took: on a wall clock any wait may be late. ``SHORT_NS`` is still long
enough that a wall clock goes through the event loop, and ``LONG_NS`` is never waited for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from rig.runtime.kernel import Cancelled, Event, Scheduler, Task

SHORT_NS = 200_000
LONG_NS = 3_600_000_000_000

Contract = Callable[[Scheduler], Awaitable[None]]


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
