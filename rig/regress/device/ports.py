"""The ports of the socket that an adapter under test is plugged into: those of ``nic_mii`` that a station uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["input", "output"]


@dataclass(frozen=True, slots=True)
class SocketPort:
    """A port, seen from the device. ``absent``: what an output is taken for that the device has not; None: it needs it.

    An input that the device has not is no matter where ``is_optional``.
    """

    name: str
    direction: Direction
    bits: int = 1
    absent: str | None = None
    is_optional: bool = False

    @property
    def may_lack(self) -> bool:
        """Whether a device does without it."""
        return self.is_optional or self.absent is not None


def _in(name: str, bits: int = 1, *, is_optional: bool = False) -> SocketPort:
    return SocketPort(name, "input", bits, is_optional=is_optional)


def _out(name: str, bits: int = 1, *, absent: str | None = None) -> SocketPort:
    return SocketPort(name, "output", bits, absent)


PORTS: tuple[SocketPort, ...] = (
    _in("clk_bus"), _in("rst"), _in("wb_cyc", is_optional=True), _in("wb_stb"), _in("wb_we"),
    _in("wb_sel", 4, is_optional=True), _in("wb_adr", 15), _in("wb_dat_w", 32), _out("wb_dat_r", 32), _out("wb_ack"),
    _out("wb_err"), _out("irq"),
    _in("rom_image", 256), _in("phy_link", is_optional=True),
    _in("clk_tx"), _out("mii_txd", 4), _out("mii_tx_en"), _out("mii_tx_er", absent="1'b0"),
    _in("clk_rx"), _in("mii_rxd", 4), _in("mii_rx_dv"), _in("mii_rx_er", is_optional=True), _in("mii_crs"),
    _in("mii_col"),
    _out("mdc", absent="1'b0"), _out("mdio_o", absent="1'b1"), _out("mdio_oe", absent="1'b0"),
    _in("mdio_i", is_optional=True),
    _out("observe_waiting"), _out("observe_start"), _out("observe_collision"), _out("observe_jam"),
    _out("observe_end"), _out("observe_collided"), _out("observe_draw"), _out("observe_slots", 10),
    _out("observe_attempt", 5), _out("observe_reset"),
)  # fmt: skip
BY_NAME = {port.name: port for port in PORTS}
REQUEST_PORTS: tuple[SocketPort, ...] = (
    _out("request_octets", 11, absent="11'd0"), _out("request_pad", absent="1'b0"), _out("request_fcs", absent="1'b0"),
)  # fmt: skip
"""Of the socket alone: what its own ``nic_mii`` tells the record of attempts."""
POKE = _in("poke", 39)
