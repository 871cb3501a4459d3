"""The segment: who may attach, what each port samples, and what is recorded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_models.network.segment import OPEN, Port, Segment, merge, to_units
from rig.adapter.recorder import Timeline
from rig.errors import UsageError
from rig.runtime.virtual_time import VirtualTime
from tests.firmware_models.lan import Lan


def test_who_may_attach() -> None:
    segment = Segment(VirtualTime(), full_duplex=True, delay_bits=10)
    with pytest.raises(UsageError, match="11 bit times"):
        segment.attach("far", position_bits=11)
    with pytest.raises(UsageError, match="phase_ns is 40"):
        segment.attach("late", phase_ns=40)
    segment.attach("a")
    segment.attach("b", position_bits=10)
    with pytest.raises(UsageError, match="third"):
        segment.attach("c")
    with pytest.raises(UsageError, match="bits_per_edge is 2"):
        Segment(VirtualTime(), bits_per_edge=2)


def test_default_phases() -> None:
    segment = Segment(VirtualTime())
    assert [segment.attach(str(index)).phase_ns for index in range(7)] == [0, 7, 14, 21, 28, 35, 2]


@given(st.integers(0, 39), st.integers(0, 10_000))
def test_which_edge_samples_a_change(phase_ns: int, t_ns: int) -> None:
    port = Port(Segment(VirtualTime()), "p", 0, 0, phase_ns)
    after, at = port.edge_after(t_ns), port.edge_from(t_ns)
    assert port.edge_ns(after) > t_ns >= port.edge_ns(after - 1) or after == 0
    assert port.edge_ns(at) >= t_ns > port.edge_ns(at - 1) or at == 0
    assert min(after, at) >= 0


def test_arrival_is_delayed_by_the_distance() -> None:
    segment = Segment(VirtualTime())
    sender, listener = segment.attach("a", phase_ns=0), segment.attach("b", position_bits=30, phase_ns=10)
    segment.kernel.advance(1000)
    transmission = segment.begin(sender, bytes(64))
    assert listener.arrival(transmission) == (listener.edge_after(1300), OPEN)
    segment.kernel.advance(2000)
    segment.end(transmission)
    assert listener.arrival(transmission) == (listener.edge_after(1300), listener.edge_after(2300))


def test_garbage_is_the_stated_function() -> None:
    segment = Segment(VirtualTime(), seed=5)
    x = (1000 + 0x9E3779B9 * 3 + 5) % 2**32
    x ^= x >> 16
    x = x * 0x85EBCA6B % 2**32
    x ^= x >> 13
    assert segment.garbage(2, 1000) == x & 15


def test_units_in_the_order_of_the_wire() -> None:
    assert to_units(b"\x55\xd5", 4) == b"\5\5\5\x0d"
    assert to_units(b"\xd5", 1) == bytes([1, 0, 1, 0, 1, 0, 1, 1])


def test_merge() -> None:
    assert merge([(0, 3), (1, 2), (3, 5), (7, 7), (8, 9)]) == [(0, 5), (8, 9)]


def test_receptions_and_overlaps_are_recorded() -> None:
    lan = Lan()
    listener = lan.adapter()
    first, second = lan.raw(), lan.raw(100)
    t_ns = lan.kernel.now_ns + 1000
    first.carrier(t_ns, 4000)
    second.carrier(t_ns + 3000, 4000)
    first.carrier(t_ns + 7000, 400)
    lan.run(20_000)
    (overlap,) = lan.events("collision", "medium")
    assert (overlap.t_ns, overlap.end_ns) == (t_ns + 3000, t_ns + 4000)
    (reception,) = lan.events("receive", listener.name)
    port = listener.port
    assert reception.t_ns == port.edge_ns(port.edge_after(t_ns) + 2)
    assert reception.end_ns == port.edge_ns(port.edge_after(t_ns + 8000) + 2)


def test_what_lasts_at_the_end_is_recorded_until_then() -> None:
    lan = Lan()
    listener = lan.adapter()
    first, second = lan.raw(), lan.raw()
    t_ns = lan.kernel.now_ns + 800
    first.carrier(t_ns, 90_000)
    second.carrier(t_ns + 400, 90_000)
    lan.run(8000)
    lan.segment.finish()
    now_ns = lan.kernel.now_ns
    assert [event.end_ns for event in lan.events("receive", listener.name)] == [now_ns]
    assert [(event.t_ns, event.end_ns) for event in lan.events("collision", "medium")] == [(t_ns + 400, now_ns)]


def test_history_is_trimmed_while_everybody_is_idle() -> None:
    timeline = Timeline()
    lan = Lan()
    lan.segment.timeline = timeline
    lan.adapter()
    source = lan.raw()
    for number in range(1000):
        source.carrier(lan.kernel.now_ns + 400 + 4000 * number, 2000)
    lan.run(4_100_000)
    assert len(lan.segment.history) <= 130
    assert len([event for event in timeline.events if event.kind == "receive"]) == 1000
