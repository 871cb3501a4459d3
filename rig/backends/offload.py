"""Undo what offloads do to frames that a packet socket hands over: partial checksums and frames merged to 64 kB.

A kernel that sends over a veth, or whose adapter merges what it received, leaves the checksum and the cutting into
segments to hardware that is not there. The packet socket says so in a header before each frame (``struct
virtio_net_hdr``, linux/virtio_net.h, in host order)::

    +----------+----------+---------------+---------------+---------------+---------------+
    | flags (8)| gso (8)  | header octets | segment octets| checksum start| checksum offs.|
    +----------+----------+---------------+---------------+---------------+---------------+

What comes out are the frames that would have been on a cable. Nothing raises on odd octets: a frame that makes no sense
is handed on as it is, for the stack to count.
"""

from __future__ import annotations

import struct

from rig.wire.checksum import internet_checksum, pseudo_header_sum

HEADER_OCTETS = 10
EMPTY_HEADER = bytes(HEADER_OCTETS)
"""What stands before a frame that we send: nothing is left to do."""

NEEDS_CHECKSUM = 0x01
GSO_NONE = 0
GSO_TCP4 = 1
GSO_TCP6 = 4
GSO_UDP = 5
GSO_ECN = 0x80

_HEADER = struct.Struct("=BBHHHH")
_ETHERNET_OCTETS = 14
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
_TAGS = (b"\x81\x00", b"\x88\xa8")
_FIN, _PSH, _CWR = 0x01, 0x08, 0x80
_TCP, _UDP = 6, 17


def is_plain(header: bytes | bytearray | memoryview) -> bool:
    """Tell whether the frame after ``header`` is as it would be on a cable."""
    return not header[0] & NEEDS_CHECKSUM and header[1] == GSO_NONE


def wire_frames(header: bytes | bytearray | memoryview, frame: bytes) -> list[bytes]:
    """Return the frames that a cable would have carried for ``frame``, checksums in place."""
    flags, gso, _, segment_octets, start, offset = _HEADER.unpack_from(header)
    gso &= ~GSO_ECN
    if gso == GSO_NONE or not segment_octets:
        return [_with_checksum(frame, start, offset) if flags & NEEDS_CHECKSUM else frame]
    network = _network_header(frame)
    if gso in (GSO_TCP4, GSO_TCP6, GSO_UDP) and network is not None:
        return _segments(frame, *network, gso != GSO_UDP, segment_octets)
    return [_with_checksum(frame, start, offset) if flags & NEEDS_CHECKSUM else frame]


def with_tag(frame: bytes, tpid: int, tci: int) -> bytes:
    """Return ``frame`` with the VLAN tag that the kernel took out of it (IEEE Std 802.1Q-2018 9.6)."""
    return b"".join((frame[:12], struct.pack(">HH", tpid, tci), frame[12:]))


def _with_checksum(frame: bytes, start: int, offset: int) -> bytes:
    """Return ``frame`` with the checksum over all from ``start``; its field holds the sum of the pseudo header."""
    at = start + offset
    if at + 2 > len(frame):
        return frame
    checksum = internet_checksum(memoryview(frame)[start:]) or 0xFFFF  # RFC 768: 0 would mean none; the same for TCP
    return b"".join((frame[:at], checksum.to_bytes(2, "big"), frame[at + 2 :]))


def _network_header(frame: bytes) -> tuple[int, int] | None:
    """Return where the IP header and the header after it begin, or None for what is neither IPv4 nor plain IPv6."""
    ip = _ETHERNET_OCTETS
    while frame[ip - 2 : ip] in _TAGS:
        ip += 4
    if frame[ip - 2 : ip] == _IPV4 and len(frame) >= ip + 20 and frame[ip + 9] in (_TCP, _UDP):
        return ip, ip + 4 * (frame[ip] & 0x0F)
    if frame[ip - 2 : ip] == _IPV6 and len(frame) >= ip + 40 and frame[ip + 6] in (_TCP, _UDP):
        return ip, ip + 40
    return None


def _segments(frame: bytes, ip: int, transport: int, is_tcp: bool, segment_octets: int) -> list[bytes]:
    """Cut a merged frame: each piece gets its own lengths, identification, sequence number, flags and checksums."""
    if len(frame) < transport + (20 if is_tcp else 8):
        return [frame]
    header_octets = 4 * (frame[transport + 12] >> 4) if is_tcp else 8
    data = transport + header_octets
    if header_octets < 8 or data >= len(frame):
        return [frame]
    is_ipv4 = frame[ip] >> 4 == 4
    starts = range(data, len(frame), segment_octets)
    frames = []
    for index, start in enumerate(starts):
        payload = frame[start : start + segment_octets]
        piece = bytearray(frame[:data] + payload)
        octets = len(piece) - transport
        if is_ipv4:
            identification = (int.from_bytes(frame[ip + 4 : ip + 6], "big") + index) & 0xFFFF
            struct.pack_into(">HH", piece, ip + 2, len(piece) - ip, identification)
            piece[ip + 10 : ip + 12] = b"\0\0"
            struct.pack_into(">H", piece, ip + 10, internet_checksum(bytes(piece[ip:transport])))
            pseudo = pseudo_header_sum(
                int.from_bytes(piece[ip + 12 : ip + 16], "big"), int.from_bytes(piece[ip + 16 : ip + 20], "big"),
                piece[ip + 9], octets,
            )  # fmt: skip
        else:
            struct.pack_into(">H", piece, ip + 4, octets)
            pseudo = int.from_bytes(piece[ip + 8 : ip + 40], "big") + piece[ip + 6] + octets  # RFC 8200, 8.1
        if is_tcp:
            sequence = (int.from_bytes(frame[transport + 4 : transport + 8], "big") + start - data) & 0xFFFFFFFF
            struct.pack_into(">I", piece, transport + 4, sequence)
            if start != starts[-1]:
                piece[transport + 13] &= ~(_FIN | _PSH) & 0xFF
            if index:
                piece[transport + 13] &= ~_CWR & 0xFF
            at = transport + 16
        else:
            struct.pack_into(">H", piece, transport + 4, octets)
            at = transport + 6
        piece[at : at + 2] = b"\0\0"
        checksum = internet_checksum(bytes(piece[transport:]), pseudo)
        struct.pack_into(">H", piece, at, checksum if is_tcp else checksum or 0xFFFF)
        frames.append(bytes(piece))
    return frames
