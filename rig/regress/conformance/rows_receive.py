"""Rows MAC-1.x: what a receiver makes of what it hears (IEEE Std 802.3-2022 4.2.9, 5.2.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rig.adapter import registers as reg
from rig.regress.conformance import rules
from rig.regress.conformance.fixture import RX_ER
from rig.regress.conformance.mac import OWN_MAC, PEER_MAC, Mac
from rig.regress.conformance.rows_transmit import VECTORS

MSB_FIRST_V1_FCS = bytes.fromhex("e6c53db2")
"""What some test benches carry as the FCS of V1: the CRC with the bits of each octet the wrong way round."""

FATES = (
    "aFramesReceivedOK", "aFrameCheckSequenceErrors", "aAlignmentErrors", "aFrameTooLongErrors",
    "aInRangeLengthErrors", "aOutOfRangeLengthField", "aFramesLostDueToIntMACRcvError",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """One reception: its symbols from the first of the preamble on, and what it is called in a message."""

    symbols: bytes
    name: str


async def judge_all(mac: Mac, receptions: Sequence[Heard], *, limit: int = 1518, gap_bits: int = 96) -> None:
    """Let the adapter hear ``receptions``; expect what 4.2.9 says of each: stored or dropped, and counted."""
    tally = mac.tally
    before = await mac.counters()
    stored = await mac.hear([each.symbols for each in receptions], gap_bits)
    counted = await mac.counted_since(before)
    expected: Counter[str] = Counter()
    remaining = list(stored)
    for each in receptions:
        found = rules.find_frame(each.symbols, mac.bits)
        fate = None if found is None else rules.judge(found, mac.bits, limit)
        if fate is not None:
            expected[fate] += 1
        octets = rules.to_octets(found or b"", mac.bits)
        if fate == "aFramesReceivedOK":
            got = remaining.pop(0) if remaining else None
            tally.check(got is not None and got.octets == octets, f"{each.name}: not stored as it was sent")
            if got is not None:
                has_dribble = len(found or b"") * mac.bits % 8 != 0
                wanted = reg.RxStatus.OK | (reg.RxStatus.DRIBBLE if has_dribble else 0)
                tally.equal(got.status & ~(reg.RxStatus.MULTICAST | reg.RxStatus.BROADCAST), wanted, each.name)
        else:
            tally.check(not remaining or remaining[0].octets != octets, f"{each.name}: stored, but it is {fate}")
    tally.equal(len(remaining), 0, "frames stored beyond those expected")
    tally.equal({name: counted.get(name, 0) for name in FATES if counted.get(name) or expected[name]}, dict(expected),
                "counters")  # fmt: skip


def good(mac: Mac, size: int = 64) -> bytes:
    """Return a frame for this station, with FCS; ``size`` includes the FCS."""
    return rules.with_fcs(mac.data(size - 4, OWN_MAC, PEER_MAC), pad=False)


def damaged(frame: bytes, bit: int) -> bytes:
    """Return a frame with one bit wrong."""
    octets = bytearray(frame)
    octets[bit // 8] ^= 1 << bit % 8
    return bytes(octets)


def heard(mac: Mac, frame: bytes, name: str) -> Heard:
    """Return the reception of a whole frame."""
    return Heard(mac.wire(frame), name)


async def fcs_error(mac: Mac) -> None:
    """MAC-1.1: a wrong bit anywhere behind the destination, or all of the FCS wrong; each followed by a good frame.

    What ACCEPT_ERR keeps of bad frames, and with which status.
    """
    await mac.set_up()
    receptions = []
    for bit in mac.sample(range(48, 8 * 64), 23):
        receptions.append(heard(mac, damaged(good(mac), bit), f"64 octets, bit {bit} wrong"))
        receptions.append(heard(mac, good(mac), f"good frame after that with bit {bit} wrong"))
    for size in (65, 200, 1518):
        for bit in (8 * 14, 8 * size - 33, 8 * size - 32, 8 * size - 1):
            receptions.append(heard(mac, damaged(good(mac, size), bit), f"{size} octets, bit {bit} wrong"))
        receptions.append(heard(mac, good(mac, size), f"{size} octets, good"))
    await judge_all(mac, receptions)
    await mac.set_up(rx_config=reg.RX_CFG_PROMISC)
    _, v1, fcs = VECTORS[0]
    await judge_all(
        mac,
        [
            heard(mac, bytes.fromhex(v1) + MSB_FIRST_V1_FCS, "V1 with the CRC of wrong bit order"),
            heard(mac, bytes.fromhex(v1 + fcs), "V1"),
        ],
    )
    await _what_is_kept(mac)


async def _what_is_kept(mac: Mac) -> None:
    """With ACCEPT_ERR and ACCEPT_RUNT a bad frame is stored as it came, and its status says what is wrong with it."""
    await mac.set_up(rx_config=reg.RX_CFG_BCAST | reg.RX_CFG_ACCEPT_ERR | reg.RX_CFG_ACCEPT_RUNT)
    wrong = damaged(good(mac), 300)
    marked = bytearray(mac.wire(good(mac)))
    marked[rules.HEADER_BITS // mac.bits + 40] |= RX_ER
    flags = reg.RxStatus
    cases = [
        ("a bad FCS", mac.wire(wrong), flags.FCS_ERROR),
        ("a bad FCS and a nibble", mac.wire(wrong) + b"\1", flags.ALIGNMENT_ERROR | flags.DRIBBLE),
        ("RX_ER", bytes(marked), flags.FCS_ERROR | flags.SYMBOL_ERROR),
        ("RX_ER and a nibble", bytes(marked) + b"\1", flags.ALIGNMENT_ERROR | flags.DRIBBLE | flags.SYMBOL_ERROR),
        ("an octet too many", mac.wire(good(mac, 1519)), flags.TOO_LONG),
        ("40 octets", mac.wire(good(mac, 40)), flags.OK | flags.RUNT),
        ("nothing wrong", mac.wire(good(mac)), flags.OK),
    ]
    stored = await mac.hear([symbols for _, symbols, _ in cases])
    mac.tally.equal(
        [each.status for each in stored], [int(status) for *_, status in cases], "RX_STATUS of what is kept"
    )
    for (name, symbols, _), each in zip(cases, stored, strict=False):
        plain = bytes(symbol & ~RX_ER for symbol in symbols)
        octets = rules.to_octets(rules.find_frame(plain, mac.bits) or b"", mac.bits)
        mac.tally.equal(each.octets, octets, f"kept with {name}")


async def fragments_and_runts(mac: Mac) -> None:
    """MAC-1.2: 1 to 63 octets after the SFD, with good and with bad CRC, vanish without a counter."""
    await mac.set_up()
    receptions = []
    for size in mac.sample(range(1, 64), 5):
        frame = OWN_MAC + PEER_MAC + b"\x88\xb5" + mac.random.randbytes(64)
        runt = rules.with_fcs(frame[: max(0, size - 4)], pad=False)[:size]
        receptions.append(heard(mac, runt, f"{size} octets, good CRC"))
        receptions.append(heard(mac, damaged(runt, 8 * size - 1), f"{size} octets, bad CRC"))
    receptions.append(heard(mac, good(mac), "the next good frame"))
    await judge_all(mac, receptions)


async def too_long(mac: Mac) -> None:
    """MAC-1.3: one octet above the limit of 1518, 1522 or 2000 is frameTooLong, whatever the FCS; the limit is not."""
    for limit in (1518, 1522, 2000):
        await mac.set_up(max_frame=limit)
        sizes = [limit - 1, limit, *mac.sample(range(limit + 1, limit + 6), 4), 2040, 2047, 2048, 2049, 3000]
        receptions = []
        for size in sizes:
            receptions.append(heard(mac, good(mac, size), f"{size} octets at a limit of {limit}, good FCS"))
            wrong = damaged(good(mac, size), 8 * size - 1)
            receptions.append(heard(mac, wrong, f"{size} octets at a limit of {limit}, bad FCS"))
        receptions.append(heard(mac, good(mac), f"good frame after those at a limit of {limit}"))
        await judge_all(mac, receptions, limit=limit)


async def length_errors(mac: Mac) -> None:
    """MAC-1.4: Length against data, padded and not; 1501 to 1535 is neither length nor type."""
    await mac.set_up()
    pairs = [(length, 46) for length in mac.sample(range(47), 6)]
    pairs += [(length, 47) for length in mac.sample(range(47), 6)]
    for length in (46, 47, 48, 64, 100, 255, 256, 257, 1000, 1499, 1500):
        pairs += [(length, data) for data in (length - 1, length, length + 1) if 46 <= data <= 1500]
    pairs += [(length, data) for length in mac.sample(range(1501, 1536), 5) for data in (46, 100)]
    pairs += [(1501, 1500), (1536, 46), (1536, 100), (0x0800, 46), (0xFFFF, 46), (1535, 1500)]
    receptions = []
    for length, data in pairs:
        frame = OWN_MAC + PEER_MAC + length.to_bytes(2, "big") + mac.random.randbytes(data)
        receptions.append(heard(mac, rules.with_fcs(frame), f"Length/Type {length} with {data} octets of data"))
    await judge_all(mac, receptions)


async def alignment(mac: Mac) -> None:
    """MAC-1.5: excess bits with a good FCS are dropped and forgiven, with a bad one they are an alignment error.

    At an MII 0 or 1 nibble; on the bit clock 0 to 7 bits. (On RTL, bits come with the 10BASE-T PHY.)
    """
    await mac.set_up()
    receptions = []
    for size in (63, 64, 65, 100, 1517, 1518):
        for excess in range(8 // mac.bits):
            for value in (0, 1, (1 << mac.bits) - 1):
                tail = bytes([value]) * excess
                name = f"{size} octets and {excess * mac.bits} bits"
                receptions.append(Heard(mac.wire(good(mac, size)) + tail, f"{name}, good FCS"))
                receptions.append(Heard(mac.wire(damaged(good(mac, size), 300)) + tail, f"{name}, bad FCS"))
    await judge_all(mac, receptions)


async def sfd_errors(mac: Mac) -> None:
    """MAC-1.6: no frame without an SFD; a later SFD starts one that is judged as usual; the next frame is heard."""
    await mac.set_up()
    preamble = rules.to_symbols(b"\x55" * 7, mac.bits)
    sfd = rules.to_symbols(b"\xd5", mac.bits)
    wrong_sfds = [bytes([5, nibble]) for nibble in range(16) if nibble != 0xD]
    if mac.is_serial:
        wrong_sfds = [bytes([*sfd[:bit], 1 - sfd[bit], *sfd[bit + 1 :]]) for bit in range(8)]
        wrong_sfds = [wrong for wrong in wrong_sfds if rules.find_frame(preamble + wrong, 1) is None]
    receptions = []
    for wrong in wrong_sfds:
        name = f"SFD {wrong.hex()}"
        body = _without_sfd(mac, lambda: good(mac, 80), preamble + wrong)
        receptions.append(Heard(preamble + wrong + body, f"{name}, none later"))
        receptions.append(heard(mac, good(mac), f"good frame after {name}"))
        start = _without_sfd(mac, lambda: mac.random.randbytes(20), preamble + wrong)
        inner = preamble + sfd + mac.symbols(good(mac, 70))
        receptions.append(Heard(preamble + wrong + start + inner, f"{name}, a good frame later"))
        inner = preamble + sfd + mac.symbols(damaged(good(mac, 70), 200))
        receptions.append(Heard(preamble + wrong + start + inner, f"{name}, a damaged frame later"))
        inner = preamble + sfd + mac.symbols(good(mac, 63))
        receptions.append(Heard(preamble + wrong + start + inner, f"{name}, a runt later"))
    receptions.append(Heard(preamble * 30, "nothing but preamble"))
    receptions.append(Heard(_without_sfd(mac, lambda: good(mac, 80), b""), "a frame without preamble and SFD"))
    receptions.append(Heard(_without_sfd(mac, lambda: good(mac, 80), preamble), "a frame with preamble, without SFD"))
    receptions.append(heard(mac, good(mac), "the last good frame"))
    await judge_all(mac, receptions)


def _without_sfd(mac: Mac, make: Callable[[], bytes], before: bytes) -> bytes:
    """Return symbols of octets that ``make`` gives, in which nothing looks like an SFD behind ``before``."""
    while True:
        symbols = mac.symbols(make())
        if rules.find_frame(before + symbols, mac.bits) is None:
            return symbols


async def preamble_length(mac: Mac) -> None:
    """MAC-1.7: any number of preamble bits before the SFD will do, none included."""
    await mac.set_up()
    alternating = rules.to_symbols(b"\x55" * 400, mac.bits)
    sfd = rules.to_symbols(b"\xd5", mac.bits)
    receptions = []
    for count in [*mac.sample(range(80 // mac.bits), 3), 150, 151, 700]:
        # The preamble ends where the SFD begins; on the bit clock an odd number of bits begins with its second bit.
        preamble = alternating[count % 2 : count % 2 + count] if mac.is_serial else alternating[:count]
        receptions.append(Heard(preamble + sfd + mac.symbols(good(mac)), f"{count * mac.bits} bits of preamble"))
    await judge_all(mac, receptions)


async def receive_gap(mac: Mac) -> None:
    """MAC-1.8: frames back to back, down to the gap that repeaters may shrink to 47 bit times."""
    await mac.set_up()
    gaps = mac.sample(range(96, 46, -1), 7) if mac.is_serial else mac.sample(range(96, 43, -4), 3)
    for gap_bits in gaps:
        sizes = [64, 64, 65, 66, 67, 64, 100, 64]
        receptions = [heard(mac, good(mac, size), f"{size} octets, {gap_bits} bits after the last") for size in sizes]
        await judge_all(mac, receptions, gap_bits=gap_bits)
