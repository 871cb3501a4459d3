from __future__ import annotations

from scapy.layers.inet import TCP
from scapy.layers.l2 import Ether

from tests.lab.solutions.recorded import Recorded, octets, time_ns

BROADCAST = "ff:ff:ff:ff:ff:ff"


def answers(run: Recorded) -> dict[str, int | str]:
    """A hub repeats every whole frame to all: what was captured is what everybody but the sender heard."""
    frames = [packet for packet in run.packets if Ether in packet]
    of_ann = [frame for frame in frames if frame.src.endswith(":01")]
    stations = {frame.src for frame in frames} | {"02:00:00:00:00:05"}
    data = [packet for packet in run.segments if octets(packet)]
    last = data[-1]
    once = {(packet.src, packet[TCP].seq): octets(packet) for packet in data}
    end_ns = time_ns(last) + 800 * (8 + len(last.underlayer))
    return {
        "listeners": len(stations) - 1 if len(of_ann) >= 2 else 0,
        "at-once": 1,
        "eve-reads": sum(frame.dst == BROADCAST for frame in frames),
        "eve-hears": len(frames),
        "bob-hears": sum(frame.src.endswith(":03") for frame in frames),
        "collisions": sum(event["kind"] == "collision" and event["station"] == "centre" for event in run.events),
        "throughput": 8_000_000 * sum(once.values()) // (end_ns - time_ns(data[0])),
    }


def changed(text: str) -> str:
    return text.replace("\nhubs:", "\nswitches:")
