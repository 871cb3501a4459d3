"""FCS vectors: the check string, and frames with the FCS octets that are on the wire.

V1 is published (fpga4fun, 10BASE-T pages); the others were computed by zlib and by a bit-serial division written from
IEEE Std 802.3-2022 3.2.9. NOT_AN_FCS is the CRC of V1 with the octets fed from their most significant bit.
"""

from __future__ import annotations


def _count(octets: int) -> bytes:
    return bytes(n & 255 for n in range(octets))


VECTORS: dict[str, tuple[bytes, bytes]] = {
    "V1": (
        bytes.fromhex(
            "0010a47bea8000123456789008004500002eb3fe000080110540c0a8002cc0a8000404000400001a2de8"
            "000102030405060708090a0b0c0d0e0f1011"
        ),
        bytes.fromhex("b331881b"),
    ),
    "V2": (
        bytes.fromhex(
            "ffffffffffff0200000000010806000108000604000102000000"
            "0001c0a80001000000000000c0a80002"
        ) + bytes(18),
        bytes.fromhex("ad8d8840"),
    ),
    "V3": (bytes.fromhex("020000000002020000000001002e") + _count(46), bytes.fromhex("4881adee")),
    "V4": (bytes.fromhex("02000000000202000000000188b5") + _count(1500), bytes.fromhex("524a27e0")),
    "V5": (bytes.fromhex("0180c200000102000000000188080001ffff") + bytes(42), bytes.fromhex("dd7cb2ff")),
    "V6": (bytes(60), bytes.fromhex("08891204")),
    "V7": (b"\xff" * 60, bytes.fromhex("4df18cf4")),
    "V8": (bytes.fromhex("0200000000020200000000018100000588b5") + _count(42), bytes.fromhex("9b48ae82")),
}  # fmt: skip

NOT_AN_FCS = bytes.fromhex("e6c53db2")
CHECK_STRING = b"123456789"
CHECK_VALUE = 0xCBF43926
RESIDUE = 0xDEBB20E3
