"""Octets as a dialogue with the stack: so that a fuzzer that changes octets changes what happens, and keeps the rest.

The first octet says how the stack is set and whether a connection is open; then come actions, each a kind and what that
kind needs. Numbers near those that are right have short codes, because what lies near them is what matters.
"""

from __future__ import annotations

from rig.wire.checksum import internet_checksum
from rig.wire.tcp import TcpOptions
from tests.stack.bench import OUR_IP, PEER_IP
from tests.stack.victim import HEADER, MS, Victim

MAX_ACTIONS = 60
FLAGS = (0x02, 0x10, 0x12, 0x18, 0x11, 0x04, 0x14, 0x30)
WAITS_MS = (0, 1, 50, 250, 1000, 8000, 130_000, 7_300_000)
NEAR = (0, 0, 1, -1, 100, -100, 1000, -1000, 1448, -1448, 4999, 5000, 5001, 65_535, 1 << 31, -(1 << 31) + 1)
PROTOCOLS = (1, 6, 17, 99)


class Octets:
    """Reads an input from its start; zeros follow its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def is_over(self) -> bool:
        """Whether all is read."""
        return self._position >= len(self._data)

    def octet(self) -> int:
        """Return the next octet."""
        position = self._position
        self._position += 1
        return self._data[position] if position < len(self._data) else 0

    def word(self) -> int:
        """Return the next 16 bits."""
        return self.octet() << 8 | self.octet()

    def take(self, octets: int) -> bytes:
        """Return up to that many octets."""
        taken = self._data[self._position : self._position + octets]
        self._position += octets
        return taken

    def near(self) -> int:
        """Return a small distance most of the time."""
        code = self.octet()
        return NEAR[code & 15] if code < 0xF0 else self.word() << 16 | self.word()


def drive(data: bytes) -> None:
    """Let a dialogue happen, checking what must hold after each action, and that all comes to an end."""
    octets = Octets(data)
    setting = octets.octet()
    victim = Victim(bool(setting & 1), sack=not setting & 2, cubic=bool(setting & 4))
    if not setting & 8:
        stamp = (1, 0) if setting & 1 else None
        options = TcpOptions(mss=1000, window_scale=2, sack_permitted=True, timestamp=stamp)
        victim.segment(0x02, 0, 0, b"", 65535, options)
        victim.segment(0x10, 0, 0, b"", 65535, TcpOptions(timestamp=stamp))
    for _ in range(MAX_ACTIONS):
        if octets.is_over:
            break
        _act(victim, octets)
        victim.check()
    for handle in victim.handles:
        victim.stack.close(handle, victim.now_ns)
    victim.pull()
    victim.advance(victim.now_ns + 1_000_000 * MS)
    victim.check()


def _act(victim: Victim, octets: Octets) -> None:
    kind = octets.octet()
    if kind < 0xA0:
        _segment(victim, octets, FLAGS[kind & 7] if kind < 0x80 else octets.octet())
    elif kind < 0xC0:
        victim.call(kind % 6)
    elif kind < 0xD8:
        victim.advance(victim.now_ns + WAITS_MS[kind & 7] * MS)
    elif kind < 0xF0:
        _packet(victim, octets, PROTOCOLS[kind & 3])
    else:
        victim.stack.receive_frame(HEADER + (b"\x08\x06", b"\x08\x00")[kind & 1] + octets.take(40), victim.now_ns)
        victim.pull()


def _segment(victim: Victim, octets: Octets, flags: int) -> None:
    code = octets.octet()
    options = TcpOptions()
    if code & 3 == 1:
        options = TcpOptions(timestamp=(octets.octet(), 0))
    elif code & 3 == 2:
        blocks = tuple((octets.near(), octets.near()) for _ in range(1 + (code >> 2 & 1)))
        options = TcpOptions(sack=blocks, timestamp=(1, 0))
    elif code & 3 == 3:
        options = TcpOptions(mss=octets.word(), window_scale=octets.octet(), sack_permitted=bool(code & 4))
    text = bytes((0, 0, 0, 1, 100, 1000, 1448, 1460)[code >> 4 & 7])
    window = (65535, 0, 1, octets.word())[code >> 2 & 3]
    victim.segment(flags, octets.near(), octets.near(), text, window, options)


def _packet(victim: Victim, octets: Octets, protocol: int) -> None:
    """Let a packet arrive with a right header, perhaps a fragment, its payload as it comes."""
    fragment = octets.word()
    payload = octets.take(octets.octet() & 63)
    if protocol == 1 and len(payload) > 3 and fragment & 0x8000:
        payload = payload[:2] + bytes(2) + payload[4:]
        payload = payload[:2] + internet_checksum(payload).to_bytes(2, "big") + payload[4:]
    header = bytearray(b"\x45\x00" + (20 + len(payload)).to_bytes(2, "big") + b"\x00\x07")
    header += (fragment & 0x7FFF).to_bytes(2, "big") + bytes((64, protocol, 0, 0))
    header += PEER_IP.to_bytes(4, "big") + OUR_IP.to_bytes(4, "big")
    header[10:12] = internet_checksum(bytes(header)).to_bytes(2, "big")
    victim.stack.receive_frame(HEADER + b"\x08\x00" + bytes(header) + payload, victim.now_ns)
    victim.pull()
