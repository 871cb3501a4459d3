"""Rows MAC-2.x: what a frame looks like on its way out (IEEE Std 802.3-2022 3.2, 3.3, 4.2.8)."""

from __future__ import annotations

from rig.adapter import registers as reg
from rig.regress.conformance import rules
from rig.regress.conformance.fixture import Sent
from rig.regress.conformance.mac import OWN_MAC, PEER_MAC, Mac

SIZES = (14, 15, 46, 59, 60, 61, 62, 63, 64, 65, 100, 255, 256, 257, 1000, 1513, 1514)
"""Octets of a frame without FCS."""

SETTLE_BITS = 60
"""A PHY may have a part of the frame in it when the adapter is done."""

ARP = "ffffffffffff02000000000108060001080006040001020000000001c0a80001000000000000c0a80002" + "00" * 18
VECTORS = (
    (
        "V1",
        "0010a47bea8000123456789008004500002eb3fe000080110540c0a8002cc0a8000404000400001a2de8" + bytes(range(18)).hex(),
        "b331881b",
    ),
    ("V2", ARP, "ad8d8840"),
    ("V3", "020000000002020000000001002e" + bytes(range(46)).hex(), "4881adee"),
    ("V4", "02000000000202000000000188b5" + bytes(i & 255 for i in range(1500)).hex(), "524a27e0"),
    ("V5", "0180c200000102000000000188080001ffff" + "00" * 42, "dd7cb2ff"),
    ("V6", "00" * 60, "08891204"),
    ("V7", "ff" * 60, "4df18cf4"),
    ("V8", "0200000000020200000000018100000588b5" + bytes(range(42)).hex(), "9b48ae82"),
)
"""Frame without FCS, and FCS in the order of the wire. V1 is published, the others were computed in two ways."""


async def send_alone(mac: Mac, frame: bytes) -> Sent | None:
    """Send one frame on an idle medium; return what was on the wire, None (and a failed case) unless all went well."""
    mac.fixture.play([])
    status = await mac.transmit(frame)
    await mac.sleep_bits(SETTLE_BITS)
    sent = mac.fixture.sent()
    size = f"a frame of {len(frame)} octets"
    if not mac.tally.check(bool(status & reg.TX_STATUS_OK), f"{size}: TX_STATUS is {status:#010x}"):
        return None
    if not mac.tally.check(len(sent) == 1, f"{size}: sent {len(sent)} times"):
        return None
    edges = (sent[0].fall_ns - sent[0].rise_ns) // mac.period_ns
    mac.tally.equal(len(sent[0].symbols), edges, f"{size}: symbols while TX_EN was high")
    mac.tally.equal(sent[0].errors, (), f"{size}: TX_ER at symbols")
    return sent[0]


async def preamble_and_sfd(mac: Mac) -> None:
    """MAC-2.1: seven octets 55 and one D5 before every frame, nothing more."""
    await mac.set_up()
    header = rules.to_symbols(rules.PREAMBLE_AND_SFD, mac.bits)
    for size in mac.sample(SIZES):
        frame = mac.data(size)
        sent = await send_alone(mac, frame)
        if sent is not None:
            mac.tally.equal(sent.symbols[: len(header)], header, f"{size} octets: preamble and SFD")
            after = mac.symbols(frame[:2])
            mac.tally.equal(
                sent.symbols[len(header) : len(header) + len(after)], after, f"{size} octets: what follows the SFD"
            )


async def fcs_vectors(mac: Mac) -> None:
    """MAC-2.2: the vectors V1 to V8, and the FCS of the client with FCS_EN = 0."""
    await mac.set_up()
    for name, text, fcs in VECTORS:
        frame = bytes.fromhex(text)
        sent = await send_alone(mac, frame)
        if sent is not None:
            expected = rules.on_wire(frame + bytes.fromhex(fcs), mac.bits)
            mac.tally.equal(rules.to_octets(sent.symbols, mac.bits)[-4:].hex(), fcs, f"FCS of {name}")
            mac.tally.equal(sent.symbols, expected, f"{name} on the wire")
    await mac.set_up(without=reg.CTRL_FCS_EN)
    for size in (60, 64, 100):
        frame = mac.data(size)  # brings its own FCS, right or wrong
        sent = await send_alone(mac, frame)
        if sent is not None:
            mac.tally.equal(sent.symbols, rules.on_wire(frame, mac.bits), f"{size} octets with the client's FCS")


async def padding(mac: Mac) -> None:
    """MAC-2.3: data of 0 to 46 octets make a frame of 64; more is not padded, and nothing without PAD_EN."""
    await mac.set_up()
    for data_octets in mac.sample(range(50)):
        frame = mac.data(14 + data_octets)
        sent = await send_alone(mac, frame)
        if sent is not None:
            expected = rules.on_wire(rules.with_fcs(frame), mac.bits)
            wire_bits = (sent.fall_ns - sent.rise_ns) // mac.bit_ns
            mac.tally.equal(
                wire_bits - rules.HEADER_BITS, 8 * max(64, 18 + data_octets), f"bits for {data_octets} octets of data"
            )
            mac.tally.equal(sent.symbols, expected, f"{data_octets} octets of data on the wire")
    await mac.set_up(without=reg.CTRL_PAD_EN)
    for data_octets in mac.sample(range(0, 48, 5)):
        frame = mac.data(14 + data_octets)
        sent = await send_alone(mac, frame)
        if sent is not None:
            expected = rules.on_wire(rules.with_fcs(frame, pad=False), mac.bits)
            mac.tally.equal(sent.symbols, expected, f"{data_octets} octets of data without padding")


async def bit_order(mac: Mac) -> None:
    """MAC-2.4: the I/G bit is the first on the wire, every octet goes lowest bit first, the FCS x^31 first."""
    await mac.set_up()
    header_bits = rules.HEADER_BITS
    for bit in range(48):
        destination = (1 << bit).to_bytes(6, "little")
        frame = destination + OWN_MAC + b"\x88\xb5" + bytes(46)
        sent = await send_alone(mac, frame)
        if sent is not None:
            bits = _bits(mac, sent)[header_bits:]
            mac.tally.equal(bits.index(1), bit, f"place of the only 1 in destination {destination.hex(':')}")
            mac.tally.equal(
                bits[-32:], rules.fcs_bits(frame), f"bits of the FCS for destination {destination.hex(':')}"
            )
    for size in mac.sample(SIZES):
        frame = PEER_MAC + mac.random.randbytes(size - 6)
        sent = await send_alone(mac, frame)
        if sent is not None:
            padded = frame.ljust(60, b"\0")
            expected = [octet >> bit & 1 for octet in padded for bit in range(8)] + rules.fcs_bits(padded)
            mac.tally.equal(_bits(mac, sent)[header_bits:], expected, f"bits of a frame of {size} octets")


def _bits(mac: Mac, sent: Sent) -> list[int]:
    """Return the bits in the order in which clause 22 puts them on the wire: TXD0 first."""
    return [symbol >> bit & 1 for symbol in sent.symbols for bit in range(mac.bits)]
