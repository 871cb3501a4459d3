"""The labs that come along, and what each student gets of one: a seed, the numbers drawn from it, a scenario.

A lab is a folder of ``configs/labs`` with ``lab.yaml`` and ``scenario.yaml``; ``data/labs`` is a link to them, by which
a package carries the same files.
"""

from __future__ import annotations

import difflib
import hashlib
import string
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rig.config.loading import parse_scenario
from rig.config.scenario import Scenario
from rig.errors import ConfigError, UsageError
from rig.lab.format import LAB_FILE, SCENARIO_FILE, Choice, Lab, Question, load_lab

LABS = Path(__file__).with_name("data") / "labs"
LETTERS = string.ascii_lowercase


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A lab with its name and its files."""

    name: str
    lab: Lab
    template: str
    """The text of its scenario, with ``$name`` for what is drawn."""
    sha256: str
    """Over both files: two rigs that have the same have the same lab."""


def lab_names(folder: Path = LABS) -> list[str]:
    """Return the names of the labs that come along."""
    return sorted(path.parent.name for path in folder.glob(f"*/{LAB_FILE}"))


def all_labs(folder: Path = LABS) -> list[CatalogEntry]:
    """Return every lab, in order of their numbers."""
    return sorted((find_lab(name, folder) for name in lab_names(folder)), key=lambda entry: entry.lab.number)


def find_lab(name: str, folder: Path = LABS) -> CatalogEntry:
    """Return a lab by its name; :class:`UsageError` names the nearest where there is none."""
    names = lab_names(folder)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"there is no lab {name!r}; {hint}known are {', '.join(names)}")
    place = folder / name
    lab = load_lab(place / LAB_FILE)
    template = (place / SCENARIO_FILE).read_text(encoding="utf-8")
    digest = hashlib.sha256((place / LAB_FILE).read_bytes() + b"\0" + template.encode())
    return CatalogEntry(name, lab, template, digest.hexdigest())


def seed_of(lab: str, student: str) -> int:
    """Return the seed of a student in a lab: 32 bits, so that it can be read aloud; the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"{lab}/{student}".encode()).digest()[:4], "big")


def draws_of(lab: Lab, seed: int) -> dict[str, int]:
    """Return the numbers that are drawn for a seed, by name. What one lab draws does not move what another does."""
    return {
        name: Random(f"{seed}/draw/{name}").randint(low, high)  # a text seeds through SHA-512, the same everywhere
        for name, (low, high) in lab.draws.items()
    }


def scenario_text(entry: CatalogEntry, seed: int) -> str:
    """Return the scenario file of a seed; :class:`ConfigError` where the lab's own text cannot be filled in."""
    try:
        return string.Template(entry.template).substitute(draws_of(entry.lab, seed), seed=seed)
    except (KeyError, ValueError) as err:
        raise ConfigError(f"cannot be filled in: {err}", file=f"{entry.name}/{SCENARIO_FILE}") from err


def given_scenario(entry: CatalogEntry, seed: int) -> Scenario:
    """Return the scenario of a seed, checked."""
    return parse_scenario(scenario_text(entry, seed), f"{entry.name}/{SCENARIO_FILE}")


def choices_of(question: Question, seed: int) -> dict[str, Choice]:
    """Return the choices by letter, in an order that differs from student to student."""
    order = list(question.choices)
    Random(f"{seed}/choices/{question.id}").shuffle(order)
    return dict(zip(LETTERS, order, strict=False))
