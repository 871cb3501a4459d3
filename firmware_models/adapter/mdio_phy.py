"""The management side of a PHY: registers behind MDIO, as ``hdl/sim/mdio_phy_model.v`` has them.

IEEE Std 802.3-2022 22.2.4. There is no auto-negotiation; the values after power-on are those of a PHY with a link at
100 Mb/s.
"""

from __future__ import annotations

REGISTERS = 32
CONTROL_RESET = 1 << 15
"""Register 0, bit 15: resets, and reads 0."""

READ_ONLY = (1, 2, 3, 5, 6)
POWER_ON = {0: 0x3000, 1: 0x786D, 2: 0x0022, 3: 0x1560, 4: 0x01E1, 5: 0x01E1}


class RegisterPhy:
    """One PHY on an MDIO line; see :class:`~firmware_models.adapter.mdio.Phy`."""

    def __init__(self, address: int) -> None:
        self.address = address
        self._registers: list[int] = []
        self._power_on()

    def _power_on(self) -> None:
        self._registers = [POWER_ON.get(index, 0) for index in range(REGISTERS)]

    def read_register(self, phy: int, register: int) -> int | None:
        """Return 16 bits, or None if no PHY has this address."""
        return self._registers[register] if phy == self.address else None

    def write_register(self, phy: int, register: int, value: int) -> None:
        """Write 16 bits; nothing happens if no PHY has this address."""
        if phy != self.address or register in READ_ONLY:
            return
        if register == 0 and value & CONTROL_RESET:
            self._power_on()
        else:
            self._registers[register] = value
