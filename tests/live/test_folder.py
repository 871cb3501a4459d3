"""What a web server gives of a folder, and what it must not give."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.live import folder
from rig.live.folder import folder_resources


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "www"
    (root / "sub" / "with index").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"a")
    (root / "sub" / "<b>.txt").write_bytes(b"b")
    (root / "sub" / "with index" / "index.html").write_bytes(b"index")
    (root / ".hidden").write_bytes(b"secret")
    (tmp_path / "outside").write_bytes(b"secret")
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "inner").symlink_to(root / "a.txt")
    (root / "circle").symlink_to(root / "circle")
    return root


def test_files_and_folders_are_found(root: Path) -> None:
    assert folder_resources(root, "/a.txt") == b"a"
    assert folder_resources(root, "//sub/./../a.txt") is None, "no path but the plain one"
    assert folder_resources(root, "/inner") == b"a"
    assert folder_resources(root, "/sub/with index/") == b"index"
    listing = folder_resources(root, "/sub")
    assert isinstance(listing, bytes) and b'href="/sub/%3Cb%3E.txt">&lt;b&gt;.txt<' in listing


@pytest.mark.parametrize("path", ["/.hidden", "/link", "/../outside", "/sub/../../outside", "/circle", "/none", "/\0"])
def test_nothing_else_is(root: Path, path: str) -> None:
    assert folder_resources(root, path) is None


def test_hidden_files_are_not_listed(root: Path) -> None:
    listing = folder_resources(root, "/")
    assert isinstance(listing, bytes) and b"a.txt" in listing and b"hidden" not in listing


def test_a_large_file_comes_in_pieces(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "WHOLE_OCTETS", 1000)
    content = bytes(range(256)) * 1000
    (root / "large").write_bytes(content)
    pieces = folder_resources(root, "/large")
    assert not isinstance(pieces, bytes | None) and b"".join(pieces) == content
