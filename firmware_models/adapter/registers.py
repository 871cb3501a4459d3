"""The plain registers: which bits of which word are storage, and typed views of what they configure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from firmware_models.adapter.csma_parameters import CsmaParameters
from firmware_models.adapter.mac import AddressFilter
from rig.adapter import registers as reg

STORED_BITS: Final = MappingProxyType(
    {
        reg.REG_CTRL: (
            reg.CTRL_TX_EN | reg.CTRL_RX_EN | reg.CTRL_FULL_DUPLEX | reg.CTRL_SPEED100 | reg.CTRL_PAD_EN
            | reg.CTRL_FCS_EN | reg.CTRL_LATE_RETRY | reg.CTRL_DEFER_FOREVER | reg.CTRL_LOOPBACK | reg.CTRL_NO_BACKOFF
            | reg.CTRL_FORCE_COL
        ),
        reg.REG_IRQ_MODERATION: reg.IRQ_MODERATION_COUNT | reg.IRQ_MODERATION_TIME,
        reg.REG_IPG: reg.IPG_PART1 | reg.IPG_PART2,
        reg.REG_COLLISION_CFG: (
            reg.COLLISION_CFG_ATTEMPT_LIMIT | reg.COLLISION_CFG_BACKOFF_LIMIT | reg.COLLISION_CFG_SLOT_TIME
            | reg.COLLISION_CFG_JAM_SIZE
        ),
        reg.REG_BACKOFF_SEED: reg.BACKOFF_SEED_SEED,
        reg.REG_MAC_ADDR_LO: reg.MAC_ADDR_LO_OCTETS_0_3,
        reg.REG_MAC_ADDR_HI: reg.MAC_ADDR_HI_OCTETS_4_5,
        reg.REG_MHASH_LO: reg.MHASH_LO_ENTRIES,
        reg.REG_MHASH_HI: reg.MHASH_HI_ENTRIES,
        reg.REG_RX_CFG: (
            reg.RX_CFG_PROMISC | reg.RX_CFG_BCAST | reg.RX_CFG_MCAST | reg.RX_CFG_ACCEPT_RUNT | reg.RX_CFG_ACCEPT_ERR
            | reg.RX_CFG_MAX_FRAME
        ),
        reg.REG_RX_START: reg.RX_START_PAGE,
        reg.REG_RX_STOP: reg.RX_STOP_PAGE,
        reg.REG_PAUSE_CFG: reg.PAUSE_CFG_QUANTA | reg.PAUSE_CFG_RX_ENABLE,
        reg.REG_ERROR: reg.ERROR_TX_LENGTH | reg.ERROR_RING_CONFIG | reg.ERROR_TX_BUSY_SLOT,
    }
)  # fmt: skip
"""Registers that are storage, with the bits that exist; what is not listed has a meaning of its own."""

RESET_VALUES: Final = MappingProxyType(
    {
        **dict.fromkeys(STORED_BITS, 0),
        reg.REG_CTRL: reg.CTRL_RESET,
        reg.REG_IPG: reg.IPG_RESET,
        reg.REG_COLLISION_CFG: reg.COLLISION_CFG_RESET,
        reg.REG_RX_CFG: reg.RX_CFG_RESET,
    }
)


class RegisterFile:
    """The stored bits of one adapter."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values = dict(RESET_VALUES)

    def reset(self) -> None:
        """Give every register its reset value."""
        self.values = dict(RESET_VALUES)

    def store(self, offset: int, value: int) -> None:
        """Write a register; bits without a field stay 0."""
        self.values[offset] = value & STORED_BITS[offset]

    def has(self, control_bits: int) -> bool:
        """Tell whether any of these bits of CTRL is set."""
        return bool(self.values[reg.REG_CTRL] & control_bits)

    @property
    def station_address(self) -> bytes:
        """MAC_ADDR_LO and MAC_ADDR_HI as 6 octets."""
        low, high = self.values[reg.REG_MAC_ADDR_LO], self.values[reg.REG_MAC_ADDR_HI]
        return low.to_bytes(4, "little") + high.to_bytes(2, "little")

    @property
    def max_frame_octets(self) -> int:
        """RX_CFG.MAX_FRAME."""
        return (self.values[reg.REG_RX_CFG] & reg.RX_CFG_MAX_FRAME) >> reg.RX_CFG_MAX_FRAME_LSB

    def address_filter(self) -> AddressFilter:
        """Return the filter that RX_CFG, MAC_ADDR and MHASH describe."""
        config = self.values[reg.REG_RX_CFG]
        return AddressFilter(
            station=self.station_address,
            is_promiscuous=bool(config & reg.RX_CFG_PROMISC),
            takes_broadcast=bool(config & reg.RX_CFG_BCAST),
            takes_multicast=bool(config & reg.RX_CFG_MCAST),
            hash_table=self.values[reg.REG_MHASH_LO] | self.values[reg.REG_MHASH_HI] << 32,
        )

    def csma_parameters(self, *, has_sqe_test: bool) -> CsmaParameters:
        """Return what CTRL, IPG and COLLISION_CFG make of CSMA/CD, with a PHY that has an SQE test or none."""
        gap = self.values[reg.REG_IPG]
        collision = self.values[reg.REG_COLLISION_CFG]
        return CsmaParameters(
            part1_bits=(gap & reg.IPG_PART1) >> reg.IPG_PART1_LSB,
            part2_bits=(gap & reg.IPG_PART2) >> reg.IPG_PART2_LSB,
            slot_bits=(collision & reg.COLLISION_CFG_SLOT_TIME) >> reg.COLLISION_CFG_SLOT_TIME_LSB,
            jam_bits=(collision & reg.COLLISION_CFG_JAM_SIZE) >> reg.COLLISION_CFG_JAM_SIZE_LSB,
            attempt_limit=(collision & reg.COLLISION_CFG_ATTEMPT_LIMIT) >> reg.COLLISION_CFG_ATTEMPT_LIMIT_LSB,
            backoff_limit=(collision & reg.COLLISION_CFG_BACKOFF_LIMIT) >> reg.COLLISION_CFG_BACKOFF_LIMIT_LSB,
            full_duplex=self.has(reg.CTRL_FULL_DUPLEX),
            late_retry=self.has(reg.CTRL_LATE_RETRY),
            defer_forever=self.has(reg.CTRL_DEFER_FOREVER),
            no_backoff=self.has(reg.CTRL_NO_BACKOFF),
            force_collision=self.has(reg.CTRL_FORCE_COL),
            sqe_test=has_sqe_test and not self.has(reg.CTRL_SPEED100),
            loopback=self.has(reg.CTRL_LOOPBACK),
        )
