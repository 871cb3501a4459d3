from __future__ import annotations

import re
from typing import Any

from scapy.layers.inet import ICMP, IP, IPerror
from scapy.layers.l2 import Ether

from tests.lab.solutions.recorded import Recorded, time_ns

CLIENT, ROUTER = "02:00:00:00:00:01", "02:00:00:00:01:01"


def answers(run: Recorded) -> dict[str, int | str]:
    near, far = (_pieces(run, mac) for mac in (CLIENT, ROUTER))
    first, second = far.values()
    client_first, client_second = near.values()
    errors = [packet for packet in run.packets if ICMP in packet]
    given_up = next(packet for packet in errors if packet[ICMP].type == 11)
    too_long = next(packet for packet in errors if (packet[ICMP].type, packet[ICMP].code) == (3, 4))
    return {
        "near": len(client_first),
        "far": len(first),
        "offset": client_first[1][IP].frag,
        "longest": first[0][IP].len,
        "last-offset": first[-1][IP].frag,
        "more": sum("MF" in packet[IP].flags for packet in first),
        "hole": _lost_octets(run),
        "patience": (time_ns(given_up[IP]) - time_ns(second[0][IP])) // 1_000_000,
        "told": _error_about(errors, client_second[0][IP].id),
        "mtu-told": too_long[ICMP].nexthopmtu,
    }


def _pieces(run: Recorded, mac: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for packet in run.packets:
        if IP in packet and packet[Ether].src == mac and (packet[IP].frag or "MF" in packet[IP].flags):
            found.setdefault(packet[IP].id, []).append(packet)
    return found


def _lost_octets(run: Recorded) -> int:
    (row,) = (row for row in run.sockets if row["kind"] == "lost")
    return int(Ether(bytes.fromhex(row["head"]))[IP].len - 20)


def _error_about(errors: list[Any], identification: int) -> str:
    names = {(11, 1): "reassembly-time-exceeded", (11, 0): "ttl-exceeded", (3, 4): "fragmentation-needed"}
    for packet in errors:
        if packet[IPerror].id == identification:
            return names[packet[ICMP].type, packet[ICMP].code]
    return "nothing"


def changed(text: str) -> str:
    mtu = min(map(int, re.findall(r"mtu: (\d+)", text)))
    return re.sub(r"send-to d server 4000 \d+", f"send-to d server 4000 {mtu - 28}", text)
