from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from tests.lab.solutions.recorded import Recorded, relative, time_ns


def answers(run: Recorded) -> dict[str, int | str]:
    data = run.of("10.0.0.1", data=True)
    numbers = [relative(run.segments, packet) for packet in data]
    last = max(number for number, count in Counter(numbers).items() if count > 1)
    tries = [time_ns(packet) for packet, number in zip(data, numbers, strict=True) if number == last]
    rows = [row for row in run.blocks("client") if row.get("srtt_ns")]
    srtt = list(dict.fromkeys(row["srtt_ns"] for row in rows))
    rto = [row["rto_ns"] for row in rows if row["t_ns"] < tries[1] and not row["backoffs"]][-1]
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    return {
        "first-rto": round(rows[0]["rto_ns"] / srtt[0]),
        "doubling": round(gaps[2] / gaps[1]),
        "again": len(numbers) - len(set(numbers)),
        "first-r": srtt[0] // 1000,
        "second-srtt": srtt[1] // 1000,
        "rto-at-loss": rto // 1000,
        "between": gaps[1] // 1000,
    }


def changed(text: str) -> str:
    return re.sub(r"delay_us: \d+, jitter_us: \d+", "delay_us: 100, jitter_us: 0", text)
