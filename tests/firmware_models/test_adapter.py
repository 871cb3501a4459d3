"""The bus side of the twin: registers, refused accesses, slots, interrupts, reset, power, MDIO."""

from __future__ import annotations

import pytest

from firmware_models.adapter.adapter import LanAdapter
from rig.adapter import registers as reg
from rig.errors import AdapterFault, BusError, UsageError
from tests.firmware_models.lan import Lan, done_edge_ns, frame_for
from tests.firmware_models.reference_edges import Settings

MAC = bytes.fromhex("020000000001")
PEER = bytes.fromhex("020000000002")
DATA = frame_for(PEER, 64)[:60]
BUS_NS = 20


def pair(**settings: int) -> tuple[Lan, LanAdapter, LanAdapter]:
    lan = Lan()
    station = lan.adapter(Settings(MAC, **settings))  # type: ignore[arg-type]
    return lan, station, lan.adapter(Settings(PEER))


def test_identity() -> None:
    _, station, _ = pair()
    assert station.read32(reg.REG_ID) == reg.ID_RESET
    assert station.read32(reg.REG_MAP_HASH) == reg.MAP_HASH
    assert station.read32(reg.REG_BUS_HZ) == 50_000_000
    assert station.read32(reg.REG_CAPS) == 64 | 2 << 8 | 2 << 10 | 4 << 12 | 4 << 16
    rom = b"".join(station.read32(reg.WIN_ROM + offset).to_bytes(4, "little") for offset in range(0, 32, 4))
    assert rom[:6] == MAC
    assert rom[14:16] == b"WW"


@pytest.mark.parametrize("address", [0x06C, 0x07C, 0x0C0, 0x0FC, 0x120, 0x1FC, 0x320, 0x3FFC, 0x8000, 0x10002, 0x011])
def test_nothing_is_there(address: int) -> None:
    _, station, _ = pair()
    with pytest.raises(BusError) as caught:
        station.read32(address)
    assert caught.value.address == address
    with pytest.raises(BusError):
        station.write32(address, 0)


@pytest.mark.parametrize(
    "address", [reg.REG_ID, reg.REG_STATUS, reg.REG_RX_CURR, reg.REG_TIME_LO, reg.REG_TX_STATUS, 0x100, 0x200, 0x300]
)
def test_read_only(address: int) -> None:
    _, station, _ = pair()
    before = station.read32(address)
    with pytest.raises(BusError, match="read-only"):
        station.write32(address, 0xFFFF_FFFF)
    assert address == reg.REG_TIME_LO or station.read32(address) == before


def test_bits_without_a_field_read_0() -> None:
    _, station, _ = pair()
    for address in (reg.REG_IPG, reg.REG_RX_CFG, reg.REG_RX_START, reg.REG_MAC_ADDR_HI, reg.REG_TX_OCTETS):
        station.write32(address, 0xFFFF_FFFF)
    assert station.read32(reg.REG_IPG) == 0xFFFF
    assert station.read32(reg.REG_RX_CFG) == 0x07FF001F
    assert station.read32(reg.REG_RX_START) == 0xFF
    assert station.read32(reg.REG_MAC_ADDR_HI) == 0xFFFF
    assert station.read32(reg.REG_TX_OCTETS) == 0x7FF


def test_buffer_memory_ends_where_it_was_built() -> None:
    lan = Lan()
    small = LanAdapter(lan.kernel, lan.segment, bytes(32), name="small", buffer_pages=32)
    end = reg.WIN_BUFFER + 32 * 256
    small.write_block(end - 8, b"abcdefgh")
    assert small.read_block(end - 8, 8) == b"abcdefgh"
    assert small.read32(end - 4) == int.from_bytes(b"efgh", "little")
    for refused in (lambda: small.read32(end), lambda: small.write32(end, 0), lambda: small.read_block(end - 4, 8)):
        with pytest.raises(BusError) as caught:
            refused()
        assert caught.value.address == end


def test_wrong_builds_are_refused() -> None:
    lan = Lan()
    for wrong in ({"buffer_pages": 3}, {"buffer_pages": 65}, {"bus_period_ns": 26}):
        with pytest.raises(UsageError):
            LanAdapter(lan.kernel, lan.segment, bytes(32), name="x", **wrong)
    with pytest.raises(UsageError, match="32"):
        LanAdapter(lan.kernel, lan.segment, bytes(31), name="x")


def test_the_injection_fifo_refuses_the_17th_word() -> None:
    _, station, _ = pair()
    for word in range(16):
        station.write32(reg.REG_BACKOFF_INJECT, word)
    with pytest.raises(BusError, match="16 words"):
        station.write32(reg.REG_BACKOFF_INJECT, 16)
    assert station.read32(reg.REG_BACKOFF_INJECT) == 16


@pytest.mark.parametrize(("octets", "page"), [(0, 0), (13, 0), (1515, 0), (2047, 0), (200, 64), (300, 63), (14, 255)])
def test_commands_that_cannot_be(octets: int, page: int) -> None:
    lan, station, _ = pair()
    lan.write(station, (reg.REG_INT_MASK, 0xFF), (reg.REG_TX_PAGE, page), (reg.REG_TX_OCTETS, octets))
    lan.write(station, (reg.REG_TX_COMMAND, reg.TX_COMMAND_SEND))
    assert station.read32(reg.REG_TX_COMMAND) == 1
    sent_ns = lan.kernel.now_ns
    lan.kernel.advance(sent_ns + 4 * BUS_NS)
    assert station.irq.is_set()
    lan.run_to_edge()
    assert lan.status(station) == reg.TX_STATUS_DONE | reg.TX_STATUS_BAD_COMMAND
    assert station.read32(reg.REG_TX_COMMAND) == 0
    assert station.read32(reg.REG_ERROR) == reg.ERROR_TX_LENGTH
    assert station.interrupts.status == reg.INT_STATUS_TX | reg.INT_STATUS_TX_ERR
    assert station.read32(reg.WIN_TX_TIME) == 0
    assert lan.counters(station) == {}


def test_a_queued_slot_cannot_be_written() -> None:
    lan, station, _ = pair()
    lan.send(station, DATA)
    for address in (reg.REG_TX_PAGE, reg.REG_TX_OCTETS, reg.REG_TX_COMMAND):
        lan.write(station, (reg.REG_ERROR, 0xFF), (address, 1))
        assert station.read32(reg.REG_ERROR) == reg.ERROR_TX_BUSY_SLOT
    lan.run(20_000)
    assert lan.status(station) & reg.TX_STATUS_OK
    assert [frame.octets[:60] for frame in lan.timeline.frames] == [DATA]


def test_slots_are_sent_in_the_order_of_their_send() -> None:
    lan, station, listener = pair()
    order = [2, 0, 3, 1]
    for slot in order:
        lan.send(station, frame_for(PEER, 64 + slot)[:-4], slot)
        lan.run_to_edge()
    lan.run(100_000)
    assert [len(stored.octets) - 64 for stored in lan.received(listener)] == order
    times = [station.read32(reg.WIN_TX_TIME + 8 * slot) for slot in order]
    assert times == sorted(times)


def test_slots_wait_for_the_transmitter() -> None:
    lan, station, listener = pair()
    control = station.read32(reg.REG_CTRL)
    lan.write(station, (reg.REG_CTRL, control & ~reg.CTRL_TX_EN))
    lan.send(station, DATA)
    lan.run(50_000)
    assert station.read32(reg.REG_TX_COMMAND) == 1
    assert station.read32(reg.REG_STATUS) & reg.STATUS_TX_BUSY
    lan.write(station, (reg.REG_CTRL, control))
    lan.run(50_000)
    assert len(lan.received(listener)) == 1


def test_device_time() -> None:
    lan, station, _ = pair()
    lan.run(5_000_000_000)
    now_ns = lan.kernel.now_ns
    assert station.read32(reg.REG_TIME_LO) == now_ns & 0xFFFF_FFFF
    lan.run(10_000_000_000)
    assert station.read32(reg.REG_TIME_HI) == now_ns >> 32, "latched with the low word"


@pytest.mark.requirement("MAC-7.1")
def test_the_line_follows_one_bus_edge_later() -> None:
    lan, station, _ = pair()
    lan.write(station, (reg.REG_INT_MASK, reg.INT_STATUS_TX))
    lan.send(station, DATA)
    lan.run(20_000)
    done_ns = station.read32(reg.WIN_TX_TIME)
    acknowledged_ns = lan.kernel.now_ns
    lan.write(station, (reg.REG_INT_STATUS, reg.INT_STATUS_TX))
    lan.run(1000)
    (event,) = lan.events("irq", station.name)
    assert (event.t_ns, event.end_ns) == (done_ns + BUS_NS, acknowledged_ns + BUS_NS)


@pytest.mark.requirement("MAC-7.1")
def test_a_cause_set_where_it_is_acknowledged_stays() -> None:
    """Acknowledge at every edge around the one at which the frame is done: no cause is lost."""
    for edge in range(-3, 4):
        lan, station, _ = pair()
        lan.send(station, DATA)
        start_ns = station.port.edge_ns(station.port.edge_from(lan.kernel.now_ns + station.access_ns) + 2)
        done_ns = done_edge_ns(start_ns + 144 * 40)
        lan.kernel.advance(done_ns + edge * BUS_NS)
        lan.write(station, (reg.REG_INT_STATUS, 0xFF))
        lan.run(1000)
        assert station.interrupts.status == (reg.INT_STATUS_TX if edge <= 0 else 0)


@pytest.mark.requirement("MAC-7.1")
@pytest.mark.parametrize(("count", "time", "line_after"), [(0, 0, 1), (3, 0, 3), (1, 0, 1), (4, 0, 4)])
def test_moderation_by_count(count: int, time: int, line_after: int) -> None:
    lan, station, listener = pair()
    lan.write(listener, (reg.REG_INT_MASK, reg.INT_STATUS_RX), (reg.REG_IRQ_MODERATION, count | time << 8))
    for frames in range(1, 5):
        lan.send(station, DATA)
        lan.run(20_000)
        assert listener.irq.is_set() == (frames >= line_after)
    lan.write(listener, (reg.REG_INT_STATUS, 0xFF))
    lan.run(1000)
    assert not listener.irq.is_set()


@pytest.mark.requirement("MAC-7.1")
def test_moderation_by_time() -> None:
    lan, station, _ = pair()
    lan.write(station, (reg.REG_INT_MASK, reg.INT_STATUS_TX), (reg.REG_IRQ_MODERATION, 10 | 3 << 8))
    lan.send(station, DATA)
    lan.run(20_000)
    done_ns = station.read32(reg.WIN_TX_TIME)
    lan.write(station, (reg.REG_INT_STATUS, reg.INT_STATUS_TX))
    lan.run(1000)
    (event,) = lan.events("irq", station.name)
    assert event.t_ns == done_ns + (1 + 64 * 3) * BUS_NS


@pytest.mark.requirement("MAC-7.1")
def test_moderation_delays_no_other_cause() -> None:
    lan, station, _ = pair(force_collision=True, attempt_limit=1)
    lan.write(station, (reg.REG_INT_MASK, 0xFF), (reg.REG_IRQ_MODERATION, 10))
    lan.send(station, DATA)
    lan.run(20_000)
    assert station.irq.is_set(), "TX_ERR is not moderated"


def test_soft_reset() -> None:
    lan, station, listener = pair()
    lan.send(station, DATA)
    lan.run(20_000)
    counters = lan.counters(station)
    station.write_block(reg.WIN_BUFFER + 5000, b"stay")
    lan.send(station, frame_for(PEER, 1518)[:-4])
    lan.run(5000)
    assert station.csma.is_transmitting
    reset_ns = lan.kernel.now_ns
    lan.write(station, (reg.REG_CTRL, reg.CTRL_SOFT_RESET))
    lan.run(200)
    lan.write(station, (reg.REG_INT_MASK, 0xFF))
    assert station.read32(reg.REG_INT_MASK) == 0, "writes have no effect for 16 bus clocks"
    lan.run(1000)
    last = lan.events("transmit", station.name)[-1]
    assert last.end_ns == station.port.edge_ns(station.port.edge_from(reset_ns) + 2)
    assert station.read32(reg.REG_CTRL) == reg.CTRL_RESET
    assert lan.status(station) == 0
    assert lan.counters(station) == counters
    assert station.read_block(reg.WIN_BUFFER + 5000, 4) == b"stay"
    lan.run(100_000)
    assert lan.counters(listener)["aFramesReceivedOK"] == 1
    # And it works again.
    lan.write(station, (reg.REG_CTRL, reg.CTRL_RESET | reg.CTRL_TX_EN | reg.CTRL_SPEED100))
    lan.send(station, DATA)
    lan.run(20_000)
    assert lan.status(station) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK


def test_power() -> None:
    lan, station, listener = pair()
    seen: list[bool] = []
    station.power_watchers.append(seen.append)
    lan.send(station, frame_for(PEER, 1518)[:-4])
    lan.run(30_000)
    off_ns = lan.kernel.now_ns + 13
    lan.kernel.advance(off_ns)
    station.power(False)
    with pytest.raises(AdapterFault):
        station.read32(reg.REG_ID)
    with pytest.raises(AdapterFault):
        station.write_block(reg.WIN_BUFFER, b"1234")
    lan.run(200_000)
    (transmit,) = lan.events("transmit", station.name)
    assert transmit.end_ns == off_ns
    assert lan.timeline.frames == []
    assert sum(lan.counters(listener).values()) == 1, "an FCS or an alignment error"
    on_ns = lan.kernel.now_ns
    station.power(True)
    first_ns = station.first_execute_ns(on_ns)
    assert first_ns == on_ns + 400, "strobe at the 16th edge with power, executed at the next execute edge"
    lan.kernel.advance(first_ns)
    assert station.read32(reg.REG_CTRL) == reg.CTRL_RESET
    assert lan.counters(station) == {}
    assert seen == [False, True]
    assert [event.t_ns for event in lan.events("power", station.name)] == [off_ns, on_ns]
    lan.write(station, (reg.REG_CTRL, reg.CTRL_RESET | reg.CTRL_TX_EN | reg.CTRL_SPEED100))
    lan.send(station, DATA)
    lan.run(20_000)
    assert lan.status(station) == reg.TX_STATUS_DONE | reg.TX_STATUS_OK


def test_a_receiver_without_power_hears_nothing_of_what_is_on_the_medium() -> None:
    lan, station, listener = pair()
    lan.send(station, frame_for(PEER, 1518)[:-4])
    lan.run(30_000)
    off_ns = lan.kernel.now_ns
    listener.power(False)
    lan.run(20_000)
    on_ns = lan.kernel.now_ns
    listener.power(True)
    lan.run(200_000)
    parts = [(event.t_ns, event.end_ns) for event in lan.events("receive", listener.name)]
    assert len(parts) == 2
    assert (parts[0][1], parts[1][0]) == (off_ns, on_ns)
    assert listener.read32(reg.REG_RX_CURR) == 0


class OnePhy:
    """A PHY at address 1 with register 2 = 0x0141."""

    def __init__(self) -> None:
        self.written: list[tuple[int, int, int]] = []

    def read_register(self, phy: int, register: int) -> int | None:
        return {2: 0x0141}.get(register, 0) if phy == 1 else None

    def write_register(self, phy: int, register: int, value: int) -> None:
        self.written.append((phy, register, value))


@pytest.mark.requirement("MAC-6.2")
@pytest.mark.parametrize("no_preamble", [False, True])
def test_mdio(no_preamble: bool) -> None:
    lan, station, _ = pair()
    phy = OnePhy()
    station.mdio.phy = phy
    extra = reg.MDIO_NO_PREAMBLE if no_preamble else 0
    bits = 32 if no_preamble else 64
    lan.write(station, (reg.REG_MDIO, extra | 2 << reg.MDIO_REGAD_LSB | 1 << reg.MDIO_PHYAD_LSB))
    end_ns = lan.kernel.now_ns + (1 + 20 * bits) * BUS_NS
    lan.kernel.advance(end_ns)
    assert station.mdio.value & reg.MDIO_BUSY
    lan.run_to_edge()
    assert station.read32(reg.REG_MDIO) & 0xC000FFFF == 0x0141
    assert station.interrupts.status == reg.INT_STATUS_MDIO_DONE
    lan.write(station, (reg.REG_MDIO, 2 << reg.MDIO_REGAD_LSB | 3 << reg.MDIO_PHYAD_LSB))
    lan.write(station, (reg.REG_MDIO, reg.MDIO_WRITE))
    lan.run(30_000)
    assert station.read32(reg.REG_MDIO) & 0xC000FFFF == reg.MDIO_NO_ANSWER | 0xFFFF
    value = reg.MDIO_WRITE | 1 << reg.MDIO_PHYAD_LSB | 4 << reg.MDIO_REGAD_LSB | 0x1234
    lan.write(station, (reg.REG_MDIO, value))
    lan.run(30_000)
    assert phy.written == [(1, 4, 0x1234)]


def test_link_change() -> None:
    lan, station, _ = pair()
    assert station.read32(reg.REG_STATUS) & reg.STATUS_LINK
    station.set_link(False)
    lan.run(200)
    assert not station.read32(reg.REG_STATUS) & reg.STATUS_LINK
    assert station.interrupts.status == reg.INT_STATUS_LINK_CHANGE


def test_live_status() -> None:
    lan, station, _ = pair()
    source = lan.raw(100)
    assert station.read32(reg.REG_STATUS) == reg.STATUS_LINK
    source.carrier(lan.kernel.now_ns + 80, 8000)
    lan.run(2000)
    status = station.read32(reg.REG_STATUS)
    assert status == reg.STATUS_LINK | reg.STATUS_CRS | reg.STATUS_DEFERRING | reg.STATUS_RX_BUSY
    lan.run(20_000)
    assert station.read32(reg.REG_STATUS) == reg.STATUS_LINK
