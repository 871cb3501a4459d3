from __future__ import annotations

import re

from scapy.layers.inet import TCP

from tests.lab.solutions.recorded import Recorded


def _number(text: str) -> int:
    found = re.search(r"descriptor (\d+)", text)
    assert found
    return int(found[1])


def answers(run: Recorded) -> dict[str, int | str]:
    made = [_number(row["result"]) for row in run.calls("client", "socket")]
    queues = [row["receive_queue"] for row in run.blocks("server") if row["state"] not in ("gone", "LISTEN")]
    read = run.calls("server", "receive")[0]
    after = [row["receive_queue"] for row in run.blocks("server")
             if row.get("foreign", "*:*") != "*:*" and row["t_ns"] <= read["t_ns"]]  # fmt: skip
    return {
        "first-descriptor": made[0],
        "reused-descriptor": made[3],
        "fresh-state": run.blocks("client")[0]["state"],
        "accepted-descriptor": _number(run.calls("server", "accept")[0]["result"]),
        "client-port": run.segments[0][TCP].sport,
        "server-blocks": len({row["block"] for row in run.blocks("server")}),
        "most-unread": max(queues),
        "left-unread": after[-1],
    }


def changed(text: str) -> str:
    text = text.replace("- connect a server 80\n", "- connect a server 80\n        - connect d server 80\n")
    return text.replace("- accept welcome s\n", "- accept welcome s\n        - accept welcome t\n")
