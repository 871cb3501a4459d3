"""The pictures of labs that are tables: packets, socket calls, counters and registers as they were recorded.

Like every picture they are made from the files of a run alone, and say so in a sentence where there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from rig.report.bus_trace import BRING_UP, transactions_of
from rig.report.datagrams import read_datagrams, read_exchanges, read_icmp_errors, read_packets
from rig.report.frame_parts import HEADER_OCTETS, carried_by, frames_with, nibbles_of, parts_of
from rig.report.run_facts import RunFacts
from rig.report.svg import element, format_time
from rig.report.tcp_segments import MASK, read_segments
from rig.report.waveform import OCTETS_A_ROW
from rig.units import NS_PER_MS
from rig.wire.address import format_ipv4, format_mac
from rig.wire.arp import ArpOperation, ArpPacket
from rig.wire.ipv4 import Ipv4Packet
from rig.wire.tcp import format_flags

MOST_ROWS = 60


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


def counters(facts: RunFacts) -> str:
    """List the counters of the adapters that moved."""
    tables = {name: station.get("counters") or {} for name, station in facts.stations.items()}
    names = [name for name in dict.fromkeys(name for each in tables.values() for name in each)
             if any(each.get(name) for each in tables.values())]  # fmt: skip
    rows = [(name, *(str(each.get(name, "")) for each in tables.values())) for name in names]
    return table(("Counter", *tables), rows, facts, numbers=range(1, len(tables) + 1))


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


def bring_up(facts: RunFacts) -> str:
    """List what each driver read and wrote to bring its adapter up, side by side, with what drivers have to tell."""
    columns = {name: _bring_up_of(facts, name) for name in facts.stations}
    columns = {name: column for name, column in columns.items() if column}
    if not columns:
        return nothing("no driver brought an adapter up, or nobody recorded it")
    longest = max(columns.values(), key=len)
    rows = []
    for index, (what, _) in enumerate(longest):
        values = [column[index][1] if index < len(column) else "" for column in columns.values()]
        rows.append((str(index + 1), what, *values))
    told = [element("p", escape(each), class_="warning") for station in facts.stations.values()
            for each in station.get("notices", ())]  # fmt: skip
    return table(("", "What", *columns), rows, facts, numbers=(0,)) + "".join(told)


def _bring_up_of(facts: RunFacts, station: str) -> list[tuple[str, str]]:
    """Return the accesses of a bring-up in words, with the value of each; the same again and again is there once."""
    found: list[tuple[str, str]] = []
    for transaction in transactions_of(facts, station):
        if transaction.kind == BRING_UP:
            for access in transaction.accesses:
                what = f"{'read' if access.is_read else 'write'} {access.window}"
                lines = [(what, f"{access.octets} octets" if access.value is None else f"{access.value:08x}")]
                if access.data:
                    octets = bytes.fromhex(access.data)
                    lines = [
                        (f"{what}, octets {at} to {at + 7}", octets[at : at + 8].hex(" "))
                        for at in range(0, len(octets), 8)
                    ]
                found += [line for line in lines if found[-1:] != [line]]
    return found


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
