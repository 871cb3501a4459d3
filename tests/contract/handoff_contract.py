"""Blocking code in a kernel's time: what holds under every pump. Each coroutine takes a scheduler."""

from __future__ import annotations

from rig.runtime.handoff import Handoff
from rig.runtime.kernel import Cancelled, KernelError, Scheduler
from tests.contract.kernel_contract import LONG_NS, SHORT_NS, Contract


async def program_waits_in_the_time_of_the_kernel(s: Scheduler) -> None:
    handoff = Handoff(s)
    start_ns = s.now_ns

    def program(rounds: int) -> list[int]:
        times: list[int] = []
        for _ in range(rounds):
            before_ns = s.now_ns
            sum(range(1_000))
            assert s.now_ns == before_ns, "the kernel ran while the program computed"
            handoff.call(s.sleep_until(s.now_ns + SHORT_NS))
            times.append(s.now_ns - start_ns)
        return times

    times = await handoff.run(program, 3)
    assert all(later >= number * SHORT_NS for number, later in enumerate(times, start=1)), times


async def programs_take_turns(s: Scheduler) -> None:
    log: list[str] = []
    ping, pong = s.event(), s.event()

    async def program(name: str, mine: object, other: object) -> None:
        handoff = Handoff(s)

        def body() -> None:
            for number in range(5):
                handoff.call(mine.wait())  # type: ignore[attr-defined]
                mine.clear()  # type: ignore[attr-defined]
                log.append(f"{name}{number}")
                other.set()  # type: ignore[attr-defined]

        await handoff.run(body)

    tasks = [s.spawn(program("a", ping, pong)), s.spawn(program("b", pong, ping))]
    ping.set()
    for task in tasks:
        await task
    assert log == [f"{name}{number}" for number in range(5) for name in "ab"], log


async def errors_cross_both_ways(s: Scheduler) -> None:
    handoff = Handoff(s)

    async def refuse() -> None:
        raise ConnectionRefusedError("peer")

    def program() -> None:
        try:
            handoff.call(refuse())
        except ConnectionRefusedError as error:
            raise ValueError("program") from error

    try:
        await handoff.run(program)
    except ValueError as error:
        assert isinstance(error.__cause__, ConnectionRefusedError)
    else:
        raise AssertionError("the error was lost")


async def timed_out_call_is_cleaned_up(s: Scheduler) -> None:
    handoff = Handoff(s)
    log: list[str] = []

    async def slow() -> None:
        try:
            await s.sleep_until(s.now_ns + LONG_NS)
        finally:
            await s.sleep_until(s.now_ns + SHORT_NS)
            log.append("clean")

    async def quick() -> int:
        return 5

    def program() -> int:
        try:
            handoff.call(slow(), timeout_ns=SHORT_NS)
        except TimeoutError as error:
            log.append(str(error))
        return handoff.call(quick(), timeout_ns=LONG_NS)

    assert await handoff.run(program) == 5
    assert log == ["clean", "timed out"], log


async def cancelled_program_unwinds(s: Scheduler) -> None:
    handoff = Handoff(s)
    log: list[str] = []

    def program() -> None:
        try:
            handoff.call(s.event().wait())
        finally:
            log.append("unwinding")
            try:
                handoff.call(s.sleep_until(s.now_ns + LONG_NS))
            except Cancelled:
                log.append("refused")

    async def body() -> None:
        await handoff.run(program)

    task = s.spawn(body())
    await s.sleep_until(s.now_ns + SHORT_NS)
    task.cancel()
    try:
        await task
    except Cancelled:
        log.append("cancelled")
    assert log == ["unwinding", "refused", "cancelled"], log
    assert await handoff.run(lambda: 3) == 3, "the hand-off can be used again"


async def hand_off_refuses_strangers(s: Scheduler) -> None:
    handoff = Handoff(s)
    try:
        handoff.call(s.event().wait())
    except KernelError:
        pass
    else:
        raise AssertionError("a call from the kernel's own thread would have waited for ever")

    async def second() -> None:
        await handoff.run(lambda: None)

    def program() -> None:
        try:
            handoff.call(second())
        except KernelError as error:
            assert "runs already" in str(error)
        else:
            raise AssertionError("two programs in one hand-off")

    await handoff.run(program)


CONTRACT: tuple[Contract, ...] = (
    program_waits_in_the_time_of_the_kernel,
    programs_take_turns,
    errors_cross_both_ways,
    timed_out_call_is_cleaned_up,
    cancelled_program_unwinds,
    hand_off_refuses_strangers,
)
