"""UDP and TCP: what the case table cannot show."""

from __future__ import annotations

import pytest

from rig.errors import UsageError, WireError
from rig.wire.checksum import internet_checksum, pseudo_header_sum
from rig.wire.tcp import TcpFlag, TcpOptions, TcpSegment, format_flags
from rig.wire.udp import MAX_PAYLOAD_OCTETS, UdpDatagram

A, B = 0x0A000001, 0x0A000002
SEGMENT = TcpSegment(1, 2, 3, 4, TcpFlag.ACK, 5)


def udp_whose_checksum_is_zero() -> UdpDatagram:
    checksum = int.from_bytes(UdpDatagram(1, 2, b"\0\0").serialize(A, B)[6:8], "big")
    return UdpDatagram(1, 2, checksum.to_bytes(2, "big"))


@pytest.mark.requirement("RFC1122-4.1.3")
def test_a_udp_checksum_of_zero_is_sent_as_all_ones() -> None:
    octets = udp_whose_checksum_is_zero().serialize(A, B)
    assert octets[6:8] == b"\xff\xff"
    assert UdpDatagram.parse(octets, A, B) == udp_whose_checksum_is_zero()


@pytest.mark.requirement("RFC1122-4.1.3")
def test_a_udp_datagram_without_checksum_is_taken() -> None:
    octets = bytearray(UdpDatagram(1, 2, b"data").serialize(A, B))
    octets[6:8] = bytes(2)
    assert UdpDatagram.parse(bytes(octets), A, B).payload == b"data"


@pytest.mark.requirement("RFC1122-4.1.3")
@pytest.mark.parametrize("length", [0, 7, 13, 65535])
def test_udp_length_field_is_checked(length: int) -> None:
    octets = bytearray(UdpDatagram(1, 2, b"data").serialize(A, B))
    octets[4:6] = length.to_bytes(2, "big")
    with pytest.raises(WireError, match="length"):
        UdpDatagram.parse(bytes(octets), A, B)


@pytest.mark.parametrize(
    "datagram", [UdpDatagram(65536, 1, b""), UdpDatagram(1, -1, b""), UdpDatagram(1, 1, bytes(MAX_PAYLOAD_OCTETS + 1))]
)
def test_udp_that_does_not_fit(datagram: UdpDatagram) -> None:
    with pytest.raises(UsageError):
        datagram.serialize(A, B)


def test_the_addresses_are_part_of_both_checksums() -> None:
    with pytest.raises(WireError, match="checksum"):
        UdpDatagram.parse(UdpDatagram(1, 2, b"").serialize(A, B), A, B + 1)
    with pytest.raises(WireError, match="checksum"):
        TcpSegment.parse(SEGMENT.serialize(A, B), A + 1, B)


def with_options(options: bytes, payload: bytes = b"") -> bytes:
    """Return a segment with these octets of options, a multiple of 4, and a right checksum."""
    octets = bytearray(SEGMENT.serialize(A, B) + options + payload)
    octets[12] = (20 + len(options)) << 2
    octets[16:18] = bytes(2)
    octets[16:18] = internet_checksum(bytes(octets), pseudo_header_sum(A, B, 6, len(octets))).to_bytes(2, "big")
    return bytes(octets)


@pytest.mark.requirement("RFC9293-MUST-2")
@pytest.mark.requirement("RFC9293-MUST-3")
@pytest.mark.parametrize("data_octets", [0, 16, 24, 60])
def test_tcp_data_offset_is_checked(data_octets: int) -> None:
    octets = bytearray(SEGMENT.serialize(A, B))
    octets[12] = data_octets << 2
    octets[16:18] = bytes(2)
    octets[16:18] = internet_checksum(bytes(octets), pseudo_header_sum(A, B, 6, 20)).to_bytes(2, "big")
    with pytest.raises(WireError, match="data offset"):
        TcpSegment.parse(bytes(octets), A, B)


@pytest.mark.requirement("RFC9293-MUST-4")
@pytest.mark.requirement("RFC9293-MUST-64")
@pytest.mark.parametrize(
    "octets, options",
    [
        ("00 00 00 00", TcpOptions()),
        ("01 01 01 01", TcpOptions()),
        ("00 02 04 05", TcpOptions()),  # nothing after the end of the list counts
        ("01 02 04 03 e8 00 00 00", TcpOptions(mss=1000)),
        ("01 01 01 02 04 03 e8 00", TcpOptions(mss=1000)),
        ("02 04 00 00", TcpOptions(mss=0)),
        ("03 03 ff 01", TcpOptions(window_scale=255)),
        ("02 04 00 01 02 04 00 02", TcpOptions(mss=2)),
        ("08 0a 00 00 00 01 00 00 00 02 04 02", TcpOptions(timestamp=(1, 2), sack_permitted=True)),
        ("05 0a 00 00 00 01 00 00 00 02 00 00", TcpOptions(sack=((1, 2),))),
    ],
)
def test_options_wherever_they_stand(octets: str, options: TcpOptions) -> None:
    segment = TcpSegment.parse(with_options(bytes.fromhex(octets), b"data"), A, B)
    assert (segment.options, segment.payload) == (options, b"data")


@pytest.mark.requirement("RFC9293-MUST-6")
@pytest.mark.parametrize(
    "octets",
    [
        "fd 06 01 02 03 04",
        "fd 02",
        "02 03 05",
        "02 05 05 b4 00",
        "03 02",
        "04 03 00",
        "05 02",
        "05 09 00 00 00 01 00 00 00",
        "08 09 00 00 00 01 00 00 00",
    ],
)
def test_unknown_kinds_and_lengths_of_another_kind_are_skipped(octets: str) -> None:
    skipped = bytes.fromhex(octets)
    assert TcpOptions.parse(skipped + bytes.fromhex("03 03 07")) in (
        TcpOptions(window_scale=7),
        TcpOptions(window_scale=7, sack=()),
    )


@pytest.mark.requirement("RFC9293-MUST-7")
@pytest.mark.parametrize(
    "octets",
    [
        "02 00 05 b4",
        "02 01 05 b4",
        "fd 01 01 01",
        "fd 00 00 00",
        "02 05 05 b4",
        "01 01 01 02",
        "01 01 01 fd",
        "08 0a 00 00",
        "01 01 02 04",
        "05 ff 00 00",
    ],
)
def test_an_illegal_option_length_makes_the_segment_malformed(octets: str) -> None:
    with pytest.raises(WireError, match="option"):
        TcpSegment.parse(with_options(bytes.fromhex(octets)), A, B)


def test_options_that_look_like_the_timestamp_shortcut() -> None:
    head = bytes.fromhex("0101080a 00000001 00000002")
    assert TcpOptions.parse(head) == TcpOptions(timestamp=(1, 2))
    assert TcpOptions.parse(head + bytes.fromhex("01010402")) == TcpOptions(timestamp=(1, 2), sack_permitted=True)


@pytest.mark.requirement("RFC9293-MUST-69")
@pytest.mark.requirement("RFC2018-3")
def test_three_sack_blocks_fit_beside_a_timestamp_and_four_without() -> None:
    blocks = tuple((i, i + 1) for i in range(4))
    assert TcpOptions(sack=blocks[:3], timestamp=(0, 0)).encoded_octets == 40
    assert TcpOptions(sack=blocks).encoded_octets == 36
    with pytest.raises(UsageError, match="40"):
        TcpOptions(sack=blocks, timestamp=(0, 0)).serialize()


@pytest.mark.parametrize(
    "options",
    [
        TcpOptions(mss=65536),
        TcpOptions(window_scale=256),
        TcpOptions(timestamp=(1 << 32, 0)),
        TcpOptions(sack=((-1, 0),)),
    ],
)
def test_options_that_do_not_fit(options: TcpOptions) -> None:
    with pytest.raises(UsageError):
        options.serialize()


@pytest.mark.parametrize(
    "change", [{"sequence": 1 << 32}, {"window": 65536}, {"flags": 256}, {"source_port": -1}, {"urgent_pointer": 65536}]
)
def test_tcp_that_does_not_fit(change: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        SEGMENT._replace(**change).serialize(A, B)


@pytest.mark.parametrize(
    "flags, octets, expected",
    [
        (0, 0, 0),
        (TcpFlag.SYN, 0, 1),
        (TcpFlag.FIN, 3, 4),
        (TcpFlag.SYN | TcpFlag.FIN, 3, 5),
        (TcpFlag.RST | TcpFlag.ACK, 3, 3),
    ],
)
def test_sequence_length_counts_syn_and_fin(flags: int, octets: int, expected: int) -> None:
    assert SEGMENT._replace(flags=flags, payload=bytes(octets)).sequence_length == expected


def test_reserved_bits_are_ignored() -> None:
    octets = bytearray(SEGMENT.serialize(A, B))
    octets[12] |= 0x0F
    checksum = int.from_bytes(octets[16:18], "big") - 0x0F00
    octets[16:18] = (checksum if checksum >= 0 else checksum + 0xFFFF).to_bytes(2, "big")
    assert TcpSegment.parse(bytes(octets), A, B) == SEGMENT


def test_flags_of_a_parsed_segment_are_a_plain_int() -> None:
    assert type(TcpSegment.parse(SEGMENT.serialize(A, B), A, B).flags) is int


@pytest.mark.parametrize("flags, text", [(0, "none"), (0x12, "SYN,ACK"), (0xFF, "FIN,SYN,RST,PSH,ACK,URG,ECE,CWR")])
def test_names_of_flags(flags: int, text: str) -> None:
    assert format_flags(flags) == text
