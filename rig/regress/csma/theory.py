"""Published theory of contention, from its formulas.

Sources: R. M. Metcalfe and D. R. Boggs, CACM 19(7), 1976; D. R. Boggs, J. C. Mogul and C. A. Kent, SIGCOMM 1988;
K. K. Ramakrishnan and H. Yang, LCN 1994. The capture figures and the collisions of an episode hold for stations whose
one-way delay is at most 32 bit times: beyond that, draws that differ by one slot can still collide.
"""

from __future__ import annotations

SLOT_S = 16e-6
CAPACITY_BITS_PER_S = 3e6
"""Of the Experimental Ethernet, for which Table I of 1976 was computed."""

TABLE_STATIONS = (1, 2, 3, 4, 5, 10, 32, 64, 128, 256)
TABLE_FRAME_BITS = (4096, 1024, 512, 48)

BOGGS_LEAST_MBPS = 8.0
"""Figure 1 of 1988: every measured point of the total bit rate, of 1 to 24 hosts, is above it."""
BOGGS_LONG_OCTETS = 1536
BOGGS_LONG_LEAST_MBPS = 9.4
BOGGS_MAX_STATIONS = 24

ATTEMPT_LIMIT = 16


def acquisition(stations: int) -> float:
    """Return A, the probability that exactly one of Q stations sends in a slot, each with its best p = 1/Q."""
    return 1.0 if stations == 1 else (1 - 1 / stations) ** (stations - 1)


def waiting_slots(stations: int) -> float:
    """Return W, the mean number of slots of contention before one is acquired."""
    share = acquisition(stations)
    return (1 - share) / share


def efficiency(stations: int, frame_bits: float, slot_bits: float = SLOT_S * CAPACITY_BITS_PER_S) -> float:
    """Return E = (P/C) / (P/C + W T): the share of time that carries frames."""
    return frame_bits / (frame_bits + waiting_slots(stations) * slot_bits)


def capture(collision: int) -> tuple[float, float, float]:
    """Return how a fresh winner fares against a loser at its n-th collision: wins at once, ties, loses at once."""
    window = 2.0**collision
    return 1 - 3 / (2 * window), 1 / window, 1 / (2 * window)


def resolved_at(collision: int) -> float:
    """Return the probability that two fresh stations need exactly so many collisions: the n-th draw is no tie."""
    unresolved = 1.0
    for earlier in range(1, collision):
        unresolved *= 2.0**-earlier
    return unresolved * (1 - 2.0**-collision)


def episode_collisions() -> float:
    """Return the mean number of collisions until one of two fresh stations gets through: sum of 2^(-k(k+1)/2)."""
    return sum(2.0 ** (-k * (k + 1) // 2) for k in range(ATTEMPT_LIMIT))
