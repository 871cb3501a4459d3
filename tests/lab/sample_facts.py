"""A run folder made by hand, for queries and pictures: every fact in it is chosen, none comes from a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from rig.lab.facts import LabFacts
from rig.wire.pcap import PcapngWriter

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
MACS = {CLIENT: "02:00:00:00:00:01", SERVER: "02:00:00:00:00:02"}
NAMES = {CLIENT: "client", SERVER: "server"}
ISN = {CLIENT: 4294967290, SERVER: 5000}  # the client's numbering passes through 0
US, MS = 1_000, 1_000_000


def frame(source: str, flags: str, seq: int, ack: int = 0, octets: int = 0, window: int = 4000, **more: Any) -> bytes:
    """A segment in a frame with FCS; numbers relative to the two initial ones."""
    other = SERVER if source == CLIENT else CLIENT
    segment = TCP(
        sport=50000 if source == CLIENT else 80, dport=80 if source == CLIENT else 50000, flags=flags,
        seq=(ISN[source] + seq) % (1 << 32), ack=(ISN[other] + ack) % (1 << 32) if "A" in flags else 0, window=window,
        options=[("MSS", 1460)] if "S" in flags else [],
    )  # fmt: skip
    packet = Ether(src=MACS[source], dst=MACS[other]) / IP(src=source, dst=other, **more) / segment / bytes(octets)
    return bytes(packet).ljust(60, b"\0") + b"FCS!"


LOST = frame(CLIENT, "A", 101, 1, 100, id=7)
FRAMES = [
    (10 * US, CLIENT, frame(CLIENT, "S", 0)),
    (100 * US, SERVER, frame(SERVER, "SA", 0, 1)),
    (200 * US, CLIENT, frame(CLIENT, "A", 1, 1)),
    (300 * US, CLIENT, frame(CLIENT, "A", 1, 1, 100)),
    (400 * US, CLIENT, LOST),
    (500 * US, CLIENT, frame(CLIENT, "A", 201, 1, 100)),
    (600 * US, SERVER, frame(SERVER, "A", 1, 101)),
    (700 * US, SERVER, frame(SERVER, "A", 1, 101)),
    (800 * US, SERVER, frame(SERVER, "A", 1, 101)),
    (900 * US, CLIENT, frame(CLIENT, "A", 101, 1, 100)),
    (1000 * US, SERVER, frame(SERVER, "A", 1, 301, window=0)),
    (1500 * US, CLIENT, frame(CLIENT, "A", 301, 1, 1)),
    (1600 * US, SERVER, frame(SERVER, "A", 1, 301, window=0)),
    (2500 * US, CLIENT, frame(CLIENT, "A", 301, 1, 1)),
    (2600 * US, SERVER, frame(SERVER, "A", 1, 302, window=2000)),
    (2700 * US, CLIENT, frame(CLIENT, "FA", 302, 1)),
    (2800 * US, SERVER, frame(SERVER, "FA", 1, 303)),
    (2900 * US, CLIENT, frame(CLIENT, "A", 303, 2)),
]


def block(t_us: int, station: str, number: int, state: str, **fields: Any) -> dict[str, Any]:
    names = {"local": f"{CLIENT}:50000", "foreign": f"{SERVER}:80"}
    if station == "server":
        names = {"local": f"{SERVER}:80", "foreign": f"{CLIENT}:50000"}
    base = {"descriptor": 3, "protocol": "tcp", **names, "receive_queue": 0, "send_queue": 0}
    row = {"t_ns": t_us * US, "station": station, "kind": "block", "block": number, "state": state}
    return row if state == "gone" else {**row, **base, **fields}


def call(t_us: int, line: str, descriptor: int, octets: int = 0, start_us: int | None = None) -> dict[str, Any]:
    start = t_us if start_us is None else start_us
    return {
        "t_ns": t_us * US, "station": "client", "kind": "call", "line": line, "verb": line.split()[0],
        "descriptor": descriptor, "octets": octets, "start_ns": start * US, "result": "", "is_error": False,
    }  # fmt: skip


TCB = {
    "iss": ISN[CLIENT], "irs": ISN[SERVER], "snd_una": ISN[CLIENT] + 1, "snd_nxt": 95, "snd_wnd": 4000,
    "rcv_nxt": 5001, "rcv_wnd": 4000, "mss": 1460, "cwnd": 14600, "ssthresh": 1 << 30, "rttvar_ns": 0,
}  # fmt: skip
SOCKETS = [
    block(5, "client", 1, "CLOSED", foreign="*:*", local="*:*"),
    call(5, "socket s", 3),
    block(6, "server", 2, "LISTEN", local="*:80", foreign="*:*"),
    block(10, "client", 1, "SYN_SENT", **TCB, srtt_ns=None, rto_ns=9 * MS, backoffs=0),
    block(95, "server", 3, "SYN_RECEIVED", descriptor=None),
    call(150, "connect s server 80", 3, start_us=10),
    block(150, "client", 1, "ESTABLISHED", **TCB, srtt_ns=2 * MS, rto_ns=6 * MS, backoffs=0),
    block(250, "server", 3, "ESTABLISHED", descriptor=4),
    call(300, "send s 301", 3, octets=301),
    block(350, "server", 3, "ESTABLISHED", descriptor=4, receive_queue=100),
    {"t_ns": 420 * US, "station": "server", "kind": "lost", "direction": "receive", "octets": len(LOST) - 4,
     "head": LOST[:54].hex()},
    block(900, "client", 1, "ESTABLISHED", **TCB, srtt_ns=2 * MS, rto_ns=12 * MS, backoffs=1),
    block(1000, "server", 3, "ESTABLISHED", descriptor=4, receive_queue=300),
    block(2700, "client", 1, "FIN_WAIT_1", descriptor=None),
    block(2850, "client", 1, "TIME_WAIT", descriptor=None),
    block(2910, "server", 3, "gone"),
    block(6850, "client", 1, "gone"),
]  # fmt: skip
BIT = 100
EVENTS = [
    {"t_ns": 0, "end_ns": 9_000, "station": "client", "kind": "transmit", "frame_id": 1, "attempt": 1},
    {"t_ns": 4_000, "end_ns": 9_600, "station": "server", "kind": "transmit", "frame_id": 1, "attempt": 1},
    {"t_ns": 5_000, "end_ns": 9_600, "station": "medium", "kind": "collision"},
    {"t_ns": 5_800, "end_ns": 5_800, "station": "client", "kind": "collision", "collision_bit": 58, "frame_id": 1},
    {"t_ns": 5_800, "end_ns": 9_000, "station": "client", "kind": "jam", "frame_id": 1},
    {"t_ns": 6_400, "end_ns": 6_400, "station": "server", "kind": "collision", "collision_bit": 24, "frame_id": 1},
    {"t_ns": 6_400, "end_ns": 9_600, "station": "server", "kind": "jam", "frame_id": 1},
    {"t_ns": 9_000, "end_ns": 9_000, "station": "client", "kind": "backoff", "attempt": 1, "slots": 0},
    {"t_ns": 9_600, "end_ns": 112_000, "station": "server", "kind": "backoff", "attempt": 1, "slots": 2},
    {"t_ns": 18_600, "end_ns": 70_000, "station": "client", "kind": "transmit", "frame_id": 1, "attempt": 2},
]


def sample_facts(folder: Path) -> LabFacts:
    """Write the folder and return its facts."""
    stations = {
        NAMES[ip]: {"mac": MACS[ip], "ip": f"{ip}/24", "segment": "lan", "position_bits": bits,
                    "counters": {"aFramesTransmittedOK": 11}, "netstat": [], "netstat_ns": None, "driver": {},
                    "stack": {"tcp_out": 3}, "notices": [], "impairments": {}}
        for ip, bits in ((CLIENT, 0), (SERVER, 60))
    }  # fmt: skip
    result = {
        "schema": 1, "scenario": "sample", "title": "Sample", "description": "", "seed": 1, "backend": "model",
        "is_live": False, "versions": {}, "regmap_hash": "", "outcome": "completed", "error": None, "at_ns": 7 * MS,
        "sim_ns": 8 * MS, "files": [], "stations": stations,
        "segments": {"lan": {"speed_mbps": 10, "duplex": "half", "delay_bits": 60}},
    }  # fmt: skip
    (folder / "result.json").write_text(json.dumps(result))
    (folder / "timeline.json").write_text(json.dumps({"schema": 1, "bit_time_ns": BIT, "events": EVENTS}))
    (folder / "sockets.json").write_text(json.dumps({"schema": 1, "rows": SOCKETS}))
    with (folder / "wire.pcapng").open("wb") as file:
        writer = PcapngWriter(file)
        taps = {ip: writer.add_interface(name, fcs_octets=4, speed_bps=10_000_000) for ip, name in NAMES.items()}
        for t_ns, sender, octets in FRAMES:
            writer.write_packet(taps[sender], t_ns, octets)
    return LabFacts.read(folder)
