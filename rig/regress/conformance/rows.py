"""The table of the MAC conformance list: every row by its id, and the coroutine that checks it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from rig.errors import UsageError
from rig.regress.conformance import (
    rows_backoff,
    rows_collision,
    rows_counters,
    rows_deference,
    rows_duplex,
    rows_host,
    rows_receive,
    rows_rmii,
    rows_transmit,
)
from rig.regress.conformance.mac import Mac

Check = Callable[[Mac], Awaitable[None]]


class Bench(Enum):
    """What a row runs on."""

    PINS = "one adapter at its pins"
    SEGMENT = "stations on a segment"
    RMII = "one adapter behind the RMII shim"


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``check`` is None where the bench or the hardware is another; ``speeds`` are those that apply.

    ``on_bit_clock``: the twin runs it on the bit clock of clause 4 too, where a rule shows in full.
    """

    id: str
    title: str
    check: Check | None
    speeds: tuple[int, ...] = (100, 10)
    on_bit_clock: bool = False
    bench: Bench = Bench.PINS
    words: str = ""

    @property
    def evidence(self) -> str:
        """What is done, in the words of the coroutine where there is one."""
        text = self.words if self.check is None else self.check.__doc__ or ""
        return " ".join(text.split()).removeprefix(f"{self.id}: ")


ROWS: tuple[Row, ...] = (
    Row("MAC-1.1", "reception with FCS error", rows_receive.fcs_error),
    Row("MAC-1.2", "fragments and runts", rows_receive.fragments_and_runts),
    Row("MAC-1.3", "frames greater than maximum", rows_receive.too_long),
    Row("MAC-1.4", "length errors", rows_receive.length_errors),
    Row("MAC-1.5", "alignment", rows_receive.alignment, on_bit_clock=True),
    Row("MAC-1.6", "SFD errors", rows_receive.sfd_errors, on_bit_clock=True),
    Row("MAC-1.7", "preamble", rows_receive.preamble_length, on_bit_clock=True),
    Row("MAC-1.8", "receive gap", rows_receive.receive_gap, on_bit_clock=True),
    Row("MAC-2.1", "preamble and SFD sent", rows_transmit.preamble_and_sfd, on_bit_clock=True),
    Row("MAC-2.2", "FCS sent", rows_transmit.fcs_vectors),
    Row("MAC-2.3", "padding", rows_transmit.padding),
    Row("MAC-2.4", "bit order", rows_transmit.bit_order, on_bit_clock=True),
    Row("MAC-3.1", "gap after own frame", rows_deference.gap_after_own, on_bit_clock=True),
    Row("MAC-3.2", "gap after another's frame", rows_deference.gap_after_others, on_bit_clock=True),
    Row("MAC-3.3", "part 1 value", rows_deference.part1_value, on_bit_clock=True),
    Row("MAC-4.1", "defer", rows_deference.defer, on_bit_clock=True),
    Row("MAC-4.2", "collision at every bit 0..511", rows_collision.every_bit, on_bit_clock=True),
    Row("MAC-4.3", "jam is no valid CRC", rows_collision.jam_is_no_fcs, on_bit_clock=True),
    Row("MAC-4.4", "backoff distribution", rows_backoff.backoff_distribution),
    Row("MAC-4.5", "attempt limit", rows_backoff.attempt_limit),
    Row("MAC-4.6", "late collision", rows_collision.late, on_bit_clock=True),
    Row("MAC-4.7", "slot time edge", rows_collision.slot_time_edge, on_bit_clock=True),
    Row("MAC-4.8", "excessive deferral", rows_backoff.excessive_deferral, on_bit_clock=True),
    Row("MAC-4.9", "carrier sense and SQE test errors", rows_backoff.carrier_and_sqe),
    Row(
        "MAC-4.10",
        "stations sharing a segment",
        None,
        bench=Bench.SEGMENT,
        words="bursts of 2, 3, 5 and 10 stations with own seeds, and two that never rest: order, every attempt and "
        "every ns the same on RTL and twin; collisions of a burst, lone draws and capture as theory says, 4 sigma",
    ),
    Row("MAC-5.1", "full duplex", rows_duplex.full_duplex),
    Row("MAC-5.2", "both ways at line rate", rows_duplex.line_rate),
    Row("MAC-5.3", "Pause", rows_duplex.pause_received),
    Row("MAC-5.4", "filters", rows_duplex.filters),
    Row("MAC-5.5", "loopback", rows_duplex.loopback),
    Row("MAC-6.1", "RMII", rows_rmii.rmii, bench=Bench.RMII),
    Row("MAC-6.2", "MDIO", rows_host.mdio),
    Row("MAC-7.1", "ring and interrupts", rows_host.ring_and_interrupts),
    Row("MAC-7.2", "counters", rows_counters.counters),
)


def find_rows(ids: Sequence[str] | None) -> tuple[Row, ...]:
    """Return the rows with these ids, or all; :class:`UsageError` for an id that is not in the list."""
    if not ids:
        return ROWS
    known = {row.id: row for row in ROWS}
    for each in ids:
        if each not in known:
            raise UsageError(f"there is no conformance row {each!r}; the list goes from {ROWS[0].id} to {ROWS[-1].id}")
    return tuple(row for row in ROWS if row.id in ids)
