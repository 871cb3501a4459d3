"""What ``--json`` prints: one object with its schema, which changes when a field changes its meaning or goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SCHEMA = 1


def print_json(facts: Mapping[str, Any], *, is_line: bool = False) -> None:
    """Print ``facts`` behind their schema, indented, or on one line: an object of a stream of them, sent at once."""
    text = json.dumps({"schema": SCHEMA, **facts}, indent=None if is_line else 2)
    print(text, flush=is_line)
