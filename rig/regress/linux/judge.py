"""What tshark's experts say of a capture: the marks on frames that we sent."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

from rig.errors import ToolError
from rig.regress.linux.world import OUR_MAC

TIMEOUT_S = 120
INTEGRITY = {
    "_ws.malformed": "malformed",
    "ip.checksum.status": "IP checksum",
    "tcp.checksum.status": "TCP checksum",
    "udp.checksum.status": "UDP checksum",
    "icmp.checksum.status": "ICMP checksum",
}
CONDUCT = {
    f"tcp.analysis.{name}": name.replace("_", " ")
    for name in (
        "retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order",
        "lost_segment", "ack_lost_segment", "duplicate_ack", "zero_window", "keep_alive", "reused_ports",
    )
}  # fmt: skip
"""Marks of the experts on conduct. A window that is full, a probe of it, and a window update speak of the peer's window
or of nothing wrong."""

_REPEATED, _DUPLICATE = "tcp.analysis.retransmission", "tcp.analysis.duplicate_ack"
_BAD, _CHECKS = "0", ("ip.check_checksum", "tcp.check_checksum", "udp.check_checksum")


def judge(capture: Path, *, conduct: bool) -> dict[str, int]:
    """Return how many frames of ours have which mark; without ``conduct`` only damage counts: form and checksums.

    What the peer repeats without need, on a busy machine, must be acknowledged once more (RFC 9293, 3.10.7.4): so many
    duplicate acknowledgements are not ours to answer for.
    :class:`ToolError` where tshark fails.
    """
    marks = {**INTEGRITY, **CONDUCT} if conduct else INTEGRITY
    bad = " || ".join(f"{name} == {_BAD}" if name.endswith("status") else name for name in marks)
    marked = f"(eth.src == {OUR_MAC} && ({bad})) || (eth.src != {OUR_MAC} && {_REPEATED})"
    command = ["tshark", "-n", "-r", str(capture), "-Y", marked, "-T", "fields", "-e", "eth.src"]
    command += ["-o", "tcp.desegment_tcp_streams:FALSE"]  # a file of 50 MB would be put together again and again
    for check in _CHECKS:
        command += ["-o", f"{check}:TRUE"]
    for name in marks:
        command += ["-e", name]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as err:
        raise ToolError(f"tshark failed: {err}", command=" ".join(command)) from err
    if result.returncode != 0:
        raise ToolError("tshark failed", command=" ".join(command), last_lines=result.stderr[-2000:])
    counts: Counter[str] = Counter()
    repeated = 0
    for line in result.stdout.splitlines():
        source, *values = line.split("\t")
        if source != OUR_MAC:
            repeated += 1
            continue
        for (name, word), value in zip(marks.items(), values, strict=False):
            if value and (not name.endswith("status") or _BAD in value.split(",")):
                counts[word] += 1
    counts[CONDUCT[_DUPLICATE]] -= repeated
    return {word: count for word, count in counts.items() if count > 0}
