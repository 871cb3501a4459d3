"""The sequence chart of a conversation: two lifelines, one arrow a frame, states where they change.

Down is order, not time to scale; the time of each frame's first bit stands beside it. A long middle is folded into a
``details`` element, which opens without a script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rig.report.conversation import Conversation, Step
from rig.report.svg import element, format_time, percent, text
from rig.wire.tcp import TcpFlag

LEFT_PERCENT, RIGHT_PERCENT = 22.0, 78.0
ROW_PX = 40
SLOPE_PX = 9
FOLD_FROM = 26
"""A conversation of more steps is folded."""
HEAD_STEPS, TAIL_STEPS = 11, 9


@dataclass(frozen=True, slots=True)
class Chart:
    """Markup of a chart in three parts; ``middle`` and ``summary`` are empty where nothing is folded."""

    head: str
    middle: str
    tail: str
    summary: str


def draw_chart(conversation: Conversation, collisions: dict[int, int]) -> Chart:
    """Return the chart. ``collisions`` maps the time of a frame's last attempt to how often it collided before."""
    steps = conversation.steps
    first, last = _plain_middle(steps)
    if len(steps) <= FOLD_FROM or first == last:
        return Chart(_draw(conversation, steps, collisions, first=True), "", "", "")
    head, middle, tail = steps[:first], steps[first:last], steps[last:]
    return Chart(
        _draw(conversation, head, collisions, first=True),
        _draw(conversation, middle, collisions),
        _draw(conversation, tail, collisions),
        _summarise(middle, collisions),
    )


def _plain_middle(steps: Sequence[Step]) -> tuple[int, int]:
    """Return where the fold begins and ends: a change of state, a FIN or a RST is never folded away."""

    def is_plain(step: Step) -> bool:
        return not (step.left_state or step.right_state or step.flags & (TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST))

    first = HEAD_STEPS
    latest = len(steps) - TAIL_STEPS
    while first < latest and not is_plain(steps[first]):
        first += 1
    last = next((number for number in range(first, latest) if not is_plain(steps[number])), latest)
    return first, last


def _summarise(steps: Sequence[Step], collisions: dict[int, int]) -> str:
    octets = sum(step.data_octets for step in steps)
    words = [f"{len(steps)} more segments", f"{octets:,} octets of data".replace(",", "\u202f")]
    repeated = sum(step.is_retransmission for step in steps)
    if repeated:
        words.append(f"{repeated} retransmitted by TCP")
    collided = sum(1 for step in steps if collisions.get(step.t_ns))
    if collided:
        words.append(f"{collided} sent after a collision")
    return " · ".join([*words, f"{format_time(steps[0].t_ns)} to {format_time(steps[-1].t_ns)}"])


def _draw(conversation: Conversation, steps: Sequence[Step], collisions: dict[int, int], *, first: bool = False) -> str:
    top = 34 if first else 0
    height = top + ROW_PX * len(steps) + 4
    parts = [_lifeline(side, top - 6 if first else 0, height) for side in (LEFT_PERCENT, RIGHT_PERCENT)]
    if first:
        for side, name in ((LEFT_PERCENT, conversation.left), (RIGHT_PERCENT, conversation.right)):
            parts.append(text(name, x=percent(side), y=18, class_="seq-host", text_anchor="middle"))
    for index, step in enumerate(steps):
        parts.append(_arrow(step, top + ROW_PX * index + 20, collisions.get(step.t_ns, 0)))
    label = f"Sequence chart: {conversation.left} and {conversation.right}, {len(steps)} frames"
    return element("svg", "".join(parts), width="100%", height=height, class_="seq", role="img", aria_label=label)


def _lifeline(side: float, top: int, bottom: int) -> str:
    return element("line", x1=percent(side), y1=top, x2=percent(side), y2=bottom, class_="seq-life")


def _arrow(step: Step, y: int, collisions: int) -> str:
    begin, end = (LEFT_PERCENT, RIGHT_PERCENT) if step.is_from_left else (RIGHT_PERCENT, LEFT_PERCENT)
    outward = -1 if step.is_from_left else 1
    kind = "seq-again" if step.is_retransmission else "seq-data" if step.data_octets else f"seq-{step.kind}"
    tip = y + SLOPE_PX
    # An arrow head that does not depend on the width of the page: a nested svg at the tip, in pixels.
    head = element(
        "svg",
        element("path", d="M0 0L-9 -4.5L-9 4.5Z" if step.is_from_left else "M0 0L9 -4.5L9 4.5Z", class_="seq-tip"),
        x=percent(end), y=tip, overflow="visible", width=1, height=1,
    )  # fmt: skip
    label = step.label + (" retransmission" if step.is_retransmission else "")
    parts = [
        element("line", x1=percent(begin), y1=y, x2=percent(end), y2=tip, class_="seq-line"),
        head,
        text(label, x="50%", y=y - 3, class_="seq-label", text_anchor="middle"),
        _margin(format_time(step.t_ns), begin, outward, y + 1, "seq-time"),
    ]
    if collisions:
        times = "a collision" if collisions == 1 else f"{collisions} collisions"
        parts.append(text(f"after {times}", x="50%", y=y + 17, class_="seq-collided", text_anchor="middle"))
    sender_state, receiver_state = (
        (step.left_state, step.right_state) if step.is_from_left else (step.right_state, step.left_state)
    )
    if sender_state:
        parts.append(_margin(sender_state, begin, outward, y + 13, "seq-state"))
    if receiver_state:
        parts.append(_margin(receiver_state, end, -outward, tip + 4, "seq-state"))
    return element("g", "".join(parts), class_=kind)


def _margin(words: str, side: float, outward: int, y: int, kind: str) -> str:
    """Return a text outside a lifeline, a few pixels away from it."""
    anchor = "end" if outward < 0 else "start"
    return text(words, x=percent(side), y=y, dx=outward * 7, class_=kind, text_anchor=anchor)
