"""``rig up``: a node with its services and its control socket, until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rig.config.node import NodeConfig
from rig.live.run import LiveRun, run_live
from rig.live.services import start_services
from rig.runtime.control import ControlServer, node_queries
from rig.wire.address import format_mac


@dataclass(frozen=True, slots=True)
class UpReport:
    """What a node did while it was up: counts of each service by its title, of the stack, and of the interface."""

    services: dict[str, dict[str, int]]
    stack: dict[str, int]
    interface: dict[str, int]


def run_up(config: NodeConfig, *, capture: Path | None, tell: Callable[[str], None]) -> UpReport:
    """Run the node of ``config`` until SIGINT or SIGTERM; ``tell`` gets lines for the user, the last "... is up".

    :class:`~rig.errors.UsageError` where it cannot start.
    """

    async def serve(run: LiveRun) -> UpReport:
        kernel, host = run.kernel, run.host
        control = ControlServer(kernel, config.name, node_queries(host.node))
        control.listen()
        services = start_services(host.sockets, config.services)
        tasks = [kernel.spawn(control.serve(), "control")]
        tasks += [kernel.spawn(task, service.title) for service in services for task in service.tasks]
        capabilities = host.node.devices[0].capabilities
        duplex = "full" if capabilities.full_duplex else "half"
        for service in services:
            tell(service.title)
        if config.cable is not None:
            tell(f"cable {config.cable.name} leads to the node of {config.cable.other}")
        tell(
            f"{config.name} is up on {config.interface.kind} {config.interface.name}: {config.ip}, "
            f"{format_mac(capabilities.mac)}, {capabilities.speed_mbps} Mb/s {duplex} duplex"
        )
        await run.stop.wait()
        report = UpReport(
            {service.title: service.counts() for service in services},
            dict(sorted(host.stack.counters().items())),
            dict(sorted((await run.read_counters()).items())),
        )
        for task in tasks:
            task.cancel()
        return report

    return run_live(config, serve, capture=capture, ends_by_itself=False)
