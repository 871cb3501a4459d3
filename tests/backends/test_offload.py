"""Undoing checksum and segmentation offload, judged by scapy."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.all import IP, TCP, UDP, Ether, IPv6, Raw

from rig.backends.offload import EMPTY_HEADER, is_plain, wire_frames, with_tag
from rig.wire.checksum import internet_checksum

NEEDS_CHECKSUM, TCP4, TCP6, UDP_SEGMENTS, ECN = 1, 1, 4, 5, 0x80
ETHERNET = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")


def header(flags: int, gso: int, octets: int, start: int, offset: int) -> bytes:
    return struct.pack("=BBHHHH", flags, gso, start + 20, octets, start, offset)


def partial(frame: bytes, start: int, offset: int, pseudo: bytes) -> bytes:
    """Return ``frame`` as a sender leaves it: with the sum of the pseudo header in place of the checksum."""
    total = internet_checksum(pseudo) ^ 0xFFFF
    at = start + offset
    return frame[:at] + total.to_bytes(2, "big") + frame[at + 2 :]


@given(st.binary(max_size=300))
def test_a_partial_checksum_is_completed(data: bytes) -> None:
    for protocol, layer, offset in ((6, TCP(sport=1, dport=2, seq=7), 16), (17, UDP(sport=1, dport=2), 6)):
        whole = bytes(ETHERNET / IP(src="10.0.0.1", dst="10.0.0.2", id=9) / layer / Raw(data))
        octets = len(whole) - 34
        pseudo = whole[26:34] + bytes((0, protocol)) + octets.to_bytes(2, "big")
        given_frame = partial(whole, 34, offset, pseudo)
        (frame,) = wire_frames(header(NEEDS_CHECKSUM, 0, 0, 34, offset), given_frame)
        assert internet_checksum(pseudo + frame[34:]) == 0
        assert frame == whole


def test_a_plain_frame_passes_as_it_is() -> None:
    assert is_plain(EMPTY_HEADER)
    assert wire_frames(EMPTY_HEADER, b"anything") == [b"anything"]


@pytest.mark.parametrize("make", [
    lambda tcp: ETHERNET / IP(src="10.0.0.1", dst="10.0.0.2", id=0xFFFE) / tcp,
    lambda tcp: ETHERNET / IPv6(src="fe80::1", dst="fe80::2") / tcp,
], ids=["IPv4", "IPv6"])  # fmt: skip
def test_a_merged_tcp_frame_is_cut_into_what_a_cable_carries(make: Callable[[TCP], Ether]) -> None:
    data = bytes(index * 7 & 0xFF for index in range(5000))
    options = [("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]
    segment = TCP(sport=80, dport=5000, seq=0xFFFFFF00, ack=9, flags="CPAF", window=500, options=options)
    merged = make(segment / Raw(data))
    is_ipv4 = merged.haslayer(IP)
    kind = TCP4 | ECN if is_ipv4 else TCP6
    frames = wire_frames(header(NEEDS_CHECKSUM, kind, 1448, 34 if is_ipv4 else 54, 16), bytes(merged))
    assert [len(frame) - len(frames[0]) for frame in frames] == [0, 0, 0, 5000 - 4 * 1448]
    assert b"".join(bytes(Ether(frame)[TCP].payload) for frame in frames) == data
    for index, frame in enumerate(frames):
        read = Ether(frame)
        assert read[TCP].seq == (0xFFFFFF00 + 1448 * index) % 2**32
        assert str(read[TCP].flags) == ("FPA" if index == 3 else "A") + ("C" if index == 0 else "")
        rebuilt = read.copy()
        del rebuilt[TCP].chksum
        if is_ipv4:
            assert read[IP].id == (0xFFFE + index) % 2**16
            del rebuilt[IP].chksum, rebuilt[IP].len
        else:
            del rebuilt[IPv6].plen
        assert bytes(rebuilt) == frame, "lengths and checksums are right"


def test_a_merged_udp_frame_is_cut_into_datagrams() -> None:
    data = bytes(3000)
    merged = bytes(ETHERNET / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / Raw(data))
    frames = wire_frames(header(NEEDS_CHECKSUM, UDP_SEGMENTS, 1200, 34, 6), merged)
    assert [Ether(frame)[UDP].len for frame in frames] == [1208, 1208, 608]
    for frame in frames:
        rebuilt = Ether(frame)
        del rebuilt[UDP].chksum, rebuilt[UDP].len, rebuilt[IP].chksum, rebuilt[IP].len
        assert bytes(rebuilt) == frame


@given(st.binary(max_size=120), st.binary(min_size=10, max_size=10))
def test_odd_octets_never_raise(frame: bytes, odd: bytes) -> None:
    pieces = wire_frames(odd, frame)
    assert pieces and all(isinstance(piece, bytes) for piece in pieces)


def test_a_tag_goes_behind_the_addresses() -> None:
    assert (
        with_tag(bytes(12) + b"\x08\x00data", 0x8100, 0x6064).hex() == bytes(12).hex() + "810060640800" + b"data".hex()
    )
