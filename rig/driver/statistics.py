"""What the driver counts itself, and the management counters of the adapter extended beyond their 32 bits."""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass, field

from rig.adapter.registers import COUNTER_NAMES, WIN_COUNTERS_OCTETS

_WORDS = struct.Struct(f"<{WIN_COUNTERS_OCTETS // 4}I")
_WORD_MASK = 0xFFFF_FFFF


@dataclass(slots=True)
class DriverStatistics:
    """Counts since the driver was made. Frames queued = sent + errors + lost + dropped + those still on their way."""

    frames_queued: int = 0
    """Taken by ``try_transmit``."""
    frames_sent: int = 0
    """Finished well."""
    octets_sent: int = 0
    transmit_errors: int = 0
    """Finished badly: excessive collisions and its kin."""
    collisions: int = 0
    """Of finished frames, good and bad."""
    frames_received: int = 0
    """Given to the receive queue, those with errors included."""
    octets_received: int = 0
    receive_errors: int = 0
    """Among them, those whose status is not OK."""
    receive_overruns: int = 0
    """Interrupts that told of frames lost because the ring was full."""
    interrupts: int = 0
    """Times the interrupt was served."""
    round_trips: int = 0
    bus_errors: int = 0
    adapter_faults: int = 0
    """Times the adapter was parked because it did not answer."""
    ring_faults: int = 0
    """Receive headers that made no sense."""
    transmit_stalls: int = 0
    """Times a frame was overdue because the medium was busy."""
    resets: int = 0
    """Soft resets to recover."""
    transmit_frames_lost: int = 0
    """In transmit slots at a reset, or when the adapter stopped answering."""
    receive_pages_lost: int = 0
    """Pages of received frames in the ring at a reset; how many frames they held is not known."""
    frames_dropped: int = 0
    """To be sent while the adapter did not answer."""
    link_changes: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


@dataclass(slots=True)
class CounterTotals:
    """The counters of the adapter, extended: correct if :meth:`update` comes before any of them has wrapped twice.

    COUNTER_HALF tells the driver in time.
    """

    _last: tuple[int, ...] = (0,) * (WIN_COUNTERS_OCTETS // 4)
    _totals: list[int] = field(default_factory=lambda: [0] * (WIN_COUNTERS_OCTETS // 4))

    def update(self, window: bytes) -> None:
        """Add what the counters have moved since the last reading; ``window`` is the whole COUNTERS window."""
        words = _WORDS.unpack(window)
        for index in COUNTER_NAMES:
            self._totals[index] += words[index] - self._last[index] & _WORD_MASK
        self._last = words

    def adapter_returned(self, window: bytes) -> None:
        """Note the counters of an adapter that answers again: after a loss of power they begin anew at zero."""
        if not any(window):
            self._last = (0,) * len(self._last)
        self.update(window)

    def as_dict(self) -> dict[str, int]:
        """Return the totals by clause 30 name."""
        return {name: self._totals[index] for index, name in COUNTER_NAMES.items()}
