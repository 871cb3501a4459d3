"""Cutting a transaction into batches: what limits one, and where the next goes on."""

from __future__ import annotations

from rig.link.messages import MAX_OPERATION_WORDS, BatchReply, LinkOperation, ReadWords, ReplyCode, WriteWords
from rig.link.transaction import Batch, Transaction


def cut(operations: list[LinkOperation], request_octets: int, reply_octets: int) -> list[Batch]:
    transaction = Transaction(operations)
    batches = []
    while not transaction.is_cut:
        batch = transaction.next_batch(request_octets, reply_octets)
        assert batch is not None
        assert len(batch.payload) <= request_octets and batch.reply_octets <= reply_octets
        batches.append(batch)
    return batches


def test_requests_and_replies_are_filled_to_the_last_word() -> None:
    reads: list[LinkOperation] = [ReadWords(4 * number, 1) for number in range(7)]
    assert [len(batch.operations) for batch in cut(reads, 12, 100)] == [3, 3, 1], "a read takes a word of the request"
    assert [len(batch.operations) for batch in cut(reads, 100, 12)] == [2, 2, 2, 1], "and the status one of the reply"
    assert [batch.continues for batch in cut(reads, 12, 100)] == [False, True, True]
    (one, two) = cut([WriteWords(0x10, b"aaaabbbbcccc"), ReadWords(0, 1)], 12, 8)
    assert one.operations == (WriteWords(0x10, b"aaaabbbb"),)
    assert two.operations == (WriteWords(0x18, b"cccc"), ReadWords(0, 1)) and two.origins == (0, 1)
    transaction = Transaction([WriteWords(0, b"aaaa")])
    assert transaction.next_batch(7, 100) is None and transaction.next_batch(8, 4) is not None
    transaction = Transaction([ReadWords(0, 1)])
    assert transaction.next_batch(4, 7) is None and transaction.next_batch(3, 8) is None
    assert transaction.next_batch(4, 8) is not None


def test_an_operation_has_no_more_words_than_its_head_can_say() -> None:
    words = [batch.operations[0] for batch in cut([ReadWords(0, 20_000)], 1 << 20, 1 << 20)]
    assert words == [ReadWords(0, MAX_OPERATION_WORDS), ReadWords(4 * 8191, 8191), ReadWords(8 * 8191, 20_000 - 16_382)]


def test_nothing_more_is_cut_off_what_has_failed() -> None:
    transaction = Transaction([ReadWords(0, 1), WriteWords(0x20, bytes(400))])
    first, second = transaction.next_batch(40, 40), transaction.next_batch(40, 40)
    assert first is not None and second is not None and not transaction.is_cut
    transaction.accept(first, BatchReply(ReplyCode.REFUSED, 1, 0x24, b"word"))
    assert transaction.is_cut and not transaction.is_done, "the second is on its way"
    assert transaction.failure is not None and transaction.failure.index == 1
    transaction.accept(second, BatchReply(ReplyCode.SKIPPED, 0, 0))
    assert transaction.is_done and transaction.read == [b"word", b""]
