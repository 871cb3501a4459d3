"""Flashing, with a stand-in for openFPGALoader that records its arguments and fails in each way that it documents."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rig.boards import inventory
from rig.boards.flash import bitstream_of, flash
from rig.boards.inventory import Target
from rig.errors import ExitCode, ToolError, UsageError

STAND_IN = """#!{python}
import json, sys, time
from pathlib import Path
folder = Path({folder!r})
with (folder / "calls.json").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
plan = json.loads((folder / "plan.json").read_text())
if sys.argv[1:] == ["--list-boards"]:
    print("board name      cable           fpga")
    for name in plan.get("boards", ["ulx3s", "ice40_generic", "arty_a7_35t"]):
        print(name, "  ft231X  ecp5")
    sys.exit(plan.get("list_status", 0))
print(plan.get("says", "Load SRAM: [====] 100.00%\\nDone"))
time.sleep(plan.get("sleep_s", 0))
sys.exit(plan.get("status", 0))
"""


class Loader:
    """The stand-in and what it was told to do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "openFPGALoader"
        self.path.write_text(STAND_IN.format(python=sys.executable, folder=str(folder)))
        self.path.chmod(0o755)
        self.plan()

    def plan(self, **plan: object) -> None:
        (self._folder / "plan.json").write_text(json.dumps(plan))

    @property
    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self._folder / "calls.json").read_text().splitlines()]


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


@pytest.fixture
def bitstream(tmp_path: Path) -> Path:
    path = tmp_path / "top.bit"
    path.write_bytes(b"\xff\x00")
    return path


def target(**changes: object) -> Target:
    made = Target("bench", inventory.kind_named("ulx3s-lan8720"), 3_000_000, lambda: "/dev/null", "bench", "K00042")
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_tool_gets_board_serial_number_and_file(loader: Loader, bitstream: Path) -> None:
    assert "Done" in flash(target(), bitstream, tool=str(loader.path))
    flash(target(usb_serial=None), bitstream, is_persistent=True, tool=str(loader.path))
    assert loader.calls == [
        ["--list-boards"],
        ["--board", "ulx3s", "--ftdi-serial", "K00042", str(bitstream)],
        ["--list-boards"],
        ["--board", "ulx3s", "--write-flash", str(bitstream)],
    ]


@pytest.mark.parametrize(
    ("says", "remedy"),
    [
        ("unable to open ftdi device: -3 (device not found)", "is it plugged in and powered?"),
        ("unable to open ftdi device: -4 (usb_open() failed)\nlibusb: LIBUSB_ERROR_ACCESS", "udev rules"),
        ("unable to open ftdi device: -4 (usb_open() failed)\nJTAG init failed", "udev rules"),
        ("unable to open ftdi device: -5 (unable to claim usb device. ... is not in use)", "stop whatever else"),
        ("JTAG init failed with: No cable found", "is it plugged in and powered?"),
        ("libusb: error [-6] LIBUSB_ERROR_BUSY", "stop whatever else has the board"),
        ("Error: idcode 41111043 doesn't match", "check the kind of the board"),
        ("CRC check failed", "shorter cable"),
        ("Error: Failed to parse header", "rig board build"),
        ("Segmentation fault", "see its last lines"),
    ],
)
@pytest.mark.parametrize("status", [1, 139])
def test_each_way_of_failing_has_its_remedy(
    status: int, says: str, remedy: str, loader: Loader, bitstream: Path
) -> None:
    loader.plan(says=says, status=status)
    with pytest.raises(ToolError) as caught:
        flash(target(), bitstream, tool=str(loader.path))
    text = str(caught.value)
    assert remedy in text and f"ended with status {status};" in text
    assert says.splitlines()[-1] in caught.value.last_lines
    assert caught.value.command.endswith(str(bitstream))
    assert caught.value.exit_code == ExitCode.BUILD == 3


def test_a_tool_that_hangs_is_killed(loader: Loader, bitstream: Path) -> None:
    loader.plan(says="Load SRAM: [=", sleep_s=600)
    kind = inventory.kind_named("ulx3s-lan8720")
    assert kind.flash is not None
    impatient = kind.model_copy(update={"flash": kind.flash.model_copy(update={"timeout_s": 2})})
    with pytest.raises(ToolError, match="took more than 2 s"):
        flash(target(kind=impatient), bitstream, tool=str(loader.path))


def test_a_tool_that_does_not_know_the_board(loader: Loader, bitstream: Path) -> None:
    loader.plan(boards=["ulx3s_12f", "arty"])
    with pytest.raises(ToolError, match="knows no board 'ulx3s'; did you mean 'ulx3s_12f'"):
        flash(target(), bitstream, tool=str(loader.path))
    loader.plan(list_status=1)
    with pytest.raises(ToolError, match="does not list its boards"):
        flash(target(), bitstream, tool=str(loader.path))
    assert all(call == ["--list-boards"] for call in loader.calls), "nothing was flashed"


def test_what_is_missing_is_said_before_anything_is_done(
    loader: Loader, bitstream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolError, match="openFPGALoader is not installed"):
        flash(target(), bitstream)
    with pytest.raises(ToolError, match="cannot be started"):
        flash(target(), bitstream, tool="/nonexistent/openFPGALoader")
    with pytest.raises(ToolError, match=r"there is no bitstream .*run `rig board build ulx3s-lan8720`"):
        bitstream_of(target(), Path("/nonexistent/top.bit"))
    with pytest.raises(UsageError, match="its kind is not known"):
        bitstream_of(target(kind=None), bitstream)
    with pytest.raises(UsageError, match="nothing to flash"):
        bitstream_of(target(kind=inventory.kind_named("usb-nic")), bitstream)
