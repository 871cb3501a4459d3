"""Two adapters without a driver collide, back off and exchange frames; every edge as worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rig.adapter import registers as r
from rig.regress import simbuild
from rig.wire.fcs import fcs
from tests.hdl.bench.raw_main import RING_FIRST
from tests.hdl.bench.raw_page import EVENTS, FRAMES, STARTS_NS, TIMESTAMPS_NS, TX_TIMES_NS
from tests.hdl.bench.sources import BOTH_SIMULATORS, segment_build

TIMEOUT_S = 120


@pytest.fixture(scope="module", params=BOTH_SIMULATORS)
def facts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    result = simbuild.run(
        segment_build(request.param, 2), run_dir=Path(tmp_path_factory.mktemp("raw")), timeout_s=TIMEOUT_S,
        main="tests.hdl.bench.raw_main:collide", plusargs=("+recorder=records.txt",),
    )  # fmt: skip
    result.check()
    return result.value


def test_every_event_is_where_the_page_puts_it(facts: Any) -> None:
    assert facts["events"] == [event.to_json() for event in EVENTS]


def test_the_capture_has_both_frames_once(facts: Any) -> None:
    expected = [[STARTS_NS["b"], "b", (FRAMES[1] + fcs(FRAMES[1])).hex()]]
    expected += [[STARTS_NS["a"], "a", (FRAMES[0] + fcs(FRAMES[0])).hex()]]
    assert facts["frames"] == expected


@pytest.mark.parametrize("index", [0, 1])
def test_the_ring_holds_the_frame_of_the_other(facts: Any, index: int) -> None:
    station = facts["stations"][index]
    sent = FRAMES[1 - index]
    assert station["header"] == [r.RxStatus.OK, len(sent) + 4, RING_FIRST + 1, TIMESTAMPS_NS[index]]
    assert bytes.fromhex(station["frame"]) == sent + fcs(sent)
    assert station["current"] == RING_FIRST + 1


@pytest.mark.parametrize("index", [0, 1])
def test_the_slot_tells_how_it_went(facts: Any, index: int) -> None:
    station = facts["stations"][index]
    assert station["status"] == r.TX_STATUS_DONE | r.TX_STATUS_OK | 1 << r.TX_STATUS_COLLISIONS_LSB
    assert station["tx_time"] == TX_TIMES_NS[index]
