"""A device under test: its file, its sources, and what says that they are the same sources tomorrow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.config.device import DeviceConfig, load_device
from rig.config.strict_yaml import Document
from rig.config.validation import nearest
from rig.errors import ConfigError
from rig.regress.device.ports import BY_NAME
from rig.regress.filelist import FOLDER, FileList, filelist_of, read_filelist

LIST_SUFFIX = ".f"


@dataclass(frozen=True, slots=True)
class Device:
    """A device file that has been read. ``files`` are its sources, in order, and its include folders."""

    config: DeviceConfig
    document: Document
    files: FileList

    @property
    def name(self) -> str:
        """What results call it."""
        return self.config.name

    @property
    def path(self) -> Path:
        """The device file."""
        return Path(self.document.file)

    def port(self, name: str) -> str | None:
        """Return what the device calls a port of the socket; None if it is said not to be there."""
        return self.config.ports.get(name, name)


def open_device(path: Path) -> Device:
    """Read a device file and find what it names; :class:`ConfigError` with its line for what is not there."""
    config, document = load_device(path)
    for name in config.ports:
        if name not in BY_NAME:
            raise document.error(
                f"the socket has no port {name!r}", ("ports", name), expected="one of " + ", ".join(BY_NAME),
                nearest=nearest(name, BY_NAME),
            )  # fmt: skip
        if config.ports[name] is None and not BY_NAME[name].may_lack:
            raise document.error(
                f"a device without {name} cannot be under test", ("ports", name),
                expected="the name of the port; where there is none, a shim in Verilog around the device makes it",
            )  # fmt: skip
    device = Device(config, document, _files(config, document))
    taken: dict[str, str] = {}
    for name in BY_NAME:
        port = device.port(name)
        if port is None:
            continue
        if port in taken:
            key = ("ports", name if name in config.ports else taken[port])
            raise document.error(f"port {port!r} of the device is both {taken[port]} and {name}", key)
        taken[port] = name
    return device


def _files(config: DeviceConfig, document: Document) -> FileList:
    folder = Path(document.file).resolve().parent
    own: dict[Path, None] = {}
    include_folders: dict[Path, None] = {}
    for index, name in enumerate(config.files):
        path = folder / name
        if not path.is_file():
            raise document.error(
                f"there is no file {path}", ("files", index), got=repr(name), expected=f"a path relative to {folder}"
            )
        listed = read_filelist(path) if path.suffix == LIST_SUFFIX else FileList((path.resolve(),))
        own.update(dict.fromkeys(listed.sources))
        include_folders.update(dict.fromkeys(listed.include_folders))
    for index, name in enumerate(config.include):
        if not (folder / name).is_dir():
            raise document.error(f"there is no folder {folder / name}", ("include", index), got=repr(name))
        include_folders[(folder / name).resolve()] = None
    base = FileList(()) if config.base is None else _base(config.base, document)
    names = {path.name for path in own}
    sources = [path for path in base.sources if path.name not in names]
    return FileList((*sources, *own), (*include_folders, *base.include_folders))


def _base(name: str, document: Document) -> FileList:
    try:
        return filelist_of(name)
    except ConfigError as error:
        known = sorted(path.stem for path in FOLDER.glob(f"*{LIST_SUFFIX}"))
        if name in known:
            raise
        raise document.error(
            f"this project has no file list {name!r}", ("base",), expected="one of " + ", ".join(known),
            nearest=nearest(name, known),
        ) from error  # fmt: skip


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a top. ``bits`` is None where it is no plain vector."""

    name: str
    direction: str
    bits: int | None


@dataclass(frozen=True, slots=True)
class PluggedDevice:
    """A device that fits. ``ports`` are those of its top, ``inputs`` all files that its elaboration has read."""

    device: Device
    ports: tuple[Port, ...]
    inputs: tuple[Path, ...]
    sha256: str

    def facts(self) -> dict[str, Any]:
        """Return what a result says of it; the same sources give the same, wherever they are."""
        return {"name": self.device.name, "top": self.device.config.top, "sha256": self.sha256}


def digest_of(inputs: tuple[Path, ...]) -> str:
    """Return the SHA-256 over files: over a line for each, its name and its own SHA-256, the lines being sorted."""
    lines = sorted(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in inputs)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
