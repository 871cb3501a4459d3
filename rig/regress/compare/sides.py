"""The two sides of a comparison: functions from a stimulus to what happened."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rig.build.bench import (
    RTL_STATIONS_PARAMETER,
    RTL_TOP,
    BenchPlan,
    StationPlan,
    planned_model_bench,
    planned_rtl_bench,
)
from rig.errors import ToolError
from rig.regress import simbuild
from rig.regress.compare.play import play
from rig.regress.compare.record import Record, record_from_json
from rig.regress.compare.stimulus import Stimulus, read_stimulus, station_name
from rig.regress.device.device import PluggedDevice
from rig.regress.filelist import filelist_of
from rig.regress.simbuild import Build
from rig.regress.tools import Simulator
from rig.runtime.kernel import Kernel
from rig.runtime.virtual_time import VirtualTime

Side = Callable[[Stimulus], Record]

MAIN = "rig.regress.compare.sides:rtl_main"
STIMULUS_VARIABLE = "RIG_COMPARE_STIMULUS"
STIMULUS_NAME, RECORDS_NAME = "stimulus.json", "records.txt"
TIMEOUT_S = 3600


def run_twin(stimulus: Stimulus) -> Record:
    """Play on the twins, in virtual time."""
    kernel = VirtualTime()
    return kernel.run(play(kernel, planned_model_bench(kernel, _plan(stimulus)), stimulus))


@dataclass(frozen=True, slots=True)
class RtlSide:
    """Plays on a build of the Verilog bench, which has as many stations as the stimulus has places.

    ``folder`` keeps the files of the last run; without one they are gone with it. ``plusargs`` are further ones of the
    simulator, and ``timeout_s`` bounds a play by the wall clock.
    """

    build: Build
    folder: Path | None = None
    plusargs: tuple[str, ...] = ()
    timeout_s: float = TIMEOUT_S

    def __call__(self, stimulus: Stimulus) -> Record:
        """Play on the Verilog adapters; :class:`~rig.errors.ToolError` if the simulator dies."""
        if self.folder is not None:
            return self._run(stimulus, self.folder)
        with TemporaryDirectory(prefix="rig-compare-") as folder:
            return self._run(stimulus, Path(folder))

    def _run(self, stimulus: Stimulus, folder: Path) -> Record:
        folder = folder.resolve()
        stimulus.write(folder / STIMULUS_NAME)
        result = simbuild.run(
            self.build,
            run_dir=folder,
            main=MAIN,
            timeout_s=self.timeout_s,
            env={STIMULUS_VARIABLE: str(folder / STIMULUS_NAME)},
            plusargs=[f"+recorder={folder / RECORDS_NAME}", *self.plusargs],
        )
        result.check()
        if not isinstance(result.value, dict):
            raise ToolError(f"the simulator left no record; its log is {result.log_path}")
        return record_from_json(result.value)


def build_rtl(
    simulator: Simulator,
    stations: int,
    *,
    sources: Sequence[Path] | None = None,
    device: PluggedDevice | None = None,
    folder: Path | None = None,
) -> RtlSide:
    """Return the side of the Verilog bench with so many stations; ``sources`` in place of those of the project.

    With ``device`` every station is that one.
    """
    build = simbuild.build(
        simulator,
        RTL_TOP,
        sources=sources,
        include_folders=_include_folders() if sources is not None else (),
        parameters={RTL_STATIONS_PARAMETER: stations},
        devices=() if device is None else (device,),
    )
    return RtlSide(build, folder)


def rtl_sources() -> tuple[Path, ...]:
    """Return the Verilog sources of the bench, in order: to replace one of them by an edited copy."""
    return filelist_of(RTL_TOP).sources


def _include_folders() -> tuple[Path, ...]:
    return filelist_of(RTL_TOP).include_folders


async def rtl_main(kernel: Kernel, dut: Any) -> dict[str, Any]:
    """Play the stimulus that the environment names; runs inside the simulator's process."""
    path = Path(os.environ[STIMULUS_VARIABLE])
    stimulus = read_stimulus(path)
    bench = planned_rtl_bench(kernel, dut, _plan(stimulus), path.with_name(RECORDS_NAME))
    return (await play(kernel, bench, stimulus)).to_json()


def _plan(stimulus: Stimulus) -> BenchPlan:
    stations = tuple(
        StationPlan(station_name(index), place.mac, place.position_bits, place.phase_ns)
        for index, place in enumerate(stimulus.places)
    )
    return BenchPlan(stations, stimulus.speed_mbps, stimulus.full_duplex, stimulus.seed & 0xFFFF_FFFF)
