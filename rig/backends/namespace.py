"""Network namespaces that go away by themselves, and veth cables between them.

A namespace lives in a small process that ends when its standard input does: so it, every interface in it and every
process that was started in it for good (see :meth:`Namespace.command`) are gone when its owner is, also after a
SIGKILL. Nothing is named, nothing is mounted, and nothing of the host's own interfaces is touched. Works as root, and
for anyone in a user namespace (``unshare --user --map-root-user --net``).
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from rig.backends import interface
from rig.backends.ethtool import Ethtool
from rig.errors import ToolError, UsageError

CLONE_NEWNET = 0x40000000
PATIENCE_S = 10.0


class Namespace:
    """A new network namespace with a loopback interface that is up and no IPv6; a context manager that removes it."""

    def __init__(self) -> None:
        """Make it; :class:`UsageError` without the right, :class:`ToolError` without ``unshare`` (util-linux)."""
        command = ["unshare", "--net", "--", "sh", "-c", "echo ready; exec cat >/dev/null"]
        try:
            self._holder = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            )
        except FileNotFoundError as err:
            raise ToolError(
                "unshare is not installed; it is in the package util-linux", command=" ".join(command)
            ) from err
        assert self._holder.stdout is not None and self._holder.stderr is not None
        if self._holder.stdout.readline() != b"ready\n":
            reason = self._holder.stderr.read().decode(errors="replace").strip()
            self.close()
            if "not permitted" in reason:
                raise interface.lacks_capability("CAP_SYS_ADMIN", "making a network namespace")
            raise ToolError("no network namespace could be made", command=" ".join(command), last_lines=reason)
        with self.entered(), interface.control_socket() as control:
            for scope in ("all", "default"):
                try:
                    Path(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6").write_text("1", encoding="ascii")
                except OSError:  # no IPv6 in this kernel, or a read-only /proc: a few frames more on the cable
                    break
            interface.set_up(control, "lo", True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process that holds it."""
        return self._holder.pid

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be in the namespace with this thread: sockets opened here belong to it for good."""
        with Path("/proc/thread-self/ns/net").open("rb") as home, Path(f"/proc/{self.pid}/ns/net").open("rb") as there:
            _setns(there.fileno())
            try:
                yield
            finally:
                _setns(home.fileno())

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return the command line that runs ``arguments`` in the namespace; started as a child, it ends with us."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--", *arguments]

    def close(self) -> None:
        """Remove the namespace; interfaces in it, and their other ends, go with it once nobody uses it."""
        holder = self._holder
        for stream in (holder.stdin, holder.stdout, holder.stderr):
            if stream is not None:
                stream.close()
        try:
            holder.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            holder.kill()
            holder.wait()


def add_veth(here: Namespace, name: str, there: Namespace, peer_name: str) -> None:
    """Join two namespaces by a cable: ``name`` in one, ``peer_name`` in the other; both are up.

    Not while an asyncio loop runs.
    """
    with here.entered():
        _add_link(ifname=name, kind="veth", peer={"ifname": peer_name, "net_ns_pid": there.pid})
    for namespace, each in ((here, name), (there, peer_name)):
        with namespace.entered(), interface.control_socket() as control:
            interface.set_up(control, each, True)


def add_tap(here: Namespace, name: str) -> None:
    """Make a TAP interface that lasts as long as the namespace, with nobody at its other end."""
    with here.entered():
        _add_link(ifname=name, kind="tuntap", mode="tap")


def set_address(namespace: Namespace, name: str, address: int, prefix_length: int) -> None:
    """Give the kernel of a namespace an IPv4 address on an interface."""
    with namespace.entered(), interface.control_socket() as control:
        interface.set_address(control, name, address, prefix_length)


def set_mtu(namespace: Namespace, name: str, octets: int) -> None:
    """Set the MTU of an interface of a namespace."""
    with namespace.entered(), interface.control_socket() as control:
        interface.set_mtu(control, name, octets)


def switch_offloads(namespace: Namespace, name: str, is_on: bool) -> None:
    """Let the kernel of a namespace leave checksums and segmentation to an interface, or do both itself."""
    names = (
        "tx-checksum-ip-generic",
        "tx-tcp-segmentation",
        "tx-generic-segmentation",
        "tx-udp-segmentation",
        "rx-gro",
    )
    with namespace.entered(), interface.control_socket() as control:
        ethtool = Ethtool(control, name)
        features = ethtool.features()
        ethtool.set_features({each: is_on for each in names if each in features and features[each].is_changeable})


def _add_link(**request: object) -> None:
    from pyroute2 import IPRoute  # 0.3 s to import
    from pyroute2.netlink.exceptions import NetlinkError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of asyncio, about loops that pyroute2 leaves open
        try:
            with IPRoute() as netlink:
                netlink.link("add", **request)
        except NetlinkError as err:
            raise UsageError(f"the interface {request.get('ifname')!r} cannot be made: {err}") from err


def _setns(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")
