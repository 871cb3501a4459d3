"""TCP of one host: finds the connection of a segment, and answers those that have none (RFC 9293, 3.10.7.1, .2)."""

from __future__ import annotations

import errno
from hashlib import blake2b
from random import Random

from rig.errors import WireError
from rig.stack.endpoint import PortSpace
from rig.stack.events import EventKind, EventQueue
from rig.stack.icmp import IcmpLayer, NetworkError
from rig.stack.ipv4 import Ipv4Layer, Path
from rig.stack.loopback import Link
from rig.stack.tcp.arrival import segment_arrives
from rig.stack.tcp.connection import ACK, FIN, RST, SYN, Connection
from rig.stack.tcp.listener import Listener
from rig.stack.tcp.seq import HALF, MASK
from rig.stack.tcp.state import Cause, State
from rig.stack.tcp.syn_cookies import LIFETIME_NS, SynCookies
from rig.stack.tcp.tcb import DEFAULT_SEND_MSS, HEADERS_OCTETS, FourTuple
from rig.stack.timer_queue import TimerQueue
from rig.wire.checksum import internet_checksum, pseudo_header_sum
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpOptions, TcpSegment
from rig.wire.tcp_packet import parse_plain_packet

MINIMUM_PATH_MTU = 576  # a smaller one in an ICMP message is not believed: RFC 5927, 7.2


class TcpLayer:
    """All connections and listening ports of a host."""

    def __init__(self, ip: Ipv4Layer, icmp: IcmpLayer, events: EventQueue, timers: TimerQueue, source: Random) -> None:
        self.ip = ip
        self.config = ip.config.tcp
        self.counters = ip.counters
        self.events = events
        self.timers = timers
        self.ports = PortSpace(ip.config.ephemeral_ports, source)
        self.connections: dict[FourTuple, Connection] = {}
        self.listeners: dict[tuple[int, int], Listener] = {}
        self._secret = source.randbytes(16)
        self._cookies = SynCookies(self._secret)
        ip.register(Protocol.TCP, self.receive)
        icmp.on_error(Protocol.TCP, self._receive_error)

    def receive(self, packet: Ipv4Packet, link: Link, broadcast: bool, now_ns: int) -> None:
        """Take a segment that arrived."""
        counters = self.counters
        source, destination = packet.source, packet.destination
        try:
            segment = TcpSegment.parse(packet.payload, source, destination)
        except WireError:
            data = packet.payload
            sum_of_names = pseudo_header_sum(source, destination, Protocol.TCP, len(data))
            wrong = internet_checksum(data, sum_of_names) != 0
            counters.add("tcp_bad_checksum" if wrong else "tcp_malformed")
            return
        if broadcast:  # RFC 9293, 3.10.7.2 (MUST-57)
            counters.add("tcp_to_broadcast")
            return
        counters.add("tcp_segments_received")
        key = (destination, segment.destination_port, source, segment.source_port)
        connection = self.connections.get(key)
        if connection is not None and (
            connection.state is not State.TIME_WAIT or not self._is_reincarnation(connection, segment)
        ):
            segment_arrives(connection, segment, now_ns)
            return
        listener = self._listener(destination, segment.destination_port)
        if listener is not None:
            self._in_listen(listener, connection, packet, segment, now_ns)
            return
        counters.add("tcp_no_port")
        try:
            self.reset_for(segment, self.ip.path(source, destination), now_ns)
        except OSError:
            counters.add("tcp_no_route")

    def receive_plain(self, data: memoryview, link: Link, now_ns: int) -> bool:
        """Take a packet of a known connection in the short way; False, and nothing done, where it has to take the long.

        Addresses need no look: those of a connection were looked at when it was made, and its packets come in where
        it sends its own. What comes in elsewhere, a connection to ourselves among it, goes the long way.
        """
        plain = parse_plain_packet(data)
        if plain is None:
            return False
        source, destination, segment = plain
        connection = self.connections.get((destination, segment.destination_port, source, segment.source_port))
        if connection is None or connection.path.link is not link or connection.state is State.TIME_WAIT:
            return False
        self.counters.add("tcp_segments_received")
        segment_arrives(connection, segment, now_ns)
        return True

    def initial_sequence(self, four_tuple: FourTuple, now_ns: int) -> int:
        """Return an ISN: a clock of 4 us plus a keyed hash of the connection's name (RFC 6528)."""
        digest = blake2b(repr(four_tuple).encode(), key=self._secret, digest_size=4).digest()
        return (now_ns // 4000 + int.from_bytes(digest, "big")) & MASK

    def add(self, connection: Connection, now_ns: int) -> None:
        """Enter a connection under its name; ``OSError(EADDRINUSE)`` where there is one."""
        key = connection.four_tuple
        if key in self.connections:
            raise OSError(errno.EADDRINUSE, "this connection exists already")
        if len(self.connections) >= self.config.connection_limit:
            self.counters.add("tcp_connection_limit")
            raise OSError(errno.ENOBUFS, f"the stack has its limit of {self.config.connection_limit} connections")
        self.connections[key] = connection
        connection.path_mtu = self.ip.path_mtu(connection.path, now_ns)
        self.ports.use(connection.local_port)

    def forget(self, connection: Connection) -> None:
        """Remove a connection whose control block was deleted."""
        del self.connections[connection.four_tuple]
        self.ports.unuse(connection.local_port)
        if connection.listener is not None:
            connection.listener.forget(connection)
            connection.listener = None

    def established(self, connection: Connection) -> None:
        """Move a connection of a passive open to its listener's accept queue."""
        listener = connection.listener
        if listener is not None:
            del listener.half_open[connection]
            listener.accepted.append(connection)
            self.events.post(EventKind.ACCEPTABLE, listener.owner.handle)

    def reset_for(self, segment: TcpSegment, path: Path, now_ns: int) -> None:
        """Answer a segment with a reset, unless it is one (RFC 9293, 3.5.2)."""
        if segment.flags & RST:
            self.counters.add("tcp_rst_ignored")
            return
        self.counters.add("tcp_resets_sent")
        ports = segment.destination_port, segment.source_port
        if segment.flags & ACK:
            self.send_bare(path, *ports, segment.acknowledgement, 0, RST, now_ns)
        else:
            end = (segment.sequence + segment.sequence_length) & MASK
            self.send_bare(path, *ports, 0, end, RST | ACK, now_ns)

    def send_bare(
        self,
        path: Path,
        local_port: int,
        remote_port: int,
        sequence: int,
        acknowledgement: int,
        flags: int,
        now_ns: int,
    ) -> None:
        """Send a segment that is not part of a connection's output, with window 0 and no options."""
        segment = TcpSegment(local_port, remote_port, sequence, acknowledgement, flags, 0)
        octets = segment.serialize(path.source, path.destination)
        self.ip.send(path, Protocol.TCP, octets, now_ns, dont_fragment=True)

    def _is_reincarnation(self, connection: Connection, segment: TcpSegment) -> bool:
        """Tell whether a SYN may start anew a connection in TIME-WAIT (RFC 9293, 3.6.1, MAY-2; RFC 6191)."""
        if segment.flags & (SYN | ACK | RST | FIN) != SYN:
            return False
        return 0 < (segment.sequence - connection.receiver.rcv_nxt) & MASK < HALF

    def _listener(self, address: int, port: int) -> Listener | None:
        return self.listeners.get((address, port)) or self.listeners.get((0, port))

    def _in_listen(
        self, listener: Listener, old: Connection | None, packet: Ipv4Packet, segment: TcpSegment, now_ns: int
    ) -> None:
        """RFC 9293, 3.10.7.2. ``old`` is the connection in TIME-WAIT that the segment replaces."""
        counters = self.counters
        flags = segment.flags
        if flags & RST:
            counters.add("tcp_rst_ignored")
            return
        try:
            path = self.ip.path(packet.source, packet.destination)
        except OSError:
            counters.add("tcp_no_route")
            return
        if flags & ACK:
            if (
                flags & SYN
                or now_ns >= listener.cookies_until_ns
                or not self._open_by_cookie(listener, path, segment, now_ns)
            ):
                counters.add("tcp_ack_in_listen")
                self.reset_for(segment, path, now_ns)
            return
        if not flags & SYN:
            counters.add("tcp_no_syn_in_listen")
            return
        if not self._has_room(listener, old):
            return
        if old is not None:
            old.delete(Cause.TIMEOUT_2MSL, None)
        if len(listener.half_open) >= listener.syn_queue:
            counters.add("tcp_syn_queue_full")
            if self.config.syn_cookies:
                self._answer_with_cookie(listener, path, segment, now_ns)
                return
            next(iter(listener.half_open)).delete(Cause.GIVE_UP, None)
        if segment.payload or flags & FIN:
            counters.add("tcp_text_on_syn_ignored")  # not acknowledged, so the peer sends it again
        self._passive_open(listener, path, segment, now_ns)

    def _has_room(self, listener: Listener, old: Connection | None = None) -> bool:
        """Tell whether a port may have one more connection, in place of ``old`` if that is given; count why not."""
        if listener.is_full:
            self.counters.add("tcp_accept_queue_full")
            return False
        if old is None and len(self.connections) >= self.config.connection_limit:
            self.counters.add("tcp_connection_limit")
            return False
        return True

    def _answer_with_cookie(self, listener: Listener, path: Path, segment: TcpSegment, now_ns: int) -> None:
        """Answer a SYN and remember nothing of it."""
        self.counters.add("tcp_syn_cookies_sent")
        listener.cookies_until_ns = now_ns + LIFETIME_NS
        mss = segment.options.mss or DEFAULT_SEND_MSS
        answer = TcpSegment(
            segment.destination_port,
            segment.source_port,
            self._cookies.make(_name_of(path, segment), segment.sequence, mss, now_ns),
            (segment.sequence + 1) & MASK,
            SYN | ACK,
            min(self.config.receive_buffer_octets, 0xFFFF),
            options=TcpOptions(mss=path.link.mtu - HEADERS_OCTETS),
        )
        octets = answer.serialize(path.source, path.destination)
        self.ip.send(path, Protocol.TCP, octets, now_ns, dont_fragment=True)

    def _open_by_cookie(self, listener: Listener, path: Path, segment: TcpSegment, now_ns: int) -> bool:
        """Make up the connection whose SYN was answered with a cookie; False where this acknowledges none."""
        peer_iss = (segment.sequence - 1) & MASK
        cookie = (segment.acknowledgement - 1) & MASK
        mss = self._cookies.check(_name_of(path, segment), peer_iss, cookie, now_ns)
        if mss is None:
            return False
        if not self._has_room(listener):
            return True  # not a word: the peer sends its text again, and that is an acknowledgement too
        self.counters.add("tcp_syn_cookies_accepted")
        connection = self._half_open(listener, path, segment, cookie, now_ns)
        connection.receiver.start(peer_iss)
        connection.receiver.rcv_adv = (segment.sequence + min(self.config.receive_buffer_octets, 0xFFFF)) & MASK
        connection.agree_on_options(TcpOptions(mss=mss), now_ns)
        connection.sender.set_window(segment.window, segment.sequence, cookie)
        connection.sender.assume_syn_sent()
        segment_arrives(connection, segment, now_ns)
        return True

    def _passive_open(self, listener: Listener, path: Path, segment: TcpSegment, now_ns: int) -> None:
        iss = self.initial_sequence(_name_of(path, segment), now_ns)
        connection = self._half_open(listener, path, segment, iss, now_ns)
        connection.receiver.start(segment.sequence)
        connection.agree_on_options(segment.options, now_ns)
        connection.sender.set_window(segment.window, segment.sequence, iss)
        connection.settle()

    def _half_open(self, listener: Listener, path: Path, segment: TcpSegment, iss: int, now_ns: int) -> Connection:
        connection = Connection(self, path, segment.destination_port, segment.source_port, iss)
        connection.opened_passively = True
        connection.listener = listener
        listener.owner.apply_options(connection)
        self.add(connection, now_ns)
        listener.half_open[connection] = None
        connection.move(Cause.PASSIVE_OPEN)
        connection.move(Cause.SYN)
        connection.sender.give_up_after_ns = connection.give_up_after_ns()
        return connection

    def _receive_error(self, error: NetworkError, now_ns: int) -> None:
        """Give an ICMP error to its connection, if it quotes something that is in flight (RFC 5927, 4.1)."""
        quoted = error.packet
        data = bytes(quoted.payload[:8])
        ports = int.from_bytes(data[0:2], "big"), int.from_bytes(data[2:4], "big")
        connection = self.connections.get((quoted.source, ports[0], quoted.destination, ports[1]))
        if connection is None:
            self.counters.add("icmp_error_not_ours")
            return
        sender = connection.sender
        if (int.from_bytes(data[4:8], "big") - sender.snd_una) & MASK >= sender.flight:
            self.counters.add("tcp_icmp_error_not_in_flight")
            return
        opening = connection.state is State.SYN_SENT
        if error.next_hop_mtu is not None:
            mtu = max(error.next_hop_mtu, MINIMUM_PATH_MTU)
            self.ip.lower_path_mtu(connection.remote_address, mtu, now_ns)
            connection.path_too_narrow(mtu)
            connection.settle()
        elif opening and (error.is_hard or error.is_local):
            connection.give_up(error.exception())
        else:  # soft, or hard in a synchronized state, which RFC 5461 treats as soft
            self.counters.add("tcp_soft_errors")
            connection.soft_error = error.exception()


def _name_of(path: Path, segment: TcpSegment) -> FourTuple:
    return path.source, segment.destination_port, path.destination, segment.source_port
