"""No row of the MAC conformance list is worth anything if it passes a MAC that is wrong: one planted bug for each.

The bugs are planted in the twin, where that costs nothing; a row is the same coroutine on the Verilog.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest

from firmware_models.adapter import adapter, csma_cd, mac, reception, transmit_slots
from firmware_models.adapter.backoff import Generator
from firmware_models.adapter.buffer_memory import ReceiveRing
from firmware_models.adapter.collision_detect import CollisionDetect
from firmware_models.adapter.counters import Counters
from firmware_models.adapter.csma_cd import CsmaCd
from firmware_models.adapter.csma_parameters import CsmaParameters
from firmware_models.adapter.deference import Deference
from firmware_models.adapter.mac import Verdict
from firmware_models.adapter.mdio_phy import RegisterPhy
from firmware_models.adapter.reception import ReceiveMac
from firmware_models.network import segment
from rig.regress.conformance.rows import ROWS, find_rows
from rig.regress.conformance.runner import run_twin

Plant = Callable[[pytest.MonkeyPatch], None]


def forgives(wrong: Verdict) -> Plant:
    """The receiver takes one sort of bad frame for a good one."""
    real = mac.judge

    def judge(*arguments: Any, **named: Any) -> Verdict:
        verdict = real(*arguments, **named)
        return Verdict.OK if verdict is wrong else verdict

    return lambda patch: patch.setattr(adapter, "judge", judge)


def judges(change: Callable[..., tuple[Any, ...]]) -> Plant:
    """The receiver judges by other octets, excess bits or limit."""
    real = mac.judge
    return lambda patch: patch.setattr(adapter, "judge", lambda *arguments, **named: real(*change(*arguments), **named))


def hunts(find: Callable[[bytes, int], int | None]) -> Plant:
    """The receiver finds another SFD."""
    return lambda patch: patch.setattr(reception, "find_frame", find)


def takes_5c(units: bytes, bits: int) -> int | None:
    return mac.find_frame(units.replace(b"\x05\x0c", b"\x05\x0d"), bits)


def wants_preamble(units: bytes, bits: int) -> int | None:
    found = mac.find_frame(units, bits)
    return None if found is not None and found <= 16 // bits else found


def needs_a_rest(patch: pytest.MonkeyPatch) -> None:
    """A receiver that is deaf for the time of 60 bits after each frame."""
    last: dict[int, int] = {}
    real = ReceiveMac._offer

    def offer(self: ReceiveMac, octets: bytes, bits: int, error: bool, first_edge: int, end_edge: int) -> None:
        rested = first_edge - 16 - last.get(id(self), -100) >= 15
        last[id(self)] = end_edge
        if rested:
            real(self, octets, bits, error, first_edge, end_edge)

    patch.setattr(ReceiveMac, "_offer", offer)


def sends(change: Callable[[bytes], bytes], pad: bool | None = None) -> Plant:
    """The transmitter changes a frame; it pads if ``pad`` says so."""
    real = mac.frame_to_send

    def frame_to_send(data: bytes, **how: bool) -> bytes:
        return change(real(data, **(how if pad is None else how | {"pad": pad})))

    return lambda patch: patch.setattr(transmit_slots, "frame_to_send", frame_to_send)


def wire(change: Callable[[bytes], bytes]) -> Plant:
    """What TXD carries is changed, header included."""
    real = segment.Transmission.sent_units
    return lambda patch: patch.setattr(segment.Transmission, "sent_units", lambda *args: change(real(*args)))


def a_valid_jam(patch: pytest.MonkeyPatch) -> None:
    """The jam is the FCS of what came before it."""
    real = segment.Transmission.sent_units

    def sent_units(self: segment.Transmission, bits: int) -> bytes:
        units = real(self, bits)
        if self.jam_from is None or bits != 4 or self.jam_from < 32 or self.jam_from % 2:
            return units
        octets = bytes(units[at] | units[at + 1] << 4 for at in range(16, self.jam_from, 2))
        fcs = zlib.crc32(octets).to_bytes(4, "little")
        return units[: self.jam_from] + segment.to_units(fcs, bits) + bytes(64)

    patch.setattr(segment.Transmission, "sent_units", sent_units)


def configures(change: Callable[[CsmaCd], None]) -> Plant:
    """The machine is set up wrongly."""
    real = CsmaCd.configure

    def configure(self: CsmaCd, parameters: CsmaParameters) -> None:
        real(self, parameters)
        change(self)

    return lambda patch: patch.setattr(CsmaCd, "configure", configure)


def replaces(owner: object, name: str, value: object) -> Plant:
    """One attribute is another."""
    return lambda patch: patch.setattr(owner, name, value)


def takes_63_octets(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reception, "MIN_FRAME_OCTETS", 63)
    patch.setattr(adapter, "MIN_FRAME_OCTETS", 63)


def set_part1(edges: int | None) -> Callable[[CsmaCd], None]:
    def change(machine: CsmaCd) -> None:
        machine.deference.part1_edges = machine.deference.total_edges if edges is None else edges

    return change


def longer_jam(machine: CsmaCd) -> None:
    machine.jam_edges += 1


def longer_gap(machine: CsmaCd) -> None:
    machine.deference.total_edges += 1


def hears_in_full_duplex(machine: CsmaCd) -> None:
    machine.deference.full_duplex = False


def one_attempt_less(self: CsmaCd, edge: int) -> None:
    if self._report.collisions == self.parameters.attempt_limit - 1:
        self._report.has_excessive_collisions = True
        self._done(edge)
    else:
        after_collision(self, edge)


def forgets_who_sent(self: Deference, edge: int, sees_itself: bool) -> None:
    ended(self, edge, sees_itself)
    self._had_transmitted = False


def does_not_defer(self: Deference, waiting_edge: int, known_edge: int) -> int | None:
    start = earliest(self, waiting_edge, known_edge)
    return start if start is not None else max(waiting_edge, known_edge)


def counts_deferred_as_collided(self: Counters, name: str, amount: int = 1) -> None:
    add(self, "aMultipleCollisionFrames" if name == "aDeferredTransmissions" else name, amount)


def wraps_a_page_late(self: ReceiveRing, page: int, pages: int = 1) -> int:
    return after(self, page, pages) if page + pages < self.stop else self.start + 1


after_collision, ended, earliest = CsmaCd._after_collision, Deference.transmission_ended, Deference.earliest_start
add, after, word = Counters.add, ReceiveRing.after, Generator.word

BUGS: dict[str, Plant] = {
    "MAC-1.1": forgives(Verdict.FCS_ERROR),
    "MAC-1.2": takes_63_octets,
    "MAC-1.3": judges(lambda octets, excess, limit: (octets, excess, limit + 1)),
    "MAC-1.4": forgives(Verdict.IN_RANGE_LENGTH),
    "MAC-1.5": judges(lambda octets, excess, limit: (octets, 0, limit)),
    "MAC-1.6": hunts(takes_5c),
    "MAC-1.7": hunts(wants_preamble),
    "MAC-1.8": needs_a_rest,
    "MAC-2.1": wire(lambda units: units[2:]),
    "MAC-2.2": sends(lambda frame: bytes([*frame[:-1], frame[-1] ^ 1])),
    "MAC-2.3": sends(lambda frame: frame, pad=False),
    "MAC-2.4": sends(lambda frame: frame[:-4] + frame[:-5:-1]),
    "MAC-3.1": replaces(Deference, "transmission_ended", forgets_who_sent),
    "MAC-3.2": configures(set_part1(None)),
    "MAC-3.3": configures(set_part1(16)),
    "MAC-4.1": replaces(Deference, "earliest_start", does_not_defer),
    "MAC-4.2": configures(longer_jam),
    "MAC-4.3": a_valid_jam,
    "MAC-4.4": replaces(Generator, "word", lambda self: word(self) & ~1),
    "MAC-4.5": replaces(CsmaCd, "_after_collision", one_attempt_less),
    "MAC-4.6": replaces(CsmaCd, "_late_edges", lambda self: 1 << 60),
    "MAC-4.7": replaces(CsmaCd, "_late_edges", lambda self: self.slot_edges + 2),
    "MAC-4.8": replaces(csma_cd, "MAX_DEFER_BITS", csma_cd.MAX_DEFER_BITS + 4),
    "MAC-4.9": replaces(CollisionDetect, "has_lost_carrier", lambda self: False),
    "MAC-4.10": replaces(Generator, "word", lambda self: word(self) & ~1),
    "MAC-5.1": configures(hears_in_full_duplex),
    "MAC-5.2": configures(longer_gap),
    "MAC-5.3": replaces(csma_cd, "PAUSE_QUANTUM_BITS", 256),
    "MAC-5.4": replaces(mac, "multicast_hash", lambda destination: zlib.crc32(destination) & 0x3F),
    "MAC-5.5": replaces(adapter.LanAdapter, "_looped_back", lambda *_: None),
    "MAC-6.1": configures(longer_jam),
    "MAC-6.2": replaces(RegisterPhy, "read_register", lambda self, phy, register: 0),
    "MAC-7.1": replaces(ReceiveRing, "after", wraps_a_page_late),
    "MAC-7.2": replaces(Counters, "add", counts_deferred_as_collided),
}


def test_every_row_has_its_bug() -> None:
    assert list(BUGS) == [row.id for row in ROWS]


@pytest.mark.parametrize("row_id", BUGS)
def test_a_wrong_mac_fails(row_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BUGS[row_id](monkeypatch)
    verdicts = run_twin(find_rows([row_id]), is_thorough=False)
    failed = [verdict for verdict in verdicts if not verdict.passed]
    assert failed, f"{row_id} passes {sum(verdict.cases for verdict in verdicts)} cases with a bug in the MAC"
    assert all(verdict.failures for verdict in failed)
