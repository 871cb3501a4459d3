"""The receiving side of one station: from arrivals on the segment to frames at the bus side.

Theory of operation
-------------------
A reception is an interval of edges at which arrivals were sampled, several merged where they touch. Everything the
receive MAC does with it happens at edges that follow from its two ends (``docs/adapter.md``, "Receive MAC"), so it
costs one kernel callback, at the bus edge ``A`` at which its end mark is taken. By then whatever could still change
it (another transmission that touches it, blanking by the own transmitter, a disabled receiver) has become known.

A transmission heard whole is the sender's frame, octet by octet. Only where signals overlap, or a frame was cut
short, is a reception put together unit by unit; and not even then if it is too short to be a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from firmware_models.adapter.csma_cd import CsmaCd
from firmware_models.adapter.csma_parameters import HEADER_BITS
from firmware_models.adapter.mac import (
    HEADER_OCTETS,
    LENGTH_LIMIT_OCTETS,
    MIN_FRAME_OCTETS,
    PAUSE_ADDRESS,
    AddressFilter,
    collect,
    find_frame,
)
from firmware_models.network.segment import OPEN, RX_ER, Port, Transmission, merge
from rig.adapter.bus import WORD_OCTETS

SAMPLE_EDGES = 3
"""Edges from the one that samples an arrival to the one at which the MAC samples what came of it."""

BLANK_EDGES = 3
"""Edges from a change of ``blank`` to the first that sees it in the receive domain."""

LOOPBACK_EDGES = 3
"""In loopback the MAC hears a transmission as if it had arrived so many edges after TX_EN rose: through a FIFO."""

FIFO_CLOCKS = 2
"""Bus clocks from the first that samples the pointer of a FIFO to the first that may take the word."""

SLOT_WHEEL = 4
STORE_TURN = 2
"""The turn of the slot wheel that belongs to the receive store."""


@dataclass(frozen=True, slots=True)
class Reception:
    """What was heard after an SFD, in whole octets, of any length.

    ``has_symbol_error``: RX_ER was high after the SFD. ``end_mark_ns`` is the bus edge ``A``; ``first_edge`` samples
    the first unit of the first octet, ``end_edge`` samples RX_DV low.
    """

    octets: bytes
    excess_bits: int
    has_symbol_error: bool
    end_mark_ns: int
    first_edge: int
    end_edge: int


class ReceiveMac:
    """Hears the segment for one station.

    ``on_frame(reception)`` is called at the end mark, with frames of 64 octets or more (14 with ``takes_runts``) to an
    address that ``address_filter`` accepts, or to the PAUSE address; and with whatever had a symbol error.
    """

    __slots__ = (
        "_bus_period_ns", "_enabled_edge", "_generation", "_kernel", "_on_frame", "_port", "_transmitter",
        "address_filter", "is_half_duplex", "is_looped_back", "takes_runts",
    )  # fmt: skip

    def __init__(
        self, port: Port, transmitter: CsmaCd, bus_period_ns: int, on_frame: Callable[[Reception], None]
    ) -> None:
        self._port = port
        self._transmitter = transmitter
        self._bus_period_ns = bus_period_ns
        self._on_frame = on_frame
        self._kernel = port.segment.kernel
        self._enabled_edge = OPEN
        self._generation = 0
        self.address_filter = AddressFilter()
        self.takes_runts = False
        self.is_half_duplex = True
        self.is_looped_back = False
        port.receiver = self

    def enable(self, now_ns: int) -> None:
        """RX_EN is written 1 at the bus edge ``now_ns``."""
        self._enabled_edge = self._port.edge_from(now_ns) + 2

    def disable(self) -> None:
        """RX_EN is written 0 now, or reset does it: nothing under way comes to an end."""
        self._enabled_edge = OPEN
        self._generation += 1

    @property
    def generation(self) -> int:
        """Changes when the receiver is disabled: what began in an earlier generation is to be dropped."""
        return self._generation

    # -- from the segment ----------------------------------------------------------------------------------------------

    def transmission_ended(self, transmission: Transmission, is_whole: bool) -> None:
        """See :class:`~firmware_models.network.segment.Receiver`."""
        if self._enabled_edge == OPEN or self.is_looped_back:
            return
        port = self._port
        if is_whole:
            destination = transmission.frame[:6]
            if len(transmission.frame) < MIN_FRAME_OCTETS and not self.takes_runts:
                return
            if not self.address_filter.accepts(destination) and destination != PAUSE_ADDRESS:
                return
        elif not self.takes_runts and transmission.units is None:
            segment = port.segment
            longest_ns = transmission.end_ns - transmission.cluster[0].start_ns + 2 * segment.span_ns
            if longest_ns < MIN_FRAME_OCTETS * 8 * segment.bit_ns:
                return
        end_edge = port.arrival(transmission)[1] + SAMPLE_EDGES
        if is_whole:
            end_mark_ns = self.end_mark_ns(len(transmission.frame), 0, end_edge)
        else:
            end_mark_ns = self.taken_ns(end_edge + 1)  # or later, depending on what it turns out to be
        self._kernel.call_at(end_mark_ns + 1, self._conclude, (self._generation, transmission))

    def loop_back(self, frame: bytes, start_edge: int, end_edge: int) -> None:
        """Take a frame that the own transmitter sent in loopback, with its edges of TX_EN."""
        if self._enabled_edge <= start_edge and self.is_looped_back:
            first = start_edge + LOOPBACK_EDGES + SAMPLE_EDGES + HEADER_BITS // self._port.segment.bits_per_edge
            self._offer(frame, 0, False, first, end_edge + LOOPBACK_EDGES + SAMPLE_EDGES)

    def taken_ns(self, edge: int) -> int:
        """Return the bus edge at which the store takes a word that enters the FIFO at ``edge``."""
        clock = self._port.edge_ns(edge) // self._bus_period_ns + 1 + FIFO_CLOCKS
        return (clock + (STORE_TURN - clock) % SLOT_WHEEL) * self._bus_period_ns

    def word_taken_ns(self, reception: Reception, word: int) -> int:
        """Return the bus edge at which the store takes a word of a frame, numbered from 0."""
        octets = WORD_OCTETS * (word + 1)
        if octets > min(len(reception.octets), LENGTH_LIMIT_OCTETS):
            return self.taken_ns(reception.end_edge)
        return self.taken_ns(reception.first_edge + octets * 8 // self._port.segment.bits_per_edge - 1)

    def end_mark_ns(self, frame_octets: int, excess_bits: int, end_edge: int) -> int:
        """Return the bus edge at which the store takes the end mark of a frame: after its words, one a turn."""
        has_partial_word = min(frame_octets, LENGTH_LIMIT_OCTETS) % WORD_OCTETS
        excess_edges = excess_bits // self._port.segment.bits_per_edge
        word_ns = self.taken_ns(end_edge if has_partial_word else end_edge - 1 - excess_edges)
        return max(self.taken_ns(end_edge + 1), word_ns + SLOT_WHEEL * self._bus_period_ns)

    # -- at the end mark -----------------------------------------------------------------------------------------------

    def _conclude(self, call: tuple[int, Transmission]) -> None:
        """See what came of a transmission, when everything that could touch it is known."""
        generation, transmission = call
        if generation != self._generation:
            return
        port = self._port
        segment = port.segment
        foreign = [each for each in transmission.cluster if each.port is not port]
        arrivals = sorted(port.arrival(each) for each in foreign)
        first, end = port.arrival(transmission)
        if len(foreign) > 1:
            first, merged_end = next(each for each in merge(arrivals) if each[0] <= first < each[1])
            if merged_end != end or transmission is not [each for each in foreign if port.arrival(each)[1] == end][-1]:
                return  # it goes on with another transmission, or ends with another one too: that one concludes it
        if first + SAMPLE_EDGES - 1 < self._enabled_edge:
            return
        if self.is_half_duplex and self._is_blanked(first, end, arrivals):
            return
        header_edge = first + SAMPLE_EDGES
        end_edge = end + SAMPLE_EDGES
        if len(foreign) == 1 and transmission.is_whole_frame():
            header_units = HEADER_BITS // segment.bits_per_edge
            self._offer(transmission.frame, 0, False, header_edge + header_units, end_edge)
            return
        heard = segment.heard_units(port, first, end, foreign)
        units = bytes(unit & ~RX_ER for unit in heard)
        found = find_frame(units, segment.bits_per_edge)
        if found is not None:
            octets, excess_bits = collect(units[found:], segment.bits_per_edge)
            has_symbol_error = any(unit & RX_ER for unit in heard[found:])
            self._offer(octets, excess_bits, has_symbol_error, header_edge + found, end_edge)

    def _is_blanked(self, first: int, end: int, arrivals: list[tuple[int, int]]) -> bool:
        """Tell whether the own transmitter silences a reception of arrivals sampled at edges ``first .. end - 1``.

        Blanking lasts from the start of an own transmission until neither it nor carrier is seen.
        """
        lag = self._transmitter.deference.carrier_sync
        for start_edge, fall_edge in reversed(self._transmitter.collision_detect.own_edges):
            if start_edge + BLANK_EDGES > end + SAMPLE_EDGES - 1:
                continue
            if fall_edge == OPEN:
                return True
            idle_edge = fall_edge
            carrier = [(arrival + lag, gone + lag) for arrival, gone in arrivals]
            if not self._port.segment.full_duplex:
                carrier.append((start_edge + 1 + lag, fall_edge + 1 + lag))
            for seen, unseen in merge(sorted(carrier)):
                if seen <= idle_edge < unseen:
                    idle_edge = unseen
            return idle_edge + BLANK_EDGES > first + SAMPLE_EDGES - 1
        return False

    def _offer(self, octets: bytes, excess_bits: int, has_symbol_error: bool, first_edge: int, end_edge: int) -> None:
        """Hand over what was heard after an SFD at its end mark, if there is anything to do about it."""
        if not octets:
            return
        is_frame = len(octets) >= MIN_FRAME_OCTETS or (self.takes_runts and len(octets) >= HEADER_OCTETS)
        is_wanted = is_frame and (octets[:6] == PAUSE_ADDRESS or self.address_filter.accepts(octets[:6]))
        if not is_wanted and not has_symbol_error:
            return
        end_mark_ns = self.end_mark_ns(len(octets), excess_bits, end_edge)
        reception = Reception(octets, excess_bits, has_symbol_error, end_mark_ns, first_edge, end_edge)
        # One ns late: what happens at a bus edge is seen by accesses at later edges only.
        if end_mark_ns < self._kernel.now_ns:
            self._on_frame(reception)
        else:
            self._kernel.call_at(end_mark_ns + 1, self._hand_over, (self._generation, reception))

    def _hand_over(self, call: tuple[int, Reception]) -> None:
        generation, reception = call
        if generation == self._generation:
            self._on_frame(reception)
