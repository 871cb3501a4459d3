"""What the host learns about a line, in numbers."""

from __future__ import annotations

import pytest

from rig.link.estimates import LinkSettings, PayloadLimit, ReplyTimeout
from rig.units import NS_PER_MS


def test_the_time_out_follows_what_is_measured() -> None:
    settings_ = LinkSettings()
    timeout = ReplyTimeout(settings_)
    assert timeout.now_ns == settings_.first_timeout_ns
    for _ in range(40):
        timeout.measured(10_000_000)
    assert 10_000_000 <= timeout.now_ns < 12_000_000
    timeout.expired()
    timeout.expired()
    assert 40_000_000 <= timeout.now_ns < 48_000_000
    for _ in range(40):
        timeout.expired()
    assert timeout.now_ns == settings_.timeout_ceiling_ns
    timeout.progressed()
    assert timeout.now_ns < 12_000_000


def test_the_payload_follows_the_faults() -> None:
    limit = PayloadLimit(2036)
    assert limit.octets == 512
    for _ in range(200):
        limit.carried(1000)
    assert limit.octets == 2036
    for _ in range(300):
        limit.carried(400)
        limit.lost()
    assert 80 < limit.octets < 200
    for _ in range(4000):
        limit.carried(1)
        limit.lost()
    assert limit.octets <= 40
    for _ in range(4000):
        limit.carried(1000)
    assert limit.octets == 2036


def test_the_sums_of_rfc_6298() -> None:
    """(2.2), then (2.3) twice, by hand; the variation is taken against the average of before."""
    timeout = ReplyTimeout(LinkSettings())
    sums = []
    for excess in (8_000, 16_000, 0):
        timeout.measured(excess * 1000)
        assert timeout.smoothed_ns is not None
        sums.append((timeout.smoothed_ns, timeout.variation_ns, timeout.now_ns))
    assert sums == [
        (8_000_000, 4_000_000, 24_000_000), (9_000_000, 5_000_000, 29_000_000), (7_875_000, 6_000_000, 31_875_000),
    ]  # fmt: skip


@pytest.mark.parametrize(("jitter_ms", "shortest_ms"), [(0, 2), (1, 2), (20, 20)])
def test_no_time_out_is_shorter_than_the_host_is_late(jitter_ms: int, shortest_ms: int) -> None:
    timeout = ReplyTimeout(LinkSettings(), jitter_ms * NS_PER_MS)
    for _ in range(3):
        timeout.measured(0)
    assert timeout.now_ns == shortest_ms * NS_PER_MS


def test_the_ceiling_is_for_doublings_not_for_a_line_that_is_slow() -> None:
    timeout = ReplyTimeout(LinkSettings())
    timeout.measured(200 * NS_PER_MS)
    assert timeout.now_ns == 600 * NS_PER_MS
    timeout.expired()
    assert timeout.now_ns == 600 * NS_PER_MS


def test_a_payload_has_whole_words() -> None:
    limit = PayloadLimit(2036)
    sizes = set()
    for _ in range(200):
        limit.carried(37)
        sizes.add(limit.octets)
    assert len(sizes) > 20 and not any(size % 4 for size in sizes)
    assert PayloadLimit(35).octets == 32
