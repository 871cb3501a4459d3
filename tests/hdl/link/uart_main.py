"""Run in the simulator: the UART against an independent model of a serial line."""

from __future__ import annotations

import os
from random import Random
from typing import Any

from cocotb.triggers import ValueChange

from rig.backends.rtl_board import RtlSerialPort
from rig.runtime.pump_cocotb import SimTime


class Line:
    """The model's end of the line, and everything that came back."""

    def __init__(self, kernel: SimTime, dut: Any) -> None:
        self.port = RtlSerialPort("line", dut.port)
        self.heard = bytearray()
        self.port.receiver = self.heard.extend
        self._dut = dut
        self._attention = 0
        kernel.watch(lambda: ValueChange(dut.attention), self._changed)

    def _changed(self) -> None:
        now = int(self._dut.attention.value)
        changed, self._attention = now ^ self._attention, now
        if changed & 1:
            self.port.arrived()
        if changed & 2:
            self.port.drained()


async def main(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Return what came back of random octets, of glitches, of a break, and of what waited for RTS."""
    bit_ns = 1e9 / int(os.environ["UART_LINE_BAUD"])
    line = Line(kernel, dut)
    await kernel.sleep_until(int(2 * bit_ns))

    async def rest(octets: int) -> None:
        await kernel.sleep_until(kernel.now_ns + int(bit_ns * 10 * (1.05 * octets + 12)))

    sent = bytes(range(256)) + Random(7).randbytes(int(os.environ["UART_OCTETS"]))
    line.port.write(sent)
    await rest(len(sent))
    echoed = bytes(line.heard)

    line.heard.clear()
    before = int(dut.heard.value)
    for share in (0.05, 0.2, 0.4):  # of a bit: each too short for a start bit
        dut.pull.value = 1
        await kernel.sleep_until(kernel.now_ns + max(1, int(bit_ns * share)))
        dut.pull.value = 0
        await rest(1)
    glitches = int(dut.heard.value) - before

    spiked = 0  # octets that suffered from a spike shorter than the time between two samples, at some place in a bit
    if sent[256:]:
        for step in range(24):
            line.heard.clear()
            line.port.write(b"\xff")
            await kernel.sleep_until(kernel.now_ns + int(bit_ns * (4 + step / 20)))
            dut.pull.value = 1
            await kernel.sleep_until(kernel.now_ns + int(bit_ns * 0.05))
            dut.pull.value = 0
            await rest(2)
            spiked += bytes(line.heard) != b"\xff"
        line.heard.clear()
        before = int(dut.heard.value) - glitches

    dut.pull.value = 1  # a break, 3 octets long
    await rest(3)
    dut.pull.value = 0
    await rest(1)
    breaks = int(dut.heard.value) - before - glitches
    line.port.write(b"after")
    await rest(5)
    after = bytes(line.heard)

    line.heard.clear()
    dut.clear_to_send.value = 0
    line.port.write(b"wait")
    await rest(4)
    held = bytes(line.heard)
    dut.clear_to_send.value = 1
    await rest(4)
    return {
        "sent": sent.hex(), "echoed": echoed.hex(), "glitches": glitches, "spiked": spiked, "breaks": breaks,
        "after": after.decode(), "held": held.decode(), "released": line.heard.decode(),
        "framing_errors": line.port.framing_errors,
    }  # fmt: skip
