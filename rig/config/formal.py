"""The table of proven properties, ``hdl/formal/properties.yaml``: what is claimed of which module, and how it is shown.

The text of a property is Verilog, ``hdl/formal/<module>_properties.vh``; its name there is its name here. Beside it
stand a cover statement, which shows that what the property speaks of happens, and a planted bug, which it must notice.
A bug is an edit of the source: ``replace`` occurs in it exactly once. Running the table is :mod:`rig.boards.formal`.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rig.config.strict_yaml import read_document
from rig.config.validation import Strict, validate

MAX_DEPTH = 500
MAX_LIMIT_S = 3600


def _identifier(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise ValueError(f"{text!r} is no Verilog name; write a lower-case letter, then a-z 0-9 _")
    return text


Identifier = Annotated[str, AfterValidator(_identifier)]
Text = Annotated[str, Field(min_length=1)]
Depth = Annotated[int, Field(ge=1, le=MAX_DEPTH)]
Method = Literal["induction", "bounded"]
METHODS: tuple[Method, ...] = ("induction", "bounded")


class PlantedBug(Strict):
    """An edit that breaks the property: in ``source``, by default the module itself, ``replace`` becomes ``by``."""

    says: Text
    source: Identifier | None = None
    replace: Text
    by: str


class Property(Strict):
    """A claim. ``method`` is induction, which holds for ever, or bounded: no more than so many clocks after reset."""

    property: Identifier
    says: Text
    method: Method = "induction"
    cover: Identifier
    bug: PlantedBug


class ProvenModule(Strict):
    """A module and what is claimed of it. ``sources`` are the modules inside it, read without their own properties."""

    module: Identifier
    sources: list[Identifier] = Field(default_factory=list)
    parameters: dict[str, int] = Field(default_factory=dict)
    clocks: Literal["one", "free"] = "one"
    """``free``: every edge of every clock is the solver's choice, and a step is no clock but an instant."""
    induction: Depth | None = None
    """How many steps in a row have to be good for the next one to be."""
    bounded: Depth | None = None
    """Steps from the start that properties of this method are searched for a counterexample."""
    search: Depth
    """Steps in which the covers must be reached and the planted bugs be noticed."""
    limit_s: int = Field(default=300, ge=1, le=MAX_LIMIT_S)
    """Of wall time, for each run of the solver."""
    assumes: list[Text] = Field(default_factory=list)
    """What the proof takes for granted about the inputs, besides a reset at the start."""
    properties: list[Property] = Field(min_length=1)

    def shown_by(self, method: Method) -> tuple[str, ...]:
        """Return the names of the properties that are shown by ``method``."""
        return tuple(claim.property for claim in self.properties if claim.method == method)

    def depth_of(self, method: Method) -> int | None:
        """Return the depth to which ``method`` is taken; None where no property is shown by it."""
        return self.induction if method == "induction" else self.bounded


class FormalTable(Strict):
    """All of it. ``schema`` 1."""

    schema_: Literal[1] = Field(alias="schema")
    modules: list[ProvenModule] = Field(min_length=1)


def load_table(path: Path) -> FormalTable:
    """Read the table; :class:`~rig.errors.ConfigError` for whatever is wrong with it."""
    document = read_document(path)
    table = validate(document, FormalTable)
    for module, number in Counter(entry.module for entry in table.modules).items():
        if number > 1:
            raise document.error(f"the module {module} is there twice", ("modules",), expected="one entry a module")
    for index, entry in enumerate(table.modules):
        where = ("modules", index)
        for method in METHODS:
            if bool(entry.shown_by(method)) != (entry.depth_of(method) is not None):
                raise document.error(
                    f"{entry.module}: the depth and the properties of the method {method} do not go together",
                    (*where, method), expected="a depth where a property has this method, and only there",
                )  # fmt: skip
        names = Counter(name for claim in entry.properties for name in (claim.property, claim.cover))
        for claim in entry.properties:
            if names[claim.property] > 1:
                raise document.error(
                    f"{entry.module}: {claim.property} is the name of two things", (*where, "properties"),
                    expected="a name of its own for every property",
                )  # fmt: skip
    return table
