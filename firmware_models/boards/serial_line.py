"""A serial line on virtual time: a baud rate, a latency, and named faults from a seeded source.

Octets arrive one after the other, ten bits each, in portions: the receiver is called for every
:data:`PORTION_OCTETS` of them, or when the line falls silent. A fault hits octets independently of each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log
from random import Random

from rig.errors import UsageError
from rig.runtime.kernel import Kernel
from rig.units import NS_PER_S

BITS_PER_OCTET = 10
PORTION_OCTETS = 64


@dataclass(frozen=True, slots=True)
class LineFaults:
    """How often an octet suffers what, each a probability per octet."""

    flip: float = 0.0
    """One of its bits is inverted."""
    drop: float = 0.0
    double: float = 0.0

    def __post_init__(self) -> None:
        for name in ("flip", "drop", "double"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"a rate of {getattr(self, name)} for {name}; use 0 up to 1")


class FaultInjector:
    """Does to a stream of octets what ``faults`` says, by ``dice``."""

    def __init__(self, faults: LineFaults, dice: Random) -> None:
        self._dice = dice
        self._rates = {"flip": faults.flip, "drop": faults.drop, "double": faults.double}
        self._gaps = {kind: self._gap(rate) for kind, rate in self._rates.items() if rate}
        self.counts = {"flip": 0, "drop": 0, "double": 0}

    def _gap(self, rate: float) -> int:
        """Return how many octets are spared before the next that is hit."""
        return int(log(1.0 - self._dice.random()) / log(1.0 - rate))

    def pass_through(self, octets: bytes) -> bytes:
        """Return what arrives of ``octets``."""
        size = len(octets)
        hits: list[tuple[int, str]] = []
        for kind, gap in self._gaps.items():
            while gap < size:
                hits.append((gap, kind))
                gap += 1 + self._gap(self._rates[kind])
            self._gaps[kind] = gap - size
        if not hits:
            return octets
        damaged = bytearray(octets)
        for at, kind in sorted(hits, reverse=True):
            self.counts[kind] += 1
            if kind == "flip":
                if at < len(damaged):
                    damaged[at] ^= 1 << self._dice.randrange(8)
            elif kind == "drop":
                del damaged[at : at + 1]
            else:
                damaged[at:at] = damaged[at : at + 1]
        return bytes(damaged)


class LineDirection:
    """One wire of a serial line. Set ``receiver``, and ``drained`` if the sender wants to know when it may go on."""

    def __init__(
        self, kernel: Kernel, baud: int, *, latency_ns: int = 0, injector: FaultInjector | None = None
    ) -> None:
        if baud < 1:
            raise UsageError(f"a line of {baud} baud")
        self.receiver: Callable[[bytes], None] | None = None
        self.drained: Callable[[], None] | None = None
        """Called when the last octet has left."""
        self.taken: Callable[[], None] | None = None
        """Called when a portion has begun to go out."""
        self.is_cut = False
        """While it is, what is sent is lost."""
        self.octets_carried = 0
        self.injector = injector
        self._kernel = kernel
        self._baud = baud
        self._latency_ns = latency_ns
        self._queue = bytearray()
        self._is_busy = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being sent."""
        return not self._is_busy

    @property
    def unsent_octets(self) -> int:
        """How many octets have not begun to go out."""
        return len(self._queue)

    def write(self, octets: bytes) -> None:
        """Send octets behind those that still wait."""
        self._queue += octets
        if not self._is_busy and self._queue:
            self._is_busy = True
            self._send_portion(None)

    def duration_ns(self, octets: int) -> int:
        """Return how long so many octets take."""
        return octets * BITS_PER_OCTET * NS_PER_S // self._baud

    def _send_portion(self, _: object) -> None:
        portion = bytes(self._queue[:PORTION_OCTETS])
        if not portion:
            self._is_busy = False
            if self.drained is not None:
                self.drained()
            return
        del self._queue[:PORTION_OCTETS]
        end_ns = self._kernel.now_ns + self.duration_ns(len(portion))
        self._kernel.call_at(end_ns + self._latency_ns, self._arrive, portion)
        self._kernel.call_at(end_ns, self._send_portion)
        if self.taken is not None:
            self.taken()

    def _arrive(self, portion: bytes) -> None:
        if self.is_cut:
            return
        self.octets_carried += len(portion)
        if self.injector is not None:
            portion = self.injector.pass_through(portion)
        if self.receiver is not None and portion:
            self.receiver(portion)


class SerialLine:
    """Both wires between a host and a board."""

    def __init__(
        self,
        kernel: Kernel,
        baud: int,
        *,
        latency_ns: int = 0,
        faults: LineFaults | None = None,
        dice: Random | None = None,
    ) -> None:
        if faults is not None and dice is None:
            raise UsageError("faults on a line need a source of randomness")
        injectors = [None if faults is None or dice is None else FaultInjector(faults, dice) for _ in range(2)]
        self.to_board = LineDirection(kernel, baud, latency_ns=latency_ns, injector=injectors[0])
        self.to_host = LineDirection(kernel, baud, latency_ns=latency_ns, injector=injectors[1])

        self.host_receivers: list[Callable[[bytes], None]] = []
        """Who listens on the host's side."""
        self.to_host.receiver = self._arrived

    def _arrived(self, octets: bytes) -> None:
        for receiver in tuple(self.host_receivers):
            receiver(octets)

    def cut(self, is_cut: bool = True) -> None:
        """Cut both wires, or mend them."""
        self.to_board.is_cut = self.to_host.is_cut = is_cut
