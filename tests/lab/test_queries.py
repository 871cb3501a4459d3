"""Queries, one by one, on a run folder that was made by hand: what each counts, selects and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from rig.errors import UsageError
from rig.lab.evaluate import value_of
from rig.lab.facts import LabFacts, NoSuchFactError
from rig.lab.format import Fact
from rig.lab.queries import QUERIES
from tests.lab.sample_facts import CLIENT, ISN, sample_facts
from tests.lab.test_datagram_queries import CASES as DATAGRAM_CASES
from tests.lab.test_driver_queries import CASES as DRIVER_CASES
from tests.lab.test_fragment_queries import CASES as FRAGMENT_CASES
from tests.lab.test_frame_queries import CASES as FRAME_CASES
from tests.lab.test_network_queries import CASES as NETWORK_CASES
from tests.lab.test_packet_queries import CASES as PACKET_CASES


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> LabFacts:
    return sample_facts(tmp_path_factory.mktemp("sample"))


CASES: list[tuple[str, dict[str, Any], int | str]] = [
    ("outcome", {}, "completed"),
    ("ended-ns", {}, 7_000_000),
    ("counter", {"station": "client", "name": "aFramesTransmittedOK"}, 11),
    ("counter", {"name": "aFramesTransmittedOK"}, 22),
    ("stack-counter", {"station": "client", "name": "tcp_out"}, 3),
    ("stack-counter", {"station": "client", "name": "never_moved"}, 0),
    ("frames", {}, 18),
    ("frames", {"station": "server"}, 8),
    ("lost", {}, 1),
    ("lost", {"station": "client"}, 0),
    ("tcp-count", {"flags": "SYN"}, 2),
    ("tcp-count", {"flags": "SYN ACK"}, 1),
    ("tcp-count", {"flags": "SYN", "without": "ACK"}, 1),
    ("tcp-count", {"sender": "client", "data": True}, 6),
    ("tcp-count", {"sender": "client", "data": False}, 4),
    ("tcp-count", {"retransmission": True}, 2),
    ("tcp-count", {"lost": True}, 1),
    ("tcp-field", {"field": "sequence", "flags": "SYN", "without": "ACK"}, ISN[CLIENT]),
    ("tcp-field", {"field": "sequence", "sender": "client", "data": True, "nth": 2}, (ISN[CLIENT] + 101) % 2**32),
    ("tcp-field", {"field": "acknowledgement", "flags": "SYN ACK"}, (ISN[CLIENT] + 1) % 2**32),
    ("tcp-field", {"field": "relative-sequence", "lost": True}, 101),
    ("tcp-field", {"field": "relative-acknowledgement", "sender": "server", "nth": -1}, 303),
    ("tcp-field", {"field": "mss", "flags": "SYN", "sender": "server"}, 1460),
    ("tcp-field", {"field": "window", "sender": "server", "nth": -2}, 2000),
    ("tcp-field", {"field": "frame-octets", "lost": True}, 14 + 20 + 20 + 100 + 4),
    ("tcp-field", {"field": "source-port", "sender": "server"}, 80),
    ("tcp-field", {"field": "destination-port", "sender": "server"}, 50000),
    ("tcp-field", {"field": "time-ns", "retransmission": True}, 900_000),
    ("tcp-field", {"field": "end-ns", "flags": "SYN", "without": "ACK"}, 10_000 + 8 * 100 * (8 + 64)),
    ("tcp-octets", {"sender": "client"}, 301),
    ("tcp-octets", {"sender": "server"}, 0),
    ("duplicate-acks", {"sender": "server"}, 3),
    ("duplicate-acks", {"sender": "client"}, 0),
    ("repeated-ack", {"sender": "server"}, 101),
    ("ack-beyond-loss", {"sender": "server"}, 301),
    ("window-probes", {"sender": "client"}, 2),
    ("window-probes", {"sender": "server"}, 0),
    ("window-probe", {"sender": "client", "field": "time-ns", "nth": 2}, 2_500_000),
    ("zero-window", {"sender": "server", "field": "relative-acknowledgement"}, 301),
    ("zero-window", {"sender": "server", "field": "window", "after": True}, 2000),
    ("most-in-flight", {"sender": "client"}, 300),
    ("smallest-window", {"sender": "server"}, 0),
    ("smallest-window", {"sender": "client"}, 4000),
    ("call-field", {"station": "client", "verb": "send", "field": "octets"}, 301),
    ("call-field", {"station": "client", "verb": "connect", "field": "duration_ns"}, 140_000),
    ("call-count", {"station": "client", "verb": "socket"}, 1),
    ("unread-after", {"station": "client", "verb": "connect"}, 0),
    ("block-count", {"station": "server"}, 2),
    ("block-count", {"station": "server", "state": "LISTEN"}, 1),
    ("block-count", {"station": "server", "protocol": "udp"}, 0),
    ("block-field", {"station": "client", "field": "state"}, "CLOSED"),
    ("block-field", {"station": "server", "field": "descriptor", "state": "ESTABLISHED"}, 4),
    ("block-field", {"station": "server", "field": "state", "block": 2, "nth": -1}, "gone"),
    ("block-changes", {"station": "client", "field": "rto_ns", "nth": 2}, 6_000_000),
    ("block-changes", {"station": "client", "field": "srtt_ns", "nth": -1}, 2_000_000),
    ("largest-of-block", {"station": "server", "field": "receive_queue"}, 300),
    ("most-blocks", {"station": "server"}, 2),
    ("most-blocks", {"station": "server", "state": "ESTABLISHED"}, 1),
    ("at-backoff", {"station": "client", "backoffs": 1, "field": "rto_ns"}, 12_000_000),
    ("first-in-state", {"state": "TIME_WAIT"}, "client"),
    ("state-ns", {"station": "client", "state": "TIME_WAIT"}, 4_000_000),
    ("state-ns", {"station": "client", "state": "FIN_WAIT_1", "block": 1}, 150_000),
    ("event-count", {"kind": "jam"}, 2),
    ("event-count", {"kind": "jam", "station": "server"}, 1),
    ("event-count", {"kind": "transmit", "attempt": 1}, 2),
    ("event-count", {"kind": "transmit", "at_least_attempt": 2}, 1),
    ("event-field", {"kind": "jam", "field": "bits"}, 32),
    ("event-field", {"kind": "backoff", "field": "slots", "station": "server"}, 2),
    ("event-field", {"kind": "collision", "field": "collision-bit", "station": "client"}, 58),
    ("event-field", {"kind": "transmit", "field": "attempt", "nth": -1}, 2),
    ("largest", {"kind": "transmit", "field": "attempt"}, 2),
    ("largest", {"kind": "defer", "field": "bits"}, 0),
    ("slot-bits", {}, 512),
    ("collision-gap-bits", {}, 40),
    ("collisions", {}, 1),
    ("delay-bits", {"station": "client", "other": "server"}, 60),
]


@pytest.mark.parametrize(("query", "arguments", "value"), CASES, ids=[f"{each[0]}-{n}" for n, each in enumerate(CASES)])
def test_a_query_reads_what_is_recorded(
    facts: LabFacts, query: str, arguments: dict[str, Any], value: int | str
) -> None:
    assert QUERIES[query](facts, **arguments) == value


@pytest.mark.parametrize(
    ("query", "arguments", "words"),
    [
        ("counter", {"station": "client", "name": "aFrames"}, "has no counter 'aFrames'"),
        ("counter", {"station": "clinet", "name": "aFrames"}, "there is no station 'clinet' in this run"),
        ("heard", {"station": "client", "sender": "server"}, "only where there are cables"),
        ("tcp-field", {"field": "octets", "flags": "RST"}, "there is no segment with RST number 1 in the capture"),
        ("tcp-field", {"field": "mss", "data": True}, "has no mss"),
        ("zero-window", {"sender": "client", "field": "window"}, "never announced a window of zero"),
        ("window-probe", {"sender": "server", "field": "octets"}, "there is no window probe of server number 1"),
        ("call-field", {"station": "client", "verb": "listen", "field": "octets"}, "no call of listen by client"),
        ("block-field", {"station": "client", "field": "state", "block": 2}, "had 1 control blocks"),
        ("block-field", {"station": "client", "field": "rto_ns"}, "has no rto_ns at 5000 ns"),
        ("block-changes", {"station": "client", "field": "rto_ns", "nth": 9}, "took 3 values; there is no number 9"),
        ("largest-of-block", {"station": "server", "field": "rto_ns"}, "no control block of server had a rto_ns"),
        ("at-backoff", {"station": "client", "backoffs": 2, "field": "rto_ns"}, "never expired 2 times"),
        ("state-ns", {"station": "server", "state": "LISTEN"}, "did not leave LISTEN"),
        ("state-ns", {"station": "server", "state": "TIME_WAIT"}, "was never in TIME_WAIT"),
        ("first-in-state", {"state": "CLOSING"}, "no control block was ever in CLOSING"),
        ("event-field", {"kind": "jam", "field": "bits", "nth": 3}, "no jam number 3 in the timeline; there are 2"),
        ("event-field", {"kind": "jam", "field": "slots"}, "has no slots"),
        ("collision-gap-bits", {"nth": 2}, "there is no collision number 2"),
    ],
)  # fmt: skip
def test_what_is_not_in_a_run_is_said_in_words(
    facts: LabFacts, query: str, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(NoSuchFactError) as error:
        QUERIES[query](facts, **arguments)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("query", "arguments", "words"),
    [
        ("tcp-field", {"field": "seq"}, "has no field 'seq'; it has sequence, acknowledgement"),
        ("tcp-count", {"flags": "SIN"}, "is no flag of TCP"),
        ("event-field", {"kind": "jam", "field": "length"}, "has no field 'length'"),
    ],
)
def test_a_word_that_no_run_has_is_an_error_of_the_lab(
    facts: LabFacts, query: str, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError) as error:
        QUERIES[query](facts, **arguments)
    assert words in str(error.value)


def _fact(**more: Any) -> Fact:
    return Fact.model_validate({"query": "tcp-count", "with": {"sender": "client", "data": True}, **more})


def test_arithmetic_is_done_in_its_order(facts: LabFacts) -> None:
    two = {"query": "tcp-count", "with": {"flags": "SYN"}}
    assert value_of(_fact(), facts) == 6
    assert value_of(_fact(minus=two, divided_by=3, plus=5, modulo=4), facts) == 2  # (6 - 2) // 3 + 5 = 6, modulo 4
    assert (
        value_of(_fact(over={"query": "tcp-count", "with": {"sender": "client", "data": False}}), facts) == 2
    )  # 6 / 4


def test_a_ratio_to_nothing_is_no_fact(facts: LabFacts) -> None:
    with pytest.raises(NoSuchFactError, match="there is no ratio to it"):
        value_of(_fact(over={"query": "tcp-count", "with": {"flags": "RST"}}), facts)


def test_every_query_has_a_case_and_says_what_it_gives() -> None:
    assert {
        case[0]
        for case in [
            *CASES,
            *FRAME_CASES,
            *NETWORK_CASES,
            *PACKET_CASES,
            *DATAGRAM_CASES,
            *DRIVER_CASES,
            *FRAGMENT_CASES,
        ]
    } == set(QUERIES)
    assert all((query.__doc__ or "").startswith(("Return", "Count")) for query in QUERIES.values())
