"""The twin as a :class:`~rig.regress.conformance.fixture.Fixture`: a scripted medium instead of a segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from rig.adapter.bus import AdapterBus
from rig.regress.conformance.fixture import Anchor, Arrival, MdioFrame, Sent
from rig.runtime.kernel import Kernel


class OwnTransmission(Protocol):
    """What the medium keeps of a transmission."""

    @property
    def rise_ns(self) -> int:
        """TX_EN rose."""
        ...

    @property
    def fall_ns(self) -> int:
        """TX_EN fell."""
        ...

    @property
    def symbols(self) -> bytes:
        """What TXD carried meanwhile."""
        ...


class Medium(Protocol):
    """What is needed of ``firmware_models.network.scripted_medium``."""

    on_rise: Callable[[], None]
    on_fall: Callable[[], None]
    period_ns: int
    bits_per_edge: int
    speed_mbps: int

    @property
    def sent(self) -> Sequence[OwnTransmission]:
        """All transmissions so far."""
        ...

    def arrive(self, start_ns: int, end_ns: int, symbols: bytes) -> None:
        """Let symbols arrive."""
        ...

    def set_phy(self, *, half_duplex: bool, sqe_test: bool) -> None:
        """Choose the PHY."""
        ...


class Counters(Protocol):
    """The counters of the twin."""

    words: list[int]


class Adapter(Protocol):
    """What is needed of the twin beside its bus."""

    bus_period_ns: int

    @property
    def counters(self) -> Counters:
        """Its counters."""
        ...

    def set_link(self, is_up: bool) -> None:
        """The PHY finds, or loses, its link now."""
        ...


class TwinFixture:
    """See :class:`~rig.regress.conformance.fixture.Fixture`."""

    has_back_door = True

    def __init__(self, kernel: Kernel, medium: Medium, adapter: Adapter, bus: AdapterBus, phase_ns: int) -> None:
        self.kernel = kernel
        self.bus = bus
        self.speed_mbps = medium.speed_mbps
        self.bits_per_edge = medium.bits_per_edge
        self.phase_ns = phase_ns
        self.bus_period_ns = adapter.bus_period_ns
        self._medium = medium
        self._adapter = adapter
        self._pending: dict[tuple[Anchor, int], list[Arrival]] = {}
        self._seen = {Anchor.RISE: 0, Anchor.FALL: 0}
        self._sent_from = 0
        medium.on_rise = lambda: self._own_changed(Anchor.RISE)
        medium.on_fall = lambda: self._own_changed(Anchor.FALL)

    def play(self, arrivals: Sequence[Arrival]) -> None:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        self._sent_from = len(self._medium.sent)
        self._pending = {}
        self._seen = {Anchor.RISE: 0, Anchor.FALL: 0}
        for arrival in arrivals:
            if arrival.anchor is Anchor.PLAY:
                self._arrive(arrival)
            else:
                self._pending.setdefault((arrival.anchor, arrival.transmission), []).append(arrival)

    def sent(self) -> list[Sent]:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        return [Sent(each.rise_ns, each.fall_ns, each.symbols) for each in self._medium.sent[self._sent_from :]]

    def set_phy(self, *, half_duplex: bool, sqe_test: bool) -> None:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        self._medium.set_phy(half_duplex=half_duplex, sqe_test=sqe_test)

    def set_link(self, is_up: bool) -> None:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        self._adapter.set_link(is_up)

    def set_counter(self, index: int, value: int) -> None:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        self._adapter.counters.words[index] = value

    def mdio_frames(self) -> list[MdioFrame] | None:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        return None

    def _own_changed(self, anchor: Anchor) -> None:
        number = self._seen[anchor]
        self._seen[anchor] += 1
        for arrival in self._pending.pop((anchor, number), ()):
            self._arrive(arrival)

    def _arrive(self, arrival: Arrival) -> None:
        start_ns = self.kernel.now_ns + arrival.start_ns
        duration_ns = arrival.duration_ns
        if duration_ns is None:
            duration_ns = len(arrival.symbols) * self._medium.period_ns
        self._medium.arrive(start_ns, start_ns + duration_ns, arrival.symbols)
