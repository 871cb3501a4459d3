"""What a conformance row needs of the adapter under test: its bus, and a PHY that plays a script and keeps a record.

Two things implement :class:`Fixture`: the Verilog adapter in ``hdl/sim/mac_bench.v`` (:mod:`.rtl`) and its twin
(:mod:`.twin`). Rows know nothing else, so what differs between the two is data here: the speed, how many bits an edge
of the clock carries, and whether the wires of MDIO can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from rig.adapter.bus import AdapterBus
from rig.runtime.kernel import Kernel

RX_ER = 0x10
"""In a symbol: RX_ER is high with it."""


class Anchor(IntEnum):
    """What the start of an arrival counts from."""

    PLAY = 0
    """The call of ``play``."""
    RISE = 1
    """A rise of the adapter's TX_EN since then."""
    FALL = 2
    """A fall of it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Another station's transmission, as it comes to the MII of the adapter: carrier, and what RXD says.

    It is there from ``start_ns`` after the anchor for ``duration_ns`` (None: as long as the symbols last). With an
    anchor other than PLAY, ``transmission`` is the number of that rise or fall since ``play``, from 0. ``symbols`` has
    one octet for each edge of the clock: a nibble, perhaps with :data:`RX_ER`, or a bit.
    """

    start_ns: int
    symbols: bytes
    anchor: Anchor = Anchor.PLAY
    transmission: int = 0
    duration_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """One transmission of the adapter: TX_EN from ``rise_ns`` to ``fall_ns``.

    ``symbols`` has one octet an edge; ``errors`` are the indices at which TX_ER was high.
    """

    rise_ns: int
    fall_ns: int
    symbols: bytes
    errors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MdioFrame:
    """A management frame as seen on the wires; times are the shortest within the frame.

    ``turnaround`` is two of ``0``, ``1`` and ``z``; ``is_contended``: the adapter drove MDIO while it was the PHY's.
    """

    preamble_bits: int
    opcode: int
    phy: int
    register: int
    turnaround: str
    data: int
    period_ns: int
    high_ns: int
    low_ns: int
    is_contended: bool


class Fixture(Protocol):
    """One adapter under test."""

    kernel: Kernel
    bus: AdapterBus
    speed_mbps: int
    bits_per_edge: int
    """4 at an MII, 1 on the bit clock of clause 4."""
    phase_ns: int
    """Time of edge 0 of the MII clocks."""
    bus_period_ns: int
    has_back_door: bool
    """Whether :meth:`set_counter` can be done."""

    def play(self, arrivals: Sequence[Arrival]) -> None:
        """Begin a script now, and a new record; what the previous script counted from its start must be over.

        Arrivals do not overlap and leave one nibble between them. Each group of one anchor is in the order of time.
        """
        ...

    def sent(self) -> list[Sent]:
        """Return the transmissions that have ended since the last ``play``."""
        ...

    def set_phy(self, *, half_duplex: bool, sqe_test: bool) -> None:
        """Choose the PHY: in full duplex it returns no own carrier and knows no collision. Do it while all is idle."""
        ...

    def set_link(self, is_up: bool) -> None:
        """Change the link signal of the PHY."""
        ...

    def set_counter(self, index: int, value: int) -> None:
        """Set a management counter by the back door, while nothing counts."""
        ...

    def mdio_frames(self) -> list[MdioFrame] | None:
        """Return the management frames seen on the wires so far, or None where there are no wires."""
        ...


MDIO_PHY_ADDRESS = 1
"""Where the PHY of either fixture answers."""
