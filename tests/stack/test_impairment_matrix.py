"""A corner of the table of transfers over bad paths; continuous integration runs all of it."""

from __future__ import annotations

import pytest

from tests.stack.impairment_matrix import CELLS, CORNER, PAGE, Cell, recorded, row


@pytest.mark.parametrize("cell", CORNER, ids=lambda cell: cell.name)
def test_a_transfer_is_as_the_table_says(cell: Cell) -> None:
    assert row(cell) == recorded()[cell.name], "python -m tests.stack.impairment_matrix --write, if the change is meant"


def test_the_table_is_whole() -> None:
    assert len(recorded()) == len(CELLS) == len({cell.name for cell in CELLS})
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "%" in line]
    assert len(lines) == len(CELLS), "no row of a cell that is no more"
