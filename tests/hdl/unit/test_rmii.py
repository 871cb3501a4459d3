"""The RMII shim at its pins, on Icarus."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress import simbuild
from rig.regress.filelist import filelist_of

TIMEOUT_S = 300


@pytest.mark.needs("iverilog")
@pytest.mark.requirement("MAC-6.1")
def test_rmii_shim(tmp_path: Path) -> None:
    sources = filelist_of("nic_rmii").sources
    parts = [source for source in sources if source.stem in ("rmii_shim", "sync_2ff")]
    build = simbuild.build("icarus", "rmii_shim", sources=parts)
    result = simbuild.run(build, run_dir=tmp_path, timeout_s=TIMEOUT_S, test_module="tests.hdl.unit.rmii_checks")
    result.check()
    assert result.passed
