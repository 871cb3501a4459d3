"""Adapters in Verilog in a network of twins: the bench ``hdl/sim/joint_bench.v``, reached through cocotb handles.

The buses are those of :mod:`rig.backends.rtl`. Beyond the MII are twins, in this process and on the simulator's time:
this side tells them when TX_EN of a station rises and falls, and with which nibbles; they give orders, whose layout is
in ``hdl/sim/mii_joint_model.v``. How the two work together is in docs/joint.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cocotb.triggers import ValueChange

from rig.adapter.recorder import MEDIUM, Timeline
from rig.backends.rtl import RtlBus, SimulatorKernel
from rig.backends.rtl_board import RtlSerialPort
from rig.backends.rtl_records import read_records
from rig.errors import AdapterFault, UsageError

ORDERS = 8
ORDER_BITS = 64
BEGIN, END, JAM = 1, 2, 3
NARROW_OCTETS, WIDE_OCTETS = 128, 2048
HEARD_HEAD_OCTETS = 4
WHOLE_LSB = 16
NEVER = 1 << 31
ROM_BITS = 256
DELAY_BITS = 32
PHASE_BITS = 16
INDEX_BITS = 8


@dataclass(frozen=True, slots=True)
class JointStation:
    """What the bench must know of a station.

    ``index`` is its number on its medium, ``delays_ns`` the delay from each sender; below 0: it does not hear it.
    """

    name: str
    rom_image: bytes
    phase_ns: int
    index: int
    speed_mbps: int
    full_duplex: bool
    delays_ns: Sequence[int]
    is_board: bool = False


class OnAir(Protocol):
    """The network of twins."""

    def rises(self, station: int) -> None:
        """TX_EN of a station rises now."""

    def falls(self, station: int, nibbles: bytes, is_whole: bool) -> None:
        """TX_EN of a station falls now, after ``nibbles``; ``is_whole``: a frame, sent to its end without collision."""


class OrderRegister:
    """A register of orders: word 0 is how many there were ever, the slots after it hold the last :data:`ORDERS`."""

    def __init__(self, kernel: SimulatorKernel, handle: Any) -> None:
        self._kernel = kernel
        self._handle = handle
        self._count = 0
        self._slots = [0] * ORDERS
        self._written_ns = -1
        self._written = 0  # in this ns

    def give(self, order: int) -> None:
        """Give an order of 64 bits; it is obeyed in this time step."""
        if self._kernel.now_ns != self._written_ns:
            self._written_ns, self._written = self._kernel.now_ns, 0
        self._written += 1
        if self._written > ORDERS:
            raise AdapterFault(f"more than {ORDERS} orders at {self._written_ns} ns")
        self._slots[self._count % ORDERS] = order
        self._count += 1
        value = self._count & 0xFFFF_FFFF
        for place, slot in enumerate(self._slots, start=1):
            value |= slot << ORDER_BITS * place
        self._handle.orders.value = value

    def load(self, octets: bytes) -> None:
        """Write what the next transmission sends."""
        if len(octets) > NARROW_OCTETS + WIDE_OCTETS:
            raise AdapterFault(f"a transmission of {len(octets)} octets; the bench holds {NARROW_OCTETS + WIDE_OCTETS}")
        self._handle.content.value = int.from_bytes(octets[:NARROW_OCTETS], "little")
        if len(octets) > NARROW_OCTETS:
            self._handle.content_wide.value = int.from_bytes(octets[NARROW_OCTETS:], "little")


class RtlJoint:
    """The whole bench. Make it inside a cocotb test, before any simulated time has passed.

    ``on_air`` is the network; ``records`` is the file that the simulator was given as ``+recorder=``.
    """

    def __init__(
        self,
        kernel: SimulatorKernel,
        dut: Any,
        stations: Sequence[JointStation],
        on_air: OnAir,
        *,
        garbage_seed: int,
        records: Path,
    ) -> None:
        count = len(dut.attention) // 3
        if len(stations) != count:
            raise UsageError(f"{len(stations)} stations for a bench that was built for {count}")
        if kernel.now_ns != 0:
            raise UsageError(f"the bench is configured at {kernel.now_ns} ns; its clocks start at 0")
        self._kernel = kernel
        self._dut = dut
        self._on_air = on_air
        self._records = records
        self._names = tuple(station.name for station in stations)
        self._power = self._link = (1 << count) - 1
        self._attention = 0
        senders = len(dut.settings.delays_ns) // DELAY_BITS // count
        if any(len(station.delays_ns) > senders for station in stations):
            raise UsageError(f"{len(stations[0].delays_ns)} senders for a bench that was built for {senders}")
        self._configure(stations, senders, garbage_seed)
        self.serial_ports: dict[str, RtlSerialPort] = {}
        """Of those that are boards, by name; they have no bus here."""
        for index, station in enumerate(stations):
            if station.is_board:
                self._connect(station.name, dut.stations[index].station.on_line.far_end)
        self.buses = tuple(
            RtlBus(kernel, name, dut.stations[index].station.master) for index, name in enumerate(self._names)
        )  # fmt: skip
        self._senders = [OrderRegister(kernel, dut.joint.sender[number]) for number in range(senders)]
        self._own = [dut.joint.sender[number].own for number in range(count)]
        kernel.watch(lambda: ValueChange(dut.attention), self._on_attention)

    def bus(self, name: str) -> RtlBus:
        """Return the bus of the station called ``name``."""
        return self.buses[self._names.index(name)]

    def power(self, name: str, on: bool) -> None:
        """Switch the power of a station, now."""
        bit = 1 << self._names.index(name)
        self._power = self._power | bit if on else self._power & ~bit
        self._dut.settings.power.value = self._power

    def set_link(self, name: str, is_up: bool) -> None:
        """The PHY of a station finds, or loses, its link now."""
        bit = 1 << self._names.index(name)
        self._link = self._link | bit if is_up else self._link & ~bit
        self._dut.settings.link.value = self._link

    async def finish(self) -> Timeline:
        """Close the record of what the stations did and return it; call once, from a kernel task. It takes 1 ns."""
        self._dut.recorder.finish.value = 1
        await self._kernel.sleep_until(self._kernel.now_ns + 1)
        timeline = read_records(self._records, self._names)
        timeline.events = [event for event in timeline.events if event.station != MEDIUM]  # it knows no other sender
        return timeline

    def _connect(self, name: str, far_end: Any) -> None:
        """Listen to the serial line of a board."""
        port = self.serial_ports[name] = RtlSerialPort(name, far_end.port)
        before = 0

        def changed() -> None:
            nonlocal before
            attention = int(far_end.attention.value)
            before, has_changed = attention, attention ^ before
            if has_changed & 1:
                port.arrived()
            if has_changed >> 1 & 1:
                port.drained()

        self._kernel.watch(lambda: ValueChange(far_end.attention), changed)

    # -- orders --------------------------------------------------------------------------------------------------------

    def begin(self, sender: int, number: int, origin: int, origin_number: int) -> None:
        """TX_EN of a sender rises now; it sends what the transmission of the origin holds, which may be itself."""
        self._senders[sender].give(BEGIN | number << 8 | origin_number << 32 | origin << 48)

    def begin_content(self, sender: int, number: int, octets: bytes, nibbles: int) -> None:
        """TX_EN of a sender rises now; it means to send so many nibbles of ``octets``, the low one of each first."""
        self._senders[sender].load(octets)
        self._senders[sender].give(BEGIN | number << 8 | nibbles << 16 | number << 32 | sender << 48)

    def end(self, sender: int) -> None:
        """TX_EN of a sender falls now."""
        self._senders[sender].give(END)

    def jam(self, sender: int, number: int, unit: int) -> None:
        """What a transmission sends from a unit on is jam, unless that is known of an earlier one."""
        self._senders[sender].give(JAM | number << 8 | min(unit, 0xFFFF) << 16)

    # -- from the stations ---------------------------------------------------------------------------------------------

    def _on_attention(self) -> None:
        """Tell buses and network whose acknowledge, interrupt line or TX_EN has changed."""
        attention = int(self._dut.attention.value)
        changed = attention ^ self._attention
        self._attention = attention
        count = len(self.buses)
        for index, bus in enumerate(self.buses):
            if changed >> 2 * count + index & 1:
                if attention >> 2 * count + index & 1:
                    self._on_air.rises(index)
                else:
                    self._falls(index)
            if changed >> count + index & 1:
                if attention >> count + index & 1:
                    bus.irq.set()
                else:
                    bus.irq.clear()
            if changed >> index & 1:
                bus.acknowledged()

    def _falls(self, index: int) -> None:
        narrow = int(self._own[index].heard.value).to_bytes(NARROW_OCTETS, "little")
        head = int.from_bytes(narrow[:HEARD_HEAD_OCTETS], "little")
        count = head & (1 << WHOLE_LSB) - 1
        octets = narrow[HEARD_HEAD_OCTETS:]
        if count > 2 * len(octets):
            octets += int(self._own[index].heard_wide.value).to_bytes(WIDE_OCTETS, "little")
        nibbles = bytearray(2 * len(octets))
        nibbles[0::2] = bytes(octet & 15 for octet in octets)
        nibbles[1::2] = bytes(octet >> 4 for octet in octets)
        self._on_air.falls(index, bytes(nibbles[:count]), bool(head >> WHOLE_LSB & 1))

    def _configure(self, stations: Sequence[JointStation], senders: int, garbage_seed: int) -> None:
        settings = self._dut.settings
        rom = phase = speed = duplex = indices = 0
        delays = int.from_bytes(NEVER.to_bytes(DELAY_BITS // 8, "little") * (len(stations) * senders), "little")
        for number, station in enumerate(stations):
            rom |= int.from_bytes(station.rom_image, "little") << ROM_BITS * number
            phase |= station.phase_ns << PHASE_BITS * number
            speed |= (station.speed_mbps == 100) << number
            duplex |= station.full_duplex << number
            indices |= station.index << INDEX_BITS * number
            for sender, delay_ns in enumerate(station.delays_ns):
                if delay_ns >= 0:
                    delays ^= (NEVER ^ delay_ns) << DELAY_BITS * (number * senders + sender)
        settings.rom_image.value = rom
        settings.phase_ns.value = phase
        settings.speed100.value = speed
        settings.full_duplex.value = duplex
        settings.delays_ns.value = delays
        settings.garbage_index.value = indices
        settings.garbage_seed.value = garbage_seed & 0xFFFF_FFFF
