"""Queries about sockets: the calls of programs, and the control blocks behind the descriptors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rig.lab.facts import LabFacts, NoSuchFactError


def call_field(facts: LabFacts, station: str, verb: str, field: str, nth: int = 1) -> int | str:
    """Return a field of the n-th call of a verb (-1: the last) in a station's programs: descriptor, octets, result,
    start_ns, t_ns (its end), duration_ns.
    """
    found = [row for row in facts.calls(station) if row["verb"] == verb]
    row = _nth(found, nth, f"call of {verb} by {station}")
    return _field({**row, "duration_ns": row["t_ns"] - row["start_ns"]}, field, f"the call {row['line']!r}")


def call_count(facts: LabFacts, station: str, verb: str) -> int:
    """Count the calls of a verb in a station's programs."""
    return sum(row["verb"] == verb for row in facts.calls(station))


def unread_after(facts: LabFacts, station: str, verb: str, nth: int = 1) -> int:
    """Return how many octets waited in the receive buffer of a socket just after the n-th call of a verb on it."""
    found = [row for row in facts.calls(station) if row["verb"] == verb]
    row = _nth(found, nth, f"call of {verb} by {station}")
    rows = facts.run.sockets[: facts.run.sockets.index(row)]
    for before in reversed(rows):
        if before["kind"] == "block" and before["station"] == station and before.get("descriptor") == row["descriptor"]:
            return int(before["receive_queue"])
    raise NoSuchFactError(f"the socket of {row['line']!r} is not in the record")


def block_count(facts: LabFacts, station: str, state: str = "", protocol: str = "") -> int:
    """Count the control blocks that a station had in the whole run, perhaps only those that were ever in a state."""
    return len(
        {
            row["block"]
            for row in facts.blocks(station)
            if (not state or row["state"] == state) and (not protocol or row.get("protocol") == protocol)
        }
    )


def block_field(facts: LabFacts, station: str, field: str, state: str = "", nth: int = 1, block: int = 0) -> int | str:
    """Return a field of the n-th row (-1: the last) of a station's control blocks, perhaps only of those in a state
    or of the n-th block: state, descriptor, local, foreign, receive_queue, send_queue, t_ns, and for TCP iss, irs,
    snd_una, snd_nxt, snd_wnd, rcv_nxt, rcv_wnd, mss, cwnd, ssthresh, srtt_ns, rttvar_ns, rto_ns, backoffs.
    """
    rows = [row for row in _of_block(facts, station, block) if not state or row["state"] == state]
    row = _nth(rows, nth, f"row of a control block of {station}" + (f" in state {state}" if state else ""))
    return _field(row, field, f"control block {row['block']}")


def most_blocks(facts: LabFacts, station: str, state: str = "") -> int:
    """Return how many control blocks a station had at the same time at most, perhaps only those in a state."""
    present: set[int] = set()
    most = 0
    for row in facts.blocks(station):
        is_in = row["state"] != "gone" and (not state or row["state"] == state)
        (present.add if is_in else present.discard)(row["block"])
        most = max(most, len(present))
    return most


def largest_of_block(facts: LabFacts, station: str, field: str) -> int:
    """Return the largest value that a numeric field of a station's control blocks ever had, as of block-field."""
    values: list[int] = [row[field] for row in facts.blocks(station) if isinstance(row.get(field), int)]
    if not values:
        raise NoSuchFactError(f"no control block of {station} had a {field}")
    return max(values)


def block_changes(facts: LabFacts, station: str, field: str, nth: int = 1) -> int:
    """Return the n-th different value in a row (-1: the last) that a numeric field of a station's TCP blocks took,
    such as the n-th srtt_ns. Before the first measurement srtt_ns has none.
    """
    values: list[int] = []
    for row in facts.blocks(station):
        value = row.get(field)
        if isinstance(value, int) and (not values or values[-1] != value):
            values.append(value)
    try:
        return values[nth - 1 if nth > 0 else nth]
    except IndexError:
        raise NoSuchFactError(f"{field} of {station} took {len(values)} values; there is no number {nth}") from None


def at_backoff(facts: LabFacts, station: str, backoffs: int, field: str) -> int:
    """Return a numeric field of a station's TCP block when its time-out had just been doubled for the n-th time in a
    row, as rto_ns.
    """
    for row in facts.blocks(station):
        if row.get("backoffs") == backoffs:
            value = row.get(field)
            if isinstance(value, int):
                return value
    raise NoSuchFactError(f"the retransmission timer of {station} never expired {backoffs} times in a row")


def first_in_state(facts: LabFacts, state: str) -> str:
    """Return the name of the station that first had a control block in a state."""
    for row in facts.run.sockets:
        if row["kind"] == "block" and row["state"] == state:
            return str(row["station"])
    raise NoSuchFactError(f"no control block was ever in {state}")


def state_ns(facts: LabFacts, station: str, state: str, block: int = 0) -> int:
    """Return for how long the first of a station's control blocks that was in a state (or its n-th block) stayed in
    it, in ns.
    """
    began: dict[int, int] = {}
    for row in _of_block(facts, station, block):
        number = row["block"]
        if row["state"] == state:
            began.setdefault(number, row["t_ns"])
        elif number in began:
            return int(row["t_ns"]) - began[number]
    what = "did not leave" if began else "was never in"
    raise NoSuchFactError(f"a control block of {station} {what} {state} before the end of the run")


def _of_block(facts: LabFacts, station: str, block: int) -> list[dict[str, Any]]:
    rows = facts.blocks(station)
    if not block:
        return rows
    numbers = list(dict.fromkeys(row["block"] for row in rows))
    if block > len(numbers):
        raise NoSuchFactError(f"{station} had {len(numbers)} control blocks; there is no number {block}")
    return [row for row in rows if row["block"] == numbers[block - 1]]


def _nth(rows: list[dict[str, Any]], nth: int, what: str) -> dict[str, Any]:
    try:
        return rows[nth - 1 if nth > 0 else nth]
    except IndexError:
        raise NoSuchFactError(f"there is no {what} number {nth} in this run; there are {len(rows)}") from None


def _field(row: dict[str, Any], field: str, what: str) -> int | str:
    value = row.get(field)
    if value is None:
        raise NoSuchFactError(f"{what} has no {field} at {row['t_ns']} ns")
    if not isinstance(value, (int, str)):
        raise NoSuchFactError(f"{what}: {field} is neither a number nor a word")
    return value


QUERIES: dict[str, Callable[..., int | str]] = {
    "call-field": call_field,
    "call-count": call_count,
    "unread-after": unread_after,
    "block-count": block_count,
    "block-field": block_field,
    "block-changes": block_changes,
    "largest-of-block": largest_of_block,
    "most-blocks": most_blocks,
    "at-backoff": at_backoff,
    "first-in-state": first_in_state,
    "state-ns": state_ns,
}
