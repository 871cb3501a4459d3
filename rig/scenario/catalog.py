"""Find what a person names: a scenario by name or path, and the file to be carried.

Scenarios are in ``configs/scenarios`` and, with cables, in ``configs/rigs``; ``data`` has links to both, by which a
package carries the same files.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from rig.config.loading import load_scenario
from rig.config.scenario import Scenario
from rig.errors import ConfigError, UsageError
from rig.scenario.carried_file import CarriedFile

DATA = Path(__file__).with_name("data")
PICTURE = DATA / "picture.png"
FOLDERS = (DATA / "scenarios", DATA / "rigs")
MAX_FILE_OCTETS = 64 * 1024 * 1024


def scenario_names() -> list[str]:
    """Return the names of the scenarios that come with the rig."""
    return sorted(_files())


def _files() -> dict[str, Path]:
    return {path.stem: path for folder in FOLDERS for path in folder.glob("*.yaml")}


def find_scenario(name: str) -> tuple[str, Path, Scenario]:
    """Return name, file and content of a scenario given by name or, with a suffix or a slash in it, by path.

    :class:`UsageError` for an unknown name, with the nearest; :class:`~rig.errors.ConfigError` for what is in the file.
    """
    if "/" in name or name.endswith((".yaml", ".yml")):
        path = Path(name)
        return printable(path.stem), path, load_scenario(path)
    files = _files()
    if name in files:
        return name, files[name], load_scenario(files[name])
    names = sorted(files)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(f"there is no scenario {name!r}; {hint}known are {', '.join(names)}, or give the path of a file")


def carried_file(given: Path | None, scenario: Scenario, scenario_path: Path) -> CarriedFile:
    """Return the file that the applications carry: ``given``, else the scenario's, else the picture of the project.

    :class:`UsageError` (or :class:`~rig.errors.ConfigError` for the scenario's) says why it cannot be read.
    """
    if given is not None:
        return read_file(given)
    if scenario.file is None:
        return read_file(PICTURE)
    try:
        return read_file(scenario_path.parent / scenario.file)
    except UsageError as err:
        raise ConfigError(str(err), file=str(scenario_path), key_path="file") from err


def printable(name: str) -> str:
    """Return a file name as results can hold it: they are UTF-8, it need not be; escapes stand for such octets."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def read_file(path: Path) -> CarriedFile:
    """Read a file to be carried; :class:`UsageError` in one sentence if it cannot be."""
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name one file to be sent")
        if not path.exists():
            raise UsageError(f"there is no file {path}")
        if not path.is_file():
            raise UsageError(f"{path} is no ordinary file; name one that has an end")
        size = path.stat().st_size
        if size > MAX_FILE_OCTETS:
            raise UsageError(f"{path} has {size} octets; the demonstration carries at most {MAX_FILE_OCTETS}")
        return CarriedFile(printable(path.name), path.read_bytes())
    except (OSError, ValueError) as err:
        reason = getattr(err, "strerror", None) or err
        raise UsageError(f"{path} cannot be read: {reason}") from err
