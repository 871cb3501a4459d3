"""Adapters on an RMII beside adapters on an MII, whole path: driver, bus, adapter, shim, PHY, segment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rig.regress import simbuild
from rig.regress.tools import Simulator
from tests.contract import device_contract

TIMEOUT_S = 300
SIM_LIMIT_NS = 2_000_000_000
SEGMENTS = ("100 half 7", "100 full 27", "10 half 213", "10 full 7")

pytestmark = pytest.mark.requirement("MAC-6.1")


def run(
    main: str, folder: Path, stations: int, rmii_stations: int, segment: str, simulator: Simulator = "verilator"
) -> Any:
    parameters = {"STATIONS": stations, "RMII_STATIONS": f"{stations}'d{rmii_stations}", "PHY_REGISTERS": 1}
    build = simbuild.build(simulator, "segment_bench", parameters=parameters)
    result = simbuild.run(
        build, run_dir=folder, timeout_s=TIMEOUT_S, main=f"tests.hdl.bench.rmii_main:{main}",
        env={"RIG_TEST_SEGMENT": segment, "RIG_TEST_FRAMES": "12"}, sim_limit_ns=SIM_LIMIT_NS,
    )  # fmt: skip
    result.check()
    return result.value


@pytest.fixture(scope="module", params=SEGMENTS)
def verdicts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    found: dict[str, str] = run("device", tmp_path_factory.mktemp("rmii"), 2, 0b01, request.param)
    return found


@pytest.mark.parametrize("name", [contract.__name__ for contract in device_contract.CONTRACT])
def test_an_rmii_station_is_a_device_like_any_other(verdicts: dict[str, str], name: str) -> None:
    assert not verdicts[name], verdicts[name]


@pytest.mark.parametrize("segment", [*(f"100 half {phase}" for phase in (0, 7, 19, 26)), "10 half 133"])
def test_stations_that_contend_lose_nothing(segment: str, tmp_path: Path) -> None:
    """Two RMII stations and one MII station: collisions are found in time, and resolved, by TX_EN and carrier alone."""
    stations = run("contend", tmp_path, 3, 0b011, segment)["stations"]
    assert [station["is_rmii"] for station in stations] == [True, True, False]
    for station in stations:
        assert station["all_ok"] and station["heard_all"]
        counters = station["counters"]
        assert counters["aSingleCollisionFrames"] + counters["aMultipleCollisionFrames"] > 0
        for never in ("aLateCollisions", "aSQETestErrors", "aCarrierSenseErrors", "aFrameCheckSequenceErrors",
                      "aAlignmentErrors", "aFramesLostDueToIntMACXmitError"):  # fmt: skip
            assert counters[never] == 0, never


@pytest.mark.requirement("MAC-6.2")
def test_the_driver_follows_its_phy_through_mdio(tmp_path: Path) -> None:
    """PHYs with full duplex at both ends; then one of them can do 10 Mb/s only, and its link goes and comes."""
    found = run("phy", tmp_path, 2, 0b01, "100 full 7")
    assert found["advertisement"] == 0x0061
    assert found["links"] == [False, True]
    assert found["modes"] == [[10, True], [100, True]]
    assert found["notices"][0] == "lan0: the PHY at address 1 has a link: 100 Mb/s full duplex"
    assert any("the link is 10 Mb/s full duplex now; soft reset" in notice for notice in found["notices"])
    assert not found["absent"]
