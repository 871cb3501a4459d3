"""The twins' side of the joint: what is told to the side of stations that are simulated elsewhere, and when."""

from __future__ import annotations

from typing import Any

import pytest

from firmware_models.network.outside import HEADER, NEVER, Outside
from firmware_models.network.repeater import Repeater
from firmware_models.network.segment import PREAMBLE_AND_SFD, Port, Segment, to_units
from rig.errors import AdapterFault, UsageError
from rig.runtime.kernel import Kernel
from rig.wire.fcs import fcs

CONTENT = bytes(range(60))
FRAME = CONTENT + fcs(CONTENT)
NIBBLES = HEADER + to_units(FRAME, 4)
LENGTH_NS = len(NIBBLES) * 40


class Told:
    """Orders, with the time of each."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.orders: list[tuple[Any, ...]] = []

    def begin(self, *order: int) -> None:
        self.orders.append((self._kernel.now_ns, "begin", *order))

    def begin_content(self, sender: int, number: int, octets: bytes, nibbles: int) -> None:
        self.orders.append((self._kernel.now_ns, "content", sender, number, octets, nibbles))

    def end(self, sender: int) -> None:
        self.orders.append((self._kernel.now_ns, "end", sender))

    def jam(self, *order: int) -> None:
        self.orders.append((self._kernel.now_ns, "jam", *order))


class World:
    """A segment with one station elsewhere at 10 bit times and a plain port at 0."""

    def __init__(self) -> None:
        self.kernel = Kernel()
        self.segment = Segment(self.kernel)
        self.outside = Outside(self.kernel)
        self.outer = self.outside.attach(self.segment, "outer", position_bits=10)
        self.port: Port = self.segment.attach("twin")
        self.delays_ns = self.outside.delays_ns()
        self.told = Told(self.kernel)
        self.outside.connect(self.told)


def test_a_frame_is_told_when_it_begins_and_ends() -> None:
    world = World()
    assert world.delays_ns == [[NEVER, 100]]
    sent = world.segment.begin(world.port, FRAME)
    world.kernel.advance(LENGTH_NS)
    world.segment.end(sent)
    octets = PREAMBLE_AND_SFD + FRAME
    assert world.told.orders == [(0, "content", 1, 1, octets, 2 * len(octets)), (LENGTH_NS, "end", 1)]


def test_a_jam_is_told_when_it_is_decided() -> None:
    world = World()
    sent = world.segment.begin(world.port, FRAME)
    world.kernel.advance(800)
    sent.jams_from(20)
    world.kernel.advance(1120)
    world.segment.end(sent)
    assert world.told.orders[1:] == [(800, "jam", 1, 1, 20), (1120, "end", 1)]


def test_of_a_jam_the_earliest_beginning_is_told_and_that_once() -> None:
    """Each hub between tells of the same jam, or of a later one: nothing new. There is room for 8 orders in a ns."""
    world = World()
    sent = world.segment.begin(world.port, FRAME)
    world.kernel.advance(400)
    for unit in (30, 30, 31, 20, 20, 30):
        sent.tell(unit)
    assert world.told.orders[1:] == [(400, "jam", 1, 1, 30), (400, "jam", 1, 1, 20)]
    sent.jams_from(20)
    world.kernel.advance(1120)
    world.segment.end(sent)
    sent.tell(10)  # it is over
    assert world.told.orders[3:] == [(1120, "end", 1)]


@pytest.mark.parametrize("is_whole", [True, False])
def test_what_a_station_elsewhere_sent_is_known_at_its_end(is_whole: bool) -> None:
    world = World()
    heard = []

    class Ears:
        def transmission_ended(self, transmission: Any, is_whole: bool) -> None:
            heard.append((transmission.frame, transmission.units, transmission.is_whole_frame(), is_whole))

    world.port.receiver = Ears()
    world.outside.rises(0)
    world.kernel.advance(LENGTH_NS)
    world.outside.falls(0, NIBBLES + b"\0", is_whole)  # the spare nibble that the other side always has
    assert heard == [(FRAME, None, True, True) if is_whole else (b"", NIBBLES + b"\0", False, False)]
    assert world.told.orders == [(0, "begin", 0, 1, 0, 1), (LENGTH_NS, "end", 0)]


def test_a_hub_repeats_by_reference_what_nobody_knows_yet() -> None:
    """From one station elsewhere to another through a hub: the second is told whose nibbles to hear, not which."""
    kernel = Kernel()
    outside = Outside(kernel)
    media = [Segment(kernel) for _ in range(2)]
    for number, medium in enumerate(media):
        outside.attach(medium, f"outer {number}", phase_ns=0)
    hub = Repeater(kernel, "hub", media)
    assert outside.delays_ns() == [[NEVER, NEVER, 0, NEVER], [NEVER, NEVER, NEVER, 0]]
    told = Told(kernel)
    outside.connect(told)
    outside.rises(0)
    kernel.advance(LENGTH_NS)
    outside.falls(0, NIBBLES + b"\0", True)
    kernel.advance(LENGTH_NS + 10_000)
    begin, *rest = [order for order in told.orders if order[2] == 3]
    assert begin[1:] == ("begin", 3, 1, 0, 1)
    latency_ns = begin[0]
    assert 160 <= latency_ns <= 240
    # Where the origin ends, there is nothing more to repeat; the hub then ends as well, so it is no jam in the end.
    assert rest == [(LENGTH_NS, "jam", 3, 1, len(NIBBLES)), (LENGTH_NS + latency_ns, "end", 3)]
    assert hub.ports[0].counters["frames"] == 1


def test_what_does_not_come_true_ends_the_run() -> None:
    world = World()
    sent = world.segment.begin(world.port, FRAME)
    world.kernel.advance(LENGTH_NS)
    units = bytearray(NIBBLES)
    units[33] ^= 1  # as a bad cable would
    sent.units = bytes(units)
    with pytest.raises(AdapterFault, match="nibble 33 of what twin sent from 0 ns on is not what a station in Verilog"):
        world.segment.end(sent)


def test_a_station_elsewhere_has_an_mii() -> None:
    kernel = Kernel()
    with pytest.raises(UsageError, match="its medium must carry 4 bits an edge"):
        Outside(kernel).attach(Segment(kernel, bits_per_edge=1), "outer")
