"""The MAC-address ROM of a station, from its file in a scenario to the driver's verdict, on both kinds of adapter."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rig.adapter.mac_rom import MacRom
from rig.config.loading import load_scenario
from rig.config.scenario import BackendName, Scenario
from rig.errors import AdapterFault, ConfigError
from rig.scenario.run import run_scenario
from tests.scenario.worlds import PLAIN, play, request

MAC = bytes.fromhex("00005e00530a")
IMAGE = MacRom(MAC, b"board 7").serialize()
DAMAGED = IMAGE[:20] + bytes([IMAGE[20] ^ 4]) + IMAGE[21:]
OWN = 'mac: "02:00:00:00:00:0a"'


def scenario_with(folder: Path, image: bytes, keys: str, backend: BackendName = "model") -> Scenario:
    """Return the plain scenario, whose first station has the ROM ``left.rom`` with this content."""
    folder.joinpath("left.rom").write_bytes(image)
    path = folder / "rom.yaml"
    assert OWN in PLAIN
    path.write_text(PLAIN.replace(OWN, keys, 1))
    return load_scenario(path).for_backend(backend)


def test_the_address_comes_from_the_rom(tmp_path: Path) -> None:
    facts = play(scenario_with(tmp_path, IMAGE, "rom: left.rom"))
    assert facts.outcome == "completed"
    assert facts.stations["left"].mac == "00:00:5e:00:53:0a"
    assert facts.stations["left"].notices == []


@pytest.mark.parametrize("backend", ["model", "rtl"])
def test_a_damaged_rom_is_reported_with_a_remedy(tmp_path: Path, backend: BackendName) -> None:
    scenario = scenario_with(tmp_path, DAMAGED, "rom: left.rom", backend)
    with pytest.raises(AdapterFault, match=r"left: the MAC-address ROM is damaged.*configure a locally administered"):
        run_scenario(replace(request(scenario, tmp_path / "runs"), backend=backend))


@pytest.mark.parametrize("backend", ["model", "rtl"])
def test_a_configured_address_stands_in_for_a_damaged_rom_and_is_told(tmp_path: Path, backend: BackendName) -> None:
    scenario = scenario_with(tmp_path, DAMAGED, f"rom: left.rom, {OWN}", backend)
    run = run_scenario(replace(request(scenario, tmp_path / "runs"), backend=backend))
    assert run.passed
    left = run.result["stations"]["left"]
    assert left["mac"] == "02:00:00:00:00:0a"
    (notice,) = left["notices"]
    assert "damaged" in notice and "the configured address 02:00:00:00:00:0a is used instead" in notice


def test_a_configured_address_replaces_that_of_a_good_rom_and_is_told(tmp_path: Path) -> None:
    facts = play(scenario_with(tmp_path, IMAGE, f"rom: {IMAGE.hex()}, {OWN}"))
    assert facts.outcome == "completed"
    assert facts.stations["left"].notices == [
        "left: the configured address 02:00:00:00:00:0a replaces 00:00:5e:00:53:0a of the ROM"
    ]


@pytest.mark.parametrize(
    ("image", "keys", "message"),
    [
        (IMAGE, "position_bits: 0", r"the station has no address.*mac, or rom, or both"),
        (IMAGE, "rom: right.rom", r"right\.rom cannot be read: No such file"),
        (IMAGE[:31], "rom: left.rom", r"is no ROM image.*32 octets.*31 octets"),
        (IMAGE, 'rom: left.rom, mac: "00:00:5e:00:53:0a"', r"locally administered.*00:00:5e:00:53:0a"),
        (MacRom(bytes.fromhex("02000000000b")).serialize(), "rom: left.rom", r"02:00:00:00:00:0b is taken by"),
    ],
)
def test_what_is_wrong_with_the_keys_is_said_before_the_run(
    tmp_path: Path, image: bytes, keys: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        scenario_with(tmp_path, image, keys)
    text = " ".join(str(caught.value).split())
    assert re.search(message, text), text
