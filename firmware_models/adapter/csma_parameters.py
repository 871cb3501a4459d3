"""What CSMA/CD is told, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_LIMIT = 10
"""The backoff window never exceeds 2**10 slots, whatever BACKOFF_LIMIT says."""

HEADER_BITS = 64
"""Preamble and SFD."""

MAX_DEFER_BITS = 24_288
"""IEEE Std 802.3-2022 5.2.4.1, maxDeferTime."""

PAUSE_QUANTUM_BITS = 512
"""Annex 31B."""


@dataclass(frozen=True, slots=True)
class CsmaParameters:
    """Everything the standard lets one choose, in bit times; defaults are those of 10 and 100 Mb/s.

    An MII ignores the two low bits of each length. Hold still while a frame is under way.
    """

    part1_bits: int = 64
    part2_bits: int = 32
    slot_bits: int = 512
    jam_bits: int = 32
    attempt_limit: int = 16
    backoff_limit: int = 10
    full_duplex: bool = False
    late_retry: bool = True
    defer_forever: bool = True
    no_backoff: bool = False
    force_collision: bool = False
    sqe_test: bool = False
    """Look for the SQE test signal after each transmission."""
    loopback: bool = False
    """Send to the own receiver only."""

    @property
    def is_deaf(self) -> bool:
        """Carrier and collision are ignored."""
        return self.full_duplex or self.loopback


@dataclass(slots=True)
class TransmitReport:
    """How a frame fared. ``done_edge`` is the edge at which the machine reports it."""

    frame: bytes
    is_full_duplex: bool = False
    is_ok: bool = False
    collisions: int = 0
    late_collisions: int = 0
    is_deferred: bool = False
    has_excessive_deferral: bool = False
    has_excessive_collisions: bool = False
    has_lost_carrier: bool = False
    is_sqe_missing: bool = False
    done_edge: int = 0
