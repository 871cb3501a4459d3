"""Buffer memory: transmit slots and the receive ring, in pages of 256 octets.

The ring is the pages ``start .. stop - 1``. A frame is written behind a gap of 16 octets, which its header fills when
its end is known; the page after its last is where the next one begins. Entering a page whose successor is the
boundary page means overrun: so the page before the boundary is never written, and an empty ring (boundary = current)
is told from a full one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from rig.adapter.bus import WORD_OCTETS
from rig.adapter.registers import RX_HEADER_FORMAT, RX_HEADER_OCTETS

PAGE_OCTETS = 256
MIN_RING_PAGES = 2


class BufferMemory:
    """The RAM of one adapter, of ``pages`` pages."""

    __slots__ = ("_octets", "pages")

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self._octets = bytearray(PAGE_OCTETS * pages)

    def __len__(self) -> int:
        return len(self._octets)

    def read(self, offset: int, octets: int) -> bytes:
        """Return octets from ``offset`` on; the caller has checked the range."""
        return bytes(self._octets[offset : offset + octets])

    def write(self, offset: int, data: bytes) -> None:
        """Write octets from ``offset`` on; what would lie behind the last is not written."""
        data = data[: max(0, len(self._octets) - offset)]
        self._octets[offset : offset + len(data)] = data


class ReceiveRing:
    """The receive ring in a buffer memory.

    ``boundary`` may be written while a frame arrives, so its recent values are kept with the bus edge that wrote them.
    The logic counts pages with no more bits than the buffer's need, which shows if a driver moves a ring in use.
    """

    __slots__ = ("_boundaries", "_memory", "_modulus", "current", "start", "stop")

    def __init__(self, memory: BufferMemory) -> None:
        self._memory = memory
        self._modulus = 1 << max(2, (memory.pages - 1).bit_length())
        self.start = 0
        self.stop = 0
        self.current = 0
        self._boundaries: list[tuple[int, int]] = [(-1, 0)]

    def is_possible(self) -> bool:
        """Tell whether ``start`` and ``stop`` describe a ring."""
        return self.start + MIN_RING_PAGES <= self.stop <= self._memory.pages

    @property
    def boundary(self) -> int:
        """The oldest page that is still needed."""
        return self._boundaries[-1][1]

    def set_boundary(self, page: int, now_ns: int) -> None:
        """Take a new boundary, written at the bus edge ``now_ns``."""
        self._boundaries.append((now_ns, page))

    def boundary_at(self, t_ns: int) -> int:
        """Return the boundary as logic at the bus edge ``t_ns`` sees it."""
        for written_ns, page in reversed(self._boundaries):
            if written_ns < t_ns:
                return page
        return self._boundaries[0][1]

    def forget_before(self, t_ns: int) -> None:
        """Drop boundaries that no edge from ``t_ns`` on can see."""
        boundaries = self._boundaries
        while len(boundaries) > 1 and boundaries[1][0] < t_ns:
            del boundaries[0]

    def after(self, page: int, pages: int = 1) -> int:
        """Return the page ``pages`` further on, around the ring: more than once, if nothing stops a frame that long."""
        stop = self.stop % (2 * self._modulus)
        for _ in range(pages):
            page = (self.start if page + 1 == stop else page + 1) % self._modulus
        return page

    def pages_of(self, frame_octets: int) -> int:
        """Return how many pages a frame takes with its header."""
        return (RX_HEADER_OCTETS + frame_octets + PAGE_OCTETS - 1) // PAGE_OCTETS

    def overruns(self, frame_octets: int, entered_ns: Callable[[int], int]) -> bool:
        """Tell whether a frame from ``current`` on meets the boundary.

        ``entered_ns(n)`` is the bus edge at which the n-th page of the frame is entered.
        """
        page = self.current
        for number in range(self.pages_of(frame_octets)):
            following = self.after(page)
            if following == self.boundary_at(entered_ns(number)):
                return True
            page = following
        return False

    def store(self, octets: bytes, status: int, time_ns: int) -> None:
        """Write a frame and its header at ``current``, and move ``current`` behind it."""
        following = self.after(self.current, self.pages_of(len(octets)))
        header = struct.pack(RX_HEADER_FORMAT, status, len(octets), following, time_ns)
        filling = bytes(-len(octets) % WORD_OCTETS)  # of the last word
        for page, data in self._split(header + octets + filling):
            self._memory.write(PAGE_OCTETS * page, data)
        self.current = following

    def _split(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        page = self.current
        for offset in range(0, len(data), PAGE_OCTETS):
            yield page, data[offset : offset + PAGE_OCTETS]
            page = self.after(page)
