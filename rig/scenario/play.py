"""Let a scenario happen on a bench, and collect what it found out. The same code under every kernel.

Order of a run: every driver brings its adapter up; nodes and servers run; clients and load begin; when the last client
has ended, the load stops, connections and transmit queues drain, the counters are read, and the record is closed. A
limit of simulated or wall time ends a run that does not end by itself, with its facts.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import asdict
from random import Random
from typing import Any

from rig.adapter.recorder import MEDIUM, Timeline
from rig.build.address import station_address
from rig.build.bench import Bench, HasNetwork
from rig.build.host import HasDrivers, Host, build_host, random_source
from rig.build.router import build_router
from rig.config.scenario import Load, PowerEvent, Scenario, Station
from rig.config.topology import Topology
from rig.report.svg import format_time
from rig.runtime.kernel import Event, Scheduler, Task
from rig.scenario.applications import Applications
from rig.scenario.bus_record import BusRows
from rig.scenario.carried_file import CarriedFile
from rig.scenario.facts import COMPLETED, LIMIT, Facts, Progress, StationFacts
from rig.scenario.socket_record import SocketRecord
from rig.scenario.story import Story, StoryBus, StoryDevice
from rig.units import NS_PER_MS, NS_PER_S
from rig.wire.address import format_mac, parse_mac
from rig.wire.ethernet import EthernetFrame, EtherType

LOAD_DESTINATION = "00:00:5e:00:53:ff"
"""An address of the documentation range (RFC 9542, 2.1.4), which no station has: load loads the medium and no host."""

FCS_OCTETS = 4
TICK_NS = 200_000
"""How often progress is told and the wall clock looked at, at first ..."""
TICK_GROWTH = 20
"""... and later: once in this fraction of the time that has passed, because silence is passed over quickly."""
DRAIN_NS = 10 * NS_PER_MS
DRAIN_STEP_NS = 10_000

_ENDS = {"LISTEN", "TIME_WAIT", "CLOSED"}

OnProgress = Callable[[Progress], None]


class Play:
    """One run of ``scenario``, which has been resolved for a backend, on ``bench``.

    ``is_expired`` is asked now and then whether the wall time is over; ``on_progress`` is told how far the run is.
    ``drain_ns`` is the longest wait at the end for what is still under way.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        scenario: Scenario,
        bench: Bench,
        file: CarriedFile,
        *,
        on_progress: OnProgress | None = None,
        is_expired: Callable[[], bool] = lambda: False,
        drain_ns: int = DRAIN_NS,
    ) -> None:
        self._scheduler = scheduler
        self._scenario = scenario
        self._bench = bench
        self._on_progress = on_progress
        self._is_expired = is_expired
        self._drain_ns = drain_ns
        self._story = Story(scheduler)
        self._topology = Topology(scenario)
        self._record = SocketRecord() if "sockets" in scenario.record else None
        self._bus_rows = BusRows() if "bus" in scenario.record else None
        self._hosts = {adapter.name: self._host(adapter) for adapter in scenario.adapters()}
        self._routers = [build_router(scheduler, scenario, each, self._hosts) for each in scenario.routers]
        self._own_stations = {station.name for station in scenario.stations}
        self._applications = Applications(
            scheduler, scenario, self._hosts, file, record=self._record, on_carried=self._look_at_sockets
        )
        self._expired: Event = scheduler.event("wall time over")
        self._unpowered: set[str] = set()
        self._counters: dict[str, dict[str, int]] = {}
        self._netstat: dict[str, list[dict[str, Any]]] | None = None
        self._netstat_ns = 0

    async def run(self) -> tuple[Facts, Timeline]:
        """Play the scenario to its end; call once, as the main task.

        :class:`~rig.errors.AdapterError` if an adapter cannot be brought up.
        """
        scheduler = self._scheduler
        scheduler.spawn(self._switch_power(self._scenario.events), "power")
        starts = [scheduler.spawn(host.driver.start(), f"{name} bring-up") for name, host in self._hosts.items()]
        for start in starts:
            await start
        for name, host in self._hosts.items():
            scheduler.spawn(host.driver.run(), f"{name} driver")
            if host.impairer is not None:
                scheduler.spawn(host.impairer.run(), f"{name} impairer")
            if host.node is not None:
                scheduler.spawn(host.node.run(), f"{name} node")
            elif name in self._own_stations:
                scheduler.spawn(self._sink(host), f"{name} sink")
        for router in self._routers:
            scheduler.spawn(router.node.run(), f"{router.name} node")
        clients = self._applications.start()
        scheduler.spawn(self._tick(), "tick")
        loads = [
            scheduler.spawn(self._talk(load, random_source(self._scenario.seed, load.station, "load")), "load")
            for load in self._scenario.load
        ]
        limit = await self._wait_for(clients)
        at_ns = scheduler.now_ns
        if self._netstat is None:
            self._take_netstat()
        for load in loads:
            load.cancel()
        outcome, error = (LIMIT, limit) if limit else self._applications.judge()
        story = [] if outcome == COMPLETED else self._story.lines()  # what comes now is no part of it
        await self._drain(with_connections=outcome == COMPLETED)
        await self._read_counters()
        self._tell_progress()
        transfers = self._applications.transfers
        facts = Facts(outcome, error, at_ns, scheduler.now_ns, transfers, self._stations(), story)
        if self._record is not None:
            facts.sockets = self._record.rows
        if self._bus_rows is not None:
            facts.bus = self._bus_rows.rows
        timeline = await self._bench.finish()
        if isinstance(self._bench, HasNetwork):
            facts.network = self._bench.network_facts()
        if not facts.network and all(segment.duplex == "full" for segment in self._scenario.segments.values()):
            # Where both ends may send at once, an overlap is no collision.
            timeline.events = [event for event in timeline.events if event.station != MEDIUM]
        return facts, timeline

    # -- what runs -----------------------------------------------------------------------------------------------------

    def _host(self, station: Station) -> Host:
        story, name = self._story, station.name
        bench = self._bench
        driver = bench.driver(name) if isinstance(bench, HasDrivers) else None
        record, rows, scheduler = self._record, self._bus_rows, self._scheduler
        host = build_host(
            self._scheduler,
            self._scenario,
            station,
            StoryBus(bench.bus(name), story, name) if driver is None else None,
            driver=driver,
            tap=lambda device: StoryDevice(device, story, name),
            on_event=lambda _: self._note_states(name),
            on_round=None if record is None else lambda: record.look(name, scheduler.now_ns),
            on_bus=None if rows is None else lambda transaction: rows.note(name, transaction),
            with_stack=station in self._scenario.stations,
        )
        if record is not None and host.sockets is not None:
            record.watch(name, host.sockets)
            if host.impairer is not None:
                host.impairer.tell_losses(lambda way, frame: record.note_loss(name, way, frame, scheduler.now_ns))
        return host

    def _note_states(self, name: str) -> None:
        stack = self._hosts[name].stack
        if stack is not None:
            self._story.note_states(name, stack.netstat())
        self._look_at_sockets()

    async def _talk(self, load: Load, source: Random) -> None:
        """Send frames at exponential intervals, in the manner of a Poisson process, as far as the queue takes them."""
        host = self._hosts[load.station]
        addresses = parse_mac(LOAD_DESTINATION), station_address(host.station)
        header = EthernetFrame(*addresses, EtherType.EXPERIMENTAL_1, b"").serialize()
        frame = header + bytes(octet & 0xFF for octet in range(load.frame_octets - FCS_OCTETS - len(header)))
        due_ns = max(load.start_ns, self._scheduler.now_ns)
        while True:
            due_ns += round(source.expovariate(load.rate_fps) * NS_PER_S)
            if load.stop_ns is not None and due_ns >= load.stop_ns:
                return
            await self._scheduler.sleep_until(due_ns)
            while not host.device.try_transmit(frame):
                await host.device.tx_ready.wait()

    async def _sink(self, host: Host) -> None:
        """Take and drop what a station without a stack receives."""
        device = host.device
        while True:
            device.irq.clear()
            while device.receive() is not None:
                pass
            device.transmit_results()
            await device.irq.wait()

    async def _switch_power(self, events: list[PowerEvent]) -> None:
        for event in events:
            await self._scheduler.sleep_until(event.at_ns)
            if self._netstat is None:
                self._take_netstat()
            self._story.note("power", event.target, event.action)
            self._bench.power(event.target, event.action == "power-on")
            (self._unpowered.discard if event.action == "power-on" else self._unpowered.add)(event.target)

    # -- how it ends ---------------------------------------------------------------------------------------------------

    async def _wait_for(self, clients: list[Task[None]]) -> str:
        """Wait for all clients; return which limit was met instead, or nothing."""
        limits = self._scenario.limits
        for client in clients:
            ended = await self._scheduler.wait_first(client.finished, self._expired, deadline_ns=limits.sim_ns)
            if ended is None:
                return f"the run met its limit of {format_time(limits.sim_ns)} of simulated time (limits.sim_ns)"
            if ended == 1:
                return f"the run met its limit of {limits.wall_s} s of wall time (limits.wall_s)"
        return ""

    async def _drain(self, *, with_connections: bool) -> None:
        """Let what is under way come to its end, within a limit: connections that close, frames in transmit slots."""
        scheduler = self._scheduler
        deadline_ns = scheduler.now_ns + self._drain_ns
        while scheduler.now_ns < deadline_ns:
            if not any(map(_is_sending, self._hosts.values())) and not (with_connections and self._is_closing()):
                return
            await scheduler.sleep_until(scheduler.now_ns + DRAIN_STEP_NS)

    def _is_closing(self) -> bool:
        stacks = [host.stack for host in self._hosts.values() if host.stack is not None]
        return self._applications.is_serving or any(
            row.protocol == "tcp" and row.state not in _ENDS for stack in stacks for row in stack.netstat()
        )

    # -- what is known about it ----------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        scheduler = self._scheduler
        while True:
            await scheduler.sleep_until(scheduler.now_ns + max(TICK_NS, scheduler.now_ns // TICK_GROWTH))
            if self._is_expired():
                self._expired.set()
            self._tell_progress()

    def _tell_progress(self) -> None:
        if self._on_progress is None:
            return
        collisions = sum(host.driver.statistics.collisions for host in self._hosts.values())
        carried, total = self._applications.progress()
        self._on_progress(Progress(self._scheduler.now_ns, carried, total, collisions, self._rows()))

    def _look_at_sockets(self) -> None:
        """Take the netstat of all hosts when half of a file has arrived: then the connection surely lives."""
        if self._netstat is None and self._applications.is_half_way:
            self._take_netstat()

    def _take_netstat(self) -> None:
        self._netstat = self._rows()
        self._netstat_ns = self._scheduler.now_ns

    def _rows(self) -> dict[str, list[dict[str, Any]]]:
        tables: dict[str, list[dict[str, Any]]] = {}
        for name, host in self._hosts.items():
            if host.stack is not None:
                rows = [asdict(row) for row in host.stack.netstat()]
                tables[name] = [{key: value for key, value in row.items() if key != "handle"} for row in rows]
        return tables

    async def _read_counters(self) -> None:
        """Read the counters of every adapter that has power; the others have lost theirs with it."""
        readings: dict[str, Coroutine[Any, Any, dict[str, int]]] = {
            name: host.driver.read_counters() for name, host in self._hosts.items() if name not in self._unpowered
        }
        tasks = {name: self._scheduler.spawn(reading, f"{name} counters") for name, reading in readings.items()}
        self._counters = {name: await task for name, task in tasks.items()}

    def _stations(self) -> dict[str, StationFacts]:
        netstat = self._netstat or {}
        return {
            name: StationFacts(
                mac=format_mac(station_address(host.station)),
                ip=host.station.ip,
                segment=self._topology.place(host.station),
                position_bits=host.station.position_bits,
                mtu=host.station.mtu,
                counters=self._counters.get(name, {}),
                netstat=netstat.get(name, []),
                netstat_ns=self._netstat_ns if name in netstat else None,
                driver=host.driver.statistics.as_dict(),
                stack={} if host.stack is None else dict(sorted(host.stack.counters().items())),
                notices=list(host.driver.notices),
                impairments={} if host.impairer is None else dict(sorted(host.impairer.counts.items())),
            )
            for name, host in self._hosts.items()
        }


def _is_sending(host: Host) -> bool:
    counts = host.driver.statistics
    ended = counts.frames_sent + counts.transmit_errors + counts.transmit_frames_lost + counts.frames_dropped
    return counts.frames_queued > ended
