"""What a LAN driver can be told: one value, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass

from rig.errors import UsageError
from rig.units import NS_PER_MS, NS_PER_S, SPEEDS_MBPS
from rig.wire.address import MAC_OCTETS, format_mac
from rig.wire.fcs import FCS_OCTETS

MAX_BASIC_FRAME_OCTETS = 1518  # IEEE Std 802.3-2022 3.2.7
MAX_FRAME_CHOICES = (1518, 1522, 2000)  # basic, Q-tagged, envelope
HEADER_OCTETS = 14
_LOCALLY_ADMINISTERED = 0x02  # IEEE Std 802.3-2022 3.2.3: the second bit of the address
_GROUP = 0x01
PHY_ADDRESSES = (*range(1, 32), 0)
"""In the order in which a PHY is looked for; 0 last, because some PHYs answer there as well as at their own."""


@dataclass(frozen=True, slots=True)
class Moderation:
    """Hold RX and TX interrupts back until ``count`` causes or ``time`` steps of 64 bus clocks; zeros: not at all."""

    count: int = 0
    time: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.count <= 0xFF and 0 <= self.time <= 0xFFFF):
            raise UsageError(f"moderation of {self.count} causes and {self.time} steps; limits are 255 and 65535")


@dataclass(frozen=True, slots=True)
class CollisionParameters:
    """Clause 4 parameters of half duplex, in bit times where they are durations (IEEE Std 802.3-2022 4.4.2)."""

    attempt_limit: int = 16
    backoff_limit: int = 10
    slot_time_bits: int = 512
    jam_bits: int = 32
    gap_part1_bits: int = 64
    gap_part2_bits: int = 32

    def __post_init__(self) -> None:
        limits = {
            "attempt_limit": (1, 31),
            "backoff_limit": (0, 10),
            "slot_time_bits": (4, 1020),
            "jam_bits": (4, 252),
            "gap_part1_bits": (0, 64),
            "gap_part2_bits": (0, 255),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UsageError(f"{name} is {value}; the adapter takes {low} to {high}")


@dataclass(frozen=True, slots=True)
class LinkMode:
    """Speed and duplex of a link."""

    speed_mbps: int
    full_duplex: bool

    def __str__(self) -> str:
        return f"{self.speed_mbps} Mb/s {'full' if self.full_duplex else 'half'} duplex"


@dataclass(frozen=True, slots=True)
class PhyConfig:
    """A PHY that the driver manages through MDIO."""

    address: int | None = None
    """0 to 31; None: the first that answers."""
    is_forced: bool = False
    """False: the PHY negotiates, and the adapter follows it in speed and duplex. True: the PHY is set to the speed and
    duplex of the driver's configuration."""
    is_required: bool = False
    """Bring-up fails without a PHY; otherwise its absence is told, and the configured speed and duplex are used."""

    def __post_init__(self) -> None:
        if self.address is not None and self.address not in PHY_ADDRESSES:
            raise UsageError(f"PHY address {self.address}; it has 5 bits, 0 to 31")


@dataclass(frozen=True, slots=True)
class DriverConfig:
    """How a driver sets its adapter up. The defaults are clause 4 at 100 Mb/s, half duplex."""

    name: str = "lan0"
    """Appears in messages and in the capabilities."""
    full_duplex: bool = False
    speed_mbps: int = 100
    """10 or 100; must be the speed of the PHY, which gives the clock, unless `phy` says to follow it."""
    phy: PhyConfig | None = None
    """None: the PHY is left alone, or there is none to be managed."""
    promiscuous: bool = False
    accept_errors: bool = False
    """Receive frames with errors too, told apart by their status."""
    accept_runts: bool = False
    """Receive frames below 64 octets too."""
    multicast_hash: int = 0
    """64-bit hash table of multicast addresses to receive; 0: none."""
    max_frame: int = MAX_BASIC_FRAME_OCTETS
    """Longest frame, destination address to FCS: 1518, 1522 or 2000 octets."""
    mac: bytes | None = None
    """Station address instead of the one in the ROM; must be locally administered."""
    backoff_seed: int | None = None
    """Seed of the backoff generator, 32 bits; None: derived from the station address, so that two stations which are
    reset together do not draw alike."""
    moderation: Moderation = Moderation()
    collision: CollisionParameters = CollisionParameters()
    late_retry: bool = True
    """Retry after a late collision (the default of clause 4 at these speeds); False: give the frame up."""
    defer_forever: bool = True
    """Send a frame however long it had to defer; False: give it up after 24 288 bit times."""
    transmit_queue_frames: int = 16
    receive_queue_frames: int = 256
    """Frames held for the stack; beyond that they wait in the ring of the adapter."""
    transmit_look_ns: int = 10 * NS_PER_MS
    """How often to look after a transmission that lasts: an adapter that has lost its power does not interrupt."""
    transmit_timeout_ns: int = NS_PER_S
    """After so long without an end of the oldest transmission the adapter is taken for stuck, unless it is deferring.
    Sixteen attempts at 10 Mb/s with the longest backoff each take 0.37 s."""
    probe_first_ns: int = 10 * NS_PER_MS
    """How soon to look again for an adapter that does not answer; doubles with each look ..."""
    probe_last_ns: int = NS_PER_S
    """... up to this."""

    def __post_init__(self) -> None:
        if self.speed_mbps not in SPEEDS_MBPS:
            raise UsageError(f"speed_mbps is {self.speed_mbps}; an MII runs at 10 or 100")
        if self.max_frame not in MAX_FRAME_CHOICES:
            raise UsageError(f"max_frame is {self.max_frame}; use one of {MAX_FRAME_CHOICES}")
        if self.mac is not None:
            check_override(self.mac)
        if self.backoff_seed is not None and not 0 <= self.backoff_seed < 1 << 32:
            raise UsageError(f"backoff_seed is {self.backoff_seed}; it has 32 bits")
        if not 0 <= self.multicast_hash < 1 << 64:
            raise UsageError("multicast_hash has 64 bits")
        for name in ("transmit_queue_frames", "receive_queue_frames", "transmit_look_ns", "probe_first_ns"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for shorter, longer in (("transmit_look_ns", "transmit_timeout_ns"), ("probe_first_ns", "probe_last_ns")):
            if getattr(self, shorter) > getattr(self, longer):
                raise UsageError(f"{shorter} is {getattr(self, shorter)}, more than {longer}")

    @property
    def largest_transmit_octets(self) -> int:
        """The longest frame that may be sent, without FCS."""
        return self.max_frame - FCS_OCTETS

    @property
    def mtu(self) -> int:
        """The largest payload in octets."""
        return self.largest_transmit_octets - HEADER_OCTETS


def check_override(mac: bytes) -> None:
    """Raise :class:`~rig.errors.UsageError` unless ``mac`` may stand in for the address of a ROM."""
    if len(mac) != MAC_OCTETS:
        raise UsageError(f"a station address has {MAC_OCTETS} octets, not {len(mac)}")
    if mac[0] & _GROUP or not mac[0] & _LOCALLY_ADMINISTERED:
        suggestion = format_mac(bytes([mac[0] & ~_GROUP | _LOCALLY_ADMINISTERED]) + mac[1:])
        raise UsageError(
            f"{format_mac(mac)} cannot replace the address of the ROM: it must be locally administered and no group "
            f"address; use {suggestion}"
        )
