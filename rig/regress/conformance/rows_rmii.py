"""Row MAC-6.1: the adapter behind an RMII, through a PHY (RMII specification rev. 1.2; docs/adapter.md, "RMII").

The script and the record are on the medium's side of the PHY, so a row sees what another station would. The shim and
the PHY add latency, which is bounded here instead of predicted: CRS_DV stands for carrier and collision alike, and no
collision signal, SQE test or TX_ER exists.
"""

from __future__ import annotations

from rig.adapter import registers as reg
from rig.regress.conformance import rules
from rig.regress.conformance.mac import Mac
from rig.regress.conformance.rows_collision import COLLISION_BITS, fragments
from rig.regress.conformance.rows_duplex import GAP_BITS, full_duplex_traffic
from rig.regress.conformance.rows_receive import Heard, damaged, good, heard, judge_all
from rig.regress.conformance.rows_transmit import SETTLE_BITS, SIZES, send_alone

JAM_BITS = 32
LATENCY_BITS = 48
"""Largest delay, in bit times, from what arrives at the PHY to what the adapter does about it, both ways together."""
CARRIER_BITS = 640


async def rmii(mac: Mac) -> None:
    """MAC-6.1: frames of all sizes, both ways, exact; CRS_DV toggles at the end of each frame that is heard.

    Collisions at every bit, from CRS_DV alone: header, frame up to the jam, jam of 32 bits; deference and gap; no SQE
    test or carrier sense error is ever reported.
    """
    await mac.set_up()
    capabilities = await mac.read(reg.REG_CAPS)
    mac.tally.check(bool(capabilities & reg.CAPS_RMII), f"CAPS is {capabilities:#x}, without RMII")
    await _sends(mac)
    await _hears(mac)
    await _collides(mac)
    await _defers(mac)
    await _reports_no_sqe(mac)
    await full_duplex_traffic(mac)


async def _sends(mac: Mac) -> None:
    for size in SIZES:
        frame = mac.data(size)
        sent = await send_alone(mac, frame)
        if sent is not None:
            mac.tally.equal(sent.symbols, mac.wire(rules.with_fcs(frame)), f"{size} octets on the medium")


async def _hears(mac: Mac) -> None:
    await mac.set_up()
    alternating = rules.to_symbols(b"\x55" * 40, mac.bits)
    sfd = rules.to_symbols(b"\xd5", mac.bits)
    for gap_bits in (96, 64, 48):
        receptions = []
        for size in mac.sample((64, 65, 66, 67, 100, 255, 600, 1517, 1518), 4):
            name = f"{size} octets, gap of {gap_bits} bits"
            receptions.append(heard(mac, good(mac, size), name))
            receptions.append(Heard(mac.wire(good(mac, size)) + b"\x0a", f"{name}, and a nibble"))
            receptions.append(heard(mac, damaged(good(mac, size), 8 * size - 1), f"{name}, bad FCS"))
            receptions.append(Heard(mac.wire(damaged(good(mac, size), 200)) + b"\1", f"{name}, bad FCS and a nibble"))
        receptions += [heard(mac, good(mac, size), f"a runt of {size} octets") for size in (18, 40, 63)]
        for count in (1, 2, 7, 8, 15, 30):
            symbols = alternating[:count] + sfd + mac.symbols(good(mac))
            receptions.append(Heard(symbols, f"{count * mac.bits} bits of preamble"))
        receptions.append(heard(mac, good(mac, 1519), "too long"))
        await judge_all(mac, receptions, gap_bits=gap_bits)


async def _collides(mac: Mac) -> None:
    tally = mac.tally
    await mac.set_up(control=reg.CTRL_NO_BACKOFF)
    frame = mac.data(96)
    wire = mac.wire(rules.with_fcs(frame))
    bits = mac.sample(range(512), 11)
    sent = await fragments(mac, bits, frame)
    tally.check(len(sent) >= len(bits), f"{len(sent)} transmissions for {len(bits)} collisions")
    for bit, each in zip(bits, sent, strict=False):
        name = f"collision at bit {bit}"
        length = (each.fall_ns - each.rise_ns) // mac.bit_ns
        jam_from = (length - JAM_BITS) // mac.bits
        tally.check(length >= 96, f"{name}: a fragment of {length} bits")
        earliest = max(rules.HEADER_BITS, bit)
        latest = max(rules.HEADER_BITS, bit + LATENCY_BITS)
        tally.check(
            earliest <= length - JAM_BITS <= latest, f"{name}: jam at bit {length - JAM_BITS}, not {earliest}..{latest}"
        )
        tally.equal(each.symbols[:jam_from], wire[:jam_from], f"{name}: what comes before the jam")
        tally.equal(each.symbols[jam_from:], b"\5" * (JAM_BITS // mac.bits), f"{name}: the jam")


async def _defers(mac: Mac) -> None:
    tally = mac.tally
    await mac.set_up()
    frame = mac.data(60)
    for slot in range(2):
        await mac.queue(frame, slot)
        await mac.outcome(slot)
    for bit in mac.sample(range(LATENCY_BITS, CARRIER_BITS, 7), 9):
        await mac.sleep_bits(300)
        base_ns = mac.now_ns
        mac.fixture.play([mac.carrier(100, CARRIER_BITS * mac.bit_ns)])
        await mac.sleep_bits(bit)
        await mac.again(0)
        await mac.again(1)
        for slot in range(2):
            status = await mac.outcome(slot)
            tally.equal(
                status & 0xFFFF & ~reg.TX_STATUS_DEFERRED, reg.TX_STATUS_OK, f"ready at bit {bit}: TX_STATUS {slot}"
            )
        await mac.sleep_bits(SETTLE_BITS)
        sent = mac.fixture.sent()
        end_ns = base_ns + 100 + CARRIER_BITS * mac.bit_ns
        name = f"ready {bit} bits into another's frame"
        if tally.equal(len(sent), 2, f"{name}: transmissions"):
            gaps = [sent[0].rise_ns - end_ns, sent[1].rise_ns - sent[0].fall_ns]
            for gap_ns in gaps:
                gap = gap_ns // mac.bit_ns
                tally.check(GAP_BITS <= gap <= GAP_BITS + LATENCY_BITS, f"{name}: a gap of {gap} bits")


async def _reports_no_sqe(mac: Mac) -> None:
    tally = mac.tally
    for half_duplex_phy in (True, False):
        await mac.set_up(sqe_test=False, half_duplex_phy=half_duplex_phy)
        before = await mac.counters()
        mac.fixture.play([])
        status = await mac.transmit(mac.data(60))
        await mac.sleep_bits(COLLISION_BITS)
        counted = await mac.counted_since(before)
        tally.equal(status & 0xFFFF, reg.TX_STATUS_OK, "TX_STATUS without heartbeat")
        tally.equal(counted, {"aFramesTransmittedOK": 1, "aOctetsTransmittedOK": 46}, "counters without heartbeat")
