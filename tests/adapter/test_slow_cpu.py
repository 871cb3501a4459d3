"""The CPU that takes its time, in front of any bus."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rig.adapter.bus import Operation, Read32, Result
from rig.adapter.slow_cpu import SlowCpuBus
from rig.runtime.kernel import Cancelled
from rig.runtime.virtual_time import VirtualTime


class NotingBus:
    """Answers with the time at which it was asked."""

    def __init__(self, kernel: VirtualTime) -> None:
        self.irq = kernel.event()
        self.kernel = kernel
        self.asked: list[Operation] = []

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        self.asked += operations
        return [self.kernel.now_ns for _ in operations]


def test_each_transaction_begins_later_and_is_otherwise_the_same() -> None:
    kernel = VirtualTime()
    inner = NotingBus(kernel)
    bus = SlowCpuBus(kernel, inner, 700)
    assert bus.irq is inner.irq

    async def main() -> None:
        assert await bus.transaction([Read32(4), Read32(8)]) == [700, 700]
        assert await bus.transaction([Read32(12)]) == [1400]

    kernel.run(main())
    assert [each.address for each in inner.asked] == [4, 8, 12]


def test_who_is_cancelled_before_has_asked_nothing() -> None:
    kernel = VirtualTime()
    inner = NotingBus(kernel)

    async def main() -> None:
        task = kernel.spawn(SlowCpuBus(kernel, inner, 700).transaction([Read32(4)]))
        await kernel.sleep_until(300)
        task.cancel()
        with pytest.raises(Cancelled):
            await task
        await kernel.sleep_until(2000)

    kernel.run(main())
    assert inner.asked == []
