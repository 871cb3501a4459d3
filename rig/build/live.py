"""A host on the wall clock: the device of its interface, its stack, node loop and socket library."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from rig.adapter.device import FrameDevice
from rig.build.host import tcp_config
from rig.config.node import NodeConfig, TapInterface
from rig.config.scenario import TcpSettings
from rig.runtime.kernel import Scheduler
from rig.runtime.node import Node
from rig.runtime.pump_asyncio import WallClock
from rig.sockets import SocketLibrary
from rig.stack.config import InterfaceConfig, StackConfig
from rig.stack.stack import Stack
from rig.wire.address import format_mac, parse_interface, parse_ipv4, parse_mac

if TYPE_CHECKING:
    from rig.backends.raw_device import RawDevice

BUFFER_OCTETS = 256 * 1024
"""Of a connection, each way, where the node file says nothing."""


@dataclass(frozen=True, slots=True)
class LiveHost:
    """What runs on one interface."""

    stack: Stack
    node: Node
    sockets: SocketLibrary


def open_device(kernel: WallClock, config: NodeConfig) -> RawDevice:
    """Open the interface of a node, in this thread's network namespace; close it after the run.

    :class:`~rig.errors.UsageError` where it is not there, is in use, or the right to use it is missing.
    """
    interface, mac = config.interface, parse_mac(config.mac)
    if isinstance(interface, TapInterface):
        from rig.backends.tap import TapConfig, TapDevice

        if interface.host_ip is None:
            return TapDevice(kernel, TapConfig(interface.name, mac))
        address, prefix_length = parse_interface(interface.host_ip)
        return TapDevice(
            kernel, TapConfig(interface.name, mac, host_address=address, host_prefix_length=prefix_length)
        )  # fmt: skip
    from rig.backends.nic import NicConfig, PacketSocketNic

    return PacketSocketNic(
        kernel,
        NicConfig(
            interface.name,
            mac,
            promiscuous=interface.promiscuous,
            speed_mbps=interface.speed_mbps,
            full_duplex=None if interface.duplex is None else interface.duplex == "full",
            show_fcs=interface.show_fcs,
        ),
    )


def build_live_host(scheduler: Scheduler, config: NodeConfig, device: FrameDevice, random: Random) -> LiveHost:
    """Return the host of a node on its device, perhaps wrapped; nothing runs yet."""
    address, prefix_length = parse_interface(config.ip)
    interface = InterfaceConfig(
        parse_mac(config.mac), address, prefix_length, mtu=device.capabilities.mtu, name=config.interface.name
    )
    stack = Stack(
        StackConfig(
            interfaces=(interface,),
            gateway=None if config.gateway is None else parse_ipv4(config.gateway),
            hostname=config.name,
            tcp=tcp_config(_with_buffers(config.tcp)),
        ),
        random,
    )
    sockets: SocketLibrary
    node = Node(scheduler, stack, device, lambda event: sockets.handle_event(event), config.name)
    sockets = SocketLibrary(scheduler, stack, node.kick.set)
    return LiveHost(stack, node, sockets)


def _with_buffers(tcp: TcpSettings) -> TcpSettings:
    """Return the settings with buffers larger than the batch of frames that a device reads at a time: else one batch
    fills the window before any program has had its turn."""
    missing = {
        name: BUFFER_OCTETS
        for name in ("receive_buffer_octets", "send_buffer_octets")
        if getattr(tcp, name) is None
    }  # fmt: skip
    return tcp.model_copy(update=missing)


@dataclass(frozen=True, slots=True)
class InterfaceFacts:
    """One Ethernet interface: speed and duplex are None where its driver does not tell. ``counters`` are the clause 30
    names that its driver counts; ``can_show_fcs``: it gives the FCS, and with it frames with errors."""

    name: str
    driver: str
    mac: str
    is_up: bool
    mtu: int
    speed_mbps: int | None
    full_duplex: bool | None
    can_show_fcs: bool
    counters: tuple[str, ...]


def interface_facts() -> list[InterfaceFacts]:
    """Return what is known of each Ethernet interface of this thread's network namespace."""
    from rig.backends import interface
    from rig.backends.ethtool import Ethtool
    from rig.backends.nic import CLAUSE_30_NAMES

    found = []
    with interface.control_socket() as control:
        for name in interface.ethernet_interfaces():
            ethtool = Ethtool(control, name)
            link, features, statistics = ethtool.link_settings(), ethtool.features(), ethtool.statistics()
            rx_fcs = features.get("rx-fcs")
            found.append(
                InterfaceFacts(
                    name=name,
                    driver=ethtool.driver(),
                    mac=format_mac(interface.hardware_address(control, name)[1]),
                    is_up=bool(interface.flags(control, name) & interface.IFF_UP),
                    mtu=interface.mtu(control, name),
                    speed_mbps=None if link is None else link.speed_mbps,
                    full_duplex=None if link is None else link.full_duplex,
                    can_show_fcs=rx_fcs is not None and (rx_fcs.is_active or rx_fcs.is_changeable),
                    counters=tuple(
                        ours for ours, theirs in CLAUSE_30_NAMES.items() if any(each in statistics for each in theirs)
                    ),
                )
            )
    return found


def restore_interfaces() -> list[tuple[str, tuple[str, ...], str, bool]]:
    """Put back what dead processes left changed of the interfaces of this network namespace.

    Returns name, what was put back in words, what could not be, and whether that is tried again next time, for each.
    """
    from rig.backends.nic_settings import restore_all

    return [(each.name, each.changes, each.problem, each.is_kept) for each in restore_all()]
