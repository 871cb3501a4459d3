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
