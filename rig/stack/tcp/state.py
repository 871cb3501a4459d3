"""The eleven states of a connection and every transition between them (RFC 9293, 3.3.2 and figure 5).

A state changes only by :func:`next_state`: what is not in the table cannot happen, and a caller that asks for it has a
bug. Deleting the control block is a transition to CLOSED like any other; RESET, ABORT and GIVE_UP lead there from
every state but CLOSED. A CLOSE call in SYN-RECEIVED waits for ESTABLISHED, as RFC 9293, 3.10.4 allows, and a FIN that
comes with the acknowledgement of our SYN finds the connection ESTABLISHED; so neither has a row for SYN-RECEIVED.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from types import MappingProxyType


class State(IntEnum):
    """Connection states; those from ESTABLISHED on are the synchronized ones."""

    CLOSED = 0
    LISTEN = 1
    SYN_SENT = 2
    SYN_RECEIVED = 3
    ESTABLISHED = 4
    FIN_WAIT_1 = 5
    FIN_WAIT_2 = 6
    CLOSE_WAIT = 7
    CLOSING = 8
    LAST_ACK = 9
    TIME_WAIT = 10

    __hash__ = int.__hash__  # that of Enum is a Python function, and states are looked up for every segment


class Cause(Enum):
    """What moves a connection from one state to the next."""

    PASSIVE_OPEN = "passive OPEN"
    ACTIVE_OPEN = "active OPEN"
    SYN = "SYN received"
    SYN_ACK = "SYN received that acknowledges ours"
    ACK_OF_SYN = "acknowledgement of our SYN"
    CLOSE = "CLOSE call"
    ACK_OF_FIN = "acknowledgement of our FIN"
    FIN = "FIN received"
    TIMEOUT_2MSL = "2 MSL passed"
    RESET = "RST received"
    ABORT = "ABORT call"
    GIVE_UP = "R2, user time-out or hard ICMP error"


_S = State
_TRANSITIONS = {
    (_S.CLOSED, Cause.PASSIVE_OPEN): _S.LISTEN,
    (_S.CLOSED, Cause.ACTIVE_OPEN): _S.SYN_SENT,
    (_S.LISTEN, Cause.SYN): _S.SYN_RECEIVED,
    (_S.LISTEN, Cause.CLOSE): _S.CLOSED,
    (_S.SYN_SENT, Cause.SYN): _S.SYN_RECEIVED,  # simultaneous open
    (_S.SYN_SENT, Cause.SYN_ACK): _S.ESTABLISHED,
    (_S.SYN_SENT, Cause.CLOSE): _S.CLOSED,
    (_S.SYN_RECEIVED, Cause.ACK_OF_SYN): _S.ESTABLISHED,
    (_S.ESTABLISHED, Cause.CLOSE): _S.FIN_WAIT_1,
    (_S.ESTABLISHED, Cause.FIN): _S.CLOSE_WAIT,
    (_S.FIN_WAIT_1, Cause.ACK_OF_FIN): _S.FIN_WAIT_2,
    (_S.FIN_WAIT_1, Cause.FIN): _S.CLOSING,
    (_S.FIN_WAIT_2, Cause.FIN): _S.TIME_WAIT,
    (_S.CLOSE_WAIT, Cause.CLOSE): _S.LAST_ACK,
    (_S.CLOSING, Cause.ACK_OF_FIN): _S.TIME_WAIT,
    (_S.LAST_ACK, Cause.ACK_OF_FIN): _S.CLOSED,
    (_S.TIME_WAIT, Cause.TIMEOUT_2MSL): _S.CLOSED,
}
for _state in State:
    if _state is not State.CLOSED:
        for _cause in (Cause.RESET, Cause.ABORT, Cause.GIVE_UP):
            _TRANSITIONS[_state, _cause] = _S.CLOSED
TRANSITIONS = MappingProxyType(_TRANSITIONS)

CAN_RECEIVE_TEXT = frozenset({State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2})
"""States in which segment text is taken (RFC 9293, 3.10.7.4, seventh step)."""

TRANSMITS_DATA = frozenset({State.ESTABLISHED, State.CLOSE_WAIT, State.FIN_WAIT_1, State.CLOSING, State.LAST_ACK})
"""States in which data or a FIN may be in flight."""


def next_state(state: State, cause: Cause) -> State:
    """Return the state that follows; :class:`LookupError` where RFC 9293 has no such transition."""
    try:
        return TRANSITIONS[state, cause]
    except KeyError:
        raise LookupError(f"no transition from {state.name} on {cause.value}") from None
