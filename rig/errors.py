"""The exception tree: an error's class says whose fault it is.

A message gives the subject, the value, the limit, and what to try. Errors of a peer use the standard
:class:`ConnectionError` family and :class:`TimeoutError`, so that programs written for the ``socket`` module
understand them; everything else descends from :class:`RigError`.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command of the rig returns to the shell."""

    PASSED = 0
    TEST_FAILURES = 1
    USAGE = 2
    BUILD = 3
    INFRASTRUCTURE = 4
    NOTHING_RAN = 5


class RigError(Exception):
    """Base of every error the rig raises on purpose; ``exit_code`` is what the command line returns for it."""

    exit_code: ExitCode = ExitCode.INFRASTRUCTURE


class UsageError(RigError):
    """The caller passed something that the called function documents as not allowed."""

    exit_code = ExitCode.USAGE


class ConfigError(RigError):
    """A configuration file says something that cannot be used.

    ``file``, ``line`` (1-based), ``key_path`` (dotted), ``expected``, ``got`` and ``nearest`` (the nearest valid key or
    value, where one is near) are kept as attributes; the message holds all that are known.
    """

    exit_code = ExitCode.USAGE

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        line: int | None = None,
        key_path: str = "",
        expected: str = "",
        got: str = "",
        nearest: str = "",
    ) -> None:
        self.problem = problem
        self.file = file
        self.line = line
        self.key_path = key_path
        self.expected = expected
        self.got = got
        self.nearest = nearest
        where = file or ""
        if where and line is not None:
            where += f":{line}"
        parts = [part for part in (where, key_path, problem) if part]
        text = ": ".join(parts)
        if expected:
            text += f"; expected {expected}"
        if got:
            text += f"; got {got}"
        if nearest:
            text += f"; did you mean {nearest!r}?"
        super().__init__(text)


class WireError(RigError):
    """Octets from the network that a codec cannot accept. The stack counts and drops; it never lets one escape."""


class AdapterError(RigError):
    """Base of what can go wrong between a driver and an adapter."""


class BusError(AdapterError):
    """A bus access that the adapter refused: outside the map, or a write to something read-only.

    ``index`` is the operation of the batch that was refused, ``address`` the byte address of the refused word; both
    are None where they are not known.
    """

    def __init__(self, problem: str, *, index: int | None = None, address: int | None = None) -> None:
        self.problem = problem
        self.index = index
        self.address = address
        where = "" if address is None else f"address 0x{address:04X}: "
        if index is not None:
            where = f"operation {index} of the batch, {where}" if where else f"operation {index} of the batch: "
        super().__init__(where + problem)


class LinkError(AdapterError):
    """The cable or the far end of a board link failed."""


class AdapterFault(AdapterError):  # noqa: N818  (the contracts name it: not an error of ours but a fault found)
    """The adapter answered, and wrong; or it has no power. A verdict on the adapter, so a test that failed."""

    exit_code = ExitCode.TEST_FAILURES


class ToolError(RigError):
    """A simulator, synthesiser or flasher failed. Carries the command and the last lines it printed."""

    exit_code = ExitCode.BUILD

    def __init__(self, problem: str, *, command: str = "", last_lines: str = "") -> None:
        self.problem = problem
        self.command = command
        self.last_lines = last_lines
        text = problem
        if command:
            text += f"\n  command: {command}"
        if last_lines:
            text += "\n  last lines:\n" + "\n".join(f"    {line}" for line in last_lines.splitlines())
        super().__init__(text)
