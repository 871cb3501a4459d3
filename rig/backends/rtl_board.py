"""Boards in Verilog: the serial ports and the bench of ``hdl/sim/board_bench.v``, reached through cocotb handles.

A board shows nothing but its serial line, so there is no bus here: octets go in and out in whole chunks, at the baud
rate that the bench models (``hdl/sim/serial_port_model.v``). What stands on the line is the business of ``rig.link``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cocotb.triggers import ValueChange

from rig.backends.rtl import RtlStation, SimulatorKernel, configure_settings
from rig.errors import UsageError

CHUNK_OCTETS = 512
QUEUE_OCTETS = 1 << 14
BELL_LSB = 15
COUNT_MASK = 0xFFFF_FFFF


class RtlSerialPort:
    """The host's end of the serial line of one board; made by :class:`RtlBoards`.

    ``receiver``, where set, is called with each chunk of octets from the board; until then they are thrown away.
    ``lost`` is there for who expects a port: a simulated one is never lost.
    """

    def __init__(self, name: str, port: Any) -> None:
        self.name = name
        self.receiver: Callable[[bytes], None] | None = None
        self.lost: Callable[[str], None] | None = None
        self._port = port
        self._bell = 0
        self._handed = 0  # octets, ever
        self._waiting = bytearray()

    def write(self, octets: bytes) -> None:
        """Send octets to the board, behind those that wait already."""
        self._waiting += octets
        self._hand_over()

    def close(self) -> None:
        """Stop listening; what was written goes out all the same."""
        self.receiver = None

    @property
    def unsent_octets(self) -> int:
        """How many octets have not begun to go out on the line."""
        return len(self._waiting) + (self._handed - int(self._port.begun.value) & COUNT_MASK)

    @property
    def framing_errors(self) -> int:
        """How many octets from the board had no stop bit."""
        return int(self._port.framing_errors.value)

    def arrived(self) -> None:
        """Take the chunk that the model offers; called by the bench."""
        count = int(self._port.incoming_octets.value)
        octets = int(self._port.incoming.value).to_bytes(CHUNK_OCTETS, "little")[:count]
        if self.receiver is not None:
            self.receiver(octets)

    def drained(self) -> None:
        """Hand over what waits; called by the bench when the queue of the model runs dry."""
        self._hand_over()

    def _hand_over(self) -> None:
        """Give the model one chunk, if it has taken the one before: it sees one write a time step."""
        taken = int(self._port.queued.value)
        if not self._waiting or taken != self._handed & COUNT_MASK:
            return
        if self._handed - int(self._port.begun.value) & COUNT_MASK > QUEUE_OCTETS - CHUNK_OCTETS:
            return
        chunk = bytes(self._waiting[:CHUNK_OCTETS])
        del self._waiting[:CHUNK_OCTETS]
        self._bell ^= 1
        self._handed += len(chunk)
        self._port.outgoing.value = int.from_bytes(chunk, "little")
        self._port.doorbell.value = self._bell << BELL_LSB | len(chunk)


class RtlBoards:
    """The whole bench: configures the boards at time 0, switches their power, cuts and mends their serial lines.

    Make it inside a cocotb test, before any simulated time has passed, with as many stations as the bench was built
    for.
    """

    def __init__(
        self,
        kernel: SimulatorKernel,
        dut: Any,
        stations: Sequence[RtlStation],
        *,
        speed_mbps: int = 100,
        full_duplex: bool = False,
        garbage_seed: int = 0,
    ) -> None:
        count = len(dut.attention) // 2
        if len(stations) != count:
            raise UsageError(f"{len(stations)} boards for a bench that was built for {count}")
        if kernel.now_ns != 0:
            raise UsageError(f"the bench is configured at {kernel.now_ns} ns; its clocks start at 0")
        self._dut = dut
        self._attention = 0
        self._power = (1 << count) - 1
        self._cut = 0
        configure_settings(dut.settings, stations, speed_mbps, full_duplex, garbage_seed)
        self.ports = tuple(
            RtlSerialPort(station.name, dut.board[index].port) for index, station in enumerate(stations)
        )  # fmt: skip
        kernel.watch(lambda: ValueChange(dut.attention), self._on_attention)

    def power(self, index: int, on: bool) -> None:
        """Switch the power of a board and its PHY, now."""
        self._power = self._power | 1 << index if on else self._power & ~(1 << index)
        self._dut.settings.power.value = self._power

    def cut(self, index: int, is_cut: bool) -> None:
        """Cut the serial line of a board in both directions, or mend it."""
        self._cut = self._cut | 1 << index if is_cut else self._cut & ~(1 << index)
        self._dut.cut.value = self._cut

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way: on the segment, on a serial line, or waiting for the segment."""
        return int(self._dut.busy.value) != 0 or any(port.unsent_octets for port in self.ports)

    def _on_attention(self) -> None:
        """Tell the ports whose chunk has arrived, or whose queue runs dry."""
        attention = int(self._dut.attention.value)
        changed = attention ^ self._attention
        self._attention = attention
        for index, port in enumerate(self.ports):
            if changed >> index & 1:
                port.arrived()
            if changed >> len(self.ports) + index & 1:
                port.drained()
