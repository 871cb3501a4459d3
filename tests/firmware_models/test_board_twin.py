"""The twin of a board behind the board backend: its time, its interrupts, its power, and what it refuses to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from firmware_models.boards.twin import twin_greeting
from firmware_models.network.segment import Segment
from rig.adapter import registers as r
from rig.adapter.bus import Read32, ReadBlock, Write32, WriteBlock, read32, write32
from rig.adapter.mac_rom import MacRom
from rig.backends.board import Expectation
from rig.build.board import ModelledBoard, modelled_board
from rig.errors import AdapterFault, BusError, LinkError, UsageError
from rig.link.host import HostSession
from rig.link.messages import LineEvent
from rig.runtime.kernel import Cancelled
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_MS, NS_PER_S

ROM = MacRom(bytes.fromhex("020000000001")).serialize()


def play(body: Callable[[VirtualTime, ModelledBoard], Awaitable[None]], **options: object) -> None:
    kernel = VirtualTime()
    board = modelled_board(kernel, Segment(kernel), ROM, **options)  # type: ignore[arg-type]

    async def main() -> None:
        await body(kernel, board)

    kernel.run(main(), limit_ns=60 * NS_PER_S)


def test_the_greeting_reaches_the_host() -> None:
    async def body(kernel: VirtualTime, board: ModelledBoard) -> None:
        greeting = await board.bus.open()
        assert (greeting.board, greeting.map_hash) == ("ulx3s-lan8720", r.MAP_HASH)
        assert greeting.clock_hz == 50_000_000 and greeting.time_scale == 1

    play(body)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"map_hash": 0x3FA20000}, "bitstream built from map 3fa20000, host has c61ec00f: run `rig board flash a`"),
        ({"version": 2}, "version 2 of the link, this host version 1: run `rig board flash a`"),
        ({"board": "arty-a7"}, "the bitstream is for board arty-a7, the inventory says ulx3s-lan8720"),
    ],
)
def test_another_bitstream_is_refused_with_the_remedy(changes: dict[str, object], message: str) -> None:
    async def body(kernel: VirtualTime, board: ModelledBoard) -> None:
        board.twin.session.identity = replace(board.twin.session.identity, **changes)  # type: ignore[arg-type]
        for _ in range(2):
            with pytest.raises(LinkError) as caught:
                await read32(board.bus, r.REG_ID)
            assert message in str(caught.value)
        assert board.twin.executions == 0, "nothing was done to it"

    play(body, expected=Expectation("a", "ulx3s-lan8720", 0xC61EC00F))


def test_each_access_takes_the_time_of_the_bus() -> None:
    """Two readings of the device time in one transaction lie exactly so many accesses apart."""

    async def body(kernel: VirtualTime, board: ModelledBoard) -> None:
        operations = [Read32(r.REG_TIME_LO), *[Read32(r.REG_ID)] * 9, Read32(r.REG_TIME_LO)]
        results = await board.bus.transaction(operations)
        assert isinstance(results[0], int) and isinstance(results[-1], int)
        assert results[-1] - results[0] == 10 * 80

    play(body)


def test_a_block_ends_exactly_where_the_memory_ends() -> None:
    async def body(kernel: VirtualTime, board: ModelledBoard) -> None:
        end = r.WIN_BUFFER + r.WIN_BUFFER_OCTETS
        with pytest.raises(BusError) as caught:
            await board.bus.transaction([WriteBlock(end - 8, bytes(range(1, 25))), Write32(r.REG_MHASH_LO, 5)])
        assert (caught.value.index, caught.value.address) == (0, end)
        results = await board.bus.transaction([ReadBlock(end - 8, 8), Read32(r.REG_MHASH_LO)])
        assert results == [bytes(range(1, 9)), 0]
        with pytest.raises(BusError) as caught:
            await board.bus.transaction([ReadBlock(0xFFFFFFF0, 400)])
        assert caught.value.address == 0xFFFFFFF0

    play(body)


def test_an_adapter_without_power_is_a_fault_of_the_adapter_and_the_board_says_so() -> None:
    async def body(kernel: VirtualTime, board: ModelledBoard) -> None:
        said: list[str] = []
        board.bus.watch_log = said.append
        await board.bus.open()
        board.twin.adapter.power(False)
        with pytest.raises(AdapterFault, match="no power"):
            await read32(board.bus, r.REG_ID)
        board.twin.adapter.power(True)
        assert await read32(board.bus, r.REG_ID) == r.ID_RESET
        assert said == ["the adapter has no power", "the adapter has power"]
        assert board.bus.sessions == 1

    play(body)


def test_interrupts_bring_the_device_time_at_which_they_rose() -> None:
    async def body(kernel: VirtualTime, board: ModelledBoard) -> None:
        told: list[LineEvent] = []
        board.bus.watch_events = told.append
        await board.bus.open()
        await board.bus.transaction(
            [
                Write32(r.REG_INT_MASK, r.INT_STATUS_TX_ERR),
                Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_TX_EN),
                WriteBlock(r.REG_TX_PAGE, bytes(8) + r.TX_COMMAND_SEND.to_bytes(4, "little")),
            ]
        )
        await kernel.wait_first(board.bus.irq, deadline_ns=kernel.now_ns + 10 * NS_PER_MS)
        assert board.bus.irq.is_set()
        await write32(board.bus, r.REG_INT_STATUS, 0xFF)
        await kernel.sleep_until(kernel.now_ns + 50 * NS_PER_MS)
        assert not board.bus.irq.is_set()
        assert [event.is_asserted for event in told] == [True, False]
        assert 0 < told[0].time_ns < told[1].time_ns < kernel.now_ns
        assert board.twin.session.next_deadline() is None, "everything is acknowledged"

    play(body)


def test_a_reset_on_request_is_a_power_on_reset_and_ends_the_session() -> None:
    async def body(kernel: VirtualTime, board: ModelledBoard) -> None:
        await write32(board.bus, r.REG_MAC_ADDR_LO, 0x12345678)
        assert await board.bus.reset_board(NS_PER_S)
        assert not board.bus.is_open and not board.twin.session.has_session
        assert await read32(board.bus, r.REG_MAC_ADDR_LO) == 0
        assert board.bus.sessions == 2

    play(body)


def test_a_reset_is_asked_for_once_though_the_interrupt_line_is_high(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[HostSession] = []
    ask = HostSession.reset_board

    def count(session: HostSession) -> None:
        asked.append(session)
        assert len(asked) < 10, "it is asked for again and again, and the answer is not waited for"
        ask(session)

    monkeypatch.setattr(HostSession, "reset_board", count)

    async def body(kernel: VirtualTime, board: ModelledBoard) -> None:
        await board.bus.transaction(
            [
                Write32(r.REG_INT_MASK, r.INT_STATUS_TX_ERR),
                Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_TX_EN),
                WriteBlock(r.REG_TX_PAGE, bytes(8) + r.TX_COMMAND_SEND.to_bytes(4, "little")),
            ]
        )
        await board.bus.irq.wait()
        assert await board.bus.reset_board(NS_PER_S) and len(asked) == 1
        assert await read32(board.bus, r.REG_INT_MASK) == 0 and not board.bus.irq.is_set()

    play(body)


def test_a_cancelled_caller_that_waits_for_its_turn_leaves_nothing_behind() -> None:
    async def body(kernel: VirtualTime, board: ModelledBoard) -> None:
        await board.bus.open()
        first = kernel.spawn(board.bus.transaction([WriteBlock(r.WIN_BUFFER, b"\1" * 12_000)]))
        second = kernel.spawn(board.bus.transaction([Write32(r.WIN_BUFFER, 7)]), keep_error=True)
        await kernel.sleep_until(kernel.now_ns + 100_000)
        second.cancel()
        with pytest.raises(Cancelled):
            await second
        await first
        assert await read32(board.bus, r.WIN_BUFFER) == 0x01010101

    play(body)


def test_a_board_id_has_sixteen_characters_at_most() -> None:
    with pytest.raises(UsageError, match="16"):
        twin_greeting("a-board-with-a-long-name", baud=9600)
