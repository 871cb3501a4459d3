from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from scapy.layers.inet import TCP

from tests.lab.solutions.recorded import Recorded, octets, relative, relative_ack, time_ns

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"


def answers(run: Recorded) -> dict[str, int | str]:
    data = run.of(CLIENT, data=True)
    numbers = [relative(run.segments, packet) for packet in data]
    twice = [number for number, count in Counter(numbers).items() if count > 1]
    first, again = (packet for packet, number in zip(data, numbers, strict=True) if number == twice[0])
    acks = [packet for packet in run.of(SERVER) if "S" not in packet[TCP].flags]
    repeated, _ = Counter(relative_ack(run.segments, packet) for packet in acks).most_common(1)[0]
    end = numbers[-1] + octets(data[-1])
    pairs = [
        (before, after)
        for before, after in pairwise(acks)
        if before[TCP].ack == after[TCP].ack and before[TCP].window == after[TCP].window
        and not octets(after) and "F" not in after[TCP].flags and relative_ack(run.segments, after) < end
    ]  # fmt: skip
    return {
        "sent-again": len(numbers) - len(set(numbers)),
        "ack-while-missing": repeated - twice[0],
        "lost-on-the-wire": sum((event["attempt"] or 1) > 1 for event in run.of_kind("transmit", "client")),
        "lost-number": twice[0],
        "duplicates": len(pairs),
        "until-again": (time_ns(again) - time_ns(first)) // 1000,
        "jump": next(number for packet in acks if (number := relative_ack(run.segments, packet)) > twice[0]),
    }


def changed(text: str) -> str:
    sent = re.search(r"send s (\d+)", text)
    assert sent
    return re.sub(r"drop: \[\d+\]", f"drop: [{3 + -(-int(sent[1]) // 1460)}]", text)
