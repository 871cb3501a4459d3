"""Builds of the benches of the board link: one bench of this folder, and the modules that it instantiates."""

from __future__ import annotations

from pathlib import Path

from rig.regress import simbuild
from rig.regress.simbuild import Build, Parameter
from rig.regress.simrecipe import PROJECT_ROOT
from rig.regress.tools import Simulator

HERE = Path(__file__).parent
MODELS = ("serial_port_model",)


def link_build(simulator: Simulator, top: str, **parameters: Parameter) -> Build:
    """Return the build of bench ``top`` with the sources of the board link."""
    files = simbuild.read_filelist(PROJECT_ROOT / "hdl" / "filelists" / "board_link.f")
    models = [PROJECT_ROOT / "hdl" / "sim" / f"{name}.v" for name in MODELS]
    benches = [path for path in (HERE / f"{top}.v", HERE / "memory_slave.v") if path.name != "memory_slave.v" or top == "link_bench"]
    return simbuild.build(simulator, top, sources=[*files.sources, *models, *benches], parameters=parameters)
