"""Management counters: clause 30 names over 64 words of 32 bits that wrap.

The hardware counts through a queue and a block RAM and lags by a few bus clocks; the twin counts at once. When each
counter moves is IEEE Std 802.3-2022 5.2.4: a frame deferred and later collided is no deferred transmission, late
collisions count one by one, a frame dropped by the receiver for its length counts whatever its FCS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firmware_models.adapter.csma_parameters import TransmitReport
from firmware_models.adapter.mac import BROADCAST, FCS_OCTETS, HEADER_OCTETS, Verdict
from rig.adapter.registers import COUNTER_NAMES

COUNTER_WORDS: Final = 64
HALF_RANGE = 1 << 31
WORD_MASK = 0xFFFF_FFFF
OVERHEAD_OCTETS = HEADER_OCTETS + FCS_OCTETS
"""aOctets... count data and padding only (30.3.1.1.8, 30.3.1.1.14)."""


class Counters:
    """The counters of one adapter; ``on_half`` is called when one reaches half of its range."""

    __slots__ = ("_index", "_on_half", "words")

    def __init__(self, on_half: Callable[[], None]) -> None:
        self.words = [0] * COUNTER_WORDS
        self._on_half = on_half
        self._index = {name: index for index, name in COUNTER_NAMES.items()}

    def clear(self) -> None:
        """Back to 0, as after a power loss."""
        self.words = [0] * COUNTER_WORDS

    def add(self, name: str, amount: int = 1) -> None:
        """Count by clause 30 name."""
        index = self._index[name]
        before = self.words[index]
        self.words[index] = (before + amount) & WORD_MASK
        if before < HALF_RANGE <= before + amount:
            self._on_half()

    def by_name(self) -> dict[str, int]:
        """Return all counters by clause 30 name."""
        return {name: self.words[index] for name, index in self._index.items()}

    def count_transmission(self, report: TransmitReport) -> None:
        """Count what became of a frame."""
        collisions = report.collisions
        if report.is_ok:
            self.add("aFramesTransmittedOK")
            self.add("aOctetsTransmittedOK", max(0, len(report.frame) - OVERHEAD_OCTETS))
            if report.frame[:6] == BROADCAST:
                self.add("aBroadcastFramesXmittedOK")
            elif report.frame[0] & 1:
                self.add("aMulticastFramesXmittedOK")
            if collisions == 1:
                self.add("aSingleCollisionFrames")
            elif collisions > 1:
                self.add("aMultipleCollisionFrames")
            if 1 <= collisions <= 15:
                self.add(f"aCollisionFrames[{collisions}]")
            if report.is_deferred and not collisions and not report.is_full_duplex:
                self.add("aDeferredTransmissions")
        if report.late_collisions:
            self.add("aLateCollisions", report.late_collisions)
        if report.has_excessive_collisions:
            self.add("aFramesAbortedDueToXSColls")
        if report.has_excessive_deferral:
            self.add("aFramesWithExcessiveDeferral")
        if report.has_lost_carrier:
            self.add("aCarrierSenseErrors")
        if report.is_sqe_missing:
            self.add("aSQETestErrors")

    def count_reception(self, octets: bytes, verdict: Verdict) -> None:
        """Count a frame for us of 64 octets or more."""
        self.add(verdict.value)
        if verdict is Verdict.OK:
            self.add("aOctetsReceivedOK", len(octets) - OVERHEAD_OCTETS)
            if octets[:6] == BROADCAST:
                self.add("aBroadcastFramesReceivedOK")
            elif octets[0] & 1:
                self.add("aMulticastFramesReceivedOK")
