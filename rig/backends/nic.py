"""The ``nic`` backend: a FrameDevice on any Ethernet interface of the host, by an AF_PACKET socket (packet(7)).

The station has a MAC address of its own beside that of the interface; the host's kernel goes on using the interface as
before, and neither sees what the other sends. What the socket is told, and what for:

* a membership for our address, and one for promiscuous mode: the kernel drops them with the socket, however it goes;
* a filter in the kernel, so that a busy interface does not wake Python for other stations' frames;
* ``PACKET_IGNORE_OUTGOING``: what the host itself sends is not received;
* ``PACKET_VNET_HDR``: partial checksums and merged frames can be undone (:mod:`rig.backends.offload`);
* ``PACKET_AUXDATA``: a VLAN tag that was taken out can be put back; ``SO_TIMESTAMPNS``: when the frame came.

Settings of the interface itself (up, features, speed and duplex) are changed and put back by
:mod:`rig.backends.nic_settings`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from rig.adapter.device import Capabilities
from rig.backends import interface
from rig.backends.ethtool import Ethtool
from rig.backends.nic_settings import InterfaceSettings
from rig.backends.offload import EMPTY_HEADER, HEADER_OCTETS, is_plain, wire_frames, with_tag
from rig.backends.packet_filter import station_filter
from rig.backends.raw_device import RawDevice, RawDeviceConfig, RawFrame, WatchingKernel
from rig.units import NS_PER_S
from rig.wire.fcs import FCS_OCTETS

LARGEST_READ_OCTETS = 1 << 17
"""Merged frames come up to 64 kB, and some kernels merge more."""
RECEIVE_BUFFER_OCTETS = 8 << 20

_ETH_P_ALL = 0x0003
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP, _PACKET_DROP_MEMBERSHIP = 1, 2
_PACKET_STATISTICS = 6
_PACKET_AUXDATA = 8
_PACKET_VNET_HDR = 15
_PACKET_IGNORE_OUTGOING = 23
_MR_MULTICAST, _MR_PROMISC, _MR_UNICAST = 0, 1, 3
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_VLAN_VALID, _VLAN_TPID_VALID = 1 << 4, 1 << 6
_TPID_8021Q = 0x8100
_AUXDATA = struct.Struct("=IIIHHHH")  # status, len, snaplen, mac, net, vlan_tci, vlan_tpid
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY_OCTETS = socket.CMSG_SPACE(_AUXDATA.size) + socket.CMSG_SPACE(_TIMESPEC.size)

OFFLOADS_OFF = {
    # What would merge or change received frames; what senders leave to their hardware is undone by offload.py.
    "rx-gro": False,
    "rx-lro": False,
    "rx-gro-hw": False,
    "rx-gro-list": False,
    "rx-udp-gro-forwarding": False,
}
SHOW_FCS = {"rx-fcs": True, "rx-all": True}

CLAUSE_30_NAMES = {
    # Names that Linux drivers give to the counters of IEEE Std 802.3-2022 clause 30; no two drivers agree.
    "aSingleCollisionFrames": ("tx_single_collisions", "single_collisions", "tx_single_coll_ok", "tx_single_collision"),
    "aMultipleCollisionFrames": (
        "tx_multi_collisions",
        "multi_collisions",
        "tx_multi_coll_ok",
        "tx_multiple_collision",
    ),
    "aLateCollisions": ("tx_late_collisions", "late_collisions", "tx_late_collision", "tx_abort_late_coll"),
    "aFramesAbortedDueToXSColls": (
        "tx_excessive_collisions",
        "tx_excess_collisions",
        "tx_aborted",
        "excess_collisions",
    ),
    "aDeferredTransmissions": ("tx_deferred", "tx_deferred_ok", "deferred"),
    "aAlignmentErrors": ("align_errors", "rx_align_errors", "rx_alignment_errors", "alignment_errors"),
}


@dataclass(frozen=True, slots=True)
class NicConfig(RawDeviceConfig):
    """An interface and how it is to be used; ``name`` is that of the interface.

    ``speed_mbps`` and ``full_duplex``, given together, are forced; without them the interface stays as it is.
    ``show_fcs`` asks the driver for the FCS and for frames with errors, which few drivers give.
    """

    speed_mbps: int | None = None
    full_duplex: bool | None = None
    show_fcs: bool = True


class PacketSocketNic(RawDevice):
    """A station on an interface of the host. Open before a run, close after it: a context manager does."""

    def __init__(self, kernel: WatchingKernel, config: NicConfig, journal_folder: Path | None = None) -> None:
        """Open the interface in this thread's network namespace and set it up.

        :class:`~rig.errors.UsageError` for an interface that is not there, is not Ethernet, is in use by another
        process of the rig, cannot be set as asked, or without the capabilities; then nothing is left changed.
        """
        self.nic = config
        self._index = interface.find_interface(config.name)
        if not interface.has_capability(interface.CAP_NET_RAW):
            raise interface.lacks_capability("CAP_NET_RAW", f"a packet socket on {config.name}")
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        self._settings: InterfaceSettings | None = None
        self._memberships: list[bytes] = []
        try:
            self._ethtool = Ethtool(self._socket, config.name)
            self._settings = InterfaceSettings(config.name, self._socket, journal_folder)
            self._shows_fcs = self._set_up(self._settings)
            self._open()
            super().__init__(kernel, config, self._socket.fileno(), interface.mtu(self._socket, config.name))
            self.hardware_before = self._ethtool.statistics()
        except BaseException:
            self._release()
            raise
        self._header = bytearray(HEADER_OCTETS)
        self._data = bytearray(LARGEST_READ_OCTETS)
        self._data_view = memoryview(self._data)

    def _set_up(self, settings: InterfaceSettings) -> bool:
        """Bring the interface into the state that is asked for; return whether it shows the FCS."""
        config = self.nic
        settings.switch_features(OFFLOADS_OFF)
        shows_fcs = config.show_fcs and settings.switch_features(SHOW_FCS)["rx-fcs"]
        if config.speed_mbps is not None and config.full_duplex is not None:
            settings.force_link(config.speed_mbps, config.full_duplex)
        settings.bring_up()
        return shows_fcs

    def _open(self) -> None:
        packets = self._socket
        if interface.has_capability(interface.CAP_NET_ADMIN):
            try:
                packets.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_OCTETS)
            except PermissionError:  # in a user namespace the limit of the host holds
                packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
        packets.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
        packets.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        packets.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        packets.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        config = self.nic
        if not config.promiscuous:
            station_filter([config.mac], with_groups=True).attach(packets)
        packets.bind((config.name, _ETH_P_ALL))
        if config.promiscuous:
            self._join(_MR_PROMISC, b"")
        else:
            self._join(_MR_UNICAST, config.mac)
            for group in config.groups:
                self._join(_MR_MULTICAST, group)

    def _join(self, kind: int, address: bytes) -> None:
        request = struct.pack("=iHH8s", self._index, kind, len(address), address)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, request)
        self._memberships.append(request)

    @property
    def capabilities(self) -> Capabilities:
        """See FrameDevice; speed and duplex as the driver tells them now."""
        link = self._ethtool.link_settings()
        speed = None if link is None else link.speed_mbps
        duplex = None if link is None else link.full_duplex
        return Capabilities(
            name=self.config.name,
            mac=self.config.mac,
            mtu=self._mtu,
            speed_mbps=100 if speed is None else speed,
            full_duplex=True if duplex is None else duplex,
            shows_fcs=self._shows_fcs,
            shows_bad_frames=self._shows_fcs,
            transmit_queue_frames=self.config.transmit_queue_frames,
        )

    @property
    def is_link_up(self) -> bool:
        """Whether the interface is up and has a carrier."""
        try:
            value = interface.flags(self._socket, self.config.name)
        except OSError:
            return False
        return bool(value & interface.IFF_UP and value & interface.IFF_RUNNING)

    async def read_counters(self) -> dict[str, int]:
        """Return counts since the device was opened.

        By clause 30 name: what passed here, and of collisions what the driver tells. ``kernel_drops`` are frames that
        the socket had no room for; ``driver.NAME`` is what ``ethtool -S`` shows, as far as it has moved.
        """
        self._read_drops()
        counters = dict(self.counts)
        try:
            now = self._ethtool.statistics()
        except OSError:  # the interface is gone
            return counters
        moved = {name: value - self.hardware_before.get(name, 0) for name, value in now.items()}
        for name, theirs in CLAUSE_30_NAMES.items():
            known = next((each for each in theirs if each in moved), None)
            if known is not None:
                counters[name] = moved[known]
        counters.update({f"driver.{name}": value for name, value in moved.items() if value})
        return counters

    def _read_drops(self) -> None:
        try:
            answer = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        except OSError:
            return
        _, drops = struct.unpack("=II", answer)  # reading sets them to zero
        self.counts["kernel_drops"] += drops
        self.counts["aFramesLostDueToIntMACRcvError"] += drops

    def _send(self, frame: bytes) -> None:
        self._socket.send(EMPTY_HEADER + frame)

    def _read(self, most: int) -> list[RawFrame] | None:
        try:
            octets, ancillary, _, _ = self._socket.recvmsg_into([self._header, self._data], _ANCILLARY_OCTETS)
        except BlockingIOError:
            return None
        except OSError as err:
            if err.errno == errno.ENETDOWN and not interface.is_there(self._socket, self.config.name):
                raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from err
            if err.errno == errno.EINVAL:  # merged in a way that the header cannot tell: the kernel has dropped it
                self.counts["aFramesLostDueToIntMACRcvError"] += 1
                return []
            raise
        frame = bytes(self._data_view[: octets - HEADER_OCTETS])
        time_ns, tag = None, None
        for _, kind, data in ancillary:
            if kind == _SO_TIMESTAMPNS:
                seconds, nanoseconds = _TIMESPEC.unpack_from(data)
                time_ns = self.kernel.from_realtime_ns(seconds * NS_PER_S + nanoseconds)
            else:
                status, _, _, _, _, tci, tpid = _AUXDATA.unpack_from(data)
                if status & _VLAN_VALID:
                    tag = (tpid if status & _VLAN_TPID_VALID else _TPID_8021Q, tci)
        plain = is_plain(self._header)
        frames = [frame] if plain else wire_frames(self._header, frame)
        if not plain and len(frames) > 1:
            self.counts["merged_frames"] += 1
        if tag is not None:
            frames = [with_tag(each, *tag) for each in frames]
        has_fcs = self._shows_fcs and plain and len(frame) > FCS_OCTETS
        return [RawFrame(each, time_ns, has_fcs) for each in frames]

    def _release(self) -> None:
        # First: an interface that is down already keeps what the kernel has made of them until it is up again.
        for request in self._memberships:
            with contextlib.suppress(OSError):  # it is gone
                self._socket.setsockopt(_SOL_PACKET, _PACKET_DROP_MEMBERSHIP, request)
        self._memberships.clear()
        try:
            if self._settings is not None:
                self._settings.restore()
        finally:
            self._socket.close()
