"""The transmit side: a bounded queue of frames, and the slots of the adapter that they go through in order.

Slots are used round robin. The adapter sends them in the order of their SEND, so they finish in that order too, and
the oldest slot in use is always the next to finish. Nothing here touches a bus.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from rig.adapter.bus import Operation, Read32, ReadBlock, Result, WriteBlock, padded
from rig.adapter.device import TransmitOutcome, TransmitResult
from rig.adapter.registers import (
    REG_TX_PAGE,
    REG_TX_STATUS,
    TX_COMMAND_SEND,
    TX_SLOT_STRIDE,
    TX_STATUS_BAD_COMMAND,
    TX_STATUS_COLLISIONS,
    TX_STATUS_COLLISIONS_LSB,
    TX_STATUS_DEFERRED,
    TX_STATUS_DONE,
    TX_STATUS_EXC_COL,
    TX_STATUS_EXC_DEFERRAL,
    TX_STATUS_LATE_COL,
    TX_STATUS_OK,
    TX_STATUS_UNDERRUN,
    WIN_BUFFER,
    WIN_TX_TIME,
)
from rig.driver.bring_up import PAGE_OCTETS, BufferLayout
from rig.units import bit_time_ns
from rig.wire.fcs import FCS_OCTETS

MIN_FRAME_OCTETS = 64  # IEEE Std 802.3-2022 4.4.2, destination address to FCS
PREAMBLE_SFD_OCTETS = 8
_SLOT_REGISTERS = struct.Struct("<3I")  # TX_PAGE, TX_OCTETS, TX_COMMAND are consecutive
_TIME = struct.Struct("<Q")
_OPERATIONS_PER_SLOT = 2

# The first that applies decides: an adapter may tell several things of one frame.
_OUTCOMES = (
    (TX_STATUS_OK, TransmitOutcome.OK),
    (TX_STATUS_BAD_COMMAND, TransmitOutcome.REFUSED),
    (TX_STATUS_UNDERRUN, TransmitOutcome.UNDERRUN),
    (TX_STATUS_EXC_COL, TransmitOutcome.EXCESSIVE_COLLISIONS),
    (TX_STATUS_EXC_DEFERRAL, TransmitOutcome.EXCESSIVE_DEFERRAL),
    (TX_STATUS_LATE_COL, TransmitOutcome.LATE_COLLISION),
)


@dataclass(frozen=True, slots=True)
class Completion:
    """A frame that a slot has finished with."""

    result: TransmitResult
    frame_octets: int
    """As it was queued, without padding and FCS."""


class TransmitSlots:
    """Which frame is in which slot."""

    __slots__ = ("_bit_time_ns", "_in_use", "_next", "_pages", "oldest_since_ns")

    def __init__(self, layout: BufferLayout, speed_mbps: int) -> None:
        self._pages = layout.slot_pages
        self._bit_time_ns = bit_time_ns(speed_mbps)
        self._next = 0
        self._in_use: deque[tuple[int, int]] = deque()  # (slot, octets of its frame), in order of SEND
        self.oldest_since_ns = 0
        """When the oldest slot in use became the oldest."""

    @property
    def in_use(self) -> int:
        """Slots whose frame is not known to be finished."""
        return len(self._in_use)

    @property
    def free(self) -> int:
        """Slots that can be filled."""
        return len(self._pages) - len(self._in_use)

    def send(self, frame: bytes, now_ns: int) -> list[Operation]:
        """Take the next free slot for ``frame``; return the operations that fill it and queue it."""
        slot = self._next
        self._next = (slot + 1) % len(self._pages)
        if not self._in_use:
            self.oldest_since_ns = now_ns
        self._in_use.append((slot, len(frame)))
        page = self._pages[slot]
        command = _SLOT_REGISTERS.pack(page, len(frame), TX_COMMAND_SEND)
        return [
            WriteBlock(WIN_BUFFER + page * PAGE_OCTETS, padded(frame)),
            WriteBlock(REG_TX_PAGE + slot * TX_SLOT_STRIDE, command),
        ]

    def status_operations(self) -> list[Operation]:
        """Return the operations that read status and time of every slot in use, oldest first."""
        operations: list[Operation] = []
        for slot, _ in self._in_use:
            operations.append(Read32(REG_TX_STATUS + slot * TX_SLOT_STRIDE))
            operations.append(ReadBlock(WIN_TX_TIME + slot * _TIME.size, _TIME.size))
        return operations

    def completions(self, results: Sequence[Result], now_ns: int) -> list[Completion]:
        """Free the slots that are done, by the results of :meth:`status_operations`; return them in order."""
        done: list[Completion] = []
        for index in range(0, len(results), _OPERATIONS_PER_SLOT):
            status, time = results[index : index + _OPERATIONS_PER_SLOT]
            assert isinstance(status, int) and isinstance(time, bytes)
            if not status & TX_STATUS_DONE:
                break
            _, octets = self._in_use.popleft()
            self.oldest_since_ns = now_ns
            done.append(Completion(self._result(status, _TIME.unpack(time)[0], octets), octets))
        return done

    def abandon(self) -> int:
        """Forget all slots, after a reset; return how many frames were in them."""
        lost = len(self._in_use)
        self._in_use.clear()
        self._next = 0
        return lost

    def _result(self, status: int, end_ns: int, octets: int) -> TransmitResult:
        outcome = next((outcome for bit, outcome in _OUTCOMES if status & bit), TransmitOutcome.LOST)
        start_ns = end_ns
        if outcome is TransmitOutcome.OK:
            wire_octets = PREAMBLE_SFD_OCTETS + max(MIN_FRAME_OCTETS, octets + FCS_OCTETS)
            start_ns -= wire_octets * 8 * self._bit_time_ns
        collisions = (status & TX_STATUS_COLLISIONS) >> TX_STATUS_COLLISIONS_LSB
        return TransmitResult(outcome, collisions, bool(status & TX_STATUS_DEFERRED), start_ns, end_ns)
