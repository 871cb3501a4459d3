"""A run folder made by hand: two hosts, a talker, one transfer, one collision in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rig.wire.address import BROADCAST_MAC, parse_ipv4, parse_mac
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ethernet import EthernetFrame, EtherType
from rig.wire.fcs import fcs
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.pcap import PcapngWriter
from rig.wire.tcp import TcpFlag, TcpOptions, TcpSegment

BIT_NS = 10
GAP_NS = 96 * BIT_NS
SLOT_NS = 512 * BIT_NS
MACS = {"client": "02:00:00:00:00:01", "server": "02:00:00:00:00:02", "talker": "02:00:00:00:00:03"}
IPS = {"client": "10.0.0.1", "server": "10.0.0.2"}
SYN, ACK, FIN, PSH = int(TcpFlag.SYN), int(TcpFlag.ACK), int(TcpFlag.FIN), int(TcpFlag.PSH)


class SampleRun:
    """Sends frames one after the other and notes what a run would note."""

    def __init__(self) -> None:
        self.now_ns = 1_000
        self.events: list[dict[str, Any]] = []
        self.frames: list[tuple[int, str, bytes]] = []
        self.sequence = {"client": 1_000_000, "server": 0xFFFF_FF00}
        self.frame_ids = dict.fromkeys(MACS, 0)

    def event(self, t_ns: int, end_ns: int, station: str, kind: str, **fields: int) -> None:
        self.events.append({"t_ns": t_ns, "end_ns": end_ns, "station": station, "kind": kind, **fields})

    def transmit(self, station: str, frame: bytes, attempt: int = 1) -> None:
        octets = frame.ljust(60, b"\0")
        octets += fcs(octets)
        self.frame_ids[station] += attempt == 1
        end_ns = self.now_ns + (8 + len(octets)) * 8 * BIT_NS
        fields = {"frame_id": self.frame_ids[station], "attempt": attempt}
        self.event(self.now_ns, end_ns, station, "transmit", **fields)
        for other in MACS:
            if other != station:
                self.event(self.now_ns + 300, end_ns + 300, other, "receive")
        self.frames.append((self.now_ns, station, octets))
        self.now_ns = end_ns + GAP_NS

    def collide(self, first: str, second: str, slots: tuple[int, int]) -> None:
        """Two stations begin 30 bit times apart; the first then sends again when its slots are over."""
        start = self.now_ns
        for station, began, drawn in ((first, start, slots[0]), (second, start + 300, slots[1])):
            self.frame_ids[station] += 1
            fields = {"frame_id": self.frame_ids[station], "attempt": 1}
            hit, end = began + 680, began + 1000
            self.event(began, end, station, "transmit", **fields)
            self.event(hit, hit, station, "collision", **fields, collision_bit=68)
            self.event(hit, end, station, "jam", **fields)
            self.event(end, end + drawn * SLOT_NS, station, "backoff", **fields, slots=drawn)
            self.frame_ids[station] -= 1
        self.event(start + 300, start + 1000, "medium", "collision")
        self.now_ns = start + 1300 + GAP_NS

    def arp(self, sender: str, target: str, operation: ArpOperation) -> None:
        asks = operation == ArpOperation.REQUEST
        packet = ArpPacket(
            operation, parse_mac(MACS[sender]), parse_ipv4(IPS[sender]),
            bytes(6) if asks else parse_mac(MACS[target]), parse_ipv4(IPS[target]),
        )  # fmt: skip
        destination = BROADCAST_MAC if asks else parse_mac(MACS[target])
        frame = EthernetFrame(destination, parse_mac(MACS[sender]), EtherType.ARP, packet.serialize())
        self.transmit(sender, frame.serialize())

    def tcp_frame(self, sender: str, flags: int, octets: int = 0, back: int = 0, mss: int | None = None) -> bytes:
        target = "server" if sender == "client" else "client"
        ports = (50_000, 80) if sender == "client" else (80, 50_000)
        segment = TcpSegment(
            *ports, self.sequence[sender] - back & 0xFFFFFFFF, self.sequence[target] if flags & ACK else 0, flags,
            65_535, bytes(octets), options=TcpOptions(mss=mss),
        )  # fmt: skip
        source, destination = parse_ipv4(IPS[sender]), parse_ipv4(IPS[target])
        packet = Ipv4Packet(source, destination, Protocol.TCP, segment.serialize(source, destination))
        if not back:
            taken = octets + bool(flags & SYN) + bool(flags & FIN)
            self.sequence[sender] = self.sequence[sender] + taken & 0xFFFFFFFF
        macs = parse_mac(MACS[target]), parse_mac(MACS[sender])
        return EthernetFrame(*macs, EtherType.IPV4, packet.serialize()).serialize()

    def tcp(self, sender: str, flags: int, octets: int = 0, back: int = 0, mss: int | None = None) -> None:
        self.transmit(sender, self.tcp_frame(sender, flags, octets, back, mss))


def transfer(segments: int = 35, *, collision: bool = True, retransmission: bool = False) -> SampleRun:
    """Return the run of one GET whose answer takes so many segments."""
    run = SampleRun()
    run.arp("client", "server", ArpOperation.REQUEST)
    run.arp("server", "client", ArpOperation.REPLY)
    run.tcp("client", SYN, mss=1460)
    run.tcp("server", SYN | ACK, mss=1460)
    run.tcp("client", ACK)
    run.tcp("client", PSH | ACK, 80)
    for number in range(segments):
        if collision and number == 5:
            frame = run.tcp_frame("server", ACK, 1460)
            run.collide("server", "talker", (0, 2))
            run.frame_ids["server"] += 1
            run.transmit("server", frame, attempt=2)
        else:
            run.tcp("server", ACK, 1460)
        if number % 2:
            run.tcp("client", ACK)
    if retransmission:
        run.tcp("server", ACK, 1460, back=1460)
        run.tcp("client", ACK)
    run.tcp("server", FIN | ACK)
    run.tcp("client", FIN | ACK)
    run.tcp("server", ACK)
    return run


def result_of(run: SampleRun) -> dict[str, Any]:
    def station(name: str, position: int) -> dict[str, Any]:
        sent = sum(1 for _, sender, _ in run.frames if sender == name)
        local, foreign = (("10.0.0.2:80", "10.0.0.1:50000"), ("10.0.0.1:50000", "10.0.0.2:80"))[name == "client"]
        row = {
            "protocol": "tcp", "local": local, "foreign": foreign, "state": "ESTABLISHED", "receive_queue": 0,
            "send_queue": 2920 if name == "server" else 0,
        }  # fmt: skip
        return {
            "mac": MACS[name],
            "ip": f"{IPS[name]}/24" if name in IPS else None,
            "segment": "lan",
            "position_bits": position,
            "counters": {"aFramesTransmittedOK": sent, "aSingleCollisionFrames": 1, "aLateCollisions": 0},
            "netstat": [row] if name in IPS else [],
            "netstat_ns": 2_000_000,
        }

    digest = "9a7d" * 16
    return {
        "schema": 1, "scenario": "sample", "title": "Two hosts and a talker on one cable", "description": "By hand.",
        "seed": 1, "backend": "model", "is_live": False, "versions": {"nicrig": "0.1.0", "python": "3.11"},
        "regmap_hash": "ab" * 32, "outcome": "completed", "passed": True, "error": None, "sim_ns": run.now_ns,
        "segments": {"lan": {"speed_mbps": 100, "duplex": "half", "delay_bits": 60}},
        "files": [{"name": "picture.png", "octets": 51_100, "sha256_sent": digest, "sha256_received": digest}],
        "stations": {name: station(name, place) for name, place in (("client", 0), ("server", 60), ("talker", 25))},
    }  # fmt: skip


def write(run: SampleRun, folder: Path) -> Path:
    """Write the run folder, without its page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(json.dumps(result_of(run)))
    (folder / "environment.json").write_text(json.dumps({"command": "rig demo", "wall_s": 1.25}))
    events = sorted(run.events, key=lambda event: (event["t_ns"], event["end_ns"], event["station"], event["kind"]))
    (folder / "timeline.json").write_text(json.dumps({"schema": 1, "bit_time_ns": BIT_NS, "events": events}))
    with (folder / "wire.pcapng").open("wb") as file:
        writer = PcapngWriter(file)
        taps = {name: writer.add_interface(name, fcs_octets=4, speed_bps=100_000_000) for name in MACS}
        for t_ns, station, octets in run.frames:
            writer.write_packet(taps[station], t_ns, octets)
    return folder
