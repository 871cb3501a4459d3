"""The Python twin of a board: the far end of the link, and the adapter twin behind it.

``docs/board_link.md`` is what it keeps to. It differs from the Verilog in no frame that a host could tell it by, except
that it has something to LOG. Octets come in by :meth:`BoardTwin.receive_octets`; it hands a frame to ``send`` whenever
the line is free, which its owner tells by :meth:`BoardTwin.line_is_free`.
"""

from __future__ import annotations

from collections.abc import Callable

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.boards.bridge import BusBridge
from firmware_models.boards.serial_line import SerialLine
from rig.adapter.registers import MAP_HASH
from rig.errors import UsageError
from rig.link.device import DeviceSession
from rig.link.frame import LARGEST_PAYLOAD_OCTETS
from rig.link.messages import BatchReply, Greeting
from rig.runtime.kernel import Kernel, Timer
from rig.units import NS_PER_S

WINDOW = 8
RECEIVE_OCTETS = 4096
STORE_OCTETS = 4096
RESET_CLOCKS = 64
BUILD_HASH = b"fasttwin"


def twin_greeting(
    board: str, *, baud: int, bus_period_ns: int = 20, map_hash: int = MAP_HASH, build_hash: bytes = BUILD_HASH,
    window: int = WINDOW, time_scale: int = 1,
) -> Greeting:  # fmt: skip
    """Return what a twin of ``board`` says of itself."""
    if not 1 <= len(board) <= 16 or not board.isascii():
        raise UsageError(f"board id {board!r}; it has 1 to 16 ASCII characters")
    return Greeting(
        0, window, LARGEST_PAYLOAD_OCTETS, RECEIVE_OCTETS, STORE_OCTETS, NS_PER_S // bus_period_ns, baud, time_scale,
        map_hash, build_hash, board,
    )  # fmt: skip


class BoardTwin:
    """One board. It has power from the start."""

    def __init__(self, kernel: Kernel, adapter: LanAdapter, greeting: Greeting) -> None:
        self.send: Callable[[bytes], None] | None = None
        """Takes a frame; set before anything arrives."""
        self.adapter = adapter
        self.session = DeviceSession(greeting)
        self.executions = 0
        """Batches that were executed, for tests of "at most once"."""
        self._kernel = kernel
        self._bridge = BusBridge(kernel, adapter, greeting.largest_payload_octets, self._executed)
        self._is_line_free = True
        self._is_plugged = True
        self._is_irq_stuck = False
        self._timer: Timer | None = None
        adapter.interrupts.watchers.append(self._irq_changed)
        adapter.power_watchers.append(self._power_changed)

    def receive_octets(self, octets: bytes) -> None:
        """Take octets from the line."""
        if self._is_plugged:
            self.session.receive_octets(octets, self._kernel.now_ns)
            self._proceed()

    def line_is_free(self) -> None:
        """Take note that the line can carry another frame now."""
        self._is_line_free = True
        self._proceed()

    def unplug(self) -> None:
        """Take the board's supply away: it forgets everything."""
        self._is_plugged = False
        self._bridge.give_up()
        self.adapter.power(False)
        self.session.power_lost()
        self._set_timer()

    def plug(self) -> None:
        """Give it its supply again."""
        self._is_plugged = True
        self._is_line_free = True
        self.adapter.power(True)

    def reset(self) -> None:
        """Reset the board by hand."""
        self.unplug()
        self.plug()

    def _proceed(self) -> None:
        session = self.session
        command = session.next_command()
        while command is not None:
            if command.is_reset:
                self.adapter.power(False)
                self.adapter.power(True)
                self._kernel.call_at(self._kernel.now_ns + RESET_CLOCKS * self.adapter.bus_period_ns, self._reset_done)
            else:
                self.executions += 1
                self._bridge.execute(command)
            command = session.next_command()
        if self._is_line_free and session.has_frame_to_send and self.send is not None:
            self._is_line_free = False
            self.send(session.frame_to_send())
        self._set_timer()

    def _executed(self, reply: BatchReply) -> None:
        self.session.executed(reply, self._kernel.now_ns)
        self._proceed()

    def _reset_done(self, _: object) -> None:
        if self._is_plugged:
            self.session.executed(None, self._kernel.now_ns)
            self._proceed()

    def stick_irq(self, level: bool) -> None:
        """Have the interrupt line stay at ``level`` from now on: a fault."""
        self._is_irq_stuck = False
        if self.session.irq != level:
            self._irq_changed(level)
        self._is_irq_stuck = True

    def _irq_changed(self, is_asserted: bool) -> None:
        if self._is_irq_stuck:
            return
        self.session.line_changed(is_asserted, self._kernel.now_ns)
        self._proceed()

    def _power_changed(self, is_on: bool) -> None:
        if self._is_plugged:
            self.session.log("the adapter has power" if is_on else "the adapter has no power")
            self._proceed()

    def _set_timer(self) -> None:
        due_ns = self.session.next_deadline() if self._is_plugged else None
        if self._timer is not None:
            if self._timer.when_ns == due_ns:
                return
            self._timer.cancel()
            self._timer = None
        if due_ns is not None:
            self._timer = self._kernel.call_at(due_ns, self._timer_due)

    def _timer_due(self, _: object) -> None:
        self._timer = None
        self.session.handle_timers(self._kernel.now_ns)
        self._proceed()


def connect(board: BoardTwin, line: SerialLine) -> None:
    """Put a board on the far end of a line."""
    line.to_board.receiver = board.receive_octets
    board.send = line.to_host.write
    line.to_host.drained = board.line_is_free
