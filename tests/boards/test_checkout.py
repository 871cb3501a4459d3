"""The check-out of a board: passes on a twin, and finds each part that is broken."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from firmware_models.adapter.mdio_phy import RegisterPhy
from firmware_models.network.segment import Segment
from rig.adapter import registers as r
from rig.adapter.mac_rom import MacRom
from rig.boards.checkout import CHECKS, CheckResult, check_out_bus
from rig.boards.registers import describe, read_irq, read_registers, write_register
from rig.build.board import ModelledBoard, modelled_board
from rig.driver.phy import STATUS_LINK, PhyRegister
from rig.errors import UsageError
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_S

ROM = MacRom(bytes.fromhex("020000000001")).serialize()


def check(prepare: Callable[[ModelledBoard], object] = lambda _: None, rom: bytes = ROM) -> dict[str, CheckResult]:
    kernel = VirtualTime()
    board = modelled_board(kernel, Segment(kernel), rom)

    async def main() -> list[CheckResult]:
        await board.bus.open()
        prepare(board)
        return await check_out_bus(kernel, board.bus)

    results = kernel.run(main(), limit_ns=120 * NS_PER_S)
    assert [result.name for result in results] == list(CHECKS)
    return {result.name: result for result in results}


def test_a_good_board_passes() -> None:
    results = check()
    assert all(result.passed for result in results.values()), results
    assert "02:00:00:00:00:01" in results["rom"].detail


def test_each_result_is_told_as_soon_as_it_is_there() -> None:
    kernel = VirtualTime()
    board = modelled_board(kernel, Segment(kernel), ROM)
    told: list[tuple[int, CheckResult]] = []

    async def main() -> list[CheckResult]:
        await board.bus.open()
        return await check_out_bus(kernel, board.bus, lambda result: told.append((kernel.now_ns, result)))

    assert kernel.run(main(), limit_ns=120 * NS_PER_S) == [result for _, result in told]
    for (before_ns, _), (t_ns, result) in pairwise(told):
        assert t_ns - before_ns == result.duration_ns


def failed(results: dict[str, CheckResult]) -> set[str]:
    return {name for name, result in results.items() if not result.passed}


def test_a_damaged_rom_is_found() -> None:
    assert failed(check(rom=bytes(32))) == {"rom", "loopback"}


def test_a_stuck_interrupt_is_found() -> None:
    high = check(lambda board: board.twin.stick_irq(True))
    assert failed(high) == {"interrupt"} and "nothing is unmasked" in high["interrupt"].detail
    low = check(lambda board: board.twin.stick_irq(False))
    assert failed(low) == {"interrupt"} and "no interrupt within" in low["interrupt"].detail


def test_a_stuck_bit_of_the_memory_is_found() -> None:
    def damage(board: ModelledBoard) -> None:
        memory = board.twin.adapter.memory
        real = memory.read

        def read(offset: int, octets: int) -> bytes:
            data = bytearray(real(offset, octets))
            if offset <= 777 < offset + octets:
                data[777 - offset] |= 4
            return bytes(data)

        board.twin.adapter.memory = Memory(memory, read)  # type: ignore[assignment]

    class Memory:
        def __init__(self, memory: object, read: Callable[[int, int], bytes]) -> None:
            self._memory = memory
            self.read = read

        def __len__(self) -> int:
            return len(self._memory)  # type: ignore[arg-type]

        def __getattr__(self, name: str) -> object:
            return getattr(self._memory, name)

    results = check(damage)
    assert "memory" in failed(results) and "octet 777" in results["memory"].detail


def test_a_network_cable_that_is_out_is_found() -> None:
    results = check(lambda board: board.twin.adapter.set_link(False))
    assert failed(results) == {"link"} and "plugged in at both ends" in results["link"].detail


def test_a_link_that_only_the_phy_knows_of_is_asked_for() -> None:
    def connect(board: ModelledBoard, status: int) -> None:
        board.twin.adapter.mdio.phy = phy = RegisterPhy(1)
        phy.read_register = lambda address, register: (  # type: ignore[method-assign]  # a PHY of this test
            None if address != 1 else status if register == PhyRegister.STATUS else 0x0022
        )

    up = check(lambda board: connect(board, STATUS_LINK))
    assert up["link"].detail == "up, says the PHY at MDIO address 1"
    down = check(lambda board: connect(board, 0))
    assert failed(down) == {"link"} and "plugged in at both ends" in down["link"].detail


def test_an_adapter_without_power_fails_everywhere() -> None:
    assert failed(check(lambda board: board.twin.adapter.power(False))) == set(CHECKS)


def test_registers_by_name() -> None:
    kernel = VirtualTime()
    board = modelled_board(kernel, Segment(kernel), ROM)

    async def main() -> None:
        everything = await read_registers(board.bus, None)
        assert len(everything) > 30
        await write_register(board.bus, "mac_addr_lo", "0x12345678")
        (row,) = await read_registers(board.bus, hex(r.REG_MAC_ADDR_LO))
        assert (row.name, row.value) == ("MAC_ADDR_LO", 0x12345678)
        (row,) = await read_registers(board.bus, "CTRL")
        assert row.text == "PAD_EN FCS_EN LATE_RETRY DEFER_FOREVER"
        (row,) = await read_registers(board.bus, "0x4000")
        assert row.name == "0x4000"
        assert not (await read_irq(board.bus)).is_asserted
        with pytest.raises(UsageError, match="did you mean STATUS"):
            await read_registers(board.bus, "STATSU")
        with pytest.raises(UsageError, match="is no value"):
            await write_register(board.bus, "CTRL", "on")
        with pytest.raises(UsageError, match=r"address 0x8000: .* not in the map"):
            await read_registers(board.bus, "0x8000")
        with pytest.raises(UsageError, match=r"address 0x0000: .* cannot be written"):
            await write_register(board.bus, "ID", "7")

    kernel.run(main(), limit_ns=NS_PER_S)
    assert describe(None, 5) == ""
