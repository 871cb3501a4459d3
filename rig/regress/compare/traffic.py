"""Seeded random stimuli: what a segment of adapters may meet, and much that it should not.

Most episodes have the parameters of the standard at every station; the others draw parameters that it does not have,
because RTL and twin must agree on those too. Every choice comes from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from rig.adapter import registers as reg
from rig.errors import UsageError
from rig.regress.compare.play import RING_FIRST_PAGE, STATION_LIMIT
from rig.regress.compare.stimulus import Episode, Part, Place, Poke, Send, Step, Stimulus
from rig.units import SPEEDS_MBPS, bit_time_ns

EPISODE_BITS = 30_000
SETUP_BITS = 2_000
"""At the beginning of an episode: nothing is sent yet."""
BUFFER_PAGES = 64
WIRE_OVERHEAD_OCTETS = 24
"""Preamble, SFD, FCS and gap of a frame."""
MIN_HEAD_OCTETS = 14
RESET_ACCESSES = 5
"""Writes that a soft reset of 16 bus clocks swallows, and one more."""
BROADCAST = b"\xff" * 6
PAUSE_ADDRESS = bytes.fromhex("0180c2000001")
PAUSE = bytes.fromhex("88080001")
TYPES = (b"\x08\x00", b"\x08\x00", b"\x88\xb5", b"\x00\x2e", b"\x00\x05", b"\x05\xdd", b"\x81\x00")


@dataclass(frozen=True, slots=True)
class Request:
    """What to make: ``bits`` is the least duration of the whole, in bit times."""

    seed: int
    stations: int = 5
    bits: int = 1_000_000
    speed_mbps: int = 100
    full_duplex: bool = False


def random_stimulus(request: Request) -> Stimulus:
    """Return the stimulus of a seed; :class:`~rig.errors.UsageError` if there can be none."""
    least, most = (2, 2) if request.full_duplex else (1, STATION_LIMIT)
    if not least <= request.stations <= most:
        kind = "full duplex joins" if request.full_duplex else "the comparison takes"
        raise UsageError(f"{request.stations} stations; {kind} {least} to {most}")
    if request.speed_mbps not in SPEEDS_MBPS:
        raise UsageError(f"{request.speed_mbps} Mb/s; an MII has 10 or 100")
    if request.bits < 1:
        raise UsageError(f"{request.bits} bit times; there must be at least 1")
    source = Random(f"compare/{request.seed}/{request.stations}/{request.speed_mbps}/{request.full_duplex}")
    nibble_ns = 4 * bit_time_ns(request.speed_mbps)
    extent_bits = source.choice((0, 20, 100, 256, 800))
    places = tuple(
        Place(_mac(index), source.randrange(extent_bits + 1), source.randrange(nibble_ns))
        for index in range(request.stations)
    )
    episodes = tuple(
        _Episode(source, request).make(is_odd=number % 3 == 2)
        for number in range(-(-request.bits // EPISODE_BITS))
    )  # fmt: skip
    return Stimulus(source.randrange(1 << 32), request.speed_mbps, request.full_duplex, places, episodes)


def _mac(index: int) -> bytes:
    return bytes([2, 0, 0, 0, 0, index + 1])


class _Episode:
    """Draws one episode. ``odd`` ones have parameters that no standard has."""

    def __init__(self, source: Random, request: Request) -> None:
        self._source = source
        self._request = request
        self._bit_ns = bit_time_ns(request.speed_mbps)

    def make(self, *, is_odd: bool) -> Episode:
        load = self._source.choice((0.1, 0.4, 0.8, 1.5))
        burst_bits = self._source.choice((0, 200, 5_000, EPISODE_BITS - 2 * SETUP_BITS))
        parts = tuple(self._part(index, is_odd, load, burst_bits) for index in range(self._request.stations))
        return Episode(EPISODE_BITS, parts)

    def _chance(self, probability: float) -> bool:
        return self._source.random() < probability

    def _part(self, index: int, is_odd: bool, load: float, burst_bits: int) -> Part:
        source = self._source
        resets = is_odd and self._chance(0.3)
        control, setup = self._setup(index, is_odd and not resets)
        pokes = self._pokes(setup if resets else ()) if is_odd else []
        steps: list[Step] = [*self._sends(index, control, load, burst_bits), *pokes]
        # A ring that runs over pages which the host has yet to read holds no frames that anyone could tell apart.
        is_orderly = all(address != reg.REG_RX_BNRY for poke in pokes for address, _ in poke.writes[:1])
        return Part(
            index,
            setup,
            tuple(sorted(steps, key=lambda step: step.at_ns)),
            service_delay_ns=source.choice((0, 0, 1_000, source.randrange(100_000))),
            reads_frames=is_orderly and self._chance(0.6),
        )

    def _setup(self, index: int, is_odd: bool) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Return the value of CTRL, and everything that is written before the traffic."""
        source = self._source
        mac = _mac(index)
        ring_stop = source.choice((BUFFER_PAGES, RING_FIRST_PAGE + source.randrange(2, 41)))
        seed = source.randrange(1 << 32)
        count = source.choice((0, 0, 1, source.randrange(9), source.randrange(19)))
        injected = [source.choice((0, 0, 1, 1, 2, 3, source.randrange(1 << 16))) for _ in range(count)]
        control = self._control(is_odd)
        setup = [
            (reg.REG_CTRL, control & ~(reg.CTRL_TX_EN | reg.CTRL_RX_EN)),
            (reg.REG_MAC_ADDR_LO, int.from_bytes(mac[:4], "little")),
            (reg.REG_MAC_ADDR_HI, int.from_bytes(mac[4:], "little")),
            (reg.REG_MHASH_LO, source.randrange(1 << 32)),
            (reg.REG_MHASH_HI, source.randrange(1 << 32)),
            (reg.REG_IPG, self._gap(is_odd)),
            (reg.REG_COLLISION_CFG, self._collision_config(is_odd, control)),
            (reg.REG_BACKOFF_SEED, seed),
            (reg.REG_RX_CFG, self._receive_config()),
            (reg.REG_RX_START, RING_FIRST_PAGE),
            (reg.REG_RX_STOP, ring_stop),
            (reg.REG_RX_BNRY, RING_FIRST_PAGE),
            (reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE if self._chance(0.7) else 0),
            (reg.REG_INT_MASK, 0xFF if self._chance(0.8) else source.randrange(256)),
            (reg.REG_IRQ_MODERATION, self._moderation()),
            (reg.REG_CTRL, control),
            *((reg.REG_BACKOFF_INJECT, word) for word in injected),  # last: a full FIFO refuses one, and ends the batch
        ]
        return control, tuple(setup)

    def _control(self, is_odd: bool) -> int:
        value = reg.CTRL_TX_EN | reg.CTRL_RX_EN
        bits = {
            reg.CTRL_FULL_DUPLEX: self._request.full_duplex != (is_odd and self._chance(0.15)),
            reg.CTRL_SPEED100: self._request.speed_mbps == 100,
            reg.CTRL_PAD_EN: not (is_odd and self._chance(0.15)),
            reg.CTRL_FCS_EN: not (is_odd and self._chance(0.2)),
            reg.CTRL_LATE_RETRY: not (is_odd and self._chance(0.3)),
            reg.CTRL_DEFER_FOREVER: not (is_odd and self._chance(0.2)),
            reg.CTRL_NO_BACKOFF: is_odd and self._chance(0.05),
            reg.CTRL_FORCE_COL: is_odd and self._chance(0.05),
            reg.CTRL_LOOPBACK: is_odd and self._chance(0.12),
        }
        return value | sum(bit for bit, is_set in bits.items() if is_set)

    def _gap(self, is_odd: bool) -> int:
        part1, part2 = 64, 32
        if is_odd and self._chance(0.4):
            part1, part2 = self._source.choice(((0, 96), (32, 32), (64, 4), (0, 4), (60, 8), (16, 0), (64, 100)))
        return part1 << reg.IPG_PART1_LSB | part2 << reg.IPG_PART2_LSB

    def _collision_config(self, is_odd: bool, control: int) -> int:
        source = self._source
        attempts, backoff_limit, slot_bits, jam_bits = 16, 10, 512, 32
        if is_odd:
            attempts = source.choice((16, 16, 1, 2, 5, 31))
            backoff_limit = source.choice((10, 10, 0, 3, 12))
            slot_bits = source.choice((512, 512, 4, 64, 301, 1020))
            jam_bits = source.choice((32, 32, 4, 18, 128, 252))
        if control & (reg.CTRL_NO_BACKOFF | reg.CTRL_FORCE_COL):
            attempts = min(attempts, 4)
        return (
            attempts << reg.COLLISION_CFG_ATTEMPT_LIMIT_LSB
            | backoff_limit << reg.COLLISION_CFG_BACKOFF_LIMIT_LSB
            | slot_bits << reg.COLLISION_CFG_SLOT_TIME_LSB
            | jam_bits << reg.COLLISION_CFG_JAM_SIZE_LSB
        )

    def _receive_config(self) -> int:
        limit = self._source.choice((1518, 1518, 1522, 2000, self._source.randrange(100, 2048)))
        bits = {
            reg.RX_CFG_PROMISC: 0.3,
            reg.RX_CFG_BCAST: 0.9,
            reg.RX_CFG_MCAST: 0.5,
            reg.RX_CFG_ACCEPT_RUNT: 0.3,
            reg.RX_CFG_ACCEPT_ERR: 0.3,
        }
        return limit << reg.RX_CFG_MAX_FRAME_LSB | sum(bit for bit, chance in bits.items() if self._chance(chance))

    def _moderation(self) -> int:
        if self._chance(0.7):
            return 0
        count, time = self._source.randrange(6), self._source.randrange(60)
        return count << reg.IRQ_MODERATION_COUNT_LSB | time << reg.IRQ_MODERATION_TIME_LSB

    def _sends(self, index: int, control: int, load: float, burst_bits: int) -> list[Send]:
        """Draw frames until they fill this station's share of the medium."""
        source = self._source
        left_bits = load * EPISODE_BITS / (1 if self._request.full_duplex else self._request.stations)
        sends: list[Send] = []
        while left_bits > 0 and len(sends) < 40:
            head = self._head(index)
            octets = self._octets()
            if not control & reg.CTRL_FCS_EN:
                octets = min(octets + 4, 1518)
            at_bits = SETUP_BITS + source.randrange(burst_bits + 1)
            slot = len(sends) % reg.TX_SLOT_COUNT if self._chance(0.95) else source.randrange(reg.TX_SLOT_COUNT)
            sends.append(Send(at_bits * self._bit_ns, slot, head, octets, source.randrange(1 << 16)))
            left_bits -= 8 * (max(octets, 60) + WIRE_OVERHEAD_OCTETS)
        return sends

    def _head(self, index: int) -> bytes:
        source = self._source
        if self._chance(0.02):
            return PAUSE_ADDRESS + _mac(index) + PAUSE + source.randrange(8).to_bytes(2, "big") + bytes(42)
        others = [_mac(source.randrange(self._request.stations)) for _ in range(3)]
        group = bytes([1, 0, 0x5E, 0, 0, source.randrange(256)])
        return source.choice((*others, BROADCAST, group)) + _mac(index) + source.choice(TYPES)

    def _octets(self) -> int:
        """Draw what goes into TX_OCTETS: destination address to the end of data, or a length to be refused."""
        source = self._source
        if self._chance(0.03):
            return source.choice((0, 1, 13, 1515, 1516, 2047))
        return source.choice((
            MIN_HEAD_OCTETS, 59, 60, 61, 1514, 1513,
            *(source.randrange(MIN_HEAD_OCTETS, 61) for _ in range(3)),
            *(source.randrange(61, 400) for _ in range(4)),
            source.randrange(400, 1515),
        ))  # fmt: skip

    def _pokes(self, setup: tuple[tuple[int, int], ...]) -> list[Poke]:
        """Draw what a careless driver does in the middle of the traffic.

        With ``setup``, which is to be written again after it, a soft reset may be among that. The parameters of the
        MAC are then those of the standard, because a reset that changed them would do so while a frame is under way.
        """
        source = self._source
        reset = ((reg.REG_CTRL, reg.CTRL_SOFT_RESET), *(((reg.REG_ERROR, 0),) * RESET_ACCESSES), *setup)
        choices = (
            ((reg.REG_INT_MASK, source.randrange(256)),),
            ((reg.REG_INT_STATUS, source.randrange(256)),),
            ((reg.REG_PAUSE_CFG, reg.PAUSE_CFG_RX_ENABLE | reg.PAUSE_CFG_SEND | source.randrange(8)),),
            ((reg.REG_RX_BNRY, source.randrange(RING_FIRST_PAGE, BUFFER_PAGES)),),
            ((reg.REG_BACKOFF_INJECT, source.randrange(1 << 16)),),
            ((reg.REG_TX_OCTETS, source.randrange(2048)),),
            ((reg.REG_TX_PAGE + reg.TX_SLOT_STRIDE, source.randrange(RING_FIRST_PAGE)),),
            ((reg.REG_ID, 0),),
            ((reg.REG_ERROR + 4, 0),),
            ((reg.REG_MDIO, source.randrange(1 << 28)),),
            *((reset,) * 4 if setup else ()),
        )
        times = [(SETUP_BITS + source.randrange(EPISODE_BITS // 2)) * self._bit_ns for _ in range(source.randrange(4))]
        return [Poke(at_ns, source.choice(choices)) for at_ns in times]
