"""Which adapters may be in one run: docs/joint.md has the table.

Twins and Verilog live in simulated time. Interfaces and boards at ports live on the clock of the machine. A virtual
board lives in the time of those it is with. Nothing joins the two times: a cable between them would have to hold frames
back for seconds, and neither collisions nor time-outs would mean anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from rig.config.scenario import BackendName, Scenario, Station
from rig.errors import ConfigError

SIMULATED: dict[BackendName, str] = {"model": "a twin", "rtl": "in Verilog"}


def check_mixture(scenario: Scenario, backend: BackendName, ports: Sequence[str] = ()) -> None:
    """Refuse, by :class:`ConfigError`, a scenario (resolved for ``backend``) whose adapters cannot be in one run.

    ``ports`` are those of the command line, which put every station on a board.
    """
    adapters = scenario.adapters()
    if not any(adapter.backend == backend for adapter in adapters):
        places = sorted({adapter.backend or backend for adapter in adapters})
        said = ", ".join(f"{adapter.name}: {adapter.backend}" for adapter in adapters)
        raise ConfigError(
            f"no station of this scenario is on the {backend} backend, as each names another ({said}): leave one out of"
            f" the file, or run it with --backend {' or '.join(places)}"
        )
    real = next((adapter for adapter in adapters if _where(adapter)), None)
    if real is None and not ports:
        return
    there = "boards at ports are" if real is None else f"{real.name!r} is {_where(real)},"
    for adapter in adapters:
        kind = "in Verilog" if adapter.is_verilog else SIMULATED.get(adapter.backend or backend)
        if kind is not None:
            raise ConfigError(
                f"station {adapter.name!r} is {kind}, in simulated time, and {there} on the wall clock: no cable joins"
                f" the two; give {adapter.name!r} no backend, make it a board (a virtual one runs on the wall clock"
                " too), or run everything on the model: --backend model"
            )


def mixture_in_words(scenario: Scenario) -> str:
    """Say which station is on which backend, where they differ; else nothing."""
    adapters = scenario.adapters()
    if len({(adapter.backend, adapter.is_verilog) for adapter in adapters}) == 1:
        return ""
    return ", ".join(
        f"{adapter.name} {adapter.backend}{' in Verilog' if adapter.is_verilog and adapter.backend == 'board' else ''}"
        for adapter in adapters
    )


def _where(station: Station) -> str:
    """Say where on the wall clock a station is; nothing for one in simulated time, or in any."""
    if station.backend == "nic":
        return "a network interface" if station.interface is None else f"interface {station.interface}"
    if station.backend == "board" and station.port is not None:
        return f"a board at {station.port}"
    if station.backend == "board" and station.interface is not None:
        return f"a board whose jack is {station.interface}"
    return ""
