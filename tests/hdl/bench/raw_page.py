"""A collision of two stations worked out by hand from docs/adapter.md, edge by edge.

Station a: position 0, MII edges at 40 k; b: position 20 (D = 200 ns), MII edges at 7 + 40 k; bus edges at 20 k. Both
are asked at 6000 to write PAGE, OCTETS and COMMAND of a slot.

* Bus: seen at 6020 (k = 301), executed at k = 304, 308, 312: SEND at E = 6240. The request toggles at E + 4 = 6320.
* a: first MII edge >= 6320 is 6320, seen two edges later: starts at s = 6400. b: 6327, s = 6407.
* b's signal is at a from 6607 on: sampled at 6640, acted on at e = 6720, 8 edges after s: bit 32. a's is at b from
  6600: sampled at 6607, e = 6687, 7 edges: bit 28. Both finish the header: jam from s + 16 edges (7040, 7047) for 8
  nibbles: f = 7360 and 7367.
* Injected words: a draws 1 & 1 = 1 slot of 128 nibbles: 7360 + 5120 = 12480. b draws 2 & 1 = 0.
* b waits from f = 7367. a's signal ends at b at 7560: first sampled low at 7567, seen at 7647; 24 edges of gap:
  starts at 8607. 16 + 2 * 64 = 144 nibbles: f = 14367.
* a waits from 12480. b's signal ends at a at 14567: sampled low at 14600, seen at 14680; starts at 15640, f = 21400.
* RX_DV rises and falls two edges after the edges that sample the arrival: fragments at a (6607, 7567]: 6720 .. 7680;
  at b (6600, 7560]: 6687 .. 7647; frames at a (8807, 14567]: 8920 .. 14680; at b (15840, 21600]: 15927 .. 21687.
* Done, at the first k = 1 (mod 4) from q + 2 on: b at 14367, q = 14380 (719), 721: 14420; line at 14440. a at 21400,
  q = 21420 (1071), 1073: 21460.
* Received: RX_DV is sampled low at 14720, the end mark goes in at 14760; bus edge 14780 (739), + 2 = 741, popped at the
  next k = 2 (mod 4): A = 742, 14840; stored at A + 16 = 15160, line at 15180. At b: 21727, 21767, 21780 (1089), + 2 =
  1091, A = 1094, 21880.
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
        TimelineEvent(6400, 7360, "a", "transmit", 1, 1),
        TimelineEvent(6720, 6720, "a", "collision", 1, 1, collision_bit=32),
        TimelineEvent(7040, 7360, "a", "jam", 1, 1),
        TimelineEvent(7360, 12480, "a", "backoff", 1, 1, slots=1),
        TimelineEvent(12480, 15640, "a", "defer", 1, 2),
        TimelineEvent(15640, 21400, "a", "transmit", 1, 2),
        TimelineEvent(6720, 7680, "a", "receive"),
        TimelineEvent(8920, 14680, "a", "receive"),
        TimelineEvent(15180, 30_100, "a", "irq"),
        TimelineEvent(6407, 7367, "b", "transmit", 1, 1),
        TimelineEvent(6687, 6687, "b", "collision", 1, 1, collision_bit=28),
        TimelineEvent(7047, 7367, "b", "jam", 1, 1),
        TimelineEvent(7367, 7367, "b", "backoff", 1, 1, slots=0),
        TimelineEvent(7367, 8607, "b", "defer", 1, 2),
        TimelineEvent(8607, 14367, "b", "transmit", 1, 2),
        TimelineEvent(6687, 7647, "b", "receive"),
        TimelineEvent(15927, 21687, "b", "receive"),
        TimelineEvent(14440, 30_100, "b", "irq"),
        TimelineEvent(6407, 7360, MEDIUM, "collision"),
    ],
    key=TimelineEvent.sort_key,
)
STARTS_NS = {"a": 15640, "b": 8607}
TX_TIMES_NS = (21460, 14420)
TIMESTAMPS_NS = (14840, 21880)
