"""What a stack is told when it is made: addresses, timing and the limit of every queue.

All values are immutable, so that one configuration may serve several hosts of a scenario. Times are integer
nanoseconds. A scenario on the Verilog adapter shrinks the TCP times, because a simulated second of idle line costs
many real ones; the defaults here are those of the RFCs named beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from rig.errors import UsageError
from rig.units import NS_PER_MS, NS_PER_S

IPV4_MINIMUM_MTU = 68  # RFC 791, 3.2: every internet module must forward a datagram of 68 octets whole


@dataclass(frozen=True, slots=True)
class InterfaceConfig:
    """One attachment to a link.

    ``mac`` is 6 octets, ``address`` a 32-bit integer, ``prefix_length`` 0..32, ``mtu`` the largest IP packet in octets.
    """

    mac: bytes
    address: int
    prefix_length: int
    mtu: int = 1500
    name: str = "eth0"

    def __post_init__(self) -> None:
        if len(self.mac) != 6 or self.mac[0] & 1:
            mac = self.mac.hex(":")
            raise UsageError(f"interface {self.name}: mac is {mac}; expected 6 octets, not a group address")
        if not 0 <= self.prefix_length <= 32:
            raise UsageError(f"interface {self.name}: prefix_length is {self.prefix_length}; expected 0..32")
        if not 0 < self.address < 0xE0000000:
            raise UsageError(f"interface {self.name}: address is {self.address:#x}; expected a unicast IPv4 address")
        if not IPV4_MINIMUM_MTU <= self.mtu <= 65535:
            raise UsageError(f"interface {self.name}: mtu is {self.mtu}; expected {IPV4_MINIMUM_MTU}..65535 octets")


@dataclass(frozen=True, slots=True)
class RouteConfig:
    """A static route by way of ``gateway``; of routes with the same prefix the smallest ``metric`` wins."""

    network: int
    prefix_length: int
    gateway: int
    metric: int = 0


@dataclass(frozen=True, slots=True)
class ArpConfig:
    """Address resolution: ageing and limits (RFC 1122, 2.3.2.1).

    A neighbour's packets are enough for all fragments of the largest datagram at an MTU of 576; ``held_packets`` bounds
    those of all neighbours together, but for one each.
    """

    lifetime_ns: int = 60 * NS_PER_S
    request_interval_ns: int = NS_PER_S
    request_attempts: int = 3
    held_packets_per_address: int = 128
    held_packets: int = 1024
    entry_limit: int = 1024


@dataclass(frozen=True, slots=True)
class Ipv4Config:
    """Fragmentation and error limits of the internet layer."""

    reassembly_timeout_ns: int = 60 * NS_PER_S  # RFC 1122, 3.3.2: fixed, 60 to 120 s
    reassembly_datagrams: int = 16
    reassembly_octets: int = 256 * 1024
    icmp_errors_per_second: int = 100  # RFC 1812, 4.3.2.8
    icmp_error_burst: int = 20
    answer_broadcast_echo: bool = False  # RFC 1122, 3.2.2.6: may be discarded
    transmit_queue_frames: int = 1024


@dataclass(frozen=True, slots=True)
class UdpConfig:
    """Limits of one UDP or ICMP socket."""

    receive_buffer_octets: int = 212_992
    receive_buffer_datagrams: int = 1024


class CongestionAlgorithm(Enum):
    """How the congestion window grows and falls."""

    NEW_RENO = "newreno"  # RFC 5681, RFC 6582
    CUBIC = "cubic"  # RFC 9438


@dataclass(frozen=True, slots=True)
class TcpConfig:
    """Timing, buffers and options of TCP.

    ``give_up_r2_ns`` and ``give_up_syn_ns`` are R2 of RFC 9293, 3.8.3; a connection's user time-out replaces both.
    ``msl_ns`` is 30 s rather than the 2 minutes of RFC 9293, 3.4.1, which calls its number an engineering choice:
    30 s outlives any path of a test rig, and a port is then free again after one minute.
    """

    rto_initial_ns: int = NS_PER_S  # RFC 6298 (2.1)
    rto_minimum_ns: int = NS_PER_S  # RFC 6298 (2.4)
    rto_maximum_ns: int = 120 * NS_PER_S  # RFC 6298 (2.5): at least 60 s
    rto_after_syn_loss_ns: int = 3 * NS_PER_S  # RFC 6298 (5.7)
    clock_granularity_ns: int = NS_PER_MS
    retries_r1: int = 3
    give_up_r2_ns: int = 100 * NS_PER_S
    give_up_syn_ns: int = 180 * NS_PER_S
    user_timeout_ns: int | None = None
    msl_ns: int = 30 * NS_PER_S
    orphan_fin_wait_2_ns: int = 60 * NS_PER_S
    delayed_ack_ns: int = 100 * NS_PER_MS  # RFC 9293, 3.8.6.3: below 500 ms; must stay below the peer's minimum RTO
    sws_override_ns: int = 500 * NS_PER_MS  # RFC 9293, 3.8.6.2.1: 0.1 to 1.0 s
    receive_buffer_octets: int = 65535
    send_buffer_octets: int = 65536
    initial_window_segments: int = 10  # RFC 6928
    out_of_order_segments: int = 256
    nagle: bool = True
    window_scale: bool = True
    timestamps: bool = True
    sack: bool = True
    congestion: CongestionAlgorithm = CongestionAlgorithm.NEW_RENO
    connection_limit: int = 32_768  # in every state; beyond it no SYN is answered and none is sent
    syn_queue: int = 128
    syn_cookies: bool = True  # RFC 4987, 3.6: when the queue is full; otherwise the oldest entry goes
    challenge_acks_per_second: int = 10  # RFC 5961, 7
    keepalive_idle_ns: int = 7200 * NS_PER_S  # RFC 9293, 3.8.4: not less than two hours by default
    keepalive_interval_ns: int = 75 * NS_PER_S
    keepalive_probes: int = 9

    def __post_init__(self) -> None:
        if not 0 < self.delayed_ack_ns < 500 * NS_PER_MS:
            raise UsageError(f"tcp: delayed_ack_ns is {self.delayed_ack_ns}; expected above 0 and below 500 ms")
        if not 0 < self.rto_minimum_ns <= self.rto_maximum_ns:
            raise UsageError(f"tcp: rto_minimum_ns {self.rto_minimum_ns} is not within 1..{self.rto_maximum_ns}")
        if not 536 <= self.receive_buffer_octets <= 1 << 30:
            raise UsageError(f"tcp: receive_buffer_octets is {self.receive_buffer_octets}; expected 536..2^30")


@dataclass(frozen=True, slots=True)
class StackConfig:
    """Everything one host's stack needs to know: at least one interface; ``gateway`` is the default route.

    With ``forwarding`` the host is a router; it then sends redirects, if ``send_redirects``, and never follows one.
    """

    interfaces: tuple[InterfaceConfig, ...]
    gateway: int | None = None
    routes: tuple[RouteConfig, ...] = ()
    hostname: str = ""
    ttl: int = 64
    forwarding: bool = False
    send_redirects: bool = True
    accept_redirects: bool = True
    ephemeral_ports: tuple[int, int] = (49152, 65535)  # RFC 6335, 6; drawn at random, RFC 6056
    arp: ArpConfig = field(default_factory=ArpConfig)
    ipv4: Ipv4Config = field(default_factory=Ipv4Config)
    udp: UdpConfig = field(default_factory=UdpConfig)
    tcp: TcpConfig = field(default_factory=TcpConfig)

    def __post_init__(self) -> None:
        if not self.interfaces:
            raise UsageError("stack: interfaces is empty; expected at least one InterfaceConfig")
        if not 1 <= self.ttl <= 255:
            raise UsageError(f"stack: ttl is {self.ttl}; expected 1..255 (RFC 1122, 3.2.1.7: never sent as 0)")
