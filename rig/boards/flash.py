"""Put a bitstream into a board with openFPGALoader: bounded in time, and each way of failing with its remedy."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from rig.boards.bitstream import bitstream_file, build_root
from rig.boards.inventory import Target
from rig.config.board import BoardKind, FlashSettings
from rig.errors import ToolError, UsageError
from rig.regress.process import last_lines, run_logged

LIST_TIMEOUT_S = 30
LOG_FOLDER_PREFIX = "rig-flash-"

# What the tool prints, and what helps. The first that fits is told.
_REMEDIES = (
    (
        r"permission|LIBUSB_ERROR_ACCESS|insufficient|usb_open\(\) failed",
        "the USB device may not be used: install the udev rules of openFPGALoader (99-openfpgaloader.rules) and plug "
        "the board in again",
    ),
    (r"LIBUSB_ERROR_BUSY|in use|busy", "the USB device is in use: stop whatever else has the board"),
    (
        r"device not found|unable to open ftdi device|No cable|fail to initialize|LIBUSB_ERROR_NO_DEVICE",
        "no board was found on USB: is it plugged in and powered?",
    ),
    (
        r"idcode|no device found|unknown device|doesn't match|mismatch",
        "the FPGA that answers is not the one this bitstream is for: check the kind of the board",
    ),
    (r"verif|CRC|checksum", "the board did not take the bitstream whole: use a shorter cable, and try again"),
    (r"parse|invalid|unsupported|not a valid", "the bitstream cannot be read: run `rig board build` again"),
)


def bitstream_of(target: Target, given: Path | None) -> Path:
    """Return the bitstream to flash; :class:`ToolError` if it is not there, :class:`UsageError` if there is none."""
    settings = flash_settings(target)
    kind = target.kind.kind if target.kind else "BOARD"
    path = given or bitstream_file(kind, build_root(), settings.suffix)
    if not path.is_file():
        raise ToolError(f"there is no bitstream {path}: run `rig board build {kind}`, or name one with --bitstream")
    return path


def flash_settings(target: Target) -> FlashSettings:
    """Return how this board is flashed; :class:`UsageError` if it cannot be, or its kind is not known."""
    if target.kind is None:
        raise UsageError(
            f"{target.name} is a port, so its kind is not known; name an attached board, or give --kind KIND"
        )
    if target.kind.flash is None:
        raise UsageError(f"a {target.kind.kind} has nothing to flash")
    return target.kind.flash


def flash(target: Target, bitstream: Path, *, is_persistent: bool = False, tool: str | None = None) -> str:
    """Flash ``bitstream`` and return the last lines of what the tool printed.

    Persistent: into the flash memory, so that it is there after the next power-on; else into the FPGA only.
    :class:`ToolError` (exit code 3) with command, last lines and remedy for every way in which it fails.
    """
    settings = flash_settings(target)
    program = tool or shutil.which(settings.tool)
    if program is None:
        raise ToolError(
            f"{settings.tool} is not installed: run `apt-get install openfpgaloader`, or see "
            "https://trabucayre.github.io/openFPGALoader"
        )
    check_board_name(program, settings, target.kind)
    command = [program, "--board", settings.board]
    if target.usb_serial is not None:
        command += ["--ftdi-serial", target.usb_serial]
    if is_persistent:
        command.append("--write-flash")
    command.append(str(bitstream))
    with tempfile.TemporaryDirectory(prefix=LOG_FOLDER_PREFIX) as folder:
        log = Path(folder) / "flash.log"
        status = run_logged(
            command, folder=Path.cwd(), environment=os.environ, log_path=log, timeout_s=settings.timeout_s
        )
        lines = last_lines(log)
        if status != 0:
            raise ToolError(
                f"{target.name} was not flashed: {settings.tool} ended with status {status}; {remedy(lines)}",
                command=" ".join(command), last_lines=lines,
            )  # fmt: skip
        return lines


def remedy(output: str) -> str:
    """Return what helps against a failure, by what the tool has printed."""
    for pattern, text in _REMEDIES:
        if re.search(pattern, output, re.IGNORECASE):
            return text
    return "see its last lines"


def check_board_name(program: str, settings: FlashSettings, kind: BoardKind | None) -> None:
    """Insist that the tool knows the board by its name; :class:`ToolError` with the nearest one if not."""
    command = [program, "--list-boards"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=LIST_TIMEOUT_S, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise ToolError(f"{program} cannot be started: {error.strerror}", command=" ".join(command)) from error
    except subprocess.TimeoutExpired:
        raise ToolError(
            f"{Path(program).name} did not list its boards within {LIST_TIMEOUT_S} s", command=" ".join(command)
        ) from None
    names = [line.split()[0] for line in answer.stdout.splitlines() if line.strip()]
    if answer.returncode != 0 or not names:
        raise ToolError(
            f"{Path(program).name} does not list its boards (status {answer.returncode})", command=" ".join(command),
            last_lines=(answer.stdout + answer.stderr)[-2000:],
        )  # fmt: skip
    if settings.board not in names:
        near = difflib.get_close_matches(settings.board, names, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        where = f"configs/boards/{kind.kind}.yaml" if kind else "the kind of the board"
        raise ToolError(f"{Path(program).name} knows no board {settings.board!r}{hint} (flash.board in {where})")
