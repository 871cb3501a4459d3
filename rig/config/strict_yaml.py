"""YAML without its surprises: a document as plain Python values, and the line of every key and item.

What a person writes is what the program gets, or an error with file and line. YAML 1.1, which most readers follow,
turns unquoted ``12:34:56:10:20:30`` into a base-60 number, ``off`` into false, ``010`` into eight and lets a second
``mac:`` silently replace the first; readers of YAML 1.2 disagree on each. All of these are refused here, with what to
write instead.

Taken are mappings with text keys, sequences, quoted text, and these unquoted scalars: ``null`` ``~`` and nothing,
``true`` ``false``, decimal and ``0x`` integers, decimal fractions, and text that no reader takes for anything else.
Anchors, merge keys, tags and several documents in a file are refused. Checking meaning is left to
:mod:`rig.config.validation`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rig.errors import ConfigError

MAX_OCTETS = 1 << 20
"""A configuration beyond this is taken for the wrong file."""

MAX_DEPTH = 32
MAX_DIGITS = 40

KeyPath = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)|0x[0-9a-fA-F]+")
_FRACTION = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")
_COLONS = re.compile(r"[-+]?[0-9a-fA-F]+(:[0-9a-fA-F]+)+(\.[0-9]*)?")
_NUMBER_LIKE = re.compile(
    r"[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9_]+)([eE][-+]?[0-9]+)?)"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_SWITCHES = {"y", "n", "yes", "no", "on", "off"}
_CONSTANTS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}


def format_path(path: KeyPath) -> str:
    """Return ``stations[0].mac`` for ``("stations", 0, "mac")``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: ``value`` in plain Python; ``lines`` from key path to the line of the key or item, 1-based."""

    file: str
    value: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def line(self, path: KeyPath) -> int | None:
        """Return the line of ``path``, or of the nearest thing around it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def error(
        self, problem: str, path: KeyPath = (), *, expected: str = "", got: str = "", nearest: str = ""
    ) -> ConfigError:
        """Return an error about what stands at ``path``; the caller raises it."""
        return ConfigError(
            problem,
            file=self.file,
            line=self.line(path),
            key_path=format_path(path),
            expected=expected,
            got=got,
            nearest=nearest,
        )


def read_document(path: Path) -> Document:
    """Read and parse a file; every failure, also of the file system, is a :class:`ConfigError` that names it."""
    try:
        if path.is_dir():
            raise ConfigError("this is a folder", file=str(path), expected="a YAML file")
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except FileNotFoundError as err:
        raise ConfigError("there is no such file", file=str(path)) from err
    except (OSError, ValueError) as err:  # ValueError: a NUL in the name
        reason = getattr(err, "strerror", None) or err
        raise ConfigError(f"the file cannot be read: {reason}", file=str(path)) from err
    if len(octets) > MAX_OCTETS:
        limit = f"at most {MAX_OCTETS} octets"
        raise ConfigError("the file is too large for a configuration", file=str(path), expected=limit)
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = octets.count(b"\n", 0, err.start) + 1
        problem = f"octet 0x{octets[err.start]:02x} is not UTF-8"
        raise ConfigError(problem, file=str(path), line=line, expected="text in UTF-8") from err
    return parse_document(text, str(path))


def parse_document(text: str, file: str) -> Document:
    """Parse one document; :class:`ConfigError` with the line for whatever the module's text refuses."""
    document = Document(file, None)
    try:
        loader = _Loader(text)
        loader.document = document
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
        if root is None:
            raise ConfigError("the file is empty", file=file, expected="a mapping of keys to values")
        return Document(file, _Builder(document).build(root, ()), document.lines)
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None) or getattr(err, "context_mark", None)
        problem = getattr(err, "problem", None) or getattr(err, "reason", None) or str(err).splitlines()[0]
        line = None if mark is None else mark.line + 1
        raise ConfigError(f"this is not YAML: {problem}", file=file, line=line) from err
    except RecursionError as err:
        raise ConfigError("values are nested too deeply", file=file, expected=f"at most {MAX_DEPTH} levels") from err


class _Loader(yaml.SafeLoader):
    """Composes nodes only; nothing is ever constructed by PyYAML's rules."""

    document: Document

    def compose_node(self, parent: yaml.Node | None, index: Hashable) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError(
                "anchors and aliases (& and *) are not used here",
                file=self.document.file,
                line=event.start_mark.line + 1,
                expected="the value written out, or quoted if it is text",
            )
        if getattr(event, "tag", None):
            raise ConfigError(
                f"the tag {event.tag!r} is not used here", file=self.document.file, line=event.start_mark.line + 1
            )
        return super().compose_node(parent, index)  # type: ignore[arg-type]


class _Builder:
    """Turns nodes into values and notes their lines in the document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._lines = document.lines

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        if len(path) > MAX_DEPTH:
            raise self._document.error("values are nested too deeply", path, expected=f"at most {MAX_DEPTH} levels")
        self._lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        if not isinstance(node, yaml.ScalarNode) or node.style is not None:
            return node.value
        return self._plain(node.value, path)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError(
                    "a key is a list or a mapping", file=self._document.file, line=line, key_path=format_path(path),
                    expected="text",
                )  # fmt: skip
            key = key_node.value
            if key == "<<" and key_node.style is None:
                raise ConfigError(
                    "merge keys (<<) are not used here", file=self._document.file, line=line, key_path=format_path(path)
                )
            key_path = (*path, key)
            if key in result:
                first = self._lines[key_path]
                raise ConfigError(
                    f"the key is there twice, first in line {first}",
                    file=self._document.file,
                    line=line,
                    key_path=format_path(key_path),
                )
            self._lines[key_path] = line
            result[key] = self.build(value_node, key_path)
        return result

    def _plain(self, text: str, path: KeyPath) -> Any:
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text):
            if len(text) > MAX_DIGITS:
                raise self._document.error(f"a number of {len(text)} digits", path, expected=f"at most {MAX_DIGITS}")
            return int(text, 16) if text.startswith("0x") else int(text)
        if _FRACTION.fullmatch(text):
            return float(text)
        reading = _other_reading(text)
        if reading:
            raise self._document.error(
                f"some readers take the unquoted value {_shorten(text)} for {reading}", path,
                expected=f'quotes ("{_shorten(text, quote=False)}") if it is text, else an unmistakable spelling',
            )  # fmt: skip
        return text


def _other_reading(text: str) -> str:
    """Say what a YAML reader may take plain ``text`` for, if that is not text."""
    if _COLONS.fullmatch(text):
        return "a base-60 number"
    lower = text.lower()
    if lower in _SWITCHES:
        return "true or false"
    if lower in _CONSTANTS:
        return f"{lower}"
    if _DATE.fullmatch(text):
        return "a date"
    if _NUMBER_LIKE.fullmatch(text) or lower.lstrip("+-") in (".inf", ".nan"):
        return "a number"
    return ""


def _shorten(text: str, *, quote: bool = True) -> str:
    text = text if len(text) <= 40 else text[:37] + "..."
    return repr(text) if quote else text
