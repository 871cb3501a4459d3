"""Network interfaces of the host, by name: what they are, whether they are up, and sentences for what is wrong with
them.

Plain ioctls (netdevice(7)) on a socket of the network namespace that is meant; nothing here waits or needs a loop, so
it may be used at any time, also while a wall-clock run is under way.
"""

from __future__ import annotations

import difflib
import errno
import fcntl
import os
import socket
import struct
from pathlib import Path

from rig.errors import UsageError

ARPHRD_ETHER = 1
IFF_UP = 0x1
IFF_LOOPBACK = 0x8
IFF_RUNNING = 0x40

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_SIOCGIFADDR = 0x8915
_SIOCGIFMTU = 0x8921
_SIOCSIFADDR = 0x8916
_SIOCSIFNETMASK = 0x891C
_SIOCSIFMTU = 0x8922
_SIOCGIFHWADDR = 0x8927
_NAME_OCTETS = 16  # IFNAMSIZ, its terminating zero included

CAP_NET_ADMIN = 12
CAP_NET_RAW = 13

_HARDWARE = {
    512: "a PPP link",
    768: "an IP tunnel",
    772: "the loopback",
    65534: "without link-layer addresses (such as a TUN device)",
}


def find_interface(name: str) -> int:
    """Return the index of the Ethernet interface ``name`` of this thread's network namespace.

    :class:`UsageError` names what is wrong, and the nearest one that would do: no such interface, or not Ethernet.
    """
    known = [each for _, each in socket.if_nameindex()]
    if name not in known:
        raise UsageError(f"there is no network interface {name!r}; {_others(name, known)}")
    with control_socket() as control:
        kind, mac = hardware_address(control, name)
        is_loopback = bool(flags(control, name) & IFF_LOOPBACK)
    if kind != ARPHRD_ETHER or is_loopback or len(mac) != 6:
        what = _HARDWARE.get(kind, f"of hardware type {kind}")
        raise UsageError(
            f"the network interface {name!r} is no Ethernet interface: it is {what}; {_others(name, known)}"
        )
    return socket.if_nametoindex(name)


def ethernet_interfaces(names: list[str] | None = None) -> list[str]:
    """Return the names of the Ethernet interfaces of this thread's network namespace."""
    found = []
    with control_socket() as control:
        for name in names if names is not None else [each for _, each in socket.if_nameindex()]:
            try:
                kind, _ = hardware_address(control, name)
                if kind == ARPHRD_ETHER and not flags(control, name) & IFF_LOOPBACK:
                    found.append(name)
            except OSError:  # gone since
                continue
    return found


def control_socket() -> socket.socket:
    """Return a socket on which to ask about interfaces of this thread's network namespace; the caller closes it."""
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)


def hardware_address(control: socket.socket, name: str) -> tuple[int, bytes]:
    """Return the hardware type (``ARPHRD_ETHER``) and the address of an interface."""
    answer = _ioctl(control, _SIOCGIFHWADDR, name, bytes(24))
    return int.from_bytes(answer[:2], "little"), answer[2:8]


def is_there(control: socket.socket, name: str) -> bool:
    """Tell whether the interface exists in the network namespace of ``control``, which need not be this thread's."""
    try:
        flags(control, name)
    except OSError as err:
        if err.errno == errno.ENODEV:
            return False
        raise
    return True


def flags(control: socket.socket, name: str) -> int:
    """Return the IFF flags of an interface."""
    return int.from_bytes(_ioctl(control, _SIOCGIFFLAGS, name, bytes(24))[:2], "little")


def set_up(control: socket.socket, name: str, is_up: bool) -> None:
    """Switch an interface up or down; :class:`UsageError` without the right."""
    value = flags(control, name)
    value = value | IFF_UP if is_up else value & ~IFF_UP
    try:
        _ioctl(control, _SIOCSIFFLAGS, name, struct.pack("<H22x", value))
    except PermissionError as err:
        raise lacks_capability("CAP_NET_ADMIN", f"switching {name} {'up' if is_up else 'down'}") from err


def mtu(control: socket.socket, name: str) -> int:
    """Return the largest payload of a frame, in octets."""
    return int(struct.unpack_from("<i", _ioctl(control, _SIOCGIFMTU, name, bytes(24)))[0])


def set_mtu(control: socket.socket, name: str, octets: int) -> None:
    """Set the largest payload of a frame."""
    _ioctl(control, _SIOCSIFMTU, name, struct.pack("<i20x", octets))


def has_address(control: socket.socket, name: str) -> bool:
    """Tell whether the host itself has an IPv4 address on an interface."""
    try:
        _ioctl(control, _SIOCGIFADDR, name, struct.pack("<H22x", socket.AF_INET))
    except OSError as err:
        if err.errno == errno.EADDRNOTAVAIL:
            return False
        raise
    return True


def set_address(control: socket.socket, name: str, address: int, prefix_length: int) -> None:
    """Give the host an IPv4 address on an interface."""
    mask = (0xFFFFFFFF << (32 - prefix_length)) & 0xFFFFFFFF
    for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, mask)):
        _ioctl(control, request, name, struct.pack("<HH4s16x", socket.AF_INET, 0, value.to_bytes(4, "big")))


def lacks_capability(capability: str, doing: str) -> UsageError:
    """Return the error that says which right is missing and how to give it."""
    own_namespace = "unshare --user --map-root-user --net"
    if capability == "CAP_SYS_ADMIN":
        return UsageError(f"{doing} needs the capability {capability}; run as root, or put before it: {own_namespace}")
    names = "+net_raw,+net_admin"
    return UsageError(
        f"{doing} needs the capability {capability}; run as root, or give it to this one run with\n"
        f"  sudo setpriv --inh-caps {names} --ambient-caps {names} --reuid $(id -u) --regid $(id -g) "
        "--init-groups rig ...\n"
        f"or try without any right in a namespace of your own: {own_namespace}"
    )


def has_capability(number: int) -> bool:
    """Tell whether this thread has a capability (linux/capability.h) in its user namespace."""
    text = Path("/proc/thread-self/status").read_text(encoding="ascii", errors="replace")
    line = next((line for line in text.splitlines() if line.startswith("CapEff:")), "CapEff: 0")
    return bool(int(line.split()[1], 16) >> number & 1)


def network_namespace() -> int:
    """Return the number by which this thread's network namespace is told from others."""
    return os.stat("/proc/thread-self/ns/net").st_ino  # noqa: PTH116  (a magic link, to be followed)


def _others(name: str, known: list[str]) -> str:
    usable = ethernet_interfaces(known)
    if not usable:
        return "this network namespace has no Ethernet interface at all"
    near = difflib.get_close_matches(name, usable, n=1, cutoff=0.4)
    hint = f"; did you mean {near[0]!r}?" if near and near[0] != name else ""
    return f"Ethernet interfaces here are {', '.join(usable)}{hint}"


def _ioctl(control: socket.socket, request: int, name: str, value: bytes) -> bytes:
    """Do an ioctl on ``struct ifreq``: 16 octets of name, then ``value``; return what stands there afterwards."""
    octets = name.encode()
    if not 0 < len(octets) < _NAME_OCTETS:
        raise UsageError(f"{name!r} is no name of a network interface: it has 1 to {_NAME_OCTETS - 1} octets")
    return fcntl.ioctl(control.fileno(), request, octets.ljust(_NAME_OCTETS, b"\0") + value)[_NAME_OCTETS:]
