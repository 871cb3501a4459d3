"""The applications of a scenario on its hosts: servers, clients that carry the file, and programs of socket calls.

They start, end, and are judged here; when the run is over is for :mod:`rig.scenario.play` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rig.apps.dns_server import DnsServer
from rig.apps.dns_zone import Zone
from rig.apps.http_client import HttpResponse, http_get, http_put
from rig.apps.http_server import HttpServer
from rig.build.host import Host
from rig.config.scenario import ClientApp, DnsServerApp, HttpGetApp, HttpServerApp, ProgramApp, Scenario
from rig.runtime.kernel import Scheduler, Task
from rig.scenario.carried_file import CarriedFile
from rig.scenario.facts import COMPLETED, FAILED, Transfer
from rig.scenario.program import Program
from rig.scenario.socket_record import SocketRecord
from rig.sockets import SocketLibrary
from rig.units import NS_PER_MS

_OUTCOMES = ((TimeoutError, "timeout"), (ConnectionRefusedError, "refused"), (ConnectionResetError, "reset"))


@dataclass(slots=True)
class _Client:
    """A client under way: ``carried`` are the octets of body its application has read, or handed to its socket."""

    app: ClientApp
    transfer: Transfer
    carried: int = 0
    error: OSError | None = None
    problem: str = ""


@dataclass(slots=True)
class _Program:
    """A program under way, or over."""

    app: ProgramApp
    error: OSError | None = None


class Applications:
    """What runs on the sockets of ``hosts``, by station name.

    ``on_carried`` is called whenever a client has carried more; ``record``, where there is one, is told the socket
    calls of programs.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        scenario: Scenario,
        hosts: Mapping[str, Host],
        file: CarriedFile,
        *,
        record: SocketRecord | None,
        on_carried: Callable[[], None],
    ) -> None:
        self._scheduler = scheduler
        self._scenario = scenario
        self._hosts = hosts
        self._file = file
        self._record = record
        self._on_carried = on_carried
        self._servers: dict[tuple[str, int], HttpServer] = {}
        self._clients: list[_Client] = []
        self._programs: list[_Program] = []

    def start(self) -> list[Task[None]]:
        """Start all of them; return those whose end is the end of the run: clients, and programs not in background."""
        self._start_servers()
        clients = [self._start_client(app) for app in self._scenario.clients()]
        programs = [(app, self._start_program(app)) for app in self._scenario.programs()]
        return clients + [task for app, task in programs if not app.args.background]

    def judge(self) -> tuple[str, str | None]:
        """Return outcome and error of the run, when all have ended."""
        ended: list[_Client | _Program] = [*self._clients, *self._programs]
        for each in ended:
            name, error = each.app.station, each.error
            if error is not None:
                outcome = next((word for kind, word in _OUTCOMES if isinstance(error, kind)), FAILED)
                return outcome, f"{name}: {type(error).__name__}: {error}"
            if isinstance(each, _Client) and each.problem:
                return FAILED, f"{name}: {each.problem}"
        return COMPLETED, None

    @property
    def transfers(self) -> list[Transfer]:
        """What every client has carried, or tried to."""
        return [client.transfer for client in self._clients]

    @property
    def is_serving(self) -> bool:
        """Whether a server has connections."""
        return any(server.connections for server in self._servers.values())

    @property
    def is_half_way(self) -> bool:
        """Whether half of some client's file has arrived."""
        return any(
            client.carried and 2 * self._carried(client) >= len(self._file.content) for client in self._clients
        )  # fmt: skip

    def progress(self) -> tuple[int, int]:
        """Return how many octets of files have arrived, and how many there are."""
        return sum(map(self._carried, self._clients)), len(self._file.content) * len(self._clients)

    def _carried(self, client: _Client) -> int:
        """Return how many octets have arrived: for a PUT those are not that its socket still holds."""
        if isinstance(client.app, HttpGetApp):
            return client.carried
        stack = self._hosts[client.app.station].stack
        rows = [] if stack is None else stack.netstat()
        return max(0, client.carried - sum(row.send_queue for row in rows if row.state != "LISTEN"))

    def _sockets(self, station: str) -> SocketLibrary:
        sockets = self._hosts[station].sockets
        assert sockets is not None, "the loader refuses an application without an address"
        return sockets

    def _address(self, station: str) -> str:
        ip = self._scenario.station(station).ip
        assert ip is not None, "the loader refuses a peer without an address"
        return ip.split("/")[0]

    def _start_servers(self) -> None:
        for app in self._scenario.apps:
            if isinstance(app, DnsServerApp):
                zone = Zone.from_table(app.args.names, ttl_s=app.args.ttl_s)
                names = DnsServer(self._sockets(app.station), zone)
                self._scheduler.spawn(names.serve(), f"{app.station} dns server")
            elif isinstance(app, HttpServerApp):
                server = HttpServer(self._sockets(app.station), app.args.port, {app.args.path: self._file.content})
                server.listen()
                self._servers[app.station, app.args.port] = server
                self._scheduler.spawn(server.serve(), f"{app.station} http server")

    def _start_client(self, app: ClientApp) -> Task[None]:
        file = self._file
        is_get = isinstance(app, HttpGetApp)
        ends = (app.station, app.args.server)
        sender, receiver = ends[::-1] if is_get else ends
        client = _Client(app, Transfer(file.name, len(file.content), sender, receiver, file.sha256))
        self._clients.append(client)
        return self._scheduler.spawn(self._serve_client(client), f"{app.station} {app.kind}")

    async def _serve_client(self, client: _Client) -> None:
        args = client.app.args
        await self._scheduler.sleep_until(args.start_ns)
        client.transfer.start_ns = self._scheduler.now_ns
        try:
            response = await self._exchange(client)
        except OSError as error:
            client.error = error
        else:
            self._check(client, response)
        client.transfer.end_ns = self._scheduler.now_ns

    async def _exchange(self, client: _Client) -> HttpResponse:
        app, timeout_ms = client.app, self._scenario.tcp.user_timeout_ms
        where = (self._sockets(app.station), self._address(app.args.server), app.args.port, app.args.path)
        user_timeout_ns = None if timeout_ms is None else timeout_ms * NS_PER_MS

        def carry(octets: int) -> None:
            client.carried = octets
            self._on_carried()

        if isinstance(app, HttpGetApp):
            return await http_get(*where, user_timeout_ns=user_timeout_ns, on_progress=carry)
        return await http_put(*where, self._file.content, user_timeout_ns=user_timeout_ns, on_progress=carry)

    def _check(self, client: _Client, response: HttpResponse) -> None:
        app = client.app
        if not 200 <= response.status < 300:
            client.problem = f"the server answered {response.status} {response.reason}"
            return
        if isinstance(app, HttpGetApp):
            client.transfer.sha256_received = response.sha256
        else:
            received = self._servers[app.args.server, app.args.port].received.get(app.args.path)
            client.transfer.sha256_received = None if received is None else received.sha256
        if not client.transfer.is_whole:
            client.problem = f"{client.transfer.name} did not arrive whole: its SHA-256 differs"

    def _start_program(self, app: ProgramApp) -> Task[None]:
        state = _Program(app)
        self._programs.append(state)
        return self._scheduler.spawn(self._serve_program(state), f"{app.station} program")

    async def _serve_program(self, state: _Program) -> None:
        app, record = state.app, self._record
        program = Program(
            self._sockets(app.station), app.args.steps, self._address,
            on_call=lambda call: None if record is None else record.note_call(app.station, call),
        )  # fmt: skip
        await self._scheduler.sleep_until(app.args.start_ns)
        try:
            await program.run()
        except OSError as error:
            state.error = error
