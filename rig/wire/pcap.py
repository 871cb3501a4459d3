"""Captures in the pcapng format (draft-ietf-opsawg-pcapng), with time stamps in ns: a writer and a small reader.

The writer uses four kinds of block, all little-endian, and writes nothing that depends on the host or the hour, so
that the same packets give the same file::

    +------------+-------------------+------------- ... ----------+-------------------+
    | block type | block length (32) | body, padded to 4 octets   | block length (32) |
    +------------+-------------------+------------- ... ----------+-------------------+

The reader takes those of either byte order and skips every other kind.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from rig.errors import UsageError, WireError
from rig.units import NS_PER_S

LINKTYPE_ETHERNET = 1

_SECTION_HEADER = 0x0A0D0D0A
_INTERFACE_DESCRIPTION = 0x00000001
_ENHANCED_PACKET = 0x00000006
_BYTE_ORDER_MAGIC = 0x1A2B3C4D

_OPTION_END = 0
_OPTION_COMMENT = 1
_SHB_USER_APPLICATION = 4
_IF_NAME = 2
_IF_SPEED = 8
_IF_TSRESOL = 9
_IF_FCSLEN = 13

_TSRESOL_NS = 9  # 10**-9 s
_TSRESOL_DEFAULT = 6
_MAX_BLOCK_OCTETS = 1 << 26
"""A longer block is taken for damage, so that the reader does not ask for gigabytes."""


@dataclass(frozen=True, slots=True)
class CapturedInterface:
    """What a capture says about one interface; ``fcs_octets`` is None where it says nothing."""

    name: str
    linktype: int
    snaplen: int
    fcs_octets: int | None
    speed_bps: int | None
    ticks_per_s: int


@dataclass(frozen=True, slots=True)
class CapturedPacket:
    """One packet: number of its interface from 0, time in ns, octets, and the comment if there is one."""

    interface: int
    time_ns: int
    octets: bytes
    comment: str | None


class PcapngWriter:
    """Write one section of packets to a binary file, which stays the caller's to close."""

    def __init__(self, file: BinaryIO, application: str = "nicrig") -> None:
        """Write the section header at the file's position."""
        self._file = file
        self._fcs_octets: list[int] = []
        body = struct.pack("<IHHq", _BYTE_ORDER_MAGIC, 1, 0, -1)  # length of the section is not known yet
        self._write_block(_SECTION_HEADER, body, [(_SHB_USER_APPLICATION, application.encode())])

    def add_interface(self, name: str, *, fcs_octets: int, snaplen: int = 0, speed_bps: int | None = None) -> int:
        """Declare an Ethernet interface and return its number, from 0.

        ``fcs_octets`` is how many of each packet's last octets are FCS, 0 or 4. A ``snaplen`` of 0 means no limit; the
        writer does not cut packets.
        """
        if fcs_octets not in (0, 4):
            raise UsageError(f"fcs_octets of {name!r} is {fcs_octets}; an Ethernet capture holds 0 or 4")
        options = [
            (_IF_NAME, name.encode()),
            (_IF_TSRESOL, bytes((_TSRESOL_NS,))),
            (_IF_FCSLEN, bytes((fcs_octets,))),
        ]
        if speed_bps is not None:
            options.append((_IF_SPEED, struct.pack("<Q", speed_bps)))
        self._write_block(_INTERFACE_DESCRIPTION, struct.pack("<HHI", LINKTYPE_ETHERNET, 0, snaplen), options)
        self._fcs_octets.append(fcs_octets)
        return len(self._fcs_octets) - 1

    def write_packet(
        self, interface: int, time_ns: int, octets: bytes | memoryview, comment: str | None = None
    ) -> None:
        """Write one frame, destination address .. data, with FCS where the interface was declared so.

        ``time_ns`` is not negative. Packets may come in any order. :class:`UsageError` for an interface that was not
        added.
        """
        if not 0 <= interface < len(self._fcs_octets):
            raise UsageError(f"interface {interface} was not added; there are {len(self._fcs_octets)}")
        if time_ns < 0:
            raise UsageError(f"time {time_ns} ns is negative")
        size = len(octets)
        head = struct.pack("<IIIII", interface, time_ns >> 32, time_ns & 0xFFFFFFFF, size, size)
        options = [] if comment is None else [(_OPTION_COMMENT, comment.encode())]
        self._write_block(_ENHANCED_PACKET, b"".join((head, octets, bytes(-size & 3))), options)

    def _write_block(self, kind: int, body: bytes, options: list[tuple[int, bytes]]) -> None:
        parts = [body]
        for code, value in options:
            parts += (struct.pack("<HH", code, len(value)), value, bytes(-len(value) & 3))
        if options:
            parts.append(struct.pack("<HH", _OPTION_END, 0))
        content = b"".join(parts)
        length = struct.pack("<I", len(content) + 12)
        self._file.write(b"".join((struct.pack("<I", kind), length, content, length)))


class PcapngReader:
    """Iterate over the packets of a pcapng file; ``interfaces`` grows as their descriptions are met.

    :class:`WireError` where the file is damaged; its message names the offset.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._order = "<"
        self._offset = 0
        self.interfaces: list[CapturedInterface] = []

    def __iter__(self) -> Iterator[CapturedPacket]:
        first = True
        while (block := self._read_block()) is not None:
            kind, body = block
            if first and kind != _SECTION_HEADER:
                raise WireError("this is no pcapng file: it does not begin with a section header")
            first = False
            try:
                if kind == _SECTION_HEADER:
                    self.interfaces.clear()
                elif kind == _INTERFACE_DESCRIPTION:
                    self.interfaces.append(self._interface(body))
                elif kind == _ENHANCED_PACKET:
                    yield self._packet(body)
            except struct.error as err:
                raise WireError(f"block that ends at octet {self._offset} is too short: {err}") from err

    def _read_block(self) -> tuple[int, bytes] | None:
        start = self._offset
        head = self._file.read(12)
        if not head:
            return None
        if len(head) < 12:
            raise WireError(f"capture is cut off at octet {start}")
        if head[:4] == _SECTION_HEADER.to_bytes(4, "big"):  # reads the same in both byte orders
            magic = head[8:12]
            self._order = "<" if magic == _BYTE_ORDER_MAGIC.to_bytes(4, "little") else ">"
            if self._order == ">" and magic != _BYTE_ORDER_MAGIC.to_bytes(4, "big"):
                raise WireError(f"section header at octet {start} has byte order magic {magic.hex()}")
        kind, length = struct.unpack(self._order + "II", head[:8])
        if length < 12 or length & 3 or length > _MAX_BLOCK_OCTETS:
            raise WireError(f"block at octet {start} has length {length}")
        block = head + self._file.read(length - 12)
        if len(block) < length:
            raise WireError(f"capture is cut off in the block at octet {start}")
        if block[4:8] != block[-4:]:
            raise WireError(f"block at octet {start} has two different lengths")
        self._offset = start + length
        return kind, block[8:-4]

    def _options(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        position = 0
        while position + 4 <= len(data):
            code, length = struct.unpack_from(self._order + "HH", data, position)
            if code == _OPTION_END:
                return
            value = data[position + 4 : position + 4 + length]
            if len(value) < length:
                raise WireError(f"option {code} runs past the block that ends at octet {self._offset}")
            yield code, value
            position += 4 + (length + 3 & ~3)

    def _interface(self, body: bytes) -> CapturedInterface:
        linktype, _, snaplen = struct.unpack_from(self._order + "HHI", body)
        options = dict(self._options(body[8:]))
        exponent = options.get(_IF_TSRESOL, bytes((_TSRESOL_DEFAULT,)))[0]
        speed = options.get(_IF_SPEED)
        return CapturedInterface(
            name=options.get(_IF_NAME, b"").decode(errors="replace"),
            linktype=linktype,
            snaplen=snaplen,
            fcs_octets=options[_IF_FCSLEN][0] if _IF_FCSLEN in options else None,
            speed_bps=None if speed is None else struct.unpack(self._order + "Q", speed)[0],
            ticks_per_s=1 << (exponent & 0x7F) if exponent & 0x80 else 10**exponent,
        )

    def _packet(self, body: bytes) -> CapturedPacket:
        interface, high, low, captured, _ = struct.unpack_from(self._order + "IIIII", body)
        if interface >= len(self.interfaces):
            raise WireError(f"packet that ends at octet {self._offset} is of interface {interface}, never described")
        octets = body[20 : 20 + captured]
        if len(octets) < captured:
            raise WireError(f"packet runs past the block that ends at octet {self._offset}")
        options = dict(self._options(body[20 + (captured + 3 & ~3) :]))
        comment = options.get(_OPTION_COMMENT)
        return CapturedPacket(
            interface,
            (high << 32 | low) * NS_PER_S // self.interfaces[interface].ticks_per_s,
            octets,
            None if comment is None else comment.decode(errors="replace"),
        )


def read_packets(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Iterate over (interface, time in ns, octets) of a pcapng file; :class:`WireError` where it is damaged."""
    for packet in PcapngReader(file):
        yield packet.interface, packet.time_ns, packet.octets
