"""Boards in Verilog, in the simulation that runs this process: their bench, and what stands at the host's end of their
serial lines: pseudo-terminals of this machine, or a host in the same process, on simulated time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from rig.backends.board import BoardBus, Expectation, OctetPort
from rig.build.board import DEFAULT_BAUD, FAR_END_BOARD, session_ids
from rig.build.far_end import Pace
from rig.errors import LinkError
from rig.link.estimates import LinkSettings
from rig.units import NS_PER_MS, NS_PER_US

if TYPE_CHECKING:
    from firmware_models.boards.modelled_port import ModelledPort
    from firmware_models.boards.pseudo_terminal import PseudoTerminal
    from firmware_models.boards.serial_line import FaultInjector
    from rig.backends.rtl_board import RtlBoards, RtlSerialPort
    from rig.runtime.kernel import Kernel

RESET_PULSE_NS = NS_PER_US
HASTY = LinkSettings(
    first_timeout_ns=10 * NS_PER_MS, timeout_ceiling_ns=20 * NS_PER_MS, patience_ns=50 * NS_PER_MS,
    greeting_limit_ns=60 * NS_PER_MS,
)  # fmt: skip
"""Of a host that does not wait long: a second of Verilog is a minute of a processor."""
HASTY_PACE = Pace(
    short_cut_ns=12 * NS_PER_MS, long_cut_ns=80 * NS_PER_MS, unplugged_ns=6 * NS_PER_MS, retry_ns=5 * NS_PER_MS,
    steps=1, stuck_steps=4,
)  # fmt: skip


class _Wire:
    """What a host writes to: the wire to a board, with what happens to octets on it."""

    def __init__(self, write: Callable[[bytes], None], unsent: Callable[[], int]) -> None:
        self.injector: FaultInjector | None = None
        self.octets_carried = 0
        self._write = write
        self._unsent = unsent

    @property
    def unsent_octets(self) -> int:
        return self._unsent()

    def write(self, octets: bytes) -> None:
        self.octets_carried += len(octets)
        self._write(octets if self.injector is None else self.injector.pass_through(octets))


class RtlLine:
    """The serial line of a board of the bench, as hosts see it; several may listen, as with a port server."""

    def __init__(self, port: RtlSerialPort) -> None:
        self.to_board = _Wire(port.write, lambda: port.unsent_octets)
        self.to_host = _Wire(self._deliver, lambda: 0)  # what a host is given has left the line
        self.host_receivers: list[Callable[[bytes], None]] = []
        port.receiver = self.to_host.write

    def _deliver(self, octets: bytes) -> None:
        for receiver in tuple(self.host_receivers):
            receiver(octets)


class VerilogBoard:
    """The bus to a board of the simulation, whose host loses the port when the board is unplugged."""

    def __init__(self, kernel: Kernel, port: RtlSerialPort, *, seed: int) -> None:
        self._line = RtlLine(port)
        self._name = port.name
        self._is_plugged = True
        self._open: list[ModelledPort] = []
        ids = session_ids(Random(f"{seed}/{port.name}/session"))
        self.bus = BoardBus(kernel, self._open_port, ids, Expectation(port.name))

    def plug(self, is_plugged: bool) -> None:
        """Plug the serial cable in, or pull it."""
        self._is_plugged = is_plugged
        if not is_plugged:
            ports, self._open = self._open, []
            for port in ports:
                port.unplug()

    def _open_port(self) -> OctetPort:
        from firmware_models.boards.modelled_port import ModelledPort

        if not self._is_plugged:
            raise LinkError(f"{self._name}: no port of this board is there; is it plugged in?")
        self._open.append(ModelledPort(self._line))
        return self._open[-1]


def rtl_boards(kernel: Any, dut: Any, *, speed_mbps: int = 100, full_duplex: bool = False) -> RtlBoards:
    """Return the boards of the simulation that runs this process, on one segment, with the addresses of twins."""
    from rig.adapter.mac_rom import MacRom
    from rig.backends.rtl import RtlStation  # cocotb is there only inside a simulation
    from rig.backends.rtl_board import RtlBoards

    count = len(dut.attention) // 2
    roms = [MacRom(bytes.fromhex("0200000000") + bytes([number + 1])).serialize() for number in range(count)]
    # Clocks in step: the fewer instants at which something happens, the faster is the simulation.
    stations = [RtlStation(f"board {number}", rom, phase_ns=0) for number, rom in enumerate(roms)]
    return RtlBoards(kernel, dut, stations, speed_mbps=speed_mbps, full_duplex=full_duplex)


def rtl_board_terminals(
    kernel: Any, dut: Any, *, baud: int, speed_mbps: int = 100, full_duplex: bool = False
) -> tuple[RtlBoards, list[PseudoTerminal]]:
    """Return those boards, and a pseudo-terminal for the serial line of each."""
    from firmware_models.boards.pseudo_terminal import PseudoTerminal

    bench = rtl_boards(kernel, dut, speed_mbps=speed_mbps, full_duplex=full_duplex)
    return bench, [PseudoTerminal(RtlLine(port), baud) for port in bench.ports]


def rtl_board_buses(
    kernel: Kernel, bench: RtlBoards, *, seed: int = 1, settings: LinkSettings | None = None
) -> list[BoardBus]:
    """Return a bus to each board of the bench, for hosts on simulated time."""
    from firmware_models.boards.modelled_port import ModelledPort

    lines = [RtlLine(port) for port in bench.ports]

    def opener(line: RtlLine) -> Callable[[], OctetPort]:
        return lambda: ModelledPort(line)

    return [
        BoardBus(
            kernel, opener(line), session_ids(Random(f"{seed}/{port.name}/session")), Expectation(port.name), settings
        )
        for port, line in zip(bench.ports, lines, strict=True)
    ]  # fmt: skip


class RtlFarEnd:
    """A board in Verilog, alone in its simulation; see :class:`~rig.build.far_end.FarEnd`."""

    def __init__(self, kernel: Kernel, dut: Any, *, seed: int = 1, is_hasty: bool = False) -> None:
        from firmware_models.boards.serial_line import LineDirection

        self.scheduler = kernel
        self.pace = HASTY_PACE if is_hasty else Pace()
        self._settings = HASTY if is_hasty else LinkSettings()
        self._dut = dut
        self._seed = seed
        self._bench = rtl_boards(kernel, dut)
        self._port = self._bench.ports[0]
        self._line = RtlLine(self._port)
        self._babble = LineDirection(kernel, DEFAULT_BAUD)
        self._babble.receiver = self._line.to_host.write
        self._is_plugged = True
        self._open: list[ModelledPort] = []
        self._times_plugged = 0
        self._hosts = 0
        self.port_name = ""
        self.bus = self.another_host()

    @property
    def octets_hit(self) -> int:
        wires = (self._line.to_board, self._line.to_host)
        return sum(sum(wire.injector.counts.values()) for wire in wires if wire.injector is not None)

    def octets_carried(self, *, to_board: bool) -> int:
        return (self._line.to_board if to_board else self._line.to_host).octets_carried

    def set_faults(self, flip: float, drop: float, double: float) -> None:
        from firmware_models.boards.serial_line import FaultInjector, LineFaults

        faults = LineFaults(flip, drop, double)
        for name, wire in (("to_board", self._line.to_board), ("to_host", self._line.to_host)):
            wire.injector = FaultInjector(faults, Random(f"{self._seed}/{name}"))

    def garbage(self, octets: bytes) -> None:
        self._port.write(octets)
        self._babble.write(octets)

    def cut(self, is_cut: bool) -> None:
        self._bench.cut(0, is_cut)

    def reset(self) -> None:
        self._bench.power(0, False)
        self.scheduler.call_at(self.scheduler.now_ns + RESET_PULSE_NS, lambda _: self._bench.power(0, True))

    def unplug(self) -> None:
        self._is_plugged = False
        self._bench.power(0, False)
        ports, self._open = self._open, []
        for port in ports:
            port.unplug()

    def plug(self) -> None:
        self._is_plugged = True
        self._times_plugged += 1
        self._bench.power(0, True)

    def stick_irq(self, level: bool) -> None:
        self._dut.irq_level.value = int(level)
        self._dut.irq_stuck.value = 1

    def another_host(self) -> BoardBus:
        self._hosts += 1
        name = f"host {self._hosts}"
        ids = session_ids(Random(f"{self._seed}/{name}"))
        return BoardBus(self.scheduler, self._open_port, ids, Expectation(name, FAR_END_BOARD), self._settings)

    def _open_port(self) -> OctetPort:
        from firmware_models.boards.modelled_port import ModelledPort

        if not self._is_plugged:
            raise LinkError("no port of this board is there; is it plugged in?")
        port = ModelledPort(self._line)
        self._open.append(port)
        self.port_name = f"ttyRTL{self._times_plugged}"
        return port
