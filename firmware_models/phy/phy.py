"""The twin of the 10BASE-T PHY ``hdl/rtl/phy_10baset.v`` at its MII, its registers and its line.

Long times are ticks, as the Verilog counts them; what is on the line are the edges of
:mod:`~firmware_models.phy.manchester`, exact to the clock, and a frame is decoded by the same decoder. Two of them are
joined by :class:`TwistedPairs`. Theory of operation: docs/phy.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firmware_models.phy.link import LinkIntegrity
from firmware_models.phy.manchester import (
    HIGH,
    IDLE_BITS,
    IDLE_CLOCKS,
    LOW,
    Edge,
    LineClock,
    bits_of,
    decode,
    encode,
    frames,
    link_pulse,
    sample,
)
from firmware_models.phy.negotiation import Negotiation
from firmware_models.phy.timers import Timers
from rig.errors import UsageError
from rig.runtime.kernel import Kernel

JABBER_TICKS, UNJAB_TICKS = 48, 500
BIT_NS = 100
DETECT_NS = 3 * BIT_NS
"""From the first edge of a frame to activity: the third edge."""
SILENCE_NS = IDLE_CLOCKS * 17
SQE_DELAY_NS, SQE_NS = 1_200, 1_000  # 6 and 5 half nibbles
NIBBLE_NS = 400

CONTROL, STATUS, IDENTIFIER_1, IDENTIFIER_2, ADVERTISEMENT, PARTNER, EXPANSION = range(7)
RESET, LOOPBACK, AUTONEG, POWER_DOWN, ISOLATE, RESTART, FULL, COLLISION_TEST = (
    1 << bit for bit in (15, 14, 12, 11, 10, 9, 8, 7)
)
STATUS_ALWAYS = 0x1849 & ~0x0024  # 10BASE-T both modes, preamble suppression, able to negotiate, extended

Record = Callable[[int, str, int], None]
"""Told of each change: time in ps, signal (td_p, td_n, tx_en, crs, col, link), value; of a frame's edges beforehand."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What one PHY puts on the line at once: a frame or a pulse, its edges, and when the last one is."""

    start_ns: int
    end_ns: int
    edges: Sequence[Edge]
    is_pulse: bool


class TenBaseTPhy:
    """One PHY. ``on_frame(nibbles)`` gets what RX_DV brings, from the last octet of the preamble on.

    Implements :class:`~firmware_models.adapter.mdio.Phy`.
    """

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        *,
        timers: Timers | None = None,
        clock: LineClock | None = None,
        address: int = 1,
        on_frame: Callable[[list[int]], None] = lambda _: None,
        record: Record = lambda *_: None,
    ) -> None:
        self.name = name
        self.address = address
        self.timers = timers or Timers()
        self.clock = clock or LineClock()
        self.is_jabbering = False
        self.receptions = 0
        self._kernel = kernel
        self._on_frame = on_frame
        self._record = record
        self._signals: dict[str, int] = {}
        self._send_line: Callable[[Burst], None] = lambda _: None
        self._sending_until_ns = -1
        self._hearing: list[Burst] = []
        self._is_active = False
        self._wants_until_ns: int | None = None  # TX_EN is up until then
        self._jabber_ticks = 0
        self._control = AUTONEG
        self._was_down = True
        self._was_jabber = False
        self._sqe = 0
        self.link = LinkIntegrity(self._send_pulse, self._link_changed)
        self.negotiation = Negotiation(kernel, self.timers, self._send_pulse, lambda: self.link.link_ok)
        self.link.force_fail = True
        kernel.call_at(kernel.now_ns + self.timers.tick_ns, self._tick)

    # -- MII -----------------------------------------------------------------------------------------------------------

    @property
    def full_duplex(self) -> bool:
        """The mode that was negotiated or forced."""
        return self.negotiation.full_duplex

    def transmit(self, octets: bytes) -> int:
        """Raise TX_EN with ``octets``, preamble to FCS, now, and return when it falls, in ns.

        :class:`~rig.errors.UsageError` while it is up.
        """
        now_ns = self._kernel.now_ns
        if self._wants_until_ns is not None:
            raise UsageError(f"{self.name} already transmits until {self._wants_until_ns} ns")
        end_ns = now_ns + len(octets) * 8 * BIT_NS
        self._want(end_ns)
        self._kernel.call_at(end_ns, self._tx_en_falls)
        if self.link.link_ok and not self.is_jabbering:
            first = self.clock.first_rise_after((now_ns + NIBBLE_NS // 2) * 1000)
            edges = encode(bits_of(octets), self.clock, first)
            self._put(edges, False)
            data_end_ns = edges[-1][0] // 1000 - IDLE_BITS * BIT_NS
            self._kernel.call_at(edges[0][0] // 1000, self._begins, data_end_ns)
            self._kernel.call_at(data_end_ns, self._sent, edges)
        return end_ns

    def jab(self, on: bool) -> None:
        """Keep TX_EN up until told otherwise; what is on the line is not modelled."""
        if on:
            self._want(1 << 62)
            self._sending_until_ns = 1 << 62
            self._update()
        else:
            self._sending_until_ns = self._kernel.now_ns
            self._tx_en_falls(None)

    def _want(self, until_ns: int) -> None:
        self._wants_until_ns = until_ns
        self._show("tx_en", 1)

    def _tx_en_falls(self, _: object) -> None:
        self._wants_until_ns = None
        self._jabber_ticks = 0
        self._show("tx_en", 0)
        self._update()

    def _begins(self, data_end_ns: object) -> None:
        assert isinstance(data_end_ns, int)
        self._sending_until_ns = data_end_ns
        self._update()

    def _sent(self, edges: Sequence[Edge]) -> None:
        self.link.sent()
        if not self.full_duplex:
            self._sqe += 1
            self._kernel.call_at(self._kernel.now_ns + SQE_DELAY_NS, self._sqe_test, self._sqe)
            if not self._is_active:
                self._receive(edges)  # looped back
        self._settle()

    def _sqe_test(self, number: object) -> None:
        if number == self._sqe and self.link.link_ok and not self._is_sending and not self.is_jabbering:
            self._show("col", 1)
            self._kernel.call_at(self._kernel.now_ns + SQE_NS, lambda _: self._update())

    # -- line ----------------------------------------------------------------------------------------------------------

    def connect(self, send_line: Callable[[Burst], None]) -> None:
        """Say what takes the bursts that this PHY sends."""
        self._send_line = send_line

    def line_begins(self, burst: Burst) -> None:
        """A burst of the partner begins to arrive, now."""
        if burst.is_pulse:
            return
        self._hearing.append(burst)
        self._kernel.call_at(self._kernel.now_ns + DETECT_NS, self._activity)

    def line_ended(self, burst: Burst, *, is_reversed: bool) -> None:
        """It has arrived to its end, now; ``is_reversed`` says that the wires of the pair are swapped."""
        seen_reversed = is_reversed != self.link.is_reversed
        if burst.is_pulse:
            self._kernel.call_at(self._kernel.now_ns + SILENCE_NS, self._pulse_over, seen_reversed)
            return
        self._hearing.remove(burst)
        if not self._hearing:
            self._is_active = False
        self.link.frame_ended(not seen_reversed)
        if self.link.link_ok and not seen_reversed:
            self._receive(burst.edges)
        self._settle()

    def _activity(self, _: object) -> None:
        if self._hearing and not self._is_active:
            self._is_active = True
            self.link.heard_activity()
            self._update()

    def _pulse_over(self, seen_reversed: object) -> None:
        if seen_reversed:
            self.link.heard_other_pulse()
            return
        self.link.heard_pulse()
        self.negotiation.heard_pulse()
        self._settle()

    def _receive(self, edges: Sequence[Edge]) -> None:
        first = self.clock.first_rise_after(edges[0][0]) - 2
        rises = (edges[-1][0] - edges[0][0]) * 6 // 100_000 + 4 * IDLE_CLOCKS
        for nibbles in frames(decode(sample(edges, self.clock, first, rises), first)):
            self.receptions += 1
            self._on_frame(nibbles)

    def _send_pulse(self) -> None:
        if not self._is_sending:
            self._put(link_pulse(self.clock, self.clock.first_rise_after(self._kernel.now_ns * 1000)), True)

    def _put(self, edges: Sequence[Edge], is_pulse: bool) -> None:
        for time_ps, level in edges:
            self._show("td_p", int(level == HIGH), time_ps)
            self._show("td_n", int(level == LOW), time_ps)
        self._send_line(Burst(self._kernel.now_ns, edges[-1][0] // 1000, edges, is_pulse))

    # -- state ---------------------------------------------------------------------------------------------------------

    @property
    def _is_sending(self) -> bool:
        return self._kernel.now_ns < self._sending_until_ns and not self.is_jabbering

    def _tick(self, _: object) -> None:
        self._kernel.call_at(self._kernel.now_ns + self.timers.tick_ns, self._tick)
        wants = self._wants_until_ns is not None
        self._jabber_ticks = self._jabber_ticks + 1 if wants != self.is_jabbering else 0
        if wants and not self.is_jabbering and self._jabber_ticks == JABBER_TICKS:
            self.is_jabbering, self._jabber_ticks = True, 0
        elif not wants and self.is_jabbering and self._jabber_ticks == UNJAB_TICKS:
            self.is_jabbering, self._jabber_ticks = False, 0
        self._was_jabber |= self.is_jabbering
        self.negotiation.tick()
        self.link.force_fail = self.negotiation.owns_line
        self.link.tick(sending=self._is_sending, active=self._is_active)
        self._update()

    def _link_changed(self) -> None:
        self._was_down |= not self.link.link_ok
        self._show("link", int(self.link.link_ok))
        self.negotiation.link_changed()

    def _settle(self) -> None:
        self.link.settle(sending=self._is_sending, active=self._is_active)
        self._update()

    def _update(self) -> None:
        sending, half = self._is_sending, not self.full_duplex
        up = self.link.link_ok
        collides = half and up and ((sending and self._is_active) or self.is_jabbering)
        self._show("col", int(collides))
        self._show("crs", int(up and (self._is_active or (half and sending))))

    def _show(self, name: str, value: int, time_ps: int | None = None) -> None:
        if self._signals.get(name, 0) != value:
            self._signals[name] = value
            self._record(self._kernel.now_ns * 1000 if time_ps is None else time_ps, name, value)

    # -- management ----------------------------------------------------------------------------------------------------

    def read_register(self, phy: int, register: int) -> int | None:
        """Return 16 bits, or None if this is not the PHY's address."""
        if phy != self.address:
            return None
        negotiation = self.negotiation
        if register == CONTROL:
            return self._control
        if register == STATUS:
            link = self.link.link_ok and not self._was_down
            value = (
                STATUS_ALWAYS | negotiation.is_complete << 5 | link << 2 | (self._was_jabber or self.is_jabbering) << 1
            )
            self._was_down, self._was_jabber = not self.link.link_ok, self.is_jabbering
            return value
        if register == ADVERTISEMENT:
            return negotiation.advertised
        if register == PARTNER:
            return negotiation.partner
        if register == EXPANSION:
            value = negotiation.page_received << 1 | negotiation.partner_is_able
            negotiation.page_received = False
            return value
        return 0

    def write_register(self, phy: int, register: int, value: int) -> None:
        """Write 16 bits; nothing happens if this is not the PHY's address."""
        if phy != self.address:
            return
        if register == ADVERTISEMENT:
            self.negotiation.advertised = value & 0x1FFF
        elif register == CONTROL and value & RESET:
            self._control = AUTONEG
            self.negotiation.enable, self.negotiation.force_full = True, False
            self.negotiation.reset()
            self.link.reset()
        elif register == CONTROL:
            self._control = value & (LOOPBACK | AUTONEG | POWER_DOWN | ISOLATE | FULL | COLLISION_TEST)
            self.negotiation.enable = bool(value & AUTONEG)
            self.negotiation.force_full = bool(value & FULL)
            if not value & AUTONEG:
                self.negotiation.full_duplex = self.negotiation.force_full
            if value & RESTART:
                self.negotiation.restart()
        self.link.force_fail = self.negotiation.owns_line


class TwistedPairs:
    """The two pairs between two PHYs, with a delay each way; either can be cut or have its wires swapped."""

    def __init__(self, kernel: Kernel, a: TenBaseTPhy, b: TenBaseTPhy, delay_ns: int = 100) -> None:
        self._kernel = kernel
        self._delay_ns = delay_ns
        self.is_cut = {a.name: False, b.name: False}
        """By the name of the PHY that hears."""
        self.is_reversed = {a.name: False, b.name: False}
        a.connect(lambda burst: self._carry(burst, b))
        b.connect(lambda burst: self._carry(burst, a))

    def _carry(self, burst: Burst, to: TenBaseTPhy) -> None:
        if self.is_cut[to.name]:
            return
        first_ns = burst.edges[0][0] // 1000
        moved = [(time_ps + self._delay_ns * 1000, level) for time_ps, level in burst.edges]
        arriving = Burst(first_ns + self._delay_ns, burst.end_ns + self._delay_ns, moved, burst.is_pulse)
        self._kernel.call_at(arriving.start_ns, lambda _: to.line_begins(arriving))
        self._kernel.call_at(
            arriving.end_ns, lambda _: to.line_ended(arriving, is_reversed=self.is_reversed[to.name])
        )  # fmt: skip
