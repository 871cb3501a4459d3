"""Hashes of what a run found out and of what a student hands in."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

OF_THE_BACKEND = ("backend", "backends", "versions", "scenario", "title", "description")
"""Keys of ``result.json`` that say where and under which name a run was, not what it found out."""


def facts_sha256(folder: Path) -> str:
    """Return a hash over the facts of a run folder: the same on every backend that does the same to the nanosecond."""
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(canonical({key: value for key, value in result.items() if key not in OF_THE_BACKEND}))
    for name in ("timeline.json", "wire.pcapng", "sockets.json"):
        path = folder / name
        digest.update(hashlib.sha256(path.read_bytes() if path.exists() else b"").digest())
    bus = folder / "bus.json"
    if bus.exists():
        digest.update(hashlib.sha256(bus.read_bytes()).digest())
    return digest.hexdigest()


def text_sha256(text: str) -> str:
    """Return the hash of a file's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> bytes:
    """Return JSON of which there is one for each value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
