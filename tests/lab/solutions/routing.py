from __future__ import annotations

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether

from tests.lab.solutions.recorded import Recorded

MACS = {"02:00:00:00:00:01": "client", "02:00:00:00:00:03": "neighbour", "02:00:00:00:00:02": "server",
        "02:00:00:00:01:00": "router-eth0", "02:00:00:00:01:01": "router-eth1"}  # fmt: skip
ADDRESSES = {"10.0.1.200": "neighbour", "10.0.1.254": "router-eth0", "10.0.2.254": "router-eth1", "10.0.2.1": "server"}


def answers(run: Recorded) -> dict[str, int | str]:
    requests = [packet for packet in run.packets if ARP in packet and packet[ARP].op == 1]
    udp = [packet for packet in run.packets if UDP in packet]
    of_client = [packet for packet in udp if MACS[packet[Ether].src] == "client"]
    asked = [ADDRESSES[each[ARP].pdst] for each in requests if MACS[each[Ether].src] == "client"]
    return {
        "client-asks": len(asked),
        "server-asked": asked[1],
        "ttl": next(packet[IP].ttl for packet in udp if MACS[packet[Ether].dst] == "server"),
        "to-neighbour": MACS[of_client[0][Ether].dst],
        "to-server": MACS[of_client[1][Ether].dst],
        "all-udp": len(udp),
        "router-asks": sum(MACS[each[Ether].src] == "router-eth1" for each in requests),
    }


def changed(text: str) -> str:
    return text.replace("ip: 10.0.2.1/24, gateway: 10.0.2.254, segment: far, position_bits: 0",
                        "ip: 10.0.1.201/24, gateway: 10.0.1.254, segment: near, position_bits: 45")  # fmt: skip
