"""The segment drawn to scale: the cable in bit times, and where on it each station sits."""

from __future__ import annotations

from typing import Any

from rig.report.run_facts import RunFacts
from rig.report.svg import element, percent, text

LEFT_PERCENT, RIGHT_PERCENT = 9.0, 91.0
ROW_PX = 76


def describe_segment(segment: dict[str, Any], *, is_modelled: bool = True) -> str:
    """Return speed, duplex and length in words; the length is that of a model, and of a real cable not known."""
    length = f", {segment['delay_bits']} bit times from end to end" if is_modelled else ""
    shared = "every station hears every other" if segment["duplex"] == "half" else "each direction has its own pair"
    return f"{segment['speed_mbps']} Mb/s, {segment['duplex']} duplex{length}: {shared}."


def draw_segment(facts: RunFacts, name: str) -> str:
    """Return the segment ``name`` as SVG; stations too near to each other stand on different sides of the cable."""
    length = max(1, facts.result["segments"][name]["delay_bits"])
    parts = [
        element(
            "line", x1=percent(LEFT_PERCENT), y1=ROW_PX + 16, x2=percent(RIGHT_PERCENT), y2=ROW_PX + 16, class_="wire"
        )
    ]
    sides: list[float] = []  # positions taken above the cable
    height = ROW_PX + 32
    for index, (station, facts_of) in enumerate(facts.stations.items()):
        if facts_of.get("segment") != name:
            continue
        place = LEFT_PERCENT + (RIGHT_PERCENT - LEFT_PERCENT) * facts_of["position_bits"] / length
        above = all(abs(place - other) > 24 for other in sides)
        if above:
            sides.append(place)
        else:
            height = 2 * ROW_PX + 32
        parts.append(_station(station, facts_of, index, place, above))
    return element(
        "svg", "".join(parts), width="100%", height=height, class_="cable", role="img", aria_label=f"Segment {name}"
    )


def _station(name: str, facts: dict[str, Any], index: int, place: float, above: bool) -> str:
    x, cable = percent(place), ROW_PX + 16
    first, second = (16, 31) if above else (cable + 42, cable + 57)
    end = 52 if above else cable + 28
    address = (facts.get("ip") or "no address").split("/")[0]
    anchor = {"x": x, "text_anchor": "middle"}
    return element(
        "g",
        element("line", x1=x, y1=end, x2=x, y2=cable, class_="drop")
        + element("circle", cx=x, cy=cable, r=5, class_="host")
        + text(name, y=first, class_="host-name", **anchor)
        + text(address, y=second, class_="where", **anchor)
        + text(f"at {facts['position_bits']}", y=second + 14, class_="where", **anchor),
        class_=f"station-{index % 8}",
    )
