"""A student for the tests: starts a lab, fills in answers, changes the scenario."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from rig.config.scenario import BackendName
from rig.lab.catalog import choices_of
from rig.lab.folder import LabFolder, open_folder, start_lab
from rig.lab.session import run_lab
from tests.lab.solutions.recorded import Recorded


class Student:
    def __init__(self, name: str, folder: Path, student: str = "alice") -> None:
        self.lab = start_lab(name, student, folder)
        self.folder = folder
        self.solution = importlib.import_module(f"tests.lab.solutions.{name.replace('-', '_')}")

    def fill_in(self, answers: Mapping[str, Any]) -> None:
        """Write these answers; other lines stay as they are."""
        path = self.folder / "answers.yaml"
        sheet = yaml.safe_load(path.read_text())
        for step, question in self.lab.entry.lab.questions():
            sheet[step] = sheet[step] or {}
            if question.id in answers:
                sheet[step][question.id] = answers[question.id]
        path.write_text(yaml.safe_dump(sheet, allow_unicode=True))

    def predict(self, value: int | str = -1) -> None:
        """Predict the same for everything, so that a run is possible."""
        self.fill_in({question.id: value for question in self.lab.entry.lab.predict})

    def change(self) -> None:
        path = self.folder / "change.yaml"
        path.write_text(self.solution.changed(path.read_text()))

    def run(self, backend: BackendName = "model") -> LabFolder:
        run_lab(open_folder(self.folder), backend)
        return open_folder(self.folder)

    def choices(self, *, right: bool) -> dict[str, str]:
        """Return a right, or a wrong, letter for each question of choices."""
        seed = self.lab.state.seed
        return {
            question.id: next(letter for letter, choice in choices_of(question, seed).items() if choice.right is right)
            for _, question in self.lab.entry.lab.questions()
            if question.choices
        }

    def solve(self, run: Path) -> dict[str, Any]:
        """Return every right answer, read from a run folder by the solver of the lab."""
        return {**self.solution.answers(Recorded(run)), **self.choices(right=True)}
