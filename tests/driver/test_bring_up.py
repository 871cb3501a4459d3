"""Bring-up: who answers, which address, how the memory is laid out; each refusal says what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.adapter import registers as r
from rig.adapter.mac_rom import MacRom
from rig.driver.bring_up import backoff_seed, plan_buffer
from rig.driver.config import CollisionParameters, DriverConfig, Moderation
from rig.driver.driver import NicDriver
from rig.errors import AdapterFault, UsageError
from rig.runtime.virtual_time import VirtualTime
from tests.driver.scripted_adapter import MAC, ScriptedAdapter

LOCAL = bytes.fromhex("02deadbeef01")


def bring_up(config: DriverConfig | None = None, **pokes: int) -> tuple[ScriptedAdapter, NicDriver]:
    kernel = VirtualTime()
    adapter = ScriptedAdapter(kernel)
    for name, value in pokes.items():
        adapter.poke(getattr(r, name), value)
    driver = NicDriver(kernel, adapter, config)
    kernel.run(driver.start())
    return adapter, driver


def test_a_healthy_adapter_is_set_up_in_two_round_trips() -> None:
    adapter, driver = bring_up()
    assert len(adapter.trips) == 2
    assert driver.capabilities.mac == MAC
    assert driver.is_link_up and not driver.notices
    assert (
        adapter.peek(r.REG_MAC_ADDR_LO).to_bytes(4, "little") + adapter.peek(r.REG_MAC_ADDR_HI).to_bytes(2, "little")
        == MAC
    )
    assert adapter.peek(r.REG_CTRL) == (
        r.CTRL_TX_EN
        | r.CTRL_RX_EN
        | r.CTRL_SPEED100
        | r.CTRL_PAD_EN
        | r.CTRL_FCS_EN
        | r.CTRL_LATE_RETRY
        | r.CTRL_DEFER_FOREVER
    )
    assert adapter.peek(r.REG_BACKOFF_SEED) == backoff_seed(MAC) != backoff_seed(LOCAL)
    for register in ("IPG", "COLLISION_CFG", "RX_CFG"):
        assert adapter.peek(getattr(r, f"REG_{register}")) == getattr(r, f"{register}_RESET"), register
    assert adapter.peek(r.REG_INT_MASK) == (
        r.INT_STATUS_RX
        | r.INT_STATUS_TX
        | r.INT_STATUS_RX_OVERRUN
        | r.INT_STATUS_COUNTER_HALF
        | r.INT_STATUS_LINK_CHANGE
    )


def test_the_configuration_reaches_the_registers() -> None:
    config = DriverConfig(
        full_duplex=True,
        speed_mbps=10,
        promiscuous=True,
        accept_errors=True,
        accept_runts=True,
        multicast_hash=0x8000000000000001,
        max_frame=1522,
        backoff_seed=0x1234,
        moderation=Moderation(count=5, time=300),
        collision=CollisionParameters(attempt_limit=4, backoff_limit=2, slot_time_bits=32, jam_bits=64),
        late_retry=False,
        defer_forever=False,
    )
    adapter, _ = bring_up(config)
    assert adapter.peek(r.REG_CTRL) == (
        r.CTRL_TX_EN | r.CTRL_RX_EN | r.CTRL_FULL_DUPLEX | r.CTRL_PAD_EN | r.CTRL_FCS_EN
    )  # fmt: skip
    assert adapter.peek(r.REG_RX_CFG) == 1522 << 16 | 0b11111
    assert (adapter.peek(r.REG_MHASH_LO), adapter.peek(r.REG_MHASH_HI)) == (1, 0x80000000)
    assert adapter.peek(r.REG_BACKOFF_SEED) == 0x1234
    assert adapter.peek(r.REG_IRQ_MODERATION) == 300 << 8 | 5
    assert adapter.peek(r.REG_COLLISION_CFG) == 64 << 24 | 32 << 12 | 4 << 4 | 2


def test_the_switch_comes_last() -> None:
    """The receiver must not store into a ring that is not set, nor interrupt before the mask is."""
    adapter, _ = bring_up()
    writes = [operation.address for operation in adapter.trips[1] if hasattr(operation, "value")]
    assert writes[0] == writes[-1] == r.REG_CTRL
    assert writes.index(r.REG_INT_MASK) > writes.index(r.REG_INT_STATUS)


@pytest.mark.parametrize(
    ("pokes", "message"),
    [
        ({"REG_ID": 0xFFFFFFFF}, "ID reads 0xFFFFFFFF, expected 0x4E490001; check"),
        ({"REG_MAP_HASH": 0x12345678}, r"MAP_HASH reads 0x12345678, .*build simulation or bitstream again"),
        ({"WIN_ROM": 0}, "CRC-32.*locally administered address such as 02:00:00:00:00:01"),
        ({"REG_CAPS": 8 | 4 << 12}, "8 pages .* lower max_frame"),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy(pokes: dict[str, int], message: str) -> None:
    with pytest.raises(AdapterFault, match=message):
        bring_up(**pokes)


def test_an_adapter_that_ignores_its_set_up_is_a_fault() -> None:
    kernel = VirtualTime()
    adapter = ScriptedAdapter(kernel)
    driver = NicDriver(kernel, adapter)
    write, adapter._write = adapter._write, lambda address, value: None  # type: ignore[method-assign]
    with pytest.raises(AdapterFault, match="did not take its set-up"):
        kernel.run(driver.start())
    adapter._write = write  # type: ignore[method-assign]
    kernel.run(driver.start())


def test_a_configured_address_replaces_a_damaged_rom_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    _, driver = bring_up(DriverConfig(mac=LOCAL), WIN_ROM=0)
    assert driver.capabilities.mac == LOCAL
    assert len(driver.notices) == 1
    assert "damaged" in driver.notices[0] and "02:de:ad:be:ef:01" in driver.notices[0]
    assert driver.notices[0] in caplog.text


def test_a_configured_address_replaces_a_good_rom_and_is_told() -> None:
    adapter, driver = bring_up(DriverConfig(mac=LOCAL))
    assert driver.capabilities.mac == LOCAL
    assert "replaces 02:11:22:33:44:55" in driver.notices[0]
    assert adapter.peek(r.REG_BACKOFF_SEED) == backoff_seed(LOCAL)


@pytest.mark.parametrize("mac", ["001122334455", "031122334455", "0211223344"])
def test_only_a_locally_administered_address_may_be_configured(mac: str) -> None:
    with pytest.raises(UsageError, match=r"locally administered|6 octets"):
        DriverConfig(mac=bytes.fromhex(mac))


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed_mbps": 1000},
        {"max_frame": 1500},
        {"backoff_seed": -1},
        {"multicast_hash": 1 << 64},
        {"transmit_queue_frames": 0},
    ],
)
def test_an_impossible_configuration_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        DriverConfig(**wrong)  # type: ignore[arg-type]


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(UsageError, match="slot_time_bits is 2; the adapter takes 4 to 1020"):
        CollisionParameters(slot_time_bits=2)
    with pytest.raises(UsageError, match="255"):
        Moderation(count=256)


def test_use_before_start_is_the_callers_mistake() -> None:
    kernel = VirtualTime()
    driver = NicDriver(kernel, ScriptedAdapter(kernel))
    with pytest.raises(UsageError, match="start"):
        kernel.run(driver.run())
    with pytest.raises(UsageError, match="start"):
        _ = driver.capabilities


@pytest.mark.parametrize(
    ("pages", "slots", "max_frame", "used", "ring"),
    [(64, 4, 1518, 4, (24, 64)), (32, 4, 1518, 2, (12, 32)), (64, 4, 2000, 4, (32, 64)), (24, 4, 1518, 1, (6, 24))],
)
def test_layout_of_known_sizes(pages: int, slots: int, max_frame: int, used: int, ring: tuple[int, int]) -> None:
    layout = plan_buffer(pages, slots, max_frame)
    assert (len(layout.slot_pages), layout.ring_start, layout.ring_stop) == (used, *ring)


@given(st.integers(0, 255), st.integers(0, 15), st.sampled_from((1518, 1522, 2000)))
def test_layout_never_overlaps(pages: int, slots: int, max_frame: int) -> None:
    try:
        layout = plan_buffer(pages, slots, max_frame)
    except AdapterFault:
        assert slots == 0 or pages < 26
        return
    size = -(-max_frame // 256)
    ends = [page + size for page in layout.slot_pages]
    assert 1 <= len(ends) <= slots
    assert ends == [*layout.slot_pages[1:], layout.ring_start]
    assert layout.ring_stop == pages
    assert layout.ring_pages * 256 >= 2 * (max_frame + 16) + 256


def test_rom_round_trip_and_damage() -> None:
    image = MacRom(MAC, b"board 1").serialize()
    assert image[:6] == MAC and image[14:16] == b"WW" and len(image) == 32
    assert MacRom.parse(image) == MacRom(MAC, b"board 1".ljust(12, b"\0"))
    for octet in range(32):
        for bit in range(8):
            damaged = bytearray(image)
            damaged[octet] ^= 1 << bit
            with pytest.raises(AdapterFault, match="damaged"):
                MacRom.parse(bytes(damaged))


@pytest.mark.parametrize("image", [bytes(28) + bytes.fromhex("46dc0428"), b"", bytes(31)])
def test_a_rom_that_is_no_mac_rom(image: bytes) -> None:
    with pytest.raises(AdapterFault):
        MacRom.parse(image)


@pytest.mark.parametrize("mac", [bytes(6), b"\x01" + bytes(5), b"\xff" * 6, b"\x02"])
def test_a_rom_is_not_written_with_what_is_no_station_address(mac: bytes) -> None:
    with pytest.raises(UsageError, match="station address"):
        MacRom(mac).serialize()
