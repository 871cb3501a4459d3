"""What a UART reads from a line whose sender uses another baud rate."""

from __future__ import annotations

DATA_BITS = 8
FRAME_BITS = DATA_BITS + 2


def misread(octets: bytes, sent_baud: int, read_baud: int) -> bytes:
    """Return what arrives of ``octets``, sent back to back at ``sent_baud`` and sampled at ``read_baud``, 8N1.

    The receiver looks for a falling edge, samples each bit in its middle, and gives an octet also where the stop bit
    is wrong, as a UART without error reporting does.
    """
    if sent_baud == read_baud:
        return octets
    levels = bytearray()
    for octet in octets:
        levels.append(0)
        levels += bytes(octet >> bit & 1 for bit in range(DATA_BITS))
        levels.append(1)
    end = len(levels) * read_baud  # in units of 1 / (sent_baud * read_baud) s
    arrived = bytearray()

    def level(at: int) -> int:
        index = at // read_baud
        return levels[index] if index < len(levels) else 1

    at = 0
    while at < end:
        if level(at):
            at = (at // read_baud + 1) * read_baud  # the next bit may begin with a falling edge
            continue
        middle = at + sent_baud // 2
        arrived.append(sum(level(middle + (bit + 1) * sent_baud) << bit for bit in range(DATA_BITS)))
        at = middle + (FRAME_BITS - 1) * sent_baud
        while at < end and not level(at):  # no stop bit: wait for the line to come to rest
            at = (at // read_baud + 1) * read_baud
    return bytes(arrived)
