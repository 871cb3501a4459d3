"""Programs in a scenario file: socket calls, one a line, as a student would write them.

``socket s``, ``connect s server 80``, ``send s 500``: a verb, the name of a socket, and what the call takes. Names are
the program's own variables; the descriptors behind them are the socket library's business. Where a station is expected,
a name with a dot in it is looked up by the host's resolver. What the words mean is in :data:`VERBS`; what they do is in
:mod:`rig.scenario.program`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from rig.config.fields import host_name
from rig.config.validation import nearest

MAX_OCTETS = 16 << 20
MAX_WAIT_NS = 10**12
END = "end"

VERBS: dict[str, tuple[str, int, str]] = {
    # verb: (pattern of what follows, how many words at least, words for people)
    "socket": ("name [tcp|udp]", 1, "make a socket and call its descriptor NAME"),
    "bind": ("name port", 2, "take a local port"),
    "listen": ("name [count]", 1, "become a listening socket with room for COUNT connections"),
    "accept": ("name new", 2, "wait for a connection and call its descriptor NEW"),
    "connect": ("name station port", 3, "open a connection to a station's port"),
    "send": ("name octets", 2, "write that many octets, in one call"),
    "receive": ("name octets|end", 2, "read until so many octets, or the end of the stream, have come"),
    "send-to": ("name station port octets", 4, "send one datagram"),
    "receive-from": ("name", 1, "wait for one datagram"),
    "no-delay": ("name", 1, "switch the Nagle algorithm off (TCP_NODELAY)"),
    "receive-buffer": ("name octets", 2, "set the size of the receive buffer (SO_RCVBUF); before the connection"),
    "send-buffer": ("name octets", 2, "set the size of the send buffer (SO_SNDBUF)"),
    "dont-fragment": ("name", 1, "forbid every router to cut its datagrams (DF)"),
    "shutdown": ("name", 1, "end the stream of our direction; go on receiving"),
    "close": ("name", 1, "release the descriptor; TCP ends the connection by itself"),
    "abort": ("name", 1, "release the descriptor and reset the connection"),
    "look-up": ("host", 1, "ask the resolver for the addresses of a name"),
    "wait": ("time unit", 2, "do nothing for so long, as `wait 5 ms`"),
}
_UNITS_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,15}")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a program. What a verb does not take is empty or 0; ``octets`` is -1 for ``end``."""

    verb: str
    name: str = ""
    other: str = ""
    """The new socket of ``accept``, the station (or host name) of ``connect`` and ``send-to``, the kind of ``socket``,
    the host name of ``look-up``."""
    port: int = 0
    octets: int = 0
    wait_ns: int = 0


def parse_step(line: str) -> Step:
    """Return what a line says; ``ValueError`` names the word that is wrong and how the verb is used."""
    verb, *words = line.split() or [""]
    if verb not in VERBS:
        near = nearest(verb, VERBS)
        hint = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"{line!r} begins with no known verb; known are {', '.join(VERBS)}{hint}")
    pattern, least, _ = VERBS[verb]
    parts = pattern.split()
    if not least <= len(words) <= len(parts):
        raise ValueError(f"{line!r} has {len(words)} words after the verb; it is used as `{verb} {pattern}`")
    fields: dict[str, str | int] = {}
    for part, word in zip(parts, words, strict=False):
        try:
            fields |= _field(part.strip("[]"), word)
        except ValueError as err:
            raise ValueError(f"{line!r}: {err}; it is used as `{verb} {pattern}`") from None
    if verb == "wait":
        wait_ns = int(fields["time"]) * _UNITS_NS[str(fields["unit"])]
        if wait_ns > MAX_WAIT_NS:
            raise ValueError(f"{line!r} waits longer than {MAX_WAIT_NS // 10**9} s")
        return Step(verb, wait_ns=wait_ns)
    return Step(
        verb, str(fields.get("name", "")), str(fields.get("other", "")), int(fields.get("port", 0)),
        int(fields.get("octets", 0)),
    )  # fmt: skip


def _field(part: str, word: str) -> dict[str, str | int]:
    match part:
        case "host":
            return {"other": host_name(word)}
        case "name" | "new" | "station":
            if part != "station" and not _NAME.fullmatch(word):
                raise ValueError(f"{word!r} is no name; write a lower-case letter, then up to 15 of a-z 0-9 - _")
            return {"name" if part == "name" else "other": word}
        case "port":
            return {"port": _number(word, 1, 65535, "a port")}
        case "count":
            return {"octets": _number(word, 1, 1024, "a number of connections")}
        case "octets":
            return {"octets": _number(word, 1, MAX_OCTETS, "a number of octets")}
        case "octets|end":
            return {"octets": -1 if word == END else _number(word, 1, MAX_OCTETS, "a number of octets, nor 'end',")}
        case "time":
            return {"time": _number(word, 1, 10**9, "a time")}
        case "unit":
            return {"unit": _one_of(word, _UNITS_NS)}
        case _:
            return {"other": _one_of(word, part.split("|"))}


def _number(word: str, low: int, high: int, what: str) -> int:
    if not word.isdecimal() or not low <= int(word) <= high:
        raise ValueError(f"{word!r} is not {what} from {low} to {high}")
    return int(word)


def _one_of(word: str, known: dict[str, int] | list[str]) -> str:
    if word not in known:
        raise ValueError(f"{word!r} is none of {', '.join(known)}")
    return word


def _checked(lines: list[str]) -> list[str]:
    """Return the lines as they are, if each can be read and names only sockets that an earlier one has made."""
    known: set[str] = set()
    for line in lines:
        step = parse_step(line)
        if step.verb == "socket":
            known.add(step.name)
        elif step.name and step.name not in known:
            near = nearest(step.name, known)
            hint = f"did you mean {near!r}?" if near else f"put `socket {step.name}` before it"
            raise ValueError(f"{line!r}: there is no socket {step.name!r} yet; {hint}")
        if step.verb == "accept":
            known.add(step.other)
        elif step.verb in ("close", "abort"):
            known.discard(step.name)
    return lines


ProgramLines = Annotated[list[str], AfterValidator(_checked)]
