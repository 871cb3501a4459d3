"""The short ways of bulk transfer end where the long ones do: the same frames at the same times, the same state.

Each dialogue happens twice, with and without what takes a segment that was predicted (``arrival._is_predicted``) and
what sends a full segment amid others (``Sender._next_in_the_middle``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.stack.config import CongestionAlgorithm, TcpConfig
from rig.stack.stack import Stack
from rig.stack.tcp import arrival
from rig.stack.tcp.connection import Connection
from rig.stack.tcp.sender import Sender
from tests.fuzz.__main__ import CORPUS
from tests.fuzz.stack_actions import drive
from tests.stack.pair import MS, Link, Pair

Transcript = list[tuple[Any, ...]]
NOT_COMPARED = {"deadline_ns", "queued_ns"}
"""A deadline may stand earlier than anything is due for as long as segments are left to send."""

NONE, ONE, HUNDRED, THOUSAND, FULL = 0, 3, 4, 5, 6  # octets of text
EXACT, NEXT_ONE, LATE, EARLY, AHEAD, BEHIND, FURTHER = 0, 2, 4, 5, 6, 7, 8  # +1, +100, -100, +1000, -1000, +1448
AS_BEFORE, CLOSED, NEARLY, OTHER = range(4)  # windows
TEXT, ACK, FIN, SYN = 3, 1, 4, 0
WRITE, READ, SHUTDOWN, CLOSE = b"\xa3", b"\xa4", b"\xa5", b"\xa0"


ONE_BACK = 3
OLD_ACK, THREE_BACK = bytes([ACK, OTHER << 2 | 1, 1]), b"\xf0\xff\xff\xf4\x48"  # 3000 octets, which is what a write has


def segment(kind: int, text: int, window: int = 0, sequence: int = 0, ack: int = 0, stamp: int = 1) -> bytes:
    """Return an action of :mod:`tests.fuzz.stack_actions` that lets a segment arrive, with a stamp unless it is 0."""
    stamped = bytes([stamp]) if stamp else b""
    return bytes([kind, text << 4 | window << 2 | bool(stamp)]) + stamped + b"\x20\x00" + bytes([sequence, ack])


def sack(left: int, right: int) -> bytes:
    """Return an action that lets an acknowledgement with one SACK block arrive."""
    return bytes([ACK, 2, left, right, 0x20, 0, 0, 0])


def actions(stamped: bool) -> st.SearchStrategy[list[bytes]]:
    """Draw what bulk transfer brings, and among it everything else; the window is open most of the time."""
    usual = [
        WRITE, READ,
        *(segment(kind, text, stamp=int(stamped)) for kind in (TEXT, ACK) for text in (ONE, HUNDRED, THOUSAND)),
        *(segment(ACK, NONE, ack=ack, stamp=int(stamped)) for ack in (EXACT, EARLY, BEHIND)),
        *(segment(TEXT, text, CLOSED, stamp=int(stamped)) for text in (NONE, HUNDRED)),
        segment(TEXT, THOUSAND, sequence=AHEAD, stamp=int(stamped)),
        segment(FIN, NONE, sequence=AHEAD, stamp=int(stamped)),
    ]  # fmt: skip
    unusual = st.one_of(
        st.builds(
            segment, st.sampled_from([TEXT, ACK, FIN, SYN]), st.sampled_from([NONE, ONE, HUNDRED, THOUSAND, FULL]),
            st.integers(0, 3), st.sampled_from([EXACT, NEXT_ONE, LATE, EARLY, AHEAD, BEHIND, FURTHER]),
            st.sampled_from([EXACT, NEXT_ONE, EARLY, BEHIND]), st.sampled_from([0, 1, 1, 1, 2, 9]),
        ),
        st.builds(sack, st.sampled_from([EARLY, BEHIND]), st.sampled_from([EXACT, EARLY])),
        st.sampled_from([b"\xc1", b"\xc2", b"\xc3", b"\xc4", b"\xc5", SHUTDOWN, CLOSE]),
        st.binary(min_size=1, max_size=6),
    )  # fmt: skip
    return st.lists(st.one_of(st.sampled_from(usual), st.sampled_from(usual), unusual), min_size=10, max_size=50)


def state(connection: Connection) -> tuple[Any, ...]:
    """Return every number that a connection remembers."""
    sender = connection.sender
    parts = (connection, sender, connection.receiver, sender.rto, sender.recovery, sender.recovery.control)
    return tuple(
        (name, value)
        for part in parts
        for kind in type(part).__mro__
        for name in getattr(kind, "__slots__", ())
        if name not in NOT_COMPARED and isinstance(value := getattr(part, name), (int, type(None)))
    )


def transcript(run: Callable[[], object], *, short: bool) -> Transcript:
    """Return all that the stacks of a run sent, when, which events they had, and their counters in the end."""
    seen: Transcript = []
    stacks: dict[int, Stack] = {}
    send, take = Stack.frames_to_send, Stack.next_event

    def frames_to_send(self: Stack, now_ns: int, interface: int = 0) -> Iterator[bytes]:
        number = len(stacks) if id(self) not in stacks else list(stacks).index(id(self))
        stacks[id(self)] = self
        for frame in send(self, now_ns, interface):
            seen.append((number, now_ns, frame))
            yield frame
        while (event := take(self)) is not None:
            seen.append((number, now_ns, event.kind, event.handle, str(event.error)))
        seen.append((number, now_ns, self.next_deadline()))
        seen.extend(map(state, self._tcp.connections.values()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stack, "frames_to_send", frames_to_send)
        if not short:
            patch.setattr(arrival, "_is_predicted", lambda *_: False)
            patch.setattr(Sender, "_next_in_the_middle", lambda *_: None)
        run()
    return seen + [(stack.counters(),) for stack in stacks.values()]


def check(run: Callable[[], object]) -> None:
    """Compare both ways, entry by entry."""
    short, long = transcript(run, short=True), transcript(run, short=False)
    for number, (left, right) in enumerate(zip(short, long, strict=False)):
        assert left == right, f"entry {number} of the transcript"
    assert len(short) == len(long)


def both_ways(pair: Pair, octets: int, at_once: int) -> None:
    """Carry octets to the server, then as many to the client, with both ends open; ``at_once`` is what a call reads."""
    client, server = pair.connect()
    for source, handle, sink, other in (
        (pair.client, client, pair.server, server),
        (pair.server, server, pair.client, client),
    ):
        left, got = octets, 0

        def pump() -> bool:
            nonlocal left, got
            left -= source.send(handle, bytes(left), pair.now_ns)  # noqa: B023  (called within this round)
            while data := sink.receive(other, at_once, pair.now_ns):  # noqa: B023
                got += len(data)
            return got == octets

        pair.run_until(pump)
    pair.client.close(client, pair.now_ns)
    pair.server.close(server, pair.now_ns)
    pair.run_to_the_end()


@pytest.mark.requirement("RFC9293-3.10.7.4")
@pytest.mark.parametrize("algorithm", CongestionAlgorithm)
@pytest.mark.parametrize("sack", [False, True])
@pytest.mark.parametrize("stamped", [False, True])
@pytest.mark.parametrize(
    "link",
    [Link(), Link(loss=0.05), Link(jitter_ns=3 * MS, duplicate=0.02, corrupt=0.01), Link(queue_frames=7)],
    ids=["clean", "losses", "disorder", "short queue"],
)
def test_transfers_are_the_same(link: Link, stamped: bool, sack: bool, algorithm: CongestionAlgorithm) -> None:
    tcp = TcpConfig(timestamps=stamped, window_scale=stamped, sack=sack, congestion=algorithm)
    check(lambda: both_ways(Pair(link, tcp, seed=5), 150_000, 20_000))


@pytest.mark.parametrize("capacity", [1000, 3000, 70_000])
def test_slow_readers_are_the_same(capacity: int) -> None:
    tcp = TcpConfig(receive_buffer_octets=capacity, send_buffer_octets=5000)
    check(lambda: both_ways(Pair(Link(loss=0.01), tcp, seed=2), 60_000, 700))


@settings(max_examples=120, deadline=None)
@given(st.data(), st.integers(0, 7))
def test_dialogues_are_the_same(data: st.DataObject, setting: int) -> None:
    drawn = data.draw(actions(bool(setting & 1)))
    check(lambda: drive(bytes([setting]) + READ + b"".join(drawn)))


@pytest.mark.parametrize(
    "dialogue",
    [
        # The window closes upon what is in flight, which stops R2, and opens again; then comes more.
        [WRITE, segment(ACK, NONE), WRITE, OLD_ACK + b"\0\0\0" + THREE_BACK, OLD_ACK + b"\x40\0\0" + THREE_BACK, WRITE],
        # A peer that keeps its window closed and answers a probe with text is alive.
        [WRITE, segment(ACK, NONE, CLOSED), WRITE, b"\xc4", segment(TEXT, HUNDRED, CLOSED, ack=ONE_BACK)],
        # More comes than the window takes.
        [segment(TEXT, THOUSAND)] * 7,
    ],
    ids=["closed and opened", "closed for long", "overrun"],
)
def test_windows_that_close_are_the_same(dialogue: list[bytes]) -> None:
    check(lambda: drive(b"\x01" + READ + b"".join(dialogue)))


def test_what_a_fuzzer_thought_of_is_the_same() -> None:
    for path in sorted((CORPUS / "stack").iterdir()):
        octets = path.read_bytes()
        check(lambda octets=octets: drive(octets))  # type: ignore[misc]


def test_bulk_takes_the_short_ways() -> None:
    taken = dict.fromkeys(("_is_predicted", "_next_in_the_middle"), 0)

    def count(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        def counting(*arguments: Any) -> Any:
            result = function(*arguments)
            taken[name] += bool(result)
            return result

        patch.setattr(owner, name, counting)

    pair = Pair()
    with pytest.MonkeyPatch.context() as patch:
        count(arrival, "_is_predicted")
        count(Sender, "_next_in_the_middle")
        both_ways(pair, 500_000, 20_000)
    assert taken["_is_predicted"] >= 0.95 * pair.frames
    assert taken["_next_in_the_middle"] >= 600, "of the 692 segments"
