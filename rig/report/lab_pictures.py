"""The pictures that labs show, by name: each is made from the recorded files of a run and from nothing else.

A picture is markup: SVG, or a table. Where a run holds nothing of what a picture shows, it says so in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from rig.report.backoff_picture import draw_backoff
from rig.report.block_picture import draw_blocks
from rig.report.checksum_picture import draw_checksum
from rig.report.conversation import read_conversations
from rig.report.datagrams import read_datagrams, read_exchanges, read_icmp_errors, read_packets
from rig.report.fragment_picture import draw_cuts, draw_holes
from rig.report.frame_parts import HEADER_OCTETS, carried_by, frames_with, nibbles_of, parts_of
from rig.report.medium_picture import draw_scene, first_collision
from rig.report.query_picture import draw_queries
from rig.report.run_facts import RunFacts
from rig.report.segment_picture import draw_segment
from rig.report.sequence_chart import draw_chart
from rig.report.space_time import draw_space_time
from rig.report.stream_picture import draw_segmentation, draw_window
from rig.report.svg import element, format_time
from rig.report.tcp_plots import draw_time_sequence, draw_timeout
from rig.report.tcp_segments import MASK, read_segments
from rig.report.topology_picture import draw_topology
from rig.report.traffic_picture import draw_traffic
from rig.report.waveform import OCTETS_A_ROW, draw_waveform
from rig.units import NS_PER_MS
from rig.wire.address import format_ipv4, format_mac
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ipv4 import Ipv4Packet
from rig.wire.tcp import format_flags

MOST_ROWS = 60
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


def segments(facts: RunFacts) -> str:
    """List the TCP segments with their numbers as they are on the wire."""
    rows = [
        (format_time(seen.t_ns), seen.sender, str(seen.segment.source_port), str(seen.segment.destination_port),
         format_flags(seen.segment.flags), str(seen.segment.sequence), str(seen.segment.acknowledgement),
         str(seen.segment.window), str(seen.octets), str(seen.segment.options.mss or ""),
         "sent before" if seen.is_retransmission else "")
        for seen in read_segments(facts)
    ]  # fmt: skip
    head = ("Time", "From", "Port", "To port", "Flags", "Sequence", "ACK number", "Window", "Octets", "MSS", "")
    return table(head, rows, facts, numbers=range(5, 10)) if rows else nothing("no TCP segment was on the wire")


def states(facts: RunFacts) -> str:
    """List the changes of state of every control block."""
    rows: list[tuple[str, ...]] = []
    last: dict[int, tuple[str, int | None]] = {}
    for row in facts.sockets:
        if row["kind"] != "block" or last.get(row["block"]) == (row["state"], row.get("descriptor")):
            continue
        last[row["block"]] = (row["state"], row.get("descriptor"))
        descriptor = row.get("descriptor")
        rows.append(
            (format_time(row["t_ns"]), row["station"], str(row["block"]), "" if descriptor is None else str(descriptor),
             row.get("local", ""), row.get("foreign", ""), row["state"].replace("_", "-"))
        )  # fmt: skip
    head = ("Time", "Host", "Control block", "Descriptor", "Local address", "Foreign address", "State")
    return table(head, rows, facts, numbers=(2, 3)) if rows else nothing("no socket was made")


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


def variables(facts: RunFacts) -> str:
    """List the TCP variables of every connection as they change; sequence numbers relative to iss and irs."""
    rows: list[tuple[str, ...]] = []
    last: dict[int, tuple[str, ...]] = {}
    for row in facts.sockets:
        if row["kind"] != "block" or "snd_una" not in row:
            continue
        sequence = [(row[key] - row["iss"]) & MASK for key in ("snd_una", "snd_nxt")]
        sequence.append((row["rcv_nxt"] - row["irs"]) & MASK if row["rcv_nxt"] else 0)
        times = [_ms(row[key]) for key in ("srtt_ns", "rttvar_ns", "rto_ns")]
        values = [*times, *map(str, [row["backoffs"], *sequence, row["snd_wnd"], row["rcv_wnd"], row["cwnd"]])]
        if last.get(row["block"]) != (now := tuple(values)):
            last[row["block"]] = now
            rows.append((format_time(row["t_ns"]), row["station"], str(row["block"]), *now))
    head = (
        "Time", "Host", "Block", "SRTT ms", "RTTVAR ms", "RTO ms", "Backoffs", "snd_una", "snd_nxt", "rcv_nxt",
        "snd_wnd", "rcv_wnd", "cwnd",
    )  # fmt: skip
    return table(head, rows, facts, numbers=range(2, 13)) if rows else nothing("there was no connection")


def _ms(value_ns: int | None) -> str:
    return "" if value_ns is None else f"{value_ns / NS_PER_MS:.3f}"


def calls(facts: RunFacts) -> str:
    """List the socket calls of the programs, with what each gave."""
    rows = [
        (format_time(row["start_ns"]), format_time(row["t_ns"]), row["station"], row["line"],
         "" if row["descriptor"] is None else str(row["descriptor"]), row["result"])
        for row in facts.sockets
        if row["kind"] == "call"
    ]  # fmt: skip
    head = ("From", "Until", "Host", "Call", "Descriptor", "Result")
    return table(head, rows, facts, numbers=(4,)) if rows else nothing("no program made a socket call")


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


def attempts(facts: RunFacts) -> str:
    """List the attempts that collided, with the slots drawn after each."""
    slots = {(event.station, event.t_ns): event.slots for event in facts.of_kind("backoff")}
    rows = []
    for event in facts.of_kind("transmit"):
        hit = next(
            (each for each in facts.of_kind("collision")
             if each.station == event.station and event.t_ns <= each.t_ns <= event.end_ns), None
        )  # fmt: skip
        if hit is not None:
            drawn = slots.get((event.station, event.end_ns))
            rows.append(
                (format_time(event.t_ns), event.station, str(event.frame_id or ""), str(event.attempt or ""),
                 str(hit.collision_bit), "none" if drawn is None else str(drawn))
            )  # fmt: skip
    head = ("Begun", "Station", "Frame", "Attempt", "Collision in bit", "Slots drawn")
    return table(head, rows, facts, numbers=range(2, 6)) if rows else nothing("no attempt collided")


def backoff(facts: RunFacts) -> str:
    """Draw how many slots were drawn after the first, second, third ... collision of a frame."""
    return draw_backoff(facts) or nothing("nobody drew slots")


def counters(facts: RunFacts) -> str:
    """List the counters of the adapters that moved."""
    tables = {name: station.get("counters") or {} for name, station in facts.stations.items()}
    names = [name for name in dict.fromkeys(name for each in tables.values() for name in each)
             if any(each.get(name) for each in tables.values())]  # fmt: skip
    rows = [(name, *(str(each.get(name, "")) for each in tables.values())) for name in names]
    return table(("Counter", *tables), rows, facts, numbers=range(1, len(tables) + 1))


def topology(facts: RunFacts) -> str:
    """Draw the network: what is plugged into what."""
    network = facts.result.get("network")
    if network is None:
        return nothing("no station was at a cable, hub or switch")
    return element("div", draw_topology(network["plan"]), class_="scroll")


def heard(facts: RunFacts) -> str:
    """List how many whole frames of each sender each adapter heard, for whomever they were."""
    network = facts.result.get("network")
    if network is None:
        return nothing("no station was at a cable, hub or switch")
    names = list(facts.stations)
    rows = [
        (sender, *("" if name == sender else str(network["heard"].get(name, {}).get(sender, 0)) for name in names))
        for sender in names
    ]
    return table(("Frames of", *(f"heard by {name}" for name in names)), rows, facts, numbers=range(1, len(names) + 1))


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


def datagram_nibbles(facts: RunFacts) -> str:
    """List the frame of the first UDP datagram field by field, with its nibbles in the order in which they pass."""
    found = frames_with(facts, "udp")
    if not found:
        return nothing("no datagram was sent")
    rows = []
    for field in parts_of(found[0]):
        for first in range(0, len(field.octets), OCTETS_A_ROW):
            octets = field.octets[first : first + OCTETS_A_ROW]
            nibbles = " ".join(f"{nibble:x}" for nibble in nibbles_of(octets))
            rows.append(("" if first else field.name, octets.hex(" "), nibbles, str(8 * len(octets))))
    return table(("Field", "Octets", "TXD<3:0>, nibble by nibble", "Bit times"), rows, facts, numbers=(3,))


def packets(facts: RunFacts) -> str:
    """List the frames with ARP or IP in them: between which adapters, and what they say."""
    names = {station["mac"].lower(): name for name, station in facts.stations.items()}
    names["ff:ff:ff:ff:ff:ff"] = "everybody"
    rows = []
    for frame in frames_with(facts):
        holds, data = carried_by(frame), frame.octets[HEADER_OCTETS:-4]
        ends = [format_mac(frame.octets[first : first + 6]).lower() for first in (6, 0)]
        if "arp" in holds:
            arp = ArpPacket.parse(data)
            sender, target = format_ipv4(arp.sender_ip), format_ipv4(arp.target_ip)
            said = f"{sender} is at {format_mac(arp.sender_mac)}"
            words = f"who has {target}? tell {sender}" if arp.operation == ArpOperation.REQUEST else said
            what, ttl = "ARP", ""
        elif "ipv4" in holds:
            packet = Ipv4Packet.parse(data)
            words = f"{format_ipv4(packet.source)} to {format_ipv4(packet.destination)}"
            what, ttl = "/".join(sorted(each.upper() for each in holds - {"ipv4"})) or "IP", str(packet.ttl)
        else:
            continue
        rows.append((format_time(frame.t_ns), *(names.get(end, end) for end in ends), what, words, ttl))
    head = ("Time", "From adapter", "To adapter", "What", "Says", "TTL")
    return table(head, rows, facts, numbers=(5,)) if rows else nothing("no packet was sent")


def queries(facts: RunFacts) -> str:
    """Draw the DNS queries of each look-up as a waterfall, with what came of each."""
    return draw_queries(facts) or nothing("nobody was asked for a name")


def checksum(facts: RunFacts) -> str:
    """Draw the checksum of the first UDP datagram word by word, with the pseudo header."""
    found = read_datagrams(facts)
    return draw_checksum(found[0], "The checksum of a datagram") if found else nothing("no datagram was sent")


def datagrams(facts: RunFacts) -> str:
    """List UDP datagrams and ICMP errors with their ports, lengths and checksums, and what is in DNS messages."""
    says = {each.query.seen.t_ns: f"query {each.asked.id}: {each.name}" for each in read_exchanges(facts)}
    for each in read_exchanges(facts):
        if each.reply is not None and each.answer is not None:
            records = len(each.answer.answers)
            words = f"answer {each.answer.id}: code {each.answer.response_code}, {records} in the answer section"
            says[each.reply.seen.t_ns] = words
    rows = [
        (seen.t_ns, "UDP", seen.sender, f"{each.datagram.source_port}", f"{each.datagram.destination_port}",
         str(8 + each.octets), f"{each.checksum:04x}", says.get(seen.t_ns, f"{each.octets} octets of data"))
        for each in read_datagrams(facts)
        for seen in (each.seen,)
    ]  # fmt: skip
    rows += [
        (each.seen.t_ns, "ICMP", each.seen.sender, "", "", "", "",
         f"{each.name.replace('-', ' ')}, of {each.quoted_way[1]} to {each.quoted_way[3]}")
        for each in read_icmp_errors(facts)
    ]  # fmt: skip
    head = ("Time", "What", "From", "Source port", "Destination port", "Length", "Checksum", "Says")
    lines = [(format_time(row[0]), *row[1:]) for row in sorted(rows)]
    return table(head, lines, facts, numbers=(3, 4, 5)) if lines else nothing("no datagram was sent")


def cuts(facts: RunFacts) -> str:
    """Draw the first datagram that was cut, with its pieces on each cable."""
    return draw_cuts(facts) or nothing("no datagram was cut")


def holes(facts: RunFacts) -> str:
    """Draw what the receiver had of each datagram after each piece, and the holes that were left."""
    return draw_holes(facts) or nothing("no datagram was cut")


def fragments(facts: RunFacts) -> str:
    """List the IP packets that are fragments, or must not become any, and the ICMP errors, with the fields for it."""
    errors = {(each.seen.t_ns, each.seen.sender): each for each in read_icmp_errors(facts)}
    rows = []
    for seen in read_packets(facts):
        packet, error = seen.packet, errors.get((seen.t_ns, seen.sender))
        is_piece = packet.more_fragments or packet.fragment_offset_octets
        if not (is_piece or packet.dont_fragment or error):
            continue
        flags = [name for name, is_set in (("DF", packet.dont_fragment), ("MF", packet.more_fragments)) if is_set]
        says = "" if error is None else error.name.replace("-", " ")
        if error is not None and error.name == "fragmentation-needed":
            says += f", MTU {error.message.rest_of_header & 0xFFFF}"
        rows.append(
            (format_time(seen.t_ns), seen.sender, str(packet.header_octets + len(packet.payload)),
             str(packet.identification), " ".join(flags), str(packet.fragment_offset_octets // 8), says)
        )  # fmt: skip
    head = ("Time", "From adapter", "Total length", "Identification", "Flags", "Fragment offset", "ICMP says")
    return table(head, rows, facts, numbers=(2, 3, 5)) if rows else nothing("no datagram was cut")


def nothing(words: str) -> str:
    """Return a sentence in place of a picture."""
    return element("p", f"In this run {escape(words)}.", class_="lead")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], facts: RunFacts, numbers: Iterable[int] = ()) -> str:
    """Return a table; names of stations have their colours, columns ``numbers`` are aligned to the right.

    A long one is folded behind its first rows.
    """
    right = set(numbers)
    colours = {name: f"station-{index % 8} named" for index, name in enumerate(facts.stations)}

    def cell(column: int, words: str) -> str:
        kind = "n" if column in right else colours.get(words, "")
        content = escape(words)
        return f'<td class="{kind}">{content}</td>' if kind else f"<td>{content}</td>"

    lines = ["".join(["<tr>", *(cell(column, words) for column, words in enumerate(row)), "</tr>"]) for row in rows]
    titles = "".join(
        f'<th class="n">{escape(words)}</th>' if column in right else f"<th>{escape(words)}</th>"
        for column, words in enumerate(head)
    )

    def whole(some: Sequence[str]) -> str:
        return (
            f'<div class="scroll"><table><thead><tr>{titles}</tr></thead><tbody>{"".join(some)}</tbody></table></div>'
        )

    if len(lines) <= MOST_ROWS:
        return whole(lines)
    more = element("summary", f"{len(lines) - MOST_ROWS} more rows")
    return whole(lines[:MOST_ROWS]) + element("details", more + whole(lines[MOST_ROWS:]), class_="fold")


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
    "traffic": traffic,
    "frame": frame,
    "packets": packets,
    "datagram-frame": datagram_frame,
    "datagram-nibbles": datagram_nibbles,
    "datagrams": datagrams,
    "queries": queries,
    "cuts": cuts,
    "holes": holes,
    "fragments": fragments,
    "checksum": checksum,
}
