"""File lists: which Verilog sources make a top, in ``hdl/filelists``.

A path a line, relative to the folder of the list or, if there is none there, to the project; ``+incdir+folder``, looked
for in the same way; ``-f list`` for the lines of another list, relative to the folder of the list that says so (as
``iverilog -f`` has it); ``#`` starts a comment. A file that two lists name is read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import rig
from rig.errors import ConfigError

PROJECT_ROOT = Path(rig.__file__).resolve().parents[1]
FOLDER = PROJECT_ROOT / "hdl" / "filelists"


@dataclass(frozen=True, slots=True)
class FileList:
    """The Verilog sources of one top, in order, and the folders of its include files."""

    sources: tuple[Path, ...]
    include_folders: tuple[Path, ...] = ()

    @property
    def headers(self) -> tuple[Path, ...]:
        """The include files, by name."""
        return tuple(header for folder in self.include_folders for header in sorted(folder.glob("*.vh")))


def filelist_of(top: str) -> FileList:
    """Return the list of a top of ours, ``hdl/filelists/<top>.f``; errors as of :func:`read_filelist`."""
    return read_filelist(FOLDER / f"{top}.f")


def read_filelist(path: Path) -> FileList:
    """Return what a file list names, with what the lists that it names name.

    :class:`ConfigError` names the line of a file, folder or list that is not there, and of a list that comes to name
    itself.
    """
    sources: dict[Path, None] = {}
    include_folders: dict[Path, None] = {}
    _read(path, (), sources, include_folders)
    if not sources:
        raise ConfigError("the file list names no source", file=str(path))
    return FileList(tuple(sources), tuple(include_folders))


def _read(path: Path, within: tuple[Path, ...], sources: dict[Path, None], include_folders: dict[Path, None]) -> None:
    for number, line in enumerate(_lines(path), start=1):
        entry = line.split("#", 1)[0].strip()
        if not entry:
            continue
        if entry.startswith("-f "):
            target = path.parent / entry.removeprefix("-f ").strip()
            if target in (*within, path):
                raise ConfigError("the file list names itself", file=str(path), line=number, got=entry)
            if not target.is_file():
                raise ConfigError("no such file list", file=str(path), line=number, got=entry)
            _read(target, (*within, path), sources, include_folders)
        elif entry.startswith("+incdir+"):
            target = _place(path, entry.removeprefix("+incdir+"))
            if not target.is_dir():
                raise ConfigError("no such include folder", file=str(path), line=number, got=entry)
            include_folders[target] = None
        else:
            target = _place(path, entry)
            if not target.is_file():
                raise ConfigError("no such source file", file=str(path), line=number, got=entry)
            sources[target] = None


def _place(path: Path, entry: str) -> Path:
    """Return what an entry of the list ``path`` names."""
    beside = path.parent / entry
    return beside.resolve() if beside.exists() else PROJECT_ROOT / entry


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        problem = f"the file list cannot be read: {error.strerror}"
        if not FOLDER.is_dir():
            problem += "; the Verilog is not part of an installed package: run in a checkout (pip install -e .)"
        raise ConfigError(problem, file=str(path)) from error
