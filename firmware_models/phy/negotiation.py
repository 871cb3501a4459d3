"""Auto-negotiation of the 10BASE-T PHY: the twin of ``hdl/rtl/autoneg.v``, ``flp_transmit.v`` and ``flp_receive.v``.

IEEE Std 802.3-2022 clause 28; the Verilog says which state means what. Times are ticks and eighths of
:class:`~firmware_models.phy.timers.Timers`; the rest is events.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from firmware_models.phy.timers import Timers
from rig.runtime.kernel import Kernel, Timer

BREAK_TICKS, INHIBIT_TICKS, WAIT_TICKS, BURST_TICKS = 1300, 900, 700, 16
LAST_WORDS = 7
COUNT = 4
EQUAL_WORDS = 3
CLOCKS = 17
EIGHTHS = 8
DATA_MIN, DATA_MAX, CLOCK_MAX = 3, 12, 22  # eighths
ACKNOWLEDGE_BIT = 1 << 14
TEN_HALF, TEN_FULL = 1 << 5, 1 << 6
PARALLEL_PARTNER = 0x0021
ADVERTISED_MASK = 0x1FFF


class State(Enum):
    """Figure 28-18, for one technology."""

    BREAK = auto()
    DETECT = auto()
    ACKNOWLEDGE = auto()
    COMPLETE = auto()
    CHECK = auto()
    GOOD = auto()
    PARALLEL = auto()


class Negotiation:
    """``send_pulse()`` puts a pulse on the line; ``is_link_up()`` is what link integrity says."""

    def __init__(
        self, kernel: Kernel, timers: Timers, send_pulse: Callable[[], None], is_link_up: Callable[[], bool]
    ) -> None:
        self._kernel = kernel
        self._timers = timers
        self._send_pulse = send_pulse
        self._is_link_up = is_link_up
        self._silence: Timer | None = None
        self.enable = True
        self.force_full = False
        self.advertised = TEN_HALF | TEN_FULL | 1
        self.state = State.BREAK
        self._ticks = self._burst_ticks = self._sent = 0
        self._same = self._acks = self._singles = self._last = 0
        self.reset()

    def reset(self) -> None:
        """As at power-on."""
        self.full_duplex = self.force_full and not self.enable
        self.partner = 0
        self.partner_is_able = False
        self.page_received = False
        self._last_pulse_ns: int | None = None
        self._clocks = 0
        self._is_one = False
        self._word = 0
        self._enter(State.BREAK)

    @property
    def owns_line(self) -> bool:
        """Whether bursts, and nothing else, are sent."""
        return self.enable and self.state not in (State.CHECK, State.GOOD)

    @property
    def is_complete(self) -> bool:
        """Register 1 bit 5."""
        return self.enable and self.state is State.GOOD

    def restart(self) -> None:
        """Begin anew: register 0 bit 9."""
        self._enter(State.BREAK)

    def tick(self) -> None:
        """A tick has passed."""
        if not self.enable:
            self.full_duplex = self.force_full
            self._enter(State.BREAK)
            return
        self._ticks += 1
        state = self.state
        if state is State.BREAK and self._ticks > BREAK_TICKS:
            self._enter(State.DETECT)
        elif state is State.CHECK and self._ticks > INHIBIT_TICKS:
            self._enter(State.BREAK)
        elif state is State.PARALLEL and self._ticks > WAIT_TICKS:
            self._enter(State.CHECK if self.advertised & TEN_HALF else State.BREAK)
        if self.state in (State.DETECT, State.ACKNOWLEDGE, State.COMPLETE):
            self._burst_ticks += 1
            if self._burst_ticks == BURST_TICKS:
                self._burst_ticks = 0
                self._begin_burst()
        self.link_changed()

    def link_changed(self) -> None:
        """Look at the link again."""
        if self.state is State.CHECK and self._is_link_up():
            self._enter(State.GOOD)
        elif self.state is State.GOOD and not self._is_link_up():
            self._enter(State.BREAK)

    def heard_pulse(self) -> None:
        """A pulse has come."""
        now_ns = self._kernel.now_ns
        before_ns, eighth_ns = self._last_pulse_ns, self._timers.eighth_ns
        gap = CLOCK_MAX if before_ns is None else (now_ns - before_ns) // eighth_ns
        is_over = gap >= CLOCK_MAX
        if not is_over and gap < DATA_MIN:
            return
        self._last_pulse_ns = now_ns
        if self._silence is not None:
            self._silence.cancel()
        self._silence = self._kernel.call_at(now_ns + CLOCK_MAX * eighth_ns, self._silent)
        if is_over:
            self._clocks, self._is_one = 1, False
        elif gap <= DATA_MAX and not self._is_one:
            self._is_one = True
        elif self._clocks != CLOCKS:
            self._clocks += 1
            self._word = self._word >> 1 | self._is_one << 15
            self._is_one = False
            if self._clocks == CLOCKS:
                self._heard_word(self._word)

    # -- sending -------------------------------------------------------------------------------------------------------

    def _begin_burst(self) -> None:
        if self.state is State.COMPLETE:
            self._sent += 1
        acknowledges = self.state is not State.DETECT
        word = self.advertised & ADVERTISED_MASK | (ACKNOWLEDGE_BIT if acknowledges else 0)
        position_ns = EIGHTHS * self._timers.eighth_ns
        start_ns = self._kernel.now_ns
        for position in range(2 * CLOCKS - 1):
            if not position & 1 or word >> (position >> 1) & 1:
                self._kernel.call_at(start_ns + (position + 1) * position_ns, self._pulse)
        self._kernel.call_at(start_ns + 2 * CLOCKS * position_ns, self._burst_over)

    def _pulse(self, _: object) -> None:
        if self.owns_line:
            self._send_pulse()

    def _burst_over(self, _: object) -> None:
        if self.state is State.COMPLETE and self._sent >= LAST_WORDS:
            common = self.advertised & self.partner & (TEN_FULL | TEN_HALF)
            if common:
                self.full_duplex = bool(common & TEN_FULL)
            self._enter(State.CHECK if common else State.BREAK)

    # -- receiving -----------------------------------------------------------------------------------------------------

    def _silent(self, _: object) -> None:
        self._silence = None
        if self._clocks == 1 and not self._is_one and self.state is not State.BREAK:
            self._singles += 1
            if self.state is State.DETECT and self._singles == COUNT:
                self.full_duplex, self.partner, self.partner_is_able = False, PARALLEL_PARTNER, False
                self._enter(State.PARALLEL)
        self._clocks = 0

    def _heard_word(self, word: int) -> None:
        if self.state is State.BREAK:
            return
        content = word & ~ACKNOWLEDGE_BIT
        self._singles = 0
        is_equal = content == self._last
        self._last = content
        self._same = self._same + 1 if is_equal else 1
        self._acks = 0 if not word & ACKNOWLEDGE_BIT else self._acks + 1 if is_equal else 1
        if self.state is State.PARALLEL:
            self._enter(State.BREAK)
        elif self._same < EQUAL_WORDS:
            return
        elif self.state is State.DETECT:
            self.partner, self.partner_is_able, self.page_received = content, True, True
            self._enter(State.ACKNOWLEDGE)
        elif self.state is State.ACKNOWLEDGE:
            if content != self.partner:
                self._enter(State.BREAK)
            elif self._acks >= EQUAL_WORDS:
                self._enter(State.COMPLETE)

    def _enter(self, state: State) -> None:
        self.state = state
        self._ticks = 0
        if state in (State.BREAK, State.DETECT):
            self._burst_ticks = 0
        if state is State.COMPLETE:
            self._sent = 0
        if state is State.BREAK:
            self._same = self._acks = self._singles = self._last = 0
            self.partner_is_able = False
