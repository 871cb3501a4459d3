"""The Internet checksum against the sum word by word that RFC 1071 describes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.wire.checksum import internet_checksum, pseudo_header_sum


def word_by_word(data: bytes, initial: int = 0) -> int:
    """RFC 1071 section 4.1: add the words, fold the carries in, complement."""
    padded = data + bytes(len(data) & 1)
    total = initial + sum(padded[i] << 8 | padded[i + 1] for i in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@given(st.binary(max_size=100), st.integers(0, 1 << 40))
def test_equals_the_sum_word_by_word(data: bytes, initial: int) -> None:
    assert internet_checksum(data, initial) == word_by_word(data, initial)


@pytest.mark.parametrize(
    "data, checksum",
    [
        ("0001 f203 f4f5 f6f7", 0x220D),  # RFC 1071 section 3: the sum is ddf2
        ("", 0xFFFF),
        ("0000", 0xFFFF),
        ("ffff", 0x0000),
        ("ffff 0000 ffff", 0x0000),
        ("fffe 0001", 0x0000),
        ("ab", 0x54FF),
    ],
)
def test_both_zeros_and_the_example_of_the_rfc(data: str, checksum: int) -> None:
    assert internet_checksum(bytes.fromhex(data)) == checksum


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 255), st.integers(0, 0xFFFF))
def test_pseudo_header_sum_equals_the_octets_of_the_pseudo_header(
    source: int, destination: int, protocol: int, length: int
) -> None:
    octets = (
        source.to_bytes(4, "big") + destination.to_bytes(4, "big") + bytes((0, protocol)) + length.to_bytes(2, "big")
    )
    assert internet_checksum(b"data", pseudo_header_sum(source, destination, protocol, length)) == word_by_word(
        octets + b"data"
    )
