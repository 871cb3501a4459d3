"""Packets written at once have the octets that the codecs of their headers give."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rig.errors import UsageError
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpOptions, TcpSegment
from rig.wire.tcp_options import timestamp_option
from rig.wire.tcp_packet import TcpPacketWriter

FULL = 0xFFFFFFFF
words, halves = st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFF)
some_options = st.one_of(
    st.just(TcpOptions()),
    st.tuples(words, words).map(lambda stamp: TcpOptions(timestamp=stamp)),
    st.lists(st.tuples(words, words), max_size=3).map(lambda sack: TcpOptions(sack=tuple(sack), timestamp=(1, 2))),
)


@given(
    st.tuples(words, words, halves, halves), words, words, st.integers(0, 255), halves, halves, some_options,
    st.one_of(st.binary(max_size=80), st.integers(0, 1480).map(bytes)), st.integers(0, 255), st.integers(0, 63), halves,
)  # fmt: skip
@example((0, 0, 0, 0), 0, 0, 0, 0, 0, TcpOptions(), b"", 0, 0, 0)
@example((FULL, FULL, 65535, 65535), FULL, FULL, 255, 65535, 65535, TcpOptions(), b"\xff", 255, 63, 65535)
@settings(deadline=None, max_examples=200)
def test_the_octets_are_those_of_the_codecs(
    names: tuple[int, int, int, int], sequence: int, ack: int, flags: int, window: int, urgent: int,
    options: TcpOptions, text: bytes, ttl: int, dscp: int, identification: int,
) -> None:  # fmt: skip
    source, destination, *ports = names
    segment = TcpSegment(*ports, sequence, ack, flags, window, text, urgent, options)
    octets = segment.serialize(source, destination)
    packet = Ipv4Packet(source, destination, Protocol.TCP, octets, ttl, identification, True, dscp=dscp)
    writer = TcpPacketWriter(*names)
    rest = {"ttl": ttl, "dscp": dscp, "identification": identification}
    written = writer.write(sequence, ack, flags, window, urgent, options.serialize(), text, **rest)
    assert written == packet.serialize()
    assert TcpSegment.parse(Ipv4Packet.parse(written).payload, source, destination) == segment


def test_a_time_stamp_alone_has_a_short_way() -> None:
    assert timestamp_option(1, 0xFFFFFFFF) == TcpOptions(timestamp=(1, 0xFFFFFFFF)).serialize()


@pytest.mark.parametrize("change", [{"window": 65536}, {"sequence": -1}, {"text": bytes(65500)}, {"ttl": 256}])
def test_what_does_not_fit_is_refused(change: dict[str, object]) -> None:
    values: dict[str, object] = {
        "sequence": 1, "acknowledgement": 1, "flags": 16, "window": 1, "urgent_pointer": 0, "options": b"", "text": b"",
        "ttl": 64, "dscp": 0, "identification": 1,
    }  # fmt: skip
    with pytest.raises(UsageError, match="does not fit"):
        TcpPacketWriter(1, 2, 3, 4).write(**{**values, **change})  # type: ignore[arg-type]
