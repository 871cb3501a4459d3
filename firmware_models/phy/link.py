"""Link integrity of 10BASE-T: the twin of ``hdl/rtl/mau_link.v``, tick by tick.

IEEE Std 802.3-2022 14.2.1.7, figure 14-6. Whoever owns it calls :meth:`LinkIntegrity.tick` every tick and tells it what
is heard and sent.
"""

from __future__ import annotations

from collections.abc import Callable

PULSE_TICKS = 16
LOSS_TICKS = 100
MIN_TICKS = 5
COUNT = 4
WRONG_LIMIT = 4


class LinkIntegrity:
    """``send_pulse()`` is called to send a link pulse, ``on_change()`` when ``link_ok`` has changed."""

    def __init__(self, send_pulse: Callable[[], None], on_change: Callable[[], None]) -> None:
        self._send_pulse = send_pulse
        self._on_change = on_change
        self.force_fail = False
        self.reset()

    def reset(self) -> None:
        """Go back to link fail, as at power-on."""
        self.link_ok = False
        self.is_reversed = False
        self._unsent = 0
        self._since = LOSS_TICKS
        self._count = 0
        self._passed = False
        self._wrong = 0

    def tick(self, *, sending: bool, active: bool) -> None:
        """A tick has passed; ``sending`` and ``active`` say what is on the two pairs now."""
        self._unsent += 1
        if sending:
            self._unsent = 0
        elif self._unsent == PULSE_TICKS:
            self._unsent = 0
            if not self.force_fail:
                self._send_pulse()
        self._since = 0 if active else min(LOSS_TICKS, self._since + 1)
        if self._since >= LOSS_TICKS:
            self._count = 0
            self._fail()
        if self.force_fail:
            self._fail()
        self.settle(sending=sending, active=active)

    def heard_activity(self) -> None:
        """The receive pair has become active."""
        self._since = 0
        if not self.link_ok and not self.force_fail:
            self._passed = True

    def heard_pulse(self) -> None:
        """A link pulse has come, or what looks like one."""
        self._wrong = 0
        if self._since < MIN_TICKS:
            return
        self._count = 1 if self._since >= LOSS_TICKS else self._count + 1
        self._since = 0
        if self.link_ok or self.force_fail:
            self._count = 0
        elif self._count == COUNT:
            self._passed = True

    def heard_other_pulse(self) -> None:
        """A link pulse has come on the other wire of the pair."""
        self._judge(False)

    def frame_ended(self, is_high: bool) -> None:
        """A received frame has ended with the line high, as it should, or low."""
        self._judge(is_high)

    def settle(self, *, sending: bool, active: bool) -> None:
        """Let the link come up, if it has passed and both pairs are silent (link fail extend)."""
        if self._passed and not sending and not active:
            self._passed = False
            self._count = 0
            if not self.link_ok:
                self.link_ok = True
                self._on_change()

    def sent(self) -> None:
        """A frame has been sent: the next pulse is PULSE_TICKS away."""
        self._unsent = 0

    def _judge(self, is_right: bool) -> None:
        self._wrong = 0 if is_right else self._wrong + 1
        if self._wrong == WRONG_LIMIT:
            self._wrong = 0
            self.is_reversed = not self.is_reversed

    def _fail(self) -> None:
        self._passed = False
        if self.link_ok:
            self.link_ok = False
            self._on_change()
