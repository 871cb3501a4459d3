"""Transmit slots: the commands of the driver, their queue, and the hand-over to CSMA/CD.

A slot is queued at the bus edge that executes its SEND. One request at a time is with the MAC: it toggles at an edge
k = 0 of the slot wheel, and its outcome is taken at an edge k = 1 (``docs/adapter.md``, "Transmit, bus side"). A
command that cannot be is refused three edges after its SEND, whatever else goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from firmware_models.adapter.buffer_memory import PAGE_OCTETS, BufferMemory
from firmware_models.adapter.csma_cd import CsmaCd
from firmware_models.adapter.csma_parameters import TransmitReport
from firmware_models.adapter.mac import FCS_OCTETS, HEADER_OCTETS, frame_to_send, pause_frame
from firmware_models.adapter.registers import RegisterFile
from rig.adapter import registers as reg
from rig.runtime.kernel import Kernel

SLOTS = reg.TX_SLOT_COUNT
DONE_CLOCKS = 2
"""Bus clocks from the first that samples the end of a frame to the one from which on its outcome may be taken."""

REFUSED_CLOCKS = 3
"""Bus clocks from a SEND to its refusal."""

SLOT_WHEEL = 4
REQUEST_PHASE = 0
DONE_PHASE = 1

PAUSE_REQUEST = -1
"""Stands for the PAUSE frame where a slot number is expected."""

REFUSED = reg.TX_STATUS_DONE | reg.TX_STATUS_BAD_COMMAND


@dataclass(slots=True)
class Slot:
    """The registers of one transmit slot."""

    page: int = 0
    octets: int = 0
    is_queued: bool = False
    status: int = 0
    done_ns: int = 0


class TransmitSlots:
    """Slots of one adapter.

    ``on_finished(number, report, edge_ns)`` is called for each slot that is done, and ``on_pause_sent(report,
    edge_ns)`` when the PAUSE frame has left; ``report`` is None for a refused command.
    """

    def __init__(
        self,
        kernel: Kernel,
        bus_period_ns: int,
        memory: BufferMemory,
        registers: RegisterFile,
        on_finished: Callable[[int, TransmitReport | None, int], None],
        on_pause_sent: Callable[[TransmitReport, int], None],
    ) -> None:
        self._kernel = kernel
        self._period_ns = bus_period_ns
        self._memory = memory
        self._registers = registers
        self.on_finished = on_finished
        self._on_pause_sent = on_pause_sent
        self.csma: CsmaCd | None = None
        self.slots = [Slot() for _ in range(SLOTS)]
        self.has_pause_pending = False
        self._queue: deque[int] = deque()
        self._with_mac: int | None = None
        self._free_ns = 0  # the MAC takes a request that toggles at this bus edge or later
        self._generation = 0

    @property
    def is_busy(self) -> bool:
        """A slot is queued or being sent."""
        return any(slot.is_queued for slot in self.slots)

    def reset(self, free_ns: int) -> None:
        """Forget everything; the MAC takes requests again from ``free_ns`` on."""
        self.slots = [Slot() for _ in range(SLOTS)]
        self.has_pause_pending = False
        self._queue.clear()
        self._with_mac = None
        self._free_ns = free_ns
        self._generation += 1

    # -- commands ------------------------------------------------------------------------------------------------------

    def send(self, number: int) -> None:
        """Queue a slot whose SEND is executed now; it is not queued."""
        slot = self.slots[number]
        now_ns = self._kernel.now_ns
        slot.status = 0
        slot.is_queued = True
        if self._is_refused(slot):
            edge_ns = now_ns + REFUSED_CLOCKS * self._period_ns
            self._kernel.call_at(edge_ns + 1, self._refuse, (self._generation, number, edge_ns))
        else:
            self._queue.append(number)
            self.request_next(now_ns + self._period_ns)

    def send_pause(self) -> None:
        """Queue the PAUSE frame before everything else, now."""
        self.has_pause_pending = True
        self.request_next(self._kernel.now_ns + self._period_ns)

    def _is_refused(self, slot: Slot) -> bool:
        longest = self._registers.max_frame_octets
        if self._registers.has(reg.CTRL_FCS_EN):
            longest -= FCS_OCTETS
        leaves_buffer = slot.page * PAGE_OCTETS + slot.octets > len(self._memory)
        return slot.octets < HEADER_OCTETS or slot.octets > longest or leaves_buffer

    def _refuse(self, call: tuple[int, int, int]) -> None:
        generation, number, edge_ns = call
        if generation == self._generation:
            slot = self.slots[number]
            slot.status = REFUSED
            slot.is_queued = False
            self.on_finished(number, None, edge_ns)

    def request_next(self, edge_ns: int) -> None:
        """Let the next request, if any, toggle at ``edge_ns`` or when MAC and wheel allow; not while TX_EN is 0."""
        if self._with_mac is not None or not self._registers.has(reg.CTRL_TX_EN):
            return
        edge_ns = self._in_phase(max(edge_ns, self._free_ns), REQUEST_PHASE)
        registers = self._registers
        assert self.csma is not None
        if self.has_pause_pending:
            self._with_mac = PAUSE_REQUEST
            quanta = registers.values[reg.REG_PAUSE_CFG] & reg.PAUSE_CFG_QUANTA
            self.csma.submit(pause_frame(registers.station_address, quanta), edge_ns, is_control=True)
        elif self._queue:
            self._with_mac = number = self._queue.popleft()
            slot = self.slots[number]
            data = self._memory.read(slot.page * PAGE_OCTETS, slot.octets)
            frame = frame_to_send(data, pad=registers.has(reg.CTRL_PAD_EN), append_fcs=registers.has(reg.CTRL_FCS_EN))
            self.csma.submit(frame, edge_ns)

    def _in_phase(self, edge_ns: int, phase: int) -> int:
        """Return the first bus edge at ``edge_ns`` or later whose number is ``phase`` modulo the slot wheel."""
        clock = edge_ns // self._period_ns
        return (clock + (phase - clock) % SLOT_WHEEL) * self._period_ns

    # -- outcomes ------------------------------------------------------------------------------------------------------

    def frame_done(self, report: TransmitReport) -> None:
        """Take the outcome of CSMA/CD, at the MII edge ``report.done_edge``, which is now."""
        if self._with_mac is None:
            return  # a reset has forgotten the slot, and is on its way to the MAC
        sampled_ns = (self._kernel.now_ns // self._period_ns + 1) * self._period_ns
        edge_ns = self._in_phase(sampled_ns + DONE_CLOCKS * self._period_ns, DONE_PHASE)
        # One ns late: what happens at a bus edge is seen by accesses at later edges only.
        self._kernel.call_at(edge_ns + 1, self._finish, (self._generation, report, edge_ns))

    def _finish(self, call: tuple[int, TransmitReport, int]) -> None:
        generation, report, edge_ns = call
        if generation != self._generation:
            return
        number, self._with_mac = self._with_mac, None
        self._free_ns = edge_ns + self._period_ns
        assert number is not None
        if number == PAUSE_REQUEST:
            self.has_pause_pending = False
            self._on_pause_sent(report, edge_ns)
        else:
            slot = self.slots[number]
            slot.status = transmit_status(report)
            slot.is_queued = False
            slot.done_ns = edge_ns
            self.on_finished(number, report, edge_ns)
        self.request_next(self._free_ns)


def transmit_status(report: TransmitReport) -> int:
    """Return TX_STATUS for the outcome of a frame."""
    status = reg.TX_STATUS_DONE | report.collisions << reg.TX_STATUS_COLLISIONS_LSB
    if report.is_ok:
        status |= reg.TX_STATUS_OK
    if report.is_deferred:
        status |= reg.TX_STATUS_DEFERRED
    if report.has_excessive_deferral:
        status |= reg.TX_STATUS_EXC_DEFERRAL
    if report.late_collisions:
        status |= reg.TX_STATUS_LATE_COL
    if report.has_excessive_collisions:
        status |= reg.TX_STATUS_EXC_COL
    if report.has_lost_carrier:
        status |= reg.TX_STATUS_CRS_LOST
    if report.is_sqe_missing:
        status |= reg.TX_STATUS_SQE_MISSING
    return status
