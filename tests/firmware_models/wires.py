"""Bare ends for hubs and cables: sources that put any units on a wire, and wires that keep what was on them."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_models.network.repeater import Repeater
from firmware_models.network.segment import Port, Segment, Transmission, to_units
from rig.runtime.virtual_time import VirtualTime

HEADER = b"\x05" * 15 + b"\x0d"


@dataclass(frozen=True, slots=True)
class Sent:
    """What one end sent: name of its port, times, and nibbles."""

    port: str
    start_ns: int
    end_ns: int
    units: bytes


class Wire(Segment):
    """A segment that keeps every transmission."""

    def __init__(self, kernel: VirtualTime, kept: list[Sent], speed_mbps: int = 100) -> None:
        super().__init__(kernel, speed_mbps=speed_mbps)
        self._kept = kept

    def end(self, transmission: Transmission) -> None:
        super().end(transmission)
        count = (transmission.end_ns - transmission.start_ns) // self.period_ns
        units = transmission.sent_units(4)[:count]
        self._kept.append(Sent(transmission.port.name, transmission.start_ns, transmission.end_ns, units))


class Star:
    """A hub with a bare source on each port, all clocks in phase; ``sent`` is everything, in order of its end."""

    def __init__(self, ports: int = 4, speed_mbps: int = 100, **limits: int) -> None:
        self.kernel = VirtualTime()
        self.sent: list[Sent] = []
        self.wires = [Wire(self.kernel, self.sent, speed_mbps) for _ in range(ports)]
        self.sources: list[Port] = [
            wire.attach(f"s{number}", phase_ns=0) for number, wire in enumerate(self.wires, start=1)
        ]
        self.hub = Repeater(self.kernel, "hub", self.wires, **limits)
        self.period_ns = self.wires[0].period_ns

    def send(self, number: int, edge: int, units: bytes, frame: bytes = b"") -> None:
        """Let the source at a port raise TX_EN at an edge for as long as the units last, or a whole frame."""
        port, wire = self.sources[number - 1], self.wires[number - 1]
        count = len(units) if units else 2 * (8 + len(frame))

        def begin(_: object) -> None:
            transmission = wire.begin(port, frame, units or None)
            self.kernel.call_at((edge + count) * self.period_ns, lambda _: wire.end(transmission))

        self.kernel.call_at(edge * self.period_ns, begin)

    def run(self, edges: int) -> None:
        """Let time pass until an edge."""
        self.kernel.advance(edges * self.period_ns)

    def from_hub(self, number: int) -> list[Sent]:
        """Return what the hub sent at a port."""
        return [each for each in self.sent if each.port == f"hub.{number}"]

    def edges(self, sent: Sent) -> tuple[int, int]:
        """Return start and end of a transmission in edges."""
        return sent.start_ns // self.period_ns, sent.end_ns // self.period_ns


def nibbles(octets: bytes) -> bytes:
    """Return octets as nibbles, in the order of the wire."""
    return to_units(octets, 4)
