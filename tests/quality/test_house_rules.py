"""House rules that a linter does not know: no hidden clock or dice, no vague module names, sizes, no stubs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "rig").rglob("*.py"), *(ROOT / "firmware_models").rglob("*.py")])
CLOCKS = {"time", "datetime"}
# Whoever starts outside programs or shows a run to a person may read the wall clock; results never hold it.
MAY_READ_A_CLOCK = ("rig/runtime/", "rig/regress/", "rig/cli/", "rig/scenario/", "rig/boards/", "rig/live/")
BANNED_CALLS = {
    ("random", name)
    for name in ("random", "randint", "randrange", "getrandbits", "choice", "shuffle", "uniform", "seed", "expovariate")
}
VAGUE_NAMES = {"utils", "util", "common", "misc", "helpers", "tools_misc"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_time_and_randomness_are_passed_in(path: Path) -> None:
    relative = str(path.relative_to(ROOT))
    problems: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            if not relative.startswith(MAY_READ_A_CLOCK):
                problems += [f"{relative}:{node.lineno}: imports {name}" for name in names if name in CLOCKS]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in BANNED_CALLS:
                problems.append(f"{relative}:{node.lineno}: {node.value.id}.{node.attr} uses a hidden source")
            if (node.value.id, node.attr) == ("time", "sleep") and not relative.startswith("rig/runtime/"):
                problems.append(f"{relative}:{node.lineno}: sleeps")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_shape(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert path.stem not in VAGUE_NAMES, "a file is named after what it holds"
    if path.name != "__init__.py" and tree.body:
        assert ast.get_docstring(tree), "a module says its purpose in one sentence"
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
    assert "NotImplementedError" not in text, "nothing is half there"
    lines = text.count("\n")
    docstring = ast.get_docstring(tree) or ""
    assert lines <= 450 or "long because" in docstring.lower(), (
        f"{lines} lines: split the module, or say in its docstring 'Long because ...'"
    )


def test_no_workplace_names() -> None:
    """Nothing in the project may depend on the folder it was written in."""
    for path in [*SOURCES, *(ROOT / "tests").rglob("*.py"), ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        assert f"{ROOT.parent}/" not in path.read_text() or str(ROOT.parent) in ("/", "/tmp", "/home"), path


def test_nothing_that_users_run_sets_the_test_bits() -> None:
    """Collisions of a demonstration arise from deferral and delay alone: only tests and conformance force them."""
    users = [path for path in SOURCES if path.is_relative_to(ROOT / "rig")]
    setters = {
        str(path.relative_to(ROOT)).split("/")[1]
        for path in users
        if re.search(r"\bCTRL_(FORCE_COL|NO_BACKOFF)\b(?!_)", path.read_text())
    }
    assert setters <= {"adapter", "regress"}, "adapter names the bits, regress tests them"


def test_the_readme_is_finished_and_its_commands_exist() -> None:
    text = (ROOT / "README.md").read_text()
    assert not re.search(r"@[A-Z]+@", text), "a placeholder is left"
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^(?:\$ )?make (\w+)", text, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), f"the README names `make {target}`"
    commands = "".join(path.read_text() for path in (ROOT / "rig" / "cli").glob("*.py"))
    for command in re.findall(r"^\$ \.venv/bin/rig (\w+)", text, flags=re.MULTILINE):
        assert f'"{command}"' in commands, f"the README names `rig {command}`"


def test_every_counter_of_the_stack_says_what_it_counts() -> None:
    """A name that is new needs a line in rig/stack/counter_names.py, which `rig netstat -s` shows."""
    from rig.stack.counter_names import DROPS, EVENTS, LAYERS

    prefixes = "|".join(LAYERS)
    used: set[str] = set()
    for path in (ROOT / "rig" / "stack").rglob("*.py"):
        if path.name != "counter_names.py":
            used |= set(re.findall(rf'"((?:{prefixes})[a-z0-9_]+)"', path.read_text()))
    used -= {name for name in used if name.startswith("arp_") and name.endswith("_ns")}
    assert used == set(DROPS) | set(EVENTS)
    assert not set(DROPS) & set(EVENTS)
