"""Programs in a run, and the record of what sockets did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rig.config.loading import parse_scenario
from rig.scenario.carried_file import CarriedFile
from rig.scenario.run import Request, Run, run_scenario

HEAD = """
schema: 1
seed: 5
segments:
  lan: {speed_mbps: 10, delay_bits: 20}
stations:
  - {name: client, mac: "02:00:00:00:00:01", ip: 10.0.0.1/24, segment: lan}
  - {name: server, mac: "02:00:00:00:00:02", ip: 10.0.0.2/24, segment: lan, position_bits: 20}
tcp: {rto_initial_ms: 30, rto_minimum_ms: 10, delayed_ack_ms: 2, msl_ms: 5}
record: [sockets]
limits: {sim_ns: 2000000000, wall_s: 60}
"""


def play(tmp_path: Path, client: str, server: str, *, background: bool = True) -> tuple[Run, list[dict[str, Any]]]:
    programs = f"""
apps:
  - {{station: server, kind: program, args: {{background: {str(background).lower()}, steps: [{server}]}}}}
  - {{station: client, kind: program, args: {{steps: [{client}]}}}}
"""
    scenario = parse_scenario(HEAD + programs, "x.yaml")
    run = run_scenario(Request("x", scenario, "model", CarriedFile("none", b"x"), tmp_path))
    return run, json.loads((run.folder / "sockets.json").read_text())["rows"]


SERVER = "socket w, bind w 80, listen w, accept w s, receive s end, send s 10, close s"


def test_calls_are_noted_with_what_they_gave(tmp_path: Path) -> None:
    run, rows = play(tmp_path, "socket s, connect s server 80, send s 3000, shutdown s, receive s end, close s", SERVER)
    assert run.result["outcome"] == "completed" and run.result["files"] == []
    calls = {(row["station"], row["verb"]): row for row in rows if row["kind"] == "call"}
    assert calls["client", "receive"]["result"] == "10 octets, then the end of the stream"
    assert calls["server", "receive"]["octets"] == 3000
    assert calls["server", "accept"]["result"].startswith("descriptor 4 for 10.0.0.1:")
    assert calls["client", "connect"]["t_ns"] > calls["client", "connect"]["start_ns"]
    assert [row["t_ns"] for row in rows] == sorted(row["t_ns"] for row in rows)


def test_a_control_block_keeps_its_number_to_the_end_of_time_wait(tmp_path: Path) -> None:
    client = "socket s, connect s server 80, send s 5, shutdown s, receive s end, close s, wait 20 ms"
    _, rows = play(tmp_path, client, SERVER)
    blocks = [row for row in rows if row["kind"] == "block" and row["station"] == "client"]
    assert {row["block"] for row in blocks} == {blocks[0]["block"]}
    states = list(dict.fromkeys(row["state"] for row in blocks))
    assert states == ["CLOSED", "SYN_SENT", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT", "gone"]
    entered = next(row["t_ns"] for row in blocks if row["state"] == "TIME_WAIT")
    assert blocks[-1]["t_ns"] - entered == 2 * 5_000_000  # 2 MSL, RFC 9293 3.4.1
    assert blocks[-2]["descriptor"] is None, "the descriptor is free, the block is not"


def test_an_accepted_connection_is_the_block_that_its_syn_made(tmp_path: Path) -> None:
    _, rows = play(tmp_path, "socket s, connect s server 80, send s 5, shutdown s, receive s end, close s", SERVER)
    blocks = [row for row in rows if row["kind"] == "block" and row["station"] == "server" and row["state"] != "gone"]
    connection = [row for row in blocks if row["foreign"] != "*:*"]
    assert {row["block"] for row in connection} == {connection[0]["block"]}
    assert connection[0]["state"] == "SYN_RECEIVED" and connection[0]["descriptor"] is None
    assert {row["descriptor"] for row in connection} == {None, 4}
    assert {row["state"] for row in blocks if row["foreign"] == "*:*"} == {"CLOSED", "LISTEN"}


def test_the_first_call_that_fails_ends_the_program_and_gives_the_outcome(tmp_path: Path) -> None:
    run, rows = play(tmp_path, "socket s, connect s server 81, send s 5", SERVER)
    assert run.result["outcome"] == "refused"
    last = [row for row in rows if row["kind"] == "call" and row["station"] == "client"][-1]
    assert (last["verb"], last["is_error"]) == ("connect", True)
    assert "ConnectionRefusedError" in last["result"]


def test_a_program_in_the_foreground_is_waited_for(tmp_path: Path) -> None:
    run, _ = play(tmp_path, "socket s, connect s server 81", SERVER, background=False)
    assert run.result["outcome"] == "limit", "nobody comes, and the server waits"


def test_datagrams(tmp_path: Path) -> None:
    run, rows = play(
        tmp_path,
        "socket s udp, bind s 1000, send-to s server 9 600, receive-from s",
        "socket s udp, bind s 9, receive-from s, send-to s client 1000 7",
    )
    assert run.result["outcome"] == "completed"
    results = [row["result"] for row in rows if row["kind"] == "call" and row["verb"] == "receive-from"]
    assert results == ["600 octets from 10.0.0.1:1000", "7 octets from 10.0.0.2:9"]


@pytest.mark.parametrize("verb", ["close", "abort"])
def test_a_descriptor_is_the_lowest_that_is_free(tmp_path: Path, verb: str) -> None:
    _, rows = play(tmp_path, f"socket a, socket b, {verb} a, socket c, close b, close c", "socket w")
    made = [row["descriptor"] for row in rows if row["kind"] == "call" and row["verb"] == "socket"]
    assert made == [3, 3, 4, 3]


NAMES = """
resolver: {{servers: [{servers}], timeout_ms: 3, rounds: 1}}
apps:
  - station: server
    kind: dns-server
    args: {{names: {{www.rig.test: web.rig.test, web.rig.test: [10.0.0.2, 10.0.0.9]}}}}
  - {{station: server, kind: program, args: {{background: true, steps: [socket s udp, bind s 9, receive-from s]}}}}
  - {{station: client, kind: program, args: {{steps: [{steps}]}}}}
"""


def look_up(tmp_path: Path, steps: str, servers: str = "client, server") -> tuple[Run, list[str]]:
    scenario = parse_scenario(HEAD + NAMES.format(steps=steps, servers=servers), "x.yaml")
    run = run_scenario(Request("x", scenario, "model", CarriedFile("none", b"x"), tmp_path))
    rows = json.loads((run.folder / "sockets.json").read_text())["rows"]
    return run, [row["result"] for row in rows if row["kind"] == "call" and row["station"] == "client"]


def test_names_are_looked_up_at_the_servers_of_the_scenario(tmp_path: Path) -> None:
    """The first has nothing on its port, the second knows; a name that does not exist ends no program."""
    steps = "look-up www.rig.test, look-up no.rig.test, socket s udp, send-to s www.rig.test 9 5"
    run, results = look_up(tmp_path, steps)
    assert run.result["outcome"] == "completed"
    assert results == ["10.0.0.2, 10.0.0.9", "there is no such name", "descriptor 3", "5 octets"]


def test_a_look_up_without_any_answer_ends_the_program(tmp_path: Path) -> None:
    run, results = look_up(tmp_path, "look-up www.rig.test, socket s", servers="client")
    assert run.result["outcome"] == "failed"
    assert len(results) == 1 and "Temporary failure in name resolution" in results[0]


BEHIND = """
schema: 1
seed: 5
segments:
  near: {speed_mbps: 100, delay_bits: 20}
  far: {speed_mbps: 100, delay_bits: 20}
stations:
  - {name: client, mac: "02:00:00:00:00:01", ip: 10.0.1.1/24, gateway: 10.0.1.254, segment: near}
  - {name: server, mac: "02:00:00:00:00:02", ip: 10.0.2.1/24, gateway: 10.0.2.254, segment: far, mtu: 620}
routers:
  - name: router
    interfaces:
      - {name: eth0, mac: "02:00:00:00:01:00", ip: 10.0.1.254/24, segment: near}
      - {name: eth1, mac: "02:00:00:00:01:01", ip: 10.0.2.254/24, segment: far, mtu: 620}
ipv4: {reassembly_timeout_ms: 2}
apps:
  - station: server
    kind: program
    args: {background: true, steps: [socket s udp, bind s 9, receive-from s, send-to s client 9 700]}
  - {station: client, kind: program, args: {steps: [socket s udp, bind s 9, %s]}}
limits: {sim_ns: 1000000000, wall_s: 60}
"""


def behind(tmp_path: Path, steps: str, more: str = "") -> dict[str, dict[str, Any]]:
    text = (BEHIND % steps).replace("segment: far, mtu: 620}\nrouters", f"segment: far, mtu: 620{more}}}\nrouters")
    run = run_scenario(
        Request("x", parse_scenario(text, "x.yaml"), "model", CarriedFile("none", b"x"), tmp_path)
    )  # fmt: skip
    assert run.result["outcome"] == "completed"
    return {name: station["stack"] for name, station in run.result["stations"].items()}


def test_a_link_for_short_packets_cuts_what_passes(tmp_path: Path) -> None:
    counters = behind(tmp_path, "send-to s server 9 1000, receive-from s")
    assert counters["server"]["ip_datagrams_reassembled"] == 1, "the router cut it, its interface takes 620 octets"
    assert counters["client"]["ip_datagrams_reassembled"] == 1, "the server cut its answer, for it has the same MTU"


def test_a_packet_that_must_not_be_cut_does_not_pass(tmp_path: Path) -> None:
    counters = behind(
        tmp_path, "dont-fragment s, send-to s server 9 1000, wait 1 ms, send-to s server 9 592, receive-from s"
    )
    assert "ip_datagrams_reassembled" not in counters["server"], "592 octets with their headers are 620"


def test_a_datagram_with_a_hole_is_given_up_when_the_scenario_says(tmp_path: Path) -> None:
    lost = ", impairments: {receive: {drop: [3]}}"
    early = behind(tmp_path / "early", "send-to s server 9 1000, wait 1 ms", lost)
    assert "ip_reassembly_timeout" not in early["server"]
    late = behind(tmp_path / "late", "send-to s server 9 1000, wait 3 ms", lost)
    assert late["server"]["ip_reassembly_timeout"] == 1 and late["server"]["icmp_errors_sent"] == 1
