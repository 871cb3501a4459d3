"""What may notice a mutant: comparison with the twin, checks and contracts of adapters, checks of the MAC's pins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from rig.errors import RigError
from rig.regress import simbuild
from rig.regress.compare.difference import compare
from rig.regress.compare.record import Record
from rig.regress.compare.sides import Side, build_rtl, rtl_sources, run_twin
from rig.regress.compare.stimulus import Stimulus
from rig.regress.compare.traffic import Request, random_stimulus
from rig.regress.filelist import FileList, filelist_of
from rig.regress.simbuild import Build
from tests.hdl.unit import register_checks, traffic_checks
from tests.hdl.unit import sources as unit
from tests.mutation.netlist import Mutants

Killer = Callable[[int], str]
"""Given the number of a mutant (0: none), returns what is wrong with it; nothing if nothing is."""

STATIONS = 2
LIMIT_S = 120.0
"""Of wall time: a run takes seconds, and a mutant that never ends is killed by that."""
REQUESTS = (
    Request(1, STATIONS, 60_000),
    Request(2, STATIONS, 60_000, full_duplex=True),
    Request(3, STATIONS, 240_000),
    Request(4, STATIONS, 60_000, speed_mbps=10),
    Request(5, STATIONS, 240_000, full_duplex=True),
    Request(6, STATIONS, 900_000),
)
"""Short ones first, since most mutants fall at once."""
ADAPTER_MAINS = (
    *(
        f"{check.__module__}:{check.__name__}"
        for check in (*register_checks.CHECKS, *traffic_checks.CHECKS)
        if check is not register_checks.counter_range  # it reaches into the adapter, which this build keeps closed
    ),
    "tests.backends.rtl_main:bus",
    "tests.backends.rtl_main:device",
)
SIM_LIMIT_NS = 2_000_000_000
PIN_BENCHES = {"mac_mii": "mac_mii_bench"}
PIN_CHECKS = ("transmit_checks", "receive_checks")


def killers_of(mutants: Mutants) -> list[Killer]:
    """Return what judges the mutants of a module, the quickest first; the benches are built now."""
    rtl = build_rtl("verilator", STATIONS, sources=mutants.replaced(rtl_sources()))
    found = comparison(
        lambda number: replace(rtl, plusargs=(f"+mutant={number}",), timeout_s=LIMIT_S),
        [random_stimulus(request) for request in REQUESTS],
    )
    found += [of_adapters(rtl.build, main) for main in ADAPTER_MAINS]
    if mutants.module in PIN_BENCHES:
        found += at_the_pins(mutants, PIN_BENCHES[mutants.module])
    return found


def comparison(side_of: Callable[[int], Side], stimuli: Sequence[Stimulus], twin: Side = run_twin) -> list[Killer]:
    """Return a killer for each stimulus: it differs from the twin in any line, or does not come to an end."""

    def killer(index: int, stimulus: Stimulus) -> Killer:
        expected: Callable[[], Record] = cache(lambda: twin(stimulus))

        def judge(number: int) -> str:
            try:
                first = compare(side_of(number)(stimulus), expected()).first
            except RigError as error:
                return f"play {index}: {_brief(error)}"
            if first is None:
                return ""
            return f"play {index}: {', '.join(sorted(first.kinds))} at {first.at_ns} ns"

        return judge

    return [killer(index, stimulus) for index, stimulus in enumerate(stimuli, start=1)]


def of_adapters(build: Build, main: str) -> Killer:
    """Return a killer that runs checks of two whole adapters; they fail, or return verdicts that are not empty."""
    name = main.rpartition(":")[2]

    def judge(number: int) -> str:
        with TemporaryDirectory(prefix="rig-mutant-") as folder:
            try:
                result = simbuild.run(
                    build, run_dir=Path(folder), timeout_s=LIMIT_S, main=main, sim_limit_ns=SIM_LIMIT_NS,
                    env={"RIG_TEST_SEGMENT": "100 full"}, plusargs=("+recorder=records.txt", f"+mutant={number}"),
                )  # fmt: skip
                result.check()
            except RigError as error:
                return f"{name}: {_brief(error)}"
        verdicts = result.value if isinstance(result.value, dict) else {}
        return next((f"{name}: {check} failed" for check, found in verdicts.items() if found), "")

    return judge


def at_the_pins(mutants: Mutants, bench: str) -> list[Killer]:
    """Return a killer for each set of checks of ``bench``, on Icarus."""
    files = filelist_of("nic_mii")
    build = unit.build_of(bench, FileList(tuple(mutants.replaced(files.sources)), files.include_folders))

    def killer(checks: str) -> Killer:
        def judge(number: int) -> str:
            with TemporaryDirectory(prefix="rig-mutant-") as folder:
                try:
                    simbuild.run(
                        build, run_dir=Path(folder), timeout_s=LIMIT_S, test_module=f"tests.hdl.unit.{checks}",
                        plusargs=(f"+mutant={number}",),
                    ).check()  # fmt: skip
                except RigError as error:
                    return f"{checks}: {_brief(error)}"
            return ""

        return judge

    return [killer(checks) for checks in PIN_CHECKS]


def _brief(error: RigError) -> str:
    return str(error).splitlines()[0][:100]
