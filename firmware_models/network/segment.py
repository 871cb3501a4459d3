"""A segment: stations that share one medium, on virtual time."""

from __future__ import annotations

from rig.adapter.recorder import Timeline
from rig.runtime.kernel import Kernel


class Segment:
    """A half-duplex collision domain, or a full-duplex pair."""

    def __init__(
        self,
        kernel: Kernel,
        *,
        speed_mbps: int = 100,
        full_duplex: bool = False,
        seed: int = 0,
        timeline: Timeline | None = None,
    ) -> None:
        self.kernel = kernel
        self.timeline = timeline
