from __future__ import annotations

from scapy.layers.inet import TCP

from tests.lab.solutions.recorded import Recorded, octets, option, time_ns

CLIENT = "10.0.0.1"


def answers(run: Recorded) -> dict[str, int | str]:
    data = run.of(CLIENT, data=True)
    second_write = run.calls("client", "send")[1]
    return {
        "mss": option(run.segments[0], "MSS"),
        "data-segments": len(data),
        "longest-frame": max(len(packet) for packet in run.packets if TCP in packet),
        "second-segment": octets(data[1]),
        "waited": (time_ns(data[1]) - second_write["t_ns"]) // 1000,
        "last-segment": octets(data[-1]),
        "overhead": len(data[0].underlayer) - octets(data[0]),
    }


def changed(text: str) -> str:
    return text.replace("- connect s server 80\n", "- connect s server 80\n        - no-delay s\n")
