"""Cables: delay by length and kind, pairs, bit errors, cuts and bad contacts."""

from __future__ import annotations

from random import Random

import pytest

from firmware_models.adapter.mac import frame_to_send
from firmware_models.network.cable import Cable, CableSpec
from firmware_models.network.segment import OPEN, PREAMBLE_AND_SFD, RX_ER, Port, Transmission
from rig.adapter.recorder import Timeline
from rig.errors import UsageError
from rig.runtime.virtual_time import VirtualTime
from tests.firmware_models.wires import nibbles

FRAME = frame_to_send(bytes(1514), pad=False, append_fcs=True)
WHOLE = nibbles(PREAMBLE_AND_SFD + FRAME)
FRAME_NS = len(WHOLE) * 40


class Ear:
    """Keeps what comes out of a cable."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, bool]] = []

    def transmission_ended(self, transmission: Transmission, is_whole: bool) -> None:
        self.heard.append((transmission.sent_units(4)[: len(WHOLE)], is_whole))


class Line:
    """A cable with a source at one end and an ear at the other."""

    def __init__(self, spec: CableSpec, seed: int = 1, speed_mbps: int = 100) -> None:
        self.kernel = VirtualTime()
        self.timeline = Timeline()
        self.cable = Cable(
            self.kernel, "c", spec, speed_mbps=speed_mbps, full_duplex=True, source=Random(seed),
            timeline=self.timeline,
        )  # fmt: skip
        self.near: Port = self.cable.attach("near", phase_ns=0)
        self.far: Port = self.cable.attach("far", phase_ns=0)
        self.ear = Ear()
        self.far.receiver = self.ear

    def send(self, t_ns: int) -> None:
        self.kernel.advance(t_ns)
        transmission = self.cable.begin(self.near, FRAME)
        self.kernel.advance(t_ns + FRAME_NS)
        self.cable.end(transmission)


@pytest.mark.parametrize(
    ("kind", "length_m", "delay_ns"),
    [("cat3", 100, 570), ("cat5", 100, 556), ("fibre", 2000, 9957), ("thick-coax", 500, 2166), ("cat5", 1, 6)],
)
def test_delay(kind: str, length_m: float, delay_ns: int) -> None:
    line = Line(CableSpec(length_m, kind))
    assert line.cable.span_ns == delay_ns
    transmission = line.cable.begin(line.near, FRAME)
    assert line.far.arrival(transmission) == (delay_ns // 40 + 1, OPEN)
    assert line.near.delays_ns == [0, delay_ns]


def test_two_ends_and_known_kinds() -> None:
    line = Line(CableSpec())
    with pytest.raises(UsageError, match="third thing on cable c"):
        line.cable.attach("x")
    with pytest.raises(UsageError, match="no kind 'wet string'; known are cat3"):
        Line(CableSpec(kind="wet string"))


def test_a_good_cable_changes_nothing() -> None:
    line = Line(CableSpec())
    line.send(0)
    assert line.ear.heard == [(WHOLE, True)]
    assert line.cable.is_link_up


@pytest.mark.parametrize("is_straight", [True, False])
def test_wrong_pairs_give_no_link(is_straight: bool) -> None:
    line = Line(CableSpec(is_straight=is_straight, needs_straight=not is_straight))
    line.send(1000)
    assert line.ear.heard == [] and not line.cable.is_link_up
    line.cable.finish()
    assert [(e.t_ns, e.end_ns, e.station, e.kind) for e in line.timeline.events] == [
        (0, 1000 + FRAME_NS, name, "no-link") for name in ("near", "far")
    ]


def test_bit_errors_come_at_their_rate_and_from_their_seed() -> None:
    def differing(seed: int) -> tuple[int, list[bytes]]:
        line = Line(CableSpec(bit_error_rate=1e-4), seed)
        for number in range(200):
            line.send(number * (FRAME_NS + 10_000))
        heard = [units for units, _ in line.ear.heard]
        wrong = sum((a ^ b).bit_count() for units in heard for a, b in zip(units, WHOLE, strict=True))
        assert wrong == line.cable.bit_errors
        assert all(is_whole == (units == WHOLE) for units, is_whole in line.ear.heard)
        return wrong, heard

    wrong, heard = differing(1)
    expected = 200 * len(WHOLE) * 4 * 1e-4
    assert abs(wrong - expected) < 4 * expected**0.5
    assert differing(1)[1] == heard
    assert differing(2)[1] != heard


def test_a_bad_contact_spoils_what_is_under_way() -> None:
    begin_ns, end_ns = FRAME_NS // 2, FRAME_NS // 2 + 5000
    line = Line(CableSpec(outages_ns=((begin_ns, end_ns),)))
    line.send(0)
    ((units, is_whole),) = line.ear.heard
    good = begin_ns // 40
    assert units[:good] == WHOLE[:good] and set(units[good:]) == {RX_ER} and not is_whole
    line.send(FRAME_NS + 10_000)
    assert line.ear.heard[1] == (WHOLE, True)
    assert line.cable.frames_cut == 1


def test_what_begins_without_contact_is_not_heard() -> None:
    line = Line(CableSpec(outages_ns=((0, 100), (FRAME_NS + 5000, OPEN))))
    line.send(50)
    line.send(FRAME_NS + 6000)
    line.send(3 * FRAME_NS)
    assert line.ear.heard == []
    assert line.cable.frames_cut == 3


@pytest.mark.parametrize(("speed_mbps", "loss_ns", "return_ns"), [(10, 100_000_000, 64_000_000), (100, 10**6, 10**6)])
def test_link_is_lost_and_returns(speed_mbps: int, loss_ns: int, return_ns: int) -> None:
    outage = (1_000_000, 1_000_000 + 3 * loss_ns)
    line = Line(CableSpec(outages_ns=((1000, 1000 + loss_ns - 1), outage)), speed_mbps=speed_mbps)
    seen: list[tuple[int, bool]] = []
    line.cable.link_watchers.append(lambda is_up: seen.append((line.kernel.now_ns, is_up)))
    line.kernel.advance(10 * loss_ns)
    assert seen == [(outage[0] + loss_ns, False), (outage[1] + return_ns, True)]  # the short one is not noticed
    assert {(e.t_ns, e.end_ns, e.kind) for e in line.timeline.events} == {
        (outage[0] + loss_ns, outage[1] + return_ns, "no-link")
    }
