"""Rows of a ``netstat`` table."""

from __future__ import annotations

from dataclasses import dataclass

from rig.wire.address import format_ipv4


@dataclass(frozen=True, slots=True)
class NetstatRow:
    """One socket or connection.

    ``receive_queue`` and ``send_queue`` count octets: received and not read, written and not acknowledged; on a
    listening socket they count connections: waiting to be accepted, and the limit. ``handle`` is None for a connection
    that no program holds (not yet accepted, or closed and still lingering).
    """

    protocol: str
    local: str
    foreign: str
    state: str
    receive_queue: int
    send_queue: int
    handle: int | None


def format_name(address: int, port: int) -> str:
    """Return ``address:port`` as netstat prints it, ``*`` for an unset part."""
    return f"{format_ipv4(address) if address else '*'}:{port or '*'}"


@dataclass(frozen=True, slots=True)
class TcpVariables:
    """The variables of one TCP connection, by the names of RFC 9293 3.3.1, RFC 5681 and RFC 6298.

    Sequence numbers are absolute, windows in octets (scaling undone), times in ns. ``srtt_ns`` is None before the first
    measurement; ``backoffs`` counts how often in a row the time-out was doubled. ``local`` and ``foreign`` name the
    connection as its :class:`NetstatRow` does.
    """

    local: str
    foreign: str
    iss: int
    irs: int
    snd_una: int
    snd_nxt: int
    snd_wnd: int
    rcv_nxt: int
    rcv_wnd: int
    mss: int
    cwnd: int
    ssthresh: int
    srtt_ns: int | None
    rttvar_ns: int
    rto_ns: int
    backoffs: int
