"""The kernel contract in virtual time and on a wall clock; tests/runtime/test_kernel_on_simulators.py has the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from rig.runtime.pump_asyncio import WallClock
from rig.runtime.virtual_time import VirtualTime
from tests.contract import kernel_contract

T = TypeVar("T")

LIMIT_NS = 60_000_000_000
by_contract = pytest.mark.parametrize("contract", kernel_contract.CONTRACT, ids=lambda c: str(c.__name__))
by_run_contract = pytest.mark.parametrize("contract", kernel_contract.RUN_CONTRACT, ids=lambda c: str(c.__name__))


class AsyncVirtualTime(VirtualTime):
    """Virtual time, called as the other pumps are."""

    async def run_async(self, coro: Coroutine[Any, Any, T], limit_ns: int | None = None) -> T:
        return self.run(coro, limit_ns)


@by_contract
def test_contract_in_virtual_time(contract: kernel_contract.Contract) -> None:
    kernel = VirtualTime()
    kernel.run(contract(kernel), limit_ns=kernel_contract.LONG_NS // 2)


@by_contract
def test_contract_on_a_wall_clock(contract: kernel_contract.Contract) -> None:
    kernel = WallClock()
    kernel.run(contract(kernel), limit_ns=LIMIT_NS)


@by_run_contract
def test_run_contract_in_virtual_time(contract: kernel_contract.RunContract) -> None:
    asyncio.run(contract(AsyncVirtualTime()))


@by_run_contract
def test_run_contract_on_a_wall_clock(contract: kernel_contract.RunContract) -> None:
    asyncio.run(contract(WallClock()))


def test_mixed_scenario_gives_the_same_log_as_in_a_simulator() -> None:
    kernel = VirtualTime()
    assert kernel.run(kernel_contract.mixed_scenario(kernel)) == kernel_contract.MIXED_SCENARIO_HASH


def test_mixed_scenario_runs_on_a_wall_clock() -> None:
    kernel = WallClock()
    assert kernel.run(kernel_contract.mixed_scenario(kernel), limit_ns=LIMIT_NS)
