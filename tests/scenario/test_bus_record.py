"""What drivers did, recorded in a run: registers by name, receive headers, the time that a slow CPU takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rig.adapter.bus import Read32, ReadBlock, Write32, WriteBlock
from rig.adapter.bus_recorder import BusRecord
from rig.adapter.registers import (
    IRQ_MODERATION_COUNT_LSB,
    IRQ_MODERATION_TIME_LSB,
    REG_CTRL,
    REG_ID,
    RX_HEADER_OCTETS,
    WIN_BUFFER,
    WIN_ROM,
)
from rig.config.loading import parse_scenario
from rig.errors import ConfigError
from rig.scenario.bus_record import BusRows
from rig.scenario.carried_file import CarriedFile
from rig.scenario.run import Request, run_scenario

SCENARIO = """
schema: 1
segments: {lan: {speed_mbps: 100}}
stations:
  - {name: client, mac: "02:00:00:00:00:01", ip: 10.0.0.1/24, segment: lan}
  - {name: server, mac: "02:00:00:00:00:02", ip: 10.0.0.2/24, segment: lan, driver: DRIVER}
apps:
  - {station: server, kind: program, args: {background: true, steps: [socket s udp, bind s 9, receive-from s]}}
  - {station: client, kind: program, args: {steps: [socket s udp, STEPS, wait 3 ms]}}
record: [bus]
"""


def played(tmp_path: Path, driver: str, datagrams: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    text = SCENARIO.replace("DRIVER", driver).replace("STEPS", ", ".join(["send-to s server 9 20"] * datagrams))
    scenario = parse_scenario(text, "x.yaml")
    run = run_scenario(Request("x", scenario, "model", CarriedFile("none", b"x"), tmp_path))
    rows = json.loads((run.folder / "bus.json").read_text())["rows"]
    return run.result["stations"]["server"], [row for row in rows if row["station"] == "server"]


def test_operations_have_the_names_of_the_map_and_headers_their_fields() -> None:
    rows = BusRows()
    header = bytes.fromhex("0100 4200 1b 000000 8877665544332211".replace(" ", ""))
    operations = (Read32(REG_ID), Write32(REG_CTRL, 5), ReadBlock(WIN_ROM, 32), ReadBlock(WIN_BUFFER, 1500),
                  ReadBlock(WIN_BUFFER + 0x1A00, RX_HEADER_OCTETS), WriteBlock(WIN_BUFFER + 4, bytes(8)))  # fmt: skip
    rows.note("a", BusRecord(3, 7, operations, (9, None, bytes(32), bytes(1500), header, None)))
    rows.note("a", BusRecord(8, 9, (Read32(REG_ID),), (), "no power"))
    (row, failed) = rows.rows
    assert (row["t_ns"], row["end_ns"], row["station"]) == (3, 7, "a")
    assert row["operations"] == [
        {"op": "read", "register": "ID", "value": 9},
        {"op": "write", "register": "CTRL", "value": 5},
        {"op": "read", "register": "ROM+0x0000", "octets": 32, "data": "00" * 32},
        {"op": "read", "register": "BUFFER+0x0000", "octets": 1500},
        {"op": "read", "register": "BUFFER+0x1A00", "octets": 16,
         "header": {"page": 26, "status": 1, "frame_octets": 66, "next_page": 27, "timestamp_ns": 0x1122334455667788}},
        {"op": "write", "register": "BUFFER+0x0004", "octets": 8},
    ]  # fmt: skip
    assert failed["error"] == "no power" and failed["operations"] == [{"op": "read", "register": "ID", "value": None}]


def test_a_slow_cpu_makes_every_round_trip_longer(tmp_path: Path) -> None:
    _, quick = played(tmp_path / "quick", "{}", 1)
    _, slow = played(tmp_path / "slow", "{cpu_us: 50}", 1)
    more = [row["end_ns"] - row["t_ns"] for row in (slow[1], quick[1])]
    assert abs(more[0] - more[1] - 50_000) <= 80, "an access waits for its turn, up to 80 ns"
    assert min(row["end_ns"] - row["t_ns"] for row in slow) > 50_000


def test_moderation_holds_interrupts_back(tmp_path: Path) -> None:
    one_by_one, _ = played(tmp_path / "none", "{}", 8)
    held, rows = played(tmp_path / "held", "{moderation: {count: 4, time: 500}}", 8)
    written = [each["value"] for row in rows for each in row["operations"] if each["register"] == "IRQ_MODERATION"]
    assert written == [500 << IRQ_MODERATION_TIME_LSB | 4 << IRQ_MODERATION_COUNT_LSB]
    assert held["driver"]["frames_received"] == one_by_one["driver"]["frames_received"]
    assert held["driver"]["interrupts"] < one_by_one["driver"]["interrupts"] // 2


@pytest.mark.parametrize(
    ("driver", "key_path"),
    [
        ("{cpu_us: -1}", "stations[1].driver.cpu_us"),
        ("{moderation: {count: 256}}", "stations[1].driver.moderation.count"),
        ("{moderation: {tiem: 1}}", "stations[1].driver.moderation.tiem"),
    ],
)
def test_what_a_driver_cannot_be_told(driver: str, key_path: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_scenario(SCENARIO.replace("DRIVER", driver).replace("STEPS", "wait 1 ms"), "x.yaml")
    assert error.value.key_path == key_path
