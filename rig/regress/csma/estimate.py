"""Means of independent replications, with 95 % confidence intervals from Student's distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

_QUANTILES = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
    2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
)  # fmt: skip
"""Two-sided 95 % points of Student's t for 1 to 20 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and the interval that covers the true one with a probability of 95 %; None for a single replication."""

    mean: float
    ci95: tuple[float, float] | None

    def to_json(self) -> dict[str, object]:
        """Return ``{mean, ci95: [low, high]}``."""
        return {"mean": self.mean, "ci95": None if self.ci95 is None else list(self.ci95)}


def quantile(degrees: int) -> float:
    """Return the two-sided 95 % point of Student's t, to 1e-4; ``degrees`` of freedom, at least 1."""
    if degrees <= len(_QUANTILES):
        return _QUANTILES[degrees - 1]
    # Abramowitz and Stegun 26.7.5: an expansion around the normal quantile, good to 1e-5 from 20 degrees on.
    x = NormalDist().inv_cdf(0.975)
    terms = (
        x,
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
    )
    return math.fsum(term / degrees**power for power, term in enumerate(terms))


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of independent values, at least one, and its interval."""
    mean = fmean(values)
    if len(values) < 2:
        return Estimate(mean, None)
    half = quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return Estimate(mean, (mean - half, mean + half))
