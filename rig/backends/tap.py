"""A TAP device as a FrameDevice: the host's own kernel is the station at the other end of the cable.

A TAP interface is made with the device and disappears with it, so there is nothing to put back. One that was made
before (``ip tuntap add dev tap0 mode tap user NAME``) is used without any capability by the user it was made for.
What the kernel writes into it is whole: it offers no offloads unless it is asked to.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from rig.adapter.device import Capabilities
from rig.backends import interface
from rig.backends.raw_device import RawDevice, RawDeviceConfig, RawFrame, WatchingKernel
from rig.errors import UsageError

TUN_FILE = Path("/dev/net/tun")
LARGEST_READ_OCTETS = 1 << 16

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000
SPEED_MBPS = 10_000
"""What the kernel says of a TAP interface: it has no speed."""


@dataclass(frozen=True, slots=True)
class TapConfig(RawDeviceConfig):
    """A TAP interface; ``name`` is the host's name of it.

    ``host_address`` (a 32-bit integer) and ``host_prefix_length`` are what the host gets there, if anything; the
    interface is switched up in any case, if that is allowed.
    """

    host_address: int | None = None
    host_prefix_length: int = 24


class TapDevice(RawDevice):
    """A station on a cable to the host's kernel. Open before a run, close after it: a context manager does."""

    def __init__(self, kernel: WatchingKernel, config: TapConfig) -> None:
        """Make or take the interface, in this thread's network namespace.

        :class:`~rig.errors.UsageError` where /dev/net/tun or the right to use it is missing, the name is taken, or
        another process has it.
        """
        self._file = self._open(config.name)
        try:
            with interface.control_socket() as control:
                self._control = control.dup()
            self._bring_up(config)
            super().__init__(kernel, config, self._file, interface.mtu(self._control, config.name))
        except BaseException:
            self._release()
            raise

    @staticmethod
    def _open(name: str) -> int:
        try:
            file = os.open(TUN_FILE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as err:
            remedy = (
                "let your user open it, or run as root" if isinstance(err, PermissionError) else
                "load the module with `modprobe tun`; in a container pass the device on (--device /dev/net/tun)"
            )  # fmt: skip
            raise UsageError(
                f"{TUN_FILE} cannot be opened ({err.strerror}), so there is no TAP device: {remedy}"
            ) from err
        octets = name.encode()
        try:
            if not 0 < len(octets) < 16:
                raise UsageError(f"{name!r} is no name of a network interface: it has 1 to 15 octets")
            fcntl.ioctl(file, _TUNSETIFF, struct.pack("16sH22x", octets, _IFF_TAP | _IFF_NO_PI))
        except OSError as err:
            os.close(file)
            if isinstance(err, PermissionError):
                raise interface.lacks_capability("CAP_NET_ADMIN", f"making the TAP device {name}") from err
            if err.errno == errno.EBUSY:
                raise UsageError(
                    f"the TAP device {name} is in use by another process; end that, or use another"
                ) from err
            if err.errno == errno.EINVAL and name in [each for _, each in socket.if_nameindex()]:
                raise UsageError(
                    f"the interface {name} is there already and is no TAP device; use another name"
                ) from err
            raise UsageError(f"the TAP device {name} cannot be made: {err.strerror}") from err
        except UsageError:
            os.close(file)
            raise
        return file

    def _bring_up(self, config: TapConfig) -> None:
        name = config.name
        try:
            if config.host_address is not None:
                interface.set_address(self._control, name, config.host_address, config.host_prefix_length)
            if not interface.flags(self._control, name) & interface.IFF_UP:
                interface.set_up(self._control, name, True)
        except PermissionError as err:
            raise interface.lacks_capability("CAP_NET_ADMIN", f"setting up the TAP device {name}") from err

    @property
    def capabilities(self) -> Capabilities:
        """See FrameDevice."""
        return Capabilities(
            name=self.config.name,
            mac=self.config.mac,
            mtu=self._mtu,
            speed_mbps=SPEED_MBPS,
            full_duplex=True,
            transmit_queue_frames=self.config.transmit_queue_frames,
        )

    @property
    def is_link_up(self) -> bool:
        """Whether the host has the interface switched up."""
        try:
            return bool(interface.flags(self._control, self.config.name) & interface.IFF_UP)
        except OSError:
            return False

    def _send(self, frame: bytes) -> None:
        os.write(self._file, frame)

    def _read(self, most: int) -> list[RawFrame] | None:
        frames: list[RawFrame] = []
        try:
            while len(frames) < most:
                frames.append(RawFrame(os.read(self._file, LARGEST_READ_OCTETS)))
        except OSError as err:
            if frames:  # the next call meets it again
                return frames
            if isinstance(err, BlockingIOError):
                return None
            if err.errno == errno.EBADFD:  # the interface was deleted
                raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from err
            raise
        return frames

    def _release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        control = getattr(self, "_control", None)
        if control is not None:
            control.close()
