"""One bus transaction on the link: cut into batches that fit, and put together again from their replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rig.errors import UsageError, WireError
from rig.link.messages import (
    MAX_OPERATION_WORDS,
    STATUS_OCTETS,
    WORD_OCTETS,
    BatchReply,
    LinkOperation,
    ReadWords,
    ReplyCode,
    WriteWords,
    serialize_batch,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Where and how a transaction ended early."""

    code: ReplyCode
    index: int
    """Operation of the transaction."""
    address: int
    """As it stood on the link."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of a transaction that fits a frame."""

    transaction: Transaction
    operations: tuple[LinkOperation, ...]
    origins: tuple[int, ...]
    """For each operation, that of the transaction it belongs to."""
    continues: bool
    payload: bytes
    reply_octets: int
    """Payload of its reply, when all is done."""


class Transaction:
    """Operations that are done in order, up to the first that fails. ``token`` is the caller's."""

    __slots__ = ("_at", "_open", "_operations", "_words", "cut", "failure", "read", "token")

    def __init__(self, operations: Sequence[LinkOperation], token: Any = None) -> None:
        if not operations:
            raise UsageError("a transaction without operations")
        self.token = token
        self.failure: Failure | None = None
        self.read: list[bytearray] = [bytearray() for _ in operations]
        """What each operation has read."""
        self.cut = 0
        """Batches cut off so far; 0: it has not begun."""
        self._operations = tuple(operations)
        self._at = 0  # operation to cut next ...
        self._words = 0  # ... and how many of its words are cut off already
        self._open = 0  # batches without a reply

    @property
    def is_cut(self) -> bool:
        """Whether there is nothing left to send."""
        return self._at == len(self._operations) or self.failure is not None

    @property
    def is_done(self) -> bool:
        """Whether every batch has been answered."""
        return self.is_cut and not self._open

    def next_batch(self, request_octets: int, reply_octets: int) -> Batch | None:
        """Cut off as much as fits payloads of these sizes; None if not even one word does."""
        parts: list[LinkOperation] = []
        origins: list[int] = []
        request, reply = 0, STATUS_OCTETS
        at, done = self._at, self._words
        while at < len(self._operations):
            operation = self._operations[at]
            room = request_octets - request - WORD_OCTETS
            if isinstance(operation, WriteWords):
                left = len(operation.data) // WORD_OCTETS - done
            else:
                left, room = operation.words - done, min(room + WORD_OCTETS, reply_octets - reply)
            words = min(left, room // WORD_OCTETS, MAX_OPERATION_WORDS)
            if words <= 0:
                break
            part = _part(operation, done, words)
            parts.append(part)
            origins.append(at)
            request += part.request_octets
            reply += part.reply_octets
            at, done = (at + 1, 0) if words == left else (at, done + words)
            if done:
                break
        if not parts:
            return None
        self._at, self._words = at, done
        batch = Batch(self, tuple(parts), tuple(origins), self.cut > 0, serialize_batch(parts), reply)
        self.cut += 1
        self._open += 1
        return batch

    def accept(self, batch: Batch, reply: BatchReply) -> None:
        """Take the reply to a batch of this transaction, in order.

        :class:`~rig.errors.WireError` if it cannot be the reply to that.
        """
        self._open -= 1
        try:
            code = ReplyCode(reply.code)
        except ValueError as error:
            raise WireError(f"a reply with code {reply.code}") from error
        if code is ReplyCode.SKIPPED:
            if self.failure is None or reply.data:
                raise WireError("a batch was skipped though nothing before it has failed")
            return
        if self.failure is not None:
            raise WireError("a batch was executed after one of the same transaction had failed")
        done = len(batch.operations) if code is ReplyCode.DONE else reply.index
        if done > len(batch.operations) - (code is not ReplyCode.DONE) or (
            code is ReplyCode.DONE and reply.index != done
        ):
            raise WireError(f"a reply about operation {reply.index}; the batch has {len(batch.operations)}")
        at = 0
        for index, (operation, origin) in enumerate(zip(batch.operations, batch.origins, strict=True)):
            if index >= done + (code is not ReplyCode.DONE):
                break
            octets = operation.reply_octets
            if index == done:  # the one that failed: what it read before
                octets = reply.address - operation.address if isinstance(operation, ReadWords) else 0
                if not 0 <= octets < max(operation.reply_octets, 1):
                    raise WireError(f"a reply about address {reply.address:#06x}, outside the operation")
            self.read[origin] += reply.data[at : at + octets]
            at += octets
        if at != len(reply.data):
            raise WireError(f"a reply with {len(reply.data)} octets that were read, where there must be {at}")
        if code is not ReplyCode.DONE:
            self.failure = Failure(code, batch.origins[done], reply.address)


def _part(operation: LinkOperation, done: int, words: int) -> LinkOperation:
    address = operation.address + WORD_OCTETS * done
    if isinstance(operation, ReadWords):
        return ReadWords(address, words)
    return WriteWords(address, operation.data[WORD_OCTETS * done : WORD_OCTETS * (done + words)])
