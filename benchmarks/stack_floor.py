"""What the stack is measured against: the least that Python can do with a frame, written down in a straight line.

Receive floor: FCS, Ethernet and IPv4 header with its checksum, TCP header and checksum over everything, the time stamp
option, the connection looked up, the text appended to what the program reads. Send floor: both headers built by
``struct`` with both checksums, and the FCS. Nothing decides anything: no window, no order, no timer, no option but the
one that is expected.
"""

from __future__ import annotations

import struct
import zlib

from rig.wire.fcs import CRC32_RESIDUE

TEXT_OCTETS = 1448
"""What a frame of 1514 octets carries beside time stamps."""
OUR_MAC, PEER_MAC = b"\x02\0\0\0\0\1", b"\x02\0\0\0\0\2"
OUR_IP, PEER_IP = 0x0A000001, 0x0A000002
ETHERNET_TYPE = b"\x08\x00"

_IP = struct.Struct(">BBHHHBBHII")
_TCP = struct.Struct(">HHIIHHHHIII")
_NOP_NOP_TIMESTAMP = 0x0101_080A
_FCS = struct.Struct("<I")


def checksum(data: bytes | memoryview, initial: int) -> int:
    """Return the Internet checksum; see :mod:`rig.wire.checksum`."""
    return 0xFFFF - (int.from_bytes(data, "big") + initial) % 0xFFFF


def build_frame(
    header: bytes, source: int, destination: int, ports: tuple[int, int], sequence: int, ack: int, flags: int,
    window: int, stamps: tuple[int, int], text: bytes, identification: int = 0,
) -> bytes:  # fmt: skip
    """Return a frame with FCS; both checksums are computed."""
    octets = 52 + len(text)
    ip = _IP.pack(0x45, 0, octets, identification, 0x4000, 64, 6, 0, source, destination)
    ip_sum = 0xFFFF - int.from_bytes(ip, "big") % 0xFFFF
    tcp = _TCP.pack(*ports, sequence, ack, 0x8000 | flags, window, 0, 0, _NOP_NOP_TIMESTAMP, *stamps)
    segment = tcp + text
    total = int.from_bytes(segment, "big") << 8 * (octets & 1)
    tcp_sum = 0xFFFF - (total + source + destination + 6 + octets - 20) % 0xFFFF
    frame = b"".join(
        (header, ip[:10], ip_sum.to_bytes(2, "big"), ip[12:], tcp[:16], tcp_sum.to_bytes(2, "big"), tcp[18:], text)
    )
    return frame + _FCS.pack(zlib.crc32(frame))


class ReceiveFloor:
    """Takes frames and delivers their text, as if nothing could go wrong that a checksum does not find."""

    def __init__(self, our_port: int, peer_port: int) -> None:
        self.buffer = bytearray()
        self.connections = {(OUR_IP, our_port, PEER_IP, peer_port): self.buffer}

    def take(self, frame: bytes) -> int:
        """Return how many octets of text were delivered."""
        if zlib.crc32(frame) != CRC32_RESIDUE or frame[:6] != OUR_MAC or frame[12:14] != ETHERNET_TYPE:
            return 0
        version, _, total, _, _, _, protocol, _, source, destination = _IP.unpack_from(frame, 14)
        if version != 0x45 or protocol != 6 or int.from_bytes(frame[14:34], "big") % 0xFFFF:
            return 0
        segment = memoryview(frame)[34 : 14 + total]
        if (int.from_bytes(segment, "big") + source + destination + 6 + total - 20) % 0xFFFF:
            return 0
        ports_source, ports_destination, _, _, offset, _, _, _, kind, _, _ = _TCP.unpack_from(frame, 34)
        if kind != _NOP_NOP_TIMESTAMP:
            return 0
        text = segment[offset >> 12 << 2 :]
        self.connections[destination, ports_destination, source, ports_source] += text
        return len(text)
