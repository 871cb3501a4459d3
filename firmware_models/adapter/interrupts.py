"""The interrupt controller: causes, mask, moderation, and the line.

The line is a register: what ``status & mask`` is after one bus edge, the line is after the next. A cause that is set
at the edge at which it is written away stays set, so none is lost.

Moderation: RX and TX alone do not assert the line before COUNT of them have happened, or TIME has passed since the
first, whichever comes first; a field that is 0 does not take part. The count starts anew when neither is pending.
"""

from __future__ import annotations

from collections.abc import Callable

from rig.adapter.recorder import Timeline, TimelineEvent
from rig.adapter.registers import INT_STATUS_RX, INT_STATUS_TX
from rig.runtime.kernel import Event, Kernel, Timer

MODERATED = INT_STATUS_RX | INT_STATUS_TX
MODERATION_CLOCKS = 64
"""Unit of the TIME field, in bus clocks."""


class InterruptController:
    """Causes to line, for one adapter. All times are bus edges."""

    __slots__ = (
        "_causes", "_cleared", "_cleared_ns", "_count_limit", "_due_ns", "_due_value", "_first_ns", "_kernel",
        "_line_ns", "_name", "_period_ns", "_time_limit_ns", "_timeline", "_timer", "is_asserted", "line", "mask",
        "status", "watchers",
    )  # fmt: skip

    def __init__(self, kernel: Kernel, name: str, bus_period_ns: int, timeline: Timeline | None) -> None:
        self._kernel = kernel
        self._name = name
        self._period_ns = bus_period_ns
        self._timeline = timeline
        self.line: Event = kernel.event(f"interrupt line of {name}")
        self.is_asserted = False
        self.watchers: list[Callable[[bool], None]] = []  # told the new level at the edge of the line
        self.status = 0
        self.mask = 0
        self._count_limit = 0
        self._time_limit_ns = 0
        self._causes = 0  # RX and TX causes since both bits were 0
        self._first_ns = 0  # when the first of them came
        self._cleared = 0  # what _causes was before the last acknowledge that left neither bit ...
        self._cleared_ns = -1  # ... and its edge
        self._timer: Timer | None = None
        self._due_ns = -1  # when the line takes _due_value; -1 = it does not change
        self._due_value = False
        self._line_ns = 0

    def raise_causes(self, causes: int, edge_ns: int) -> None:
        """Set causes."""
        self.status |= causes
        moderated = causes & MODERATED
        if moderated:
            if not self._causes and edge_ns == self._cleared_ns:
                self._causes = self._cleared  # a bit that is set where it is cleared was never 0
            if not self._causes:
                self._first_ns = edge_ns
            self._causes += moderated.bit_count()
            if self._time_limit_ns and self._timer is None:
                self._start_timer(edge_ns)
        self._update(edge_ns)

    def acknowledge(self, causes: int, edge_ns: int) -> None:
        """Clear causes: a write of ones to INT_STATUS."""
        self.status &= ~causes
        if not self.status & MODERATED:
            self._cleared, self._cleared_ns = self._causes, edge_ns
            self._causes = 0
            self._stop_timer()
        self._update(edge_ns)

    def moderate(self, count: int, time: int, edge_ns: int) -> None:
        """Write IRQ_MODERATION."""
        self._count_limit = count
        self._time_limit_ns = MODERATION_CLOCKS * time * self._period_ns
        self._stop_timer()
        if self._causes and time:
            self._start_timer(edge_ns)
        self._update(edge_ns)

    def _start_timer(self, edge_ns: int) -> None:
        due_ns = self._first_ns + self._time_limit_ns
        if due_ns > edge_ns:  # a time that is over already shows at once
            self._timer = self._kernel.call_at(due_ns + 1, self._update, due_ns)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_released(self, edge_ns: int) -> bool:
        """Tell whether RX and TX show on the line."""
        if self._count_limit and self._causes >= self._count_limit:
            return True
        if self._time_limit_ns:
            return edge_ns >= self._first_ns + self._time_limit_ns
        return not self._count_limit

    def set_mask(self, mask: int, edge_ns: int) -> None:
        """Write INT_MASK."""
        self.mask = mask
        self._update(edge_ns)

    def reset(self, edge_ns: int, line_ns: int) -> None:
        """Clear everything at ``edge_ns``; the line falls at ``line_ns``, if it is asserted."""
        self.mask = 0
        self.moderate(0, 0, edge_ns)
        self.acknowledge(-1, edge_ns)
        self._cleared_ns = -1
        self._due_ns = line_ns
        self._due_value = False
        if line_ns > self._kernel.now_ns:
            self._kernel.call_at(line_ns, self._apply, line_ns)
        else:
            self._apply(line_ns)

    def close(self, now_ns: int) -> None:
        """End of a run: put an assertion that lasts into the timeline."""
        if self.is_asserted and self._timeline is not None:
            self._timeline.add(TimelineEvent(self._line_ns, now_ns, self._name, "irq"))

    def _update(self, edge_ns: int) -> None:
        """What is pending has changed at ``edge_ns``: the line follows one bus edge later."""
        if self._due_ns >= 0 and self._due_ns <= edge_ns:
            self._apply(self._due_ns)
        pending = self.status & self.mask
        value = bool(pending & ~MODERATED) or (pending != 0 and self._is_released(edge_ns))
        due_ns = edge_ns + self._period_ns
        if self._due_ns == due_ns:
            self._due_value = value
        elif value != self.is_asserted:
            self._due_ns = due_ns
            self._due_value = value
            self._kernel.call_at(due_ns, self._apply, due_ns)

    def _apply(self, due_ns: int) -> None:
        if self._due_ns == due_ns:
            self._due_ns = -1
            self._set_line(self._due_value, due_ns)

    def _set_line(self, value: bool, t_ns: int) -> None:
        if value == self.is_asserted:
            return
        self.is_asserted = value
        if value:
            self._line_ns = t_ns
            self.line.set()
        else:
            self.line.clear()
            if self._timeline is not None:
                self._timeline.add(TimelineEvent(self._line_ns, t_ns, self._name, "irq"))
        for watcher in self.watchers:
            watcher(value)
