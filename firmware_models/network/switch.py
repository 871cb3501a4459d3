"""A switching hub: store and forward by a table of learned addresses (IEEE Std 802.1D-2004 7.7 to 7.9).

Each port is a MAC of the adapter's twin: CSMA/CD at half duplex, nothing of it at full duplex, FCS checked on the way
in. A good frame teaches where its source is, and goes to the port of its destination, or to all others where that is
unknown or a group. What was learned at a port is forgotten when its link goes: whoever was there may turn up elsewhere,
and until he does his frames are flooded, not sent where nobody is. A port holds as many octets as its buffer; what is
more is dropped and counted. There is no spanning tree: where switches form a loop, a broadcast goes round for ever.

``is_deaf`` in a port's parameters while its cable is half duplex is a duplex mismatch, and behaves like one.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from firmware_models.adapter.csma_cd import CsmaCd
from firmware_models.adapter.csma_parameters import CsmaParameters, TransmitReport
from firmware_models.adapter.mac import AddressFilter, Verdict, judge
from firmware_models.adapter.reception import ReceiveMac, Reception
from firmware_models.network.segment import Segment
from rig.errors import UsageError
from rig.runtime.kernel import Kernel
from rig.units import NS_PER_S

MIN_PORTS, MAX_PORTS = 2, 48
BUS_PERIOD_NS = 20
LOOKUP_NS = 5_000
"""From the end of a frame to its place in a queue."""
AGE_NS = 300 * NS_PER_S
"""802.1D-2004 7.9.2, recommended default."""
BUFFER_OCTETS = 65_536
MAX_FRAME_OCTETS = 1522
TABLE_LIMIT = 1024
RESERVED = bytes.fromhex("0180c20000")
"""802.1D-2004 7.12.6: group addresses 01-80-C2-00-00-00 to 0F are never forwarded."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Where an address was seen last, and when."""

    port: int
    seen_ns: int


class SwitchPort:
    """A port with its queue; ``counters`` by clause 30 names, and those of the switch."""

    def __init__(
        self, switch: Switch, number: int, segment: Segment, full_duplex: bool, phase_ns: int, seed: int
    ) -> None:
        self.number = number
        self.switch = switch
        self.full_duplex = full_duplex
        self.counters: Counter[str] = Counter()
        self.queue: deque[bytes] = deque()
        self.queued_octets = 0
        self.has_link = True
        self.port = segment.attach(f"{switch.name}.{number}", phase_ns=phase_ns)
        self.csma = CsmaCd(self.port, on_done=self._sent)
        self.csma.configure(CsmaParameters(full_duplex=full_duplex))
        self.csma.load_seed(seed)
        self.receiver = ReceiveMac(self.port, self.csma, BUS_PERIOD_NS, self._heard)
        self.receiver.address_filter = AddressFilter(is_promiscuous=True)
        self.receiver.is_half_duplex = not full_duplex
        self.receiver.enable(segment.kernel.now_ns)

    def offer(self, frame: bytes) -> None:
        """Queue a frame, destination address to FCS, or drop it where the buffer is full or there is no link."""
        if not self.has_link:
            self.counters["framesDroppedNoLink"] += 1
            return
        if self.queued_octets + len(frame) > self.switch.buffer_octets:
            self.counters["framesDroppedBufferFull"] += 1
            return
        self.queue.append(frame)
        self.queued_octets += len(frame)
        if len(self.queue) == 1:
            self.csma.submit(frame, self.port.segment.kernel.now_ns)

    def set_link(self, is_up: bool) -> None:
        """The PHY of the port finds, or loses, its link now; what waits already goes out into nothing."""
        self.has_link = is_up
        if not is_up:
            self.switch.flush(self.number)

    def _sent(self, report: TransmitReport) -> None:
        counters = self.counters
        if report.is_ok:
            counters["aFramesTransmittedOK"] += 1
            if report.collisions:
                counters["aSingleCollisionFrames" if report.collisions == 1 else "aMultipleCollisionFrames"] += 1
        counters["aLateCollisions"] += report.late_collisions
        counters["aFramesAbortedDueToXSColls"] += report.has_excessive_collisions
        self.queued_octets -= len(self.queue.popleft())
        if self.queue:
            self.csma.submit(self.queue[0], self.port.segment.kernel.now_ns)

    def _heard(self, reception: Reception) -> None:
        verdict = judge(
            reception.octets, reception.excess_bits, MAX_FRAME_OCTETS, has_symbol_error=reception.has_symbol_error
        )
        self.counters[verdict.value] += 1
        if verdict in (
            Verdict.OK,
            Verdict.IN_RANGE_LENGTH,
            Verdict.OUT_OF_RANGE_LENGTH,
        ):  # lengths are not its business
            self.switch.take(self, reception.octets)


class Switch:
    """The switch; ``full_duplex`` says it of each port. ``source`` seeds the backoff generators."""

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        segments: Sequence[Segment],
        full_duplex: Sequence[bool],
        source: Random,
        *,
        phase_ns: int = 0,
        age_ns: int = AGE_NS,
        buffer_octets: int = BUFFER_OCTETS,
    ) -> None:
        if not MIN_PORTS <= len(segments) <= MAX_PORTS:
            raise UsageError(f"switch {name} has {len(segments)} ports; it may have {MIN_PORTS} to {MAX_PORTS}")
        self.name = name
        self.kernel = kernel
        self.age_ns = age_ns
        self.buffer_octets = buffer_octets
        self.table: dict[bytes, Learned] = {}
        self.counters: Counter[str] = Counter()
        self.ports = [
            SwitchPort(self, number, segment, duplex, phase_ns, source.randrange(1, 1 << 32))
            for number, (segment, duplex) in enumerate(zip(segments, full_duplex, strict=True), start=1)
        ]

    def take(self, port: SwitchPort, frame: bytes) -> None:
        """Forward a good frame that came in at ``port``, a little later."""
        self.kernel.call_at(self.kernel.now_ns + LOOKUP_NS, self._forward, (port, frame))

    def port_of(self, address: bytes) -> int | None:
        """Return the number of the port at which an address was seen within the ageing time."""
        learned = self.table.get(address)
        if learned is None:
            return None
        if self.kernel.now_ns - learned.seen_ns > self.age_ns:
            del self.table[address]
            self.counters["addressesAged"] += 1
            return None
        return learned.port

    def flush(self, number: int) -> None:
        """Forget every address that was learned at a port."""
        gone = [address for address, learned in self.table.items() if learned.port == number]
        for address in gone:
            del self.table[address]
            self.counters["addressesFlushed"] += 1

    def _forward(self, call: tuple[SwitchPort, bytes]) -> None:
        port, frame = call
        destination, source = frame[:6], frame[6:12]
        if not source[0] & 1 and port.has_link:
            self._learn(source, port.number)
        if destination[:5] == RESERVED and destination[5] < 16:
            self.counters["framesReserved"] += 1
            return
        known = None if destination[0] & 1 else self.port_of(destination)
        if known == port.number:
            self.counters["framesFiltered"] += 1
        elif known is not None:
            self.counters["framesForwarded"] += 1
            self.ports[known - 1].offer(frame)
        else:
            self.counters["framesFlooded"] += 1
            for other in self.ports:
                if other is not port and other.has_link:
                    other.offer(frame)

    def _learn(self, address: bytes, number: int) -> None:
        known = self.table.get(address)
        if known is not None and known.port != number:
            self.counters["addressesMoved"] += 1
        if known is None and len(self.table) >= TABLE_LIMIT:
            oldest = min(self.table, key=lambda each: self.table[each].seen_ns)
            del self.table[oldest]
        self.table[address] = Learned(number, self.kernel.now_ns)
