"""A stack as a router: RFC 1812, 5.2 and 5.3; routes and redirects: RFC 1122, 3.3.1; path MTU: RFC 1191."""

from __future__ import annotations

import errno
from random import Random

import pytest

from rig.stack.config import InterfaceConfig, Ipv4Config, StackConfig, TcpConfig
from rig.stack.counters import Counters
from rig.stack.fragments import Reassembler, fragment
from rig.stack.path_mtu import LIFETIME_NS, PathMtuCache
from rig.stack.stack import SocketKind, Stack
from rig.stack.timer_queue import TimerQueue
from rig.wire.address import parse_ipv4
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ethernet import BROADCAST
from rig.wire.icmp import IcmpMessage, IcmpType
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.udp import UdpDatagram
from tests.helpers.tcp_script import PLAIN, TcpScript
from tests.stack.bench import FAR_IP, GATEWAY_IP, OUR_IP, PEER_IP, Bench

requirement = pytest.mark.requirement
LEFT_MAC, RIGHT_MAC = bytes.fromhex("020000000011"), bytes.fromhex("020000000022")
HOST_MAC, OTHER_MAC = bytes.fromhex("0200000000aa"), bytes.fromhex("0200000000bb")
LEFT_IP, RIGHT_IP = parse_ipv4("10.1.0.1"), parse_ipv4("10.2.0.1")
HOST_IP, OTHER_IP = parse_ipv4("10.1.0.9"), parse_ipv4("10.2.0.9")
BEHIND_IP, DEAD_IP, NOWHERE_IP = parse_ipv4("10.3.0.9"), parse_ipv4("10.2.0.77"), parse_ipv4("192.0.2.1")
SECOND_IP, SECOND_MAC = parse_ipv4("10.1.0.2"), bytes.fromhex("0200000000cc")


class Router:
    """A router between 10.1.0.0/24 and 10.2.0.0/24, with 10.3.0.0/24 behind a second router on the left."""

    def __init__(
        self,
        *,
        forwarding: bool = True,
        right_mtu: int = 1500,
        send_redirects: bool = True,
        accept_redirects: bool = True,
    ) -> None:
        interfaces = (
            InterfaceConfig(LEFT_MAC, LEFT_IP, 24, name="left"),
            InterfaceConfig(RIGHT_MAC, RIGHT_IP, 24, right_mtu, name="right"),
        )
        config = StackConfig(
            interfaces,
            forwarding=forwarding,
            send_redirects=send_redirects,
            accept_redirects=accept_redirects,
            tcp=TcpConfig(),
        )
        self.stack = Stack(config, Random(1))
        self.stack.add_route(parse_ipv4("10.3.0.0"), 24, SECOND_IP)
        self._learn(0, HOST_MAC, HOST_IP, LEFT_MAC, LEFT_IP)
        self._learn(0, SECOND_MAC, SECOND_IP, LEFT_MAC, LEFT_IP)
        self._learn(1, OTHER_MAC, OTHER_IP, RIGHT_MAC, RIGHT_IP)

    def _learn(self, interface: int, mac: bytes, address: int, own_mac: bytes, own: int) -> None:
        packet = ArpPacket(ArpOperation.REPLY, mac, address, own_mac, own)
        self.stack.receive_frame(own_mac + mac + b"\x08\x06" + packet.serialize(), 0, interface)

    def arrives(self, packet: Ipv4Packet, *, destination: bytes = LEFT_MAC, now_ns: int = 0) -> None:
        """Let a packet come from the host on the left."""
        self.stack.receive_frame(destination + HOST_MAC + b"\x08\x00" + packet.serialize(), now_ns, 0)

    def sent(self, interface: int, now_ns: int = 0) -> list[tuple[bytes, Ipv4Packet]]:
        """Return (destination MAC address, packet) of what goes out of an interface."""
        frames = self.stack.frames_to_send(now_ns, interface)
        return [(frame[:6], Ipv4Packet.parse(frame[14:])) for frame in frames if frame[12:14] == b"\x08\x00"]

    def error(self, now_ns: int = 0) -> tuple[Ipv4Packet, IcmpMessage]:
        """Return the one ICMP message sent to the left."""
        ((_, packet),) = self.sent(0, now_ns)
        assert packet.protocol == Protocol.ICMP
        return packet, IcmpMessage.parse(packet.payload)


def _packet(destination: int, octets: int = 100, **changes: object) -> Ipv4Packet:
    fields: dict[str, object] = {"source": HOST_IP, "destination": destination, "protocol": 17, "ttl": 64, **changes}
    return Ipv4Packet(payload=bytes(octets), **fields)  # type: ignore[arg-type]


@requirement("RFC1812-5.2")
def test_packet_goes_on_with_its_ttl_lowered_and_nothing_else_changed() -> None:
    router = Router()
    packet = _packet(OTHER_IP, ttl=2, identification=77, dscp=5, ecn=2, options=b"\x01\x01\x01\x00")
    router.arrives(packet)
    ((mac, out),) = router.sent(1)
    assert mac == OTHER_MAC and router.sent(0) == []
    assert (out.ttl, out.identification, out.dscp, out.ecn, out.options) == (1, 77, 5, 2, packet.options)
    assert bytes(out.payload) == bytes(packet.payload)
    assert router.stack.counters()["ip_forwarded"] == 1


def test_a_host_does_not_forward() -> None:
    router = Router(forwarding=False)
    router.arrives(_packet(OTHER_IP))
    assert router.sent(1) == [] and router.stack.counters()["ip_not_for_us"] == 1


@requirement("RFC1812-5.3.1")
@requirement("RFC792-time-exceeded")
@pytest.mark.parametrize("ttl", [0, 1])
def test_ttl_that_runs_out_is_answered_with_time_exceeded(ttl: int) -> None:
    router = Router()
    packet = _packet(OTHER_IP, ttl=ttl)
    router.arrives(packet)
    carrier, message = router.error()
    assert (message.type, message.code) == (IcmpType.TIME_EXCEEDED, 0)
    assert (carrier.source, carrier.destination) == (LEFT_IP, HOST_IP)
    assert bytes(message.payload) == packet.serialize()
    assert router.sent(1) == []


def test_packet_for_the_router_itself_may_have_any_ttl() -> None:
    router = Router()
    router.arrives(Ipv4Packet(HOST_IP, RIGHT_IP, 1, IcmpMessage.echo_request(1, 2).serialize(), 1))
    _, message = router.error()
    assert message.type == IcmpType.ECHO_REPLY


@requirement("RFC1812-4.3.3.1")
def test_no_route_is_answered_with_network_unreachable() -> None:
    router = Router()
    router.arrives(_packet(NOWHERE_IP))
    _, message = router.error()
    assert (message.type, message.code) == (IcmpType.DESTINATION_UNREACHABLE, 0)


@requirement("RFC1812-4.3.3.1")
def test_silent_neighbour_is_answered_with_host_unreachable() -> None:
    router = Router()
    router.arrives(_packet(DEAD_IP))
    while (deadline_ns := router.stack.next_deadline()) is not None and deadline_ns < 10_000_000_000:
        router.stack.handle_timers(deadline_ns)
        router.sent(1, deadline_ns)
    _, message = router.error(10_000_000_000)
    assert (message.type, message.code) == (IcmpType.DESTINATION_UNREACHABLE, 1)


@requirement("RFC1191-4")
def test_packet_too_long_for_the_next_link_with_df_is_answered_with_its_mtu() -> None:
    router = Router(right_mtu=600)
    router.arrives(_packet(OTHER_IP, 1000, dont_fragment=True))
    _, message = router.error()
    assert (message.type, message.code, message.rest_of_header) == (IcmpType.DESTINATION_UNREACHABLE, 4, 600)
    assert router.sent(1) == []


@requirement("RFC791-fragmentation")
def test_packet_too_long_without_df_is_fragmented_and_fragments_again() -> None:
    router = Router(right_mtu=600)
    whole = _packet(OTHER_IP, 3000, identification=5)
    for part in fragment(whole, 1500):
        router.arrives(part)
    reassembler = Reassembler(Ipv4Config(), Counters(), TimerQueue(), lambda first, now_ns: None)
    parts = [packet for _, packet in router.sent(1)]
    assert len(parts) == 7 and all(20 + len(part.payload) <= 600 for part in parts)
    results = [reassembler.add(part, 0) for part in parts]
    assert results[-1] is not None and bytes(results[-1].payload) == bytes(3000)


def test_a_full_path_mtu_cache_forgets_for_newcomers_only() -> None:
    counters = Counters()
    cache = PathMtuCache(counters)
    for address in range(1024):
        cache.lower(address, 1400, 0)
    cache.lower(1023, 1300, 0)
    assert (cache.mtu(0, 0), cache.mtu(1023, 0), counters["ip_path_mtu_cache_full"]) == (1400, 1300, 0)
    cache.lower(1024, 1400, 0)
    assert (cache.mtu(0, 0), cache.mtu(1024, 0), counters["ip_path_mtu_cache_full"]) == (None, 1400, 1)


def test_a_path_mtu_is_only_lowered_until_it_is_forgotten() -> None:
    cache = PathMtuCache(Counters())
    cache.lower(FAR_IP, 1000, 0)
    cache.lower(FAR_IP, 1400, 1)
    assert cache.mtu(FAR_IP, LIFETIME_NS - 1) == 1000
    assert cache.mtu(FAR_IP, LIFETIME_NS) is None
    cache.lower(FAR_IP, 1400, LIFETIME_NS)
    assert cache.mtu(FAR_IP, LIFETIME_NS) == 1400


@requirement("RFC1812-5.2.7.2")
def test_shorter_way_is_told_and_the_packet_goes_on() -> None:
    router = Router()
    router.arrives(_packet(BEHIND_IP))
    (redirect, forwarded) = router.sent(0)
    message = IcmpMessage.parse(redirect[1].payload)
    assert (message.type, message.code, message.rest_of_header) == (IcmpType.REDIRECT, 1, SECOND_IP)
    assert forwarded[0] == SECOND_MAC and forwarded[1].destination == BEHIND_IP
    quiet = Router(send_redirects=False)
    quiet.arrives(_packet(BEHIND_IP))
    assert len(quiet.sent(0)) == 1
    stranger = Router()  # who is not on that network cannot use a first hop there
    stranger.arrives(_packet(BEHIND_IP, source=OTHER_IP))
    assert (len(stranger.sent(0)), stranger.sent(1)) == (1, [])


@requirement("RFC1812-5.3.5")
@pytest.mark.parametrize(
    "destination, mac, counter",
    [
        ("10.2.0.255", LEFT_MAC, "ip_directed_broadcast_dropped"),
        ("224.0.0.5", b"\x01\x00\x5e\x00\x00\x05", "ip_not_for_us"),
        ("240.0.0.1", LEFT_MAC, "ip_not_forwardable"),
        ("127.0.0.1", LEFT_MAC, "ip_not_forwardable"),
        ("0.0.0.5", LEFT_MAC, "ip_not_forwardable"),
        ("10.2.0.9", BROADCAST, "ip_not_for_us"),
    ],
)
def test_what_is_never_forwarded(destination: str, mac: bytes, counter: str) -> None:
    router = Router()
    router.arrives(_packet(parse_ipv4(destination)), destination=mac)
    assert router.sent(0) == router.sent(1) == []
    assert router.stack.counters()[counter] == 1


@pytest.mark.parametrize("source", ["127.0.0.1", "255.255.255.255", "10.1.0.255", "224.0.0.1", "10.2.0.1"])
def test_forged_source_is_not_forwarded(source: str) -> None:
    router = Router()
    router.arrives(_packet(OTHER_IP, source=parse_ipv4(source)))
    assert router.sent(1) == [] and router.stack.counters()["ip_bad_source"] == 1


def test_error_about_an_error_is_not_sent_by_a_router_either() -> None:
    router = Router()
    quoted = _packet(HOST_IP, source=OTHER_IP).serialize()
    message = IcmpMessage(IcmpType.DESTINATION_UNREACHABLE, 3, 0, quoted).serialize()
    router.arrives(Ipv4Packet(HOST_IP, NOWHERE_IP, Protocol.ICMP, message))
    assert router.sent(0) == []


# Routes and redirects of a host


def test_routes_through_the_interface() -> None:
    stack = Bench().stack
    network = parse_ipv4("172.16.0.0")
    stack.add_route(network, 12, PEER_IP, metric=5)
    stack.add_route(parse_ipv4("198.51.100.0"), 24, None, interface=0)
    found = {(route.network, route.prefix_length): (route.gateway, route.metric) for route in stack.routes()}
    assert found[network, 12] == (PEER_IP, 5)
    assert found[0, 0] == (GATEWAY_IP, 0)
    assert found[parse_ipv4("198.51.100.0"), 24] == (None, 0)
    stack.remove_route(network, 12, PEER_IP)
    with pytest.raises(OSError) as caught:
        stack.remove_route(network, 12, PEER_IP)
    assert caught.value.errno == errno.ESRCH
    for arguments, number in (
        ((network + 1, 12, PEER_IP), errno.EINVAL),
        ((network, 33, PEER_IP), errno.EINVAL),
        ((network, 12, FAR_IP), errno.ENETUNREACH),
        ((network, 12, OUR_IP), errno.ENETUNREACH),
        ((network, 12, None), errno.EINVAL),
    ):
        with pytest.raises(OSError) as caught:
            stack.add_route(*arguments)  # type: ignore[arg-type]
        assert caught.value.errno == number


def _send_far(bench: Bench) -> bytes:
    handle = bench.stack.socket(SocketKind.DATAGRAM)
    bench.stack.send_to(handle, b"x", FAR_IP, 9, bench.now_ns)
    (frame,) = bench.sent()
    return frame.destination


def _redirect(bench: Bench, sender: int, gateway: int, about: int = FAR_IP) -> None:
    quoted = Ipv4Packet(OUR_IP, about, 17, UdpDatagram(1, 2, b"").serialize(OUR_IP, about)).serialize()
    message = IcmpMessage(IcmpType.REDIRECT, 1, gateway, quoted).serialize()
    bench.ip(Ipv4Packet(sender, OUR_IP, Protocol.ICMP, message))


@requirement("RFC1122-3.3.1")
@requirement("RFC1122-3.2.2.2")
def test_redirect_of_the_first_hop_is_followed() -> None:
    bench = Bench()
    before = _send_far(bench)
    _redirect(bench, GATEWAY_IP, PEER_IP)
    after = _send_far(bench)
    assert (before[-1], after[-1]) == (0xFE, 0x02)
    assert bench.counter("icmp_redirect_followed") == 1


@requirement("RFC1122-3.2.2.2")
@pytest.mark.parametrize(
    "sender, gateway, about",
    [
        (PEER_IP, PEER_IP, FAR_IP),  # not from the present first hop
        (GATEWAY_IP, FAR_IP + 1, FAR_IP),  # to a gateway that is no neighbour
        (GATEWAY_IP, OUR_IP, FAR_IP),
        (GATEWAY_IP, OUR_IP | 0xFF, FAR_IP),  # to the broadcast address
        (GATEWAY_IP, PEER_IP, PEER_IP),  # about a neighbour
    ],
)
def test_redirect_that_cannot_be_right_is_ignored(sender: int, gateway: int, about: int) -> None:
    bench = Bench()
    _redirect(bench, sender, gateway, about)
    assert bench.counter("icmp_redirect_ignored") == 1
    assert _send_far(bench)[-1] == 0xFE


def _redirected(stack: Stack, sender: int, interface: int) -> None:
    """Let the second router's neighbourhood tell a better way to 10.3.0.9."""
    quoted = Ipv4Packet(LEFT_IP, BEHIND_IP, 17, UdpDatagram(1, 2, b"").serialize(LEFT_IP, BEHIND_IP)).serialize()
    message = IcmpMessage(IcmpType.REDIRECT, 1, HOST_IP if interface == 0 else OTHER_IP, quoted).serialize()
    packet = Ipv4Packet(sender, LEFT_IP, Protocol.ICMP, message)
    own_mac, mac = (LEFT_MAC, SECOND_MAC) if interface == 0 else (RIGHT_MAC, OTHER_MAC)
    stack.receive_frame(own_mac + mac + b"\x08\x00" + packet.serialize(), 0, interface)


@requirement("RFC1122-3.2.2.2")
@pytest.mark.parametrize(
    "forwarding, accept, interface, followed",
    [
        (False, True, 0, True),
        (True, True, 0, False),  # a router has its routes from whoever configures it: RFC 1812, 5.2.7.2
        (False, False, 0, False),
        (False, True, 1, False),  # the first hop's address, on a link that it is not on
    ],
    ids=["a host", "a router", "switched off", "over another interface"],
)
def test_who_follows_a_redirect(forwarding: bool, accept: bool, interface: int, followed: bool) -> None:
    stack = Router(forwarding=forwarding, accept_redirects=accept).stack
    _redirected(stack, SECOND_IP, interface)
    assert [route.gateway for route in stack.routes() if route.is_redirect] == ([HOST_IP] if followed else [])
    assert stack.counters()["icmp_redirect_followed" if followed else "icmp_redirect_ignored"] == 1


@requirement("RFC1122-3.2.2")
def test_no_error_about_a_later_fragment_is_sent_by_a_router() -> None:
    router = Router()
    router.arrives(_packet(OTHER_IP, ttl=1, fragment_offset_octets=1480))
    assert router.sent(0) == [] and router.stack.counters()["icmp_error_suppressed"] == 1


def test_an_error_comes_from_the_address_that_was_asked() -> None:
    router = Router()
    router.arrives(_packet(RIGHT_IP, protocol=99))
    carrier, message = router.error()
    assert carrier.source == RIGHT_IP and message.type == IcmpType.DESTINATION_UNREACHABLE


def test_a_datagram_is_cut_to_the_path_mtu_that_is_known() -> None:
    bench = Bench()
    bench.stack._ip.lower_path_mtu(FAR_IP, 600, 0)
    handle = bench.stack.socket(SocketKind.DATAGRAM)
    for address, lengths in ((FAR_IP, [596, 452]), (FAR_IP + 1, [1028])):
        bench.stack.send_to(handle, bytes(1000), address, 9, 0)
        sent = [packet for packet in bench.sent_ip() if packet.destination == address]
        assert [packet.header_octets + len(packet.payload) for packet in sent] == lengths


def test_redirects_are_bounded() -> None:
    bench = Bench()
    for number in range(400):
        _redirect(bench, GATEWAY_IP, PEER_IP, FAR_IP + number)
    assert len(bench.stack.routes()) <= 2 + 256


def test_a_connection_follows_when_a_route_is_removed() -> None:
    script = TcpScript(PLAIN)
    script.stack.add_route(PEER_IP, 32, GATEWAY_IP)
    path = script.stack._ip.path(PEER_IP)
    assert path.next_hop == GATEWAY_IP
    script.stack.remove_route(PEER_IP, 32, GATEWAY_IP)
    assert path.refresh() and path.next_hop == PEER_IP


def test_a_connection_follows_the_routing_table() -> None:
    script = TcpScript(PLAIN)
    script.open_passively()
    frames: list[bytes] = []
    script._frame_from_stack = frames.append  # type: ignore[method-assign]
    script.stack.add_route(PEER_IP, 32, GATEWAY_IP)
    script.write(1, b"x")
    (request,) = frames
    assert request[12:14] == b"\x08\x06" and request[38:42] == bytes((10, 0, 0, 254)), "ARP for the new first hop"


@requirement("RFC1191-6.3")
def test_next_connection_to_the_same_destination_knows_the_path_mtu_until_it_is_old() -> None:
    script = TcpScript(PLAIN)
    script.open_passively()
    script.write(1, bytes(1460))
    script.expect(1, "PA", length=1460)
    script.icmp_error(2, 3, 4, seq=1, rest=1000)
    script.expect(2, "A", seq=1, length=960)
    script.expect(2, "PA", seq=961, length=500)
    script.send(3, "A")
    script.abort(4)
    for start_ms, expected in ((1000, 960), (700_000, 1460)):
        script.take_all(start_ms)
        script.peer_nxt, script.iss, script.stack_nxt = 0, None, 0
        script.peer_iss += 100_000
        script.send(start_ms, "S", mss=1460)
        script.expect(start_ms, "SA", mss=1460)
        script.send(start_ms, "A")
        script.accept()
        script.write(start_ms, bytes(3000))
        assert len(script.take_all(start_ms)[0].data) == expected
        script.abort(start_ms + 1)
        script.take_all(start_ms + 1)
