"""What a web server offers of a folder: files, and a list of what is in a folder. Nothing outside, no hidden files."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from rig.apps.http_stream import Body

PIECE_OCTETS = 64 * 1024
WHOLE_OCTETS = 128 * 1024 * 1024
"""Larger files are sent in pieces, so that memory does not depend on them; a file sent whole tells its length first."""
INDEX = "index.html"


def folder_resources(folder: Path, path: str) -> Body | None:
    """Return what GET of ``path`` (decoded, from the root) gives, or None: no such file, hidden, or outside."""
    parts = [part for part in path.split("/") if part]
    if any(part.startswith(".") or "\0" in part for part in parts):
        return None
    root = folder.resolve()
    found = root.joinpath(*parts)
    try:
        found = found.resolve(strict=True)
        if found != root and root not in found.parents:  # a symbolic link that leads out
            return None
        if found.is_dir():
            index = found / INDEX
            return index.read_bytes() if index.is_file() else _listing(found, path)
        if found.stat().st_size <= WHOLE_OCTETS:
            return found.read_bytes()
        return _pieces(found)
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
        return None


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(PIECE_OCTETS):
            yield piece


def _listing(folder: Path, path: str) -> bytes:
    base = "/" + "".join(f"{quote(part)}/" for part in path.split("/") if part)
    names = sorted(each.name + ("/" if each.is_dir() else "") for each in folder.iterdir() if each.name[:1] != ".")
    rows = "".join(f'<li><a href="{html.escape(base + quote(name))}">{html.escape(name)}</a></li>\n' for name in names)
    title = html.escape(base)
    return (
        f"<!DOCTYPE html>\n<meta charset=utf-8>\n<title>{title}</title>\n<h1>{title}</h1>\n<ul>\n{rows}</ul>\n".encode()
    )
