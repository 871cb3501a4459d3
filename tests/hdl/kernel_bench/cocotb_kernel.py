"""cocotb tests: the kernel contract in simulated time, and what only a simulator's pump can do."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import RisingEdge, Timer, ValueChange

from rig.runtime.kernel import Cancelled
from rig.runtime.pump_cocotb import SimTime
from tests.contract import handoff_contract, kernel_contract

ECHO_NS = 1_000  # DELAY_NS of the bench


@cocotb.test()
@cocotb.parametrize(index=range(len(kernel_contract.CONTRACT)))
async def contract(dut: Any, index: int) -> None:
    kernel = SimTime()
    await kernel.run_async(kernel_contract.CONTRACT[index](kernel), limit_ns=kernel_contract.LONG_NS // 2)


@cocotb.test()
@cocotb.parametrize(index=range(len(kernel_contract.RUN_CONTRACT)))
async def run_contract(dut: Any, index: int) -> None:
    await kernel_contract.RUN_CONTRACT[index](SimTime())


@cocotb.test()
@cocotb.parametrize(index=range(len(handoff_contract.CONTRACT)))
async def handoff(dut: Any, index: int) -> None:
    kernel = SimTime()
    await kernel.run_async(handoff_contract.CONTRACT[index](kernel), limit_ns=kernel_contract.LONG_NS)


@cocotb.test()
async def mixed_scenario_gives_the_same_log_as_in_virtual_time(dut: Any) -> None:
    kernel = SimTime()
    assert await kernel.run_async(kernel_contract.mixed_scenario(kernel)) == kernel_contract.MIXED_SCENARIO_HASH


@cocotb.test()
async def tasks_write_signals_and_watches_wake_them(dut: Any) -> None:
    kernel = SimTime()
    acknowledged = kernel.event("acknowledge")

    async def main() -> None:
        watch = kernel.watch(lambda: ValueChange(dut.acknowledge), acknowledged.set)
        for _ in range(10):
            start_ns = kernel.now_ns
            acknowledged.clear()
            dut.request.value = not dut.request.value
            await acknowledged.wait()
            assert kernel.now_ns == start_ns + ECHO_NS
            assert dut.acknowledge.value == dut.request.value
        watch.cancel()
        watch.cancel()
        acknowledged.clear()
        dut.request.value = not dut.request.value
        assert await kernel.wait_first(acknowledged, deadline_ns=kernel.now_ns + 2 * ECHO_NS) is None

    await kernel.run_async(main(), limit_ns=kernel_contract.LONG_NS)


@cocotb.test()
async def deadline_comes_before_an_outside_event_of_the_same_instant(dut: Any) -> None:
    kernel = SimTime()
    acknowledged = kernel.event("acknowledge")

    async def main() -> None:
        watch = kernel.watch(lambda: ValueChange(dut.acknowledge), acknowledged.set)
        for armed_first in (True, False):
            acknowledged.clear()
            deadline_ns = kernel.now_ns + ECHO_NS
            if not armed_first:
                # The simulator now knows of the echo before it knows of the deadline.
                dut.request.value = not dut.request.value
                await kernel.sleep_until(kernel.now_ns + ECHO_NS // 2)
            else:
                dut.request.value = not dut.request.value
            assert await kernel.wait_first(acknowledged, deadline_ns=deadline_ns) is None
            assert kernel.now_ns == deadline_ns
            await acknowledged.wait()
            assert kernel.now_ns == deadline_ns
        watch.cancel()

    await kernel.run_async(main(), limit_ns=kernel_contract.LONG_NS)


@cocotb.test()
async def task_awaits_one_trigger_through_the_hook(dut: Any) -> None:
    kernel = SimTime()

    async def main() -> None:
        for _ in range(3):
            await kernel.trigger(RisingEdge(dut.clk))
            assert dut.clk.value == 1
        try:
            await RisingEdge(dut.clk)
        except TypeError as error:
            assert "RisingEdge" in str(error)
        else:
            raise AssertionError("a cocotb trigger was awaited without the hook")

    await kernel.run_async(main(), limit_ns=kernel_contract.LONG_NS)


@cocotb.test()
async def cancelled_trigger_wait_ends(dut: Any) -> None:
    kernel = SimTime()

    async def wait() -> None:
        await kernel.trigger(ValueChange(dut.clear))

    async def main() -> None:
        task = kernel.spawn(wait())
        await kernel.sleep_until(kernel.now_ns + 100)
        task.cancel()
        try:
            await task
        except Cancelled:
            pass
        dut.clear.value = not dut.clear.value
        await kernel.sleep_until(kernel.now_ns + 100)

    await kernel.run_async(main(), limit_ns=kernel_contract.LONG_NS)


@cocotb.test()
async def failing_watch_ends_the_run(dut: Any) -> None:
    kernel = SimTime()

    def bad() -> None:
        raise ValueError("watch")

    async def main() -> None:
        kernel.watch(lambda: RisingEdge(dut.clk), bad)
        await kernel.sleep_until(kernel.now_ns + kernel_contract.LONG_NS)

    try:
        await kernel.run_async(main())
    except ValueError as error:
        assert str(error) == "watch"
    else:
        raise AssertionError("the failure was lost")


@cocotb.test()
async def watch_may_be_cancelled_by_what_it_wakes(dut: Any) -> None:
    kernel = SimTime()
    edges = 0
    edge = kernel.event()

    def count() -> None:
        nonlocal edges
        edges += 1
        edge.set()

    async def main() -> None:
        watch = kernel.watch(lambda: RisingEdge(dut.clk), count)
        await edge.wait()
        watch.cancel()
        await kernel.sleep_until(kernel.now_ns + 1_000)
        assert edges == 1

    await kernel.run_async(main(), limit_ns=kernel_contract.LONG_NS)


@cocotb.test()
async def other_cocotb_tasks_may_set_events(dut: Any) -> None:
    kernel = SimTime()
    event = kernel.event()

    async def outside() -> None:
        await Timer(123_456, "ps")
        event.set()

    async def main() -> None:
        start_ns = kernel.now_ns
        cocotb.start_soon(outside())
        await event.wait()
        assert kernel.now_ns == start_ns + 123, "a fraction of a nanosecond is rounded down"
        await kernel.sleep_until(start_ns + 124)
        assert cocotb.simtime.get_sim_time("step") % 1_000 == 0, "deadlines are exact"

    await kernel.run_async(main(), limit_ns=kernel_contract.LONG_NS)


@cocotb.test()
async def wide_values_cross_into_generated_scopes(dut: Any) -> None:
    kernel = SimTime()
    frame = bytes(range(256)) * 5

    async def main() -> None:
        for number in range(2):
            port = dut.port[number].x
            assert int(port.index.value) == number
            port.frame.value = int.from_bytes(frame[number:], "little")
            port.send.value = 1
            await kernel.trigger(ValueChange(port.done))
            assert int(port.first_octet.value) == number
            assert int(port.frame.value).to_bytes(1518, "little")[: len(frame) - number] == frame[number:]

    await kernel.run_async(main(), limit_ns=kernel_contract.LONG_NS)
