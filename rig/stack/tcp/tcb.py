"""The transmission control block: everything a connection remembers (RFC 9293, 3.3.1).

The sequence variables live with their halves, :class:`~rig.stack.tcp.sender.Sender` and
:class:`~rig.stack.tcp.receiver.Receiver`; here is what both share: names, state, options agreed on, and the timers that
belong to neither. Nothing here acts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rig.stack.config import TcpConfig
from rig.stack.ipv4 import Path
from rig.stack.tcp.receiver import Receiver
from rig.stack.tcp.sender import Sender
from rig.stack.tcp.seq import HALF, MASK
from rig.stack.tcp.state import Cause, State, next_state
from rig.stack.timer_queue import NEVER
from rig.wire.tcp_options import TcpOptions, timestamp_option

if TYPE_CHECKING:
    from rig.stack.tcp.endpoint import StreamEndpoint
    from rig.stack.tcp.listener import Listener

DEFAULT_SEND_MSS = 536  # RFC 9293, 3.7.1
HEADERS_OCTETS = 40  # IPv4 and TCP without options
TIMESTAMP_OCTETS = 12  # the option and two NOPs
SACK_OPTION_OCTETS = 4  # two NOPs, kind and length
SACK_BLOCK_OCTETS = 8
MAX_SACK_BLOCKS = 4  # RFC 2018, 3; one less beside time stamps
MAX_WINDOW_SCALE = 14  # RFC 7323, 2.3
PAWS_LIFETIME_NS = 24 * 86_400 * 1_000_000_000  # RFC 7323, 5.5

FourTuple = tuple[int, int, int, int]


class Tcb:
    """Names, state, agreed options and timers of one connection.

    ``listener`` is set from a passive open until ``accept``; ``owner`` while a program holds the connection.
    """

    __slots__ = (
        "config",
        "error",
        "keepalive_idle_ns",
        "keepalive_interval_ns",
        "keepalive_limit",
        "keepalive_ns",
        "keepalive_probes",
        "last_heard_ns",
        "listener",
        "local_address",
        "local_port",
        "opened_passively",
        "owner",
        "path",
        "path_mtu",
        "peer_mss",
        "probe_keepalive",
        "receive_scale",
        "receiver",
        "remote_address",
        "remote_port",
        "send_scale",
        "sender",
        "soft_error",
        "state",
        "timestamp_offset",
        "ts_recent",
        "ts_recent_ns",
        "user_timeout_ns",
        "uses_sack",
        "uses_timestamps",
        "uses_window_scale",
        "wait_ns",
    )

    def __init__(
        self, config: TcpConfig, path: Path, local_port: int, remote_port: int, sender: Sender, receiver: Receiver
    ) -> None:
        self.config = config
        self.path = path
        self.local_address = path.source
        self.local_port = local_port
        self.remote_address = path.destination
        self.remote_port = remote_port
        self.state = State.CLOSED
        self.opened_passively = False
        self.owner: StreamEndpoint | None = None
        self.listener: Listener | None = None
        self.sender = sender
        self.receiver = receiver
        self.error: OSError | None = None
        self.soft_error: OSError | None = None
        self.path_mtu = path.link.mtu
        self.peer_mss = DEFAULT_SEND_MSS
        self.send_scale = 0
        self.receive_scale = 0
        self.uses_sack = False
        self.uses_timestamps = False
        self.uses_window_scale = False
        self.timestamp_offset = sender.iss
        self.ts_recent = 0
        self.ts_recent_ns = 0
        self.wait_ns = NEVER
        self.user_timeout_ns = config.user_timeout_ns
        self.last_heard_ns = 0
        self.keepalive_ns = NEVER
        self.keepalive_idle_ns = config.keepalive_idle_ns
        self.keepalive_interval_ns = config.keepalive_interval_ns
        self.keepalive_limit = config.keepalive_probes
        self.keepalive_probes = 0
        self.probe_keepalive = False
        receiver.mss = path.link.mtu - HEADERS_OCTETS

    @property
    def four_tuple(self) -> FourTuple:
        """Local address and port, remote address and port: the connection's name."""
        return self.local_address, self.local_port, self.remote_address, self.remote_port

    @property
    def is_orphan(self) -> bool:
        """Whether no program holds the connection, nor will."""
        return self.owner is None and self.listener is None

    def move(self, cause: Cause) -> None:
        """Change state along the transition table."""
        self.state = next_state(self.state, cause)

    def effective_mss(self) -> int:
        """Eff.snd.MSS: octets of text that fit one segment, its options deducted (RFC 9293, 3.7.1; RFC 6691)."""
        mss = min(self.peer_mss, self.path_mtu - HEADERS_OCTETS)
        if self.uses_timestamps:
            mss -= TIMESTAMP_OCTETS
        return max(mss, 1)

    # Options

    def syn_options(self, now_ns: int) -> TcpOptions:
        """Return the options of our SYN: in a SYN-ACK, only those that the peer's SYN had too."""
        answering = self.state is State.SYN_RECEIVED
        scaled = self.uses_window_scale if answering else self.config.window_scale
        stamped = self.uses_timestamps if answering else self.config.timestamps
        selective = self.uses_sack if answering else self.config.sack
        return TcpOptions(
            mss=self.receiver.mss,
            window_scale=self._own_scale() if scaled else None,
            sack_permitted=selective,
            timestamp=(self.timestamp(now_ns), self.ts_recent if answering else 0) if stamped else None,
        )

    def agree_on_options(self, options: TcpOptions, now_ns: int) -> None:
        """Take the options of the peer's SYN: what both sides sent is in use from now on."""
        self.peer_mss = options.mss or DEFAULT_SEND_MSS
        if options.window_scale is not None and self.config.window_scale:
            self.uses_window_scale = True
            self.send_scale = min(options.window_scale, MAX_WINDOW_SCALE)
            self.receive_scale = self._own_scale()
        if options.timestamp is not None and self.config.timestamps:
            self.uses_timestamps = True
            self.ts_recent = options.timestamp[0]
            self.ts_recent_ns = now_ns
        if options.sack_permitted and self.config.sack and not self.uses_sack:
            self.uses_sack = True
            self.sender.use_sack()

    def segment_options(self, now_ns: int, text_octets: int) -> bytes:
        """Return the options of a segment without SYN that carries ``text_octets`` octets, serialised.

        SACK blocks take only the room that the text leaves, so they never change where segments end.
        """
        if self.uses_sack and self.receiver.queue.octets:
            timestamp = (self.timestamp(now_ns), self.ts_recent) if self.uses_timestamps else None
            room = (self.effective_mss() - text_octets - SACK_OPTION_OCTETS) // SACK_BLOCK_OCTETS
            limit = min(room, MAX_SACK_BLOCKS - self.uses_timestamps)
            return TcpOptions(sack=self.receiver.sack_blocks(limit), timestamp=timestamp).serialize()
        return timestamp_option(self.timestamp(now_ns), self.ts_recent) if self.uses_timestamps else b""

    def timestamp(self, now_ns: int) -> int:
        """Return TSval: a clock that ticks once per granularity, begun at a random point."""
        return (now_ns // self.config.clock_granularity_ns + self.timestamp_offset) & MASK

    def timestamp_rtt_ns(self, options: TcpOptions, now_ns: int) -> int | None:
        """Return the round-trip time that an echoed time stamp tells, or None (RFC 7323, 4.1)."""
        if not self.uses_timestamps or options.timestamp is None:
            return None
        ticks = (self.timestamp(now_ns) - options.timestamp[1]) & MASK
        return max(ticks, 1) * self.config.clock_granularity_ns if ticks < HALF else None

    def is_timestamp_old(self, options: TcpOptions, now_ns: int) -> bool:
        """Apply PAWS to a segment with a time stamp: True where it must be an old duplicate (RFC 7323, 5.3)."""
        if options.timestamp is None or (options.timestamp[0] - self.ts_recent) & MASK < HALF:
            return False
        return now_ns - self.ts_recent_ns <= PAWS_LIFETIME_NS

    def remember_timestamp(self, options: TcpOptions, sequence: int, now_ns: int) -> None:
        """Keep TSval for echoing, if the segment is the one that our last acknowledgement asked for (4.3)."""
        if options.timestamp is not None and (self.receiver.last_ack_sent - sequence) & MASK < HALF:
            self.ts_recent = options.timestamp[0]
            self.ts_recent_ns = now_ns

    def _own_scale(self) -> int:
        scale = 0
        while scale < MAX_WINDOW_SCALE and self.receiver.capacity >> scale > 0xFFFF:
            scale += 1
        return scale
