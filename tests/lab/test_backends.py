"""Labs on other adapters than the twin: the same questions, answered by what happened there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.config.scenario import BackendName
from rig.errors import UsageError
from rig.lab.catalog import all_labs
from rig.lab.evaluate import Verdict
from rig.lab.folder import open_folder
from rig.lab.page import write_lab_page
from rig.lab.session import check_lab
from rig.lab.submission import grade, write_submission
from tests.lab.student import Student

ON_BOARDS, ON_INTERFACES = (
    [entry.name for entry in all_labs() if backend in entry.lab.backends] for backend in ("board", "nic")
)


def solved(name: str, backend: BackendName, folder: Path) -> list[str]:
    """Take a lab on a backend, and return what of it an outsider's answers did not get right."""
    student = Student(name, folder)
    student.predict()
    student.change()
    lab = student.run(backend)
    assert lab.state.given is not None
    student.fill_in(student.solve(student.folder / lab.state.given.folder))
    lines = check_lab(open_folder(folder))
    write_lab_page(open_folder(folder), lines)
    return [line.id for line in lines if line.verdict is not Verdict.RIGHT and line.step != "predict"]


@pytest.mark.parametrize("name", ON_BOARDS)
def test_a_lab_on_virtual_boards_can_be_handed_in(name: str, tmp_path: Path) -> None:
    assert solved(name, "board", tmp_path / "lab") == []
    path, content = write_submission(open_folder(tmp_path / "lab"))
    assert content["given"]["backend"] == "board"
    assert grade(path, tmp_path / "work").tampered == []


@pytest.mark.needs("netns")
@pytest.mark.parametrize("name", ON_INTERFACES)
def test_a_lab_on_interfaces_of_the_kernel(name: str, tmp_path: Path) -> None:
    assert solved(name, "nic", tmp_path / "lab") == []
    with pytest.raises(UsageError, match="on the clock of the machine"):
        write_submission(open_folder(tmp_path / "lab"))


def test_a_lab_that_needs_the_times_of_the_scenario_says_so(tmp_path: Path) -> None:
    student = Student("timeout", tmp_path / "lab")
    student.predict()
    with pytest.raises(UsageError, match="does not run on nic: its questions need what model, rtl give"):
        student.run("nic")
