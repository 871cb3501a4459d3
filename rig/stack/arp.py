"""ARP cache of one interface: RFC 826 with the ageing, flood limit and packet queue of RFC 1122, 2.3.2.

An entry is incomplete while a request is out, and then holds the packets that wait for it; resolved for ``lifetime_ns``
after the neighbour was last heard; and probed, with unicast requests, when that time is up and the entry was used
(RFC 1122, 2.3.2.1, mechanism 2), so that a busy neighbour never stalls its traffic. No destination is asked more than
once per ``request_interval_ns``. What a neighbour's silence means to a socket is the internet layer's business: it is
handed the packets that could not be delivered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from rig.errors import WireError
from rig.stack.config import ArpConfig, InterfaceConfig
from rig.stack.counters import Counters
from rig.stack.timer_queue import NEVER, TimerQueue
from rig.wire.address import is_group_mac, is_loopback_ipv4, is_multicast_ipv4
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ethernet import BROADCAST, EtherType

UNKNOWN_MAC = bytes(6)


class _Entry:
    """What is known of one neighbour. ``header`` is the Ethernet header of packets to it, empty while unknown."""

    __slots__ = ("_cache", "address", "attempts", "deadline_ns", "header", "held", "mac", "queued_ns", "used")

    def __init__(self, cache: ArpCache, address: int) -> None:
        self._cache = cache
        self.address = address
        self.mac = UNKNOWN_MAC
        self.header = b""
        self.held: deque[bytes] = deque()
        self.attempts = 0
        self.used = False
        self.deadline_ns = NEVER
        self.queued_ns = NEVER

    def handle_deadline(self, now_ns: int) -> None:
        self._cache.entry_expired(self, now_ns)


class ArpCache:
    """Neighbours of one interface, by IPv4 address.

    ``transmit`` takes a finished frame; ``give_up`` takes the packets for a neighbour that did not answer.
    """

    def __init__(
        self,
        config: ArpConfig,
        interface: InterfaceConfig,
        counters: Counters,
        timers: TimerQueue,
        transmit: Callable[[bytes], None],
        give_up: Callable[[list[bytes], int], None],
    ) -> None:
        self._config = config
        self._mac = interface.mac
        self._address = interface.address
        self._counters = counters
        self._timers = timers
        self._transmit = transmit
        self._give_up = give_up
        self._entries: dict[int, _Entry] = {}
        self._held = 0  # packets of all entries

    def header_for(self, address: int) -> bytes | None:
        """Return the Ethernet header (14 octets) for IPv4 packets to a neighbour, or None while it is not resolved."""
        entry = self._entries.get(address)
        if entry is None or not entry.header:
            return None
        entry.used = True
        return entry.header

    def hold(self, packet: bytes, address: int, now_ns: int) -> None:
        """Keep ``packet`` until ``address`` is resolved, and ask for it unless a request is out.

        The oldest packet of a full queue is dropped, so that at least the latest is saved (RFC 1122, 2.3.2.2).
        """
        entry = self._entries.get(address)
        if entry is None:
            entry = self._add(address)
            self._request(entry, now_ns)
        config, held = self._config, entry.held
        if held and (len(held) >= config.held_packets_per_address or self._held >= config.held_packets):
            held.popleft()
            self._held -= 1
            self._counters.add("arp_held_packet_dropped")
        held.append(packet)
        self._held += 1

    def suspect(self, address: int, now_ns: int) -> None:
        """Probe a neighbour that a transport protocol no longer hears through (RFC 9293, 3.8.3, R1)."""
        entry = self._entries.get(address)
        if entry is not None and entry.header and not entry.attempts:
            self._request(entry, now_ns)

    def receive(self, data: bytes | memoryview, now_ns: int) -> None:
        """Take the payload of an ARP frame: merge the sender, then answer a request for our address (RFC 826)."""
        try:
            packet = ArpPacket.parse(data)
        except WireError:
            self._counters.add("arp_malformed")
            return
        sender = packet.sender_ip
        if sender == self._address and packet.sender_mac != self._mac:
            self._counters.add("arp_address_conflict")
            return
        if is_group_mac(packet.sender_mac) or is_multicast_ipv4(sender) or is_loopback_ipv4(sender):
            self._counters.add("arp_bad_sender")
            return
        is_for_us = packet.target_ip == self._address
        entry = self._entries.get(sender)
        if entry is None and is_for_us and sender not in (0, self._address):  # sender 0: an address probe of RFC 5227
            entry = self._add(sender)
        if entry is not None:
            self._resolve(entry, packet.sender_mac, now_ns)
        if not is_for_us:
            self._counters.add("arp_not_for_us")
        elif packet.operation == ArpOperation.REQUEST:
            self._counters.add("arp_replies_sent")
            self._send(ArpOperation.REPLY, packet.sender_mac, packet.sender_mac, sender)
        elif entry is None:  # a reply from nobody, or from ourselves
            self._counters.add("arp_bad_sender")

    def entry_expired(self, entry: _Entry, now_ns: int) -> None:
        """Act on an entry's deadline: ask again, start probing, or forget it."""
        if entry.attempts >= self._config.request_attempts or (entry.header and not entry.attempts and not entry.used):
            del self._entries[entry.address]
            if not entry.header:
                self._counters.add("arp_resolution_failed")
                self._held -= len(entry.held)
                self._give_up(list(entry.held), now_ns)
        else:
            self._request(entry, now_ns)

    def entries(self) -> list[tuple[int, bytes]]:
        """Return (address, MAC address) of each resolved neighbour."""
        return [(entry.address, entry.mac) for entry in self._entries.values() if entry.header]

    def _add(self, address: int) -> _Entry:
        if len(self._entries) >= self._config.entry_limit:
            oldest = self._entries.pop(next(iter(self._entries)))
            self._timers.remove(oldest)
            self._counters.add("arp_cache_full")
            self._held -= len(oldest.held)
            self._counters.add("arp_held_packet_dropped", len(oldest.held))
        entry = self._entries[address] = _Entry(self, address)
        return entry

    def _resolve(self, entry: _Entry, mac: bytes, now_ns: int) -> None:
        entry.mac = mac
        entry.header = mac + self._mac + EtherType.IPV4.to_bytes(2, "big")
        entry.attempts = 0
        entry.used = False
        entry.deadline_ns = now_ns + self._config.lifetime_ns
        self._timers.update(entry)
        self._held -= len(entry.held)
        while entry.held:
            self._transmit(entry.header + entry.held.popleft())

    def _request(self, entry: _Entry, now_ns: int) -> None:
        entry.attempts += 1
        entry.deadline_ns = now_ns + self._config.request_interval_ns
        self._timers.update(entry)
        self._counters.add("arp_requests_sent")
        self._send(ArpOperation.REQUEST, entry.mac if entry.header else BROADCAST, UNKNOWN_MAC, entry.address)

    def _send(self, operation: ArpOperation, destination: bytes, target_mac: bytes, target_ip: int) -> None:
        packet = ArpPacket(operation, self._mac, self._address, target_mac, target_ip)
        self._transmit(destination + self._mac + EtherType.ARP.to_bytes(2, "big") + packet.serialize())
