"""The language of packet scripts: text to steps, strictly. README.md describes it; :mod:`.runner` plays it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

from rig.stack.config import CongestionAlgorithm, TcpConfig

FLAGS = "FSRPAUEC"  # bit 0 first
UNITS_NS = {"us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9}
STACK_KEYS = ("mtu", "seed", "peer_iss", "iss")
PLAIN_CALLS = ("accept", "shutdown", "close", "abort", "nothing", "no-event")
ICMP_KINDS = {
    "net-unreachable": (3, 0),
    "host-unreachable": (3, 1),
    "protocol-unreachable": (3, 2),
    "port-unreachable": (3, 3),
    "fragmentation-needed": (3, 4),
    "source-route-failed": (3, 5),
    "source-quench": (4, 0),
    "time-exceeded": (11, 0),
}
_TIME = re.compile(r"(\+?)(\d+(?:\.\d+)?)(us|ms|s|min|h|d)?")


class ScriptError(Exception):
    """A script cannot be understood: file, line and what was expected."""


@dataclass(frozen=True)
class Options:
    """Options of a segment as written; ``raw`` replaces all others."""

    mss: int | None = None
    wscale: int | None = None
    sack_ok: bool = False
    sack: tuple[tuple[int, int], ...] = ()
    ts: tuple[int, int] | None = None
    raw: bytes | None = None


@dataclass(frozen=True)
class Segment:
    """A segment as written; None where a field was left out."""

    flags: int
    seq: int | None = None
    octets: int = 0
    size: int | None = None
    ack: int | None = None
    win: int | None = None
    urg: int | None = None
    options: Options | None = None
    hold: bool = False
    corrupt: bool = False


@dataclass(frozen=True)
class Step:
    """One line: when, and what. ``t_ns`` counts from the step before if ``is_relative``; ``until_ns`` ends a range."""

    line: int
    text: str
    verb: str
    t_ns: int
    is_relative: bool
    until_ns: int
    segment: Segment | None = None
    arguments: tuple[str, ...] = ()
    octets: int = 0


@dataclass
class Script:
    """A whole file."""

    path: Path
    title: str = ""
    requirements: list[str] = field(default_factory=list)
    mutant: str = ""
    tcp: dict[str, object] = field(default_factory=dict)
    stack: dict[str, int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The file's name without its suffix."""
        return self.path.stem


class _Line:
    """The words of one line, taken from the left."""

    def __init__(self, path: Path, number: int, text: str) -> None:
        self.path, self.number, self.text = path, number, text
        self.words = re.findall(r"<[^>]*>|[^\s<]+|<", text)

    def error(self, problem: str) -> ScriptError:
        return ScriptError(f"{self.path}:{self.number}: {problem}: {self.text.strip()!r}")

    def take(self, what: str) -> str:
        if not self.words:
            raise self.error(f"expected {what} at the end")
        return self.words.pop(0)

    def number_of(self, word: str, what: str) -> int:
        if not re.fullmatch(r"-?\d+", word):
            raise self.error(f"{what} is {word!r}; expected a whole number")
        return int(word)

    def take_number(self, what: str) -> int:
        return self.number_of(self.take(what), what)

    def end(self) -> None:
        if self.words:
            raise self.error(f"nothing is expected after the command, got {self.words[0]!r}")


def parse(path: Path) -> Script:
    """Read a script; :class:`ScriptError` with file and line for anything that is not right."""
    script = Script(path)
    last_line = 0
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        last_line = number
        text, _, comment = raw.partition("#")
        if not script.title and comment and not text.strip():
            script.title = comment.strip()
        if text.strip():
            _take_line(script, _Line(path, number, text))
    for missing, value in (("a comment that says what is shown", script.title), ("requirement", script.requirements),
                           ("mutant", script.mutant), ("steps", script.steps)):  # fmt: skip
        if not value:
            raise ScriptError(f"{path}:{last_line}: the script has no {missing}")
    return script


def _take_line(script: Script, line: _Line) -> None:
    if line.words[0] in ("requirement", "mutant", "tcp", "stack"):
        if script.steps:
            raise line.error("settings stand before the first step")
        _take_setting(script, line.words.pop(0), line)
    else:
        script.steps.append(_parse_step(script, line))


def _take_setting(script: Script, keyword: str, line: _Line) -> None:
    if not line.words:
        raise line.error(f"{keyword} needs a value")
    if keyword == "requirement":
        script.requirements += line.words
        return
    if keyword == "mutant":
        script.mutant = line.take("a name")
        line.end()
        return
    for key, value in _pairs(line):
        if keyword == "tcp":
            script.tcp[key] = _tcp_value(line, key, value)
        elif key in STACK_KEYS:
            script.stack[key] = line.number_of(value, key)
        else:
            raise line.error(f"stack has no {key!r}; expected one of {', '.join(STACK_KEYS)}")


def _pairs(line: _Line) -> Iterator[tuple[str, str]]:
    while line.words:
        word = line.words.pop(0)
        key, equals, value = word.partition("=")
        if not (key and equals and value):
            raise line.error(f"{word!r} is not KEY=VALUE")
        yield key, value


def _tcp_value(line: _Line, key: str, value: str) -> object:
    kinds = {each.name: str(each.type) for each in fields(TcpConfig)}
    if key not in kinds:
        raise line.error(f"TcpConfig has no field {key!r}")
    if kinds[key] == "bool":
        if value not in ("on", "off"):
            raise line.error(f"{key} is {value!r}; expected on or off")
        return value == "on"
    if kinds[key] == "CongestionAlgorithm":
        if value not in [each.value for each in CongestionAlgorithm]:
            raise line.error(f"{key} is {value!r}; expected one of {[each.value for each in CongestionAlgorithm]}")
        return CongestionAlgorithm(value)
    if key.endswith("_ns"):
        return parse_time(line, value, needs_unit=True)[0]
    return line.number_of(value, key)


def parse_time(line: _Line, word: str, *, needs_unit: bool = False) -> tuple[int, bool]:
    """Return (nanoseconds, whether it counts from the step before)."""
    match = _TIME.fullmatch(word)
    if match is None or (needs_unit and (match[3] is None or match[1])):
        raise line.error(f"{word!r} is not a time, such as 10, 2.5, 120s{'' if needs_unit else ', +3'}")
    whole, _, fraction = match[2].partition(".")
    unit_ns = UNITS_NS[match[3] or "ms"]
    scaled = int(whole + fraction) * unit_ns
    t_ns, rest = divmod(scaled, 10 ** len(fraction))
    if rest:
        raise line.error(f"{word!r} is no whole number of nanoseconds")
    return t_ns, bool(match[1])


def _parse_step(script: Script, line: _Line) -> Step:
    t_ns, is_relative = 0, True
    until_ns: int | None = None
    if not line.text[0].isspace():
        first, dots, last = line.take("a time").partition("..")
        t_ns, is_relative = parse_time(line, first)
        if dots:
            until_ns, last_is_relative = parse_time(line, last)
            if last_is_relative != is_relative or until_ns < t_ns:
                raise line.error("a range goes from an earlier to a later time of the same kind")
    elif not script.steps:
        raise line.error("the first step needs a time")
    verb = line.take("a step")
    if until_ns is not None and verb != "out":
        raise line.error("only `out` may have a range of times")
    segment: Segment | None = None
    arguments: tuple[str, ...] = ()
    octets = 0
    if verb in ("in", "out"):
        segment = _parse_segment(line, incoming=verb == "in")
    elif verb in PLAIN_CALLS:
        pass
    elif verb in ("write", "write-urgent"):
        octets = line.take_number("octets")
        if line.words:
            _expect_word(line, "=")
            arguments = (line.take("a count or an error"),)
    elif verb == "read":
        octets = line.take_number("octets")
        _expect_word(line, "=")
        arguments = (line.take("a count, nothing, end or an error"),)
    elif verb == "urgent":
        octets = _after_equals(line)
    elif verb == "listen":
        octets = line.take_number("backlog") if line.words else 5
    elif verb == "connect":
        arguments = tuple(f"{key}={value}" for key, value in _pairs(line))
    elif verb == "set":
        arguments = (line.take("an option"), line.take("a value"))
    elif verb == "state":
        arguments = (line.take("a state"),)
    elif verb == "event":
        arguments = tuple(line.take("a kind") for _ in range(min(2, max(1, len(line.words)))))
    elif verb == "counter":
        arguments = (line.take("a name"),)
        octets = _after_equals(line)
    elif verb == "icmp":
        arguments, octets = _parse_icmp(line)
    else:
        raise line.error(f"{verb!r} is not a step")
    line.end()
    until_ns = t_ns if until_ns is None else until_ns
    return Step(line.number, line.text.strip(), verb, t_ns, is_relative, until_ns, segment, arguments, octets)


def _expect_word(line: _Line, wanted: str) -> None:
    if line.take(f"{wanted!r}") != wanted:
        raise line.error(f"expected {wanted!r}")


def _after_equals(line: _Line) -> int:
    _expect_word(line, "=")
    return line.take_number("a count")


def _parse_icmp(line: _Line) -> tuple[tuple[str, ...], int]:
    kind = line.take("a kind of ICMP error")
    if kind not in ICMP_KINDS:
        raise line.error(f"ICMP has no {kind!r} here; expected one of {', '.join(ICMP_KINDS)}")
    _expect_word(line, "about")
    sequence = line.take_number("a sequence number")
    mtu = 0
    if line.words:
        _expect_word(line, "mtu")
        mtu = line.take_number("an MTU")
    return (kind, str(mtu)), sequence


def _parse_segment(line: _Line, *, incoming: bool) -> Segment:
    letters = line.take("flags")
    if len(set(letters)) != len(letters) or not set(letters) <= set(FLAGS) | {"-"}:
        raise line.error(f"flags {letters!r} are not letters out of {FLAGS}")
    values: dict[str, object] = {"flags": sum(1 << FLAGS.index(each) for each in letters if each != "-")}
    while line.words:
        word = line.words.pop(0)
        if re.fullmatch(r"\d+:\d+(/\d+)?", word):
            _take_span(line, word, values, incoming)
        elif word in ("ack", "win", "urg"):
            _put(line, values, word, line.take_number(word))
        elif word in ("hold", "corrupt") and incoming:
            _put(line, values, word, True)
        elif word.startswith("<") and word.endswith(">"):
            _put(line, values, "options", _parse_options(line, word[1:-1], incoming))
        else:
            raise line.error(f"{word!r} is no part of a segment")
    return Segment(**values)  # type: ignore[arg-type]


def _put(line: _Line, values: dict[str, object], key: str, value: object) -> None:
    if key in values:
        raise line.error(f"{key} stands twice")
    values[key] = value


def _take_span(line: _Line, word: str, values: dict[str, object], incoming: bool) -> None:
    span, slash, size = word.partition("/")
    start, end = (int(part) for part in span.split(":"))
    if end < start or (slash and (incoming or not int(size))):
        raise line.error(f"{word!r} is not SEQ:END{'' if incoming else ' or SEQ:END/SIZE'}")
    _put(line, values, "seq", start)
    values["octets"] = end - start
    values["size"] = int(size) if slash else None


def _parse_options(line: _Line, text: str, incoming: bool) -> Options:
    values: dict[str, object] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, *rest = part.split()
        if name in ("mss", "wscale") and len(rest) == 1:
            _put(line, values, name, line.number_of(rest[0], name))
        elif name == "sackOK" and not rest:
            _put(line, values, "sack_ok", True)
        elif name == "raw" and len(rest) == 1 and incoming:
            _put(line, values, "raw", bytes.fromhex(rest[0]))
        elif name == "ts" and len(rest) == 1:
            _put(line, values, "ts", _pair(line, rest[0]))
        elif name == "sack" and rest:
            _put(line, values, "sack", tuple(_pair(line, block) for block in rest))
        else:
            raise line.error(f"{part!r} is no option")
    return Options(**values)  # type: ignore[arg-type]


def _pair(line: _Line, word: str) -> tuple[int, int]:
    left, colon, right = word.partition(":")
    if not colon:
        raise line.error(f"{word!r} is not NUMBER:NUMBER")
    return line.number_of(left, word), line.number_of(right, word)
