"""The YAML reader: what it takes, where things stand, and what it refuses with which line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rig.config.strict_yaml import format_path, parse_document, read_document
from rig.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-7", -7),
        ("0x1f", 31),
        ("0", 0),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("half", "half"),
        ("10.0.0.1/24", "10.0.0.1/24"),
        ("'12:34:56:10:20:30'", "12:34:56:10:20:30"),
        ('"off"', "off"),
        ("'010'", "010"),
        ("/picture.png", "/picture.png"),
    ],
)
def test_scalars_mean_what_they_look_like(text: str, value: Any) -> None:
    got = parse_document(f"key: {text}\n", "f").value["key"]
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("12:34:56:10:20:30", "base-60"),
        ("02:00:00:00:00:0a", "base-60"),
        ("off", "true or false"),
        ("Yes", "true or false"),
        ("TRUE", "true"),
        ("010", "number"),
        ("1_000", "number"),
        ("0b101", "number"),
        ("0o17", "number"),
        (".5", "number"),
        (".inf", "number"),
        ("2026-01-02", "date"),
    ],
)
def test_scalars_that_readers_disagree_on_are_refused(text: str, reading: str) -> None:
    with pytest.raises(ConfigError, match=reading) as caught:
        parse_document(f"a: 1\nkey: {text}\n", "f.yaml")
    assert caught.value.line == 2
    assert caught.value.key_path == "key"
    assert "quotes" in caught.value.expected


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "twice, first in line 3", 4),
        ("a: &x 1\nb: *x\n", "anchors", 1),
        ("a: 1\n<<: {b: 2}\n", "merge keys", 2),
        ("a: 1\nb: !!str 2\n", "tag", 2),
        ("a: 1\n? [1, 2]\n: 3\n", "a key is a list", 2),
        ("a: 1\n---\nb: 2\n", "not YAML", 2),
        ("a: [1, 2\nb: 3\n", "not YAML", 2),
        ("a: \x00\n", "not YAML", None),
        ("", "empty", None),
        ("# nothing\n", "empty", None),
        ("a: " + "9" * 5000, "digits", 1),
        ("a: " + "[" * 60 + "]" * 60, "nested", 1),
        ("a: " + "[" * 20000, "nested|not YAML", None),
    ],
)
def test_refusals_name_the_line(text: str, problem: str, line: int | None) -> None:
    with pytest.raises(ConfigError, match=problem) as caught:
        parse_document(text, "f.yaml")
    assert caught.value.file == "f.yaml"
    if line is not None:
        assert caught.value.line == line


def test_lines_of_keys_and_items() -> None:
    document = parse_document("a:\n  - x: 1\n    y: 2\n  - z\nb:\n  c: 3\n", "f")
    assert document.lines[("a", 0, "y")] == 3
    assert document.lines[("a", 1)] == 4
    assert document.lines[("b", "c")] == 6
    assert document.line(("b", "missing", 3)) == 5
    assert format_path(("a", 0, "y")) == "a[0].y"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_document(tmp_path / "missing.yaml")
    with pytest.raises(ConfigError, match="folder"):
        read_document(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_document(tmp_path / ("n" * 400))
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(ConfigError, match="UTF-8") as caught:
        read_document(bad)
    assert caught.value.line == 2
    bad.write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(ConfigError, match="too large"):
        read_document(bad)
