"""Which device is in the socket of which station of a scenario: what the stations name, made ready to be built."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rig.config.scenario import Scenario
from rig.errors import ConfigError
from rig.regress.device.device import PluggedDevice
from rig.regress.device.inspect import plugged_device
from rig.regress.device.socket import has_socket
from rig.regress.filelist import PROJECT_ROOT

OWN_DEVICE = PROJECT_ROOT / "configs" / "devices" / "nic_mii.yaml"
"""What is in the socket of a station that names none, beside one that does."""
NUMBER_BITS = 8


@dataclass(frozen=True, slots=True)
class Sockets:
    """What is in the sockets of a bench: devices, and by station which of them; nothing where no station names any."""

    devices: tuple[PluggedDevice, ...] = ()
    numbers: dict[str, int] = field(default_factory=dict)

    def parameters(self) -> dict[str, int]:
        """Return the parameter that tells a bench which station is which device."""
        value = sum(number << NUMBER_BITS * place for place, number in enumerate(self.numbers.values()))
        return {"DEVICES": value} if value else {}

    def facts(self) -> dict[str, dict[str, Any]]:
        """Return what a result says of the device of each station."""
        return {station: self.devices[number].facts() for station, number in self.numbers.items()}

    def environment(self) -> dict[str, dict[str, Any]]:
        """Return which files the devices were made of, by name of the device."""
        return {
            each.device.name: {"file": str(each.device.path), "sources": [str(path) for path in each.inputs]}
            for each in self.devices
        }


def sockets_of(scenario: Scenario, top: str) -> Sockets:
    """Return what the stations in Verilog have in their sockets; ``scenario`` is resolved, and runs on bench ``top``.

    :class:`ConfigError` for a device that does not fit, or a bench without sockets; :class:`~rig.errors.ToolError` for
    one that cannot be elaborated.
    """
    named = {adapter.name: scenario.device_of(adapter) for adapter in scenario.adapters() if adapter.is_verilog}
    if not any(named.values()):
        return Sockets()
    if not has_socket(top):
        station, name = next((station, name) for station, name in named.items() if name)
        raise ConfigError(
            f"station {station!r} has the device {name}, and a 10base-t line: the adapters there have PHYs of their"
            " own, and no MII to put another to; leave the line out of the segment, or the device out of the station"
        )
    paths = {station: OWN_DEVICE if name is None else Path(name) for station, name in named.items()}
    order = list(dict.fromkeys(paths.values()))
    devices = tuple(plugged_device(path) for path in order)
    seen: dict[str, Path] = {}
    for each in devices:
        if each.device.name in seen:
            raise ConfigError(
                f"the device is called {each.device.name!r}, as is that of {seen[each.device.name]}",
                file=str(each.device.path), key_path="name", expected="a name of its own",
            )  # fmt: skip
        seen[each.device.name] = each.device.path
    return Sockets(devices, {station: order.index(path) for station, path in paths.items()})
