from __future__ import annotations

import re

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether

from tests.lab.solutions.recorded import Recorded

MACS = {"02:00:00:00:00:01": "client", "02:00:00:00:00:03": "neighbour", "02:00:00:00:00:02": "server",
        "02:00:00:00:01:00": "router-eth0", "02:00:00:00:01:01": "router-eth1"}  # fmt: skip


def answers(run: Recorded) -> dict[str, int | str]:
    requests = [packet for packet in run.packets if ARP in packet and packet[ARP].op == 1]
    udp = [packet for packet in run.packets if UDP in packet]
    of_client = [packet for packet in udp if MACS[packet[Ether].src] == "client"]
    stations = run.json("result.json")["stations"]
    names = {station["ip"].split("/")[0]: name for name, station in stations.items()}
    asked = [names[each[ARP].pdst] for each in requests if MACS[each[Ether].src] == "client"]
    by_router = [each for each in requests if MACS[each[Ether].src] == "router-eth1"]
    to_server = next(packet for packet in udp if MACS[packet[Ether].dst] == "server")
    return {
        "client-asks": len(asked),
        "server-asked": asked[1],
        "ttl": to_server[IP].ttl,
        "to-neighbour": MACS[of_client[0][Ether].dst],
        "to-server": MACS[of_client[1][Ether].dst],
        "all-udp": len(udp),
        "asked-for": int(by_router[0][ARP].pdst.split(".")[3]),
        "source": int(to_server[IP].src.split(".")[3]),
        "length": len(to_server),
        "router-asks": len(by_router),
    }


def changed(text: str) -> str:
    return re.sub(r"ip: 10.0.2.\d+/24, gateway: 10.0.2.254, segment: far, position_bits: 0",
                  "ip: 10.0.1.201/24, gateway: 10.0.1.254, segment: near, position_bits: 45", text)  # fmt: skip
