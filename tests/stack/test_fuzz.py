"""Whatever arrives, in whatever state: nothing raises, nothing hangs, nothing grows without bound."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.wire.ipv4 import Ipv4Packet
from rig.wire.tcp import TcpOptions
from tests.stack.bench import OUR_IP, PEER_IP
from tests.stack.victim import HEADER, MASK, MS, Victim

near = st.one_of(st.just(0), st.integers(-3, 3), st.integers(-70_000, 70_000), st.integers(-(2**31), 2**31 - 1))
blocks = st.lists(st.tuples(near, near), min_size=1, max_size=3).map(tuple)
options = st.builds(
    TcpOptions,
    mss=st.one_of(st.none(), st.integers(0, 65535)),
    window_scale=st.one_of(st.none(), st.integers(0, 255)),
    sack_permitted=st.booleans(),
    sack=st.just(()),
    timestamp=st.one_of(st.none(), st.tuples(st.integers(0, MASK), st.integers(0, MASK))),
)
segments = st.tuples(
    st.just("segment"),
    st.one_of(st.sampled_from([0x02, 0x10, 0x12, 0x18, 0x11, 0x04, 0x14]), st.integers(0, 255)),
    near,
    near,
    st.one_of(st.just(b""), st.binary(max_size=40), st.integers(0, 1400).map(bytes)),
    st.one_of(st.just(65535), st.integers(0, 65535)),
    st.one_of(options, blocks.map(lambda sack: TcpOptions(sack=sack, timestamp=(1, 0)))),
)
steps = st.one_of(
    segments,
    segments,
    segments,
    st.tuples(st.just("call"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 50, 250, 1000, 8000, 130_000])),
)


@given(st.booleans(), st.booleans(), st.lists(steps, max_size=40))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_segments_into_random_states(stamped: bool, opened: bool, script: list[tuple[object, ...]]) -> None:
    victim = Victim(stamped)
    if opened:
        stamp = TcpOptions(mss=1000, sack_permitted=True, timestamp=(1, 0) if stamped else None)
        victim.segment(0x02, 0, 0, b"", 65535, stamp)
        victim.segment(0x10, 0, 0, b"", 65535, TcpOptions(timestamp=stamp.timestamp))
    for kind, *arguments in script:
        if kind == "segment":
            victim.segment(*arguments)  # type: ignore[arg-type]
        elif kind == "call":
            victim.call(*arguments)  # type: ignore[arg-type]
        else:
            victim.advance(victim.now_ns + arguments[0] * MS)  # type: ignore[operator]
        victim.check()
    for handle in victim.handles:
        victim.stack.close(handle, victim.now_ns)
    victim.pull()
    victim.advance(victim.now_ns + 1_000_000 * MS)
    assert not victim.stack._tcp.connections or any(
        connection.state.name == "SYN_RECEIVED" or connection.listener is not None or connection.sender.snd_wnd == 0
        for connection in victim.stack._tcp.connections.values()
    ), "closed connections end by themselves"


@given(st.lists(st.binary(max_size=120), max_size=20), st.sampled_from([b"", b"\x08\x00", b"\x08\x06"]))
@settings(max_examples=200, deadline=None)
def test_random_octets(frames: list[bytes], ethertype: bytes) -> None:
    victim = Victim(True)
    for frame in frames:
        victim.stack.receive_frame(HEADER + ethertype + frame if ethertype else frame, victim.now_ns)
        victim.pull()
    victim.advance(10_000 * MS)
    victim.check()


@given(
    st.sampled_from([1, 6, 17, 99]),
    st.binary(max_size=100),
    st.booleans(),
    st.integers(0, 8191),
    st.integers(0, 255),
    st.binary(max_size=40),
)
@settings(max_examples=300, deadline=None)
def test_random_ip_payloads(
    protocol: int, payload: bytes, more: bool, offset: int, ttl: int, options_octets: bytes
) -> None:
    victim = Victim(True)
    packet = Ipv4Packet(
        PEER_IP, OUR_IP, protocol, payload, ttl, 1, False, more, offset * 8 if offset % 3 == 0 else 0, 0, 0,
        options_octets,
    )  # fmt: skip
    for _ in range(2):
        victim.stack.receive_frame(HEADER + b"\x08\x00" + packet.serialize(), 0)
    victim.pull()
    victim.advance(100_000 * MS)
