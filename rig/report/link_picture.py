"""Link state over time: for each end of a cable that lost its link, when there was none."""

from __future__ import annotations

from rig.report.run_facts import RunFacts
from rig.report.svg import element, format_time, percent, text

GUTTER_PERCENT = 17.0
LANE_PX = 34
AXIS_PX = 24
TICKS = 5


def draw_link_state(facts: RunFacts) -> str:
    """Return lanes as SVG: a bar where the link is up, a gap with its duration where it is not."""
    lost = facts.of_kind("no-link")
    names = sorted({event.station for event in lost})
    end_ns = max(1, int(facts.result["sim_ns"]))
    height = AXIS_PX + LANE_PX * len(names) + 4

    def x(t_ns: int) -> float:
        return GUTTER_PERCENT + (100 - GUTTER_PERCENT) * min(max(t_ns, 0), end_ns) / end_ns

    parts = []
    for index in range(TICKS + 1):
        t_ns = end_ns * index // TICKS
        at = percent(x(t_ns))
        anchor = "end" if index == TICKS else "start" if index == 0 else "middle"
        parts.append(element("line", x1=at, x2=at, y1=AXIS_PX - 6, y2=height, class_="scene-grid"))
        parts.append(text(format_time(t_ns), x=at, y=12, text_anchor=anchor, class_="scene-tick"))
    for lane, name in enumerate(names):
        y = AXIS_PX + LANE_PX * lane
        gaps = sorted((event.t_ns, event.end_ns) for event in lost if event.station == name)
        parts.append(text(name, x="0", y=y + 20, class_="scene-name"))
        starts = [0, *(gap_end for _, gap_end in gaps)]
        ends = [*(begin for begin, _ in gaps), end_ns]
        for begin, end in zip(starts, ends, strict=True):
            if end > begin:
                width = percent(x(end) - x(begin))
                parts.append(element("rect", x=percent(x(begin)), y=y + 9, width=width, height=14, class_="link-up"))
        for begin, end in gaps:
            middle = percent((x(begin) + x(end)) / 2)
            words = f"no link for {format_time(end - begin)}"
            line = element("line", x1=percent(x(begin)), x2=percent(x(end)), y1=y + 16, y2=y + 16, class_="link-down")
            parts.append(
                line + text(words, x=middle, y=y + 12, text_anchor="middle", class_="scene-note scene-hit-note")
            )
    return element(
        "svg", "".join(parts), width="100%", height=height, class_="scene-links", role="img", aria_label="Link state"
    )
