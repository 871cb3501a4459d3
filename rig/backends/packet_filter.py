"""A filter for packet sockets: which frames wake a station (classic BPF, linux/filter.h).

The program compares the destination address with each of a few, and with the group bit; the kernel runs it on every
frame of the interface before anything is copied.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

_SO_ATTACH_FILTER = 26
_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE = 0x20, 0x28, 0x30  # BPF_LD | BPF_W, _H, _B | BPF_ABS
_JUMP_EQUAL, _JUMP_SET = 0x15, 0x45  # BPF_JMP | BPF_JEQ, BPF_JSET | BPF_K
_RETURN = 0x06
_WHOLE = 0x40000


@dataclass(frozen=True, slots=True)
class PacketFilter:
    """A program: (code, jump if true, jump if false, k) for each instruction."""

    program: tuple[tuple[int, int, int, int], ...]

    def attach(self, packets: socket.socket) -> None:
        """Let the kernel run it on what the socket would receive."""
        octets = b"".join(struct.pack("=HBBI", *instruction) for instruction in self.program)
        buffer = ctypes.create_string_buffer(octets, len(octets))
        packets.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(self.program), ctypes.addressof(buffer))
        )

    def accepts(self, frame: bytes) -> bool:
        """Run the program here, as the kernel would (a read beyond the frame rejects it)."""
        at, accumulator = 0, 0
        while True:
            code, if_true, if_false, k = self.program[at]
            if code == _RETURN:
                return bool(k)
            size = {_LOAD_WORD: 4, _LOAD_HALF: 2, _LOAD_BYTE: 1}.get(code)
            if size is not None:
                if k + size > len(frame):
                    return False
                accumulator, jump = int.from_bytes(frame[k : k + size], "big"), 0
            else:
                is_true = accumulator == k if code == _JUMP_EQUAL else bool(accumulator & k)
                jump = if_true if is_true else if_false
            at += 1 + jump


def station_filter(addresses: Sequence[bytes], *, with_groups: bool) -> PacketFilter:
    """Return a filter for frames to ``addresses`` (at most 40), and with ``with_groups`` to any group address."""
    program: list[tuple[int, int, int, int]] = []
    if with_groups:
        program += [(_LOAD_BYTE, 0, 0, 0), (_JUMP_SET, 4 * len(addresses) + 1, 0, 1)]
    for index, address in enumerate(addresses):
        to_accept = 4 * (len(addresses) - index - 1) + 1
        program += [
            (_LOAD_WORD, 0, 0, 2),
            (_JUMP_EQUAL, 0, 2, int.from_bytes(address[2:], "big")),
            (_LOAD_HALF, 0, 0, 0),
            (_JUMP_EQUAL, to_accept, 0, int.from_bytes(address[:2], "big")),
        ]
    return PacketFilter((*program, (_RETURN, 0, 0, 0), (_RETURN, 0, 0, _WHOLE)))
