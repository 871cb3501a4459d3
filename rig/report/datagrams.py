"""UDP datagrams, ICMP errors and DNS exchanges as a capture shows them: who asked whom what, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rig.errors import WireError
from rig.report.frame_parts import HEADER_OCTETS
from rig.report.run_facts import Frame, RunFacts
from rig.wire.address import format_ipv4
from rig.wire.dns import DnsMessage
from rig.wire.ethernet import EtherType
from rig.wire.fcs import FCS_OCTETS
from rig.wire.icmp import IcmpMessage, IcmpType, TimeExceededCode, UnreachableCode
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.udp import UdpDatagram

PREAMBLE_OCTETS = 8  # with the SFD
DNS_PORT = 53
UDP_HEADER_OCTETS = 8

ICMP_ERRORS: dict[str, tuple[int, int]] = {
    "net-unreachable": (IcmpType.DESTINATION_UNREACHABLE, UnreachableCode.NETWORK),
    "host-unreachable": (IcmpType.DESTINATION_UNREACHABLE, UnreachableCode.HOST),
    "port-unreachable": (IcmpType.DESTINATION_UNREACHABLE, UnreachableCode.PORT),
    "fragmentation-needed": (IcmpType.DESTINATION_UNREACHABLE, UnreachableCode.FRAGMENTATION_NEEDED),
    "ttl-exceeded": (IcmpType.TIME_EXCEEDED, TimeExceededCode.TTL),
    "reassembly-time-exceeded": (IcmpType.TIME_EXCEEDED, TimeExceededCode.REASSEMBLY),
}
"""Type and code of the ICMP errors that the rig sends, by the names that labs use."""


@dataclass(frozen=True, slots=True)
class SeenPacket:
    """One sound IPv4 packet or fragment of a capture, in one frame. ``sender`` is the adapter that sent the frame."""

    t_ns: int
    end_ns: int
    sender: str
    frame: Frame
    packet: Ipv4Packet


@dataclass(frozen=True, slots=True)
class SeenDatagram:
    """One whole datagram in one frame."""

    seen: SeenPacket
    datagram: UdpDatagram
    checksum: int

    @property
    def octets(self) -> int:
        """Octets of data."""
        return len(self.datagram.payload)

    @property
    def way(self) -> tuple[int, int, int, int]:
        """Source address and port, destination address and port."""
        packet, datagram = self.seen.packet, self.datagram
        return packet.source, datagram.source_port, packet.destination, datagram.destination_port


@dataclass(frozen=True, slots=True)
class SeenError:
    """One ICMP error: its ``name`` as in :data:`ICMP_ERRORS`, and the packet that it quotes, as far as it does."""

    seen: SeenPacket
    name: str
    message: IcmpMessage
    quoted: Ipv4Packet

    @property
    def quoted_way(self) -> tuple[int, int, int, int]:
        """Addresses and ports of the datagram (or segment) that is quoted, as of :attr:`SeenDatagram.way`."""
        ports = bytes(self.quoted.payload[:4]).ljust(4, b"\0")
        source, destination = int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")
        return self.quoted.source, source, self.quoted.destination, destination


class Outcome(Enum):
    """What came of a query."""

    ANSWERED = "answered"
    REFUSED = "port-unreachable"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One DNS query, and what came of it: an answer, an ICMP error that quotes it, or nothing.

    ``end_ns`` is when that was there; of a query without an answer when its sender asked again, or the end of the run.
    """

    query: SeenDatagram
    asked: DnsMessage
    outcome: Outcome
    end_ns: int
    reply: SeenDatagram | None = None
    answer: DnsMessage | None = None

    @property
    def name(self) -> str:
        """The name that was asked for."""
        return self.asked.questions[0].name


def read_packets(facts: RunFacts) -> list[SeenPacket]:
    """Return the IPv4 packets and fragments of a run in order of time; what is damaged is left out."""
    found = []
    for frame in facts.frames:
        if int.from_bytes(frame.octets[12:14], "big") != EtherType.IPV4:
            continue
        try:
            packet = Ipv4Packet.parse(frame.octets[HEADER_OCTETS:-FCS_OCTETS])
        except WireError:
            continue
        end_ns = frame.t_ns + (len(frame.octets) + PREAMBLE_OCTETS) * 8 * facts.bit_time_ns
        found.append(SeenPacket(frame.t_ns, end_ns, frame.tap, frame, packet))
    return found


def read_datagrams(facts: RunFacts) -> list[SeenDatagram]:
    """Return the UDP datagrams that are whole in one frame; a router's copy is one more."""
    found = []
    for seen in read_packets(facts):
        packet = seen.packet
        if packet.protocol != Protocol.UDP or packet.more_fragments or packet.fragment_offset_octets:
            continue
        try:
            datagram = UdpDatagram.parse(packet.payload, packet.source, packet.destination)
        except WireError:
            continue
        found.append(SeenDatagram(seen, datagram, int.from_bytes(packet.payload[6:8], "big")))
    return found


def read_icmp_errors(facts: RunFacts) -> list[SeenError]:
    """Return the ICMP errors of a run that have a name in :data:`ICMP_ERRORS`."""
    names = {number: name for name, number in ICMP_ERRORS.items()}
    found = []
    for seen in read_packets(facts):
        packet = seen.packet
        if packet.protocol != Protocol.ICMP or packet.more_fragments or packet.fragment_offset_octets:
            continue
        try:
            message = IcmpMessage.parse(packet.payload)
            name = names.get((message.type, message.code))
            if name is not None:
                found.append(SeenError(seen, name, message, Ipv4Packet.parse_quoted(message.payload)))
        except WireError:
            continue
    return found


def read_exchanges(facts: RunFacts) -> list[Exchange]:
    """Return the DNS queries over UDP in order of time, each with what came of it."""
    datagrams, errors = read_datagrams(facts), read_icmp_errors(facts)
    messages = [(each, message) for each in datagrams if DNS_PORT in each.way and (message := _message(each))]
    queries = [(each, message) for each, message in messages if not message.is_response]
    found = []
    for index, (query, asked) in enumerate(queries):
        source, source_port, destination, port = query.way
        back = (destination, port, source, source_port)
        reply = next(
            ((each, message) for each, message in messages
             if each.way == back and message.is_response and message.id == asked.id
             and each.seen.t_ns > query.seen.t_ns), None
        )  # fmt: skip
        refusal = next((each for each in errors if each.quoted_way == query.way), None)
        if reply is not None:
            found.append(Exchange(query, asked, Outcome.ANSWERED, reply[0].seen.end_ns, *reply))
        elif refusal is not None:
            found.append(Exchange(query, asked, Outcome.REFUSED, refusal.seen.end_ns))
        else:
            later = (each.seen.t_ns for each, _ in queries[index + 1 :] if each.way[0] == source)
            found.append(Exchange(query, asked, Outcome.SILENT, next(later, int(facts.result["sim_ns"]))))
    return found


def station_at(facts: RunFacts, address: int) -> str:
    """Return the name of the station that has an address, or the address as text."""
    text = format_ipv4(address)
    return next((name for name, each in facts.stations.items() if (each.get("ip") or "").split("/")[0] == text), text)


def _message(datagram: SeenDatagram) -> DnsMessage | None:
    try:
        message = DnsMessage.parse(datagram.datagram.payload)
    except WireError:
        return None
    return message if message.questions else None
