"""The conformance tables of the TCP/IP stack: what each standard asks for, joined with the tests that prove it.

The rows are data (``data/tcp_ip.yaml``); tests name the rows they prove with ``@pytest.mark.requirement`` or, for a
packet script, in its head. A test run leaves the outcome of each requirement in ``build/requirements.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rig.config.strict_yaml import Document, read_document
from rig.errors import UsageError

ROWS_FILE = Path(__file__).with_name("data") / "tcp_ip.yaml"
OUTCOMES_FILE = Path("build") / "requirements.json"
NO_TEST = "no test ran"
_KEYS = {"id", "title", "applies", "decision"}


class Applies(StrEnum):
    """What a requirement means for this stack."""

    REQUIRED = "Y"
    TAKEN = "y"
    OPTIONAL = "opt"
    NOT_FOR_US = "N"


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement. ``decision`` says what was decided where that is not plain."""

    id: str
    title: str
    applies: Applies
    decision: str = ""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """A requirement with the tests that carry its id, and the worst of their outcomes, or why there is none."""

    row: Row
    tests: tuple[str, ...]
    outcome: str

    @property
    def is_open(self) -> bool:
        """Whether something required is not proven: its tests did not pass, or there are none."""
        return self.outcome == "failed" or (self.row.applies is Applies.REQUIRED and self.outcome != "passed")

    def facts(self) -> dict[str, object]:
        """Return the row for JSON."""
        row = self.row
        facts: dict[str, object] = {"id": row.id, "title": row.title, "applies": row.applies.value}
        if row.decision:
            facts["decision"] = row.decision
        return {**facts, "tests": list(self.tests), "outcome": self.outcome}


def read_rows(path: Path = ROWS_FILE) -> dict[str, list[Row]]:
    """Return the rows by protocol; :class:`ConfigError` with file and line for what is wrong in the file."""
    document = read_document(path)
    if not isinstance(document.value, dict):
        raise document.error("this is no table of protocols", expected="protocol: [row, ...]")
    seen: set[str] = set()
    return {
        str(protocol): [_row(document, (protocol, index), seen) for index in range(len(rows or ()))]
        for protocol, rows in document.value.items()
    }


def read_outcomes(path: Path = OUTCOMES_FILE) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return requirement -> (tests, outcome) of the last test run; :class:`UsageError` where there was none."""
    try:
        records = json.loads(path.read_text())
    except FileNotFoundError:
        command = ".venv/bin/python -m pytest tests/wire tests/stack tests/packet_scripts tests/sockets tests/apps"
        raise UsageError(f"{path} is not there: run the tests first, {command}") from None
    except ValueError as err:
        raise UsageError(f"{path} is not JSON ({err}): run the tests again") from err
    return {record["id"]: (tuple(record["tests"]), record["outcome"]) for record in records}


def join(rows: Iterable[Row], outcomes: dict[str, tuple[tuple[str, ...], str]]) -> list[RowOutcome]:
    """Return each row with its tests and their outcome."""
    return [RowOutcome(row, *outcomes.get(row.id, ((), NO_TEST))) for row in rows]


def table(protocol: str, outcomes_file: Path = OUTCOMES_FILE) -> list[RowOutcome]:
    """Return the table of one protocol: tcp, ip, arp, icmp, udp or dns; :class:`UsageError` for another."""
    tables = read_rows()
    if protocol not in tables:
        raise UsageError(f"there is no conformance table {protocol!r}; expected one of {', '.join(tables)}")
    return join(tables[protocol], read_outcomes(outcomes_file))


def _row(document: Document, path: tuple[str | int, ...], seen: set[str]) -> Row:
    protocol, index = path
    values = document.value[protocol][index]
    if not isinstance(values, dict) or not set(values) <= _KEYS or not {"id", "title", "applies"} <= set(values):
        raise document.error("this is no row", path, expected="id, title, applies and perhaps decision")
    try:
        applies = Applies(values["applies"])
    except ValueError:
        known = ", ".join(each.value for each in Applies)
        raise document.error("unknown value", (*path, "applies"), expected=known, got=str(values["applies"])) from None
    if values["id"] in seen:
        raise document.error(f"{values['id']} stands twice", (*path, "id"))
    seen.add(values["id"])
    return Row(values["id"], values["title"], applies, values.get("decision", ""))
