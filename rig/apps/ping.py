"""Ping: ICMP echo requests at an interval, and which of them came back (RFC 792; RFC 1122 3.2.2.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rig.errors import UsageError
from rig.sockets import SocketKind, SocketLibrary
from rig.units import NS_PER_S

MAX_DATA_OCTETS = 65507
MAX_COUNT = 1 << 16


@dataclass(frozen=True, slots=True)
class PingReply:
    """One echo reply: sequence number, octets of data, round-trip time."""

    sequence: int
    octets: int
    round_trip_ns: int


@dataclass(frozen=True, slots=True)
class PingResult:
    """What came of one run. ``replies`` are in order of arrival; ``damaged`` had other data than was sent."""

    sent: int
    replies: tuple[PingReply, ...]
    duplicates: int
    damaged: int
    errors: tuple[str, ...]

    @property
    def lost(self) -> int:
        """Requests without a reply."""
        return self.sent - len(self.replies)


async def ping(
    library: SocketLibrary,
    address: str,
    *,
    count: int = 4,
    interval_ns: int = NS_PER_S,
    timeout_ns: int = NS_PER_S,
    data_octets: int = 56,
    on_reply: Callable[[PingReply], None] | None = None,
) -> PingResult:
    """Send ``count`` echo requests, one each ``interval_ns``, and wait ``timeout_ns`` for replies after the last.

    The data is the sequence number's low octet, counting up. An ICMP error, such as host unreachable, is noted in
    ``errors`` and ends nothing. :class:`UsageError` for a count outside 1 to 65536, the sequence numbers there are.
    """
    if not 1 <= count <= MAX_COUNT:
        raise UsageError(f"count is {count}; expected 1 to {MAX_COUNT}")
    scheduler = library.scheduler
    sent_at: dict[int, int] = {}
    replies: dict[int, PingReply] = {}
    duplicates = damaged = 0
    errors: list[str] = []
    async with library.socket(SocketKind.RAW_ICMP) as socket:
        start_ns = scheduler.now_ns
        for sequence in range(count):
            sent_at[sequence] = scheduler.now_ns
            try:
                await socket.send_to(_pattern(sequence, data_octets), (address, sequence))
            except OSError as err:
                errors.append(str(err))
            is_last = sequence == count - 1
            deadline_ns = scheduler.now_ns + timeout_ns if is_last else start_ns + (sequence + 1) * interval_ns
            while not (is_last and len(replies) == count):
                try:
                    data, (_, got) = await socket.receive_from(MAX_DATA_OCTETS, deadline_ns=deadline_ns)
                except OSError as err:
                    if scheduler.now_ns >= deadline_ns:
                        break
                    errors.append(str(err))
                    continue
                if got not in sent_at or data != _pattern(got, data_octets):
                    damaged += 1
                elif got in replies:
                    duplicates += 1
                else:
                    replies[got] = reply = PingReply(got, len(data), scheduler.now_ns - sent_at[got])
                    if on_reply is not None:
                        on_reply(reply)
    return PingResult(count, tuple(replies.values()), duplicates, damaged, tuple(errors))


def _pattern(sequence: int, octets: int) -> bytes:
    return bytes(sequence + index & 255 for index in range(octets))
