"""SYN cookies: half-open connections that cost no memory (RFC 4987, 3.6).

While a listener's SYN queue is full, a SYN is answered with an initial sequence number from which the connection can be
made up again when the peer acknowledges it::

     31        27 26    24 23                                   0
    +------------+--------+--------------------------------------+
    |   minute   |  MSS   |  keyed hash of names, peer's ISN,    |
    |  counter   | class  |  counter and MSS class               |
    +------------+--------+--------------------------------------+

A counter tick is 64 s; a cookie is good in the tick it was made and in the next. The MSS is rounded down to one of
eight classes, and the other options are given up: such a connection has no window scale, no time stamps and no SACK. A
forged acknowledgement hits once in 2^24 tries, and only while cookies are in use.
"""

from __future__ import annotations

from bisect import bisect_right
from hashlib import blake2b

from rig.units import NS_PER_S

TICK_NS = 64 * NS_PER_S
LIFETIME_NS = 2 * TICK_NS
MSS_CLASSES = (216, 536, 768, 996, 1220, 1380, 1440, 1460)
_HASH_MASK = 0xFFFFFF


class SynCookies:
    """Makes and checks cookies under one secret."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, name: tuple[int, int, int, int], peer_iss: int, mss: int, now_ns: int) -> int:
        """Return the initial sequence number that answers a SYN with ``peer_iss`` and the peer's ``mss``."""
        mss_class = max(0, bisect_right(MSS_CLASSES, mss) - 1)
        counter = now_ns // TICK_NS & 31
        return counter << 27 | mss_class << 24 | self._hash(name, peer_iss, counter, mss_class)

    def check(self, name: tuple[int, int, int, int], peer_iss: int, cookie: int, now_ns: int) -> int | None:
        """Return the peer's MSS, rounded down, if ``cookie`` was made here for this connection lately, or None."""
        counter, mss_class = cookie >> 27, cookie >> 24 & 7
        age = (now_ns // TICK_NS - counter) & 31
        if age > 1 or cookie & _HASH_MASK != self._hash(name, peer_iss, counter, mss_class):
            return None
        return MSS_CLASSES[mss_class]

    def _hash(self, name: tuple[int, int, int, int], peer_iss: int, counter: int, mss_class: int) -> int:
        text = repr((name, peer_iss, counter, mss_class)).encode()
        return int.from_bytes(blake2b(text, key=self._secret, digest_size=3).digest(), "big")
