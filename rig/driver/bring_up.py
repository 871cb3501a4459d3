"""Bring-up of the adapter: who is there, what is its address, how its memory is laid out, and how it is set up.

Everything here is a list of bus operations or a judgement of their results; the driver does the transactions. Two
batches bring an adapter up: one identifies it, the other resets it and writes every register the driver relies on.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from rig.adapter.bus import Operation, Read32, ReadBlock, Result, Write32
from rig.adapter.mac_rom import MacRom
from rig.adapter.registers import (
    CAPS_BUFFER_PAGES,
    CAPS_TX_SLOTS,
    CAPS_TX_SLOTS_LSB,
    COLLISION_CFG_ATTEMPT_LIMIT_LSB,
    COLLISION_CFG_BACKOFF_LIMIT_LSB,
    COLLISION_CFG_JAM_SIZE_LSB,
    COLLISION_CFG_SLOT_TIME_LSB,
    CTRL_DEFER_FOREVER,
    CTRL_FCS_EN,
    CTRL_FULL_DUPLEX,
    CTRL_LATE_RETRY,
    CTRL_PAD_EN,
    CTRL_RX_EN,
    CTRL_SOFT_RESET,
    CTRL_SPEED100,
    CTRL_TX_EN,
    ERROR_RING_CONFIG,
    ID_RESET,
    INT_MASK_MASK,
    INT_STATUS_COUNTER_HALF,
    INT_STATUS_LINK_CHANGE,
    INT_STATUS_RX,
    INT_STATUS_RX_OVERRUN,
    INT_STATUS_TX,
    IPG_PART1_LSB,
    IPG_PART2_LSB,
    IRQ_MODERATION_COUNT_LSB,
    IRQ_MODERATION_TIME_LSB,
    MAP_HASH,
    REG_BACKOFF_SEED,
    REG_CAPS,
    REG_COLLISION_CFG,
    REG_CTRL,
    REG_ERROR,
    REG_ID,
    REG_INT_MASK,
    REG_INT_STATUS,
    REG_IPG,
    REG_IRQ_MODERATION,
    REG_MAC_ADDR_HI,
    REG_MAC_ADDR_LO,
    REG_MAP_HASH,
    REG_MHASH_HI,
    REG_MHASH_LO,
    REG_RX_BNRY,
    REG_RX_CFG,
    REG_RX_CURR,
    REG_RX_START,
    REG_RX_STOP,
    REG_STATUS,
    RX_CFG_ACCEPT_ERR,
    RX_CFG_ACCEPT_RUNT,
    RX_CFG_BCAST,
    RX_CFG_MAX_FRAME_LSB,
    RX_CFG_MCAST,
    RX_CFG_PROMISC,
    RX_HEADER_OCTETS,
    STATUS_LINK,
    WIN_COUNTERS,
    WIN_COUNTERS_OCTETS,
    WIN_ROM,
    WIN_ROM_OCTETS,
)
from rig.driver.config import DriverConfig
from rig.errors import AdapterFault
from rig.wire.address import format_mac

PAGE_OCTETS = 256

INTERRUPTS = INT_STATUS_RX | INT_STATUS_TX | INT_STATUS_RX_OVERRUN | INT_STATUS_COUNTER_HALF | INT_STATUS_LINK_CHANGE
"""The causes the driver serves. Errors of single frames need no interrupt of their own: their status tells."""

# SOFT_RESET lasts 16 bus clocks in which writes are ignored and reads answered; an access takes 4.
_RESET_READS = 5


@dataclass(frozen=True, slots=True)
class BufferLayout:
    """How the pages of the buffer memory are used: transmit slots first, then the receive ring."""

    slot_pages: tuple[int, ...]
    """First page of each transmit slot in use."""
    ring_start: int
    ring_stop: int
    """Page after the last of the ring."""

    @property
    def ring_pages(self) -> int:
        """The size of the ring."""
        return self.ring_stop - self.ring_start


@dataclass(frozen=True, slots=True)
class Identity:
    """What an adapter says of itself before it is set up."""

    layout: BufferLayout
    mac: bytes
    notices: tuple[str, ...]
    """What a person should know, in whole sentences."""
    counters: bytes
    """The COUNTERS window as it was."""


def plan_buffer(pages: int, slots: int, max_frame: int) -> BufferLayout:
    """Lay ``pages`` pages out for up to ``slots`` transmit slots and a ring, for frames of up to ``max_frame`` octets.

    As many slots as leave half of the memory and room for two of the longest frames to the ring, which always keeps
    one page empty. :class:`~rig.errors.AdapterFault` if not even one slot fits.
    """
    slot_size = -(-max_frame // PAGE_OCTETS)
    frame_in_ring = -(-(RX_HEADER_OCTETS + max_frame) // PAGE_OCTETS)
    smallest_ring = max(2 * frame_in_ring + 1, pages // 2)
    used = min(slots, (pages - smallest_ring) // slot_size)
    if used < 1:
        raise AdapterFault(
            f"a buffer memory of {pages} pages of {PAGE_OCTETS} octets and {slots} transmit slots cannot hold a "
            f"transmit slot and a receive ring for frames of {max_frame} octets; lower max_frame"
        )
    first = tuple(index * slot_size for index in range(used))
    return BufferLayout(first, used * slot_size, pages)


def backoff_seed(mac: bytes) -> int:
    """Return the seed of the backoff generator that belongs to a station address; never 0."""
    return zlib.crc32(mac) or 1


def identify_operations() -> list[Operation]:
    """Return the batch whose results :func:`identify` judges."""
    return [
        Read32(REG_ID),
        Read32(REG_MAP_HASH),
        Read32(REG_CAPS),
        ReadBlock(WIN_ROM, WIN_ROM_OCTETS),
        ReadBlock(WIN_COUNTERS, WIN_COUNTERS_OCTETS),
    ]


def identify(results: Sequence[Result], config: DriverConfig) -> Identity:
    """Judge the results of :func:`identify_operations`.

    :class:`~rig.errors.AdapterFault` for another device, for another register map, and for a damaged ROM where no
    address is configured; each says what to do.
    """
    identification, map_hash, caps = cast("list[int]", results[:3])
    rom_image, counters = cast("list[bytes]", results[3:])
    if identification != ID_RESET:
        raise AdapterFault(
            f"{config.name}: no LAN adapter answers: ID reads 0x{identification:08X}, expected 0x{ID_RESET:08X}; "
            "check that the bus leads to an adapter and that its bitstream is loaded"
        )
    if map_hash != MAP_HASH:
        raise AdapterFault(
            f"{config.name}: the adapter has another register map: MAP_HASH reads 0x{map_hash:08X}, this driver is for "
            f"0x{MAP_HASH:08X}; build simulation or bitstream again from this checkout, after "
            "`python -m rig.adapter.regmap`"
        )
    mac, notices = _station_address(rom_image, config)
    pages = caps & CAPS_BUFFER_PAGES
    slots = (caps & CAPS_TX_SLOTS) >> CAPS_TX_SLOTS_LSB
    layout = plan_buffer(pages, slots, config.max_frame)
    return Identity(layout, mac, notices, counters)


def _station_address(rom_image: bytes, config: DriverConfig) -> tuple[bytes, tuple[str, ...]]:
    try:
        rom = MacRom.parse(rom_image)
    except AdapterFault as damage:
        if config.mac is None:
            raise AdapterFault(
                f"{config.name}: {damage}; write the ROM again, or configure a locally administered address such as "
                "02:00:00:00:00:01 as `mac` of the driver"
            ) from damage
        notice = f"{config.name}: {damage}; the configured address {format_mac(config.mac)} is used instead"
        return config.mac, (notice,)
    if config.mac is None or config.mac == rom.mac:
        return rom.mac, ()
    notice = f"{config.name}: the configured address {format_mac(config.mac)} replaces {format_mac(rom.mac)} of the ROM"
    return config.mac, (notice,)


def control_word(config: DriverConfig) -> int:
    """Return CTRL as the driver wants it, transmitter and receiver still off."""
    word = CTRL_PAD_EN | CTRL_FCS_EN
    word |= CTRL_FULL_DUPLEX if config.full_duplex else 0
    word |= CTRL_SPEED100 if config.speed_mbps == 100 else 0
    word |= CTRL_LATE_RETRY if config.late_retry else 0
    word |= CTRL_DEFER_FOREVER if config.defer_forever else 0
    return word


def configure_operations(config: DriverConfig, layout: BufferLayout, mac: bytes) -> list[Operation]:
    """Return the batch that resets the adapter, sets it up and switches it on; :func:`check_configured` judges it.

    The mask comes last but for the switch: whatever was pending before is gone with the reset.
    """
    low, high = struct.unpack("<IH", mac)
    receive = config.max_frame << RX_CFG_MAX_FRAME_LSB | RX_CFG_BCAST
    receive |= RX_CFG_PROMISC if config.promiscuous else 0
    receive |= RX_CFG_MCAST if config.multicast_hash else 0
    receive |= RX_CFG_ACCEPT_ERR if config.accept_errors else 0
    receive |= RX_CFG_ACCEPT_RUNT if config.accept_runts else 0
    collision = config.collision
    control = control_word(config)
    return [
        Read32(REG_RX_CURR),  # how far the ring had come, to tell what the reset drops
        Write32(REG_CTRL, CTRL_SOFT_RESET),
        *[Read32(REG_ID)] * _RESET_READS,
        Write32(REG_CTRL, control),
        Write32(REG_MAC_ADDR_LO, low),
        Write32(REG_MAC_ADDR_HI, high),
        Write32(REG_BACKOFF_SEED, backoff_seed(mac) if config.backoff_seed is None else config.backoff_seed),
        Write32(REG_MHASH_LO, config.multicast_hash & 0xFFFFFFFF),
        Write32(REG_MHASH_HI, config.multicast_hash >> 32),
        Write32(REG_RX_CFG, receive),
        Write32(REG_RX_START, layout.ring_start),
        Write32(REG_RX_STOP, layout.ring_stop),
        Write32(REG_RX_BNRY, layout.ring_start),
        Write32(REG_IPG, collision.gap_part1_bits << IPG_PART1_LSB | collision.gap_part2_bits << IPG_PART2_LSB),
        Write32(
            REG_COLLISION_CFG,
            collision.attempt_limit << COLLISION_CFG_ATTEMPT_LIMIT_LSB
            | collision.backoff_limit << COLLISION_CFG_BACKOFF_LIMIT_LSB
            | collision.slot_time_bits << COLLISION_CFG_SLOT_TIME_LSB
            | collision.jam_bits << COLLISION_CFG_JAM_SIZE_LSB,
        ),
        Write32(
            REG_IRQ_MODERATION,
            config.moderation.count << IRQ_MODERATION_COUNT_LSB | config.moderation.time << IRQ_MODERATION_TIME_LSB,
        ),
        Write32(REG_INT_STATUS, INT_MASK_MASK),
        Write32(REG_INT_MASK, INTERRUPTS),
        Write32(REG_CTRL, control | CTRL_TX_EN | CTRL_RX_EN),
        Read32(REG_CTRL),
        Read32(REG_RX_CURR),
        Read32(REG_ERROR),
        Read32(REG_STATUS),
    ]


@dataclass(frozen=True, slots=True)
class Configured:
    """An adapter that is switched on."""

    ring_page_before: int
    """RX_CURR before the reset."""
    is_link_up: bool


def check_configured(results: Sequence[Result], config: DriverConfig, layout: BufferLayout) -> Configured:
    """Judge the results of :func:`configure_operations`; :class:`~rig.errors.AdapterFault` if it did not take them."""
    before = cast(int, results[0])
    control, ring_page, error, status = (cast(int, result) for result in results[-4:])
    wanted = control_word(config) | CTRL_TX_EN | CTRL_RX_EN
    if control != wanted or ring_page != layout.ring_start or error & ERROR_RING_CONFIG:
        raise AdapterFault(
            f"{config.name}: the adapter did not take its set-up: CTRL reads 0x{control:08X} instead of "
            f"0x{wanted:08X}, RX_CURR {ring_page} instead of {layout.ring_start}, ERROR 0x{error:X}"
        )
    return Configured(before, bool(status & STATUS_LINK))
