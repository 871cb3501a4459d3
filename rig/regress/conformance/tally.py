"""The judge of a row: counts cases, and keeps what was wrong with the first few that failed."""

from __future__ import annotations

from typing import Any

FAILURES_KEPT = 8


class Tally:
    """Cases of one row on one fixture. A row goes on after a failure, so that its extent can be seen."""

    def __init__(self) -> None:
        self.cases = 0
        self.failed = 0
        self.failures: list[str] = []
        self.notes: list[str] = []

    def note(self, what: str) -> None:
        """Say what was not done, and why."""
        self.notes.append(what)

    def check(self, is_right: bool, what: str) -> bool:
        """Count one case; ``what`` says which, and what it did, in case it is wrong. Return ``is_right``."""
        self.cases += 1
        if not is_right:
            self.failed += 1
            if len(self.failures) < FAILURES_KEPT:
                self.failures.append(what)
        return is_right

    def equal(self, got: Any, expected: Any, what: str) -> bool:
        """Count one case, right if ``got == expected``."""
        return self.check(got == expected, f"{what}: got {_short(got)}, expected {_short(expected)}")


def _short(value: Any) -> str:
    text = value.hex() if isinstance(value, bytes) else repr(value)
    return text if len(text) <= 200 else f"{text[:120]}...{text[-60:]} ({len(text)} characters)"
