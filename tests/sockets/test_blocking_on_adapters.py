"""An unmodified blocking program over LAN adapters: on the twins, and on the Verilog under cocotb."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from rig.build.bench import BenchPlan, StationPlan, planned_model_bench
from rig.regress import simbuild
from rig.runtime.virtual_time import VirtualTime
from tests.backends.rtl_main import FARTHEST_BITS
from tests.hdl.bench.sources import segment_build
from tests.sockets.program_on_adapters import PAGE, browse

LIMIT_NS = 5_000_000_000


def on_twins() -> dict[str, Any]:
    kernel = VirtualTime()
    names = ("a", "b")
    stations = tuple(
        StationPlan(name, bytes((2, 0, 0, 0, 0, index + 1)), position_bits=index * FARTHEST_BITS)
        for index, name in enumerate(names)
    )
    bench = planned_model_bench(kernel, BenchPlan(stations))
    return kernel.run(browse(kernel, [bench.bus(name) for name in names]), LIMIT_NS)


def test_on_twins_the_same_run_twice() -> None:
    seen = on_twins()
    assert seen["statuses"] == [200, 201]
    assert seen["page"] == sha256(PAGE).hexdigest()
    assert seen["back_is_what_was_put"]
    assert seen == on_twins()


def test_on_verilog_as_on_the_twins(tmp_path: Path) -> None:
    result = simbuild.run(
        segment_build("verilator", 2),
        run_dir=tmp_path,
        main="tests.sockets.program_on_adapters:main",
        timeout_s=300,
        sim_limit_ns=LIMIT_NS,
    )
    result.check()
    assert result.value == on_twins(), "to the nanosecond"
