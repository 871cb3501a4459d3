"""The page of a run: one HTML file that needs no network, no other file and, to be read, no script."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from rig.report.conversation import Conversation, read_conversations
from rig.report.link_picture import draw_link_state
from rig.report.medium_picture import Scene, draw_scene, first_collision, timeline_data
from rig.report.run_facts import RunFacts, read_run
from rig.report.segment_picture import describe_segment, draw_segment
from rig.report.sequence_chart import draw_chart
from rig.report.space_time import draw_space_time
from rig.report.svg import format_time
from rig.report.topology_picture import draw_topology
from rig.report.waveform import draw_waveform

MOST_CHARTS = 4
LEAST_FRAME_OCTETS = 18


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the top of the page; ``kind`` is a CSS class."""

    name: str
    value: str
    note: str = ""
    kind: str = ""


def write_page(folder: Path) -> Path:
    """Write ``index.html`` into a run folder and return its path; :class:`UsageError` if the folder is not whole."""
    path = folder / "index.html"
    path.write_text(render_page(read_run(folder)), encoding="utf-8")
    return path


def render_page(facts: RunFacts) -> str:
    """Return the page as text."""
    assets = resources.files("rig.report") / "assets"
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((assets / "page.html.j2").read_text(encoding="utf-8"))
    result = facts.result
    addresses = {station["ip"].split("/")[0]: name for name, station in facts.stations.items() if station.get("ip")}
    conversations = read_conversations(facts.frames, addresses, facts.bit_time_ns)
    scene = first_collision(facts)
    names, counters, silent = _counters(facts)
    return template.render(
        result=result,
        environment=facts.environment,
        title=result.get("title") or result["scenario"],
        passed=result.get("passed", result["outcome"] == "completed"),
        verdict=_verdict(result),
        story=_story(facts, conversations),
        tiles=_tiles(facts, conversations),
        cables=[
            {
                "words": describe_segment(segment, is_modelled=not _is_live(result)),
                "svg": Markup(draw_segment(facts, name)),
            }
            for name, segment in result.get("segments", {}).items()
        ],
        network=_network(facts),
        scene=None if scene is None else _scene(facts, scene),
        charts=[_chart(facts, conversation) for conversation in conversations[:MOST_CHARTS]],
        frame_on_the_line=_first_frame(facts),
        stations=names,
        counters=counters,
        silent_counters=silent,
        **_netstat(facts),
        event_count=len(facts.events),
        frame_count=len(facts.frames),
        data=Markup(_json_for_html(timeline_data(facts))),
        script=Markup((assets / "timeline.js").read_text(encoding="utf-8")),
        style=Markup((assets / "style.css").read_text(encoding="utf-8")),
    )


def _network(facts: RunFacts) -> dict[str, Any] | None:
    """Return what the page says of hubs, switches and cables; None where there is one segment."""
    network = facts.result.get("network")
    if network is None:
        return None
    collisions = Counter(event.station for event in facts.of_kind("collision") if event.station in facts.media)
    names = list(facts.stations)
    heard = network["heard"]
    senders = [name for name in names if any(name in each for each in heard.values())]
    return {
        **network,
        "svg": Markup(draw_topology(network["plan"], places=_places(facts.result))),
        "domains": [{"name": name, "collisions": collisions[name]} for name in network["media"]],
        "listeners": names,
        "seen": [{"sender": sender, "counts": [heard[each].get(sender, 0) for each in names]} for sender in senders],
        "link": Markup(draw_link_state(facts)) if facts.of_kind("no-link") else None,
    }


def _places(result: dict[str, Any]) -> dict[str, str]:
    """Return on which backend each device was, where they were not all on one; a router is where its adapters were."""
    places = dict(result.get("backends", {}))
    for link in result["network"]["plan"]["links"]:
        for end in ("a", "b"):
            adapter = f"{link[end]}-{link[end + '_port']}"
            if adapter in places:
                places[link[end]] = places[adapter]
    return places


def _is_live(result: dict[str, Any]) -> bool:
    """Tell whether the times of a run are those of the machine's clock."""
    return bool(result["is_live"])


def _json_for_html(value: Any) -> str:
    """Return JSON that no HTML parser can mistake for markup."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _verdict(result: dict[str, Any]) -> str:
    outcome = str(result["outcome"])
    if not result.get("passed", outcome == "completed"):
        return f"failed: {outcome}"
    return "passed" if outcome == "completed" else f"passed: {outcome}, as meant"


def _story(facts: RunFacts, conversations: list[Conversation]) -> Markup:
    result = facts.result
    took = "The run took <b>{}</b> by the clock." if _is_live(result) else "The run took <b>{}</b> of simulated time."
    sentences = [Markup(took).format(format_time(result["sim_ns"]))]
    for file in result["files"]:
        words = Markup("<b>{}</b> ({} octets)").format(file["name"], _number(file["octets"]))
        if file["sha256_received"] == file["sha256_sent"]:
            sentences.append(Markup("{} arrived whole, octet for octet.").format(words))
        else:
            sentences.append(Markup("{} did not arrive whole.").format(words))
    collisions = facts.count_collisions()
    repeats = sum(conversation.retransmissions for conversation in conversations)
    if collisions:
        sentences.append(
            Markup("The medium saw <b>{}</b>, which the adapters resolved by jam and backoff with <b>{}</b>.").format(
                _count(collisions, "collision"),
                _count(_retries(facts), "retransmission from buffer memory", "retransmissions from buffer memory"),
            )
        )
    if repeats:
        sentences.append(Markup("TCP itself sent <b>{}</b> again.").format(_count(repeats, "segment")))
    elif collisions:
        sentences.append(Markup("TCP noticed nothing of it."))
    return Markup(" ").join(sentences)


def _count(number: int, singular: str, plural: str = "") -> str:
    return f"{_number(number)} {singular if number == 1 else plural or singular + 's'}"


def _retries(facts: RunFacts) -> int:
    return sum(1 for event in facts.of_kind("transmit") if (event.attempt or 1) > 1)


def _tiles(facts: RunFacts, conversations: list[Conversation]) -> list[Tile]:
    result = facts.result
    tiles = [Tile("Time by the clock" if _is_live(result) else "Simulated time", format_time(result["sim_ns"]))]
    for file in result["files"]:
        same = file["sha256_received"] == file["sha256_sent"]
        equality = "equal" if same else "differs" if file["sha256_received"] else "not whole"
        tiles.append(Tile(file["name"], _number(file["octets"]), "octets"))
        tiles.append(Tile("SHA-256 on both sides", equality, file["sha256_sent"][:8]))
    collisions = facts.count_collisions()
    tiles += [
        Tile("Frames on the wire", _number(len(facts.frames))),
        Tile("Collisions", _number(collisions), "", "hit-text" if collisions else ""),
        Tile("Jams", _number(sum(event.station in facts.stations for event in facts.of_kind("jam")))),
        Tile("Retransmitted by MACs", _number(_retries(facts))),
        Tile("Retransmitted by TCP", _number(sum(conversation.retransmissions for conversation in conversations))),
    ]
    return tiles


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u202f")


def _scene(facts: RunFacts, scene: Scene) -> dict[str, Any]:
    *others, last = scene.senders
    words = f"{', '.join(others)} and {last} were sending at once." if others else f"{last} was sending."
    space = draw_space_time(facts, scene)
    return {
        "time": format_time(scene.collision.t_ns),
        "words": words,
        "svg": Markup(draw_scene(facts, scene)),
        "space": None if space is None else Markup(space),
    }


def _first_frame(facts: RunFacts) -> dict[str, Any] | None:
    whole = [frame for frame in facts.frames if len(frame.octets) >= LEAST_FRAME_OCTETS]
    if not whole:
        return None
    frame = whole[0]
    words = f"{len(frame.octets)} octets from {frame.tap}, at {format_time(frame.t_ns)}"
    return {"words": words, "is_line": facts.bit_time_ns == 100, "svg": Markup(draw_waveform(frame.octets))}


def _chart(facts: RunFacts, conversation: Conversation) -> dict[str, Any]:
    collisions = {
        event.t_ns: event.attempt - 1 for event in facts.of_kind("transmit") if event.attempt and event.attempt > 1
    }
    chart = draw_chart(conversation, collisions)
    return {
        "left": conversation.left,
        "right": conversation.right,
        "retransmissions": conversation.retransmissions,
        "head": Markup(chart.head),
        "middle": Markup(chart.middle),
        "tail": Markup(chart.tail),
        "summary": chart.summary,
    }


def _counters(facts: RunFacts) -> tuple[list[str], list[dict[str, Any]], list[str]]:
    """Return the stations, a row for each counter that moved anywhere, and the names of those that did not."""
    tables = {name: station.get("counters") or {} for name, station in facts.stations.items()}
    counters = list(dict.fromkeys(counter for table in tables.values() for counter in table))
    rows = [{"name": counter, "counts": [table.get(counter) for table in tables.values()]} for counter in counters]
    moved = [row for row in rows if any(row["counts"])]
    silent = [str(row["name"]) for row in rows if not any(row["counts"])]
    return list(tables), moved, silent


def _netstat(facts: RunFacts) -> dict[str, Any]:
    rows = [
        {**row, "host": name, "index": index}
        for index, (name, station) in enumerate(facts.stations.items())
        for row in station.get("netstat", [])
    ]
    at_ns = next((station["netstat_ns"] for station in facts.stations.values() if station.get("netstat")), 0)
    words = "a row for each socket: queues hold octets that the application has not read, or the peer not acknowledged."
    return {"netstat": rows, "netstat_time": format_time(at_ns), "netstat_words": words}
