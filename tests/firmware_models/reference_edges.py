"""A deliberately naive simulator of ``docs/adapter.md``: every station takes a step at every edge of every clock.

Nothing is computed ahead, nothing is skipped, and nothing is shared with ``firmware_models`` but the words of the
page. Each register is a variable, each synchroniser a list of flip-flops, and the state machines are the text of the
page, line by line. It is slow and meant to be read against the page. What it leaves out: the register decoder, reset,
power, PAUSE and loopback.

Within one ns the order is: bus edges, MII edges, changes of the medium.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from rig.adapter.recorder import TimelineEvent, WireFrame

BUS_NS = 20
OK, FCS_ERROR, ALIGNMENT_ERROR, TOO_LONG, IN_RANGE, OUT_OF_RANGE, RUNT, MULTICAST, BROADCAST, DRIBBLE = (
    1 << bit for bit in range(10)
)
INT_RX, INT_TX, INT_RX_ERR, INT_TX_ERR, INT_RX_OVERRUN = (1 << bit for bit in range(5))


def execute_edge(t_ns: int) -> int:
    """Return the first execute edge later than ``t_ns``."""
    return (t_ns // (4 * BUS_NS) + 1) * 4 * BUS_NS


@dataclass
class Settings:
    """One station. Lengths in bit times, as the registers have them."""

    mac: bytes
    position_bits: int = 0
    phase_ns: int = 0
    part1_bits: int = 64
    part2_bits: int = 32
    slot_bits: int = 512
    jam_bits: int = 32
    attempt_limit: int = 16
    backoff_limit: int = 10
    full_duplex: bool = False
    speed100: bool = True
    late_retry: bool = True
    defer_forever: bool = True
    no_backoff: bool = False
    force_collision: bool = False
    promiscuous: bool = False
    accept_runt: bool = False
    accept_error: bool = False
    max_frame: int = 1518
    ring_start: int = 16
    ring_stop: int = 64
    seed: int = 1
    injected: list[int] = field(default_factory=list)
    sends: list[tuple[int, int, bytes]] = field(default_factory=list)
    """(execute edge, slot, frame without padding and FCS)."""
    reload: list[tuple[int, bytes]] = field(default_factory=list)
    """(delay, frame): sent in the slot that is done, at the first execute edge after its end and the delay."""
    boundaries: list[tuple[int, int]] = field(default_factory=list)
    """(execute edge, page written to RX_BNRY)."""
    acknowledges: list[tuple[int, int]] = field(default_factory=list)
    """(execute edge, value written to INT_STATUS)."""


@dataclass
class Line:
    """A level and its changes: ``(time, value)``; a change at t is seen by edges later than t."""

    changes: list[tuple[int, int]] = field(default_factory=lambda: [(-1, 0)])

    def set(self, t_ns: int, value: int) -> None:
        if self.changes[-1][1] != value:
            self.changes.append((t_ns, value))

    def sampled(self, t_ns: int) -> int:
        for when, value in reversed(self.changes):
            if when < t_ns:
                return value
        return 0


@dataclass
class Sent:
    """A transmission in the making: TX_EN and the nibbles so far."""

    start_ns: int
    end_ns: int | None = None
    nibbles: list[int] = field(default_factory=list)


class Synchroniser:
    """``depth`` flip-flops; ``output`` is what logic sees before an edge, ``clock`` is the edge."""

    def __init__(self, depth: int, value: int = 0) -> None:
        self.flops = [value] * depth

    def output(self, sampled_now: int) -> int:
        return self.flops[-1] if self.flops else sampled_now

    def clock(self, sampled_now: int) -> None:
        if self.flops:
            self.flops = [sampled_now, *self.flops[:-1]]


class NaiveStation:
    """One adapter, one PHY."""

    def __init__(self, world: World, index: int, settings: Settings) -> None:
        self.world, self.index, self.settings = world, index, settings
        self.name = f"s{index}"
        self.bits = world.bits_per_edge
        self.edge = -1
        # bus side
        self.queue: deque[int] = deque()
        self.slot_frames: dict[int, bytes] = {}
        self.status: list[tuple[int, int, int]] = []  # (slot, TX_STATUS, TX_TIME)
        self.mac_free = True
        self.slot_with_mac = -1
        self.request = 0
        self.request_frame = b""
        self.done_sync = Synchroniser(2)
        self.done_seen = 0
        self.int_status = 0
        self.irq = 0
        self.irq_ns = 0
        # receive store
        self.boundary = settings.ring_start
        self.current = settings.ring_start
        self.page = settings.ring_start
        self.offset = 16
        self.overrun = False
        self.header_turns = 0
        self.to_store: tuple[bytes, int, int] | None = None
        self.stored: list[tuple[int, int, int, bytes]] = []  # (page, status, time, octets)
        self.fifo: list[tuple[str, object]] = []
        self.fifo_read = 0
        self.fifo_p1 = self.fifo_p2 = 0
        # transmit MAC
        self.request_sync = Synchroniser(2)
        self.request_served = 0
        self.done = 0
        self.outcome = 0
        self.crs_sync = Synchroniser(world.carrier_sync)
        self.col_sync = Synchroniser(world.collision_sync)
        self.generator = settings.seed or 1
        self.injected = deque(settings.injected)
        self.state, self.count, self.had_transmitted = "WATCH", 0, False
        self.tx_en = 0
        self.tx_line = Line()
        self.sqe_line = Line()
        self.log: list[Sent] = []
        self.frame_active = False
        self.expires = -1
        self.attempt = 0
        self.frame_id = 0
        self.waiting_since: int | None = None
        self.waited = 0
        self.sqe_left = 0
        self.sqe_seen = False
        self.blank = 0
        # receive MAC and PHY
        self.blank_sync = Synchroniser(2)
        self.heard: list[dict[int, tuple[Sent, int]]] = [{}, {}]
        self.dv = self.rxd = 0
        self.dv_ns = 0
        self.was_idle = False
        self.receiving = False
        self.hunting = False
        self.window: list[int] = []
        self.heard_units: list[int] = []
        self.end_mark_due = False
        self.mark: tuple[bytes, bool] = (b"", False)

    # -- bus clock -----------------------------------------------------------------------------------------------------

    def bus_edge(self, t: int) -> None:
        k = t // BUS_NS
        status = self.int_status
        causes = 0
        cleared = 0
        # the interrupt line
        irq = 1 if status & 0xFF else 0
        if irq != self.irq:
            if irq:
                self.irq_ns = t
            else:
                self.world.record(self.irq_ns, t, self.name, "irq")
            self.irq = irq
        # done, seen through two flip-flops
        if k % 4 == 1 and self.done_sync.output(0) != self.done_seen:
            self.done_seen ^= 1
            self.status.append((self.slot_with_mac, self.outcome, t))
            causes |= INT_TX | (0 if self.outcome & 1 else INT_TX_ERR)
            mac_free = True
            if self.settings.reload:
                delay_ns, frame = self.settings.reload.pop(0)
                self.settings.sends.append((execute_edge(t + delay_ns), self.slot_with_mac, frame))
        else:
            mac_free = self.mac_free
            if k % 4 == 0 and self.mac_free and self.queue:
                self.slot_with_mac = self.queue.popleft()
                self.request_frame = self.slot_frames[self.slot_with_mac]
                self.request ^= 1
                mac_free = False
        self.done_sync.clock(self.done)
        self.mac_free = mac_free
        # receive store
        if k % 4 == 2:
            causes |= self.store_turn(t)
        self.fifo_p1, self.fifo_p2 = len(self.fifo), self.fifo_p1
        # what the driver writes
        for when, slot, frame in self.settings.sends:
            if when == t:
                self.slot_frames[slot] = frame
                self.queue.append(slot)
        for when, page in self.settings.boundaries:
            if when == t:
                self.boundary = page
        for when, value in self.settings.acknowledges:
            if when == t:
                cleared = value
        self.int_status = status & ~cleared | causes

    def following(self, page: int) -> int:
        return self.settings.ring_start if page + 1 == self.settings.ring_stop else page + 1

    def store_turn(self, t: int) -> int:
        if self.header_turns:
            self.header_turns -= 1
            if self.header_turns == 0:
                assert self.to_store is not None
                octets, status, time_ns = self.to_store
                self.stored.append((self.current, status, time_ns, octets))
                self.current = self.following(self.page)
                self.begin_frame()
                return INT_RX
            return 0
        if self.fifo_read == self.fifo_p2:
            return 0
        kind, content = self.fifo[self.fifo_read]
        self.fifo_read += 1
        if kind == "word":
            if content == "first":
                self.begin_frame()
                self.overrun = self.following(self.page) == self.boundary
            if self.offset == 256 and not self.overrun:
                self.page = self.following(self.page)
                self.offset = 0
                if self.following(self.page) == self.boundary:
                    self.overrun = True
            self.offset += 4
            return 0
        assert isinstance(content, tuple)
        return self.judge(t, *content)

    def begin_frame(self) -> None:
        self.page = self.current
        self.offset = 16
        self.overrun = False

    def judge(self, t: int, octets: bytes, dribble: bool) -> int:
        settings = self.settings
        overrun = self.overrun
        page = self.page
        self.begin_frame()
        ours = settings.promiscuous or octets[:6] in (settings.mac, b"\xff" * 6)
        if len(octets) < 14 or (len(octets) < 64 and not settings.accept_runt) or not ours:
            return 0
        good_fcs = zlib.crc32(octets[:-4]) == int.from_bytes(octets[-4:], "little")
        length = octets[12] << 8 | octets[13]
        data = len(octets) - 18
        if len(octets) > settings.max_frame:
            status = TOO_LONG
        elif not good_fcs:
            status = ALIGNMENT_ERROR if dribble else FCS_ERROR
        elif len(octets) < 64 or length >= 1536:
            status = OK
        elif length > 1500:
            status = OUT_OF_RANGE
        elif (length >= 46 and length != data) or (length < 46 and data > 46):
            status = IN_RANGE
        else:
            status = OK
        causes = 0
        if len(octets) < 64:
            status |= RUNT
        elif not status & OK:
            causes |= INT_RX_ERR
        if octets[:6] == b"\xff" * 6:
            status |= BROADCAST
        elif octets[0] & 1:
            status |= MULTICAST
        if dribble:
            status |= DRIBBLE
        if not status & OK and not settings.accept_error:
            return causes
        if overrun:
            return causes | INT_RX_OVERRUN
        self.to_store = (octets[:2047], status, t)
        self.page = page
        self.header_turns = 4
        return causes

    # -- MII clock -----------------------------------------------------------------------------------------------------

    def mii_edge(self, t: int) -> None:
        self.edge += 1
        foreign = list(self.world.arriving(self, t))
        own = self.tx_line.sampled(t)
        half = not self.world.full_duplex
        crs_pin = 1 if foreign or (own and half) else 0
        col_pin = 1 if half and ((own and foreign) or self.sqe_line.sampled(t)) else 0
        crs_s = self.crs_sync.output(crs_pin)
        col_s = self.col_sync.output(col_pin)
        request_s = self.request_sync.output(0)
        blank_s = self.blank_sync.output(0)
        blank_now = self.blank
        self.receive_mac(t, blank_s)
        self.phy(t, foreign)
        self.transmit_mac(t, request_s, crs_s, col_s)
        self.crs_sync.clock(crs_pin)
        self.col_sync.clock(col_pin)
        self.request_sync.clock(self.request)
        self.blank_sync.clock(blank_now)

    def units(self, frame: bytes) -> list[int]:
        octets = b"\x55" * 7 + b"\xd5" + frame
        if self.bits == 4:
            return [nibble for octet in octets for nibble in (octet & 15, octet >> 4)]
        return [octet >> bit & 1 for octet in octets for bit in range(8)]

    def transmit_mac(self, t: int, request_s: int, crs_s: int, col_s: int) -> None:
        settings = self.settings
        bits = self.bits
        e = self.edge
        total = max(1, settings.part1_bits // bits + settings.part2_bits // bits)
        part1 = settings.part1_bits // bits
        slot = max(1, settings.slot_bits // bits)
        carrier_in = 0 if settings.full_duplex else crs_s
        was_on = self.tx_en
        on = was_on
        if was_on:
            self.generator = self.generator >> 1 ^ (0x80200003 if self.generator & 1 else 0)
        # a new frame
        if request_s != self.request_served and not self.frame_active:
            self.frame_active = True
            self.frame = padded(self.request_frame)
            self.attempt = 1
            self.collisions = self.late_collisions = 0
            self.deferred = self.excessive = False
            self.expires = e
            self.waited = 0
            self.waiting_since = None
        waiting = self.frame_active and not was_on and not self.sqe_left and e >= self.expires
        may_start = (self.state == "WATCH" and not carrier_in) or (self.state == "GAP" and self.count == total)
        start = waiting and may_start
        if waiting and self.waiting_since is None:
            self.waiting_since = e
        if waiting and not start:
            if self.attempt == 1:
                self.deferred = True
            self.waited += 1
            if self.waited == 24288 // bits:
                self.excessive = True
                if not settings.defer_forever:
                    self.finish(0)
        if start:
            self.begin_attempt(t)
            on = 1
        elif was_on:
            on = self.transmit_unit(t, crs_s, col_s, slot)
        elif self.sqe_left:
            self.sqe_seen = self.sqe_seen or bool(col_s)
            self.sqe_left -= 1
            if self.sqe_left == 0:
                self.finish(1)
        # the deference process
        carrier = carrier_in or on
        if self.state == "WATCH":
            if carrier:
                self.state, self.had_transmitted = "BUSY", bool(on)
        elif self.state == "BUSY":
            if on:
                self.had_transmitted = True
            if not carrier:
                self.state, self.count = "GAP", 1
        elif on:
            self.state, self.had_transmitted = "BUSY", True
        elif self.count == total:
            self.state = "BUSY" if carrier_in else "WATCH"
            self.had_transmitted = False
        elif self.count < part1 and not self.had_transmitted and carrier_in:
            self.state = "BUSY"
        else:
            self.count += 1
        # blanking of the receiver
        if on:
            self.blank = 0 if settings.full_duplex else 1
        elif not crs_s:
            self.blank = 0
        if on != was_on:
            self.tx_en = on
            self.tx_line.set(t, on)
            if not on and not self.world.full_duplex and self.world.speed_mbps == 10:
                self.sqe_line.set(t + 10 * self.world.bit_ns, 1)
                self.sqe_line.set(t + 20 * self.world.bit_ns, 0)

    def begin_attempt(self, t: int) -> None:
        if self.attempt == 1:
            self.frame_id += 1
        assert self.waiting_since is not None
        if self.waiting_since != self.edge:
            self.record(self.time(self.waiting_since), t, "defer")
        self.start_edge = self.edge
        self.content = self.units(self.frame)
        self.collided_edge: int | None = None
        self.jam_left: int | None = None
        self.carrier_seen = self.carrier_lost = False
        self.log.append(Sent(t))
        self.log[-1].nibbles.append(self.content[0])

    def transmit_unit(self, t: int, crs_s: int, col_s: int, slot: int) -> int:
        """One edge after s with TX_EN high; returns TX_EN after it."""
        settings = self.settings
        e, s = self.edge, self.start_edge
        header = 64 // self.bits
        number = e - s
        if crs_s:
            self.carrier_seen = True
        elif self.carrier_seen:
            self.carrier_lost = True
        last = number == len(self.content)
        collides = (col_s or settings.force_collision) and not settings.full_duplex
        if self.collided_edge is None and collides and not last:
            self.collided_edge = e
            self.collisions += 1
            self.late = number >= slot + (1 if self.bits == 1 else 0)
            self.late_collisions += self.late
            self.record(t, t, "collision", collision_bit=self.bits * number)
        if self.collided_edge is not None and self.jam_left is None and number >= header:
            self.jam_left = max(1, settings.jam_bits // self.bits)
            self.jam_ns = t
        if self.jam_left is None:
            if not last:
                self.log[-1].nibbles.append(self.content[number])
                return 1
            self.end_attempt(t, collided=False)
            return 0
        if self.jam_left:
            jammed = self.jam_left
            self.jam_left -= 1
            jam_number = max(1, settings.jam_bits // self.bits) - jammed
            self.log[-1].nibbles.append(5 if self.bits == 4 else 1 - jam_number % 2)
            return 1
        self.end_attempt(t, collided=True)
        return 0

    def end_attempt(self, t: int, collided: bool) -> None:
        settings = self.settings
        e = self.edge
        self.log[-1].end_ns = t
        start_ns = self.time(self.start_edge)
        self.record(start_ns, t, "transmit")
        if not collided:
            self.world.frames.append(WireFrame(start_ns, self.name, self.frame))
            if not settings.full_duplex and not settings.speed100:
                self.sqe_left = 64 // self.bits
                self.sqe_seen = False
            else:
                self.sqe_seen = True
                self.finish(1)
            return
        self.record(self.jam_ns, t, "jam")
        if self.collisions == settings.attempt_limit:
            self.finish(1 << 9)
        elif self.late and not settings.late_retry:
            self.finish(0)
        else:
            mask = (1 << min(self.collisions, settings.backoff_limit, 10)) - 1
            if settings.no_backoff:
                slots = 0
            else:
                word = self.injected.popleft() if self.injected else self.generator & 0xFFFF
                slots = word & mask
            self.expires = e + slots * max(1, settings.slot_bits // self.bits)
            self.record(t, self.time(self.expires), "backoff", slots=slots)
            self.attempt += 1
            self.waited = 1 if slots == 0 else 0
            self.waiting_since = e if slots == 0 else None

    def finish(self, bits: int) -> None:
        """Toggle done, with the outcome held still."""
        outcome = bits | 1 << 31 | self.collisions << 1
        if self.deferred:
            outcome |= 1 << 6
        if self.excessive:
            outcome |= 1 << 7
        if self.late_collisions:
            outcome |= 1 << 8
        if bits & 1 and not self.settings.full_duplex:
            if self.carrier_lost or not self.carrier_seen:
                outcome |= 1 << 10
            if not self.sqe_seen:
                outcome |= 1 << 11
        self.outcome = outcome
        self.done ^= 1
        self.frame_active = False
        self.request_served ^= 1

    def time(self, edge: int) -> int:
        return self.settings.phase_ns + edge * self.world.period_ns

    def record(self, t_ns: int, end_ns: int, kind: str, **facts: int) -> None:
        self.world.record(t_ns, end_ns, self.name, kind, frame_id=self.frame_id, attempt=self.attempt, **facts)

    # -- PHY and receive MAC -------------------------------------------------------------------------------------------

    def phy(self, t: int, foreign: list[int]) -> None:
        """RX_DV and RXD after this edge: what was sampled two edges ago."""
        two_ago, one_ago = self.heard
        now: dict[int, tuple[Sent, int]] = {}
        for sender in foreign:
            sent, number = one_ago.get(sender) or (self.world.transmission_at(self, sender, t), -1)
            now[sender] = (sent, number + 1)
        present = list(two_ago.values())
        dv = 1 if present else 0
        if dv != self.dv:
            if dv:
                self.dv_ns = t
            else:
                self.world.record(self.dv_ns, t, self.name, "receive")
        self.dv = dv
        if len(present) == 1:
            sent, number = present[0]
            self.rxd = sent.nibbles[number]
        elif present:
            x = (self.edge + 0x9E3779B9 * (self.index + 1) + self.world.seed) % 2**32
            x ^= x >> 16
            x = x * 0x85EBCA6B % 2**32
            x ^= x >> 13
            self.rxd = x & ((1 << self.bits) - 1)
        self.heard = [one_ago, now]

    def receive_mac(self, t: int, blank_s: int) -> None:
        """Samples RX_DV and RXD as they were before this edge."""
        dv, unit = self.dv, self.rxd
        octet_units = 8 // self.bits
        sfd = [5, 13] if self.bits == 4 else [1, 0, 1, 0, 1, 0, 1, 1]
        if self.end_mark_due:
            octets, dribble = self.mark
            if octets:
                self.fifo.append(("end", (octets, dribble)))
            self.end_mark_due = False
        if dv and blank_s:
            self.receiving = False  # words that are in the FIFO have no end mark
        elif dv:
            if not self.receiving and self.was_idle:
                self.receiving, self.hunting, self.window, self.heard_units = True, True, [], []
            if self.receiving and self.hunting:
                self.window = [*self.window, unit][-len(sfd) :]
                self.hunting = self.window != sfd
            elif self.receiving:
                self.heard_units.append(unit)
                count, rest = divmod(len(self.heard_units), octet_units)
                if not rest and count % 4 == 0 and count <= 2047:
                    self.fifo.append(("word", "first" if count == 4 else "next"))
        elif self.receiving:
            if not self.hunting:
                octets = self.octets()
                if min(len(octets), 2047) % 4:
                    self.fifo.append(("word", "first" if len(octets) < 4 else "next"))
                self.end_mark_due = True
                self.mark = (octets, len(self.heard_units) % octet_units > 0)
            self.receiving = False
        self.was_idle = not dv and not blank_s

    def octets(self) -> bytes:
        per_octet = 8 // self.bits
        units = self.heard_units
        whole = range(0, len(units) - per_octet + 1, per_octet)
        return bytes(sum(units[at + i] << self.bits * i for i in range(per_octet)) for at in whole)


def padded(data: bytes) -> bytes:
    data = data.ljust(60, b"\0")
    return data + zlib.crc32(data).to_bytes(4, "little")


class World:
    """Stations on a segment, stepped edge by edge until ``until_ns``."""

    def __init__(
        self,
        stations: list[Settings],
        *,
        speed_mbps: int = 100,
        full_duplex: bool = False,
        seed: int = 0,
        bits_per_edge: int = 4,
        collision_sync: int = 2,
        carrier_sync: int = 2,
    ) -> None:
        self.speed_mbps = speed_mbps
        self.full_duplex = full_duplex
        self.seed = seed
        self.bits_per_edge = bits_per_edge
        self.collision_sync = collision_sync
        self.carrier_sync = carrier_sync
        self.bit_ns = 1000 // speed_mbps
        self.period_ns = bits_per_edge * self.bit_ns
        self.events: list[TimelineEvent] = []
        self.frames: list[WireFrame] = []
        self.overlap_ns: int | None = None
        self.stations = [NaiveStation(self, index, settings) for index, settings in enumerate(stations)]

    def delay_ns(self, a: NaiveStation, b: NaiveStation) -> int:
        return abs(a.settings.position_bits - b.settings.position_bits) * self.bit_ns

    def arriving(self, listener: NaiveStation, t: int) -> Iterator[int]:
        """Who is heard at a listener by an edge at ``t``."""
        for sender in self.stations:
            if sender is not listener and sender.tx_line.sampled(t - self.delay_ns(sender, listener)):
                yield sender.index

    def transmission_at(self, listener: NaiveStation, sender: int, t: int) -> Sent:
        at_ns = t - self.delay_ns(self.stations[sender], listener)
        return next(sent for sent in reversed(self.stations[sender].log) if sent.start_ns < at_ns)

    def overlap(self, t: int) -> None:
        transmitting = sum(station.tx_en for station in self.stations)
        if transmitting > 1 and self.overlap_ns is None:
            self.overlap_ns = t
        elif transmitting < 2 and self.overlap_ns is not None:
            self.record(self.overlap_ns, t, "medium", "collision")
            self.overlap_ns = None

    def record(self, t_ns: int, end_ns: int, station: str, kind: str, **facts: int) -> None:
        self.events.append(TimelineEvent(t_ns, end_ns, station, kind, **facts))

    def run(self, until_ns: int) -> None:
        phases = [station.settings.phase_ns for station in self.stations]
        ticks = {t for phase_ns in phases for t in range(phase_ns, until_ns + 1, self.period_ns)}
        for t in sorted(ticks.union(range(BUS_NS, until_ns + 1, BUS_NS))):
            if t and t % BUS_NS == 0:
                for station in self.stations:
                    station.bus_edge(t)
            for station in self.stations:
                if (t - station.settings.phase_ns) % self.period_ns == 0 and t >= station.settings.phase_ns:
                    station.mii_edge(t)
            self.overlap(t)
