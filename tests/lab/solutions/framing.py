from __future__ import annotations

import re

from scapy.layers.inet import UDP
from scapy.layers.l2 import Ether

from tests.lab.solutions.recorded import Recorded


def answers(run: Recorded) -> dict[str, int | str]:
    first, second = (bytes(packet) for packet in run.packets if UDP in packet)
    datagram = next(packet[UDP] for packet in run.packets if UDP in packet)
    source, destination = (int(address[-2:], 16) for address in (Ether(first).src, Ether(first).dst))
    return {
        "shortest": len(first),
        "pad": len(first) - 14 - 20 - datagram.len - 4,
        "duration": 8 * (7 + 1 + len(first)),
        "first-nibble": destination % 16,
        "type-nibble": 1,
        "first-bit": source % 2,
        "fcs": first[-4],
        "long-frame": len(second),
    }


def changed(text: str) -> str:
    return re.sub(r"4000 \d+, wait", "4000 18, wait", text)
