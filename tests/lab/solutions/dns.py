from __future__ import annotations

from typing import Any

from scapy.layers.dns import DNS
from scapy.layers.inet import ICMP, IP, UDP, UDPerror

from tests.lab.solutions.recorded import Recorded


def answers(run: Recorded) -> dict[str, int | str]:
    datagrams = [packet for packet in run.packets if UDP in packet]
    queries = [packet for packet in datagrams if packet[UDP].dport == 53]
    replies = {packet[DNS].qd[0].qname.decode(): packet[DNS] for packet in datagrams if packet[UDP].sport == 53}
    refused = [packet for packet in run.packets if ICMP in packet and (packet[ICMP].type, packet[ICMP].code) == (3, 3)]
    look_up = run.calls("client", "look-up")[0]
    sent = next(packet for packet in datagrams if packet[UDP].dport == 4000)
    return {
        "queries": len(queries),
        "first-look-up": (look_up["t_ns"] - look_up["start_ns"]) // 1_000_000,
        "length": sent[UDP].len,
        "from-ns1": _outcome(run, queries[0]),
        "from-ns2": _outcome(run, queries[1]),
        "records": replies["www.lab.test."].ancount,
        "which": int(sent[IP].dst.split(".")[3]),
        "code": replies["lost.lab.test."].rcode,
        "ports": len({packet[UDP].sport for packet in queries}),
        "pseudo": _pseudo_sum(queries[0]),
        "refused-port": refused[-1][UDPerror].dport,
    }


def _outcome(run: Recorded, query: Any) -> str:
    port = query[UDP].sport
    if any(UDP in packet and packet[UDP].dport == port for packet in run.packets):
        return "answered"
    errors = [packet for packet in run.packets if UDPerror in packet and packet[UDPerror].sport == port]
    return "port-unreachable" if errors else "silent"


def _pseudo_sum(packet: Any) -> int:
    octets = bytes(int(each) for address in (packet[IP].src, packet[IP].dst) for each in address.split("."))
    octets += bytes([0, 17]) + packet[UDP].len.to_bytes(2, "big")
    total = sum(octets[0::2]) * 256 + sum(octets[1::2])
    return (total & 0xFFFF) + (total >> 16)


def changed(text: str) -> str:
    return text.replace("servers: [ns1, ns2, ns3]", "servers: [ns3, ns2, ns1]")
