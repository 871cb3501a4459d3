"""A small LAN of twins for tests that know what to expect: adapters set up by register, and a source of raw signals."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.adapter.mac import frame_to_send
from firmware_models.network.segment import Port, Segment, to_units
from rig.adapter import registers as reg
from rig.adapter.mac_rom import MacRom
from rig.adapter.recorder import Timeline, TimelineEvent
from rig.runtime.virtual_time import VirtualTime
from tests.firmware_models.bench import control, receive_config
from tests.firmware_models.reference_edges import Settings, execute_edge

FIRST_NS = 1600
"""An execute edge after every power-on reset, also at 10 Mb/s."""

TX_PAGES = 24
RING_PAGES = 40
PREAMBLE = b"\x55" * 7 + b"\xd5"
PEER = bytes.fromhex("020000000009")
"""Source address of frames that a raw source sends."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A frame read from the receive ring."""

    status: int
    octets: bytes
    time_ns: int
    page: int


class RawSource:
    """A station without a MAC: puts any units on the medium at any time."""

    def __init__(self, lan: Lan, port: Port) -> None:
        self._lan = lan
        self.port = port

    def signal(self, t_ns: int, units: bytes, duration_ns: int | None = None) -> None:
        """Raise TX_EN at ``t_ns`` for as long as the units last, or for ``duration_ns``."""
        segment = self._lan.segment
        kernel = self._lan.kernel
        lasts_ns = len(units) * segment.period_ns if duration_ns is None else duration_ns

        def begin(_: object) -> None:
            transmission = segment.begin(self.port, b"", units=units)
            kernel.call_at(t_ns + lasts_ns, lambda _: segment.end(transmission))

        kernel.call_at(t_ns, begin)

    def carrier(self, t_ns: int, duration_ns: int) -> None:
        """Raise TX_EN, without anything that could be a frame."""
        self.signal(t_ns, bytes(duration_ns // self._lan.segment.period_ns + 2), duration_ns)

    def octets(self, t_ns: int, octets: bytes, excess_units: int = 0) -> None:
        """Send preamble, SFD and octets, and some more units."""
        bits = self._lan.segment.bits_per_edge
        self.signal(t_ns, to_units(PREAMBLE + octets, bits) + bytes(excess_units))


def done_edge_ns(end_ns: int) -> int:
    """Return the bus edge at which the outcome of a frame that ended then is taken: k = 1 of the slot wheel."""
    clock = end_ns // 20 + 3
    return (clock + (1 - clock) % 4) * 20


class Lan:
    """Adapters on one segment. Their registers are written at :data:`FIRST_NS`; time stands there after the set-up."""

    def __init__(
        self, *, speed_mbps: int = 100, full_duplex: bool = False, bits_per_edge: int = 4, sync: int = 2
    ) -> None:
        self.kernel = VirtualTime()
        self.timeline = Timeline()
        self.segment = Segment(
            self.kernel,
            speed_mbps=speed_mbps,
            full_duplex=full_duplex,
            bits_per_edge=bits_per_edge,
            timeline=self.timeline,
        )
        self.sync = sync
        self.bit_ns = self.segment.bit_ns

    def raw(self, position_bits: int = 0) -> RawSource:
        """Attach a raw source."""
        name = f"raw{len(self.segment.ports)}"
        return RawSource(self, self.segment.attach(name, position_bits=position_bits, phase_ns=0))

    def adapter(self, settings: Settings | None = None, **pages: int) -> LanAdapter:
        """Attach an adapter and set it up; ``settings.mac`` is its address."""
        index = len(self.segment.ports)
        settings = settings or Settings(bytes([2, 0, 0, 0, 0, index + 1]))
        settings.speed100 = settings.speed100 and self.segment.speed_mbps == 100
        adapter = LanAdapter(
            self.kernel,
            self.segment,
            MacRom(settings.mac).serialize(),
            name=f"s{index}",
            position_bits=settings.position_bits,
            phase_ns=settings.phase_ns,
            collision_sync=self.sync,
            carrier_sync=self.sync,
        )
        self.kernel.advance(max(self.kernel.now_ns, FIRST_NS))
        start = pages.get("ring_start", TX_PAGES)
        stop = pages.get("ring_stop", TX_PAGES + RING_PAGES)
        self.write(
            adapter,
            (reg.REG_MAC_ADDR_LO, int.from_bytes(settings.mac[:4], "little")),
            (reg.REG_MAC_ADDR_HI, int.from_bytes(settings.mac[4:], "little")),
            (reg.REG_IPG, settings.part1_bits | settings.part2_bits << reg.IPG_PART2_LSB),
            (
                reg.REG_COLLISION_CFG,
                settings.attempt_limit << reg.COLLISION_CFG_ATTEMPT_LIMIT_LSB
                | settings.backoff_limit << reg.COLLISION_CFG_BACKOFF_LIMIT_LSB
                | settings.slot_bits << reg.COLLISION_CFG_SLOT_TIME_LSB
                | settings.jam_bits << reg.COLLISION_CFG_JAM_SIZE_LSB,
            ),
            (reg.REG_BACKOFF_SEED, settings.seed),
            (reg.REG_RX_CFG, receive_config(settings)),
            (reg.REG_RX_START, start),
            (reg.REG_RX_STOP, stop),
            (reg.REG_RX_BNRY, start),
            (reg.REG_CTRL, control(settings)),
            *((reg.REG_BACKOFF_INJECT, word) for word in settings.injected),
        )
        return adapter

    def write(self, adapter: LanAdapter, *writes: tuple[int, int]) -> None:
        """Write registers now, which is an execute edge after a set-up and after :meth:`run_to_edge`."""
        for address, value in writes:
            adapter.write32(address, value)

    def run_to_edge(self) -> int:
        """Advance to the next execute edge."""
        edge_ns = execute_edge(self.kernel.now_ns)
        self.kernel.advance(edge_ns)
        return edge_ns

    def run(self, duration_ns: int) -> None:
        """Let time pass, and end at an execute edge."""
        self.kernel.advance(self.kernel.now_ns + duration_ns)
        self.run_to_edge()

    def send(self, adapter: LanAdapter, data: bytes, slot: int = 0) -> int:
        """Fill a slot and execute its SEND now; return the time."""
        base = reg.TX_SLOT_STRIDE * slot
        page = TX_PAGES // reg.TX_SLOT_COUNT * slot
        adapter.memory.write(256 * page, data)
        self.write(adapter, (reg.REG_TX_PAGE + base, page), (reg.REG_TX_OCTETS + base, len(data)))
        self.write(adapter, (reg.REG_TX_COMMAND + base, reg.TX_COMMAND_SEND))
        return self.kernel.now_ns

    def status(self, adapter: LanAdapter, slot: int = 0) -> int:
        """Return TX_STATUS."""
        return adapter.read32(reg.REG_TX_STATUS + reg.TX_SLOT_STRIDE * slot)

    def received(self, adapter: LanAdapter) -> list[Stored]:
        """Read the ring empty, as a driver does."""
        frames = []
        page = adapter.read32(reg.REG_RX_BNRY)
        start, stop = adapter.read32(reg.REG_RX_START), adapter.read32(reg.REG_RX_STOP)
        while page != adapter.read32(reg.REG_RX_CURR):
            pages = [start + (page - start + i) % (stop - start) for i in range(stop - start)]
            ring = b"".join(adapter.read_block(reg.WIN_BUFFER + 256 * each, 256) for each in pages[:9])
            status, octets, following, time_ns = struct.unpack_from(reg.RX_HEADER_FORMAT, ring)
            frames.append(Stored(status, ring[16 : 16 + octets], time_ns, page))
            page = following
        self.write(adapter, (reg.REG_RX_BNRY, page))
        return frames

    def events(self, kind: str, station: str) -> list[TimelineEvent]:
        """Return the events of a kind at a station, so far, in order."""
        return [event for event in self.timeline.sorted_events() if (event.kind, event.station) == (kind, station)]

    def counters(self, adapter: LanAdapter) -> dict[str, int]:
        """Return the counters that are not 0."""
        return {name: value for name, value in adapter.counters.by_name().items() if value}


def frame_for(destination: bytes, octets: int = 64, *, ethertype: bytes = b"\x88\xb5", source: bytes = PEER) -> bytes:
    """Return a good frame with FCS of ``octets`` octets in all."""
    data = bytes(i & 0xFF for i in range(octets - 18))
    return frame_to_send(destination + source + ethertype + data, pad=False, append_fcs=True)
