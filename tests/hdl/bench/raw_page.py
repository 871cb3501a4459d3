"""A collision of two stations worked out by hand from docs/adapter.md, edge by edge.

Station a: position 0, MII edges at 40 k; b: position 20 (D = 200 ns), MII edges at 7 + 40 k; bus edges at 20 k. Both
are asked at 6000 to write PAGE, OCTETS and COMMAND of a slot.

* Bus: seen at 6020 (k = 301), executed at k = 304, 308, 312: SEND at E = 6240. The request toggles at 6260.
* a: first MII edge >= 6260 is 6280, seen two edges later: starts at s = 6360. b: 6287, s = 6367.
* b's signal is at a from 6567 on: sampled at 6600, acted on at e = 6680, 8 edges after s: bit 32. a's is at b from
  6560: sampled at 6567, e = 6647, 7 edges: bit 28. Both finish the header: jam from s + 16 edges (7000, 7007) for 8
  nibbles: f = 7320 and 7327.
* Injected words: a draws 1 & 1 = 1 slot of 128 nibbles: 7320 + 5120 = 12440. b draws 2 & 1 = 0.
* b waits from f = 7327. a's signal ends at b at 7520: first sampled low at 7527, seen at 7607; 24 edges of gap:
  starts at 8567. 16 + 2 * 64 = 144 nibbles: f = 14327.
* a waits from 12440. b's signal ends at a at 14527: sampled low at 14560, seen at 14640; starts at 15600, f = 21360.
* RX_DV rises and falls two edges after the edges that sample the arrival: fragments at a (6567, 7527]: 6680 .. 7640;
  at b (6560, 7520]: 6647 .. 7607; frames at a (8767, 14527]: 8880 .. 14640; at b (15800, 21560]: 15887 .. 21647.
* Done: b at 14327, bus edges 14340, + 2 = 14380; line at 14400. a at 21360: 21420.
* Received: RX_DV is sampled low at 14680, the end mark goes in at 14720; bus edge 14740, + 2 = 14780 (k = 739),
  popped at the next k = 2 (mod 4): A = 742, 14840; stored at A + 16 = 15160, line at 15180. At b: 21687, 21727,
  21740, 21780 (1089), A = 1090, 21800.
* Cleared by an access asked for at 30000: executed at 30080, line low at 30100.
"""

from __future__ import annotations

from rig.adapter.recorder import MEDIUM, TimelineEvent

MACS = (bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b"))
FRAMES = tuple(
    MACS[1 - index] + MACS[index] + b"\x88\xb5" + bytes(16 * index + n for n in range(46)) for index in (0, 1)
)
INJECTED = ((1,), (2,))
DISTANCE_BITS = 20
SEND_NS = 6000
CLEAR_NS = 30_000
END_NS = 40_000

EVENTS = sorted(
    [
        TimelineEvent(6360, 7320, "a", "transmit", 1, 1),
        TimelineEvent(6680, 6680, "a", "collision", 1, 1, collision_bit=32),
        TimelineEvent(7000, 7320, "a", "jam", 1, 1),
        TimelineEvent(7320, 12440, "a", "backoff", 1, 1, slots=1),
        TimelineEvent(12440, 15600, "a", "defer", 1, 2),
        TimelineEvent(15600, 21360, "a", "transmit", 1, 2),
        TimelineEvent(6680, 7640, "a", "receive"),
        TimelineEvent(8880, 14640, "a", "receive"),
        TimelineEvent(15180, 30_100, "a", "irq"),
        TimelineEvent(6367, 7327, "b", "transmit", 1, 1),
        TimelineEvent(6647, 6647, "b", "collision", 1, 1, collision_bit=28),
        TimelineEvent(7007, 7327, "b", "jam", 1, 1),
        TimelineEvent(7327, 7327, "b", "backoff", 1, 1, slots=0),
        TimelineEvent(7327, 8567, "b", "defer", 1, 2),
        TimelineEvent(8567, 14327, "b", "transmit", 1, 2),
        TimelineEvent(6647, 7607, "b", "receive"),
        TimelineEvent(15887, 21647, "b", "receive"),
        TimelineEvent(14400, 30_100, "b", "irq"),
        TimelineEvent(6367, 7320, MEDIUM, "collision"),
    ],
    key=TimelineEvent.sort_key,
)
STARTS_NS = {"a": 15600, "b": 8567}
TX_TIMES_NS = (21420, 14380)
TIMESTAMPS_NS = (14840, 21800)
