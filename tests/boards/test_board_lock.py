"""One user at a time: a board that is not free names its holder, and is free again when the holder has died."""

from __future__ import annotations

import getpass
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from rig.boards.lock import board_lock, holder
from rig.errors import ExitCode, LinkError

HOLD = """
import sys
from pathlib import Path
from rig.boards.lock import board_lock
with board_lock("bench", "bench", wait_s=0, folder=Path(sys.argv[1]), command=["/usr/bin/rig", "board", "test", "a b"]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_holder_is_named_and_forgotten(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        assert process.stdout.readline() == "held\n"
        who = holder("bench", tmp_path)
        assert who is not None and who.pid == process.pid and who.command == "rig board test 'a b'"
        with pytest.raises(LinkError) as caught, board_lock("bench", "bench", wait_s=0.2, folder=tmp_path):
            pass
        text = str(caught.value)
        assert "bench was not free within 0.2 s: " in text and f"process {process.pid}: rig board test 'a b'" in text
        assert f"{getpass.getuser()} since {who.since} " in text
        assert datetime.fromisoformat(who.since).tzinfo is not None
        assert caught.value.exit_code == ExitCode.INFRASTRUCTURE
        with board_lock("other", "other", wait_s=0, folder=tmp_path):
            pass
    finally:
        process.kill()
        process.wait(30)
        process.stdin.close()
        process.stdout.close()
    with board_lock("bench", "bench", wait_s=0, folder=tmp_path, command=["rig"]):
        who = holder("bench", tmp_path)
        assert who is not None and who.command == "rig"
    assert holder("bench", tmp_path) is None


def test_a_note_that_cannot_be_read_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text("{")
    assert holder("bench", tmp_path) is None
    with board_lock("bench", "bench", wait_s=0, folder=tmp_path):
        assert holder("bench", tmp_path) is not None
