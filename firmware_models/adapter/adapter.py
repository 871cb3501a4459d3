"""The exact twin of the LAN adapter: what ``docs/adapter.md`` describes, on virtual time.

Call protocol
-------------
The adapter never sleeps; whoever plays the bus master does, and calls at the edges at which the hardware would execute:

* ``bus_period_ns`` is T_bus; an access is *executed* at a time that is a multiple of ``access_ns`` = 4 T_bus. A
  request raised at time ``t`` executes its first access at :meth:`LanAdapter.first_execute_ns` of ``t``, and each
  further access ``access_ns`` later; the master sees the last acknowledge 3 bus clocks after the last executed
  access. The master sleeps until the execute edge, then calls :meth:`~LanAdapter.read32` or
  :meth:`~LanAdapter.write32`, which take effect there.
* :meth:`~LanAdapter.read_block` and :meth:`~LanAdapter.write_block` move whole words of buffer memory in one call, at
  the execute edge of their *last* word: nobody else touches a transmit slot that is not queued or pages of a frame that
  is stored, so this equals word-by-word access. Any other window is accessed word by word.
* A refused access raises :class:`~rig.errors.BusError` with ``address``, and has no effect. Without power every access
  raises :class:`~rig.errors.AdapterFault`; ``power_watchers`` are told when the power changes.
* ``irq`` is an event that follows the interrupt line, at the exact bus edge.

What the adapter does at a bus edge is visible to accesses at *later* edges only, whatever order the kernel happens to
run callbacks of one instant in: such things are called back one ns after their edge, with the time of the edge.

Long because it is the one place where bus, slots, ring, counters and resets meet; each of them is a module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from firmware_models.adapter.backoff import INJECTED_WORDS, WORD_MASK, InjectionFifo
from firmware_models.adapter.buffer_memory import PAGE_OCTETS, BufferMemory, ReceiveRing
from firmware_models.adapter.counters import Counters
from firmware_models.adapter.csma_cd import CsmaCd
from firmware_models.adapter.csma_parameters import TransmitReport
from firmware_models.adapter.interrupts import InterruptController
from firmware_models.adapter.mac import (
    HEADER_OCTETS,
    LENGTH_LIMIT_OCTETS,
    MIN_FRAME_OCTETS,
    Verdict,
    judge,
    pause_time,
    receive_status,
)
from firmware_models.adapter.mac_rom import RomWindow
from firmware_models.adapter.mdio import MdioMaster
from firmware_models.adapter.reception import ReceiveMac, Reception
from firmware_models.adapter.register_access import make_readers, make_writers
from firmware_models.adapter.registers import RegisterFile
from firmware_models.adapter.transmit_slots import TransmitSlots
from firmware_models.network.segment import Segment
from rig.adapter import registers as reg
from rig.adapter.bus import WORD_OCTETS
from rig.adapter.recorder import TimelineEvent
from rig.errors import AdapterFault, BusError, UsageError
from rig.runtime.kernel import Event, Kernel

SLOT_WHEEL = 4
"""Bus clocks per access."""

RESET_CLOCKS = 16
"""Bus clocks that a SOFT_RESET lasts, and bus edges with power until the adapter answers."""

HEADER_CLOCKS = 16
"""Bus clocks from the end mark of a frame to the last word of its header."""

SYNC_EDGES = 2

TIME_REGISTERS = (reg.REG_TIME_LO, reg.REG_TIME_HI)
"""What a reset leaves as it is; any other register that is not constant reads 0 in it."""


class LanAdapter:
    """One adapter on a segment.

    ``rom_image`` is the 32 octets of the MAC-address ROM, ``position_bits`` the place on the segment in bit times,
    ``phase_ns`` the phase of the MII clocks (None: 7 ns times the number of the station), ``buffer_pages`` the size of
    the buffer memory in pages of 256 octets. ``rmii``: built for an RMII, where SQE test and carrier sense
    errors cannot be observed; the delay of the shim is not modelled. The power is on from time 0.
    """

    def __init__(
        self,
        kernel: Kernel,
        segment: Segment,
        rom_image: bytes,
        *,
        name: str,
        position_bits: int = 0,
        phase_ns: int | None = None,
        bus_period_ns: int = 20,
        buffer_pages: int = 64,
        collision_sync: int = SYNC_EDGES,
        carrier_sync: int = SYNC_EDGES,
        rmii: bool = False,
    ) -> None:
        if not 4 <= buffer_pages <= reg.WIN_BUFFER_OCTETS // PAGE_OCTETS:
            raise UsageError(f"adapter {name}: {buffer_pages} pages of buffer memory; it has 4 to 64")
        if not 1 <= bus_period_ns <= 25:
            raise UsageError(f"adapter {name}: a bus period of {bus_period_ns} ns; the slot wheel needs 25 at most")
        self.name = name
        self.bus_period_ns = bus_period_ns
        self.access_ns = SLOT_WHEEL * bus_period_ns
        self.buffer_pages = buffer_pages
        self.is_behind_rmii = rmii
        self.is_powered = True
        self.power_watchers: list[Callable[[bool], None]] = []
        self.registers = RegisterFile()
        self.memory = BufferMemory(buffer_pages)
        self.ring = ReceiveRing(self.memory)
        self.interrupts = InterruptController(kernel, name, bus_period_ns, segment.timeline)
        self.irq: Event = self.interrupts.line
        self.counters = Counters(self._counter_reached_half)
        self.mdio = MdioMaster(kernel, bus_period_ns, self._mdio_done)
        self.port = segment.attach(name, position_bits=position_bits, phase_ns=phase_ns)
        self.slots = TransmitSlots(
            kernel, bus_period_ns, self.memory, self.registers, self._slot_finished, self._pause_sent
        )
        self.csma = CsmaCd(
            self.port,
            on_done=self._transmission_done,
            collision_sync=collision_sync,
            carrier_sync=carrier_sync,
            draw_word=self._injected_word,
            on_loopback=self._looped_back,
        )
        self.slots.csma = self.csma
        self.receiver = ReceiveMac(self.port, self.csma, bus_period_ns, self._frame_heard)
        self._kernel = kernel
        self._segment = segment
        self.rom = RomWindow(rom_image)
        self.injection = InjectionFifo()
        self._event_ns = 0  # the bus edge whose consequences are being worked out
        self._powered_clock = 1  # number of the first bus edge with power
        self._in_reset_until_ns = -1
        self._mac_reset_ns = -1  # when the last SOFT_RESET reaches the MAC
        self._generation = 0
        self._time_high = 0
        self.is_link_up = True
        self._readers = make_readers(self)
        self._writers = make_writers(self)
        self._configure()
        self._leave_reset(bus_period_ns, (RESET_CLOCKS + 1) * bus_period_ns)

    # -- the bus -------------------------------------------------------------------------------------------------------

    def first_execute_ns(self, t_ns: int) -> int:
        """Return when the first access of a batch requested at ``t_ns`` is executed."""
        ready_clock = self._powered_clock + RESET_CLOCKS - 1
        strobe_clock = max(t_ns // self.bus_period_ns + 1, ready_clock)
        return (strobe_clock // SLOT_WHEEL + 1) * self.access_ns

    def read32(self, address: int) -> int:
        """Read the word at a byte address, at the present execute edge."""
        self._check_power()
        if address >= reg.WIN_BUFFER:
            return int.from_bytes(self.read_block(address, WORD_OCTETS), "little")
        reader = self._readers.get(address)
        if reader is None:
            raise BusError("there is nothing at this address", address=address)
        is_in_reset = self._kernel.now_ns <= self._in_reset_until_ns
        if is_in_reset and reg.REG_CTRL <= address < reg.WIN_COUNTERS and address not in TIME_REGISTERS:
            return 0
        return reader()

    def write32(self, address: int, value: int) -> None:
        """Write the word at a byte address, at the present execute edge."""
        self._check_power()
        if address >= reg.WIN_BUFFER:
            self.write_block(address, value.to_bytes(WORD_OCTETS, "little"))
            return
        writer = self._writers.get(address)
        if writer is None:
            known = address in self._readers
            raise BusError("is read-only" if known else "there is nothing at this address", address=address)
        if address == reg.REG_BACKOFF_INJECT and self.count_injected() >= INJECTED_WORDS:
            raise BusError(f"the injection FIFO already holds {INJECTED_WORDS} words", address=address)
        if self._kernel.now_ns > self._in_reset_until_ns:
            writer(value)

    def read_block(self, address: int, octets: int) -> bytes:
        """Read whole words of buffer memory, at the execute edge of the last one."""
        self._check_power()
        return self.memory.read(self._buffer_offset(address, octets), octets)

    def write_block(self, address: int, data: bytes) -> None:
        """Write whole words of buffer memory, at the execute edge of the last one."""
        self._check_power()
        offset = self._buffer_offset(address, len(data))
        if self._kernel.now_ns > self._in_reset_until_ns:
            self.memory.write(offset, data)

    def _buffer_offset(self, address: int, octets: int) -> int:
        offset = address - reg.WIN_BUFFER
        if address % WORD_OCTETS or offset < 0 or offset + octets > len(self.memory):
            refused = address if offset >= len(self.memory) or offset < 0 else reg.WIN_BUFFER + len(self.memory)
            raise BusError(f"outside the buffer memory of {self.buffer_pages} pages", address=refused)
        return offset

    def _check_power(self) -> None:
        if not self.is_powered:
            raise AdapterFault(f"adapter {self.name} has no power")

    # -- registers with effects ----------------------------------------------------------------------------------------

    def store(self, offset: int, value: int) -> None:
        """Write a plain register and let the parts that depend on it know."""
        self.registers.store(offset, value)
        self._configure()

    def _configure(self) -> None:
        registers = self.registers
        values = registers.values
        parameters = registers.csma_parameters(has_sqe_test=not self.is_behind_rmii)
        if self._kernel.now_ns < self._mac_reset_ns:
            before = self.csma.parameters
            parameters = replace(parameters, full_duplex=before.full_duplex, loopback=before.loopback)
        self.csma.configure(parameters)
        self.ring.start = values[reg.REG_RX_START]
        self.ring.stop = values[reg.REG_RX_STOP]
        receiver = self.receiver
        receiver.address_filter = registers.address_filter()
        receiver.takes_runts = bool(values[reg.REG_RX_CFG] & reg.RX_CFG_ACCEPT_RUNT)
        receiver.is_looped_back = registers.has(reg.CTRL_LOOPBACK)
        receiver.is_half_duplex = not registers.has(reg.CTRL_LOOPBACK | reg.CTRL_FULL_DUPLEX)

    def write_control(self, value: int) -> None:
        """Write CTRL: switches transmitter and receiver, or resets."""
        now_ns = self._kernel.now_ns
        registers = self.registers
        if value & reg.CTRL_SOFT_RESET:
            self._soft_reset()
            return
        was_receiving = registers.has(reg.CTRL_RX_EN)
        if value & reg.CTRL_RX_EN and not was_receiving and not self.ring.is_possible():
            value &= ~reg.CTRL_RX_EN
            self.set_error(reg.ERROR_RING_CONFIG)
        self.store(reg.REG_CTRL, value)
        if registers.has(reg.CTRL_RX_EN) and not was_receiving:
            self.ring.current = self.ring.start
            self.receiver.enable(now_ns)
        elif was_receiving and not registers.has(reg.CTRL_RX_EN):
            self.receiver.disable()
        self.slots.request_next(now_ns + self.bus_period_ns)

    def set_error(self, bits: int) -> None:
        """Set bits of ERROR."""
        self.registers.values[reg.REG_ERROR] |= bits

    @property
    def now_ns(self) -> int:
        """The present time, which is the execute edge during an access."""
        return self._kernel.now_ns

    def count_injected(self) -> int:
        """Return how many injected backoff words wait, as the bus side sees it."""
        return self.injection.count(self._kernel.now_ns)

    def inject(self, value: int) -> None:
        """Append a backoff word; there is room."""
        port = self.port
        visible_edge = port.edge_from(self._kernel.now_ns) + SYNC_EDGES
        self.injection.push(value & WORD_MASK, port.edge_ns(visible_edge))

    def read_time(self) -> int:
        """Return the low word of the device time, and latch the high one."""
        now_ns = self._kernel.now_ns
        self._time_high = now_ns >> 32
        return now_ns & 0xFFFF_FFFF

    def read_latched_time(self) -> int:
        """Return the high word of the device time as latched."""
        return self._time_high

    def read_status(self) -> int:
        """Return STATUS as two bus clocks of synchroniser leave it; JABBER and POLARITY need a MAU."""
        seen_ns = self._kernel.now_ns - 2 * self.bus_period_ns
        own, foreign = self._segment.presence(self.port, seen_ns)
        heard = self._segment.presence(self.port, seen_ns - 2 * self.port.period_ns)[1]
        is_half_duplex = not self._segment.full_duplex
        status = reg.STATUS_LINK if self.is_link_up else 0
        status |= reg.STATUS_CRS if foreign or (own and is_half_duplex) else 0
        status |= reg.STATUS_COL if own and foreign and is_half_duplex else 0
        status |= reg.STATUS_DEFERRING if self.csma.is_deferring() else 0
        status |= reg.STATUS_TX_BUSY if self.slots.is_busy else 0
        status |= reg.STATUS_RX_BUSY if heard else 0
        return status

    def set_link(self, is_up: bool) -> None:
        """The PHY finds, or loses, its link now."""
        period_ns = self.bus_period_ns
        edge_ns = (self._kernel.now_ns // period_ns + 3) * period_ns

        def notice(generation: int) -> None:
            if is_up != self.is_link_up:
                self.is_link_up = is_up
                if generation == self._generation:
                    self.interrupts.raise_causes(reg.INT_STATUS_LINK_CHANGE, edge_ns)

        self._kernel.call_at(edge_ns + 1, notice, self._generation)

    # -- transmit ------------------------------------------------------------------------------------------------------

    def _injected_word(self) -> int | None:
        now_ns = self._kernel.now_ns
        known_ns = (now_ns // self.bus_period_ns + 1 + SYNC_EDGES) * self.bus_period_ns
        return self.injection.take(now_ns, known_ns)

    def _transmission_done(self, report: TransmitReport) -> None:
        if self.is_behind_rmii:
            report.has_lost_carrier = False
        self.slots.frame_done(report)

    def _slot_finished(self, number: int, report: TransmitReport | None, edge_ns: int) -> None:
        self._event_ns = edge_ns
        if report is None:
            self.set_error(reg.ERROR_TX_LENGTH)
        else:
            self.counters.count_transmission(report)
        is_ok = self.slots.slots[number].status & reg.TX_STATUS_OK
        causes = reg.INT_STATUS_TX if is_ok else reg.INT_STATUS_TX | reg.INT_STATUS_TX_ERR
        self.interrupts.raise_causes(causes, edge_ns)

    def _pause_sent(self, report: TransmitReport, edge_ns: int) -> None:
        self._event_ns = edge_ns
        self.counters.count_transmission(report)
        if report.is_ok:
            self.counters.add("aPAUSEMACCtrlFramesTransmitted")

    def _mdio_done(self, edge_ns: int) -> None:
        self.interrupts.raise_causes(reg.INT_STATUS_MDIO_DONE, edge_ns)

    def _counter_reached_half(self) -> None:
        self.interrupts.raise_causes(reg.INT_STATUS_COUNTER_HALF, self._event_ns)

    # -- receive -------------------------------------------------------------------------------------------------------

    def _looped_back(self, frame: bytes, start_edge: int, end_edge: int) -> None:
        self.receiver.loop_back(frame, start_edge, end_edge)

    def _frame_heard(self, reception: Reception) -> None:
        """Judge a frame at its end mark (IEEE Std 802.3-2022 4.2.9), count it, and store it if it is wanted."""
        octets = reception.octets
        edge_ns = self._event_ns = reception.end_mark_ns
        registers = self.registers
        excess_bits, has_symbol_error = reception.excess_bits, reception.has_symbol_error
        if has_symbol_error:
            self.counters.add("aSymbolErrorDuringCarrier")
        is_runt = len(octets) < MIN_FRAME_OCTETS
        if is_runt and (not self.receiver.takes_runts or len(octets) < HEADER_OCTETS):
            return
        verdict = judge(octets, excess_bits, registers.max_frame_octets, has_symbol_error=has_symbol_error)
        if verdict is Verdict.OK and not is_runt and self._takes_pause(octets, edge_ns):
            return
        if not self.receiver.address_filter.accepts(octets[:6]):
            return
        takes_errors = registers.values[reg.REG_RX_CFG] & reg.RX_CFG_ACCEPT_ERR
        is_wanted = verdict is Verdict.OK or takes_errors
        is_lost = is_wanted and self.ring.overruns(
            min(len(octets), LENGTH_LIMIT_OCTETS), lambda page: self._page_entered_ns(reception, page)
        )
        self.ring.forget_before(edge_ns)
        causes = 0
        if not is_runt:
            if verdict is not Verdict.OK:
                causes |= reg.INT_STATUS_RX_ERR
            if verdict is Verdict.OK and is_lost:
                self.counters.add("aFramesLostDueToIntMACRcvError")
            else:
                self.counters.count_reception(octets, verdict)
        if is_lost:
            causes |= reg.INT_STATUS_RX_OVERRUN
        elif is_wanted:
            status = receive_status(octets, excess_bits, verdict, has_symbol_error=has_symbol_error)
            stored_ns = edge_ns + HEADER_CLOCKS * self.bus_period_ns
            call = (self.receiver.generation, octets[:LENGTH_LIMIT_OCTETS], status, edge_ns, stored_ns)
            self._kernel.call_at(stored_ns + 1, self._store_frame, call)
        if causes:
            self.interrupts.raise_causes(causes, edge_ns)

    def _page_entered_ns(self, reception: Reception, page: int) -> int:
        """Return the bus edge at which a frame enters its n-th page: behind the header, then every 256 octets."""
        word = 0 if page == 0 else (PAGE_OCTETS * page - reg.RX_HEADER_OCTETS) // WORD_OCTETS
        return self.receiver.word_taken_ns(reception, word)

    def _store_frame(self, call: tuple[int, bytes, int, int, int]) -> None:
        generation, octets, status, time_ns, edge_ns = call
        if generation == self.receiver.generation:
            self.ring.store(octets, status, time_ns)
            self.interrupts.raise_causes(reg.INT_STATUS_RX, edge_ns)

    def _takes_pause(self, octets: bytes, edge_ns: int) -> bool:
        """Obey a PAUSE frame, if this is one and we are to (Annex 31B); it goes no further then."""
        registers = self.registers
        if not registers.has(reg.CTRL_FULL_DUPLEX) or not registers.values[reg.REG_PAUSE_CFG] & reg.PAUSE_CFG_RX_ENABLE:
            return False
        quanta = pause_time(octets, registers.station_address)
        if quanta is None:
            return False
        self.counters.count_reception(octets, Verdict.OK)
        self.counters.add("aPAUSEMACCtrlFramesReceived")
        self.csma.pause(edge_ns, quanta)
        return True

    # -- reset and power -----------------------------------------------------------------------------------------------

    def _soft_reset(self) -> None:
        """SOFT_RESET is executed now: everything but time, counters and buffer memory."""
        now_ns = self._kernel.now_ns
        self._in_reset_until_ns = now_ns + RESET_CLOCKS * self.bus_period_ns
        mac_edge = self.port.edge_from(now_ns) + SYNC_EDGES
        # FULL_DUPLEX and LOOPBACK reach the MAC with the reset, not before it: what starts meanwhile must not leak out.
        self._mac_reset_ns = self.port.edge_ns(mac_edge)
        self._reset_registers(now_ns, self._mac_reset_ns)
        self.csma.reset_at(mac_edge)
        self._kernel.call_at(self._mac_reset_ns + 1, lambda _: self._configure())
        self._leave_reset(now_ns, self._in_reset_until_ns)

    def _reset_registers(self, edge_ns: int, mac_ns: int) -> None:
        self._generation += 1
        self.registers.reset()
        self.receiver.disable()
        self.ring.set_boundary(0, edge_ns)
        self.ring.current = 0
        self.interrupts.reset(edge_ns, edge_ns)
        self.injection.clear(mac_ns)
        self.mdio.reset()
        self._configure()

    def _leave_reset(self, began_ns: int, held_until_ns: int) -> None:
        """Work out when a reset that began at a bus edge ends: not before both MII domains have seen it."""
        port = self.port
        period_ns = self.bus_period_ns
        seen_edge = port.edge_from(began_ns) + SYNC_EDGES
        answered_ns = (port.edge_ns(seen_edge) // period_ns + 1 + SYNC_EDGES) * period_ns
        released_ns = max(held_until_ns, answered_ns)
        self.slots.reset(released_ns + period_ns)
        self.csma.release_at(port.edge_from(released_ns) + SYNC_EDGES)

    def power(self, on: bool) -> None:
        """Turn the power on or off, now."""
        if on == self.is_powered:
            return
        now_ns = self._kernel.now_ns
        period_ns = self.bus_period_ns
        next_clock = now_ns // period_ns + 1
        self.is_powered = on
        self.port.set_power(on)
        if on:
            self._powered_clock = next_clock
            self._leave_reset(self._event_ns, (next_clock + RESET_CLOCKS) * period_ns)
        else:
            self._event_ns = next_clock * period_ns
            self._in_reset_until_ns = 0
            self.csma.reset_now()
            self._reset_registers(now_ns, now_ns)
            self.slots.reset(now_ns)
            self.counters.clear()
        if self._segment.timeline is not None:
            self._segment.timeline.add(TimelineEvent(now_ns, now_ns, self.name, "power"))
        for watcher in self.power_watchers:
            watcher(on)

    def finish(self) -> None:
        """End of a run: put what still lasts into the timeline, as if it ended now."""
        self.csma.finish()
        self.interrupts.close(self._kernel.now_ns)
