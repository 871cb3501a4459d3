"""Let the programs of a scenario happen: their socket calls, one after the other, on a host's socket library.

What they send counts up, octet by octet, so that any piece of it shows in a capture where in the stream it belongs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from socket import EAI_NODATA, EAI_NONAME, SOCK_DGRAM, gaierror

from rig.config.program import END, ProgramLines, Step, parse_step
from rig.errors import UsageError
from rig.sockets import Socket, SocketKind, SocketLibrary
from rig.stack.endpoint import SocketOption

MAX_DATAGRAM_OCTETS = 65507
WHOLE_STREAM = 1 << 60
_KINDS = {"": SocketKind.STREAM, "tcp": SocketKind.STREAM, "udp": SocketKind.DATAGRAM}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a program that is over; ``result`` is what it gave, or the error it met, in words.

    ``descriptor`` is that of the socket it was made on, or has made; None for ``wait``.
    """

    line: str
    verb: str
    descriptor: int | None
    octets: int
    start_ns: int
    end_ns: int
    result: str
    is_error: bool


@dataclass(slots=True)
class Program:
    """One program on one host. ``address_of`` gives the address of a station; ``on_call`` sees each call at its end."""

    sockets: SocketLibrary
    lines: ProgramLines
    address_of: Callable[[str], str]
    on_call: Callable[[Call], None]
    _open: dict[str, Socket] = field(default_factory=dict)
    _sent: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Make the calls in order; the first that fails ends the program, with its ``OSError``.

        Sockets that are open at the end stay open, as with a program that has stopped and not yet gone.
        """
        scheduler = self.sockets.scheduler
        for line in self.lines:
            step = parse_step(line)
            start_ns = scheduler.now_ns
            before = self._open.get(step.name)
            descriptor = None if before is None else before.fileno()
            octets, error = 0, None
            try:
                octets, words = await self._do(step)
            except OSError as err:
                error, words = err, f"{type(err).__name__}: {err}"
            if descriptor is None and step.name in self._open:
                descriptor = self._open[step.name].fileno()
            if step.verb == "accept" and error is None:
                words = f"descriptor {self._open[step.other].fileno()} for {words}"
            self.on_call(
                Call(line, step.verb, descriptor, octets, start_ns, scheduler.now_ns, words, error is not None)
            )
            if error is not None:
                raise error

    async def _do(self, step: Step) -> tuple[int, str]:
        """Make one call; return how many octets it moved, and what it gave in words."""
        library = self.sockets
        if step.verb == "wait":
            await library.scheduler.sleep_until(library.scheduler.now_ns + step.wait_ns)
            return 0, ""
        if step.verb == "look-up":
            return 0, await self._look_up(step.other)
        if step.verb == "socket":
            self._open[step.name] = made = library.socket(_KINDS[step.other])
            return 0, f"descriptor {made.fileno()}"
        socket = self._open[step.name]
        match step.verb:
            case "bind":
                socket.bind(("", step.port))
            case "listen":
                socket.listen(step.octets or 16)
            case "accept":
                self._open[step.other], peer = await socket.accept()
                return 0, f"{peer[0]}:{peer[1]}"
            case "connect":
                await socket.connect((await self._address(step.other), step.port))
                local = socket.getsockname()
                return 0, f"from {local[0]}:{local[1]}"
            case "send":
                await socket.send_all(self._data(step))
                library.kick()
                return step.octets, f"{step.octets} octets"
            case "receive":
                return await self._receive(socket, step.octets)
            case "send-to":
                await socket.send_to(self._data(step), (await self._address(step.other), step.port))
                return step.octets, f"{step.octets} octets"
            case "receive-from":
                data, peer = await socket.receive_from(MAX_DATAGRAM_OCTETS)
                return len(data), f"{len(data)} octets from {peer[0]}:{peer[1]}"
            case "no-delay":
                socket.set_no_delay(True)
            case "receive-buffer":
                socket.set_option(SocketOption.RECEIVE_BUFFER, step.octets)
            case "send-buffer":
                socket.set_option(SocketOption.SEND_BUFFER, step.octets)
            case "dont-fragment":
                socket.set_option(SocketOption.DONT_FRAGMENT, 1)
            case "shutdown":
                socket.shutdown()
            case "close":
                await socket.close()
                del self._open[step.name]
            case "abort":
                socket.abort()
                del self._open[step.name]
            case verb:
                raise UsageError(f"a program has no call {verb!r}")
        return 0, ""

    async def _look_up(self, name: str) -> str:
        """Return the addresses of a name in words; that it has none is an answer too."""
        try:
            return ", ".join(row[4][0] for row in await self.sockets.getaddrinfo(name, None, type=SOCK_DGRAM))
        except gaierror as err:
            if err.errno not in (EAI_NONAME, EAI_NODATA):
                raise
            return "there is no such name" if err.errno == EAI_NONAME else "the name has no address"

    async def _address(self, name: str) -> str:
        """Return the address of a station, or of a name with a dot in it as the resolver has it."""
        return await self.sockets.gethostbyname(name) if "." in name else self.address_of(name)

    def _data(self, step: Step) -> bytes:
        first = self._sent.get(step.name, 0)
        self._sent[step.name] = first + step.octets
        return bytes(number & 0xFF for number in range(first, first + step.octets))

    async def _receive(self, socket: Socket, octets: int) -> tuple[int, str]:
        wanted = WHOLE_STREAM if octets < 0 else octets
        got = 0
        while got < wanted:
            data = await socket.receive(min(wanted - got, 1 << 16))
            if not data:
                return got, f"{got} octets, then the {END} of the stream"
            got += len(data)
        return got, f"{got} octets"
