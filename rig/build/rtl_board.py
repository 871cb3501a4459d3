"""Boards in Verilog, in the simulation that runs this process: their bench, and pseudo-terminals for their lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firmware_models.boards.pseudo_terminal import PseudoTerminal
    from rig.backends.rtl_board import RtlBoards, RtlSerialPort


class _WriteTo:
    """What a pseudo-terminal writes to: the wire to a board."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.write = write


class _PortLine:
    """The serial line of a board of the bench, as a pseudo-terminal wants it."""

    def __init__(self, port: RtlSerialPort) -> None:
        self.to_board = _WriteTo(port.write)
        self.host_receivers: list[Callable[[bytes], None]] = []
        port.receiver = self._arrived

    def _arrived(self, octets: bytes) -> None:
        for receiver in self.host_receivers:
            receiver(octets)


def rtl_boards(kernel: Any, dut: Any, *, speed_mbps: int = 100, full_duplex: bool = False) -> RtlBoards:
    """Return the boards of the simulation that runs this process, on one segment, with the addresses of twins."""
    from rig.adapter.mac_rom import MacRom
    from rig.backends.rtl import RtlStation  # cocotb is there only inside a simulation
    from rig.backends.rtl_board import RtlBoards

    count = len(dut.attention) // 2
    roms = [MacRom(bytes.fromhex("0200000000") + bytes([number + 1])).serialize() for number in range(count)]
    # Clocks in step: the fewer instants at which something happens, the faster is the simulation.
    stations = [RtlStation(f"board {number}", rom, phase_ns=0) for number, rom in enumerate(roms)]
    return RtlBoards(kernel, dut, stations, speed_mbps=speed_mbps, full_duplex=full_duplex)


def rtl_board_terminals(
    kernel: Any, dut: Any, *, baud: int, speed_mbps: int = 100, full_duplex: bool = False
) -> tuple[RtlBoards, list[PseudoTerminal]]:
    """Return those boards, and a pseudo-terminal for the serial line of each."""
    from firmware_models.boards.pseudo_terminal import PseudoTerminal

    bench = rtl_boards(kernel, dut, speed_mbps=speed_mbps, full_duplex=full_duplex)
    return bench, [PseudoTerminal(_PortLine(port), baud) for port in bench.ports]
