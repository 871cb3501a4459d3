from __future__ import annotations

from scapy.layers.inet import TCP

from tests.lab.solutions.recorded import Recorded, octets, relative, relative_ack, time_ns

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"


def answers(run: Recorded) -> dict[str, int | str]:
    sent = acknowledged = 1
    flight = []
    window = None
    probes = []
    for packet in run.segments:
        if packet.src == SERVER:
            acknowledged = max(acknowledged, relative_ack(run.segments, packet))
            window = packet[TCP].window
        elif octets(packet):
            sent = max(sent, relative(run.segments, packet) + octets(packet))
            flight.append(sent - acknowledged)
            if window == 0:
                probes.append(packet)
    acks = [packet for packet in run.of(SERVER) if "S" not in packet[TCP].flags]
    closed = next(packet for packet in acks if packet[TCP].window == 0)
    opened = next(packet for packet in acks[acks.index(closed) :] if packet[TCP].window)
    return {
        "in-flight": max(flight),
        "smallest": min(packet[TCP].window for packet in acks),
        "probe-octets": octets(probes[0]),
        "closed-at": relative_ack(run.segments, closed),
        "probes": len(probes),
        "between-probes": (time_ns(probes[1]) - time_ns(probes[0])) // 1000,
        "reopened": opened[TCP].window,
    }


def changed(text: str) -> str:
    return text.replace("receive-buffer welcome 4380", "receive-buffer welcome 65535")
