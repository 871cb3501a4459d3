"""The last things that happened in a run, so that one that went wrong can tell its story.

Wrappers note what passes the two waists, bus operations and frames, and the changes of connection states; only the last
few hundred are kept, and words are made of them only when somebody asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Result, Write32
from rig.adapter.device import FrameDevice, ReceivedFrame, TransmitOutcome, TransmitResult
from rig.adapter.regmap import Window, load
from rig.adapter.wrapped import WrappedDevice
from rig.errors import RigError, WireError
from rig.runtime.kernel import Scheduler
from rig.stack.netstat import NetstatRow
from rig.wire.address import format_ipv4, format_mac
from rig.wire.arp import ArpPacket
from rig.wire.ethernet import EthernetFrame, EtherType
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpSegment, format_flags

KEPT = 60
"""Entries kept of each kind, so that a chatty bus does not push out the last frame."""


@dataclass(frozen=True, slots=True)
class _Entry:
    t_ns: int
    order: int
    station: str
    what: Any


class Story:
    """Collects entries of one run."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._order = 0
        self._kinds: dict[str, deque[_Entry]] = {}
        self._states: dict[str, dict[tuple[str, str], str]] = {}

    def note(self, kind: str, station: str, what: Any) -> None:
        """Keep an entry of a kind: text, a frame, or operations with their end."""
        entries = self._kinds.get(kind)
        if entries is None:
            entries = self._kinds[kind] = deque(maxlen=KEPT)
        self._order += 1
        entries.append(_Entry(self._scheduler.now_ns, self._order, station, what))

    def note_states(self, station: str, rows: Sequence[NetstatRow]) -> None:
        """Note which connections of a host have changed their state since the last call."""
        before = self._states.get(station, {})
        after = {(row.local, row.foreign): row.state for row in rows if row.state}
        for name, state in after.items():
            if before.get(name) != state:
                self.note("state", station, f"{name[0]} {name[1]}: {before.get(name, '(new)')} -> {state}")
        for name in before.keys() - after.keys():
            self.note("state", station, f"{name[0]} {name[1]}: {before[name]} -> (gone)")
        self._states[station] = after

    def lines(self) -> list[str]:
        """Return the entries in order, one line each."""
        entries = sorted(
            ((entry, kind) for kind, kept in self._kinds.items() for entry in kept), key=lambda pair: pair[0].order
        )
        names = _address_names()
        width = max((len(entry.station) for entry, _ in entries), default=0)
        return [
            f"{entry.t_ns:>15,} ns  {entry.station:<{width}}  {kind:<5}  {_words(entry.what, names)}"
            for entry, kind in entries
        ]


class StoryBus:
    """An AdapterBus that notes each transaction with its end."""

    def __init__(self, bus: AdapterBus, story: Story, station: str) -> None:
        self.irq = bus.irq
        self._bus = bus
        self._story = story
        self._station = station

    async def transaction(self, operations: Sequence[Operation]) -> list[Result]:
        """See :class:`~rig.adapter.bus.AdapterBus`."""
        try:
            results = await self._bus.transaction(operations)
        except RigError as error:
            self._story.note("bus", self._station, (operations, None, error))
            raise
        self._story.note("bus", self._station, (operations, results, None))
        return results


class StoryDevice(WrappedDevice):
    """A FrameDevice that notes each frame on its way."""

    def __init__(self, device: FrameDevice, story: Story, station: str) -> None:
        super().__init__(device)
        self._story = story
        self._station = station

    def try_transmit(self, frame: bytes) -> bool:
        is_taken = super().try_transmit(frame)
        if is_taken:
            self._story.note("send", self._station, frame)
        return is_taken

    def receive(self) -> ReceivedFrame | None:
        received = super().receive()
        if received is not None:
            self._story.note("hear", self._station, received.octets)
        return received

    def transmit_results(self) -> list[TransmitResult]:
        results = super().transmit_results()
        for result in results:
            if result.outcome is not TransmitOutcome.OK:
                self._story.note("send", self._station, f"a frame was not sent: {result.outcome.value}")
        return results


def _address_names() -> dict[int, str]:
    """Return a name for each word of the register map, as ``TX_STATUS[1]`` or ``BUFFER+0x600``."""
    names: dict[int, str] = {}
    for address, owner in load().words():
        if isinstance(owner, Window):
            names[address] = f"{owner.name}+{address - owner.offset:#x}"
        elif owner.count > 1:
            names[address] = f"{owner.name}[{owner.offsets().index(address)}]"
        else:
            names[address] = owner.name
    return names


def _words(what: Any, names: dict[int, str]) -> str:
    if isinstance(what, bytes):
        return describe_frame(what)
    if isinstance(what, tuple):
        operations, results, error = what
        words = [_operation(names, *pair) for pair in zip(operations, results or [None] * len(operations), strict=True)]
        return "; ".join(words) + (f" => {type(error).__name__}: {error}" if error else "")
    return str(what)


def _operation(names: dict[int, str], operation: Operation, result: Result) -> str:
    where = names.get(operation.address, f"{operation.address:#06x}")
    if isinstance(operation, Read32):
        return f"read {where}" + (f" = {result:#x}" if isinstance(result, int) else "")
    if isinstance(operation, Write32):
        return f"write {where} = {operation.value:#x}"
    if isinstance(operation, ReadBlock):
        return f"read {operation.octets} octets at {where}"
    return f"write {len(operation.data)} octets at {where}"


def describe_frame(frame: bytes) -> str:
    """Return a frame (destination address .. data) in one line."""
    try:
        outer = EthernetFrame.parse(frame)
        head = f"{format_mac(outer.source)} > {format_mac(outer.destination)}"
        if outer.ethertype == EtherType.ARP:
            arp = ArpPacket.parse(outer.payload)
            verb = "who has" if arp.operation == 1 else "reply to"
            return f"{head} ARP {format_ipv4(arp.sender_ip)} {verb} {format_ipv4(arp.target_ip)}"
        if outer.ethertype != EtherType.IPV4:
            return f"{head} type {outer.ethertype:#06x}, {len(frame)} octets"
        packet = Ipv4Packet.parse(outer.payload)
        ends = f"{format_ipv4(packet.source)} > {format_ipv4(packet.destination)}"
        if packet.protocol != Protocol.TCP:
            return f"{ends} protocol {packet.protocol}, {len(packet.payload)} octets"
        segment = TcpSegment.parse(packet.payload, packet.source, packet.destination)
    except WireError as err:
        return f"{len(frame)} octets: {err}"
    return (
        f"{ends} TCP {segment.source_port} > {segment.destination_port} {format_flags(segment.flags)} "
        f"seq={segment.sequence} ack={segment.acknowledgement} win={segment.window} len={len(segment.payload)}"
    )
