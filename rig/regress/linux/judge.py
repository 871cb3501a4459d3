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

_BAD, _CHECKS = "0", ("ip.check_checksum", "tcp.check_checksum", "udp.check_checksum")


def judge(capture: Path, *, conduct: bool) -> dict[str, int]:
    """Return how many frames of ours have which mark; without ``conduct`` only damage counts: form and checksums.

    :class:`ToolError` where tshark fails.
    """
    marks = {**INTEGRITY, **CONDUCT} if conduct else INTEGRITY
    bad = " || ".join(f"{name} == {_BAD}" if name.endswith("status") else name for name in marks)
    command = ["tshark", "-n", "-r", str(capture), "-Y", f"eth.src == {OUR_MAC} && ({bad})", "-T", "fields"]
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
    for line in result.stdout.splitlines():
        for (name, word), value in zip(marks.items(), line.split("\t"), strict=False):
            if value and (not name.endswith("status") or _BAD in value.split(",")):
                counts[word] += 1
    return dict(counts)
