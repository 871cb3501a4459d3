"""The Internet checksum of IPv4, ICMP, UDP and TCP (RFC 1071).

The sum of 16-bit words with end-around carry is a sum modulo 0xFFFF, because 2**16 leaves the remainder 1. So the
octets are taken as one integer and divided once, which is far faster in Python than adding words. The two sums that
the remainder 0 stands for are kept apart: all-zero data sums to 0x0000, anything else to 0xFFFF.
"""

from __future__ import annotations


def internet_checksum(data: bytes | memoryview, initial: int = 0) -> int:
    """Return the 16-bit checksum of ``data`` as the header carries it: the complement of the sum.

    Data of odd length counts as if followed by a zero octet (RFC 1071 section 1). ``initial`` is a sum to start from,
    not negative and not necessarily folded, for instance of :func:`pseudo_header_sum`. Over data that holds its right
    checksum the result is 0. A result of 0 is possible too when generating; UDP writes it as 0xFFFF.
    """
    total = int.from_bytes(data, "big")
    if len(data) & 1:
        total <<= 8
    remainder = (total % 0xFFFF + initial) % 0xFFFF  # divided first: to add to a long number is to copy it
    if remainder == 0 and (total or initial):
        return 0
    return 0xFFFF - remainder


def pseudo_header_sum(source: int, destination: int, protocol: int, length: int) -> int:
    """Return the sum of the pseudo header of TCP (RFC 9293 3.1) and UDP (RFC 768), for ``internet_checksum``.

    ``length`` is that of the segment or datagram with its header, in octets. The sum is not folded: addresses are added
    whole, which is the same modulo 0xFFFF::

        +--------+--------+--------+--------+
        |           source address          |
        +--------+--------+--------+--------+
        |         destination address       |
        +--------+--------+--------+--------+
        |  zero  |protocol|      length     |
        +--------+--------+--------+--------+
    """
    return source + destination + protocol + length
