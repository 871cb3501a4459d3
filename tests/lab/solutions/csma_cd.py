from __future__ import annotations

from tests.lab.solutions.recorded import Recorded


def answers(run: Recorded) -> dict[str, int | str]:
    backoffs = run.of_kind("backoff")
    first = next(event for event in backoffs if event["slots"])
    jams = run.of_kind("jam")
    hits = [event for event in run.events if event["kind"] == "collision" and event["station"] == "medium"]
    hit = hits[0]
    starts = [
        event["t_ns"] for event in run.of_kind("transmit")
        if event["t_ns"] <= hit["t_ns"] + 100 and event["end_ns"] > hit["t_ns"]
    ]  # fmt: skip
    attempts = [event["attempt"] for event in run.of_kind("transmit")]
    return {
        "slot": (first["end_ns"] - first["t_ns"]) // first["slots"] // 100,
        "jam": (jams[0]["end_ns"] - jams[0]["t_ns"]) // 100,
        "lost": sum(attempt == 16 for attempt in attempts),
        "collisions": len(hits),
        "jams-right": len(run.of_kind("jam", "right")),
        "first-slots": run.of_kind("backoff", "left")[0]["slots"],
        "start-gap": (max(starts) - min(starts)) // 100,
        "most-attempts": max(attempts),
    }


def changed(text: str) -> str:
    return text.replace("duplex: half", "duplex: full")
