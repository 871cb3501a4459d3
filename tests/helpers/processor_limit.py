"""A limit for tests of what must come to an end: a loop that a bug makes endless fails, and does not hang.

It is one of processor time that this process spends in Python, so a busy machine makes no test fail. A test with a loop
in question takes ``@pytest.mark.processor_limit(1)``; the others share the default.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

DEFAULT_S = 20.0
AGAIN_S = 1.0
"""So much later once more, where something has caught the first."""


class EndlessError(BaseException):
    """What the test does has no end. No :class:`Exception`, so that nothing that is tested takes it for its own."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise :class:`EndlessError` wherever the main thread is, once the process has spent ``seconds`` within."""

    def stop(_: int, frame: FrameType | None) -> None:
        place = f" at {frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""
        raise EndlessError(f"no end after {seconds} s of processor time{place}")

    if threading.current_thread() is not threading.main_thread():  # signals reach the main thread only
        yield
        return
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.fixture(autouse=True)
def processor_limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold each test of a folder whose ``conftest.py`` imports this to its limit."""
    marker = request.node.get_closest_marker("processor_limit")
    with limited(DEFAULT_S if marker is None else float(marker.args[0])):
        yield
