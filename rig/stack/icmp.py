"""ICMP: echo, errors sent and errors received (RFC 792; RFC 1122, 3.2.2).

Errors are never sent about an ICMP error, a broadcast or multicast packet, a fragment other than the first, or a source
that is no single host; what may be sent passes a token bucket. Errors received are steered to the transport protocol of
the packet they quote, which decides whose they are and what they mean.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass

from rig.errors import WireError
from rig.stack.ipv4 import Ipv4Layer
from rig.stack.loopback import Link
from rig.units import NS_PER_S
from rig.wire.icmp import IcmpMessage, IcmpType, TimeExceededCode, UnreachableCode
from rig.wire.ipv4 import Ipv4Packet, Protocol

QUOTED_OCTETS = 548  # so that the error is no longer than 576 octets: RFC 1812, 4.3.2.3

_ERRORS = frozenset(
    {
        IcmpType.DESTINATION_UNREACHABLE,
        IcmpType.SOURCE_QUENCH,
        IcmpType.REDIRECT,
        IcmpType.TIME_EXCEEDED,
        IcmpType.PARAMETER_PROBLEM,
    }
)
_UNREACHABLE_ERRNO = {
    UnreachableCode.NETWORK: errno.ENETUNREACH,
    UnreachableCode.HOST: errno.EHOSTUNREACH,
    UnreachableCode.PROTOCOL: errno.ENOPROTOOPT,
    UnreachableCode.PORT: errno.ECONNREFUSED,
    UnreachableCode.FRAGMENTATION_NEEDED: errno.EMSGSIZE,
}


@dataclass(frozen=True, slots=True)
class NetworkError:
    """Something that went wrong with ``packet``, one of ours; its payload may be cut to 8 octets.

    ``is_hard``: trying again is useless (RFC 1122, 4.2.3.9). ``is_local``: found by this host, not told by another.
    ``next_hop_mtu`` is set where the packet was too long for a link, and may be 0 (RFC 1191, 4).
    """

    packet: Ipv4Packet
    number: int
    is_hard: bool
    is_local: bool = False
    next_hop_mtu: int | None = None

    def exception(self) -> OSError:
        """Return the error as socket calls raise it."""
        who = "found here: the next hop does not answer" if self.is_local else "reported by the network"
        return OSError(self.number, f"{errno.errorcode[self.number]} {who}")


ErrorHandler = Callable[[NetworkError, int], None]
EchoHandler = Callable[[Ipv4Packet, IcmpMessage], bool]


class IcmpLayer:
    """ICMP of one host."""

    def __init__(self, ip: Ipv4Layer) -> None:
        self._ip = ip
        self._counters = ip.counters
        self._config = ip.config.ipv4
        self._error_handlers: dict[int, ErrorHandler] = {}
        self._echo_handler: EchoHandler | None = None
        self._tokens_ns = self._config.icmp_error_burst * (NS_PER_S // self._config.icmp_errors_per_second)
        self._tokens_at_ns = 0
        ip.register(Protocol.ICMP, self.receive)
        ip.report_errors_to(self)

    def on_error(self, protocol: int, handler: ErrorHandler) -> None:
        """Steer errors about packets of ``protocol`` to ``handler``."""
        self._error_handlers[protocol] = handler

    def on_echo_reply(self, handler: EchoHandler) -> None:
        """Give echo replies to ``handler``, which tells whether somebody waited for it."""
        self._echo_handler = handler

    def receive(self, packet: Ipv4Packet, link: Link, broadcast: bool, now_ns: int) -> None:
        """Take an ICMP message."""
        try:
            message = IcmpMessage.parse(packet.payload)
        except WireError:
            self._counters.add("icmp_malformed")
            return
        if message.type == IcmpType.ECHO_REQUEST:
            self._answer_echo(packet, message, link, broadcast, now_ns)
        elif message.type == IcmpType.ECHO_REPLY:
            if self._echo_handler is None or not self._echo_handler(packet, message):
                self._counters.add("icmp_echo_reply_unexpected")
        elif message.type in _ERRORS:
            self._receive_error(packet, message, link, now_ns)
        else:
            self._counters.add("icmp_unknown_type")

    def port_unreachable(self, packet: Ipv4Packet, link: Link, broadcast: bool, now_ns: int) -> None:
        """Tell the sender that no socket has the packet's destination port."""
        self._send_error(IcmpType.DESTINATION_UNREACHABLE, UnreachableCode.PORT, packet, broadcast, now_ns)

    def protocol_unreachable(self, packet: Ipv4Packet, link: Link, broadcast: bool, now_ns: int) -> None:
        """Tell the sender that nothing here speaks the packet's protocol."""
        self._send_error(IcmpType.DESTINATION_UNREACHABLE, UnreachableCode.PROTOCOL, packet, broadcast, now_ns)

    def reassembly_timed_out(self, first: Ipv4Packet, now_ns: int) -> None:
        """Tell the sender that the rest of a datagram did not come; ``first`` is its first fragment."""
        if first.destination in self._ip.addresses:
            self._send_error(IcmpType.TIME_EXCEEDED, TimeExceededCode.REASSEMBLY, first, False, now_ns)
        else:
            self._counters.add("icmp_error_suppressed")

    def ttl_exceeded(self, packet: Ipv4Packet, now_ns: int) -> None:
        """Tell the sender that its packet's time to live ran out here."""
        self._send_error(IcmpType.TIME_EXCEEDED, TimeExceededCode.TTL, packet, False, now_ns)

    def network_unreachable(self, packet: Ipv4Packet, now_ns: int) -> None:
        """Tell the sender that no route leads to the packet's destination."""
        self._send_error(IcmpType.DESTINATION_UNREACHABLE, UnreachableCode.NETWORK, packet, False, now_ns)

    def fragmentation_needed(self, packet: Ipv4Packet, mtu: int, now_ns: int) -> None:
        """Tell the sender how long a packet the next link takes (RFC 1191, 4)."""
        code = UnreachableCode.FRAGMENTATION_NEEDED
        self._send_error(IcmpType.DESTINATION_UNREACHABLE, code, packet, False, now_ns, rest_of_header=mtu)

    def redirect(self, packet: Ipv4Packet, gateway: int, now_ns: int) -> None:
        """Tell the sender of a better first hop for this destination (RFC 1812, 5.2.7.2: code 1, for the host)."""
        self._send_error(IcmpType.REDIRECT, 1, packet, False, now_ns, rest_of_header=gateway)

    def host_unreachable(self, packet: Ipv4Packet, now_ns: int) -> None:
        """Tell the sender of a packet, or our transport protocol if it is ours, that the next hop is silent."""
        if packet.source not in self._ip.addresses:
            self._send_error(IcmpType.DESTINATION_UNREACHABLE, UnreachableCode.HOST, packet, False, now_ns)
            return
        self._dispatch(NetworkError(packet, errno.EHOSTUNREACH, is_hard=False, is_local=True), now_ns)

    def _answer_echo(self, packet: Ipv4Packet, message: IcmpMessage, link: Link, broadcast: bool, now_ns: int) -> None:
        if broadcast and not self._config.answer_broadcast_echo:
            self._counters.add("icmp_broadcast_echo_ignored")
            return
        source = getattr(link, "address", 0) if broadcast else packet.destination
        self._send(IcmpMessage.echo_reply(message), packet.source, source, now_ns)
        self._counters.add("icmp_echo_replies_sent")

    def _send(self, message: IcmpMessage, destination: int, source: int, now_ns: int) -> None:
        try:
            path = self._ip.path(destination, source)
        except OSError:
            self._counters.add("icmp_no_route")
            return
        self._ip.send(path, Protocol.ICMP, message.serialize(), now_ns)

    def _send_error(
        self, kind: IcmpType, code: int, packet: Ipv4Packet, broadcast: bool, now_ns: int, *, rest_of_header: int = 0
    ) -> None:
        if broadcast or packet.fragment_offset_octets or self._quotes_error(packet):
            self._counters.add("icmp_error_suppressed")
        elif not self._take_token(now_ns):
            self._counters.add("icmp_error_rate_limited")
        else:
            quoted = packet.serialize()[:QUOTED_OCTETS]
            self._counters.add("icmp_errors_sent")
            source = packet.destination if packet.destination in self._ip.addresses else 0
            self._send(IcmpMessage(kind, code, rest_of_header, quoted), packet.source, source, now_ns)

    @staticmethod
    def _quotes_error(packet: Ipv4Packet) -> bool:
        """Tell whether a packet is an ICMP message about which no error may be sent: anything but a known query."""
        if packet.protocol != Protocol.ICMP:
            return False
        queries = (IcmpType.ECHO_REQUEST, IcmpType.ECHO_REPLY, IcmpType.TIMESTAMP_REQUEST, IcmpType.TIMESTAMP_REPLY)
        return not len(packet.payload) or packet.payload[0] not in queries

    def _take_token(self, now_ns: int) -> bool:
        interval_ns = NS_PER_S // self._config.icmp_errors_per_second
        full_ns = self._config.icmp_error_burst * interval_ns
        self._tokens_ns = min(full_ns, self._tokens_ns + now_ns - self._tokens_at_ns)
        self._tokens_at_ns = now_ns
        if self._tokens_ns < interval_ns:
            return False
        self._tokens_ns -= interval_ns
        return True

    def _receive_error(self, carrier: Ipv4Packet, message: IcmpMessage, link: Link, now_ns: int) -> None:
        if message.type == IcmpType.SOURCE_QUENCH:  # RFC 6633
            self._counters.add("icmp_source_quench")
            return
        try:
            packet = Ipv4Packet.parse_quoted(message.payload)
        except WireError:
            self._counters.add("icmp_malformed")
            return
        if packet.source not in self._ip.addresses or len(packet.payload) < 8 or packet.fragment_offset_octets:
            self._counters.add("icmp_error_not_ours")
            return
        if message.type == IcmpType.REDIRECT:
            is_followed = self._ip.redirected(packet.destination, message.rest_of_header, carrier.source, link)
            self._counters.add("icmp_redirect_followed" if is_followed else "icmp_redirect_ignored")
            return
        mtu: int | None = None
        hard = False
        number = errno.EHOSTUNREACH
        if message.type == IcmpType.DESTINATION_UNREACHABLE:
            number = _UNREACHABLE_ERRNO.get(UnreachableCode(message.code), number) if message.code < 6 else number
            hard = message.code in (UnreachableCode.PROTOCOL, UnreachableCode.PORT)
            if message.code == UnreachableCode.FRAGMENTATION_NEEDED:
                mtu = message.rest_of_header & 0xFFFF
        elif message.type == IcmpType.PARAMETER_PROBLEM:
            number = errno.EPROTO
        self._dispatch(NetworkError(packet, number, hard, next_hop_mtu=mtu), now_ns)

    def _dispatch(self, error: NetworkError, now_ns: int) -> None:
        handler = self._error_handlers.get(error.packet.protocol)
        if handler is None:
            self._counters.add("icmp_error_not_ours")
        else:
            handler(error, now_ns)
