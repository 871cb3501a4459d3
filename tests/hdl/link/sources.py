"""Builds of the benches of the board link: one bench of this folder, and the modules that it instantiates."""

from __future__ import annotations

from pathlib import Path

from rig.regress import simbuild
from rig.regress.filelist import PROJECT_ROOT, filelist_of
from rig.regress.simbuild import Build, Parameter
from rig.regress.tools import Simulator

HERE = Path(__file__).parent
MODELS = ("serial_port_model",)
BENCHES = {
    "uart_bench": ("uart_bench",),
    "link_bench": ("link_bench", "memory_slave"),
    "events_bench": ("events_bench",),
}


def link_build(simulator: Simulator, top: str, **parameters: Parameter) -> Build:
    """Return the build of bench ``top`` with the sources of the board link."""
    files = filelist_of("board_link")
    models = [PROJECT_ROOT / "hdl" / "sim" / f"{name}.v" for name in MODELS]
    benches = [HERE / f"{name}.v" for name in BENCHES[top]]
    return simbuild.build(simulator, top, sources=[*files.sources, *models, *benches], parameters=parameters)
