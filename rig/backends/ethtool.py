"""Ethtool requests by ioctl (linux/ethtool.h): features, speed and duplex, driver, hardware counters.

pyroute2 knows most of these, but cannot set speed and duplex, and its calls cannot be made while an asyncio loop runs.
Everything is little more than the structures of the header file. Numbers are in host order.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import socket
import struct
from dataclasses import dataclass

_SIOCETHTOOL = 0x8946
_GET_DRIVER = 0x03
_GET_STRINGS = 0x1B
_GET_STATISTICS = 0x1D
_GET_STRING_COUNT = 0x37
_GET_FEATURES = 0x3A
_SET_FEATURES = 0x3B
_GET_LINK_SETTINGS = 0x4C
_SET_LINK_SETTINGS = 0x4D

_STRINGS_OF_STATISTICS = 1
_STRINGS_OF_FEATURES = 4
_STRING_OCTETS = 32

# Offsets in struct ethtool_link_settings; three masks of link modes follow it.
_SPEED_AT, _DUPLEX_AT, _AUTONEG_AT, _WORDS_AT = 4, 8, 11, 15
_LINK_HEADER_OCTETS = 48
SPEED_UNKNOWN = 0xFFFFFFFF
_HALF, _FULL = 0, 1

NOT_SUPPORTED = (errno.EOPNOTSUPP, errno.EINVAL)


@dataclass(frozen=True, slots=True)
class Feature:
    """One offload or receive feature of an interface."""

    is_active: bool
    is_changeable: bool


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Speed and duplex of an interface. ``raw`` is the whole structure of the kernel, to be put back as it was."""

    raw: bytes

    @property
    def speed_mbps(self) -> int | None:
        """Speed in Mb/s, or None where the driver does not know."""
        speed = int(struct.unpack_from("=I", self.raw, _SPEED_AT)[0])
        return None if speed in (0, SPEED_UNKNOWN, 0xFFFF) else speed

    @property
    def full_duplex(self) -> bool | None:
        """Duplex, or None where the driver does not know."""
        return {_HALF: False, _FULL: True}.get(self.raw[_DUPLEX_AT])

    @property
    def autonegotiates(self) -> bool:
        """Whether speed and duplex are negotiated."""
        return bool(self.raw[_AUTONEG_AT])

    def forced(self, speed_mbps: int, full_duplex: bool) -> LinkSettings:
        """Return these settings with autonegotiation off."""
        raw = bytearray(self.raw)
        struct.pack_into("=I", raw, _SPEED_AT, speed_mbps)
        raw[_DUPLEX_AT] = _FULL if full_duplex else _HALF
        raw[_AUTONEG_AT] = 0
        return LinkSettings(bytes(raw))


class Ethtool:
    """Ethtool on one interface, through a socket of its network namespace, which stays the caller's."""

    def __init__(self, control: socket.socket, name: str) -> None:
        self._control = control
        self._name = name.encode()
        self.name = name

    def driver(self) -> str:
        """Return the name of the driver, or nothing where it has none."""
        try:
            return bytes(self._call(struct.pack("=I192x", _GET_DRIVER))[4:36]).split(b"\0")[0].decode(errors="replace")
        except OSError as err:
            if err.errno in NOT_SUPPORTED:
                return ""
            raise

    def features(self) -> dict[str, Feature]:
        """Return the features by name, as ``ethtool -k`` and the kernel call them."""
        names = self._strings(_STRINGS_OF_FEATURES)
        blocks = (len(names) + 31) // 32
        answer = self._call(struct.pack("=II", _GET_FEATURES, blocks) + bytes(16 * blocks))
        words = struct.unpack_from(f"={4 * blocks}I", answer, 8)
        found = {}
        for index, name in enumerate(names):
            available, _, active, never_changed = (
                words[4 * (index // 32) + part] >> index % 32 & 1 for part in range(4)
            )  # fmt: skip
            if name:
                found[name] = Feature(bool(active), bool(available and not never_changed))
        return found

    def set_features(self, wanted: dict[str, bool]) -> None:
        """Switch features on and off; OSError where the driver refuses."""
        names = self._strings(_STRINGS_OF_FEATURES)
        blocks = (len(names) + 31) // 32
        words = [0] * (2 * blocks)
        for name, is_on in wanted.items():
            index = names.index(name)
            words[2 * (index // 32)] |= 1 << index % 32
            words[2 * (index // 32) + 1] |= is_on << index % 32
        self._call(struct.pack(f"=II{2 * blocks}I", _SET_FEATURES, blocks, *words))

    def link_settings(self) -> LinkSettings | None:
        """Return speed and duplex, or None where the driver has none."""
        request = bytearray(_LINK_HEADER_OCTETS)
        struct.pack_into("=I", request, 0, _GET_LINK_SETTINGS)
        try:
            answer = self._call(bytes(request))
            words = -struct.unpack_from("b", answer, _WORDS_AT)[0]  # the kernel says how many words a mask has
            if words <= 0:
                return None
            struct.pack_into("b", request, _WORDS_AT, words)
            return LinkSettings(self._call(bytes(request) + bytes(3 * 4 * words)))
        except OSError as err:
            if err.errno in NOT_SUPPORTED:
                return None
            raise

    def set_link_settings(self, settings: LinkSettings) -> None:
        """Set speed, duplex and autonegotiation; OSError where the driver refuses."""
        self._call(struct.pack("=I", _SET_LINK_SETTINGS) + settings.raw[4:])

    def statistics(self) -> dict[str, int]:
        """Return the counters of driver and hardware by the driver's own names; empty where it has none."""
        try:
            names = self._strings(_STRINGS_OF_STATISTICS)
            if not names:
                return {}
            answer = self._call(struct.pack("=II", _GET_STATISTICS, len(names)) + bytes(8 * len(names)))
        except OSError as err:
            if err.errno in NOT_SUPPORTED:
                return {}
            raise
        return dict(zip(names, struct.unpack_from(f"={len(names)}Q", answer, 8), strict=True))

    def _strings(self, which: int) -> list[str]:
        answer = self._call(struct.pack("=IIQI", _GET_STRING_COUNT, 0, 1 << which, 0))
        mask, count = struct.unpack_from("=QI", answer, 8)
        if not mask:
            return []
        answer = self._call(struct.pack("=III", _GET_STRINGS, which, count) + bytes(_STRING_OCTETS * count))
        texts = (answer[12 + _STRING_OCTETS * index :][:_STRING_OCTETS] for index in range(count))
        return [text.split(b"\0")[0].decode(errors="replace") for text in texts]

    def _call(self, request: bytes) -> bytes:
        """Pass a structure to the kernel and return it as the kernel leaves it."""
        buffer = ctypes.create_string_buffer(request, len(request))
        ifreq = struct.pack("16sP16x", self._name, ctypes.addressof(buffer))
        fcntl.ioctl(self._control.fileno(), _SIOCETHTOOL, ifreq)
        return buffer.raw
