"""Boards, from a line to a bus: twins behind modelled lines in virtual time, and ports of this machine on the wall
clock."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from rig.backends.board import BoardBus, Expectation, OctetPort
from rig.link.estimates import LinkSettings
from rig.runtime.kernel import Kernel

if TYPE_CHECKING:
    from firmware_models.boards.serial_line import LineFaults, SerialLine
    from firmware_models.boards.twin import BoardTwin
    from firmware_models.network.segment import Segment

DEFAULT_BAUD = 3_000_000
DEFAULT_LATENCY_NS = 100_000
"""Of a modelled line, each way: a USB serial port in its low-latency mode."""
DEFAULT_BOARD = "ulx3s-lan8720"


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
    board: str = DEFAULT_BOARD,
    position_bits: int = 0,
    phase_ns: int | None = None,
    baud: int = DEFAULT_BAUD,
    latency_ns: int = DEFAULT_LATENCY_NS,
    faults: LineFaults | None = None,
    seed: int = 1,
    settings: LinkSettings | None = None,
    expected: Expectation | None = None,
) -> ModelledBoard:
    """Return a twin of a board on ``segment``, behind a modelled serial line."""
    from firmware_models.adapter.adapter import LanAdapter
    from firmware_models.boards.modelled_port import ModelledPort
    from firmware_models.boards.serial_line import SerialLine
    from firmware_models.boards.twin import BoardTwin, connect, twin_greeting
    from rig.errors import LinkError

    adapter = LanAdapter(kernel, segment, rom, name=name, position_bits=position_bits, phase_ns=phase_ns)
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
    return ModelledBoard(twin, line, bus, unplug, plug, names)
