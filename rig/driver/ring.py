"""The receive ring: which octets of the buffer memory hold the next frame, and what a header says.

The ring is pages ``start`` .. ``stop - 1``. Each frame starts on a page, with a header of 16 octets; a frame may wrap
from the last page to the first. The adapter stores from RX_CURR on and never lets it reach RX_BNRY from behind; the
driver reads from ``next_page`` on and moves RX_BNRY in the same transaction in which it reads a frame, so a page is
given back as soon as it has been read and not before. Nothing here touches a bus.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from rig.adapter.bus import Operation, ReadBlock, Write32
from rig.adapter.device import ReceivedFrame, ReceiveStatus
from rig.adapter.registers import REG_RX_BNRY, RX_HEADER_FORMAT, RX_HEADER_OCTETS, WIN_BUFFER
from rig.driver.bring_up import PAGE_OCTETS, BufferLayout
from rig.errors import AdapterFault
from rig.wire.fcs import FCS_OCTETS

LONGEST_STORED_OCTETS = 2047
"""Longer frames are cut there by the adapter."""

_HEADER = struct.Struct(RX_HEADER_FORMAT)


class RingFault(AdapterFault):
    """The receive ring holds what the adapter cannot have meant; a soft reset clears it."""


@dataclass(frozen=True, slots=True)
class RingHeader:
    """A receive header, found plausible."""

    status: ReceiveStatus
    frame_octets: int
    """Destination address to FCS."""
    next_page: int
    timestamp_ns: int


class ReceiveRing:
    """Reads the ring from ``next_page`` on."""

    __slots__ = ("_start", "_stop", "next_page")

    def __init__(self, layout: BufferLayout) -> None:
        self._start = layout.ring_start
        self._stop = layout.ring_stop
        self.next_page = layout.ring_start

    def pages_until(self, page: int) -> int:
        """Return how many pages lie between ``next_page`` and ``page``."""
        return (page - self.next_page) % (self._stop - self._start)

    def check_page(self, page: int) -> int:
        """Return ``page`` if it is in the ring; :class:`RingFault` if not."""
        if not self._start <= page < self._stop:
            raise RingFault(f"RX_CURR is page {page}; the ring is pages {self._start} to {self._stop - 1}")
        return page

    def header_operation(self, page: int) -> ReadBlock:
        """Return the operation that reads the header on ``page``."""
        return ReadBlock(WIN_BUFFER + page * PAGE_OCTETS, RX_HEADER_OCTETS)

    def parse_header(self, octets: bytes) -> RingHeader:
        """Read the header on ``next_page``; :class:`RingFault` for one that cannot be true.

        A damaged header would send the driver astray in the ring, so its two statements of length must agree.
        """
        status, frame_octets, next_page, timestamp_ns = _HEADER.unpack(octets)
        pages = -(-(RX_HEADER_OCTETS + frame_octets) // PAGE_OCTETS)
        expected = self.next_page + pages
        if expected >= self._stop:
            expected -= self._stop - self._start
        if not 0 < frame_octets <= LONGEST_STORED_OCTETS or next_page != expected:
            raise RingFault(
                f"the receive header on page {self.next_page} makes no sense: {frame_octets} octets, next page "
                f"{next_page}; octets {octets.hex(' ')}"
            )
        return RingHeader(ReceiveStatus(status), frame_octets, next_page, timestamp_ns)

    def take_operations(self, header: RingHeader) -> list[Operation]:
        """Return the operations that read the frame on ``next_page`` and give its pages back.

        One block, or two for a frame that wraps, and the write of RX_BNRY.
        """
        address = self.next_page * PAGE_OCTETS + RX_HEADER_OCTETS
        octets = header.frame_octets + -header.frame_octets % 4
        before_end = min(octets, self._stop * PAGE_OCTETS - address)
        operations: list[Operation] = []
        if before_end:
            operations.append(ReadBlock(WIN_BUFFER + address, before_end))
        if octets > before_end:
            operations.append(ReadBlock(WIN_BUFFER + self._start * PAGE_OCTETS, octets - before_end))
        operations.append(Write32(REG_RX_BNRY, header.next_page))
        return operations

    def take(self, header: RingHeader, blocks: Sequence[bytes]) -> ReceivedFrame:
        """Assemble the frame from the blocks of :meth:`take_operations` and step to the next page."""
        self.next_page = header.next_page
        stored = blocks[0] if len(blocks) == 1 else b"".join(blocks)
        end = max(0, header.frame_octets - FCS_OCTETS)  # a runt may be shorter than an FCS
        fcs = stored[end : header.frame_octets] if header.frame_octets >= FCS_OCTETS else None
        return ReceivedFrame(stored[:end], header.timestamp_ns, header.status, fcs)
