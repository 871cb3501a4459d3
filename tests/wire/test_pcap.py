"""The capture writer and reader, and tshark as a witness where it is installed."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import UsageError, WireError
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ethernet import BROADCAST, EthernetFrame, EtherType
from rig.wire.fcs import fcs
from rig.wire.pcap import CapturedInterface, CapturedPacket, PcapngReader, PcapngWriter, read_packets

STATION = bytes.fromhex("020000000001")
REQUEST = EthernetFrame(
    BROADCAST,
    STATION,
    EtherType.ARP,
    ArpPacket(ArpOperation.REQUEST, STATION, 0x0A000001, bytes(6), 0x0A000002).serialize(),
).serialize()
PADDED = REQUEST.ljust(60, b"\0")


def capture() -> bytes:
    file = io.BytesIO()
    writer = PcapngWriter(file)
    wire = writer.add_interface("segment lan", fcs_octets=4, speed_bps=10_000_000)
    host = writer.add_interface("client", fcs_octets=0, snaplen=1514)
    writer.write_packet(wire, 1_234_567_890_123_456_789, PADDED + fcs(PADDED), "attempt 2 of 16")
    writer.write_packet(host, 5, REQUEST)
    writer.write_packet(wire, 7, PADDED + b"\0\0\0\0", "bad FCS")
    return file.getvalue()


def test_what_was_written_is_read() -> None:
    reader = PcapngReader(io.BytesIO(capture()))
    assert list(reader) == [
        CapturedPacket(0, 1_234_567_890_123_456_789, PADDED + fcs(PADDED), "attempt 2 of 16"),
        CapturedPacket(1, 5, REQUEST, None),
        CapturedPacket(0, 7, PADDED + b"\0\0\0\0", "bad FCS"),
    ]
    assert reader.interfaces == [
        CapturedInterface("segment lan", 1, 0, 4, 10_000_000, 10**9),
        CapturedInterface("client", 1, 1514, 0, None, 10**9),
    ]
    assert list(read_packets(io.BytesIO(capture())))[1] == (1, 5, REQUEST)


@given(st.lists(st.tuples(st.integers(0, (1 << 63) - 1), st.binary(max_size=70), st.none() | st.text(max_size=9))))
def test_any_packets_round_trip(packets: list[tuple[int, bytes, str | None]]) -> None:
    file = io.BytesIO()
    writer = PcapngWriter(file)
    interface = writer.add_interface("x", fcs_octets=0)
    for time_ns, octets, comment in packets:
        writer.write_packet(interface, time_ns, octets, comment)
    file.seek(0)
    assert [(p.time_ns, p.octets, p.comment) for p in PcapngReader(file)] == packets


def test_a_capture_cut_anywhere_is_damaged_or_ends_between_blocks() -> None:
    whole = capture()
    ends = {0}
    while max(ends) < len(whole):
        ends.add(max(ends) + int.from_bytes(whole[max(ends) + 4 : max(ends) + 8], "little"))
    for cut in range(len(whole)):
        if cut in ends:
            list(PcapngReader(io.BytesIO(whole[:cut])))
        else:
            with pytest.raises(WireError):
                list(PcapngReader(io.BytesIO(whole[:cut])))


def test_any_octet_changed_is_read_or_damaged() -> None:
    whole = capture()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        try:
            list(PcapngReader(io.BytesIO(bytes(damaged))))
        except WireError:
            pass


def test_the_other_byte_order_and_microseconds() -> None:
    def block(kind: int, body: bytes) -> bytes:
        return struct.pack(">II", kind, len(body) + 12) + body + struct.pack(">I", len(body) + 12)

    file = io.BytesIO(
        block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1))
        + block(1, struct.pack(">HHI", 1, 0, 0))
        + block(5, b"stat")  # a kind that the reader does not know
        + block(6, struct.pack(">IIIII", 0, 0, 3, 2, 2) + b"ab\0\0")
    )
    assert list(read_packets(file)) == [(0, 3000, b"ab")]


def test_a_file_of_another_kind() -> None:
    with pytest.raises(WireError, match="section header"):
        list(read_packets(io.BytesIO(struct.pack("<II", 1, 12) + struct.pack("<I", 12) + bytes(8))))


def test_misuse_of_the_writer() -> None:
    writer = PcapngWriter(io.BytesIO())
    with pytest.raises(UsageError, match="interface 0"):
        writer.write_packet(0, 0, b"")
    with pytest.raises(UsageError, match="fcs_octets"):
        writer.add_interface("x", fcs_octets=2)
    interface = writer.add_interface("x", fcs_octets=0)
    with pytest.raises(UsageError, match="negative"):
        writer.write_packet(interface, -1, b"")


@pytest.mark.needs("tshark")
def test_tshark_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "wire.pcapng"
    path.write_bytes(capture())
    fields = ["frame.interface_name", "eth.fcs.status", "arp.dst.proto_ipv4", "frame.comment", "_ws.malformed"]
    command = ["tshark", "-r", str(path), "-o", "eth.check_fcs:TRUE", "-T", "fields", "-E", "separator=|"]
    command += [argument for name in fields for argument in ("-e", name)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.splitlines() == [
        "segment lan|1|10.0.0.2|attempt 2 of 16|",
        "client||10.0.0.2||",  # fcs_octets is 0: tshark looks for no FCS
        "segment lan|0|10.0.0.2|bad FCS|",
    ]


@pytest.mark.needs("tshark")
def test_tshark_sees_the_nanoseconds(tmp_path: Path) -> None:
    path = tmp_path / "wire.pcapng"
    path.write_bytes(capture())
    command = ["tshark", "-r", str(path), "-T", "fields", "-e", "frame.time_epoch"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert [line.rstrip("Z").rpartition(".")[2] for line in done.stdout.splitlines()] == [
        "123456789",
        "000000005",
        "000000007",
    ]
