"""The twin set up as a script of the naive reference describes it, and what to compare."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_models.adapter.adapter import LanAdapter
from firmware_models.adapter.buffer_memory import BufferMemory, ReceiveRing
from firmware_models.adapter.csma_parameters import TransmitReport
from firmware_models.network.segment import Segment
from rig.adapter import registers as reg
from rig.adapter.mac_rom import MacRom
from rig.adapter.recorder import Timeline
from rig.runtime.kernel import Kernel
from rig.runtime.virtual_time import VirtualTime
from tests.firmware_models.reference_edges import Settings, World, execute_edge

SLOT_PAGES = 6
FIRST_SETUP_NS = 400
FIRST_SEND_NS = 4000
"""Set-up is over by then."""


@dataclass
class Facts:
    """Everything two runs must agree on."""

    events: list[str]
    frames: list[str]
    statuses: list[list[str]]
    stored: list[list[str]]
    interrupts: list[int]


def lines(timeline: Timeline, until_ns: int) -> tuple[list[str], list[str]]:
    """Return what was over before the end of the run."""
    events = [str(sorted(event.to_json().items())) for event in timeline.sorted_events() if event.end_ns < until_ns]
    return events, [f"{frame.t_ns} {frame.station} {frame.octets.hex()}" for frame in timeline.sorted_frames()]


def run_reference(world: World, until_ns: int) -> Facts:
    world.run(until_ns)
    timeline = Timeline(world.events, world.frames)
    events, frames = lines(timeline, until_ns)
    statuses = [
        [f"slot {slot} status {status:#x} at {time_ns}" for slot, status, time_ns in station.status]
        for station in world.stations
    ]
    stored = [
        [f"page {page} status {status:#x} at {time} {octets.hex()}" for page, status, time, octets in station.stored]
        for station in world.stations
    ]
    return Facts(events, frames, statuses, stored, [station.int_status for station in world.stations])


class RecordingRing(ReceiveRing):
    """A ring that also writes down what it stores."""

    def __init__(self, memory: BufferMemory, stored: list[str]) -> None:
        super().__init__(memory)
        self.stored = stored

    def store(self, octets: bytes, status: int, time_ns: int) -> None:
        self.stored.append(f"page {self.current} status {status:#x} at {time_ns} {octets.hex()}")
        super().store(octets, status, time_ns)


class TwinBench:
    """Adapters of ``firmware_models`` with the settings of a naive world; also of use without one."""

    def __init__(self, kernel: Kernel, segment: Segment, stations: list[Settings], sync: int = 2) -> None:
        self.kernel = kernel
        self.segment = segment
        self.stations = stations
        self.adapters = []
        self.statuses: list[list[str]] = [[] for _ in stations]
        self.stored: list[list[str]] = [[] for _ in stations]
        for index, settings in enumerate(stations):
            adapter = LanAdapter(
                kernel,
                segment,
                MacRom(settings.mac).serialize(),
                name=f"s{index}",
                position_bits=settings.position_bits,
                phase_ns=settings.phase_ns,
                collision_sync=sync,
                carrier_sync=sync,
            )
            self.adapters.append(adapter)
            self._script(index, adapter, settings)

    def at(self, t_ns: int, adapter: LanAdapter, *writes: tuple[int, int]) -> None:
        """Do writes at an execute edge, all at once."""

        def write(_: object) -> None:
            for address, value in writes:
                adapter.write32(address, value)

        self.kernel.call_at(t_ns, write)

    def _script(self, index: int, adapter: LanAdapter, settings: Settings) -> None:
        setup = [
            (reg.REG_MAC_ADDR_LO, int.from_bytes(settings.mac[:4], "little")),
            (reg.REG_MAC_ADDR_HI, int.from_bytes(settings.mac[4:], "little")),
            (reg.REG_IPG, settings.part1_bits | settings.part2_bits << reg.IPG_PART2_LSB),
            (reg.REG_COLLISION_CFG, collision_config(settings)),
            (reg.REG_BACKOFF_SEED, settings.seed),
            (reg.REG_RX_CFG, receive_config(settings)),
            (reg.REG_RX_START, settings.ring_start),
            (reg.REG_RX_STOP, settings.ring_stop),
            (reg.REG_RX_BNRY, settings.ring_start),
            (reg.REG_INT_MASK, 0xFF),
            (reg.REG_CTRL, control(settings)),
        ]
        setup += [(reg.REG_BACKOFF_INJECT, word) for word in settings.injected]
        self.at(FIRST_SETUP_NS, adapter, *setup)
        for t_ns, slot, frame in settings.sends:
            self.send(index, t_ns, slot, frame)
        for t_ns, page in settings.boundaries:
            self.at(t_ns, adapter, (reg.REG_RX_BNRY, page))
        for t_ns, value in settings.acknowledges:
            self.at(t_ns, adapter, (reg.REG_INT_STATUS, value))
        reload = list(settings.reload)
        finished = adapter.slots.on_finished

        def on_finished(slot: int, report: TransmitReport | None, edge_ns: int) -> None:
            finished(slot, report, edge_ns)
            status = adapter.slots.slots[slot].status
            self.statuses[index].append(f"slot {slot} status {status:#x} at {edge_ns}")
            if reload:
                delay_ns, frame = reload.pop(0)
                self.send(index, execute_edge(edge_ns + delay_ns), slot, frame)

        adapter.slots.on_finished = on_finished
        adapter.ring = RecordingRing(adapter.memory, self.stored[index])

    def send(self, index: int, t_ns: int, slot: int, frame: bytes) -> None:
        """Fill a slot and execute its SEND at ``t_ns``."""
        adapter = self.adapters[index]
        base = reg.TX_SLOT_STRIDE * slot
        page = SLOT_PAGES * slot

        def send(_: object) -> None:
            adapter.memory.write(256 * page, frame)
            adapter.write32(reg.REG_TX_PAGE + base, page)
            adapter.write32(reg.REG_TX_OCTETS + base, len(frame))
            adapter.write32(reg.REG_TX_COMMAND + base, 1)

        self.kernel.call_at(t_ns, send)

    def facts(self) -> Facts:
        """End the run and return what happened."""
        for adapter in self.adapters:
            adapter.finish()
        self.segment.finish()
        assert self.segment.timeline is not None
        events, frames = lines(self.segment.timeline, self.kernel.now_ns)
        return Facts(events, frames, self.statuses, self.stored, [each.interrupts.status for each in self.adapters])


def control(settings: Settings) -> int:
    bits = {
        reg.CTRL_FULL_DUPLEX: settings.full_duplex,
        reg.CTRL_SPEED100: settings.speed100,
        reg.CTRL_LATE_RETRY: settings.late_retry,
        reg.CTRL_DEFER_FOREVER: settings.defer_forever,
        reg.CTRL_NO_BACKOFF: settings.no_backoff,
        reg.CTRL_FORCE_COL: settings.force_collision,
    }
    always = reg.CTRL_TX_EN | reg.CTRL_RX_EN | reg.CTRL_PAD_EN | reg.CTRL_FCS_EN
    return always | sum(bit for bit, is_set in bits.items() if is_set)


def receive_config(settings: Settings) -> int:
    value = reg.RX_CFG_BCAST | settings.max_frame << reg.RX_CFG_MAX_FRAME_LSB
    value |= reg.RX_CFG_PROMISC if settings.promiscuous else 0
    value |= reg.RX_CFG_ACCEPT_RUNT if settings.accept_runt else 0
    return value | (reg.RX_CFG_ACCEPT_ERR if settings.accept_error else 0)


def collision_config(settings: Settings) -> int:
    return (
        settings.attempt_limit << reg.COLLISION_CFG_ATTEMPT_LIMIT_LSB
        | settings.backoff_limit << reg.COLLISION_CFG_BACKOFF_LIMIT_LSB
        | settings.slot_bits << reg.COLLISION_CFG_SLOT_TIME_LSB
        | settings.jam_bits << reg.COLLISION_CFG_JAM_SIZE_LSB
    )


def run_twin(
    stations: list[Settings],
    until_ns: int,
    *,
    speed_mbps: int = 100,
    full_duplex: bool = False,
    seed: int = 0,
    bits_per_edge: int = 4,
    sync: int = 2,
) -> Facts:
    """Run the twin through the script, for as long as the reference runs."""
    kernel = VirtualTime()
    segment = Segment(
        kernel,
        speed_mbps=speed_mbps,
        full_duplex=full_duplex,
        seed=seed,
        bits_per_edge=bits_per_edge,
        timeline=Timeline(),
    )
    bench = TwinBench(kernel, segment, stations, sync)
    kernel.advance(until_ns)
    return bench.facts()
