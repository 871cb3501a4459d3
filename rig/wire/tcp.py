"""TCP segments (RFC 9293 3.1). Their options are in :mod:`rig.wire.tcp_options`."""

from __future__ import annotations

import struct
from enum import IntFlag
from typing import NamedTuple

from rig.errors import UsageError, WireError
from rig.wire.checksum import internet_checksum, pseudo_header_sum
from rig.wire.ipv4 import Protocol
from rig.wire.tcp_options import NO_OPTIONS, NOP_NOP_TIMESTAMP, TcpOptions

__all__ = ["HEADER_OCTETS", "NO_OPTIONS", "TcpFlag", "TcpOptions", "TcpSegment", "format_flags"]

HEADER_OCTETS = 20

_HEADER = struct.Struct(">HHIIBBHHH")
_FIRST_OPTION = struct.Struct(">III")
_CHECKSUM = struct.Struct(">H")
_CHECKSUM_OFFSET = 16
_TCP = int(Protocol.TCP)


class TcpFlag(IntFlag):
    """The control bits. Segments hold them as a plain ``int``, because operations on an ``IntFlag`` are slow."""

    FIN = 0x01
    SYN = 0x02
    RST = 0x04
    PSH = 0x08
    ACK = 0x10
    URG = 0x20
    ECE = 0x40
    CWR = 0x80


_FIN = int(TcpFlag.FIN)


class TcpSegment(NamedTuple):
    """One segment::

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-------------------------------+-------------------------------+
        |          source port          |       destination port        |
        +-------------------------------+-------------------------------+
        |                        sequence number                        |
        +---------------------------------------------------------------+
        |                     acknowledgement number                    |
        +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
        | data  | zero  |C|E|U|A|P|R|S|F|            window             |
        | offset|       |W|C|R|C|S|S|Y|I|                               |
        | (*4)  |       |R|E|G|K|H|T|N|N|                               |
        +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
        |           checksum            |        urgent pointer         |
        +-------------------------------+-------------------------------+
        |                       options and pad                         |
        +---------------------------------------------------------------+

    ``sequence`` and ``acknowledgement`` have 32 bits; ``window`` is the field, 16 bits, not scaled.
    """

    source_port: int
    destination_port: int
    sequence: int
    acknowledgement: int
    flags: int
    window: int
    payload: bytes | memoryview = b""
    urgent_pointer: int = 0
    options: TcpOptions = NO_OPTIONS

    @property
    def sequence_length(self) -> int:
        """SEG.LEN: octets of sequence space the segment takes, SYN and FIN counted (RFC 9293 3.4)."""
        return len(self.payload) + (self.flags & _FIN) + (self.flags >> 1 & 1)

    @classmethod
    def parse(cls, data: bytes | memoryview, source_ip: int, destination_ip: int) -> TcpSegment:
        """Return the segment that fills ``data``, the payload of a packet between these addresses.

        The reserved bits are ignored (RFC 9293 3.1). :class:`WireError` for a data offset below 5 or beyond ``data``,
        for a wrong checksum, and for options that cannot be walked.
        """
        octets = len(data)
        if octets < HEADER_OCTETS:
            raise WireError(f"TCP segment of {octets} octets is shorter than its header of {HEADER_OCTETS}")
        if internet_checksum(data, pseudo_header_sum(source_ip, destination_ip, _TCP, octets)) != 0:
            raise WireError("TCP checksum is wrong")
        (
            source_port,
            destination_port,
            sequence,
            acknowledgement,
            offset,
            flags,
            window,
            _,
            urgent_pointer,
        ) = _HEADER.unpack_from(data)
        header_octets = offset >> 4 << 2
        if not HEADER_OCTETS <= header_octets <= octets:
            raise WireError(f"TCP data offset of {header_octets} octets is not in {HEADER_OCTETS} .. {octets}")
        view = memoryview(data)
        options = NO_OPTIONS
        if header_octets > HEADER_OCTETS:
            kind, value, echo = _FIRST_OPTION.unpack_from(data, HEADER_OCTETS) if header_octets == 32 else (0, 0, 0)
            if kind == NOP_NOP_TIMESTAMP:  # what every segment carries once time stamps are agreed on
                options = TcpOptions(timestamp=(value, echo))
            else:
                options = TcpOptions.parse(view[HEADER_OCTETS:header_octets])
        return cls(
            source_port,
            destination_port,
            sequence,
            acknowledgement,
            flags,
            window,
            view[header_octets:],
            urgent_pointer,
            options,
        )

    def serialize(self, source_ip: int, destination_ip: int) -> bytes:
        """Return the segment with its checksum over the pseudo header of these addresses.

        :class:`UsageError` for a value that its field cannot hold.
        """
        options = b"" if self.options is NO_OPTIONS else self.options.serialize()
        header_octets = HEADER_OCTETS + len(options)
        try:
            header = bytearray(
                _HEADER.pack(
                    self.source_port,
                    self.destination_port,
                    self.sequence,
                    self.acknowledgement,
                    header_octets << 2,
                    self.flags,
                    self.window,
                    0,
                    self.urgent_pointer,
                )
            )
        except struct.error as err:
            raise UsageError(f"a field of the TCP header does not fit: {err}") from err
        header += options
        header += self.payload
        initial = pseudo_header_sum(source_ip, destination_ip, _TCP, len(header))
        _CHECKSUM.pack_into(header, _CHECKSUM_OFFSET, internet_checksum(memoryview(header), initial))
        return bytes(header)


def format_flags(flags: int) -> str:
    """Return the names of the control bits in ``flags`` as ``SYN,ACK``; ``none`` when no bit is set."""
    return ",".join(flag.name or "" for flag in TcpFlag if flags & flag) or "none"
