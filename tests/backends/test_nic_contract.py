"""The contract of frame devices on the host's own: veth as root and in an unprivileged user namespace, and TAP."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backends import nic_bench
from tests.contract.device_contract import FRAME_CONTRACT, Contract
from tests.helpers.unprivileged import NAMESPACE, ROOT, without_rights


@pytest.mark.needs("netns")
@pytest.mark.parametrize("contract", FRAME_CONTRACT, ids=lambda contract: contract.__name__)
def test_on_veth(contract: Contract, tmp_path: Path) -> None:
    nic_bench.run_on_veth(contract, tmp_path)


@pytest.mark.needs("netns", "tap")
@pytest.mark.parametrize("contract", FRAME_CONTRACT, ids=lambda contract: contract.__name__)
def test_on_tap(contract: Contract, tmp_path: Path) -> None:
    nic_bench.run_on_tap(contract, tmp_path)


@pytest.mark.needs("userns")
def test_on_veth_without_any_right_in_a_user_namespace(tmp_path: Path) -> None:
    command = [*without_rights(), *NAMESPACE, sys.executable, "-B", "-m", nic_bench.__name__]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.split() == [word for each in FRAME_CONTRACT for word in ("passed", each.__name__)]
