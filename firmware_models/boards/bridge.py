"""The bus master of a board: executes the batches of the link on the adapter, one access after the other.

It takes the time that the Verilog takes: an access every four bus clocks; blocks of buffer memory are moved in one
step at the edge of their last word, which nobody can tell from single words.
"""

from __future__ import annotations

from collections.abc import Callable

from firmware_models.adapter.adapter import LanAdapter
from rig.adapter.registers import WIN_BUFFER
from rig.errors import AdapterFault, BusError
from rig.link.device import Command
from rig.link.messages import (
    STATUS_OCTETS,
    WORD_OCTETS,
    BatchReply,
    LinkOperation,
    ReadWords,
    ReplyCode,
    WriteWords,
)
from rig.runtime.kernel import Kernel, Timer

PAGE_OCTETS = 256
NO_ANSWER_CLOCKS = 64


class BusBridge:
    """Executes one command at a time; ``done`` is called with its reply."""

    def __init__(
        self, kernel: Kernel, adapter: LanAdapter, largest_payload_octets: int, done: Callable[[BatchReply], None]
    ) -> None:
        self._kernel = kernel
        self._adapter = adapter
        self._room = largest_payload_octets
        self._done = done
        self._command = Command()
        self._index = 0
        self._words = 0  # of the present operation that are done
        self._read = bytearray()
        self._timer: Timer | None = None
        self._buffer_end = WIN_BUFFER + PAGE_OCTETS * adapter.buffer_pages

    def execute(self, command: Command) -> None:
        """Begin; the last command is done or was given up."""
        self._command = command
        self._index = self._words = 0
        self._read = bytearray()
        self._next(self._adapter.first_execute_ns(self._kernel.now_ns))

    def give_up(self) -> None:
        """Forget the command under way; what is done is done."""
        if self._timer is not None:
            self._timer.cancel()

    def _next(self, first_ns: int) -> None:
        """Have the next step executed; ``first_ns`` is the edge of its first word."""
        operations = self._command.operations
        if self._index == len(operations):
            malformed = self._command.malformed
            if malformed is None:
                self._finish(ReplyCode.DONE, 0)
            else:
                self._finish(ReplyCode.MALFORMED, malformed.address)
            return
        operation = operations[self._index]
        if not self._words and STATUS_OCTETS + len(self._read) + operation.reply_octets > self._room:
            self._finish(ReplyCode.TOO_LONG, operation.address)
            return
        edge_ns = first_ns + (self._span(operation) - 1) * self._adapter.access_ns
        self._timer = self._kernel.call_at(edge_ns, self._step, operation)

    def _span(self, operation: LinkOperation) -> int:
        """Return how many words are moved in one step."""
        words = operation.words if isinstance(operation, ReadWords) else len(operation.data) // WORD_OCTETS
        address = operation.address + WORD_OCTETS * self._words
        if address < WIN_BUFFER or address >= self._buffer_end:
            return 1
        return min(words - self._words, (self._buffer_end - address) // WORD_OCTETS)

    def _step(self, operation: LinkOperation) -> None:
        span = self._span(operation)
        address = operation.address + WORD_OCTETS * self._words
        try:
            self._access(operation, address, span)
        except BusError:
            self._finish(ReplyCode.REFUSED, address)
        except AdapterFault:
            self._finish(ReplyCode.NO_ANSWER, address, self._adapter.bus_period_ns * NO_ANSWER_CLOCKS)
        else:
            self._words += span
            words = operation.words if isinstance(operation, ReadWords) else len(operation.data) // WORD_OCTETS
            if self._words == words:
                self._index += 1
                self._words = 0
            self._next(self._kernel.now_ns + self._adapter.access_ns)

    def _access(self, operation: LinkOperation, address: int, span: int) -> None:
        adapter = self._adapter
        if isinstance(operation, WriteWords):
            at = WORD_OCTETS * self._words
            data = operation.data[at : at + WORD_OCTETS * span]
            if span > 1:
                adapter.write_block(address, data)
            else:
                adapter.write32(address, int.from_bytes(data, "little"))
        elif span > 1:
            self._read += adapter.read_block(address, WORD_OCTETS * span)
        else:
            self._read += adapter.read32(address).to_bytes(WORD_OCTETS, "little")

    def _finish(self, code: ReplyCode, address: int, after_ns: int = 0) -> None:
        reply = BatchReply(code, self._index, address, bytes(self._read))
        self._timer = self._kernel.call_at(self._kernel.now_ns + after_ns, self._done, reply)
