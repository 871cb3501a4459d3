"""An adapter in Verilog with its 10BASE-T PHY, and a twin at the other end of its line: ``hdl/sim/line_bench.v``.

What crosses is the line: edges that the Verilog made are read when it is idle again, edges of the twin are ordered as
the bits they come from, on the twin's clock. Layouts: ``hdl/sim/line_listener_model.v``, ``line_player_model.v``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from cocotb.triggers import ValueChange

from rig.adapter.recorder import MEDIUM, Timeline
from rig.backends.rtl import RtlBus, RtlStation, SimulatorKernel, configure_settings
from rig.backends.rtl_joint import OrderRegister
from rig.backends.rtl_records import read_records
from rig.errors import AdapterFault, UsageError

BEGIN, END, JAM, PULSE = 1, 2, 3, 4
VALUE_LSB = 16
NARROW_EDGES, WIDE_EDGES = 2040, 32768
HEAD_OCTETS = 8
LEVEL_LSB = 6
LEVELS = {0b01: 1, 0b10: -1, 0b00: 0}
SPEED_MBPS = 10


class Hears(Protocol):
    """The pair to the twin."""

    def rises(self) -> None:
        """The line of the Verilog is no longer idle, since now."""

    def falls(self, first_rise: int, edges: Sequence[tuple[int, int]]) -> None:
        """It is idle again, after these edges: rises of its clock after the one before, and the level, 1, -1 or 0."""


class RtlLine:
    """The whole bench. Make it inside a cocotb test, before any simulated time has passed; then :meth:`connect`.

    ``half_fs`` is half a period of the twin's clock, the place of ``station`` its distance from the twin.
    """

    def __init__(
        self, kernel: SimulatorKernel, dut: Any, station: RtlStation, *, half_fs: int, records: Path
    ) -> None:  # fmt: skip
        if kernel.now_ns != 0:
            raise UsageError(f"the bench is configured at {kernel.now_ns} ns; its clocks start at 0")
        self._kernel = kernel
        self._dut = dut
        self._name = station.name
        self._records = records
        self._attention = 0
        self._far: Hears | None = None
        configure_settings(dut.settings, [station], SPEED_MBPS, full_duplex=False, garbage_seed=0)
        dut.player.half_fs.value = half_fs
        self._orders = OrderRegister(kernel, dut.player)
        self._listener = dut.listener
        self.bus = RtlBus(kernel, station.name, dut.stations[0].station.master)
        kernel.watch(lambda: ValueChange(dut.attention), self._on_attention)

    def connect(self, far: Hears) -> None:
        """Say who hears the Verilog."""
        self._far = far

    def power(self, on: bool) -> None:
        """Switch the power of adapter and PHY, now."""
        self._dut.settings.power.value = int(on)

    async def finish(self) -> Timeline:
        """Close the record of what the station did and return it; call once, from a kernel task. It takes 1 ns."""
        self._dut.recorder.finish.value = 1
        await self._kernel.sleep_until(self._kernel.now_ns + 1)
        timeline = read_records(self._records, [self._name])
        timeline.events = [event for event in timeline.events if event.station != MEDIUM]
        return timeline

    # -- the twin's transmitter ----------------------------------------------------------------------------------------

    def begin(self, first_rise: int, octets: bytes) -> None:
        """A frame begins on the line at a rise of the twin's clock; it is meant to be these octets, preamble first."""
        self._orders.load(octets)
        self._orders.give(BEGIN | first_rise << VALUE_LSB)

    def jam(self, nibble: int) -> None:
        """From a nibble on it is jam."""
        self._orders.give(JAM | nibble << VALUE_LSB)

    def end(self, nibbles: int) -> None:
        """It has so many nibbles; the last of them has not left yet."""
        self._orders.give(END | nibbles << VALUE_LSB)

    def pulse(self, first_rise: int) -> None:
        """A link pulse begins at a rise."""
        self._orders.give(PULSE | first_rise << VALUE_LSB)

    # -- the Verilog's -------------------------------------------------------------------------------------------------

    def _on_attention(self) -> None:
        attention = int(self._dut.attention.value)
        changed = attention ^ self._attention
        self._attention = attention
        assert self._far is not None, "connected before time begins"
        if changed & 4:
            if attention & 4:
                self._far.rises()
            else:
                self._far.falls(*self._heard())
        if changed & 2:
            if attention & 2:
                self.bus.irq.set()
            else:
                self.bus.irq.clear()
        if changed & 1:
            self.bus.acknowledged()

    def _heard(self) -> tuple[int, list[tuple[int, int]]]:
        octets = int(self._listener.heard.value).to_bytes(HEAD_OCTETS + NARROW_EDGES, "little")
        count, first_rise = (int.from_bytes(octets[at : at + 4], "little") for at in (0, 4))
        if count > NARROW_EDGES + WIDE_EDGES:
            raise AdapterFault(f"{self._name} sent what is no signal of 10BASE-T, from rise {first_rise} of its clock")
        edges = octets[HEAD_OCTETS:]
        if count > NARROW_EDGES:
            edges += int(self._listener.heard_wide.value).to_bytes(WIDE_EDGES, "little")
        mask = (1 << LEVEL_LSB) - 1
        return first_rise, [(edge & mask, LEVELS[edge >> LEVEL_LSB]) for edge in edges[:count]]
