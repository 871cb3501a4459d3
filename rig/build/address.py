"""The address that a station of a scenario will have."""

from __future__ import annotations

from rig.config.scenario import Station
from rig.wire.address import MAC_OCTETS, parse_mac


def station_address(station: Station) -> bytes:
    """Return the address that a station will have: the configured one, else that of its ROM, intact or not.

    With a damaged ROM and no other address the driver does not start, so nothing is ever sent from what stands there.
    """
    if station.mac is not None:
        return parse_mac(station.mac)
    assert station.rom is not None, "the loader wants one of them"
    return bytes.fromhex(station.rom)[:MAC_OCTETS]
