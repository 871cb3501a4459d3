"""``rig topology``: what a scenario's cables connect, as a list and as a picture."""

from __future__ import annotations

import webbrowser
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rig.cli.json_output import print_json
from rig.config.plan import places_of, plan_of
from rig.config.topology import Topology
from rig.errors import ExitCode, UsageError
from rig.report.topology_picture import draw_topology, standalone
from rig.scenario.catalog import find_scenario

PICTURES = Path("runs") / "topology"


@dataclass(frozen=True, slots=True)
class TopologyOptions:
    """What the command line asks for."""

    file: str
    svg: Path | None
    open_picture: bool
    as_json: bool


def run_topology(options: TopologyOptions) -> ExitCode:
    """Print and draw; :class:`~rig.errors.RigError` for what cannot be read or written."""
    name, _, scenario = find_scenario(options.file)
    topology = Topology(scenario)
    plan, places = plan_of(scenario), places_of(scenario)
    facts: dict[str, Any] = {
        "scenario": name,
        **plan,
        "places": places,
        "paths": [{**asdict(path), "excess_bits": path.excess_bits} for path in topology.longest_paths()],
        "warnings": topology.warnings(),
    }
    path = options.svg
    if path is None and options.open_picture:
        path = PICTURES / f"{name}.svg"
    if path is not None:
        _write(path, standalone(draw_topology(plan, scenario.title or name, places)))
        facts["svg"] = str(path)
    if options.as_json:
        print_json(facts)
    else:
        print("\n".join(_lines(facts)))
    if options.open_picture and path is not None:
        webbrowser.open(path.resolve().as_uri())
    return ExitCode.PASSED


def _lines(facts: dict[str, Any]) -> list[str]:
    places = facts["places"]
    lines = [
        f"{each['kind']:8} {each['name']:16} {each['words']}"
        + (f", {places[each['name']]}" if each["name"] in places else "")
        for each in facts["devices"]
    ]
    for link in facts["links"]:
        ends = [
            f"{link[end]}{'.' + link[end + '_port'].split()[0] if link[end + '_port'] else ''}" for end in ("a", "b")
        ]
        lines.append(f"cable    {' - '.join(ends):34} {link['words']}, {link['mode']} duplex")
    for path in facts["paths"]:
        lines.append(
            f"domain   {' - '.join(path['ends']):34} {path['value_bits']:.1f} of {path['limit_bits']:.0f} bit times"
        )
    lines += [f"warning: {words}" for words in facts["warnings"]]
    if "svg" in facts:
        lines.append(f"picture  {facts['svg']}")
    return lines


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as err:
        raise UsageError(f"{path} cannot be written: {err.strerror}; name another file with --svg") from err
