"""Mutation itself: mutants are switched one at a time, equal ones are proven equal, and fates are told apart."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rig.errors import ExitCode, ToolError
from rig.regress.filelist import FileList, filelist_of
from tests.mutation.__main__ import main
from tests.mutation.equivalence import is_equivalent
from tests.mutation.killers import LIMIT_S
from tests.mutation.netlist import Mutant, Mutants, make_mutants, parse_mutation
from tests.mutation.run import Fate, judge, summary

HERE = Path(__file__).parent
SOURCE = HERE / "redundant.v"
COUNT = 20


def mutant(number: int) -> Mutant:
    return Mutant(number, "A[0] inverted", "cell", ("a.v:1.1-1.2",), "-mode inv")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Mutants:
    folder = tmp_path_factory.mktemp("mutants") / "drawn"
    return make_mutants("redundant", FileList((SOURCE,)), seed=1, count=COUNT, folder=folder)


def outputs(sources: tuple[Path, ...], folder: Path, number: int) -> str:
    program = folder / "sim.vvp"
    if not program.exists():
        files = map(str, (*sources, HERE / "redundant_bench.v"))
        subprocess.run(
            ["iverilog", "-g2005", "-s", "redundant_bench", "-o", str(program), *files], check=True, timeout=LIMIT_S
        )
    command = ["vvp", "-N", str(program), f"+mutant={number}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT_S).stdout


def test_a_mutation_is_read_from_the_list_of_yosys() -> None:
    line = (
        r"mutate -mode cnot1 -module mac_mii -cell $flatten\core.\control.$procmux$900 "
        r"-port A -portbit 2 -ctrlbit 3 -src csma_cd.v:139.17-139.29 -src csma_cd.v:139.13-139.73"
    )
    found = parse_mutation(7, line)
    assert (found.number, found.what) == (7, "A[2] inverted where bit 3 is 1")
    assert found.cell == "core.control.$procmux$900"
    assert found.places == ("csma_cd.v:139.17-139.29", "csma_cd.v:139.13-139.73")
    assert f"mutate {found.options}" == line
    stuck = parse_mutation(1, "mutate -mode const0 -module m -cell c -port Y -portbit 0")
    assert (stuck.what, stuck.places) == ("Y[0] stuck at 0", ())


@pytest.mark.needs("yosys")
@pytest.mark.needs("iverilog")
def test_one_netlist_holds_the_module_and_every_mutant(drawn: Mutants, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    plain = outputs((SOURCE,), tmp_path / "plain", 0)
    assert outputs(drawn.sources, tmp_path, 0) == plain
    changed = {each.number for each in drawn.mutants if outputs(drawn.sources, tmp_path, each.number) != plain}
    equal = {each.number for each in drawn.mutants if is_equivalent(drawn, each)}
    assert [each.number for each in drawn.mutants] == list(range(1, len(drawn.mutants) + 1))
    assert len(changed) >= COUNT // 2 and equal, "both kinds are among them"
    assert not changed & equal, "what is proven equal is"
    for each in drawn.mutants:
        if "$or$" in each.cell and "Y" not in each.what and each.number in equal:
            break
    else:
        raise AssertionError("an input of the or does not matter where a is 0 or 1")


@pytest.mark.needs("yosys")
def test_equal_seeds_draw_the_same_and_the_shell_keeps_its_parameters(drawn: Mutants, tmp_path: Path) -> None:
    again = make_mutants("redundant", FileList((SOURCE,)), seed=1, count=COUNT, folder=tmp_path / "w")
    assert again.mutants == drawn.mutants
    other = make_mutants("redundant", FileList((SOURCE,)), seed=2, count=COUNT, folder=tmp_path / "o")
    assert other.mutants != drawn.mutants
    assert "parameter STEP = 3" in (drawn.folder / "shell.v").read_text()
    assert drawn.replaced([Path("x.v"), SOURCE]) == [Path("x.v"), *drawn.sources]
    with pytest.raises(ToolError, match=r"no source is called redundant\.v"):
        drawn.replaced([Path("x.v")])


def test_a_module_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--module", "mac_mi", "--count", "1"]) == ExitCode.USAGE
    assert "mac_mi is no module in nic_mii" in (said := capsys.readouterr().err) and "mac_mii" in said


@pytest.mark.parametrize("arguments", [["--count", "0"], ["--count", "65536"], ["--jobs", "0"]])
def test_a_number_that_makes_no_sense_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert arguments[1] in capsys.readouterr().err


def test_fates_are_told_apart() -> None:
    asked: list[tuple[str, int]] = []

    def first(number: int) -> str:
        asked.append(("first", number))
        return "first: wrong" if number == 1 else ""

    def second(number: int) -> str:
        asked.append(("second", number))
        return "second: wrong" if number == 2 else ""

    told: list[Fate] = []
    drawn = [mutant(number) for number in (1, 2, 3, 4)]
    fates = judge(drawn, [first, second], lambda each: each.number == 3, jobs=1, tell=told.append)
    assert [(fate.outcome, fate.by) for fate in fates] == [
        ("killed", "first: wrong"), ("killed", "second: wrong"), ("equivalent", ""), ("survived", ""),
    ]  # fmt: skip
    assert told == fates and ("second", 1) not in asked
    facts = summary("m", 1, fates)
    assert (facts["count"], facts["killed"], facts["equivalent"]) == (4, 2, 1)
    assert [row["number"] for row in facts["survived"]] == [4]


def test_a_killer_that_finds_fault_with_no_mutant_at_all_ends_it() -> None:
    with pytest.raises(ToolError, match="no mutant switched on is found at fault already: broken"):
        judge([mutant(1)], [lambda _: "broken"], lambda _: False, jobs=1, tell=lambda _: None)


def test_the_default_module_is_one_of_the_adapter() -> None:
    assert any(source.name == "mac_mii.v" for source in filelist_of("nic_mii").sources)
