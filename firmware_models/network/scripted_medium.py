"""A medium that plays a script to one twin: what arrives is said symbol by symbol, what is sent is kept.

The counterpart of ``hdl/sim/mii_script_model.v``. It is a :class:`~firmware_models.network.segment.Segment` of two
places without distance: the adapter's, and one where there is no station but a script. So carrier, collision and
reception follow from what arrives exactly as on any other segment, and a script can only say what a PHY could.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from firmware_models.network.segment import Port, Segment, Transmission
from rig.errors import UsageError
from rig.runtime.kernel import Kernel

Watcher = Callable[[], None]


@dataclass(frozen=True, slots=True)
class OwnTransmission:
    """TX_EN of the adapter from ``rise_ns`` to ``fall_ns``, and what it carried, one symbol an octet."""

    rise_ns: int
    fall_ns: int
    symbols: bytes


class ScriptedMedium(Segment):
    """The medium and the PHY of one adapter, to be attached once.

    ``on_rise`` and ``on_fall`` are called when the adapter's TX_EN has risen or fallen, at that time. A symbol is a
    nibble at an MII (``bits_per_edge`` 4), with bit 4 for RX_ER, or a bit of the serial medium (1).
    """

    def __init__(self, kernel: Kernel, *, speed_mbps: int, bits_per_edge: int = 4) -> None:
        super().__init__(kernel, speed_mbps=speed_mbps, bits_per_edge=bits_per_edge)
        self.sent: list[OwnTransmission] = []
        self.on_rise: Watcher = _do_nothing
        self.on_fall: Watcher = _do_nothing
        self._script: Port | None = None
        self._arriving: Transmission | None = None

    def attach(self, name: str, *, position_bits: int = 0, phase_ns: int | None = None) -> Port:
        """Attach the adapter."""
        if self._script is not None:
            raise UsageError(f"station {name} is the second on a scripted medium, which has room for one")
        port = super().attach(name, phase_ns=phase_ns)
        self._script = super().attach("script", phase_ns=phase_ns)
        return port

    def set_phy(self, *, half_duplex: bool, sqe_test: bool) -> None:
        """Choose what the PHY makes of it: in full duplex it returns no own carrier and knows no collision."""
        self.full_duplex = not half_duplex
        self.has_sqe_test = sqe_test and half_duplex

    def arrive(self, start_ns: int, end_ns: int, symbols: bytes) -> None:
        """Let ``symbols`` arrive from ``start_ns``, not in the past, to ``end_ns``; arrivals never overlap."""
        self.kernel.call_at(start_ns, self._begin_arrival, symbols)
        self.kernel.call_at(end_ns, self._end_arrival, None)

    def _begin_arrival(self, symbols: bytes) -> None:
        assert self._script is not None
        if self._arriving is not None:
            raise UsageError(f"at {self.kernel.now_ns} ns something arrives while something else does")
        self._arriving = super().begin(self._script, b"", symbols)

    def _end_arrival(self, _: None) -> None:
        assert self._arriving is not None
        arriving, self._arriving = self._arriving, None
        super().end(arriving)

    def begin(self, port: Port, frame: bytes, units: bytes | None = None) -> Transmission:
        """See :class:`~firmware_models.network.segment.Segment`."""
        transmission = super().begin(port, frame, units)
        self.on_rise()
        return transmission

    def end(self, transmission: Transmission) -> None:
        """See :class:`~firmware_models.network.segment.Segment`."""
        super().end(transmission)
        count = (transmission.end_ns - transmission.start_ns) // self.period_ns
        symbols = transmission.sent_units(self.bits_per_edge)[:count]
        self.sent.append(OwnTransmission(transmission.start_ns, transmission.end_ns, symbols))
        self.on_fall()


def _do_nothing() -> None:
    """Stand in for a watcher."""
