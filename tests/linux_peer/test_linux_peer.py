"""The quick part of ``rig conformance linux``: the kernel and programs on it as peers, judged by tshark's experts."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.regress.linux.case import PASSED, Case, run_case
from rig.regress.linux.cases import all_cases
from rig.regress.linux.judge import judge
from rig.regress.linux.world import OUR_MAC
from rig.wire.pcap import PcapngWriter

QUICK = [
    pytest.param(
        case,
        id=case.id.replace(", ", "-").replace(" ", "_"),
        marks=[pytest.mark.requirement(each) for each in case.requirements],
    )
    for case in all_cases()
    if case.is_quick
]


@pytest.mark.needs("netns", "tshark", "linux peers")
@pytest.mark.parametrize("case", QUICK)
def test_with(case: Case) -> None:
    row = run_case(case)
    assert row.outcome == PASSED, row.problem
    assert row.sha_ok is not False and row.expert_flags == 0


def test_cases_have_names_of_their_own() -> None:
    cases = all_cases()
    assert len({case.id for case in cases}) == len(cases)
    assert {case.peer for case in cases} >= {"curl", "wget", "nginx", "nc", "ping", "nmap", "dnsmasq", "kernel"}


@pytest.mark.needs("tshark")
def test_the_judge_sees_what_is_wrong_and_only_in_our_frames(tmp_path: Path) -> None:
    """A retransmission, a bad checksum and a zero window of ours are marked; the same of the peer is not."""
    from scapy.all import IP, TCP, Ether, Raw

    peer_mac = "02:00:00:00:00:99"
    peer, us = Ether(src=peer_mac, dst=OUR_MAC), Ether(src=OUR_MAC, dst=peer_mac)
    to_us, to_peer = IP(src="10.0.0.1", dst="10.0.0.2"), IP(src="10.0.0.2", dst="10.0.0.1")
    segment = {"sport": 1000, "dport": 47001}
    back = {"sport": 47001, "dport": 1000}
    ours = [
        us / to_peer / TCP(**back, flags="SA", seq=500, ack=101),
        us / to_peer / TCP(**back, flags="PA", seq=501, ack=101) / Raw(b"x" * 100),
    ]
    dialogue = [
        peer / to_us / TCP(**segment, flags="S", seq=100),
        ours[0],
        peer / to_us / TCP(**segment, flags="A", seq=101, ack=501),
        ours[1],
        peer / to_us / TCP(**segment, flags="A", seq=101, ack=601),
    ]

    def judged(*frames: object) -> dict[str, int]:
        path = tmp_path / "capture.pcapng"
        with path.open("wb") as file:
            writer = PcapngWriter(file)
            number = writer.add_interface("x", fcs_octets=0)
            for index, frame in enumerate(frames):
                writer.write_packet(number, index * 1_000_000, bytes(frame))
        return judge(path, conduct=True)

    assert judged(*dialogue) == {}
    again = [*dialogue[:4], us / to_peer / TCP(**back, flags="PA", seq=501, ack=101) / Raw(b"x" * 100)]
    assert judged(*again, dialogue[4]).get("retransmission") == 1
    closed = us / to_peer / TCP(**back, flags="A", seq=601, ack=101, window=0)
    assert judged(*dialogue, closed).get("zero window") == 1
    damaged = bytearray(bytes(ours[1]))
    damaged[-1] ^= 1
    assert judged(*dialogue[:3], bytes(damaged), dialogue[4]).get("TCP checksum") == 1
    again = us / to_peer / TCP(**back, flags="A", seq=601, ack=101)
    ahead = peer / to_us / TCP(**segment, flags="PA", seq=111, ack=601) / Raw(b"z" * 10)
    assert judged(*dialogue, ahead, again, again).get("duplicate ack", 0) >= 1
    theirs = peer / to_us / TCP(**segment, flags="PA", seq=101, ack=601) / Raw(b"y" * 10)
    assert judged(*dialogue, theirs, theirs) == {}
