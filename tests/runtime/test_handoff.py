"""Blocking code in virtual time and on a wall clock; the simulators run the same contract."""

from __future__ import annotations

import threading

import pytest

from rig.runtime.handoff import Handoff
from rig.runtime.kernel import KernelError
from rig.runtime.pump_asyncio import WallClock
from rig.runtime.virtual_time import VirtualTime
from tests.contract import handoff_contract
from tests.contract.kernel_contract import LONG_NS, Contract

by_contract = pytest.mark.parametrize("contract", handoff_contract.CONTRACT, ids=lambda c: str(c.__name__))


@by_contract
def test_contract_in_virtual_time(contract: Contract) -> None:
    kernel = VirtualTime()
    kernel.run(contract(kernel), limit_ns=LONG_NS)


@by_contract
def test_contract_on_a_wall_clock(contract: Contract) -> None:
    kernel = WallClock()
    kernel.run(contract(kernel), limit_ns=60_000_000_000)


def test_program_that_blocks_outside_is_given_up() -> None:
    kernel = VirtualTime()
    released = threading.Event()
    handoff = Handoff(kernel, patience_s=0.05)

    async def main() -> int:
        with pytest.raises(KernelError, match="does it block on something outside"):
            await handoff.run(released.wait)
        released.set()
        return await handoff.run(lambda: 4)

    assert kernel.run(main()) == 4


def test_program_left_over_by_the_run_ends() -> None:
    kernel = VirtualTime()
    threads: list[threading.Thread] = []
    handoff = Handoff(kernel)

    def program() -> None:
        threads.append(threading.current_thread())
        handoff.call(kernel.event().wait())

    async def body() -> None:
        await handoff.run(program)

    async def main() -> None:
        kernel.spawn(body())
        await kernel.sleep_until(10)

    kernel.run(main())
    threads[0].join(10)
    assert not threads[0].is_alive()
