from __future__ import annotations

import re

from scapy.layers.inet import TCP

from tests.lab.solutions.recorded import Recorded, octets, relative_ack

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"


def _span_ns(run: Recorded, station: str, state: str) -> int:
    rows = run.blocks(station)
    begin = next(index for index, row in enumerate(rows) if row["state"] == state)
    end = next(row for row in rows[begin:] if row["block"] == rows[begin]["block"] and row["state"] != state)
    return int(end["t_ns"] - rows[begin]["t_ns"])


def answers(run: Recorded) -> dict[str, int | str]:
    fins = [index for index, packet in enumerate(run.segments) if "F" in packet[TCP].flags]
    client_fin = next(index for index in fins if run.segments[index].src == CLIENT)
    waits = {row["station"] for row in run.sockets if row.get("state") == "TIME_WAIT"}
    states = [row["state"] for row in run.blocks("server") if row.get("foreign") != "*:*"]
    return {
        "fins": len(fins),
        "after-fin": sum(octets(packet) for packet in run.segments[client_fin:] if packet.src == SERVER),
        "who-waits": ", ".join(waits),
        "time-wait": _span_ns(run, "client", "TIME_WAIT") // 1_000_000,
        "half-closed": _span_ns(run, "client", "FIN_WAIT_2") // 1000,
        "fin-number": relative_ack(run.segments, run.of(SERVER)[-1]),
        "last-state": states[states.index("gone") - 1].replace("_", "-"),
    }


def changed(text: str) -> str:
    request = re.search(r"send s (\d+)\n +- wait 4 ms", text)
    assert request
    server = text.replace("- receive s end\n        - send s", f"- receive s {request[1]}\n        - send s", 1)
    server = server.replace(
        "- wait 3 ms\n        - close s", "- shutdown s\n        - receive s end\n        - close s", 1
    )
    return server.replace("- shutdown s\n        - receive s end\n        - close s\n        - wait 20 ms",
                          "- receive s end\n        - close s\n        - wait 20 ms", 1)  # fmt: skip
