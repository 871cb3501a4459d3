"""The pictures that labs show, by name: each is made from the recorded files of a run and from nothing else.

A picture is markup: SVG, or a table. Where a run holds nothing of what a picture shows, it says so in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from rig.report.backoff_picture import draw_backoff
from rig.report.block_picture import draw_blocks
from rig.report.checksum_picture import draw_checksum
from rig.report.conversation import read_conversations
from rig.report.datagrams import read_datagrams
from rig.report.driver_picture import draw_driver, draw_one_frame
from rig.report.fragment_picture import draw_cuts, draw_holes
from rig.report.frame_parts import frames_with
from rig.report.lab_tables import (
    attempts,
    bring_up,
    calls,
    counters,
    datagram_nibbles,
    datagrams,
    fragments,
    heard,
    nothing,
    packets,
    segments,
    states,
    variables,
)
from rig.report.medium_picture import draw_scene, first_collision
from rig.report.query_picture import draw_queries
from rig.report.route_picture import draw_route
from rig.report.run_facts import RunFacts
from rig.report.segment_picture import draw_segment
from rig.report.sequence_chart import draw_chart
from rig.report.space_time import draw_space_time
from rig.report.stream_picture import draw_segmentation, draw_window
from rig.report.svg import element
from rig.report.tcp_plots import draw_time_sequence, draw_timeout
from rig.report.throughput_picture import draw_throughput
from rig.report.topology_picture import draw_topology
from rig.report.traffic_picture import draw_traffic
from rig.report.waveform import draw_waveform

LEAST_FRAME_OCTETS = 18

Picture = Callable[[RunFacts], str]


def sequence(facts: RunFacts) -> str:
    """Draw what each two hosts said to each other, frame by frame."""
    addresses = {station["ip"].split("/")[0]: name for name, station in facts.stations.items() if station.get("ip")}
    parts = []
    collisions = {event.t_ns: event.attempt - 1 for event in facts.of_kind("transmit") if (event.attempt or 1) > 1
                  if event.attempt is not None}  # fmt: skip
    for conversation in read_conversations(facts.frames, addresses, facts.bit_time_ns):
        chart = draw_chart(conversation, collisions)
        parts.append(chart.head)
        if chart.summary:
            summary = element("summary", escape(chart.summary))
            parts += [element("details", summary + chart.middle, class_="fold", open="open"), chart.tail]
    return "".join(parts) or nothing("no two hosts said anything to each other")


def blocks(facts: RunFacts) -> str:
    """Draw the control blocks of every host as strips, with their states and descriptors."""
    return draw_blocks(facts) or nothing("no socket was made")


def queues(facts: RunFacts) -> str:
    """Draw the control blocks with what waits in their buffers."""
    return draw_blocks(facts, queues=True) or nothing("no socket was made")


def time_sequence(facts: RunFacts) -> str:
    """Draw sequence numbers over time: data, losses, retransmissions, ACK numbers, the edge of the window."""
    return draw_time_sequence(facts) or nothing("no data was sent")


def timeout(facts: RunFacts) -> str:
    """Draw RTO and SRTT over time, with the retransmissions."""
    return draw_timeout(facts) or nothing("no round trip was measured")


def segmentation(facts: RunFacts) -> str:
    """Draw what a program wrote against the segments that left, headers to scale."""
    return draw_segmentation(facts) or nothing("no program wrote anything")


def window(facts: RunFacts) -> str:
    """Draw the window over the byte line and the receiver's buffer, change by change."""
    return draw_window(facts) or nothing("no data was sent")


def segment(facts: RunFacts) -> str:
    """Draw the segments to scale, with the stations at their places."""
    return "".join(draw_segment(facts, name) for name in facts.result.get("segments", {}))


def medium(facts: RunFacts) -> str:
    """Draw the first collision as lanes."""
    scene = first_collision(facts)
    return nothing("there was no collision") if scene is None else draw_scene(facts, scene)


def space_time(facts: RunFacts) -> str:
    """Draw the first collision in space and time."""
    scene = first_collision(facts)
    return (None if scene is None else draw_space_time(facts, scene)) or nothing("there was no collision on a segment")


def backoff(facts: RunFacts) -> str:
    """Draw how many slots were drawn after the first, second, third ... collision of a frame."""
    return draw_backoff(facts) or nothing("nobody drew slots")


def topology(facts: RunFacts) -> str:
    """Draw the network: what is plugged into what."""
    network = facts.result.get("network")
    if network is None:
        return nothing("no station was at a cable, hub or switch")
    return element("div", draw_topology(network["plan"]), class_="scroll")


def route(facts: RunFacts) -> str:
    """Draw every packet on its way over the network, with the ARP caches that fill meanwhile."""
    return draw_route(facts) or nothing("no packet was sent between adapters on segments")


def throughput(facts: RunFacts) -> str:
    """Draw how much data of each sender had arrived when, beside what one cable can carry."""
    return draw_throughput(facts) or nothing("no data was sent over TCP")


def traffic(facts: RunFacts) -> str:
    """Draw a lane for each station with what it sent, collided or whole."""
    return draw_traffic(facts) or nothing("nobody sent anything")


def frame(facts: RunFacts) -> str:
    """Draw the first frame bit by bit, as it is on a 10BASE-T line."""
    whole = [frame for frame in facts.frames if len(frame.octets) >= LEAST_FRAME_OCTETS]
    return draw_waveform(whole[0].octets) if whole else nothing("no frame was sent whole")


def datagram_frame(facts: RunFacts) -> str:
    """Draw the frame of the first UDP datagram bit by bit, as it is on a 10BASE-T line."""
    found = frames_with(facts, "udp")
    return draw_waveform(found[0].octets) if found else nothing("no datagram was sent")


def queries(facts: RunFacts) -> str:
    """Draw the DNS queries of each look-up as a waterfall, with what came of each."""
    return draw_queries(facts) or nothing("nobody was asked for a name")


def checksum(facts: RunFacts) -> str:
    """Draw the checksum of the first UDP datagram word by word, with the pseudo header."""
    found = read_datagrams(facts)
    return draw_checksum(found[0], "The checksum of a datagram") if found else nothing("no datagram was sent")


def cuts(facts: RunFacts) -> str:
    """Draw the first datagram that was cut, with its pieces on each cable."""
    return draw_cuts(facts) or nothing("no datagram was cut")


def holes(facts: RunFacts) -> str:
    """Draw what the receiver had of each datagram after each piece, and the holes that were left."""
    return draw_holes(facts) or nothing("no datagram was cut")


def driver(facts: RunFacts) -> str:
    """Draw wire, receive ring, interrupt line and CPU of the busiest station over the whole run."""
    return draw_driver(facts) or nothing("no driver took a frame out of its ring, or nobody recorded it")


def one_frame(facts: RunFacts) -> str:
    """Draw the same lanes around one frame that was alone."""
    return draw_one_frame(facts) or nothing("no frame was alone in a ring")


PICTURES: dict[str, Picture] = {
    "sequence": sequence,
    "segments": segments,
    "states": states,
    "blocks": blocks,
    "queues": queues,
    "time-sequence": time_sequence,
    "timeout": timeout,
    "segmentation": segmentation,
    "window": window,
    "variables": variables,
    "calls": calls,
    "segment": segment,
    "medium": medium,
    "space-time": space_time,
    "attempts": attempts,
    "backoff": backoff,
    "counters": counters,
    "topology": topology,
    "heard": heard,
    "route": route,
    "throughput": throughput,
    "traffic": traffic,
    "frame": frame,
    "packets": packets,
    "datagram-frame": datagram_frame,
    "datagram-nibbles": datagram_nibbles,
    "datagrams": datagrams,
    "queries": queries,
    "driver": driver,
    "one-frame": one_frame,
    "bring-up": bring_up,
    "cuts": cuts,
    "holes": holes,
    "fragments": fragments,
    "checksum": checksum,
}
