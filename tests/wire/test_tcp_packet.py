"""Packets written at once have the octets that the codecs of their headers give."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rig.errors import UsageError, WireError
from rig.wire.checksum import internet_checksum
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpOptions, TcpSegment
from rig.wire.tcp_options import timestamp_option
from rig.wire.tcp_packet import TcpPacketWriter, parse_plain_packet

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


def by_the_codecs(data: bytes) -> tuple[int, int, TcpSegment] | None:
    try:
        packet = Ipv4Packet.parse(data)
        segment = TcpSegment.parse(packet.payload, packet.source, packet.destination)
    except WireError:
        return None
    return packet.source, packet.destination, segment


@given(
    st.one_of(st.just(TcpOptions()), some_options), st.binary(max_size=40), st.integers(0, 8),
    st.lists(st.tuples(st.integers(0, 59), st.integers(1, 255)), max_size=2),
)  # fmt: skip
@settings(deadline=None, max_examples=400)
def test_what_the_short_way_reads_the_codecs_read_too(
    options: TcpOptions, text: bytes, pad: int, changes: list[tuple[int, int]]
) -> None:
    segment = TcpSegment(1, 2, 3, 4, 0x18, 5, text, 0, options)
    data = bytearray(Ipv4Packet(9, 8, Protocol.TCP, segment.serialize(9, 8)).serialize() + bytes(pad))
    for place, change in changes:
        data[place % len(data)] ^= change
    if changes and data[0] == 0x45:  # a header that is right again, so that its meaning counts
        data[10:12] = bytes(2)
        data[10:12] = internet_checksum(bytes(data[:20])).to_bytes(2, "big")
    read = parse_plain_packet(memoryview(bytes(data)))
    if read is not None:
        assert read == by_the_codecs(bytes(data))
    elif not changes:
        assert options.sack, "what a connection sends all the time is read"


@given(st.binary(max_size=80), st.integers(0, 80))
@settings(deadline=None)
def test_the_short_way_survives_anything(noise: bytes, cut: int) -> None:
    whole = Ipv4Packet(9, 8, Protocol.TCP, TcpSegment(1, 2, 3, 4, 16, 5, noise).serialize(9, 8)).serialize()
    for data in (noise, whole[:cut], b"\x45" + noise):
        read = parse_plain_packet(memoryview(data))
        assert read is None or read == by_the_codecs(data)


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
