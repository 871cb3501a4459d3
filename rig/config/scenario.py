"""The scenario file: which stations share which segment, what runs on them, what happens to them, and when to stop.

One file is meant for every backend. What has to differ, because an idle second costs nothing in virtual time and many
seconds in a simulator, stands under ``backends`` and replaces single values; :meth:`Scenario.for_backend` gives what
holds for one backend. Durations are in the unit that the key names; ``_ns`` counts from the start of the simulation.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from rig.config.fields import (
    DnsTargets,
    DurationMs,
    HostName,
    InterfaceAddress,
    InterfaceName,
    Ipv4Address,
    MacAddress,
    Mtu,
    Name,
    Port,
    Resource,
    TimeNs,
)
from rig.config.impairment import ImpairmentSettings, StationImpairments
from rig.config.network import BackendName as BackendName
from rig.config.network import Cable, Duplex, Hub, Router, Switch
from rig.config.program import ProgramLines
from rig.config.validation import Strict

Settings = TypeVar("Settings", "TcpSettings", "Limits")
BACKENDS: tuple[BackendName, ...] = ("model", "rtl", "nic", "board")

MIN_FRAME_OCTETS = 64  # IEEE Std 802.3-2022 4.4.2: minFrameSize, destination address to FCS
MAX_FRAME_OCTETS = 1518  # maxBasicFrameSize
MAX_DELAY_BITS = 1000
"""Longest segment. Beyond half a slot time (256) late collisions appear: wrong as a network, useful as a lesson."""


class Segment(Strict):
    """One collision domain, or one full-duplex link. ``delay_bits``: one way, end to end, in bit times.

    ``line`` 10base-t: two stations with 10BASE-T PHYs of their own on two pairs, half duplex. Verilog and twins
    code and decode Manchester, with clocks 200 ppm apart. Beside other media, on the model, it is a plain segment.
    ``impairments`` happen to each frame at each station that receives it, for each with other dice.
    ``cable`` names the real cable that joins two stations on hardware; each says at which ``interface`` or ``port``.
    """

    speed_mbps: Literal[10, 100] = 100
    duplex: Literal["half", "full"] = "half"
    line: Literal["mii", "10base-t"] = "mii"
    delay_bits: int = Field(default=0, ge=0, le=MAX_DELAY_BITS)
    impairments: ImpairmentSettings | None = None
    cable: Name | None = None


class ModerationSettings(Strict):
    """Interrupts for received frames and finished transmissions are held back until there are ``count`` of them, or
    ``time`` steps of 64 bus clocks have passed since the first, whichever comes first; 0 does not take part.
    """

    count: int = Field(default=0, ge=0, le=255)
    time: int = Field(default=0, ge=0, le=65_535)


class DriverSettings(Strict):
    """The LAN driver of a station. ``cpu_us``: what its CPU needs before each access to the adapter."""

    cpu_us: int = Field(default=0, ge=0, le=1_000_000)
    moderation: ModerationSettings = ModerationSettings()


class Station(Strict):
    """One adapter with its host. A station without ``ip`` has a driver and no stack; it can carry load.

    ``mac`` is the address in its MAC-address ROM. With ``rom``, the ROM holds that image instead: a file of 32 octets,
    or 64 hexadecimal digits. Then ``mac`` is for the driver to use instead of the ROM's address: locally administered,
    and told as a notice; without it the ROM's address is used, and an adapter with a damaged ROM does not come up.
    It is on a ``segment``, or at the end of a cable; then ``duplex`` says its mode, by default that of the other end.
    ``position_bits`` is its place on the segment in bit times from one end; ``phase_ns`` the phase of its MII clock.
    ``backend`` is where it is whatever the others are on; only a run on the model makes it a twin all the same.
    ``far_end`` rtl: of a virtual board adapter and far end of the link are in Verilog, in the same simulation.
    ``device`` is the file of another adapter in Verilog that it is where it is in Verilog (:mod:`rig.config.device`).
    ``impairments`` happen between its driver and its stack; for what it receives they replace those of its segment.
    ``driver`` sets the LAN driver; on a network interface of the host there is none.
    ``mtu`` is the longest IP packet that it sends, as if its link took no longer ones.
    On the wall clock, at the end of a real cable: ``interface`` is the network interface that it is, or into which the
    jack of its virtual board leads; ``port`` the serial port of its board, or its URL.
    """

    name: Name
    mac: MacAddress | None = None
    rom: str | None = None
    segment: str | None = None
    duplex: Duplex | None = None
    ip: InterfaceAddress | None = None
    gateway: Ipv4Address | None = None
    mtu: Mtu = 1500
    position_bits: int = Field(default=0, ge=0, le=MAX_DELAY_BITS)
    phase_ns: int | None = Field(default=None, ge=0, lt=400)
    backend: BackendName | None = None
    far_end: Literal["twin", "rtl"] | None = None
    device: str | None = Field(default=None, min_length=1)
    impairments: StationImpairments | None = None
    driver: DriverSettings = DriverSettings()
    interface: InterfaceName | None = None
    port: str | None = Field(default=None, min_length=1)

    @property
    def is_verilog(self) -> bool:
        """Whether, resolved for a backend, its adapter is in the simulation."""
        return self.backend == "rtl" or (self.backend == "board" and self.far_end == "rtl")


class HttpServerArgs(Strict):
    """Serve the scenario's file at ``path``, and take what a client PUTs."""

    port: Port = 80
    path: Resource = "/picture.png"


class HttpClientArgs(Strict):
    """Fetch or store the scenario's file. ``server`` names a station; ``start_ns`` is when the client begins."""

    server: str
    port: Port = 80
    path: Resource = "/picture.png"
    start_ns: TimeNs = 0


class HttpServerApp(Strict):
    """A web server; runs until the scenario ends."""

    kind: Literal["http-server"]
    station: str
    args: HttpServerArgs = HttpServerArgs()


class HttpGetApp(Strict):
    """A client that GETs the file; the scenario ends when every client has."""

    kind: Literal["http-get"]
    station: str
    args: HttpClientArgs


class HttpPutApp(Strict):
    """A client that PUTs the file."""

    kind: Literal["http-put"]
    station: str
    args: HttpClientArgs


class DnsServerArgs(Strict):
    """A zone: each name has an address, or a list of them, or another name of which it is an alias (CNAME)."""

    names: dict[HostName, DnsTargets] = Field(min_length=1)
    ttl_s: int = Field(default=300, ge=0, le=86_400)


class DnsServerApp(Strict):
    """A name server for the names given here, on port 53; runs until the scenario ends."""

    kind: Literal["dns-server"]
    station: str
    args: DnsServerArgs


class ProgramArgs(Strict):
    """Socket calls, one a line (:mod:`rig.config.program`). ``start_ns`` is when the program begins.

    The run does not wait for the end of one that is in the ``background``, such as a server that nobody may call.
    """

    steps: ProgramLines = Field(min_length=1, max_length=200)
    start_ns: TimeNs = 0
    background: bool = False


class ProgramApp(Strict):
    """A small program of socket calls; the scenario ends when every client and every program has."""

    kind: Literal["program"]
    station: str
    args: ProgramArgs


ClientApp = HttpGetApp | HttpPutApp
App = Annotated[HttpServerApp | HttpGetApp | HttpPutApp | DnsServerApp | ProgramApp, Field(discriminator="kind")]


class Load(Strict):
    """Raw frames from a station's driver at random intervals (exponential, seeded), to an address nobody has.

    ``frame_octets`` counts destination address to FCS. Without ``stop_ns`` it lasts as long as the run.
    """

    station: str
    frame_octets: int = Field(ge=MIN_FRAME_OCTETS, le=MAX_FRAME_OCTETS)
    rate_fps: int = Field(ge=1, le=200_000)
    start_ns: TimeNs = 0
    stop_ns: TimeNs | None = None


class PowerEvent(Strict):
    """Power of a station's adapter is lost or comes back."""

    at_ns: TimeNs
    action: Literal["power-off", "power-on"]
    target: str


class TcpSettings(Strict):
    """TCP of every host; what is not said keeps the default of the stack (RFC 9293, RFC 6298)."""

    user_timeout_ms: DurationMs | None = None
    rto_initial_ms: DurationMs | None = None
    rto_minimum_ms: DurationMs | None = None
    delayed_ack_ms: int | None = Field(default=None, ge=1, le=499)
    receive_buffer_octets: int | None = Field(default=None, ge=536, le=1 << 30)
    send_buffer_octets: int | None = Field(default=None, ge=536, le=1 << 30)
    nagle: bool | None = None
    timestamps: bool | None = None
    sack: bool | None = None
    window_scale: bool | None = None
    msl_ms: DurationMs | None = None


class Ipv4Settings(Strict):
    """The internet layer of every host; what is not said keeps the default of the stack (RFC 1122)."""

    reassembly_timeout_ms: DurationMs | None = None


class ResolverSettings(Strict):
    """The stub resolver of every host: the stations that it asks, in this order, and for how long each.

    ``timeout_ms`` is its patience with each server in the first of ``rounds``; every further round doubles it.
    """

    servers: list[Name] = Field(min_length=1, max_length=3)
    timeout_ms: DurationMs = 2_000
    rounds: int = Field(default=3, ge=1, le=8)
    cache: bool = True


class Limits(Strict):
    """Where a run that does not end by itself is ended: simulated and wall time."""

    sim_ns: int = Field(default=600 * 10**9, ge=1, le=10**15)
    wall_s: int = Field(default=300, ge=1, le=10**6)


class Override(Strict):
    """What one backend needs to be different; single values replace those of the file, a list the whole list."""

    tcp: TcpSettings = TcpSettings()
    limits: Limits = Limits()
    events: list[PowerEvent] | None = None


class Expectation(Strict):
    """How the run must end to have passed: ``completed``, or the error that the client must meet."""

    outcome: Literal["completed", "timeout", "reset", "refused", "limit"] = "completed"


class Scenario(Strict):
    """A whole file.

    ``record`` says what is written down besides: ``sockets``, what the hosts' sockets did; ``bus``, what their drivers
    read from the adapters and wrote to them.
    ``device`` is that of every adapter in Verilog that names none.
    """

    schema_version: Literal[1] = Field(alias="schema")
    title: str = ""
    description: str = ""
    seed: int = Field(default=1, ge=0, lt=1 << 64)
    file: str | None = None
    device: str | None = Field(default=None, min_length=1)
    segments: dict[Name, Segment] = Field(default={}, max_length=16)
    stations: list[Station] = Field(min_length=2, max_length=64)
    hubs: list[Hub] = Field(default=[], max_length=16)
    switches: list[Switch] = Field(default=[], max_length=16)
    routers: list[Router] = Field(default=[], max_length=16)
    cables: list[Cable] = Field(default=[], max_length=256)
    allow_loops: bool = False
    apps: list[App] = Field(min_length=1)
    load: list[Load] = Field(default=[])
    events: list[PowerEvent] = Field(default=[])
    tcp: TcpSettings = TcpSettings()
    ipv4: Ipv4Settings = Ipv4Settings()
    resolver: ResolverSettings | None = None
    limits: Limits = Limits()
    backends: dict[BackendName, Override] = Field(default={})
    expect: Expectation = Expectation()
    record: list[Literal["sockets", "bus"]] = Field(default=[], max_length=2)

    def for_backend(self, backend: BackendName) -> Scenario:
        """Return the scenario as it runs on ``backend``: overrides applied, every station with its backend.

        That is ``backend``, but where the file names another a station stays there: only ``model`` runs everything.
        """
        changes: dict[str, Any] = {
            key: [
                each.model_copy(update={"backend": backend if backend == "model" else each.backend or backend})
                for each in whole
            ]
            for key, whole in (("stations", self.stations), ("routers", self.routers))
        }
        override = self.backends.get(backend)
        if override is not None:
            changes["tcp"] = _merge(self.tcp, override.tcp)
            changes["limits"] = _merge(self.limits, override.limits)
            if override.events is not None:
                changes["events"] = override.events
        return self.model_copy(update=changes)

    def clients(self) -> list[ClientApp]:
        """Return the applications that carry the file; the end of all, and of all programs, is the end of the run."""
        return [app for app in self.apps if isinstance(app, (HttpGetApp, HttpPutApp))]

    def programs(self) -> list[ProgramApp]:
        """Return the programs of socket calls."""
        return [app for app in self.apps if isinstance(app, ProgramApp)]

    def adapters(self) -> list[Station]:
        """Return every adapter: the stations, then the interfaces of routers, named ``router-interface``."""
        interfaces = [
            Station(
                name=f"{router.name}-{interface.name}", mac=interface.mac, ip=interface.ip, segment=interface.segment,
                mtu=interface.mtu, position_bits=interface.position_bits, duplex=interface.duplex,
                backend=router.backend,
            )
            for router in self.routers
            for interface in router.interfaces
        ]  # fmt: skip
        return [*self.stations, *interfaces]

    def device_of(self, adapter: Station) -> str | None:
        """Return the device file of an adapter in Verilog; None: it is the adapter of this project."""
        return adapter.device or self.device

    @property
    def is_network(self) -> bool:
        """Whether it is more than stations on one segment."""
        return bool(self.cables or self.routers or self.hubs or self.switches) or len(self.segments) != 1

    @property
    def is_live(self) -> bool:
        """Whether, resolved for a backend, it runs on the clock of the machine: some station is at a real cable."""
        return any(
            station.backend == "nic" or (station.backend == "board" and (station.port or station.interface))
            for station in self.stations
        )

    def station(self, name: str) -> Station:
        """Return a station that is known to exist."""
        return next(station for station in self.stations if station.name == name)


def _merge(base: Settings, override: Settings) -> Settings:
    return base.model_copy(update={name: getattr(override, name) for name in override.model_fields_set})
