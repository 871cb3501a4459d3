"""The options of the standard ``socket`` module, for the sockets of a stack: what each means, or that there is none.

``SO_REUSEADDR`` is remembered and changes nothing: a port whose connections are only in TIME-WAIT can always be bound
again, and one that a socket holds never. ``SO_LINGER`` with a time of zero makes ``close`` reset the connection; any
other time is that of TCP itself, since ``close`` never waits here.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys

from rig.sockets.socket import Socket
from rig.stack.endpoint import SocketKind, SocketOption
from rig.units import NS_PER_MS, NS_PER_S

_LINGER = struct.Struct("ii")
_MIN_BUFFER_OCTETS = 2048
_MAX_BUFFER_OCTETS = 1 << 24

# (level, name) -> our option and how many of our units one of theirs is
_NUMBERS = {
    (socket.SOL_SOCKET, socket.SO_RCVBUF): (SocketOption.RECEIVE_BUFFER, 1),
    (socket.SOL_SOCKET, socket.SO_SNDBUF): (SocketOption.SEND_BUFFER, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE): (SocketOption.KEEPALIVE_IDLE_NS, NS_PER_S),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL): (SocketOption.KEEPALIVE_INTERVAL_NS, NS_PER_S),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT): (SocketOption.KEEPALIVE_PROBES, 1),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT): (SocketOption.USER_TIMEOUT_NS, NS_PER_MS),
    (socket.IPPROTO_IP, socket.IP_TTL): (SocketOption.TTL, 1),
}
_SWITCHES = {
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE): SocketOption.KEEPALIVE,
    (socket.SOL_SOCKET, socket.SO_BROADCAST): SocketOption.BROADCAST,
    (socket.IPPROTO_TCP, socket.TCP_NODELAY): SocketOption.NODELAY,
}
_BUFFERS = (SocketOption.RECEIVE_BUFFER, SocketOption.SEND_BUFFER)
_REUSE = (socket.SOL_SOCKET, socket.SO_REUSEADDR)
_LINGERING = (socket.SOL_SOCKET, socket.SO_LINGER)
_TOS = (socket.IPPROTO_IP, socket.IP_TOS)
_TYPES: dict[SocketKind, int] = {SocketKind.STREAM: socket.SOCK_STREAM, SocketKind.DATAGRAM: socket.SOCK_DGRAM}
_PROTOCOLS: dict[SocketKind, int] = {SocketKind.STREAM: socket.IPPROTO_TCP, SocketKind.DATAGRAM: socket.IPPROTO_UDP}


class StandardOptions:
    """The options of one socket, in the terms of the standard module."""

    def __init__(self) -> None:
        self._reuse_address = 0
        self._linger = (0, 0)

    def set(self, sock: Socket, level: int, name: int, value: int | bytes) -> None:
        """Set an option; ENOPROTOOPT for one that does not exist here, EINVAL for a value out of range."""
        key = (level, name)
        if key == _LINGERING:
            if not isinstance(value, (bytes, bytearray, memoryview)) or len(value) < _LINGER.size:
                raise OSError(errno.EINVAL, f"{os.strerror(errno.EINVAL)}: SO_LINGER takes struct.pack('ii', on, s)")
            self._linger = (int(_LINGER.unpack_from(value)[0] != 0), _LINGER.unpack_from(value)[1])
            sock.set_abort_on_close(self._linger == (1, 0))
            return
        number = value if isinstance(value, int) else int.from_bytes(value, sys.byteorder, signed=True)
        if key == _REUSE:
            self._reuse_address = int(number != 0)
        elif key in _SWITCHES:
            sock.set_option(_SWITCHES[key], int(number != 0))
        elif key == _TOS:
            sock.set_option(SocketOption.DSCP, (number & 0xFF) >> 2)  # the two ECN bits are TCP's own
        elif key in _NUMBERS:
            option, unit = _NUMBERS[key]
            if option in _BUFFERS:
                number = min(max(number, _MIN_BUFFER_OCTETS), _MAX_BUFFER_OCTETS)
            sock.set_option(option, number * unit)
        else:
            raise _no_such_option(level, name)

    def get(self, sock: Socket, level: int, name: int) -> int | bytes:
        """Return an option's value, as ``int`` or, for SO_LINGER, as ``struct linger``."""
        key = (level, name)
        if key == _LINGERING:
            return _LINGER.pack(*self._linger)
        if key == _REUSE:
            return self._reuse_address
        if key in _SWITCHES:
            return sock.get_option(_SWITCHES[key])
        if key == _TOS:
            return sock.get_option(SocketOption.DSCP) << 2
        if key in _NUMBERS:
            option, unit = _NUMBERS[key]
            return sock.get_option(option) // unit
        if level == socket.SOL_SOCKET and name in _FACTS:
            return _FACTS[name][sock.kind]
        raise _no_such_option(level, name)


_FACTS: dict[int, dict[SocketKind, int]] = {
    socket.SO_TYPE: _TYPES,
    socket.SO_PROTOCOL: _PROTOCOLS,
    socket.SO_DOMAIN: dict.fromkeys(SocketKind, socket.AF_INET),
}


def standard_kind(family: int, kind: int, protocol: int) -> SocketKind:
    """Return which of our sockets ``socket.socket(family, kind, protocol)`` asks for; the usual errors for none."""
    if family not in (-1, socket.AF_INET):
        raise OSError(errno.EAFNOSUPPORT, f"{os.strerror(errno.EAFNOSUPPORT)}: only AF_INET here")
    kind = socket.SOCK_STREAM if kind == -1 else kind & ~(socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    for ours, theirs in _TYPES.items():
        if kind == theirs:
            if protocol not in (-1, 0, _PROTOCOLS[ours]):
                raise OSError(errno.EPROTONOSUPPORT, os.strerror(errno.EPROTONOSUPPORT))
            return ours
    raise OSError(errno.EPROTONOSUPPORT, f"{os.strerror(errno.EPROTONOSUPPORT)}: only SOCK_STREAM and SOCK_DGRAM here")


def standard_type(kind: SocketKind) -> tuple[int, int]:
    """Return the type and protocol numbers of the standard module."""
    return _TYPES[kind], _PROTOCOLS[kind]


def _no_such_option(level: int, name: int) -> OSError:
    return OSError(errno.ENOPROTOOPT, f"{os.strerror(errno.ENOPROTOOPT)}: level {level} name {name}")
