"""Stations that are simulated elsewhere, on media of twins: this side of the joint with ``hdl/sim/mii_joint_model.v``.

Theory of operation (docs/joint.md)
-----------------------------------
A station elsewhere has a port on a segment like any other; its TX_EN rises and falls when the other side says so, and
what it sent is known when it has ended. What others send is told to the other side at its beginning, as the content
that is meant; what makes it something else (a jam, an end) is told as soon as it is decided, which is always before
the nibble in question leaves its sender. A hub begins to repeat before it knows what: it is told by reference, as the
content of the transmission at its origin, which the other side has, nibble by nibble, earlier than this one.

Nothing is exchanged per nibble: two or three orders a transmission and sender, and its content once.
"""

from __future__ import annotations

from typing import Protocol

from firmware_models.network.repeater import JAM, RepeaterPort
from firmware_models.network.segment import OPEN, PREAMBLE_AND_SFD, Port, Segment, Transmission, to_units
from rig.errors import AdapterFault, UsageError
from rig.runtime.kernel import Kernel

HEADER = to_units(PREAMBLE_AND_SFD, 4)
NUMBERS = 1 << 7
"""Transmissions are numbered modulo this, per sender."""
NEVER = -1
"""As a delay: does not hear it."""


class Orders(Protocol):
    """The other side. Senders are numbered: its stations first, in the order in which they were attached."""

    def begin(self, sender: int, number: int, origin: int, origin_number: int) -> None:
        """TX_EN of a sender rises now; it sends what the transmission of the origin holds, which may be itself."""

    def begin_content(self, sender: int, number: int, octets: bytes, nibbles: int) -> None:
        """TX_EN of a sender rises now; it means to send so many nibbles of ``octets``, the low one of each first."""

    def end(self, sender: int) -> None:
        """TX_EN of a sender falls now."""

    def jam(self, sender: int, number: int, unit: int) -> None:
        """What a transmission sends from a unit on is jam, unless that is known of an earlier one."""


class _Place:
    """The station of a port that belongs to somebody elsewhere: it has nothing to catch up with."""

    def __init__(self, port: Port) -> None:
        self._segment = port.segment
        self.cursor = 0

    def catch_up(self) -> None:
        self.cursor = self._segment.history_base + len(self._segment.history)

    def foreign_began(self, transmission: Transmission) -> None:
        """Nothing: the ear of the segment hears for all."""

    def foreign_ended(self, transmission: Transmission) -> None:
        """Nothing, likewise."""


class _Ear:
    """Hears a segment for all stations elsewhere that are on it."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def foreign_began(self, transmission: Transmission) -> None:
        self._outside.began(transmission)

    def foreign_ended(self, transmission: Transmission) -> None:
        self._outside.ended(transmission)


class Outside:
    """All stations elsewhere. Attach them, and everything else; then ask for :meth:`delays_ns` and :meth:`connect`.

    :class:`~rig.errors.AdapterFault` ends a run in which the other side was told something that did not come true.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._orders: Orders | None = None
        self._ports: list[Port] = []
        self._senders: dict[Port, int] = {}
        self._numbers: dict[Port, int] = {}
        self._ears: dict[Segment, _Ear] = {}
        self._sending: dict[int, Transmission] = {}
        self._number_of: dict[Transmission, int] = {}  # of those under way, and of the last of each port
        self._last: dict[Port, Transmission] = {}
        self._told: dict[Transmission, int] = {}  # from which unit on it is jam, as the other side knows
        self._content: dict[Transmission, Transmission | bytes] = {}  # ... and as what else, octets or by reference

    def attach(self, segment: Segment, name: str, *, position_bits: int = 0, phase_ns: int | None = None) -> Port:
        """Attach the next station; its reception is recorded elsewhere."""
        if segment.bits_per_edge != 4:
            raise UsageError(f"station {name} has an MII; its medium must carry 4 bits an edge")
        port = segment.attach(name, position_bits=position_bits, phase_ns=phase_ns)
        port.is_recorded = False
        port.station = _Place(port)
        self._ports.append(port)
        if segment not in self._ears:
            ear = self._ears[segment] = _Ear(self)
            segment.listeners[ear] = None
        return port

    def delays_ns(self) -> list[list[int]]:
        """Number the senders, when everything is attached; return for each station the delay from each of them, or
        :data:`NEVER`."""
        others = [port for segment in self._ears for port in segment.ports if port not in self._ports]
        self._senders = {port: number for number, port in enumerate([*self._ports, *others])}
        self._numbers = dict.fromkeys(self._senders, 0)
        return [
            [
                port.delays_ns[sender.index] if sender.segment is port.segment and sender is not port else NEVER
                for sender in self._senders
            ]
            for port in self._ports
        ]

    def connect(self, orders: Orders) -> None:
        """Say who takes the orders; before time begins."""
        self._orders = orders

    # -- from the other side -------------------------------------------------------------------------------------------

    def rises(self, station: int) -> None:
        """TX_EN of a station rises now."""
        port = self._ports[station]
        self._sending[station] = port.segment.begin(port, b"")

    def falls(self, station: int, nibbles: bytes, is_whole: bool) -> None:
        """TX_EN of a station falls now; ``nibbles`` is what it sent, ``is_whole`` that it was a frame, to its end."""
        transmission = self._sending.pop(station)
        segment = self._ports[station].segment
        count = (self._kernel.now_ns - transmission.start_ns) // segment.period_ns
        if is_whole and nibbles.startswith(HEADER) and not count % 2:
            transmission.frame = _octets_of(nibbles[len(HEADER) : count])
        else:
            transmission.units = nibbles
        segment.end(transmission)

    # -- to the other side ---------------------------------------------------------------------------------------------

    def began(self, transmission: Transmission) -> None:
        """A transmission begins on a segment with a station elsewhere, now."""
        orders, port = self._orders, transmission.port
        assert orders is not None, "connected before time begins"
        sender = self._senders[port]
        number = self._numbers[port] = (self._numbers[port] + 1) % NUMBERS
        self._number_of.pop(self._last.get(port, transmission), None)
        self._last[port] = transmission
        self._number_of[transmission] = number
        if sender < len(self._ports):
            orders.begin(sender, number, sender, number)
            return
        chain = _chain(transmission, self._kernel.now_ns)
        origin = chain[-1]
        if self._senders.get(origin.port, len(self._ports)) < len(self._ports) and origin in self._number_of:
            self._content[transmission] = origin
            orders.begin(sender, number, self._senders[origin.port], self._number_of[origin])
        elif origin.end_ns <= self._kernel.now_ns or not origin.frame:
            nibbles = b"" if origin.units == b"" else origin.sent_units(4)
            octets = self._content[transmission] = _octets_of(nibbles)
            orders.begin_content(sender, number, octets, len(nibbles))
        else:
            octets = self._content[transmission] = PREAMBLE_AND_SFD + origin.frame
            orders.begin_content(sender, number, octets, 2 * len(octets))
        self._told[transmission] = OPEN
        for each in chain:
            unit = _jam_unit(each, self._kernel.now_ns)
            if unit < OPEN:
                self._jam(transmission, unit)
            each.watch(lambda unit: self._jam(transmission, unit))

    def _jam(self, transmission: Transmission, unit: int) -> None:
        if transmission.end_ns == OPEN and unit < self._told[transmission]:
            assert self._orders is not None
            self._told[transmission] = unit
            self._orders.jam(self._senders[transmission.port], self._number_of[transmission], unit)

    def ended(self, transmission: Transmission) -> None:
        """It ends now."""
        assert self._orders is not None
        self._orders.end(self._senders[transmission.port])
        told = self._told.pop(transmission, None)
        if told is None:
            return
        period_ns = transmission.port.period_ns
        count = (transmission.end_ns - transmission.start_ns) // period_ns
        content = self._content.pop(transmission)
        units = to_units(content, 4) if isinstance(content, bytes) else content.sent_units(4)
        meant = units[: min(told, count)].ljust(count, bytes([JAM]))
        for at, (nibble, sent) in enumerate(zip(meant, transmission.sent_units(4), strict=False)):
            if nibble == sent:
                continue
            raise AdapterFault(
                f"nibble {at} of what {transmission.port.name} sent from {transmission.start_ns} ns on is not what a"
                " station in Verilog was told beforehand: this medium changes signals in a way that the joint cannot"
                " carry (docs/joint.md)"
            )


def _chain(transmission: Transmission, now_ns: int) -> list[Transmission]:
    """Return a transmission that begins now, what it repeats, and so on, to the first whose content is nobody else's,
    or is known already because it has ended."""
    station = transmission.port.station
    chain = [transmission]
    heard = station.repeats if isinstance(station, RepeaterPort) else None
    while heard is not None:
        chain.append(heard)
        heard = heard.repeats if heard.end_ns > now_ns else None
    return chain


def _jam_unit(transmission: Transmission, now_ns: int) -> int:
    """Return from which unit on a transmission is not what it was meant to be, as far as that is known now."""
    if transmission.end_ns <= now_ns:
        return (transmission.end_ns - transmission.start_ns) // transmission.port.period_ns
    station = transmission.port.station
    if isinstance(station, RepeaterPort):
        return 0 if station.repeats is None else station.jam_unit()
    return OPEN if transmission.jam_from is None else transmission.jam_from


def _octets_of(nibbles: bytes) -> bytes:
    """Return nibbles, two an octet, the low one first."""
    even = nibbles + bytes(len(nibbles) % 2)
    return bytes(low & 15 | (high & 15) << 4 for low, high in zip(even[0::2], even[1::2], strict=True))
