"""What a host's session tells its owner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rig.link.messages import Greeting, LineEvent
from rig.link.transaction import Transaction


class HostState(Enum):
    """Where the session is."""

    CLOSED = "closed"
    GREETING = "greeting"
    OPEN = "open"
    DOWN = "down"


class Downfall(Enum):
    """Why a session went down."""

    SILENT = "no answer"
    LOST_SESSION = "the board has restarted: it no longer knows the session"
    TAKEN = "another host has taken the board over"
    NONSENSE = "the board answers what cannot be"


@dataclass(frozen=True, slots=True)
class Opened:
    """The device has greeted. The session goes on only if the host accepts what it is."""

    greeting: Greeting


@dataclass(frozen=True, slots=True)
class Finished:
    """A transaction has its replies: all of them, or up to a failure."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The device tells of a change of the interrupt line."""

    event: LineEvent


@dataclass(frozen=True, slots=True)
class LogLine:
    """The device has something to say."""

    text: str


@dataclass(frozen=True, slots=True)
class Reset:
    """The device has reset its adapter and ended the session."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The session is down; ``lost`` have begun, and nobody knows how far the device came with them."""

    why: Downfall
    detail: str
    lost: tuple[Transaction, ...]


HostEvent = Opened | Finished | Interrupt | LogLine | Reset | Closed
