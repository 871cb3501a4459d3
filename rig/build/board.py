"""Boards, from a line to a bus: twins behind modelled lines in virtual time, and ports of this machine on the wall
clock."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, TypeVar

from rig.backends.board import BoardBus as BoardBus  # for those who may not name a backend themselves
from rig.backends.board import Expectation, OctetPort
from rig.build.far_end import Pace
from rig.link.estimates import LinkSettings
from rig.runtime.kernel import Kernel
from rig.units import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from firmware_models.adapter.adapter import LanAdapter
    from firmware_models.boards.pseudo_terminal import PseudoTerminal
    from firmware_models.boards.serial_line import LineFaults, SerialLine
    from firmware_models.boards.twin import BoardTwin
    from firmware_models.network.segment import Segment
    from rig.build.far_end import FarEnd
    from rig.runtime.pump_asyncio import WallClock

T = TypeVar("T")

DEFAULT_BAUD = 3_000_000
DEFAULT_LATENCY_NS = 100_000
"""Of a modelled line, each way: a USB serial port in its low-latency mode."""
HOST_JITTER_NS = 20 * NS_PER_MS
"""Of a busy machine that runs Python."""
DEFAULT_BOARD = "ulx3s-lan8720"
FAR_END_BOARD = DEFAULT_BOARD
FAR_END_MAC = bytes.fromhex("020000000001")


@dataclass(slots=True)
class ModelledBoard:
    """A board in virtual time: its twin, its line and the bus to it. Nothing is sent before the first transaction."""

    twin: BoardTwin
    line: SerialLine
    bus: BoardBus
    unplug: Callable[[], None]
    """Pull the cable: the board loses its power and the host its port."""
    plug: Callable[[], None]
    """Put it in again. The host finds the port under another name."""
    port_names: list[str]
    """Under which names the port was opened, in order."""
    kernel: Kernel


def session_ids(dice: Random) -> Iterator[int]:
    """Yield session ids: 32 bits, the low half not 0."""
    while True:
        session_id = dice.getrandbits(32)
        if session_id & 0xFFFF:
            yield session_id


def modelled_board(
    kernel: Kernel,
    segment: Segment,
    rom: bytes,
    *,
    name: str = "board",
    position_bits: int = 0,
    phase_ns: int | None = None,
    **line: Any,
) -> ModelledBoard:
    """Return a twin of a board on ``segment``, behind a modelled serial line; ``line`` as for :func:`board_around`."""
    from firmware_models.adapter.adapter import LanAdapter

    adapter = LanAdapter(kernel, segment, rom, name=name, position_bits=position_bits, phase_ns=phase_ns)
    return board_around(kernel, adapter, name=name, **line)


def board_around(
    kernel: Kernel,
    adapter: LanAdapter,
    *,
    name: str = "board",
    board: str = DEFAULT_BOARD,
    baud: int = DEFAULT_BAUD,
    latency_ns: int = DEFAULT_LATENCY_NS,
    faults: LineFaults | None = None,
    seed: int = 1,
    settings: LinkSettings | None = None,
    expected: Expectation | None = None,
) -> ModelledBoard:
    """Return a board around a twin of an adapter, behind a modelled serial line."""
    from firmware_models.boards.modelled_port import ModelledPort
    from firmware_models.boards.serial_line import SerialLine
    from firmware_models.boards.twin import BoardTwin, connect, twin_greeting
    from rig.errors import LinkError

    twin = BoardTwin(kernel, adapter, twin_greeting(board, baud=baud))
    line = SerialLine(kernel, baud, latency_ns=latency_ns, faults=faults, dice=Random(f"{seed}/{name}/line"))
    connect(twin, line)
    ports: list[ModelledPort] = []
    names: list[str] = []
    plugged = [True]
    numbers = itertools.count()
    port_name = [f"ttyMODEL{next(numbers)}"]

    def open_port() -> OctetPort:
        if not plugged[0]:
            raise LinkError(f"{name}: no port of this board is there; is it plugged in?")
        ports.append(ModelledPort(line))
        names.append(port_name[0])
        return ports[-1]

    def unplug() -> None:
        plugged[0] = False
        twin.unplug()
        line.cut()
        for port in ports:
            port.unplug()

    def plug() -> None:
        plugged[0] = True
        port_name[0] = f"ttyMODEL{next(numbers)}"
        line.cut(False)
        twin.plug()

    bus = BoardBus(
        kernel, open_port, session_ids(Random(f"{seed}/{name}/session")), expected or Expectation(name, board), settings
    )
    return ModelledBoard(twin, line, bus, unplug, plug, names, kernel)


class TwinFarEnd:
    """A twin behind a modelled line, as :mod:`rig.boards.faults` wants a far end."""

    def __init__(self, kernel: Kernel, seed: int, *, baud: int, latency_ns: int) -> None:
        from firmware_models.network.segment import Segment
        from rig.adapter.mac_rom import MacRom

        rom = MacRom(FAR_END_MAC).serialize()
        self.scheduler = kernel
        self.pace = Pace()
        self.board = modelled_board(kernel, Segment(kernel), rom, baud=baud, latency_ns=latency_ns, seed=seed)
        self.bus = self.board.bus
        self._seed = seed
        self._hosts = 1

    @property
    def octets_hit(self) -> int:
        line = self.board.line
        injectors = (line.to_board.injector, line.to_host.injector)
        return sum(sum(injector.counts.values()) for injector in injectors if injector is not None)

    @property
    def port_name(self) -> str:
        return self.board.port_names[-1] if self.board.port_names else ""

    def octets_carried(self, *, to_board: bool) -> int:
        line = self.board.line
        return (line.to_board if to_board else line.to_host).octets_carried

    def set_faults(self, flip: float, drop: float, double: float) -> None:
        from firmware_models.boards.serial_line import FaultInjector, LineFaults

        line = self.board.line
        for name, direction in (("to_board", line.to_board), ("to_host", line.to_host)):
            faults = LineFaults(flip, drop, double)
            direction.injector = FaultInjector(faults, Random(f"{self._seed}/{name}"))

    def garbage(self, octets: bytes) -> None:
        self.board.line.to_board.write(octets)
        self.board.line.to_host.write(octets)

    def cut(self, is_cut: bool) -> None:
        self.board.line.cut(is_cut)

    def reset(self) -> None:
        self.board.twin.reset()

    def unplug(self) -> None:
        self.board.unplug()

    def plug(self) -> None:
        self.board.plug()

    def stick_irq(self, level: bool) -> None:
        self.board.twin.stick_irq(level)

    def another_host(self) -> BoardBus:
        from firmware_models.boards.modelled_port import ModelledPort

        self._hosts += 1
        ids = session_ids(Random(f"{self._seed}/host {self._hosts}"))
        name = f"host {self._hosts}"
        return BoardBus(self.board.kernel, lambda: ModelledPort(self.board.line), ids, Expectation(name, DEFAULT_BOARD))


def play_on_twin(
    body: Callable[[FarEnd], Awaitable[T]],
    *,
    seed: int = 1,
    baud: int = DEFAULT_BAUD,
    latency_ns: int = DEFAULT_LATENCY_NS,
    limit_ns: int = 3600 * NS_PER_S,
) -> T:
    """Run ``body`` on a fresh twin in virtual time, to its end."""
    from rig.runtime.virtual_time import VirtualTime

    kernel = VirtualTime()
    far_end = TwinFarEnd(kernel, seed, baud=baud, latency_ns=latency_ns)

    async def main() -> T:
        return await body(far_end)

    return kernel.run(main(), limit_ns=limit_ns)


# -- on the wall clock -------------------------------------------------------------------------------------------------


def port_bus(
    kernel: WallClock,
    locate: Callable[[], str],
    *,
    name: str,
    board: str | None = None,
    baud: int = DEFAULT_BAUD,
    rts_cts: bool = False,
    timeout_ceiling_ms: int | None = None,
    settings: LinkSettings | None = None,
) -> BoardBus:
    """Return the bus of a board on a port of this machine. ``board`` is what its greeting must say; None: anything.

    ``rts_cts`` says that both are wired on the board's line. ``timeout_ceiling_ms`` replaces that of the settings for
    a wall clock, which are used unless others are given.

    ``locate`` returns the name or URL of the port whenever one is opened: a board that was plugged in again may have
    another one. :class:`~rig.errors.LinkError` from it when the board is not there.
    """
    from rig.backends.serial_port import SerialPort

    if settings is None:
        settings = LinkSettings(keepalive_ns=NS_PER_S, host_jitter_ns=HOST_JITTER_NS)
        if timeout_ceiling_ms is not None:
            settings = replace(settings, timeout_ceiling_ns=timeout_ceiling_ms * NS_PER_MS)
    bus = BoardBus(
        kernel,
        lambda: SerialPort(name, locate(), baud, kernel.call_threadsafe, rts_cts=rts_cts),
        session_ids(SystemRandom()),
        Expectation(name, board, baud=baud, usual_baud=DEFAULT_BAUD),
        settings,
    )
    bus.watch_greeting = lambda greeting: kernel.slow_down(greeting.time_scale)
    return bus


@dataclass(frozen=True, slots=True)
class VirtualBoard:
    """A twin behind a pseudo-terminal."""

    name: str
    port: str
    twin: BoardTwin
    line: SerialLine
    close: Callable[[], None]


def virtual_boards(
    kernel: WallClock,
    boards: Sequence[str],
    *,
    baud: int = DEFAULT_BAUD,
    speed_mbps: int = 100,
    full_duplex: bool = False,
    seed: int = 1,
) -> list[VirtualBoard]:
    """Return twins of boards of these kinds on one modelled cable, each behind a pseudo-terminal. Only within a run."""
    from firmware_models.adapter.adapter import LanAdapter
    from firmware_models.boards.pseudo_terminal import open_terminal
    from firmware_models.boards.serial_line import SerialLine
    from firmware_models.boards.twin import BoardTwin, connect, twin_greeting
    from firmware_models.network.segment import Segment
    from rig.adapter.mac_rom import MacRom

    segment = Segment(kernel, speed_mbps=speed_mbps, full_duplex=full_duplex, seed=seed)
    virtual = []
    for number, board in enumerate(boards):
        mac = bytes.fromhex("0200000000") + bytes([number + 1])
        adapter = LanAdapter(kernel, segment, MacRom(mac).serialize(), name=f"{board}.{number}")
        twin = BoardTwin(kernel, adapter, twin_greeting(board, baud=baud))
        line = SerialLine(kernel, baud)
        connect(twin, line)
        terminal = open_terminal(line, baud, kernel.add_reader, kernel.remove_reader)

        def close(terminal: PseudoTerminal = terminal) -> None:
            kernel.remove_reader(terminal.fd)
            terminal.close()

        virtual.append(VirtualBoard(board, terminal.name, twin, line, close))
    return virtual
