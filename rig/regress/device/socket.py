"""The Verilog of the socket with devices in it, and the sources of a bench that has it.

``hdl/sim/adapter_socket_model.v`` holds ``nic_mii``. For other devices a module of the same name and the same ports is
written; its parameter DEVICE chooses between them, so that stations of one bench may hold different ones. Verilog has
one space of names for modules, so two devices go together only where they share no name, or share the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rig.errors import ConfigError
from rig.regress.device.device import PluggedDevice
from rig.regress.device.ports import POKE, PORTS, REQUEST_PORTS, SocketPort
from rig.regress.filelist import PROJECT_ROOT, filelist_of

SOCKET = "adapter_socket_model"
OWN_PARTS = (SOCKET, "rmii_socket_model", "counter_door_model", "rmii_counter_door_model")
"""What in the benches names the inside of this project's adapters."""
BENCH_FOLDER = PROJECT_ROOT / "hdl" / "sim"
BOARDS_PARAMETER, BOARD_LIST = "BOARDS", "board_link"
_MODULE = re.compile(r"\b(?:(?:macro)?module|primitive)\s+\\?([A-Za-z_][\w$]*)")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def socket_text(devices: Sequence[PluggedDevice]) -> str:
    """Return the module of the socket that holds ``devices``, the first being number 0."""
    names = ", ".join(f"{number}: {each.device.name}" for number, each in enumerate(devices))
    ports = [*(_declaration(port) for port in (*PORTS, *REQUEST_PORTS)), _declaration(POKE)]
    return (
        "`default_nettype none\n`timescale 1ns/1ps\n"
        f"// The socket of a station, with the devices under test in it ({names});\n"
        "// written by rig.regress.device.socket.\n"
        f"module {SOCKET} #(\n    parameter DEVICE = 0,\n    parameter BACK_DOOR = 0,\n"
        "    parameter BUFFER_PAGES = 64,\n    parameter BUS_HZ = 50_000_000,\n    parameter TX_SLOTS = 4\n) (\n"
        + ",\n".join(ports)
        + "\n);\n  generate\n"
        + "".join(_slot(number, each) for number, each in enumerate(devices))
        + f"    if (DEVICE >= {len(devices)}) begin : range_check\n      PARAMETER_DEVICE_OUT_OF_RANGE invalid ();\n"
        "    end\n  endgenerate\nendmodule\n`default_nettype wire\n"
    )


def _declaration(port: SocketPort) -> str:
    width = "" if port.bits == 1 else f"[{port.bits - 1}:0] "
    return f"    {port.direction} wire {width}{port.name}"


def _slot(number: int, plugged: PluggedDevice) -> str:
    """Return the part of the generate block that is device ``number``."""
    device = plugged.device
    config = device.config
    connections: dict[str, str] = {}
    lines = []
    for port in (*PORTS, *REQUEST_PORTS):
        name = None if port in REQUEST_PORTS else device.port(port.name)
        if name is not None:
            connections[name] = port.name
        elif port.direction == "output":
            lines.append(f"assign {port.name} = {port.absent};")
    connections.update({name: str(value) for name, value in config.ties.items()})
    connections.update({port.name: "" for port in plugged.ports if port.name not in connections})
    values = ", ".join(f".{name}({value})" for name, value in config.parameters.items())
    pins = ",\n          ".join(f".{name}({value})" for name, value in connections.items())
    lines.append(f"{config.top} {f'#({values}) ' if values else ''}device (\n          {pins}\n      );")
    if config.counters is not None:
        lines.append(
            "if (BACK_DOOR) begin : back_door\n        always @(posedge clk_bus)\n"
            f"          if (poke[38]) device.{config.counters}[poke[37:32]] <= poke[31:0];\n      end"
        )
    body = "".join(f"      {line}\n" for line in lines)
    return f"    if (DEVICE == {number}) begin : device_{number}\n{body}    end\n"


def has_socket(top: str) -> bool:
    """Tell whether the stations of a bench have a socket."""
    return any(path.stem == SOCKET for path in filelist_of(top).sources)


def sources_with(
    top: str, devices: Sequence[PluggedDevice], parameters: Mapping[str, object]
) -> tuple[Path, ...]:  # fmt: skip
    """Return the sources of ``devices``, then those of a bench without its adapter and its socket.

    In this order no directive of the bench reaches the devices. :class:`ConfigError` where two files say different
    things of one module.
    """
    bench = [path for path in filelist_of(top).sources if path.parent == BENCH_FOLDER and path.stem not in OWN_PARTS]
    if parameters.get(BOARDS_PARAMETER):
        bench += filelist_of(BOARD_LIST).sources
    owners = [("the bench", path) for path in bench]
    owners += [(str(each.device.path), path) for each in devices for path in each.device.files.sources]
    taken: dict[Path, None] = {}
    modules: dict[str, tuple[str, Path]] = {}
    for owner, path in owners:
        if path in taken:
            continue
        found = modules_of(path)
        clash = next((modules[name] for name in found if name in modules), None)
        if clash is None:
            taken[path] = None
            modules.update(dict.fromkeys(found, (owner, path)))
        elif clash[1].read_bytes() != path.read_bytes():
            name = next(name for name in found if name in modules)
            raise ConfigError(
                f"module {name!r} is in {path} and, for {clash[0]}, in {clash[1]}, which differ; in one simulation a"
                " module has one text: give it another name in one of them, or let all stations in Verilog be one"
                " device",
                file=owner,
            )  # fmt: skip
    ours = set(bench)
    return tuple(sorted(taken, key=lambda path: path in ours))


def include_folders_with(devices: Sequence[PluggedDevice]) -> tuple[Path, ...]:
    """Return the include folders of devices, in their order."""
    return tuple(dict.fromkeys(folder for each in devices for folder in each.device.files.include_folders))


def modules_of(path: Path) -> tuple[str, ...]:
    """Return the names of the modules and primitives in a source."""
    return tuple(_MODULE.findall(_COMMENT.sub(" ", path.read_text(encoding="utf-8", errors="replace"))))

