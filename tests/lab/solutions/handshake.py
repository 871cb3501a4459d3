from __future__ import annotations

from scapy.layers.inet import TCP

from tests.lab.solutions.recorded import Recorded, octets, option

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"


def answers(run: Recorded) -> dict[str, int | str]:
    syn, syn_ack = (next(packet for packet in run.of(host) if "S" in packet[TCP].flags) for host in (CLIENT, SERVER))
    established = {
        station: next(
            row["t_ns"] for row in run.sockets if row["station"] == station and row.get("state") == "ESTABLISHED"
        )
        for station in ("client", "server")
    }
    return {
        "syn-segments": sum("S" in packet[TCP].flags for packet in run.segments),
        "syn-length": syn_ack[TCP].ack - syn[TCP].seq,
        "data-in-syn": octets(syn),
        "client-isn": syn[TCP].seq,
        "server-isn": syn_ack[TCP].seq,
        "syn-ack-number": syn_ack[TCP].ack,
        "first-data": run.of(CLIENT, data=True)[0][TCP].seq,
        "mss": option(syn_ack, "MSS"),
        "later-established": (established["server"] - established["client"]) // 1000,
    }


def changed(text: str) -> str:
    return text.replace("connect s server 80", "connect s server 81")
