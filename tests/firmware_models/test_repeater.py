"""The repeater hub's twin: forwarding, preamble, fragments, jam, one port left, partition, jabber."""

from __future__ import annotations

import pytest

from firmware_models.adapter.mac import frame_to_send
from firmware_models.network import repeater
from firmware_models.network.repeater import COLLIDE, FORWARD, IDLE, ONE_LEFT, Repeater
from firmware_models.network.segment import Segment
from rig.errors import UsageError
from rig.runtime.virtual_time import VirtualTime
from tests.firmware_models.wires import HEADER, Star, nibbles

FRAME = frame_to_send(bytes.fromhex("02000000000f 020000000001 88b5") + bytes(range(46)), pad=True, append_fcs=True)
START = 5
"""Edges from the rise of TX_EN of a source to that of the other ports: arrival 1, PHY 2 and sampling 1, output 1."""


@pytest.mark.parametrize("speed_mbps", [10, 100])
def test_a_frame_goes_out_of_every_other_port(speed_mbps: int) -> None:
    star = Star(5, speed_mbps)
    star.send(2, 100, b"", FRAME)
    star.run(1000)
    assert star.from_hub(2) == []
    for number in (1, 3, 4, 5):
        (sent,) = star.from_hub(number)
        assert sent.units == HEADER + nibbles(FRAME)
        assert star.edges(sent) == (100 + START, 100 + START + len(sent.units))
    assert star.hub.ports[1].counters == dict.fromkeys(repeater.COUNTERS, 0) | {"frames": 1}


@pytest.mark.parametrize("eaten", [*range(16), -1, -9, -40])
def test_preamble_is_regenerated(eaten: int) -> None:
    """Some of it is lost on the way, or there is more than enough: 64 bits or more come before the same data."""
    star = Star()
    header = HEADER[eaten:] if eaten >= 0 else b"\x05" * -eaten + HEADER
    if eaten == 15:
        header = b"\x05\x0d"
    star.send(1, 50, header + nibbles(FRAME))
    star.run(1000)
    (sent,) = star.from_hub(2)
    assert sent.units == (header if eaten < 0 else HEADER) + nibbles(FRAME)


@pytest.mark.parametrize("count", [1, 8, 15, 16, 23, 24, 25, 40])
def test_fragments_are_extended(count: int) -> None:
    star = Star()
    units = (HEADER + nibbles(FRAME))[:count]
    star.send(3, 50, units)
    star.run(1000)
    (sent,) = star.from_hub(1)
    assert len(sent.units) == max(24, count)
    assert sent.units == units.ljust(24, b"\x05") if count >= 16 else sent.units == b"\x05" * 24
    assert star.hub.ports[2].counters["fragments"] == 1


def test_two_at_once_get_jam_and_so_does_everybody() -> None:
    star = Star()
    star.send(1, 50, b"", FRAME)
    star.send(2, 60, b"\x05" * 24)
    star.run(65)
    assert star.hub.state is COLLIDE
    star.run(1000)
    # Port 1 hears jam from when port 2 is seen until port 2 is silent; port 2 hears what port 1 sent, then jam.
    jam = 60 + START
    (first,) = star.from_hub(1)
    assert star.edges(first) == (jam, jam + 24) and set(first.units) == {5}
    begin, end = star.edges(star.from_hub(2)[0])
    assert begin == 50 + START and end == 50 + 2 * (8 + len(FRAME)) + START
    assert star.from_hub(2)[0].units[: jam - begin] == HEADER[: jam - begin]
    assert set(star.from_hub(2)[0].units[16:]) == {5}
    assert [port.counters["collisions"] for port in star.hub.ports] == [1, 1, 0, 0]
    assert star.hub.collisions == 1 and star.hub.state is IDLE


def test_one_port_left() -> None:
    star = Star()
    star.send(1, 50, b"\x05" * 400)
    star.send(2, 60, b"\x05" * 100)
    star.run(50 + 200)
    assert star.hub.state is ONE_LEFT
    star.send(3, 300, b"\x05" * 30)
    star.run(310)
    assert star.hub.state is COLLIDE  # the same collision goes on
    star.run(600)
    assert star.hub.collisions == 1
    assert [star.edges(each) for each in star.from_hub(1)] == [(65, 165), (305, 335)]
    assert [star.edges(each) for each in star.from_hub(3)] == [(55, 455)]


def collide(star: Star, edge: int) -> int:
    star.send(1, edge, b"\x05" * 30)
    star.send(2, edge, b"\x05" * 30)
    star.run(edge + 100)
    return edge + 100


def test_partition_after_32_collisions_in_a_row_and_reconnection() -> None:
    star = Star()
    edge = 100
    for number in range(1, 33):
        assert not any(port.is_partitioned for port in star.hub.ports), number
        edge = collide(star, edge)
    assert [port.is_partitioned for port in star.hub.ports] == [True, True, False, False]
    star.sent.clear()
    star.send(1, edge, b"", FRAME)  # not listened to
    star.send(3, edge + 300, b"", FRAME)  # but sent to, and so connected again: 512 bits without its carrier
    star.run(edge + 600)
    assert star.from_hub(2)[0].start_ns // star.period_ns == edge + 300 + START
    assert len(star.from_hub(1)) == 1
    assert not any(port.is_partitioned for port in star.hub.ports)
    assert [port.counters["partitions"] for port in star.hub.ports] == [1, 1, 0, 0]


def test_after_reconnection_a_row_begins_anew() -> None:
    """What led to the partition is no part of it: 31 collisions more are borne, the 32nd is not."""
    star = Star()
    edge = 100
    for _ in range(32):
        edge = collide(star, edge)
    star.send(3, edge, b"", FRAME)
    star.run(edge + 300)
    edge += 300
    for number in range(1, 33):
        assert not any(port.is_partitioned for port in star.hub.ports), number
        edge = collide(star, edge)
    assert [port.counters["partitions"] for port in star.hub.ports] == [2, 2, 0, 0]


def test_a_good_frame_ends_a_row_of_collisions() -> None:
    star = Star()
    edge = 100
    for number in range(60):
        edge = collide(star, edge)
        if number % 31 == 30:
            star.send(4, edge, b"", FRAME)
            star.run(edge + 300)
            edge += 300
    assert not any(port.is_partitioned for port in star.hub.ports)


def test_a_short_frame_reconnects_nothing_nor_does_a_noisy_port() -> None:
    star = Star(cc_limit=1)
    edge = collide(star, 100)
    star.send(3, edge, HEADER + nibbles(FRAME)[:100])  # 116 nibbles: less than 512 bits
    star.run(edge + 200)
    assert star.hub.ports[0].is_partitioned
    star.send(1, edge + 300, b"\x05" * 10)
    star.send(3, edge + 302, b"", FRAME)
    star.run(edge + 800)
    assert [port.is_partitioned for port in star.hub.ports] == [True, False, False, False]


def test_a_long_collision_partitions() -> None:
    star = Star(long_collision_nibbles=500)
    star.send(1, 50, b"\x05" * 700)
    star.send(2, 60, b"\x05" * 700)
    star.run(1000)
    assert [port.is_partitioned for port in star.hub.ports] == [True, True, False, False]
    begin, end = star.edges(star.from_hub(3)[0])
    assert 500 <= end - begin <= 520


def test_jabber_is_interrupted_for_96_bits() -> None:
    star = Star(jabber_nibbles=400)
    star.send(1, 50, HEADER + bytes(1000))
    star.run(2000)
    spans = [star.edges(each) for each in star.from_hub(2)]
    assert spans[0] == (55, 455)
    assert spans[1][0] - spans[0][1] == repeater.BREAK_NIBBLES + 1
    assert set(star.from_hub(2)[1].units) == {5}  # no SFD is found in the middle of it
    assert star.hub.ports[0].counters["jabbers"] == 2


def test_while_the_hub_still_sends_a_late_preamble_is_enough() -> None:
    """A source whose preamble was eaten comes back after 47 bit times: the hub is not yet done with its last frame."""
    star = Star()
    star.send(1, 50, b"\x05\x0d" + nibbles(FRAME))
    star.send(1, 50 + 2 + 128 + 12, b"", FRAME)
    star.run(1000)
    assert [each.units for each in star.from_hub(2)] == [HEADER + nibbles(FRAME)] * 2
    assert star.hub.state is not FORWARD


@pytest.mark.parametrize(("name", "value"), [("MIN_NIBBLES", 23), ("HEADER_NIBBLES", 15), ("BREAK_NIBBLES", 23)])
def test_a_planted_bug_is_seen(name: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = repeater.BREAK_NIBBLES
    monkeypatch.setattr(repeater, name, value)
    star = Star(jabber_nibbles=400)
    star.send(1, 50, b"\x05\x0d" + nibbles(FRAME))
    star.send(1, 400, b"\x05")
    star.send(1, 500, bytes(1000))
    star.run(3000)
    frame, fragment, first, second, *_ = star.from_hub(2)
    gap = star.edges(second)[0] - star.edges(first)[1]
    good = (frame.units == HEADER + nibbles(FRAME), len(fragment.units) == 24, gap == expected + 1)
    assert good.count(False) == 1


def test_what_is_no_hub() -> None:
    kernel = VirtualTime()
    with pytest.raises(UsageError, match="1 ports; it may have 2 to 8"):
        Repeater(kernel, "hub", [Segment(kernel)])
    with pytest.raises(UsageError, match="half duplex"):
        Repeater(kernel, "hub", [Segment(kernel), Segment(kernel, full_duplex=True)])
    with pytest.raises(UsageError, match="one speed"):
        Repeater(kernel, "hub", [Segment(kernel), Segment(kernel, speed_mbps=10)])
