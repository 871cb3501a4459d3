"""``rig board faults``: what a bad serial line costs, as a table."""

from __future__ import annotations

from dataclasses import replace

from rig.boards.faults import Choice, Player, fault_table, play_on_twins
from rig.cli.json_output import print_json
from rig.errors import ExitCode


def show_faults(choice: Choice, far_end: str, *, as_json: bool) -> ExitCode:
    """Play faults of the link on a far end, ``twin`` or ``rtl``, and print the table."""
    player: Player = play_on_twins
    if far_end == "rtl":
        from rig.boards.rtl_faults import BLOCK_WORDS, PORTION, play_on_rtl  # simulators are looked for only when used

        player, choice = play_on_rtl, replace(choice, block_words=BLOCK_WORDS, portion=PORTION)
    rows = []
    if not as_json:
        print(
            f"{'fault':40} {'rate':>7} {'transactions':>12} {'octets hit':>10} {'wrong reads':>11} "
            f"{'wrong writes':>12} {'twice':>5} {'device ms':>9} {'clean ms':>9} {'ratio':>6}"
        )
    for row in fault_table(player, choice):
        rows.append(row)
        if not as_json:
            rate = "once" if row.rate is None else f"{row.rate:g}"
            clean = "-" if row.clean_time_ms is None else f"{row.clean_time_ms:.1f}"
            ratio = "-" if row.time_ratio is None else f"{row.time_ratio:.2f}"
            print(
                f"{row.fault:40} {rate:>7} {row.transactions:12} {row.octets_hit:10} {row.wrong_reads:11} "
                f"{row.wrong_writes:12} {row.duplicate_effects:5} {row.device_time_ms:9.1f} "
                f"{clean:>9} {ratio:>6}"
                f"{'  ' + row.problem if row.problem else ''}",
                flush=True,
            )
    if as_json:
        print_json({"far_end": far_end, "rows": [row.as_dict() for row in rows]})
    return ExitCode.PASSED if all(row.is_passed for row in rows) else ExitCode.TEST_FAILURES
