"""Regression plans: what to run, how often and on what, as it is written in ``configs/regressions``.

An entry of a plan stands for several items, each of which runs in a process of its own; expanding them is
:mod:`rig.regress.regression.items`. Paths are relative to the folder in which the command is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rig.config.fields import Name
from rig.config.scenario import BackendName
from rig.config.strict_yaml import read_document
from rig.config.validation import Strict, validate

MAX_SEEDS = 100_000
MAX_LIMIT_S = 86_400
MAX_SEED = (1 << 64) - 1

Text = Annotated[str, Field(min_length=1)]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Seeds = Annotated[int, Field(ge=1, le=MAX_SEEDS)] | Annotated[list[Seed], Field(min_length=1)]
Limit = Annotated[float, Field(gt=0, le=MAX_LIMIT_S)]
Words = Annotated[list[Text], Field(min_length=1)]


class _Entry(Strict):
    limit_s: Limit = 300.0
    """Of wall time, for each attempt at each item; an item that takes longer is killed with its children."""


class ScenarioEntry(_Entry):
    """A scenario by name or path, on each backend with each seed; ``seeds: 20`` draws twenty from the plan's.

    ``device`` is the file of the adapter in Verilog; where it is named, the backend is ``rtl`` if nothing is said.
    """

    kind: Literal["scenario"]
    name: Text
    backends: list[BackendName] | None = Field(default=None, min_length=1)
    seeds: Seeds = 1
    device: Text | None = None


class ConformanceEntry(_Entry):
    """Rows of a conformance list, one item each on each backend; without ``rows`` the whole list is one item.

    ``device`` is the file of the adapter in Verilog; where it is named, the backend is ``rtl`` if nothing is said. The
    list of the 10BASE-T PHY runs as a whole, and on this project's PHY.
    """

    kind: Literal["conformance"]
    list_: Literal["mac", "phy"] = Field(default="mac", alias="list")
    rows: Words | None = None
    backends: list[Literal["rtl", "twin"]] | None = Field(default=None, min_length=1)
    simulator: Literal["verilator", "icarus"] = "verilator"
    quick: bool = False
    device: Text | None = None

    @model_validator(mode="after")
    def _phy_is_whole(self) -> Self:
        if self.list_ == "phy" and (self.rows is not None or self.quick or self.device is not None):
            raise ValueError("the list phy runs as a whole: leave out rows, quick and device")
        return self


class CompareEntry(_Entry):
    """Random traffic on the Verilog and its twin."""

    kind: Literal["compare"]
    stations: Annotated[int, Field(ge=2, le=64)] = 5
    bits: Annotated[int, Field(ge=1)] = 100_000
    speed_mbps: Literal[10, 100] = 100
    full_duplex: bool = False
    seeds: Seeds = 1
    device: Text | None = None


class PytestEntry(_Entry):
    """Tests of one's own: one process for all of the entry, one result for each test."""

    kind: Literal["pytest"]
    name: Name
    paths: Words
    select: Text | None = None
    """An expression for ``-k``."""
    arguments: list[Text] = Field(default=[])


class BoardEntry(_Entry):
    """The check-out of an attached board, by name or port; ``flash`` puts the bitstream of the last build in first."""

    kind: Literal["board"]
    name: Text
    select: Text | None = None
    flash: bool = False
    wait_s: Annotated[float, Field(ge=0, le=MAX_LIMIT_S)] = 60.0
    """How long to wait for a board that somebody else holds."""


class CommandEntry(_Entry):
    """Any program, such as a bench of one's own; ``{seed}`` and ``{folder}`` in its words are filled in."""

    kind: Literal["command"]
    name: Name
    run: Words
    seeds: Seeds = 1
    needs: list[Text] = Field(default=[])
    """Programs that must be there: without one the item is not tried."""


Entry = Annotated[
    ScenarioEntry | ConformanceEntry | CompareEntry | PytestEntry | BoardEntry | CommandEntry,
    Field(discriminator="kind"),
]


class RegressionPlan(Strict):
    """A plan. ``seed`` is what the seeds of the items are drawn from."""

    schema_: Literal[1] = Field(alias="schema")
    title: str = ""
    seed: Seed = 1
    items: list[Entry]


def load_regression_plan(path: Path) -> RegressionPlan:
    """Read a plan; :class:`~rig.errors.ConfigError` for whatever is wrong with the file or its content."""
    return validate(read_document(path), RegressionPlan)
