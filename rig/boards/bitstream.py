"""Bitstreams: synthesis by Yosys, placement and routing by nextpnr, packing, and a judgement of the timing.

The result is a folder named by a hash of everything that can change it: sources, constraints, what is stamped in, the
seeds and the versions of the tools. The same hash, in eight octets, is the build hash of the greeting. A build whose
timing is not met fails, and gives no bitstream. Figures are read from the tools' JSON reports. The tools are installed
ones or those of the YoWASP wheels.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import filelock

from rig.adapter.mac_rom import MacRom
from rig.adapter.registers import MAP_HASH
from rig.boards.area import ROOT
from rig.errors import ToolError, UsageError
from rig.regress.filelist import filelist_of
from rig.regress.fpga_tools import find_tool, run_tool, version_of
from rig.wire.address import is_group_mac, parse_mac

SCHEMA = 1
BUILD_HASH_OCTETS = 8
BOARD_ID_OCTETS = 16
SEEDS = (1, 2, 3)
"""Of placement, tried in turn until the timing is met."""
LOCK_TIMEOUT_S = 1800
DEFAULT_BAUD = 3_000_000
DEFAULT_MAC = bytes.fromhex("024e49430001")
"""Locally administered: of boards that have been given no other address."""


@dataclass(frozen=True, slots=True)
class Design:
    """A board that can be built: its top, whose file list has the same name, and what its clocks must reach."""

    board: str
    top: str
    constraints: str
    place: tuple[str, ...]
    required_mhz: Mapping[str, float]
    nets: Mapping[str, tuple[str, ...]]
    """By clock: what its net may be called, without its path."""


DESIGNS = {
    design.board: design
    for design in (
        Design(
            "ulx3s-lan8720", "ulx3s_lan8720", "hdl/boards/ulx3s_lan8720/ulx3s_lan8720.lpf",
            ("--85k", "--package", "CABGA381"), {"clk_bus": 50.0, "rmii_ref_clk": 50.0, "clk_mii": 25.0},
            {"clk_bus": ("clk_bus",), "rmii_ref_clk": ("rmii_ref_clk",), "clk_mii": ("clk_mii", "clock")},
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bitstream:
    """A finished build. ``lut4`` counts logic cells as placed (carries too), ``bram`` blocks of 18 kbit."""

    board: str
    bitstream: str
    bitstream_sha256: str
    build_hash: str
    lut4: int
    ff: int
    bram: int
    fmax_mhz: dict[str, float]
    required_mhz: dict[str, float]
    regmap_hash: str
    seed: int
    was_cached: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return what ``rig board build --json`` prints."""
        return {"schema": SCHEMA, **asdict(self)}


def design_named(board: str) -> Design:
    """Return the design of a board; :class:`~rig.errors.UsageError` if it cannot be built here."""
    if board not in DESIGNS:
        raise UsageError(f"no bitstream can be built for {board!r}; there are designs for {', '.join(DESIGNS)}")
    return DESIGNS[board]


def build_root() -> Path:
    """Return the folder of all builds: RIG_BUILD_DIR, by default ``build`` of the project."""
    return Path(os.environ.get("RIG_BUILD_DIR") or ROOT / "build").resolve()


def bitstream_file(board: str, root: Path, suffix: str = "bit") -> Path:
    """Return where the bitstream of a board's last build is in ``root``, built or not."""
    return root / "boards" / board / f"{board}.{suffix}"


def station_address(text: str) -> bytes:
    """Return a station address for a ROM; :class:`~rig.errors.UsageError` for what is none."""
    try:
        address = parse_mac(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if is_group_mac(address) or not any(address):
        raise UsageError(f"{text} is no station address: the first octet is even, and not all are zero")
    return address


def build(
    design: Design,
    root: Path,
    *,
    mac: bytes = DEFAULT_MAC,
    baud: int = DEFAULT_BAUD,
    seeds: Sequence[int] = SEEDS,
    progress: Callable[[str], object] = lambda _: None,
) -> Bitstream:
    """Build the bitstream of ``design`` in ``root``/boards, unless it is there, and return what became of it.

    ``mac`` goes into the MAC-address ROM of the board. ``progress`` is told each step. :class:`~rig.errors.ToolError`
    if a tool is missing or fails, or if the timing is not met with any of ``seeds``.
    """
    tools = {name: find_tool(name) for name in ("yosys", "nextpnr-ecp5", "ecppack")}
    listed = filelist_of(design.top)
    sources = [source for source in listed.sources if not source.is_relative_to(ROOT / "hdl" / "sim")]
    files = [*sources, *listed.headers, ROOT / design.constraints]
    digest = hashlib.sha256()
    digest.update(repr((SCHEMA, design.board, design.place, mac, baud, tuple(seeds))).encode())
    digest.update("\n".join(version_of(name, command) for name, command in tools.items()).encode())
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    key = digest.digest()[:BUILD_HASH_OCTETS]
    shown = bitstream_file(design.board, root)
    home = shown.parent
    folder = home / key.hex()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_suffix(".lock"), timeout=LOCK_TIMEOUT_S):
            done = folder / "BUILD_OK"
            if not done.is_file():
                shutil.rmtree(folder, ignore_errors=True)
                shown.unlink(missing_ok=True)  # else that of other sources would be flashed where this build fails
                folder.mkdir()
                result = _make(design, folder, tools, files, sources, _stamps(design, key, mac, baud), seeds, progress)
                done.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
                facts = asdict(result)
            else:
                facts = {**json.loads(done.read_text(encoding="utf-8")), "was_cached": True}
            shutil.copyfile(folder / "board.bit", shown)
    except filelock.Timeout as error:
        raise ToolError(f"another build has held {error.lock_file} for {LOCK_TIMEOUT_S} s") from error
    except OSError as error:
        raise ToolError(
            f"the build cannot use {error.filename or folder}: {error.strerror}; name another folder in RIG_BUILD_DIR"
        ) from error
    return Bitstream(**{**facts, "bitstream": str(shown)})


def octets_literal(octets: bytes) -> str:
    """Return octets as a Verilog number, the first one in bits 7..0."""
    return f"{8 * len(octets)}'h{int.from_bytes(octets, 'little'):x}"


def _stamps(design: Design, key: bytes, mac: bytes, baud: int) -> dict[str, str]:
    """Return the parameters of the top by which a board knows what it is."""
    return {
        "BAUD": str(baud),
        "BOARD_ID": octets_literal(design.board.encode("ascii").ljust(BOARD_ID_OCTETS, b"\0")),
        "BUILD_HASH": octets_literal(key),
        "ROM_IMAGE": octets_literal(MacRom(mac, b"nicrig board").serialize()),
    }


def _make(
    design: Design,
    folder: Path,
    tools: Mapping[str, str],
    files: Sequence[Path],
    sources: Sequence[Path],
    stamps: Mapping[str, str],
    seeds: Sequence[int],
    progress: Callable[[str], object],
) -> Bitstream:
    """Run the flow in an empty folder. YoWASP's tools see nothing outside it: everything is copied there first."""
    for path in files:
        shutil.copy(path, folder / path.name)
    settings = " ".join(f"-set {name} {value}" for name, value in stamps.items())
    names = " ".join(source.name for source in sources)
    progress("synthesis (Yosys); the first call of a YoWASP tool compiles it, which takes up to three minutes")
    run_tool(
        [tools["yosys"], "-q", "-p",
         f"read_verilog {names}; chparam {settings} {design.top}; synth_ecp5 -top {design.top} -json netlist.json"],
        folder,
    )  # fmt: skip
    for seed in seeds:
        progress(f"placement and routing (nextpnr, seed {seed})")
        run_tool(
            [tools["nextpnr-ecp5"], *design.place, "--lpf", Path(design.constraints).name, "--json", "netlist.json",
             "--report", "report.json", "--textcfg", "board.config", "--seed", str(seed), "--timing-allow-fail"],
            folder,
        )  # fmt: skip
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        fmax = clock_frequencies(report, design.nets)
        missed = {name: mhz for name, mhz in fmax.items() if mhz < design.required_mhz[name]}
        if not missed:
            break
        progress(f"timing missed with seed {seed}: {_misses(missed, design.required_mhz)}")
    else:
        raise ToolError(
            f"{design.board}: the timing is not met with any of {len(seeds)} seeds: "
            f"{_misses(missed, design.required_mhz)}; look at the critical path in {folder / 'nextpnr-ecp5.log'}, "
            "or give other seeds"
        )
    progress("packing (ecppack)")
    run_tool([tools["ecppack"], "--compress", "--input", "board.config", "--bit", "board.bit"], folder)
    used = {name: int(entry["used"]) for name, entry in report["utilization"].items()}
    image = (folder / "board.bit").read_bytes()
    return Bitstream(
        design.board, str(folder / "board.bit"), hashlib.sha256(image).hexdigest(), folder.name,
        used["TRELLIS_COMB"], used["TRELLIS_FF"], used["DP16KD"], fmax, dict(design.required_mhz),
        f"{MAP_HASH:08x}", seed,
    )  # fmt: skip


def _misses(missed: Mapping[str, float], required: Mapping[str, float]) -> str:
    return ", ".join(f"{name} reaches {mhz:g} of {required[name]:g} MHz" for name, mhz in missed.items())


def clock_frequencies(report: Mapping[str, Any], nets: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """Return what nextpnr's report gives for each clock, in MHz; :class:`~rig.errors.ToolError` for one it lacks.

    A net is reported with its path and what the tool put around it: ``$glbnet$core.adapter.shim.clk_mii``.
    """
    found: dict[str, float] = {}
    for net, entry in report["fmax"].items():
        names = {part.rsplit(".", 1)[-1] for part in net.split("$")}
        for clock, known in nets.items():
            if names & set(known):
                found[clock] = round(float(entry["achieved"]), 1)
    for clock in nets:
        if clock not in found:
            raise ToolError(f"nextpnr reports no clock {clock}; it knows {', '.join(report['fmax']) or 'none'}")
    return {clock: found[clock] for clock in nets}
