"""The FCS vectors from slot to wire to ring, on the twin and on the Verilog; zlib and scapy judge every frame too."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest

from rig.adapter import registers as reg
from rig.adapter.registers import RxStatus
from rig.regress.compare.play import RING_FIRST_PAGE
from rig.regress.compare.record import Record
from rig.regress.compare.sides import Side, build_rtl, run_twin
from rig.regress.compare.stimulus import Episode, Part, Place, Send, Stimulus
from tests.wire.test_fcs import V1, VECTORS

NOT_AN_FCS = bytes.fromhex("e6c53db2")
"""Of V1 with the octets fed from their most significant bit, as several public test benches carry it."""

SENDER, RECEIVER = 0, 1
PLACES = (Place(bytes.fromhex("020000000001"), 0, 3), Place(bytes.fromhex("020000000002"), 12, 21))
SPACING_NS = 160_000
RESIDUE = 0x2144DF1C
"""zlib.crc32 of a frame and its FCS, whatever the frame."""

FRAMES = [frame for frame, _ in VECTORS.values()]
WIRE = [frame + bytes.fromhex(fcs) for frame, fcs in VECTORS.values()]
TAKES_ALL = reg.RX_CFG_PROMISC | reg.RX_CFG_BCAST | reg.RX_CFG_MCAST
ALWAYS = reg.CTRL_TX_EN | reg.CTRL_RX_EN | reg.CTRL_PAD_EN | reg.CTRL_LATE_RETRY | reg.CTRL_DEFER_FOREVER


def episode(contents: list[bytes], speed_mbps: int, *, appends_fcs: bool, receive: int = TAKES_ALL) -> Episode:
    """Send slot contents one after the other to a receiver that takes everything."""
    control = ALWAYS | (reg.CTRL_SPEED100 if speed_mbps == 100 else 0) | (reg.CTRL_FCS_EN if appends_fcs else 0)

    def setup(control: int, receive: int) -> tuple[tuple[int, int], ...]:
        return (
            (reg.REG_CTRL, control & ~(reg.CTRL_TX_EN | reg.CTRL_RX_EN)),
            (reg.REG_RX_CFG, receive | 1518 << reg.RX_CFG_MAX_FRAME_LSB),
            (reg.REG_RX_START, RING_FIRST_PAGE),
            (reg.REG_RX_STOP, 64),
            (reg.REG_RX_BNRY, RING_FIRST_PAGE),
            (reg.REG_INT_MASK, reg.INT_STATUS_RX | reg.INT_STATUS_TX),
            (reg.REG_CTRL, control),
        )

    sends = tuple(
        Send(SPACING_NS * (1 + number) * 100 // speed_mbps, number % reg.TX_SLOT_COUNT, content, len(content))
        for number, content in enumerate(contents)
    )
    parts = (Part(SENDER, setup(control, 0), sends), Part(RECEIVER, setup(control, receive)))
    return Episode(SPACING_NS * (2 + len(contents)) // 10, parts)


def stimulus(speed_mbps: int) -> Stimulus:
    negative = [V1 + NOT_AN_FCS]
    return Stimulus(
        1,
        speed_mbps,
        False,
        PLACES,
        (
            episode(FRAMES, speed_mbps, appends_fcs=True),
            episode(WIRE, speed_mbps, appends_fcs=False),
            episode(negative, speed_mbps, appends_fcs=False, receive=TAKES_ALL | reg.RX_CFG_ACCEPT_ERR),
            episode(negative, speed_mbps, appends_fcs=False),
        ),
    )


def side(name: str) -> Side:
    return run_twin if name == "twin" else build_rtl("verilator" if name == "verilator" else "icarus", 2)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((name, speed), id=f"{name}-{speed}", marks=[pytest.mark.needs("iverilog")] * (name == "icarus"))
        for name in ("twin", "verilator", "icarus")
        for speed in (100, 10)
        if (name, speed) != ("icarus", 10)
    ],
)
def record(request: pytest.FixtureRequest) -> Record:
    name, speed_mbps = request.param
    return side(name)(stimulus(speed_mbps))


def received(record: Record) -> Iterator[tuple[RxStatus, bytes]]:
    """Yield status and octets of what the receiver read from its ring, in order."""
    for fact in record.facts:
        words = fact.text.split()
        if fact.station == "s1" and words[0] == "frame":
            yield RxStatus(int(words[4], 16)), bytes.fromhex(words[-1])


@pytest.mark.requirement("MAC-2.2", "MAC-2.4")
def test_what_is_on_the_wire(record: Record) -> None:
    """With the FCS of the adapter and with one that comes along, octet for octet."""
    frames = [frame.octets for frame in record.timeline.sorted_frames()]
    assert frames == [*WIRE, *WIRE, V1 + NOT_AN_FCS, V1 + NOT_AN_FCS]


def test_zlib_judges_the_wire(record: Record) -> None:
    verdicts = [zlib.crc32(frame.octets) == RESIDUE for frame in record.timeline.sorted_frames()]
    assert verdicts == [True] * 2 * len(WIRE) + [False] * 2


def test_scapy_judges_the_wire(record: Record) -> None:
    from scapy.layers.dot11 import Dot11FCS
    from scapy.layers.l2 import Ether

    for number, frame in enumerate(record.timeline.sorted_frames()):
        octets, fcs = frame.octets[:-4], frame.octets[-4:]
        is_vector = number < 2 * len(WIRE)
        assert (Dot11FCS().compute_fcs(octets) == fcs) == is_vector  # clause 3.2.9 and IEEE Std 802.11 share the FCS
        parsed = Ether(octets)
        assert bytes.fromhex(parsed.dst.replace(":", "")) == octets[:6]
        assert bytes.fromhex(parsed.src.replace(":", "")) == octets[6:12]


@pytest.mark.requirement("MAC-1.1", "MAC-2.4")
def test_what_is_received(record: Record) -> None:
    *good, wrong = received(record)
    assert [octets for _, octets in good] == [*WIRE, *WIRE]
    assert all(status & RxStatus.OK for status, _ in good)
    for status, octets in good:
        kind = RxStatus.BROADCAST if octets[:6] == b"\xff" * 6 else RxStatus.MULTICAST if octets[0] & 1 else RxStatus.OK
        assert status == RxStatus.OK | kind
    assert wrong == (RxStatus.FCS_ERROR, V1 + NOT_AN_FCS)


@pytest.mark.requirement("MAC-1.1")
def test_the_wrong_fcs_is_dropped_and_counted(record: Record) -> None:
    """Who accepts it has the bit order wrong. In the last episode it is not even asked for."""
    counted = [fact.text for fact in record.facts if fact.station == "s1" and "aFrameCheckSequenceErrors" in fact.text]
    assert counted == ["counter aFrameCheckSequenceErrors 1", "counter aFrameCheckSequenceErrors 2"]
    finals = [fact.text for fact in record.facts if fact.station == "s1" and "aFramesReceivedOK" in fact.text]
    assert finals[-1] == f"counter aFramesReceivedOK {2 * len(WIRE)}"


@pytest.mark.parametrize("speed_mbps", [100, 10])
def test_both_sides_agree(speed_mbps: int) -> None:
    assert side("verilator")(stimulus(speed_mbps)).lines() == run_twin(stimulus(speed_mbps)).lines()
