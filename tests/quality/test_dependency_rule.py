"""The dependency rule: which package may import which. The table is the rule; docs/architecture.md explains it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = {"rig.errors", "rig.units", "rig.runtime.kernel"}  # anyone may import these
EVERYTHING = {"rig", "firmware_models"}

# package -> (modules or packages of ours it may import, third-party distributions)
RULES: dict[str, tuple[set[str], set[str]]] = {
    "rig.errors": (set(), set()),
    "rig.units": (set(), set()),
    "rig.wire": (set(), set()),
    "rig.link": (set(), {"cobs"}),
    "rig.stack": ({"rig.wire"}, set()),
    "rig.adapter": ({"rig.wire"}, {"yaml"}),
    "rig.sockets": ({"rig.stack", "rig.wire"}, set()),
    "rig.apps": ({"rig.sockets", "rig.wire.dns"}, {"h11"}),
    "rig.driver": ({"rig.adapter", "rig.wire"}, set()),
    "rig.backends": ({"rig.adapter", "rig.wire", "rig.link"}, {"cocotb", "serial", "pyroute2"}),
    "firmware_models": ({"rig.wire", "rig.adapter", "rig.link"}, set()),
    "rig.runtime": ({"rig.stack", "rig.adapter", "rig.wire"}, {"cocotb"}),
    "rig.config": (set(), {"yaml", "pydantic", "pydantic_core"}),
    "rig.report": ({"rig.wire", "rig.config"}, {"jinja2", "markupsafe"}),
    "rig.build": (EVERYTHING, set()),
    "rig.regress": (EVERYTHING, {"cocotb", "cocotb_tools", "distributed", "filelock", "find_libpython", "pytest"}),
    "rig.scenario": (EVERYTHING, {"filelock"}),
    "rig.boards": (EVERYTHING, {"serial", "filelock"}),
    "rig.live": (EVERYTHING, set()),
    "rig.lab": (EVERYTHING, {"pydantic"}),
    "rig.cli": (
        {"rig.scenario", "rig.lab", "rig.live", "rig.regress", "rig.boards", "rig.report", "rig.config", "rig.apps"}
        | {"rig.runtime.control_client", "rig.stack.counter_names"},  # a running node, from another process
        {"typer", "rich", "click"},
    ),
}
# These are concrete things: only the composition root (and themselves) may name them.
CONCRETE = {"rig.backends", "firmware_models"}
MAY_NAME_CONCRETE = {"rig.build", "rig.backends", "firmware_models"}


def _package(module: str) -> str:
    parts = module.split(".")
    return parts[0] if parts[0] != "rig" or len(parts) == 1 else ".".join(parts[:2])


def _module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module is not None
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def _sources() -> list[Path]:
    return sorted([*(ROOT / "rig").rglob("*.py"), *(ROOT / "firmware_models").rglob("*.py")])


def _violation(importer: str, imported: str) -> str | None:
    package, target = _package(importer), _package(imported)
    if importer == "rig":
        return None
    top = imported.split(".")[0]
    if package == target or any(imported == name or imported.startswith(name + ".") for name in SHARED):
        return None
    ours, third_party = RULES[package]
    if top in ("rig", "firmware_models"):
        if imported.startswith("rig.__version__"):
            return None
        if target in CONCRETE and package not in MAY_NAME_CONCRETE:
            return f"{package} may not name the concrete {target}; only rig.build may"
        allowed = EVERYTHING & ours or target in ours or any(imported.startswith(f"{name}.") for name in ours)
        return None if allowed else f"{package} may not import {target}"
    if top in sys.stdlib_module_names or top in third_party:
        return None
    return f"{package} may not import {top}"


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_rule(path: Path) -> None:
    module = _module_name(path)
    problems = [
        f"{path.relative_to(ROOT)}:{line}: {problem}"
        for line, imported in _imports(path)
        if (problem := _violation(module, imported))
    ]
    assert not problems, "\n".join(problems)


def test_kernel_imports_nothing_of_ours() -> None:
    kernel = ROOT / "rig" / "runtime" / "kernel.py"
    assert not [name for _, name in _imports(kernel) if name.split(".")[0] in EVERYTHING]


def test_cocotb_stays_in_its_files() -> None:
    allowed = {
        "rig/runtime/pump_cocotb.py", "rig/runtime/cocotb_main.py", "rig/backends/rtl.py", "rig/backends/rtl_board.py",
        "rig/backends/rtl_joint.py", "rig/backends/rtl_line.py", "rig/regress",
    }  # fmt: skip
    found = {
        str(path.relative_to(ROOT))
        for path in _sources()
        for _, name in _imports(path)
        if name.split(".")[0] in ("cocotb", "cocotb_tools")
    }
    strays = {path for path in found if path not in allowed and not path.startswith("rig/regress/")}
    assert not strays


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("rig.wire.tcp", "rig.stack.stack", False),
        ("rig.stack.stack", "rig.wire.tcp", True),
        ("rig.stack.stack", "rig.runtime.kernel", True),
        ("rig.stack.stack", "rig.runtime.node", False),
        ("rig.scenario.run", "firmware_models.network.segment", False),
        ("rig.build", "firmware_models.network.segment", True),
        ("rig.cli.demo", "rig.driver.driver", False),
        ("rig.cli.node", "rig.runtime.control_client.ask", True),
        ("rig.cli.node", "rig.runtime.node.Node", False),
        ("rig.wire.tcp", "scapy.all", False),
    ],
)
def test_the_rule_itself(importer: str, imported: str, allowed: bool) -> None:
    assert (_violation(importer, imported) is None) is allowed
