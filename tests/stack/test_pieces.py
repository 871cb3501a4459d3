"""The stack's small parts by themselves: timers, events, ports, buffers, sequence numbers, states."""

from __future__ import annotations

import errno
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import UsageError
from rig.stack.config import InterfaceConfig, StackConfig, TcpConfig
from rig.stack.endpoint import PortSpace
from rig.stack.events import EventKind, EventQueue
from rig.stack.tcp.reassembly import ReassemblyQueue
from rig.stack.tcp.rto import RetransmissionTimeout
from rig.stack.tcp.send_buffer import SendBuffer
from rig.stack.tcp.seq import difference, is_after, is_before, is_within
from rig.stack.tcp.state import TRANSITIONS, Cause, State, next_state
from rig.stack.timer_queue import NEVER, TimerQueue

requirement = pytest.mark.requirement
MS = 1_000_000


class _Item:
    def __init__(self, name: str, log: list[tuple[int, str]], again_ns: int = 0) -> None:
        self.name, self.log, self.again_ns = name, log, again_ns
        self.deadline_ns = self.queued_ns = NEVER

    def handle_deadline(self, now_ns: int) -> None:
        self.log.append((now_ns, self.name))
        if self.again_ns:
            self.deadline_ns = now_ns + self.again_ns


def test_timers_expire_in_order_and_equal_ones_in_order_of_entry() -> None:
    timers, log = TimerQueue(), []
    items = {name: _Item(name, log) for name in "abc"}
    for name, deadline_ns in (("a", 20), ("b", 10), ("c", 20)):
        items[name].deadline_ns = deadline_ns
        timers.update(items[name])
    assert timers.next_deadline() == 10
    timers.expire(9)
    assert log == []
    timers.expire(20)
    assert log == [(20, "b"), (20, "a"), (20, "c")]
    assert timers.next_deadline() is None


@given(st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 100))), max_size=60))
def test_next_deadline_is_the_earliest_whatever_was_moved(moves: list[tuple[int, int | None]]) -> None:
    timers, log = TimerQueue(), []
    items = [_Item(str(number), log) for number in range(10)]
    for number, deadline_ns in moves:
        items[number].deadline_ns = NEVER if deadline_ns is None else deadline_ns
        timers.update(items[number])
        earliest = min(item.deadline_ns for item in items)
        assert timers.next_deadline() == (None if earliest == NEVER else earliest)


def test_periodic_timer_with_a_late_host_catches_up() -> None:
    timers, log = TimerQueue(), []
    item = _Item("tick", log, again_ns=10)
    item.deadline_ns = 10
    timers.update(item)
    timers.expire(15)
    assert timers.next_deadline() == 25
    timers.expire(25)
    assert log == [(15, "tick"), (25, "tick")]


def test_heap_does_not_grow_with_updates_nor_keep_what_was_removed() -> None:
    timers, log = TimerQueue(), []
    items = [_Item(str(number), log) for number in range(100)]
    for round_number in range(2000):
        for item in items:
            item.deadline_ns = 10_000_000 - round_number
            timers.update(item)
    assert len(timers._heap) < 300
    for item in items[1:]:
        timers.remove(item)
    assert len(timers._heap) < 100
    timers.expire(NEVER - 1)
    assert [name for _, name in log] == ["0"]


def test_events_are_queued_once_until_taken() -> None:
    events = EventQueue()
    for _ in range(3):
        events.post(EventKind.READABLE, 1)
    events.post(EventKind.WRITABLE, 1)
    events.post(EventKind.READABLE, 2)
    taken = []
    while (event := events.take()) is not None:
        taken.append((event.kind, event.handle))
    assert taken == [(EventKind.READABLE, 1), (EventKind.WRITABLE, 1), (EventKind.READABLE, 2)]
    events.post(EventKind.READABLE, 1)
    assert events.take() is not None


@requirement("RFC6056")
def test_ports() -> None:
    ports = PortSpace((100, 104), Random(1))
    assert ports.take(5, 80) == 80
    for address in (0, 5):
        with pytest.raises(OSError, match="in use"):
            ports.take(address, 80)
    assert ports.take(6, 80) == 80
    ports.use(80)
    ports.release(5, 80)
    assert ports.take(5, 80) == 80, "a port of connections only may be taken"
    ports.use(102)
    drawn = {ports.take(0, 0) for _ in range(4)}
    assert drawn == {100, 101, 103, 104}, "but is not drawn"
    with pytest.raises(OSError) as caught:
        ports.take(0, 0)
    assert caught.value.errno == errno.EADDRNOTAVAIL
    ports.unuse(102)
    assert ports.take(0, 0) == 102
    with pytest.raises(OSError):
        ports.take(0, 65536)


def test_send_buffer() -> None:
    buffer = SendBuffer(10)
    assert buffer.append(b"abcdef") == 6
    assert buffer.append(memoryview(b"ghijklm")) == 4
    assert (len(buffer), buffer.free) == (10, 0)
    assert buffer.slice(2, 4) == b"cdef"
    buffer.drop(3)
    assert buffer.slice(0, 100) == b"defghij"
    assert buffer.append(b"xyz!") == 3
    buffer.capacity = 2
    assert buffer.free == 0 and buffer.append(b"?") == 0


@given(st.binary(min_size=1, max_size=60), st.lists(st.tuples(st.integers(0, 59), st.integers(1, 30)), max_size=40))
def test_reassembly_gives_back_the_stream(stream: bytes, pieces: list[tuple[int, int]]) -> None:
    queue = ReassemblyQueue(1000)
    have = set()
    for start, octets in pieces:
        start = 1 + start % len(stream)
        piece = stream[start : start + octets]
        if piece:
            assert queue.insert(start, piece)
            have |= set(range(start, start + len(piece)))
    assert queue.octets == len(have)
    for number in range(len(stream) + 2):
        start = end = number
        while start - 1 in have and number in have:
            start -= 1
        while end in have:
            end += 1
        assert queue.run_at(number) == ((start, end) if number in have else None)
    end = 1
    while end in have:
        end += 1
    assert b"".join(queue.take(1)) == stream[1:end]
    assert queue.octets == len(have) - (end - 1)


def test_reassembly_take_cuts_what_was_received_meanwhile() -> None:
    queue = ReassemblyQueue(10)
    queue.insert(5, b"fghij")
    assert queue.take(7) == [b"hij"]
    queue.insert(20, b"x")
    assert queue.take(19) == [] and queue.octets == 1
    assert queue.take(21) == [] and queue.octets == 0
    queue.insert(30, b"y")
    queue.clear()
    assert not queue


def test_reassembly_is_bounded_in_pieces() -> None:
    queue = ReassemblyQueue(2)
    assert queue.insert(1, b"b") and queue.insert(3, b"d")
    assert not queue.insert(5, b"f")
    assert queue.insert(1, b"b"), "nothing new, so nothing to refuse"


@given(st.integers(0, 2**32 - 1), st.integers(-(2**31) + 1, 2**31 - 1))
def test_sequence_arithmetic_across_the_wrap(base: int, step: int) -> None:
    other = (base + step) % 2**32
    assert difference(other, base) == step
    assert is_before(other, base) == (step < 0)
    assert is_after(other, base) == (step > 0)
    assert is_within(other, base, 1000) == (0 <= step < 1000)


@requirement("RFC6298-2.2")
@requirement("RFC6298-2.3")
@requirement("RFC6298-2.4")
def test_rto_against_a_table() -> None:
    rto = RetransmissionTimeout(TcpConfig(rto_minimum_ns=MS))
    assert rto.current_ns == 1000 * MS
    table = [  # sample, SRTT, RTTVAR in microseconds by RFC 6298 (2.2) and (2.3)
        (100_000, 100_000, 50_000),
        (100_000, 100_000, 37_500),
        (200_000, 112_500, 53_125),
        (20_000, 100_937.5, 62_968.75),
    ]
    for sample_us, srtt_us, rttvar_us in table:
        rto.sample(sample_us * 1000)
        assert rto.srtt_ns == srtt_us * 1000
        assert rto.rttvar_ns == rttvar_us * 1000
        assert rto.current_ns == (srtt_us + 4 * rttvar_us) * 1000
    steady = RetransmissionTimeout(TcpConfig(rto_minimum_ns=1))
    for _ in range(100):
        steady.sample(50 * MS)
    assert steady.current_ns == 51 * MS, "at least the clock granularity above SRTT"
    assert RetransmissionTimeout(TcpConfig(rto_initial_ns=200 * 1000 * MS)).current_ns == 120_000 * MS


def test_states_and_transitions() -> None:
    assert len(State) == 11
    assert next_state(State.SYN_SENT, Cause.SYN) is State.SYN_RECEIVED
    for state in State:
        if state is not State.CLOSED:
            assert next_state(state, Cause.RESET) is State.CLOSED
    with pytest.raises(LookupError, match="no transition from LISTEN"):
        next_state(State.LISTEN, Cause.FIN)
    assert set(TRANSITIONS.values()) == set(State)


@pytest.mark.parametrize(
    "changes",
    [
        {"delayed_ack_ns": 500 * MS},
        {"rto_minimum_ns": 0},
        {"rto_minimum_ns": 121_000 * MS},
        {"receive_buffer_octets": 100},
    ],
)
def test_tcp_configuration_is_checked(changes: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        TcpConfig(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "mac, address, prefix, mtu",
    [
        (bytes(5), 1, 24, 1500),
        (b"\x01" + bytes(5), 1, 24, 1500),
        (bytes(6), 1, 33, 1500),
        (bytes(6), 0, 24, 1500),
        (bytes(6), 0xE0000001, 24, 1500),
        (bytes(6), 1, 24, 67),
    ],
)
def test_interface_configuration_is_checked(mac: bytes, address: int, prefix: int, mtu: int) -> None:
    with pytest.raises(UsageError):
        InterfaceConfig(mac, address, prefix, mtu)


def test_stack_configuration_needs_an_interface() -> None:
    with pytest.raises(UsageError):
        StackConfig(())
