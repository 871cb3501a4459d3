"""A twin of the adapter with a 10BASE-T PHY, whose partner at the other end of the line is somewhere else.

:class:`LinePhy` is the PHY of :mod:`~firmware_models.phy.phy` that sends as its MAC goes along: a frame may turn into a
jam while it is on its way out. :class:`PhyMedium` is the MII between it and a MAC of the twins: the segment of two
places that such a MAC wants, its own, and one where what the PHY hears arrives. What the partner's side is told, and
when, is in docs/joint.md ("A line").

Simplifications, none of which loses a frame: carrier and collision follow from what is on the line, also without a
link; a frame arrives at the MAC with as much preamble as there was activity; nothing is looped back while sending,
since a half-duplex MAC is deaf then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from firmware_models.network.segment import OPEN, PREAMBLE_AND_SFD, Port, Segment, Transmission
from firmware_models.phy.manchester import BIT_CLOCKS, NIBBLE_BITS, Edge, LineClock
from firmware_models.phy.phy import NIBBLE_NS, Burst, TenBaseTPhy
from firmware_models.phy.timers import Timers
from rig.adapter.recorder import MEDIUM, Timeline
from rig.errors import UsageError
from rig.runtime.kernel import Kernel

PREAMBLE_NIBBLE = 5
SILENCE_NS = 170
"""IDLE_CLOCKS of 60 MHz: how long the line is quiet before a link pulse counts."""
PULSE_EDGES = 2


class Line(Protocol):
    """What takes what the PHY sends. Rises are those of its clock."""

    def begin(self, first_rise: int, octets: bytes) -> None:
        """A frame begins on the line at a rise; it is meant to be these octets, preamble first."""

    def jam(self, nibble: int) -> None:
        """From a nibble on it is jam."""

    def end(self, nibbles: int) -> None:
        """It has so many nibbles; the last of them has not left yet."""

    def pulse(self, first_rise: int) -> None:
        """A link pulse begins at a rise."""


class LinePhy(TenBaseTPhy):
    """One PHY without auto-negotiation, half duplex. ``on_activity()``: the receive pair has become active;
    ``on_silence(nibbles)``: it is silent again, and that is what RX_DV brought, if anything."""

    def __init__(self, kernel: Kernel, name: str, line: Line, *, timers: Timers, clock: LineClock) -> None:
        super().__init__(kernel, name, timers=timers, clock=clock, on_frame=self._take)
        self.on_activity: Callable[[], None] = lambda: None
        self.on_silence: Callable[[list[int] | None], None] = lambda _: None
        self.link_watchers: list[Callable[[bool], None]] = []
        self.is_powered = True
        self._line = line
        self._first_rise: int | None = None
        self._nibbles: list[int] | None = None
        self.write_register(self.address, 0, 0)

    def power(self, on: bool) -> None:
        """The power is lost, or back, now: it forgets its link, and without power it neither sends nor hears."""
        self.is_powered = on
        was_up = self.link.link_ok
        self.link.reset()
        if was_up:
            self._link_changed()

    # -- sending -------------------------------------------------------------------------------------------------------

    def raise_tx_en(self, octets: bytes) -> None:
        """TX_EN rises now, for what is meant to be these octets, preamble first."""
        self._want(OPEN)
        if self.link.link_ok and not self.is_jabbering:
            now_ns = self._kernel.now_ns
            first = self._first_rise = self.clock.first_rise_after((now_ns + NIBBLE_NS // 2) * 1000)
            self._line.begin(first, octets)
            self._kernel.call_at(self.clock.rise_ps(first) // 1000, self._begins, OPEN)

    def jam(self, nibble: int) -> None:
        """What is being sent is jam from a nibble on."""
        if self._first_rise is not None:
            self._line.jam(nibble)

    def drop_tx_en(self, nibbles: Sequence[int]) -> None:
        """TX_EN falls now, after these nibbles."""
        first, self._first_rise = self._first_rise, None
        self._tx_en_falls(None)
        if first is not None:
            self._line.end(len(nibbles))
            self._sending_until_ns = self.clock.rise_ps(first + BIT_CLOCKS * NIBBLE_BITS * len(nibbles)) // 1000
            self._kernel.call_at(self._sending_until_ns, self._sent, ())

    def _sent(self, edges: Sequence[Edge]) -> None:
        self.link.sent()
        self._settle()

    def _send_pulse(self) -> None:
        if self.is_powered and not self._is_sending:
            self._line.pulse(self.clock.first_rise_after(self._kernel.now_ns * 1000))

    # -- hearing -------------------------------------------------------------------------------------------------------

    def _pulse_over(self, seen_reversed: object) -> None:
        if self.is_powered:
            super()._pulse_over(seen_reversed)

    def pulse_ended(self, burst: Burst) -> None:
        """What began to arrive as if it were a frame was a link pulse; it ends now."""
        self._hearing.remove(burst)
        self._kernel.call_at(self._kernel.now_ns + SILENCE_NS, self._pulse_over, self.link.is_reversed)

    def frame_ended(self, burst: Burst, edges: Sequence[Edge]) -> None:
        """What began to arrive ends now; these were its edges."""
        self._hearing.remove(burst)
        heard = Burst(burst.start_ns, self._kernel.now_ns, edges, False)
        self._hearing.append(heard)
        self._nibbles = None
        self.line_ended(heard, is_reversed=False)
        self.on_silence(self._nibbles)

    def _activity(self, argument: object) -> None:
        was_active = self._is_active
        if self.is_powered:
            super()._activity(argument)
        if self._is_active and not was_active:
            self.on_activity()

    def _take(self, nibbles: list[int]) -> None:
        self._nibbles = nibbles

    def _link_changed(self) -> None:
        super()._link_changed()
        for watcher in self.link_watchers:
            watcher(self.link.link_ok)


class PhyMedium(Segment):
    """The MII of one MAC, to be attached once; its PHY is there from the beginning."""

    def __init__(self, kernel: Kernel, phy: LinePhy, *, timeline: Timeline | None = None) -> None:
        super().__init__(kernel, speed_mbps=10, timeline=timeline, medium=MEDIUM)
        self.phy = phy
        self._far: Port | None = None
        self._arriving: Transmission | None = None
        phy.on_activity = self._activity
        phy.on_silence = self._silence

    def attach(self, name: str, *, position_bits: int = 0, phase_ns: int | None = None) -> Port:
        """Attach the MAC; places mean nothing here."""
        if self._far is not None:
            raise UsageError(f"station {name} is the second at the MII of {self.phy.name}, which has one MAC")
        port = super().attach(name, phase_ns=phase_ns)
        self._far = super().attach("line", phase_ns=phase_ns)
        self._far.is_recorded = False
        return port

    def begin(self, port: Port, frame: bytes, units: bytes | None = None) -> Transmission:
        """See :class:`~firmware_models.network.segment.Segment`."""
        transmission = super().begin(port, frame, units)
        self.phy.raise_tx_en(PREAMBLE_AND_SFD + frame)
        transmission.watch(self.phy.jam)
        return transmission

    def end(self, transmission: Transmission) -> None:
        """See :class:`~firmware_models.network.segment.Segment`."""
        super().end(transmission)
        count = (transmission.end_ns - transmission.start_ns) // self.period_ns
        self.phy.drop_tx_en(transmission.sent_units(self.bits_per_edge)[:count])

    def _activity(self) -> None:
        if self._far is not None and self._arriving is None:
            self._arriving = Segment.begin(self, self._far, b"", b"")

    def _silence(self, nibbles: list[int] | None) -> None:
        arriving = self._arriving
        if arriving is None:
            return
        heard = bytes(nibbles or ())
        lasted_ns = self.kernel.now_ns - arriving.start_ns
        count = max(len(heard), -(-lasted_ns // self.period_ns))
        filler = PREAMBLE_NIBBLE if heard else 0
        arriving.units = bytes([filler]) * (count - len(heard)) + heard
        self.kernel.call_at(arriving.start_ns + count * self.period_ns, self._arrived, arriving)

    def _arrived(self, arriving: Transmission) -> None:
        self._arriving = None
        Segment.end(self, arriving)


class FarPair:
    """The pair from a partner elsewhere to a PHY, ``delay_ns`` long. ``clock`` is the partner's."""

    def __init__(self, kernel: Kernel, phy: LinePhy, clock: LineClock, delay_ns: int) -> None:
        self._kernel = kernel
        self._phy = phy
        self._clock = clock
        self._delay_ns = delay_ns
        self._burst: Burst | None = None

    def rises(self) -> None:
        """The partner's line is no longer idle, since now."""
        now_ns = self._kernel.now_ns
        burst = self._burst = Burst(now_ns, OPEN, (), False)
        self._kernel.call_at(now_ns + self._delay_ns, lambda _: self._phy.line_begins(burst))

    def falls(self, first_rise: int, edges: Sequence[tuple[int, int]]) -> None:
        """It is idle again, since now. ``edges``: (rises after the one before, level), the first at ``first_rise``."""
        begun, self._burst = self._burst, None
        assert begun is not None
        placed: list[Edge] = []
        rise = first_rise
        for rises, level in edges:
            rise += rises
            placed.append((self._clock.rise_ps(rise) + self._delay_ns * 1000, level))
        self._kernel.call_at(
            self._kernel.now_ns + self._delay_ns, self._ended, (begun, placed, len(edges) <= PULSE_EDGES)
        )  # fmt: skip

    def _ended(self, call: tuple[Burst, list[Edge], bool]) -> None:
        begun, edges, is_pulse = call
        if is_pulse:
            self._phy.pulse_ended(begun)
        else:
            self._phy.frame_ended(begun, edges)
