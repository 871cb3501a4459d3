"""The bus of the ``model`` backend against a twin that only notes when it is accessed: each access at its own edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from rig.adapter.bus import Operation, Read32, ReadBlock, Result, Write32, WriteBlock
from rig.adapter.registers import REG_TX_PAGE, WIN_BUFFER
from rig.backends.model import ModelBus
from rig.errors import AdapterFault, BusError, UsageError
from rig.runtime.kernel import Cancelled
from rig.runtime.virtual_time import VirtualTime

T_BUS = 20
REFUSED = 0x6C


class NotingAdapter:
    """Notes (time, what, address) of every access; the edges are those of docs/adapter.md."""

    def __init__(self, kernel: VirtualTime, buffer_pages: int = 64) -> None:
        self.kernel = kernel
        self.irq = kernel.event()
        self.bus_period_ns = T_BUS
        self.access_ns = 4 * T_BUS
        self.buffer_pages = buffer_pages
        self.is_powered = True
        self.power_watchers: list[Callable[[bool], None]] = []
        self.log: list[tuple[int, str, int]] = []
        self.words: dict[int, int] = {}

    def first_execute_ns(self, t_ns: int) -> int:
        strobe = max(t_ns // T_BUS + 1, 16)
        return (strobe // 4 + 1) * 4 * T_BUS

    def _note(self, what: str, address: int) -> None:
        if not self.is_powered:
            raise AdapterFault("no power")
        if address == REFUSED or not 0 <= address < WIN_BUFFER + 256 * self.buffer_pages:
            raise BusError("refused", address=address)
        self.log.append((self.kernel.now_ns, what, address))

    def read32(self, address: int) -> int:
        self._note("read", address)
        return self.words.get(address, 0)

    def write32(self, address: int, value: int) -> None:
        self._note("write", address)
        self.words[address] = value

    def read_block(self, address: int, octets: int) -> bytes:
        self._note("read block", address)
        words = (self.words.get(address + offset, 0) for offset in range(0, octets, 4))
        return b"".join(word.to_bytes(4, "little") for word in words)

    def write_block(self, address: int, data: bytes) -> None:
        self._note("write block", address)
        for offset in range(0, len(data), 4):
            self.words[address + offset] = int.from_bytes(data[offset : offset + 4], "little")

    def power(self, is_on: bool) -> None:
        self.is_powered = is_on
        for watcher in self.power_watchers:
            watcher(is_on)


def perform(operations: Sequence[Operation], at_ns: int = 0) -> tuple[NotingAdapter, list[Result], int]:
    """Do one batch requested at ``at_ns``; return the twin, the results and the time of the acknowledge."""
    kernel = VirtualTime()
    adapter = NotingAdapter(kernel)
    bus = ModelBus(kernel, adapter)

    async def main() -> list[Result]:
        await kernel.sleep_until(at_ns)
        return await bus.transaction(operations)

    results = kernel.run(main())
    return adapter, results, kernel.now_ns


@pytest.mark.parametrize(
    ("at_ns", "first_ns"),
    [
        (0, 400),  # no strobe before edge 16, so the first execute edge after it is 20
        (319, 400),
        (320, 400),
        (1000, 1040),  # seen at 1020
        (1019, 1040),
        (1020, 1120),  # seen at 1040, an execute edge: the first one strictly after it
        (1039, 1120),
        (1040, 1120),
    ],
)
def test_the_first_access_waits_for_its_edge(at_ns: int, first_ns: int) -> None:
    adapter, results, end_ns = perform([Read32(0)], at_ns)
    assert adapter.log == [(first_ns, "read", 0)]
    assert results == [0]
    assert end_ns == first_ns + 60


def test_accesses_follow_each_other_every_four_clocks() -> None:
    adapter, results, end_ns = perform([Write32(8, 5), Read32(8), WriteBlock(REG_TX_PAGE, bytes(12)), Read32(12)], 1000)
    assert [t_ns for t_ns, _, _ in adapter.log] == [1040 + 80 * i for i in range(6)]
    assert [address for _, _, address in adapter.log] == [8, 8, 0x80, 0x84, 0x88, 12]
    assert results == [None, 5, None, 0]
    assert end_ns == 1040 + 5 * 80 + 60


def test_a_block_of_buffer_memory_takes_its_time_in_one_step() -> None:
    data = bytes(range(64))
    adapter, results, end_ns = perform(
        [WriteBlock(WIN_BUFFER, data), ReadBlock(WIN_BUFFER + 4, 60), Read32(WIN_BUFFER + 60)], 1000
    )
    assert adapter.log == [
        (1040 + 15 * 80, "write block", WIN_BUFFER),
        (1040 + 30 * 80, "read block", WIN_BUFFER + 4),
        (1040 + 31 * 80, "read", WIN_BUFFER + 60),
    ]
    assert results == [None, data[4:], int.from_bytes(data[60:], "little")]
    assert end_ns == 1040 + 31 * 80 + 60


def test_a_refused_access_ends_the_batch_where_and_when_it_happens() -> None:
    kernel = VirtualTime()
    adapter = NotingAdapter(kernel)
    bus = ModelBus(kernel, adapter)
    with pytest.raises(BusError) as error:
        kernel.run(bus.transaction([Write32(0, 1), WriteBlock(REFUSED - 8, bytes(16)), Write32(4, 1)]))
    assert (error.value.index, error.value.address) == (1, REFUSED)
    assert [address for _, _, address in adapter.log] == [0, REFUSED - 8, REFUSED - 4]
    assert kernel.now_ns == 400 + 3 * 80 + 60


@pytest.mark.parametrize(
    "operation", [ReadBlock(WIN_BUFFER + 31 * 256, 512), WriteBlock(WIN_BUFFER + 31 * 256, bytes(512))]
)
def test_a_block_is_refused_at_the_end_of_the_built_memory(operation: Operation) -> None:
    kernel = VirtualTime()
    adapter = NotingAdapter(kernel, buffer_pages=32)
    bus = ModelBus(kernel, adapter)
    with pytest.raises(BusError) as error:
        kernel.run(bus.transaction([operation]))
    assert (error.value.index, error.value.address) == (0, WIN_BUFFER + 32 * 256)
    assert kernel.now_ns == 400 + 64 * 80 + 60, "the 65th word is refused"


def test_transactions_are_done_one_after_the_other() -> None:
    kernel = VirtualTime()
    adapter = NotingAdapter(kernel)
    bus = ModelBus(kernel, adapter)

    async def main() -> None:
        tasks = [kernel.spawn(bus.transaction([Read32(4 * i), Read32(4 * i)])) for i in range(3)]
        for task in tasks:
            await task

    kernel.run(main())
    assert adapter.log == [
        (400, "read", 0),
        (480, "read", 0),
        (640, "read", 4),  # acknowledged at 540, seen at 560, an execute edge
        (720, "read", 4),
        (880, "read", 8),
        (960, "read", 8),
    ]


def test_a_cancelled_caller_leaves_its_transaction_to_its_end() -> None:
    kernel = VirtualTime()
    adapter = NotingAdapter(kernel)
    bus = ModelBus(kernel, adapter)

    async def main() -> None:
        begun = kernel.spawn(bus.transaction([Write32(4 * i, 1) for i in range(4)]))
        waiting = kernel.spawn(bus.transaction([Write32(0x40, 1)]))
        await kernel.sleep_until(450)
        for task in (waiting, begun):
            task.cancel()
            with pytest.raises(Cancelled):
                await task
        assert await bus.transaction([Read32(12), Read32(0x40)]) == [1, 0]

    kernel.run(main())


def test_without_power_a_batch_fails_at_the_next_edge() -> None:
    kernel = VirtualTime()
    adapter = NotingAdapter(kernel)
    bus = ModelBus(kernel, adapter)
    ends: list[int] = []

    async def attempt(operations: list[Operation]) -> None:
        with pytest.raises(AdapterFault, match="no power"):
            await bus.transaction(operations)
        ends.append(kernel.now_ns)

    async def main() -> None:
        first = kernel.spawn(attempt([Write32(0, 1), ReadBlock(WIN_BUFFER, 1024), Write32(4, 1)]))
        second = kernel.spawn(attempt([Write32(8, 1)]))
        kernel.call_at(1234, adapter.power, False)
        await first
        await second
        adapter.power(True)
        await bus.transaction([Read32(0)])

    kernel.run(main())
    assert ends == [1240, 1260]
    assert adapter.words == {0: 1}


@pytest.mark.parametrize(
    "operations",
    [
        [],
        [Read32(2)],
        [Read32(-4)],
        [Write32(0, 1 << 32)],
        [Write32(0, -1)],
        [ReadBlock(0, 0)],
        [ReadBlock(0, 6)],
        [WriteBlock(0, b"abc")],
        [Write32(0, 1), Read32(1)],
    ],
)
def test_an_impossible_batch_does_nothing(operations: list[Operation]) -> None:
    kernel = VirtualTime()
    adapter = NotingAdapter(kernel)
    with pytest.raises(UsageError):
        kernel.run(ModelBus(kernel, adapter).transaction(operations))
    assert not adapter.log and kernel.now_ns == 0
