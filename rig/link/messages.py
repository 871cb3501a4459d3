"""Payloads of the board link: the greeting, batches and their replies, events (``docs/board_link.md``).

Operations here are those of the link: so many words from an address on. Nothing knows what the addresses mean.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from rig.errors import UsageError, WireError

PROTOCOL_VERSION = 1
WORD_OCTETS = 4
CONTINUES = 0x01
"""Flag of a BATCH: it belongs to the same bus transaction as the one before it."""

MAX_OPERATION_WORDS = 0x1FFF
NOWHERE = 0xFFFC
"""An address that every device refuses; stands for what has more than 16 bits."""

STATUS_OCTETS = 4
"""The first word of a BATCH_REPLY."""

_WRITE = 1 << 31
_WORD = struct.Struct("<I")
_GREETING = struct.Struct("<IBBHHHIIII8s16s")
_EVENT = struct.Struct("<IIQ")

GREETING_OCTETS = _GREETING.size
EVENT_OCTETS = _EVENT.size


class ReplyCode(IntEnum):
    """How a batch ended."""

    DONE = 0
    REFUSED = 1
    NO_ANSWER = 2
    MALFORMED = 3
    TOO_LONG = 4
    SKIPPED = 5


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a device says of itself in answer to HELLO."""

    session_id: int
    window: int
    largest_payload_octets: int
    receive_octets: int
    store_octets: int
    clock_hz: int
    baud: int
    time_scale: int
    map_hash: int
    build_hash: bytes
    """8 octets."""
    board: str
    version: int = PROTOCOL_VERSION

    def serialize(self) -> bytes:
        """Return the 52 octets of the payload."""
        return _GREETING.pack(
            self.session_id, self.version, self.window, self.largest_payload_octets, self.receive_octets,
            self.store_octets, self.clock_hz, self.baud, self.time_scale, self.map_hash, self.build_hash,
            self.board.encode("ascii"),
        )  # fmt: skip

    @classmethod
    def parse(cls, payload: bytes) -> Greeting:
        """Read a payload; :class:`~rig.errors.WireError` for one that cannot be. A higher version may be longer."""
        if len(payload) < GREETING_OCTETS:
            raise WireError(f"a greeting of {len(payload)} octets; it has {GREETING_OCTETS}")
        session_id, version, window, payload_octets, receive, store, clock, baud, scale, map_hash, build, board = (
            _GREETING.unpack_from(payload)
        )
        if not (1 <= window <= 64 and payload_octets >= 32 and baud and scale):
            raise WireError(
                f"a greeting that cannot be: window {window}, largest payload {payload_octets}, {baud} baud, time "
                f"scale {scale}"
            )
        name = board.rstrip(b"\0").decode("ascii", "backslashreplace")
        return cls(
            session_id, window, payload_octets, receive, store, clock, baud, scale, map_hash, build, name, version
        )


def parse_hello(payload: bytes) -> int:
    """Return the session id of a HELLO from the host; :class:`~rig.errors.WireError` for a wrong length."""
    if len(payload) != WORD_OCTETS:
        raise WireError(f"a HELLO of {len(payload)} octets; it has {WORD_OCTETS}")
    return int(_WORD.unpack(payload)[0])


def serialize_hello(session_id: int) -> bytes:
    """Return the payload of a HELLO from the host."""
    return _WORD.pack(session_id)


@dataclass(frozen=True, slots=True)
class ReadWords:
    """Read ``words`` words from ``address`` on."""

    address: int
    words: int

    @property
    def request_octets(self) -> int:
        """What it takes in a BATCH."""
        return WORD_OCTETS

    @property
    def reply_octets(self) -> int:
        """What it takes in a BATCH_REPLY."""
        return WORD_OCTETS * self.words


@dataclass(frozen=True, slots=True)
class WriteWords:
    """Write ``data``, whole words, from ``address`` on."""

    address: int
    data: bytes

    @property
    def request_octets(self) -> int:
        """What it takes in a BATCH."""
        return WORD_OCTETS + len(self.data)

    @property
    def reply_octets(self) -> int:
        """What it takes in a BATCH_REPLY."""
        return 0


LinkOperation = ReadWords | WriteWords


def serialize_batch(operations: Sequence[LinkOperation]) -> bytes:
    """Return the payload of a BATCH."""
    parts = []
    for operation in operations:
        data = operation.data if isinstance(operation, WriteWords) else b""
        words = len(data) // WORD_OCTETS if isinstance(operation, WriteWords) else operation.words
        if not 1 <= words <= MAX_OPERATION_WORDS:
            raise UsageError(f"an operation of {words} words; the link takes 1 to {MAX_OPERATION_WORDS}")
        head = operation.address | words << 16 | (_WRITE if data else 0)
        parts += [_WORD.pack(head), data]
    return b"".join(parts)


def parse_batch(payload: bytes) -> tuple[list[LinkOperation], LinkOperation | None]:
    """Return the operations of a BATCH, and the one that is malformed (it comes after them), or None."""
    operations: list[LinkOperation] = []
    at = 0
    while at < len(payload):
        if at + WORD_OCTETS > len(payload):
            return operations, ReadWords(0, 0)  # a head that is cut short names nothing
        (head,) = _WORD.unpack_from(payload, at)
        at += WORD_OCTETS
        address, words = head & 0xFFFF, head >> 16 & MAX_OPERATION_WORDS
        if not head & _WRITE:
            operation: LinkOperation = ReadWords(address, words)
        else:
            operation = WriteWords(address, payload[at : at + WORD_OCTETS * words])
            at += WORD_OCTETS * words
        if not words or at > len(payload):
            return operations, operation
        operations.append(operation)
    return operations, None


@dataclass(frozen=True, slots=True)
class BatchReply:
    """How far a batch came, and the words it read.

    ``index`` and ``address`` are those of the word that failed; of a batch that was done, the number of its operations
    and 0.
    """

    code: int
    index: int
    address: int
    data: bytes = b""

    def serialize(self) -> bytes:
        """Return the payload; the code belongs into the header."""
        return _WORD.pack(self.address << 16 | self.index) + self.data

    @classmethod
    def parse(cls, code: int, payload: bytes) -> BatchReply:
        """Read a payload; :class:`~rig.errors.WireError` for one of a length that cannot be."""
        if len(payload) < STATUS_OCTETS or len(payload) % WORD_OCTETS:
            raise WireError(f"a reply of {len(payload)} octets; it has whole words, one at least")
        (status,) = _WORD.unpack_from(payload)
        return cls(code, status & 0xFFFF, status >> 16, payload[STATUS_OCTETS:])


@dataclass(frozen=True, slots=True)
class LineEvent:
    """A change of the interrupt line."""

    is_asserted: bool
    """After the newest change."""
    lost: int
    """Changes that this stands for beyond the newest."""
    time_ns: int
    """Of the newest, in device time."""

    def serialize(self) -> bytes:
        """Return the 16 octets of the payload."""
        return _EVENT.pack(int(self.is_asserted), self.lost, self.time_ns)

    @classmethod
    def parse(cls, payload: bytes) -> LineEvent:
        """Read a payload; :class:`~rig.errors.WireError` for a wrong length."""
        if len(payload) != EVENT_OCTETS:
            raise WireError(f"an event of {len(payload)} octets; it has {EVENT_OCTETS}")
        status, lost, time_ns = _EVENT.unpack(payload)
        return cls(bool(status & 1), lost, time_ns)
