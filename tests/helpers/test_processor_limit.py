"""A test without an end fails."""

from __future__ import annotations

import pytest

from tests.helpers.processor_limit import EndlessError, limited


def test_what_has_no_end_is_ended_though_it_catches_exceptions() -> None:
    with pytest.raises(EndlessError, match="no end after"), limited(0.05):
        while True:
            try:
                sum(range(1000))
            except Exception:
                continue


def test_what_ends_is_left_in_peace() -> None:
    with limited(0.05):
        pass
    for _ in range(200):
        sum(range(10_000))
