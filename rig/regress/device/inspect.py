"""Look at a device under test before anything is built around it: is there such a top, and does it fit the socket?

Verilator elaborates the top alone and writes what it found as JSON: the ports as they are with the parameters that the
device file sets, and the files that were read. Then the socket with the device in it is elaborated. Both take about a
second, and every mistake is told in words of the device file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from rig.config.strict_yaml import KeyPath
from rig.config.validation import nearest
from rig.errors import ToolError, UsageError
from rig.regress.device.device import Device, PluggedDevice, Port, digest_of, open_device
from rig.regress.device.ports import PORTS
from rig.regress.device.socket import SOCKET, socket_text
from rig.regress.filelist import PROJECT_ROOT
from rig.regress.phases import in_phase
from rig.regress.process import run_logged
from rig.regress.tools import VERILATOR_VERSION, tool_environment, verilator_root

TIMEOUT_S = 300
LOOK = 1
"""Of how it is looked at; another number where that changes."""
ERRORS_SHOWN = 6
DEFAULTS = {"BUFFER_PAGES": "64", "BUS_HZ": "50000000", "TX_SLOTS": "4"}
"""What the benches give a device."""


def plugged_device(path: Path) -> PluggedDevice:
    """Return the device of a file; errors as of :func:`plug` and :func:`~rig.regress.device.device.open_device`."""
    return plug(open_device(path))


def plug(device: Device) -> PluggedDevice:
    """Return ``device`` with all files that its elaboration reads, now that it is known to fit.

    :class:`ConfigError` names the key of the device file that is wrong; :class:`ToolError` carries what the elaboration
    said of its sources.
    """
    with in_phase("build"):
        known = _Known(device)
        found = known.read()
        if found is None:
            found = _look_at(device)
            known.write(*found)
    ports, inputs = found
    return PluggedDevice(device, ports, inputs, digest_of(inputs))


def _look_at(device: Device) -> tuple[tuple[Port, ...], tuple[Path, ...]]:
    with tempfile.TemporaryDirectory(prefix="rig-device-") as name:
        folder = Path(name)
        ports = tuple(_ports(_elaborate_top(device, folder), device))
        _check(device, ports)
        inputs = _inputs(folder / f"V{device.config.top}__ver.d")
        _elaborate_socket(device, ports, folder)
    return ports, inputs


class _Known:
    """What was found of a device before, in the folder of the builds: good for as long as no file that was read has
    changed. A regression of many items looks once."""

    def __init__(self, device: Device) -> None:
        files = [str(path) for path in (*device.files.sources, *device.files.include_folders)]
        shape = [LOOK, VERILATOR_VERSION, device.config.model_dump(mode="json"), files]
        self._path = known_folder() / f"{hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:16]}.json"

    def read(self) -> tuple[tuple[Port, ...], tuple[Path, ...]] | None:
        """Return ports and inputs; None if nothing is known, or no longer."""
        try:
            facts = json.loads(self._path.read_text(encoding="utf-8"))
            if any(_sha256(Path(name)) != sha256 for name, sha256 in facts["inputs"].items()):
                return None
            return tuple(Port(*each) for each in facts["ports"]), tuple(map(Path, facts["inputs"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, ports: Sequence[Port], inputs: Sequence[Path]) -> None:
        """Keep what was found; where that cannot be done it is found again the next time."""
        facts = {"ports": [astuple(port) for port in ports], "inputs": {str(path): _sha256(path) for path in inputs}}
        with contextlib.suppress(OSError):  # the build that follows says what is wrong with the folder
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False, encoding="utf-8") as file:
                json.dump(facts, file)
            Path(file.name).replace(self._path)


def known_folder() -> Path:
    """Return the folder of what is known of devices, beside the simulator builds."""
    return Path(os.environ.get("RIG_BUILD_DIR") or PROJECT_ROOT / "build").resolve() / "device"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _elaborate_top(device: Device, folder: Path) -> Mapping[str, Any]:
    """Return the module of the top and the types of its tree, as Verilator writes them."""
    config = device.config
    parameters = {name: DEFAULTS.get(str(value), str(value)) for name, value in config.parameters.items()}
    command = _command(device, config.top, folder, [f"-G{name}={value}" for name, value in parameters.items()])
    log = folder / "top.log"
    if _run(command, folder, log):
        text = log.read_text(encoding="utf-8", errors="replace")
        if "--top-module" in text and "not found" in text:
            suggested = re.search(r"Suggested alternative: '(\w+)'", text)
            raise device.document.error(
                f"no source has a module {config.top!r}", ("top",), expected="the module of the device",
                nearest=suggested[1] if suggested else "",
            )  # fmt: skip
        unknown = re.search(r"Parameters from the command line were not found in the design: (\w+)", text)
        if unknown:
            raise device.document.error(
                f"module {config.top!r} has no parameter {unknown[1]!r}", ("parameters", unknown[1]),
                expected="parameters that it has; `parameters: {}` for none, where BUFFER_PAGES, BUS_HZ and TX_SLOTS"
                " are set if nothing is said",
            )  # fmt: skip
        raise _failure(device, "cannot be elaborated", command, text)
    try:
        tree: Mapping[str, Any] = json.loads((folder / f"V{config.top}.tree.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ToolError(f"Verilator wrote no tree of {config.top}: {error}", command=shlex.join(command)) from error
    return tree


def _ports(tree: Mapping[str, Any], device: Device) -> list[Port]:
    types: dict[str, Mapping[str, Any]] = {}
    waiting: list[Any] = [tree.get("miscsp")]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            if str(node.get("type", "")).endswith("DTYPE"):
                types[node["addr"]] = node
            waiting += [each for each in node.values() if isinstance(each, list)]
    (module,) = (each for each in tree["modulesp"] if each.get("name") == device.config.top)
    return [
        Port(node["name"], str(node["direction"]).lower(), _bits(types.get(node["dtypep"], {})))
        for node in module["stmtsp"]
        if node.get("type") == "VAR" and node.get("direction", "NONE") != "NONE"
    ]


def _bits(kind: Mapping[str, Any]) -> int | None:
    if kind.get("type") != "BASICDTYPE":
        return None
    bounds = re.fullmatch(r"(-?\d+):(-?\d+)", str(kind.get("range", "0:0")))
    return None if bounds is None else abs(int(bounds[1]) - int(bounds[2])) + 1


def _check(device: Device, ports: Sequence[Port]) -> None:
    """Hold the ports of the top to those of the socket."""
    config, document = device.config, device.document
    there = {port.name: port for port in ports}
    for socket_port in PORTS:
        name = device.port(socket_port.name)
        if name is None:
            there.pop(socket_port.name, None)
            continue
        key: KeyPath = ("ports", socket_port.name) if socket_port.name in config.ports else ("top",)
        port = there.pop(name, None)
        if port is None:
            where = f"say what it is called, `ports: {{{socket_port.name}: ...}}`"
            without = f", or that it is not there, `{socket_port.name}: null`" if socket_port.may_lack else ""
            raise document.error(
                f"module {config.top!r} has no port {name!r}", key, expected=f"{_words(socket_port)}; {where}{without}",
                nearest=nearest(name, [each.name for each in ports]),
            )  # fmt: skip
        if (port.direction, port.bits) != (socket_port.direction, socket_port.bits):
            raise document.error(
                f"port {name!r} of module {config.top!r} does not fit {socket_port.name}", key,
                expected=f"{_words(socket_port)}; a shim in Verilog around the device makes another one fit",
                got=_words(port),
            )  # fmt: skip
    for name in config.ties:
        if name not in there or there[name].direction != "input":
            raise document.error(
                f"module {config.top!r} has no further input {name!r}", ("ties", name),
                expected="one of " + ", ".join(each.name for each in there.values() if each.direction == "input")
                if there
                else "no ties",
            )  # fmt: skip
    for port in there.values():
        if port.direction != "output" and port.name not in config.ties:
            raise document.error(
                f"nothing drives the {port.direction} {port.name!r} of module {config.top!r}", ("ties",),
                expected=f"`ties: {{{port.name}: 0}}` for an input that rests, or `ports` if it is one of the socket's"
                if port.direction == "input"
                else "inputs and outputs only; a shim in Verilog around the device parts the two",
            )  # fmt: skip


def _words(port: Any) -> str:
    size = "of a type of its own" if port.bits is None else "1 bit" if port.bits == 1 else f"{port.bits} bits"
    return f"an {port.direction} {'' if port.bits is None else 'of '}{size}"


def _elaborate_socket(device: Device, ports: Sequence[Port], folder: Path) -> None:
    plugged = PluggedDevice(device, tuple(ports), (), "")
    path = folder / f"{SOCKET}.v"
    path.write_text(socket_text([plugged]), encoding="utf-8")
    command = _command(device, SOCKET, folder, ["-GBACK_DOOR=1"], [path])
    log = folder / "socket.log"
    if _run(command, folder, log):
        text = log.read_text(encoding="utf-8", errors="replace")
        if device.config.counters is not None and "dotted" in text:
            raise device.document.error(
                f"there is no {device.config.counters!r} in module {device.config.top!r}", ("counters",),
                expected="the path of the memory of the counters below the top; without the key the one check that sets"
                " a counter near its wrap is left out",
            )  # fmt: skip
        raise _failure(device, "cannot be put into the socket", command, text)


def _command(device: Device, top: str, folder: Path, more: Sequence[str], sources: Sequence[Path] = ()) -> list[str]:
    root = verilator_root()
    if root is None:
        raise UsageError("a device is looked at with Verilator, which is not installed; `rig doctor` says how")
    files = device.files
    return [
        str(root / "bin" / "verilator_bin"), "--json-only", "--MMD", "--timing", "-Wno-fatal", "-Wno-lint",
        "--default-language", "1364-2005", "--top-module", top, "-Mdir", str(folder), *more,
        *(f"-I{each}" for each in files.include_folders), *map(str, sources), *map(str, files.sources),
    ]  # fmt: skip


def _run(command: Sequence[str], folder: Path, log: Path) -> int:
    root = verilator_root()
    environment = tool_environment({"VERILATOR_ROOT": str(root)})
    return run_logged(command, folder=folder, environment=environment, log_path=log, timeout_s=TIMEOUT_S)


def _failure(device: Device, problem: str, command: Sequence[str], text: str) -> Exception:
    errors = [line for line in text.splitlines() if line.startswith("%Error") and "Exiting due to" not in line]
    missing = re.findall(r"(?:Cannot find file containing module|module/interface/primitive): '(\w+)'", text)
    hint = f"; no source has the module {missing[0]!r}: add its file under `files`" if missing else ""
    return ToolError(
        f"{device.path}: top: the device {device.name!r} (module {device.config.top!r}) {problem}{hint}",
        command=shlex.join(command), last_lines="\n".join(errors[:ERRORS_SHOWN]) or text[-2000:],
    )  # fmt: skip


def _inputs(dependencies: Path) -> tuple[Path, ...]:
    """Return the files that Verilator has read, without those that are its own."""
    root = verilator_root()
    text = dependencies.read_text(encoding="utf-8").partition(" : ")[2]
    names = re.split(r"(?<!\\)\s+", text.strip().replace("\\\n", " "))
    paths = [Path(name.replace("\\ ", " ")).resolve() for name in names if name]
    return tuple(sorted({path for path in paths if root is None or not path.is_relative_to(root.resolve())}))
