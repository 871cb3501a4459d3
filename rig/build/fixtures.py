"""One adapter at its pins, twin or Verilog, for the clause 4 conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rig.adapter.mac_rom import MacRom
from rig.runtime.kernel import Kernel

if TYPE_CHECKING:
    from rig.regress.conformance.fixture import Fixture

FIXTURE_MAC = bytes.fromhex("020000000001")
FIXTURE_PHASE_NS = 7
FIXTURE_BUS_PERIOD_NS = 20


def twin_fixture(
    kernel: Kernel,
    *,
    speed_mbps: int,
    bits_per_edge: int = 4,
    rmii: bool = False,
    bus_period_ns: int = FIXTURE_BUS_PERIOD_NS,
) -> Fixture:
    """Return a twin of one adapter at its pins, for the clause 4 conformance suite.

    ``bits_per_edge`` 1 is the bit clock of clause 4, where nothing is synchronised; ``rmii`` makes it what is built
    behind an RMII.
    """
    from firmware_models.adapter.adapter import SYNC_EDGES, LanAdapter
    from firmware_models.adapter.mdio_phy import RegisterPhy
    from firmware_models.network.scripted_medium import ScriptedMedium
    from rig.backends.model import ModelBus
    from rig.regress.conformance.fixture import MDIO_PHY_ADDRESS
    from rig.regress.conformance.twin import TwinFixture

    sync = SYNC_EDGES if bits_per_edge > 1 else 0
    medium = ScriptedMedium(kernel, speed_mbps=speed_mbps, bits_per_edge=bits_per_edge)
    adapter = LanAdapter(
        kernel, medium, MacRom(FIXTURE_MAC).serialize(), name="twin", phase_ns=FIXTURE_PHASE_NS, collision_sync=sync,
        carrier_sync=sync, rmii=rmii, bus_period_ns=bus_period_ns,
    )  # fmt: skip
    adapter.mdio.phy = RegisterPhy(MDIO_PHY_ADDRESS)
    return TwinFixture(kernel, medium, adapter, ModelBus(kernel, adapter), FIXTURE_PHASE_NS)


def board_fixture(kernel: Kernel, *, speed_mbps: int) -> Fixture:
    """Return a twin of one adapter at its pins whose bus is that of a board, over a modelled serial line."""
    from firmware_models.adapter.adapter import LanAdapter
    from firmware_models.adapter.mdio_phy import RegisterPhy
    from firmware_models.network.scripted_medium import ScriptedMedium
    from rig.build.board import board_around
    from rig.regress.conformance.fixture import MDIO_PHY_ADDRESS
    from rig.regress.conformance.twin import TwinFixture

    medium = ScriptedMedium(kernel, speed_mbps=speed_mbps)
    adapter = LanAdapter(kernel, medium, MacRom(FIXTURE_MAC).serialize(), name="board", phase_ns=FIXTURE_PHASE_NS)
    adapter.mdio.phy = RegisterPhy(MDIO_PHY_ADDRESS)
    return TwinFixture(kernel, medium, adapter, board_around(kernel, adapter).bus, FIXTURE_PHASE_NS)


def rtl_fixture(
    kernel: Any,
    dut: Any,
    folder: Path,
    *,
    speed_mbps: int,
    bus_period_ns: int = FIXTURE_BUS_PERIOD_NS,
    has_back_door: bool = True,
) -> Fixture:
    """Return the Verilog adapter of ``mac_bench`` in the simulation of this process; ``folder`` is that of its run.

    ``bus_period_ns`` and ``has_back_door`` are what the bench was built with.
    """
    from rig.backends.rtl import RtlBench, RtlStation
    from rig.regress.conformance.rtl import RtlFixture

    station = RtlStation("rtl", MacRom(FIXTURE_MAC).serialize(), phase_ns=FIXTURE_PHASE_NS)
    bench = RtlBench(kernel, dut, [station], speed_mbps=speed_mbps)
    return RtlFixture(
        kernel, dut, dut.stations[0], bench.buses[0], folder, speed_mbps=speed_mbps, phase_ns=FIXTURE_PHASE_NS,
        bus_period_ns=bus_period_ns, has_back_door=has_back_door,
    )  # fmt: skip


def rtl_board_fixture(kernel: Any, dut: Any, folder: Path, *, speed_mbps: int) -> Fixture:
    """Return the Verilog adapter of ``board_mac_bench``, whose bus is that of a board, over its serial line."""
    from rig.backends.rtl import RtlStation
    from rig.backends.rtl_board import RtlBoards
    from rig.build.rtl_board import rtl_board_buses
    from rig.regress.conformance.rtl import RtlFixture

    station = RtlStation("board", MacRom(FIXTURE_MAC).serialize(), phase_ns=FIXTURE_PHASE_NS)
    bench = RtlBoards(kernel, dut, [station], speed_mbps=speed_mbps)
    (bus,) = rtl_board_buses(kernel, bench)
    return RtlFixture(
        kernel, dut, dut.board[0], bus, folder, speed_mbps=speed_mbps, phase_ns=FIXTURE_PHASE_NS,
        bus_period_ns=FIXTURE_BUS_PERIOD_NS,
    )  # fmt: skip
