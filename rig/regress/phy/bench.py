"""What a program in the simulator can do with ``phy_bench``: two 10BASE-T PHYs on a link.

Times of the bench are ns of the simulation. :func:`read_record` gives the changes in the recorder's file, in ps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.adapter import registers as reg
from rig.errors import UsageError
from rig.runtime.kernel import Scheduler

NOMINAL_HALF_FS = 8_333_333
PHY_ADDRESS = 1
BIT_NS = 100

RX_DV, RX_CLK = 1 << 3, 1 << 7  # bits of the recorder, of end 0; those of end 1 are 8 higher
NAMES = ("td_p", "td_n", "tx_en", "rx_dv", "crs", "col", "link", "rx_clk")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one recorded signal: ``end`` 0 or 1, ``name`` one of NAMES."""

    time_ps: int
    end: int
    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What a source of traffic has sent or received: frames, their octets, and the sum of their FCS (32 bits)."""

    frames: int
    octets: int
    digest: int


class PhyEnd:
    """One of the two ends: PHY, clock, the pair that it receives from, traffic and management."""

    def __init__(self, scheduler: Scheduler, handle: Any) -> None:
        self._scheduler = scheduler
        self._handle = handle
        self._toggles = {"request": 0, "mdio_request": 0}

    def clock(self, ppm: int) -> None:
        """Set how far the clock is off, in parts per million; only at time 0."""
        self._handle.clocks.half_fs.value = round(NOMINAL_HALF_FS * (1 - ppm / 1e6))

    def pair(self, **settings: int) -> None:
        """Set the pair that this end hears: delay_ps, jitter_ps, seed, is_extreme, is_reversed, is_cut, script_on."""
        for name, value in settings.items():
            getattr(self._handle.pair, name).value = value

    def reset(self, on: bool) -> None:
        """Hold the PHY in reset, as it is from time 0, or let it go."""
        self._handle.reset.value = int(on)

    def jab(self, on: bool) -> None:
        """Keep TX_EN up, or let it fall."""
        self._handle.traffic.jab.value = int(on)

    def send(self, frames: int, octets: tuple[int, int], *, seed: int = 1, gap_bits: int = 96) -> None:
        """Begin to send ``frames`` frames of octets[0] to octets[1] octets (with FCS)."""
        traffic = self._handle.traffic
        traffic.least_octets.value, traffic.most_octets.value = octets
        traffic.gap_nibbles.value = gap_bits // 4
        traffic.frames.value = frames
        traffic.seed.value = seed
        self._toggles["request"] ^= 1
        traffic.request.value = self._toggles["request"]

    @property
    def sent(self) -> Counts:
        """What has left the source."""
        traffic = self._handle.traffic
        return Counts(int(traffic.sent.value), int(traffic.sent_octets.value), int(traffic.sent_digest.value))

    @property
    def received(self) -> Counts:
        """The good frames that have arrived."""
        traffic = self._handle.traffic
        return Counts(int(traffic.good.value), int(traffic.octets.value), int(traffic.digest.value))

    @property
    def bad(self) -> int:
        """Receptions that were no good frame."""
        return int(self._handle.traffic.bad.value)

    @property
    def scripts_done(self) -> int:
        """Line scripts that have ended."""
        return int(self._handle.pair.script_done.value)

    async def read_register(self, register: int) -> int:
        """Read a clause 22 register over MDIO."""
        word = PHY_ADDRESS << reg.MDIO_PHYAD_LSB | register << reg.MDIO_REGAD_LSB
        result = await self._access(word)
        if result & reg.MDIO_NO_ANSWER:
            raise UsageError(f"no PHY answers at address {PHY_ADDRESS}")
        return result & reg.MDIO_DATA

    async def write_register(self, register: int, value: int) -> None:
        """Write a clause 22 register over MDIO."""
        word = PHY_ADDRESS << reg.MDIO_PHYAD_LSB | register << reg.MDIO_REGAD_LSB
        await self._access(word | reg.MDIO_WRITE | value)

    async def _access(self, word: int) -> int:
        self._handle.mdio_word.value = word
        self._toggles["mdio_request"] ^= 1
        self._handle.mdio_request.value = self._toggles["mdio_request"]
        await self._scheduler.sleep_until(self._scheduler.now_ns + 100)
        for _ in range(100):
            result = int(self._handle.mdio_result.value)
            if not result & reg.MDIO_BUSY:
                return result
            await self._scheduler.sleep_until(self._scheduler.now_ns + 1_000)
        raise UsageError("an MDIO frame does not end; is the end in reset?")


class PhyBench:
    """Both ends and the recorder; make it at time 0 of the simulation."""

    def __init__(self, scheduler: Scheduler, dut: Any) -> None:
        self.scheduler = scheduler
        self.ends = tuple(PhyEnd(scheduler, dut.port[index]) for index in range(2))
        self._dut = dut

    @property
    def links(self) -> tuple[bool, bool]:
        """Whether each end has a link."""
        attention = int(self._dut.attention.value)
        return bool(attention >> 3 & 1), bool(attention >> 7 & 1)

    def watch(self, *names: str, ends: tuple[int, ...] = (0, 1)) -> None:
        """Record the changes of these signals, and no others, from now on."""
        self._dut.recorder.watched.value = sum(1 << NAMES.index(name) + 8 * end for name in names for end in ends)

    async def sleep(self, duration_ns: int) -> None:
        """Wait."""
        await self.scheduler.sleep_until(self.scheduler.now_ns + duration_ns)

    async def until(self, condition: Callable[[], bool], limit_ns: int, step_ns: int = 2_000) -> bool:
        """Wait until ``condition`` holds, asked every ``step_ns``; False if it does not within ``limit_ns``."""
        deadline_ns = self.scheduler.now_ns + limit_ns
        while not condition():
            if self.scheduler.now_ns >= deadline_ns:
                return False
            await self.sleep(step_ns)
        return True

    async def start(self) -> None:
        """Let both ends out of reset."""
        await self.sleep(1_000)
        for end in self.ends:
            end.reset(False)
        await self.sleep(1_000)


def read_record(path: Path) -> list[Change]:
    """Return the changes in the recorder's file, in order; empty if there is none."""
    return list(_changes(path.read_text(encoding="ascii"))) if path.exists() else []


def read_receptions(path: Path, end: int) -> list[list[int]]:
    """Return the nibbles of each reception (RX_DV) at an end, if its rx_clk and rx_dv were watched."""
    receptions: list[list[int]] = []
    was_receiving = False
    for line in path.read_text(encoding="ascii").splitlines():
        _, mask_text, value_text = line.split()
        mask, value = int(mask_text, 16), int(value_text, 16) >> 8 * end
        is_receiving = bool(value & RX_DV)
        if is_receiving and not was_receiving:
            receptions.append([])
        was_receiving = is_receiving
        if is_receiving and value & RX_CLK and mask >> 8 * end & RX_CLK:
            receptions[-1].append(int(value_text, 16) >> 16 + 4 * end & 0xF)
    return receptions


def _changes(text: str) -> Iterator[Change]:
    for line in text.splitlines():
        time_text, mask_text, value_text = line.split()
        mask, value = int(mask_text, 16), int(value_text, 16)
        for bit in range(16):
            if mask >> bit & 1:
                yield Change(round(float(time_text) * 1000), bit // 8, NAMES[bit % 8], value >> bit & 1)
