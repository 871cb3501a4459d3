"""The Verilog adapter as a :class:`~rig.regress.conformance.fixture.Fixture`; runs inside the simulator.

A script goes to ``hdl/sim/mii_script_model.v`` as a whole, in a file, and what was sent comes back in another: Python
is entered once for a script, whatever happens in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rig.adapter.bus import AdapterBus
from rig.errors import ToolError, UsageError
from rig.regress.conformance.fixture import Anchor, Arrival, MdioFrame, Sent
from rig.runtime.kernel import Kernel

WORD_SYMBOLS = 8
SCRIPT_WORDS = 65_536
FILL = b"\x05" * 64
"""What comes where an arrival outlasts its symbols."""

SCRIPT_NAME, RECORD_NAME, MDIO_NAME = "script.hex", "record.txt", "mdio.txt"


def plusargs(folder: Path) -> list[str]:
    """Return the arguments that tell the simulator its files."""
    names = {"script": SCRIPT_NAME, "record": RECORD_NAME, "mdio_record": MDIO_NAME}
    return [f"+{argument}={folder.resolve() / name}" for argument, name in names.items()]


class RtlFixture:
    """See :class:`~rig.regress.conformance.fixture.Fixture`. ``folder`` holds the files of :func:`plusargs`."""

    bits_per_edge = 4

    def __init__(
        self, kernel: Kernel, dut: Any, place: Any, bus: AdapterBus, folder: Path, *, speed_mbps: int, phase_ns: int,
        bus_period_ns: int, has_back_door: bool = True,
    ) -> None:  # fmt: skip
        """``place`` is where in the bench ``dut`` the adapter and its player are."""
        self.kernel = kernel
        self.bus = bus
        self.speed_mbps = speed_mbps
        self.phase_ns = phase_ns
        self.bus_period_ns = bus_period_ns
        self.has_back_door = has_back_door
        self._period_ns = 4 * 1_000 // speed_mbps
        self._player = place.player
        self._poke = place.poke
        self._link = dut.settings.link
        self._script = folder / SCRIPT_NAME
        self._record = folder / RECORD_NAME
        self._mdio = folder / MDIO_NAME
        self._record_from = 0
        self._load = 0
        self._poked = 0
        self._over_ns = 0

    def play(self, arrivals: Sequence[Arrival]) -> None:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        now_ns = self.kernel.now_ns
        if now_ns <= self._over_ns:
            raise UsageError(f"a script began at {now_ns} ns, and the last one lasts until {self._over_ns} ns")
        words = compile_script(arrivals, self._period_ns)
        lines = ["@0", *(f"{word:016x}" for word in words)]
        self._script.write_text("\n".join(lines) + "\n", encoding="ascii")
        from_play = [each for each in arrivals if each.anchor is Anchor.PLAY]
        if from_play:
            last = from_play[-1]
            self._over_ns = now_ns + last.start_ns + _duration_ns(last, self._period_ns) + 1
        self._record_from = self._record.stat().st_size if self._record.exists() else 0
        self._load ^= 1
        self._player.load.value = self._load

    def sent(self) -> list[Sent]:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        with self._record.open("rb") as file:
            file.seek(self._record_from)
            return [_sent(line.decode("ascii")) for line in file]

    def set_phy(self, *, half_duplex: bool, sqe_test: bool) -> None:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        self._player.phy.value = int(half_duplex) | int(sqe_test) << 1

    def set_link(self, is_up: bool) -> None:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        self._link.value = int(is_up)

    def set_counter(self, index: int, value: int) -> None:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        self._poked ^= 1
        self._poke.value = self._poked << 38 | index << 32 | value

    def mdio_frames(self) -> list[MdioFrame] | None:
        """See :class:`~rig.regress.conformance.fixture.Fixture`."""
        return [_mdio_frame(line) for line in self._mdio.read_text(encoding="ascii").splitlines()]


def compile_script(arrivals: Sequence[Arrival], period_ns: int) -> list[int]:
    """Return the words that ``mii_script_model.v`` reads; its header has the layout."""
    groups: dict[Anchor, list[Arrival]] = {anchor: [] for anchor in Anchor}
    symbols = bytearray()
    places: dict[bytes, int] = {}
    for arrival in arrivals:
        groups[arrival.anchor].append(arrival)
        edges = -(-_duration_ns(arrival, period_ns) // period_ns) + 1
        text = arrival.symbols[:edges].ljust(edges, FILL[:1])
        if text not in places:
            places[text] = len(symbols)
            symbols += text
    for group in groups.values():
        order = [(each.transmission, each.start_ns) for each in group]
        if order != sorted(order):
            raise UsageError("the arrivals of a script are not in the order of time")
    count = sum(len(group) for group in groups.values())
    counts = [len(groups[anchor]) << 16 * anchor for anchor in Anchor]
    words = [(1 + 2 * count) << 48 | sum(counts)]
    for group in groups.values():
        for arrival in group:
            duration_ns = _duration_ns(arrival, period_ns)
            edges = -(-duration_ns // period_ns) + 1
            place = places[arrival.symbols[:edges].ljust(edges, FILL[:1])]
            words += [arrival.start_ns << 32 | duration_ns, arrival.transmission << 32 | place]
    symbols += bytes(-len(symbols) % WORD_SYMBOLS)
    words += [int.from_bytes(symbols[at : at + WORD_SYMBOLS], "little") for at in range(0, len(symbols), WORD_SYMBOLS)]
    if len(words) > SCRIPT_WORDS:
        raise UsageError(f"a script of {len(words)} words; the player holds {SCRIPT_WORDS}")
    return words


def _duration_ns(arrival: Arrival, period_ns: int) -> int:
    return len(arrival.symbols) * period_ns if arrival.duration_ns is None else arrival.duration_ns


def _sent(line: str) -> Sent:
    try:
        kind, rise, fall, nibbles, errors = line.split()
        if kind != "transmission":
            raise ValueError(f"unknown record {kind!r}")
        return Sent(
            int(rise), int(fall), bytes(int(digit, 16) for digit in nibbles),
            tuple(index for index, digit in enumerate(errors) if digit != "0"),
        )  # fmt: skip
    except ValueError as error:
        raise ToolError(f"not a record of a transmission: {error}", last_lines=line) from error


def _mdio_frame(line: str) -> MdioFrame:
    try:
        kind, preamble, opcode, phy, register, turnaround, data, period, high, low, driven = line.split()
        if kind != "mdio":
            raise ValueError(f"unknown record {kind!r}")
        return MdioFrame(
            int(preamble), int(opcode), int(phy), int(register), turnaround, int(data, 16), int(period), int(high),
            int(low), driven != "0",
        )  # fmt: skip
    except ValueError as error:
        raise ToolError(f"not a record of a management frame: {error}", last_lines=line) from error
