"""The kernel contract in virtual time and on a wall clock."""

from __future__ import annotations

import pytest

from rig.runtime.pump_asyncio import WallClock
from rig.runtime.virtual_time import VirtualTime
from tests.contract import kernel_contract

by_contract = pytest.mark.parametrize(
    "contract", kernel_contract.CONTRACT, ids=lambda contract: str(contract.__name__)
)  # fmt: skip


@by_contract
def test_contract_in_virtual_time(contract: kernel_contract.Contract) -> None:
    kernel = VirtualTime()
    kernel.run(contract(kernel), limit_ns=kernel_contract.LONG_NS // 2)


@by_contract
def test_contract_on_a_wall_clock(contract: kernel_contract.Contract) -> None:
    kernel = WallClock()
    kernel.run(contract(kernel), limit_ns=60_000_000_000)
