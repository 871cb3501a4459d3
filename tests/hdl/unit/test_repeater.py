"""The repeater in Verilog against its twin: every output at every edge, every counter, in random traffic."""

from __future__ import annotations

import subprocess
from pathlib import Path
from random import Random

import pytest

from firmware_models.adapter.mac import frame_to_send
from firmware_models.network.repeater import COUNTERS
from rig.regress.filelist import filelist_of
from tests.firmware_models.wires import HEADER, Star, nibbles

pytestmark = pytest.mark.needs("iverilog")

BENCH = Path(__file__).with_name("repeater_bench.v")
TIMEOUT_S = 120
SAMPLED = 4
"""Edges from the rise of TX_EN of a source to the edge at which the hub samples the RX_DV that comes of it."""

FRAMES = [
    frame_to_send(bytes(range(1, 15)) + bytes(octets - 18), pad=False, append_fcs=True) for octets in (64, 100, 300)
]
LIMITS = {"cc_limit": 5, "long_collision_nibbles": 700, "jabber_nibbles": 900}
Burst = tuple[int, int, bytes]
"""Port (from 1), edge at which its source begins, nibbles."""


def some_units(source: Random) -> bytes:
    """Return what a source may send: frames with whole or eaten preamble, fragments, noise, too much of it."""
    kind = source.random()
    frame = HEADER + nibbles(source.choice(FRAMES))
    if kind < 0.35:
        return frame
    if kind < 0.55:
        return frame[source.randrange(16) :]
    if kind < 0.65:
        return bytes([5]) * source.randrange(1, 30) + frame
    if kind < 0.8:
        return frame[: source.randrange(1, 60)]
    if kind < 0.97:
        return bytes(source.randrange(16) for _ in range(source.randrange(1, 200)))
    return frame + bytes(source.randrange(800, 1500))


def noisy_partition(ports: int) -> list[Burst]:
    """Return how ports 1 and 2 are partitioned; port 1 makes a noise in the next good frame, so only 2 comes back."""
    if ports == 2:
        return []
    jam = bytes([5]) * 30
    collisions = [(number, 20 + 100 * time, jam) for time in range(LIMITS["cc_limit"]) for number in (1, 2)]
    return [*collisions, (3, 600, HEADER + nibbles(FRAMES[1])), (1, 604, jam), (2, 1_000, HEADER + nibbles(FRAMES[0]))]


def traffic(ports: int, seed: int, edges: int) -> list[Burst]:
    """Return random bursts: alone, or several ports at nearly the same time; a port is silent for an edge at least."""
    source = Random(seed)
    bursts = noisy_partition(ports)
    edge = 20 if not bursts else 1_600
    free = [edge] * ports
    while edge < edges - 4000:
        crowd = source.choice((1, 1, 1, 2, 2, ports))
        for number in source.sample(range(ports), crowd):
            begin = max(free[number], edge + source.choice((0, 0, 1, source.randrange(60))))
            units = some_units(source)
            bursts.append((number + 1, begin, units))
            free[number] = begin + len(units) + source.choice((1, 2, source.randrange(1, 60)))
        edge = max(edge, source.choice((min(free), max(free)))) + source.choice((1, 12, 24, source.randrange(300)))
    return bursts


def play_twin(ports: int, bursts: list[Burst], edges: int, **limits: int) -> list[str]:
    """Return what the bench would write."""
    star = Star(ports, **limits)
    for number, edge, units in bursts:
        star.send(number, edge, units)
    partitioned: list[int] = []
    for edge in range(edges - 1):
        star.kernel.advance(edge * star.period_ns)
        partitioned.append(sum(port.is_partitioned << index for index, port in enumerate(star.hub.ports)))
    star.run(edges + 20_000)
    enabled, data = [0] * edges, [[5] * ports for _ in range(edges)]
    for number in range(1, ports + 1):
        for sent in star.from_hub(number):
            begin, end = star.edges(sent)
            for offset, edge in enumerate(range(begin, min(end, edges))):
                enabled[edge] |= 1 << number - 1
                data[edge][number - 1] = sent.units[offset]
    lines = [
        f"{enabled[edge]:x} {[data[edge][index] if enabled[edge] >> index & 1 else None for index in range(ports)]}"
        f" {partitioned[edge]:x}"
        for edge in range(edges - 1)
    ]
    return lines + [str(port.counters[name]) for port in star.hub.ports for name in COUNTERS]


def play_verilog(
    tmp_path: Path, ports: int, bursts: list[Burst], edges: int, sources: list[Path], **limits: int
) -> list[str]:
    """Return what the bench wrote, with the data of ports that do not send left out."""
    valid = [0] * edges
    nibble = [[0] * ports for _ in range(edges)]
    for number, begin, units in bursts:
        for offset, unit in enumerate(units):
            edge = begin + SAMPLED + offset
            if edge < edges:
                valid[edge] |= 1 << number - 1
                nibble[edge][number - 1] = unit
    lines = []
    for present, values in zip(valid, nibble, strict=True):
        data = sum(value << 4 * index for index, value in enumerate(values))
        lines.append(f"{present << 4 * ports | data:x}")
    (tmp_path / "stimulus.hex").write_text("\n".join(lines) + "\n")
    names = {"cc_limit": "CC_LIMIT", "long_collision_nibbles": "LONG_COLLISION", "jabber_nibbles": "JABBER"}
    parameters = {"PORTS": ports} | {names[name]: value for name, value in limits.items()}
    program = tmp_path / "bench.vvp"
    overrides = [f"-Prepeater_bench.{name}={value}" for name, value in parameters.items()]
    _run(["iverilog", "-g2005", "-Wall", "-o", program, "-s", "repeater_bench", *overrides, *sources, BENCH])
    plusargs = [f"+stimulus={tmp_path / 'stimulus.hex'}", f"+record={tmp_path / 'record'}", f"+edges={edges}"]
    _run(["vvp", program, *plusargs])
    return [_readable(line, ports) for line in (tmp_path / "record").read_text().splitlines()]


def _readable(line: str, ports: int) -> str:
    if " " not in line:
        return line
    enabled, data, partitioned = (int(word, 16) for word in line.split())
    values = [data >> 4 * index & 15 if enabled >> index & 1 else None for index in range(ports)]
    return f"{enabled:x} {values} {partitioned:x}"


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0 and not done.stderr, done.stderr


def sources() -> list[Path]:
    return filelist_of("repeater").sources


@pytest.mark.parametrize(("ports", "seed"), [(2, 1), (4, 2), (8, 4)])
def test_verilog_equals_the_twin(ports: int, seed: int, tmp_path: Path) -> None:
    edges = 30_000
    bursts = traffic(ports, seed, edges)
    twin = play_twin(ports, bursts, edges, **LIMITS)
    verilog = play_verilog(tmp_path, ports, bursts, edges, sources(), **LIMITS)
    assert len(twin) == len(verilog)
    for edge, (expected, seen) in enumerate(zip(twin, verilog, strict=True)):
        assert seen == expected, f"edge {edge}, seed {seed}; bursts {[b[:2] for b in bursts if b[1] < edge][-4:]}"
    totals = [sum(int(line) for line in twin[edges - 1 :][kind :: len(COUNTERS)]) for kind in range(len(COUNTERS))]
    assert min(totals) > 0, f"the traffic does not reach everything: {dict(zip(COUNTERS, totals, strict=True))}"


BUGS = {
    "no extension": ("repeater_control.v", "EXTENDED     = 13'd25", "EXTENDED     = 13'd24"),
    "no one port left": ("repeater_control.v", "|active_left ? ONE_LEFT : IDLE", "|active_left ? IDLE : IDLE"),
    "partition a collision late": ("repeater_port.v", "CC_LIMIT[5:0] - 6'd1", "CC_LIMIT[5:0]"),
    "reconnects a noisy port": ("repeater_port.v", "!is_source && silent && !carrier", "!is_source && !carrier"),
    "preamble a nibble short": ("repeater_path.v", "4'd15 - age[3:0]", "4'd14 - age[3:0]"),
    "source is sent to": ("repeater.v", "(~source & {PORTS{one_left", "({PORTS{one_left"),
    "collision counted twice": ("repeater_port.v", "active && !in_collision", "active"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_seen(bug: str, tmp_path: Path) -> None:
    name, good, bad = BUGS[bug]
    planted = []
    for path in sources():
        text = path.read_text()
        if path.name == name:
            assert good in text
            (tmp_path / name).write_text(text.replace(good, bad))
            path = tmp_path / name
        planted.append(path)
    edges = 12_000
    bursts = traffic(4, 2, edges)
    twin = play_twin(4, bursts, edges, **LIMITS)
    assert play_verilog(tmp_path, 4, bursts, edges, planted, **LIMITS) != twin
