"""The twins of a scenario with cables: adapters, hubs and switches, on segments and cables of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from rig.adapter.bus import AdapterBus
from rig.adapter.mac_rom import MacRom
from rig.adapter.recorder import Timeline
from rig.build.address import station_address
from rig.build.joint import VerilogStations
from rig.build.twin_station import TwinStation
from rig.config.network import Cable as CableSettings
from rig.config.plan import plan_of
from rig.config.scenario import Scenario
from rig.config.topology import HUB, STATION, SWITCH, End, Topology
from rig.runtime.kernel import Kernel
from rig.units import NS_PER_MS

if TYPE_CHECKING:
    from firmware_models.network.cable import Cable, CableSpec
    from firmware_models.network.segment import Receiver, Segment, Transmission

RandomOf = Callable[..., Random]
PHASE_STEP_NS = 7
"""Clocks of different devices stand apart, as they do on one segment."""


class _Witness:
    """Stands before a receiver and counts what is heard whole there, by source address."""

    def __init__(self, receiver: Receiver | None, heard: Counter[bytes]) -> None:
        self._receiver = receiver
        self._heard = heard

    def transmission_ended(self, transmission: Transmission, is_whole: bool) -> None:
        """See :class:`~firmware_models.network.segment.Receiver`."""
        if transmission.is_whole_frame():
            self._heard[transmission.frame[6:12]] += 1
        if self._receiver is not None:
            self._receiver.transmission_ended(transmission, is_whole)


class NetworkBench:
    """A :class:`~rig.build.bench.Bench` of twins; ``random_of(*purpose)`` gives a random source for one purpose.

    Adapters on ``rtl`` are those of ``verilog``, if that is given.
    """

    def __init__(
        self, kernel: Kernel, scenario: Scenario, random_of: RandomOf, verilog: VerilogStations | None = None
    ) -> None:
        from firmware_models.adapter.adapter import LanAdapter
        from firmware_models.network.repeater import Repeater
        from firmware_models.network.segment import Segment
        from firmware_models.network.switch import Switch

        self._kernel = kernel
        self._scenario = scenario
        self._topology = topology = Topology(scenario)
        self._timeline = Timeline()
        self._verilog = verilog
        self._cables: dict[str, Cable] = {}
        garbage_seed = scenario.seed & 0xFFFFFFFF
        self._segments = {
            name: Segment(
                kernel, speed_mbps=each.speed_mbps, full_duplex=each.duplex == "full", delay_bits=each.delay_bits,
                seed=garbage_seed, timeline=self._timeline,
                medium=None if each.duplex == "full" else name,
            )
            for name, each in scenario.segments.items()
        }  # fmt: skip
        for settings, near, far in topology.ends:
            self._cables[settings.name] = self._cable(settings, near, far, random_of("cable", settings.name))
        self._twins: dict[str, TwinStation] = {}
        self._heard: dict[str, Counter[bytes]] = {}
        for index, station in enumerate(scenario.adapters()):
            segment = self._medium_of(End(STATION, station.name), station.segment)
            phase_ns = PHASE_STEP_NS * index % segment.period_ns if station.phase_ns is None else station.phase_ns
            rom = MacRom(station_address(station)).serialize() if station.rom is None else bytes.fromhex(station.rom)
            heard = self._heard.setdefault(station.name, Counter())
            cable = None if station.segment is not None else self._cables[topology.place(station)]
            if verilog is not None and station.is_verilog:
                outer = verilog.attach(
                    segment, station.name, rom, position_bits=station.position_bits, phase_ns=phase_ns,
                    is_board=station.backend == "board",
                )  # fmt: skip
                outer.receiver = _Witness(None, heard)
                self._watch_link(cable, partial(verilog.set_link, station.name))
                continue
            adapter = LanAdapter(
                kernel, segment, rom, name=station.name, position_bits=station.position_bits, phase_ns=phase_ns
            )
            adapter.port.receiver = _Witness(adapter.port.receiver, heard)
            self._twins[station.name] = TwinStation(
                kernel, adapter, is_board=station.backend == "board", seed=garbage_seed
            )  # fmt: skip
            self._watch_link(cable, adapter.set_link)
        self._hubs: list[Repeater] = []
        self._switches: list[Switch] = []
        number = len(self._heard)
        for hub in scenario.hubs:
            media = [self._medium_of(End(HUB, hub.name, port), speed_of=hub.name) for port in range(1, hub.ports + 1)]
            phase_ns = PHASE_STEP_NS * number % media[0].period_ns
            self._hubs.append(Repeater(kernel, hub.name, media, phase_ns=phase_ns, timeline=self._timeline))
            number += 1
        for switch in scenario.switches:
            ends = [End(SWITCH, switch.name, port) for port in range(1, switch.ports + 1)]
            media = [self._medium_of(end) for end in ends]
            modes = [end not in topology.plugged or topology.is_full_duplex(end) for end in ends]
            twin = Switch(
                kernel, switch.name, media, modes, random_of("switch", switch.name),
                phase_ns=PHASE_STEP_NS * number % 40, age_ns=switch.age_ms * NS_PER_MS,
                buffer_octets=switch.buffer_octets,
            )  # fmt: skip
            for end, port in zip(ends, twin.ports, strict=True):
                plugged = topology.plugged.get(end)
                port.has_link = plugged is not None and self._cables[plugged[0].name].is_link_up
                if plugged is not None:
                    self._cables[plugged[0].name].link_watchers.append(port.set_link)
            self._switches.append(twin)
            number += 1
        if verilog is not None:
            verilog.start()

    def _watch_link(self, cable: Cable | None, set_link: Callable[[bool], None]) -> None:
        """Let an adapter at the end of a cable know of its link."""
        if cable is not None:
            if not cable.is_link_up:
                self._kernel.call_at(self._kernel.now_ns, set_link, False)
            cable.link_watchers.append(set_link)

    def _cable(self, cable: CableSettings, near: End, far: End, random: Random) -> Cable:
        from firmware_models.network.cable import Cable

        topology = self._topology
        full = topology.is_full_duplex(near) and topology.is_full_duplex(far)
        is_shared = not full and HUB not in (near.kind, far.kind)  # a hub records its collisions itself
        twin = Cable(
            self._kernel, cable.name, _spec(topology, cable, near, far), speed_mbps=cable.speed_mbps, full_duplex=full,
            seed=self._scenario.seed & 0xFFFFFFFF, source=random, timeline=self._timeline,
        )  # fmt: skip
        twin.medium = cable.name if is_shared else None
        return twin

    def _medium_of(self, end: End, segment: str | None = None, speed_of: str | None = None) -> Segment:
        """Return what an end is plugged into; a port without a cable gets one that leads nowhere."""
        from firmware_models.network.segment import Segment

        if segment is not None:
            return self._segments[segment]
        plugged = self._topology.plugged.get(end)
        if plugged is not None:
            return self._cables[plugged[0].name]
        speeds = [cable.speed_mbps for other, (cable, _) in self._topology.plugged.items() if other.name == speed_of]
        return Segment(self._kernel, speed_mbps=speeds[0] if speeds else 100)

    # -- what a bench does ---------------------------------------------------------------------------------------------

    def bus(self, name: str) -> AdapterBus:
        """See :class:`~rig.build.bench.Bench`."""
        if self._verilog is not None and name not in self._twins:
            return self._verilog.bus(name)
        return self._twins[name].bus

    def power(self, name: str, on: bool) -> None:
        """See :class:`~rig.build.bench.Bench`."""
        if self._verilog is not None and name not in self._twins:
            self._verilog.power(name, on)
        else:
            self._twins[name].power(on)

    async def finish(self) -> Timeline:
        """See :class:`~rig.build.bench.Bench`."""
        for twin in self._twins.values():
            twin.finish()
        for hub in self._hubs:
            hub.finish()
        for switch in self._switches:
            for port in switch.ports:
                port.csma.finish()
        for segment in (*self._segments.values(), *self._cables.values()):
            segment.finish()
        if self._verilog is not None:
            await self._verilog.finish(self._timeline)
        return self._timeline

    def network_facts(self) -> dict[str, Any]:
        """Return what is known of everything between the stations; see ``docs/run_folder.md``."""
        names = {station_address(station): station.name for station in self._scenario.adapters()}
        return {
            "media": [
                *(segment.medium for segment in self._segments.values() if segment.medium is not None),
                *(hub.name for hub in self._hubs),
                *(cable.medium for cable in self._cables.values() if cable.medium is not None),
            ],
            "domains": [
                *([segment.medium] for segment in self._segments.values() if segment.medium is not None),
                *self._topology.hub_domains(),
                *([cable.medium] for cable in self._cables.values() if cable.medium is not None),
            ],
            "plan": plan_of(self._scenario),
            "warnings": self._topology.warnings(),
            "paths": [asdict(path) for path in self._topology.longest_paths()],
            "hubs": [
                {
                    "name": hub.name,
                    "collisions": hub.collisions,
                    "ports": [
                        {
                            "port": port.number,
                            "to": self._other(End(HUB, hub.name, port.number)),
                            "partitioned": port.is_partitioned,
                            "counters": port.counters,
                        }
                        for port in hub.ports
                    ],
                }
                for hub in self._hubs
            ],
            "switches": [
                {
                    "name": switch.name,
                    "counters": dict(sorted(switch.counters.items())),
                    "table": {
                        names.get(address, address.hex(":")): learned.port for address, learned in switch.table.items()
                    },
                    "ports": [
                        {
                            "port": port.number,
                            "to": self._other(End(SWITCH, switch.name, port.number)),
                            "duplex": "full" if port.full_duplex else "half",
                            "counters": {name: count for name, count in sorted(port.counters.items()) if count},
                        }
                        for port in switch.ports
                    ],
                }
                for switch in self._switches
            ],
            "cables": [
                {
                    "name": name,
                    "length_m": cable.spec.length_m,
                    "delay_ns": cable.spec.delay_ns,
                    "speed_mbps": cable.speed_mbps,
                    "link": cable.is_link_up,
                    "bit_errors": cable.bit_errors,
                    "frames_cut": cable.frames_cut,
                }
                for name, cable in self._cables.items()
            ],
            "heard": {
                name: {names.get(address, address.hex(":")): count for address, count in sorted(heard.items())}
                for name, heard in self._heard.items()
            },
        }

    def _other(self, end: End) -> str | None:
        plugged = self._topology.plugged.get(end)
        return None if plugged is None else str(plugged[1])


def _spec(topology: Topology, cable: CableSettings, near: End, far: End) -> CableSpec:
    from firmware_models.network.cable import CableSpec
    from firmware_models.network.segment import OPEN

    needs_straight = topology.needs_straight(near, far)
    return CableSpec(
        length_m=cable.length_m,
        kind=cable.kind,
        is_straight=needs_straight if cable.wiring is None else cable.wiring == "straight",
        needs_straight=needs_straight,
        bit_error_rate=cable.bit_error_rate,
        outages_ns=tuple((each.from_ns, OPEN if each.to_ns is None else each.to_ns) for each in cable.outages),
    )
