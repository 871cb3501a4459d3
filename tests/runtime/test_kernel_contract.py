"""The kernel contract in virtual time and on a wall clock."""

from __future__ import annotations

import pytest

from rig.runtime.virtual_time import VirtualTime
from tests.contract import kernel_contract


@pytest.mark.parametrize("contract", kernel_contract.CONTRACT, ids=lambda contract: contract.__name__)
def test_contract_in_virtual_time(contract: kernel_contract.Contract) -> None:
    kernel = VirtualTime()
    kernel.run(contract(kernel), limit_ns=kernel_contract.LONG_NS // 2)
