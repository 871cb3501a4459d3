"""File lists: what stands in them, other lists included, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.errors import ConfigError
from rig.regress.filelist import FOLDER, PROJECT_ROOT, filelist_of, read_filelist

BENCH = PROJECT_ROOT / "tests" / "hdl" / "kernel_bench" / "kernel_bench.v"


def test_sources_include_folders_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "list.f"
    path.write_text("# comment\n\n+incdir+hdl  # headers\ntests/hdl/kernel_bench/kernel_bench.v\n")
    files = read_filelist(path)
    assert files.sources == (BENCH,)
    assert files.include_folders == (PROJECT_ROOT / "hdl",)


def test_what_two_lists_name_is_read_once(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.f", tmp_path / "outer.f"
    inner.write_text("+incdir+hdl\ntests/hdl/kernel_bench/kernel_bench.v\nhdl/rtl/sync_2ff.v\n")
    outer.write_text(f"-f {inner}\n-f {inner}\n+incdir+hdl\nhdl/rtl/sync_2ff.v\nhdl/rtl/crc32_octet.v\n")
    files = read_filelist(outer)
    assert [source.name for source in files.sources] == ["kernel_bench.v", "sync_2ff.v", "crc32_octet.v"]
    assert files.include_folders == (PROJECT_ROOT / "hdl",)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("# first\nhdl/none.v\n", 2, "no such source file"),
        ("+incdir+none\n", 1, "no such include folder"),
        ("-f none.f\n", 1, "no such file list"),
        ("# nothing\n", None, "names no source"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, text: str, line: int | None, problem: str) -> None:
    path = tmp_path / "list.f"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem) as caught:
        read_filelist(path)
    assert caught.value.line == line
    assert caught.value.file == str(path)


def test_a_circle_of_lists_is_refused(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.f", tmp_path / "outer.f"
    inner.write_text(f"\n-f {outer}\n")
    outer.write_text(f"-f {inner}\n")
    with pytest.raises(ConfigError, match="names itself") as caught:
        read_filelist(outer)
    assert (caught.value.file, caught.value.line) == (str(inner), 2)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.f")), ids=lambda path: path.stem)
def test_a_list_has_the_top_of_its_name(path: Path) -> None:
    assert path.stem in {source.stem for source in filelist_of(path.stem).sources}
