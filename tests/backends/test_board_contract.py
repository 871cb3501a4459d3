"""The contracts of bus and device on boards: twins of the far end behind modelled serial lines, in virtual time."""

from __future__ import annotations

import pytest

from firmware_models.boards.serial_line import LineFaults
from firmware_models.network.segment import Segment
from rig.adapter.mac_rom import MacRom
from rig.build.board import modelled_board
from rig.driver.config import DriverConfig
from rig.runtime.virtual_time import VirtualTime
from rig.units import NS_PER_S
from tests.contract import bad_input_contract, bus_contract, device_contract

ROMS = [MacRom(mac).serialize() for mac in bad_input_contract.MACS]
FAULTS = LineFaults(1e-4, 1e-4, 1e-4)
REST_NS = 50_000_000


@pytest.mark.parametrize("faults", [None, FAULTS], ids=["clean", "faulty"])
@pytest.mark.parametrize("contract", bus_contract.CONTRACT, ids=lambda contract: contract.__name__)
def test_bus(contract: bus_contract.Contract, faults: LineFaults | None) -> None:
    kernel = VirtualTime()
    board = modelled_board(kernel, Segment(kernel), ROMS[0], faults=faults)
    bench = bus_contract.BusBench(kernel, board.bus, ROMS[0], time_is_simulated=False)
    kernel.run(contract(bench), limit_ns=100 * NS_PER_S)


@pytest.mark.parametrize(("speed_mbps", "full_duplex"), [(100, False), (10, True)])
@pytest.mark.parametrize("contract", device_contract.CONTRACT, ids=lambda contract: contract.__name__)
def test_device(contract: device_contract.Contract, speed_mbps: int, full_duplex: bool) -> None:
    kernel = VirtualTime()
    segment = Segment(kernel, speed_mbps=speed_mbps, full_duplex=full_duplex)
    a, b = (
        modelled_board(kernel, segment, rom, name=name, position_bits=position_bits).bus
        for name, rom, position_bits in zip("ab", ROMS, (0, 200), strict=True)
    )
    config = DriverConfig(speed_mbps=speed_mbps, full_duplex=full_duplex)
    bench = device_contract.DeviceBench(kernel, (a, b), config, rest_ns=REST_NS)
    kernel.run(contract(bench), limit_ns=100 * NS_PER_S)


# These act while a frame is on the wire; a round trip over a serial line takes longer than the frame.
NEEDS_A_FAST_BUS = {
    bad_input_contract.a_queued_slot_is_sent_once_as_it_was_queued,
    bad_input_contract.a_reset_of_the_sender_in_mid_frame,
    bad_input_contract.a_reset_of_the_receiver_in_mid_frame,
    bad_input_contract.a_receiver_switched_off_and_on_in_mid_frame,
}


@pytest.mark.parametrize(
    "contract",
    [contract for contract in bad_input_contract.CONTRACT if contract not in NEEDS_A_FAST_BUS],
    ids=lambda contract: contract.__name__,
)
def test_bad_input(contract: bad_input_contract.Contract) -> None:
    kernel = VirtualTime()
    segment = Segment(kernel)
    a, b = (modelled_board(kernel, segment, rom, name=name).bus for name, rom in zip("ab", ROMS, strict=True))
    kernel.run(contract(bad_input_contract.BadInputBench(kernel, (a, b), 100, False)), limit_ns=100 * NS_PER_S)
