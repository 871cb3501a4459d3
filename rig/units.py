"""Units: bit times, octets and nanoseconds, all integers.

A bit at 10 Mb/s is exactly 100 ns and at 100 Mb/s exactly 10 ns (IEEE Std 802.3-2022, clause 4); the rig knows no
other MII speed, so every duration is an exact integer.
"""

from __future__ import annotations

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

SPEEDS_MBPS = (10, 100)


def bit_time_ns(speed_mbps: int) -> int:
    """Return the duration of one bit in ns for a speed of 10 or 100 Mb/s; :class:`ValueError` for any other."""
    if speed_mbps not in SPEEDS_MBPS:
        raise ValueError(f"speed_mbps is {speed_mbps}; the rig knows 10 and 100")
    return 1_000 // speed_mbps
