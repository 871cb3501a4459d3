"""One user at a time for a board of this machine, and a name for whoever has it.

The lock is that of the operating system, so it ends with the process that held it; the file beside it says who, since
when and by which command.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from rig.errors import LinkError, UsageError

POLL_S = 0.1
FOLDER = Path(tempfile.gettempdir()) / "nicrig-boards"
SHARED_FOLDER = 0o1777
SHARED_FILE = 0o666


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a board."""

    owner: str
    pid: int
    since: str
    command: str

    def __str__(self) -> str:
        return f"{self.owner} since {self.since} (process {self.pid}: {self.command})"


@contextlib.contextmanager
def board_lock(
    name: str, key: str, *, wait_s: float, folder: Path = FOLDER, command: Sequence[str] | None = None
) -> Iterator[None]:
    """Have the board to oneself within the context.

    :class:`~rig.errors.LinkError` that names the holder when it is not free within ``wait_s`` seconds.
    """
    try:
        folder.mkdir(exist_ok=True, parents=True)
        with contextlib.suppress(PermissionError):  # it is somebody else's, and shared already
            folder.chmod(SHARED_FOLDER)
    except OSError as error:
        raise UsageError(f"the folder of locks {folder} cannot be used: {error.strerror}") from error
    lock = FileLock(folder / f"{key}.lock", mode=SHARED_FILE)
    try:
        lock.acquire(timeout=wait_s, poll_interval=POLL_S)
    except Timeout:
        who = holder(key, folder)
        raise LinkError(
            f"{name} was not free within {wait_s:g} s: {who or 'held by an unknown process'}; wait longer with --wait"
        ) from None
    except PermissionError as error:
        raise UsageError(f"{error.filename} cannot be locked: {error.strerror}") from error
    note = folder / f"{key}.json"
    try:
        words = sys.argv if command is None else command
        shown = shlex.join([Path(words[0]).name, *words[1:]]) if words else ""
        me = Holder(getpass.getuser(), os.getpid(), datetime.now(UTC).isoformat(timespec="seconds"), shown)
        with contextlib.suppress(OSError):  # who holds it is a courtesy; the lock holds without
            note.unlink(missing_ok=True)
            note.write_text(json.dumps(asdict(me)), encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            note.unlink(missing_ok=True)
        lock.release()


def holder(key: str, folder: Path = FOLDER) -> Holder | None:
    """Return who says to hold the board; None if nobody does, or it cannot be read."""
    try:
        return Holder(**json.loads((folder / f"{key}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
