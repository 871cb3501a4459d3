"""The FCS against vectors: one published, the others computed by division with the polynomial of the standard."""

from __future__ import annotations

import zlib

import pytest

from rig.wire import fcs as fcs_module
from rig.wire.fcs import CRC32_RESIDUE, REFLECTED_REGISTER_RESIDUE, REGISTER_RESIDUE, fcs, has_good_fcs

V1 = bytes.fromhex(  # published on fpga4fun.com, 10BASE-T pages
    "0010a47bea80 001234567890 0800 4500002eb3fe000080110540c0a8002cc0a80004 04000400001a2de8"
    "000102030405060708090a0b0c0d0e0f1011"
)
VECTORS = {
    "V1 published UDP datagram": (V1, "b331881b"),
    "V2 broadcast ARP request": (
        bytes.fromhex("ffffffffffff 020000000001 0806 0001080006040001 020000000001c0a80001 000000000000c0a80002")
        + bytes(18),
        "ad8d8840",
    ),
    "V3 length 46": (bytes.fromhex("020000000002 020000000001 002e") + bytes(range(46)), "4881adee"),
    "V4 longest basic frame": (
        bytes.fromhex("020000000002 020000000001 88b5") + bytes(i & 255 for i in range(1500)),
        "524a27e0",
    ),
    "V5 pause": (bytes.fromhex("0180c2000001 020000000001 8808 0001ffff") + bytes(42), "dd7cb2ff"),
    "V6 zeros": (bytes(60), "08891204"),
    "V7 ones": (b"\xff" * 60, "4df18cf4"),
    "V8 tagged": (bytes.fromhex("020000000002 020000000001 8100 0005 88b5") + bytes(range(42)), "9b48ae82"),
}


def register_after(frame: bytes, *, most_significant_bit_first: bool) -> int:
    """Divide bit by bit (IEEE Std 802.3-2022 3.2.9) and return the register, x^31 in bit 31, before the complement."""
    register = 0xFFFFFFFF
    for octet in frame:
        for bit in range(7, -1, -1) if most_significant_bit_first else range(8):
            feedback = register >> 31 ^ octet >> bit & 1
            register = (register << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if feedback else 0)
    return register


def reversed_bits(value: int) -> int:
    return int(f"{value:032b}"[::-1], 2)


@pytest.mark.parametrize("frame, expected", VECTORS.values(), ids=VECTORS)
def test_vector(frame: bytes, expected: str) -> None:
    assert fcs(frame) == bytes.fromhex(expected)
    assert has_good_fcs(frame + bytes.fromhex(expected))


def test_vectors_have_the_lengths_of_the_standard() -> None:
    assert {name[:2]: len(frame) for name, (frame, _) in VECTORS.items()} == {f"V{i}": 60 for i in range(1, 9)} | {
        "V4": 1514
    }


@pytest.mark.parametrize("name", ["V1 published UDP datagram", "V3 length 46"])
def test_division_bit_by_bit_agrees(name: str) -> None:
    frame, expected = VECTORS[name]
    register = register_after(frame, most_significant_bit_first=False) ^ 0xFFFFFFFF
    assert reversed_bits(register).to_bytes(4, "little") == bytes.fromhex(expected)


def test_check_value() -> None:
    assert fcs(b"123456789") == (0xCBF43926).to_bytes(4, "little")


def test_an_fcs_with_the_octets_fed_most_significant_bit_first_is_no_fcs() -> None:
    """Several public test benches carry V1 with these octets; who accepts them has the bit order wrong."""
    wrong = bytes.fromhex("e6c53db2")
    assert (register_after(V1, most_significant_bit_first=True) ^ 0xFFFFFFFF).to_bytes(4, "big") == wrong
    assert not has_good_fcs(V1 + wrong)


def test_residues_are_one_value_in_three_forms() -> None:
    frame_with_fcs = V1 + fcs(V1)
    assert zlib.crc32(frame_with_fcs) == CRC32_RESIDUE
    assert CRC32_RESIDUE ^ 0xFFFFFFFF == REFLECTED_REGISTER_RESIDUE
    assert register_after(frame_with_fcs, most_significant_bit_first=False) == REGISTER_RESIDUE
    assert reversed_bits(REFLECTED_REGISTER_RESIDUE) == REGISTER_RESIDUE


def test_every_single_bit_error_is_seen() -> None:
    frame = V1 + fcs(V1)
    for bit in range(len(frame) * 8):
        damaged = bytearray(frame)
        damaged[bit >> 3] ^= 1 << (bit & 7)
        assert not has_good_fcs(bytes(damaged))


@pytest.mark.parametrize("octets", range(fcs_module.FCS_OCTETS))
def test_fewer_than_four_octets_have_no_fcs(octets: int) -> None:
    assert not has_good_fcs(bytes(octets))
