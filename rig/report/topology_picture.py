"""A network drawn: what connects stands in the middle in a row, hosts around it, cables with their lengths between.

The order of the row is that of a walk along the cables, so that neighbours stand side by side; a cable between others
goes over them in an arc.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

from rig.report.svg import element, text

COLUMN_PX = 168
SIDE_PX = 120
ROW_PX = 190
TOP_PX = 96
BOX_PX = (158, 46)
HOST_PX = (132, 42)


ASIDE_PX = 8
ABREAST_PX = 20
PLACE_PX = 13
"""How much higher a box is that says on which backend its device is."""
PLACE_LETTERS = 22


def draw_topology(plan: dict[str, Any], label: str = "The network", places: Mapping[str, str] | None = None) -> str:
    """Return a plan (see :func:`rig.config.plan.plan_of`) as SVG of a fixed size in pixels.

    ``places`` says of devices, by name, on which backend they are; what is too long for a box is cut in its middle.
    """
    return _Drawing(plan, places or {}).svg(label)


def standalone(svg: str) -> str:
    """Return a picture as a file of its own: with name space and style."""
    style = (resources.files("rig.report") / "assets" / "style.css").read_text(encoding="utf-8")
    opened = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    at = opened.index(">") + 1
    return f"{opened[:at]}<style>{style}</style>{opened[at:]}\n"


class _Drawing:
    def __init__(self, plan: dict[str, Any], places: Mapping[str, str]) -> None:
        self._backends = places
        self._links = plan["links"]
        self._devices = {each["name"]: each for each in plan["devices"]}
        self._middle = self._walk([each["name"] for each in plan["devices"] if each["kind"] != "station"])
        if not self._middle:  # hosts on one cable
            self._middle = [next(iter(self._devices))]
        self._hosts = {name: self._hosts_of(name) for name in self._middle}
        self._places: dict[str, tuple[float, float]] = {}
        self._arcs = max([0, *(abs(a - b) - 1 for a, b in self._middle_links())])
        top = TOP_PX + (HOST_PX[1] + 70 if any(len(each) > 3 for each in self._hosts.values()) else 0) + 34 * self._arcs
        left = 24.0
        for name in self._middle:
            hosts = self._hosts[name]
            above = hosts[(len(hosts) + 1) // 2 :] if len(hosts) > 3 else []
            below = [host for host in hosts if host not in above]
            width = COLUMN_PX * max(1, len(above), len(below))
            self._places[name] = (left + width / 2, top)
            for row, y in ((above, top - 140 - 34 * self._arcs), (below, top + ROW_PX - 50)):
                step = width / max(1, len(row))
                for index, host in enumerate(row):
                    self._places[host] = (left + step * (index + 0.5), y)
            left += width + SIDE_PX
        self._width = left - SIDE_PX + 24
        self._height = max(y for _, y in self._places.values()) + 60

    def _middle_links(self) -> list[tuple[int, int]]:
        order = {name: index for index, name in enumerate(self._middle)}
        return [
            (order[link["a"]], order[link["b"]]) for link in self._links if link["a"] in order and link["b"] in order
        ]

    def _walk(self, names: list[str]) -> list[str]:
        """Return devices in the order of a walk that begins at one with few neighbours."""
        neighbours: dict[str, list[str]] = {name: [] for name in names}
        for link in self._links:
            if link["a"] in neighbours and link["b"] in neighbours and link["a"] != link["b"]:
                neighbours[link["a"]].append(link["b"])
                neighbours[link["b"]].append(link["a"])
        order: list[str] = []
        for root in sorted(names, key=lambda name: len(neighbours[name])):
            todo = [root]
            while todo:
                name = todo.pop()
                if name not in order:
                    order.append(name)
                    todo += [each for each in reversed(neighbours[name]) if each not in order]
        return order

    def _hosts_of(self, name: str) -> list[str]:
        found = []
        for link in self._links:
            for here, there in ((link["a"], link["b"]), (link["b"], link["a"])):
                if here == name and there not in self._middle and there not in found:
                    found.append(there)
        return found

    def svg(self, label: str) -> str:
        """Return the whole picture."""
        parts = [self._link(link) for link in self._links]
        parts += [self._device(each) for each in self._devices.values() if each["name"] in self._places]
        return element(
            "svg", "".join(parts), width=round(self._width), height=round(self._height), class_="topology", role="img",
            aria_label=label,
        )  # fmt: skip

    def _link(self, link: dict[str, Any]) -> str:
        (x1, y1), (x2, y2) = self._places[link["a"]], self._places[link["b"]]
        beside: list[dict[str, Any]] = []
        kind = f"topology-cable topology-{link['mode']}{' topology-wrong' if link['is_wrong'] else ''}"
        is_arc = y1 == y2 and abs(x1 - x2) > 0 and self._is_far(link)
        if is_arc:
            up = 44 + 30 * self._arcs
            over = y1 - up - 30
            path = f"M{x1:.0f} {y1 - 20:.0f} C{x1:.0f} {over:.0f} {x2:.0f} {over:.0f} {x2:.0f} {y2 - 20:.0f}"
            at = ((x1 + x2) / 2, y1 - up - 8)
        else:
            beside = [each for each in self._links if {each["a"], each["b"]} == {link["a"], link["b"]}]
            if y1 == y2 and len(beside) > 1:  # cables side by side
                shift = ABREAST_PX * (beside.index(link) - (len(beside) - 1) / 2)
                y1, y2 = y1 + shift, y2 + shift
            path = f"M{x1:.0f} {y1:.0f} L{x2:.0f} {y2:.0f}"
            part = 0.5 if y1 == y2 else 0.62 if link["a"] in self._middle else 0.38  # near the host there is more room
            at = (x1 + part * (x2 - x1), y1 + part * (y2 - y1) - (8 if y1 == y2 else 4))
        parts = [element("path", d=path, class_=kind, fill="none")]
        step = 26 if y1 == y2 else 12
        if y1 == y2 and len(beside) > 1:  # words of the first above it, of the others below
            step, at = 12, (at[0], y1 - 20 if beside[0] is link else y1 + 16)
        anchor, aside = "middle", 0
        if y1 != y2:  # beside the cable, on the outer side
            leans_left = x1 < x2 if link["b"] in self._middle else x2 < x1
            room = ASIDE_PX if max(y1, y2) != self._places[self._middle[0]][1] else 2 * ASIDE_PX
            anchor, aside = ("end", -room) if leans_left else ("start", room)
        for index, words in enumerate(link["words"].split(", ", 1)):
            parts.append(
                text(words, x=at[0] + aside, y=at[1] + step * index, text_anchor=anchor, class_="topology-words")
            )
        for port, (x, y), (to_x, to_y) in ((link["a_port"], (x1, y1), (x2, y2)), (link["b_port"], (x2, y2), (x1, y1))):
            if port and not is_arc:
                away = 96 / max(abs(to_x - x), 1) if y1 == y2 else 38 / abs(to_y - y)
                parts.append(
                    text(
                        port, x=x + away * (to_x - x) + (0 if y1 == y2 else 9), y=y + away * (to_y - y) + 4,
                        class_="topology-port", text_anchor="middle" if y1 == y2 else "start",
                    )
                )  # fmt: skip
        return "".join(parts)

    def _is_far(self, link: dict[str, Any]) -> bool:
        if link["a"] not in self._middle or link["b"] not in self._middle:
            return False
        return abs(self._middle.index(link["a"]) - self._middle.index(link["b"])) > 1

    def _device(self, device: dict[str, Any]) -> str:
        x, y = self._places[device["name"]]
        width, height = HOST_PX if device["kind"] == "station" else BOX_PX
        place = _short(self._backends.get(device["name"], ""))
        return element(
            "g",
            element(
                "rect", x=x - width / 2, y=y - height / 2, width=width, height=height + (PLACE_PX if place else 0),
                rx=8 if device["kind"] != "router" else 23,
            )
            + text(device["name"], x=x, y=y - 2, text_anchor="middle", class_="topology-name")
            + text(device["words"], x=x, y=y + 13, text_anchor="middle", class_="topology-words")
            + (text(place, x=x, y=y + 26, text_anchor="middle", class_="topology-place") if place else ""),
            class_=f"topology-device topology-{device['kind']}",
        )  # fmt: skip


def _short(words: str) -> str:
    if len(words) <= PLACE_LETTERS:
        return words
    half = (PLACE_LETTERS - 1) // 2
    return f"{words[:half]}\N{HORIZONTAL ELLIPSIS}{words[-half:]}"
