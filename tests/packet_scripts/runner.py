"""Plays a packet script against a stack in virtual time. A failure names file and line and tells the dialogue."""

from __future__ import annotations

from dataclasses import replace

from rig.stack.events import StackEvent
from rig.stack.stack import SocketOption
from rig.wire.ipv4 import Ipv4Packet, Protocol
from rig.wire.tcp import TcpOptions, TcpSegment
from tests.helpers.tcp_script import MASK, OUR_IP, PEER_IP, PLAIN, Seen, TcpScript, flag_letters
from tests.packet_scripts.language import FLAGS, ICMP_KINDS, UNITS_NS, Options, Script, Segment, Step, _Line, parse_time

_PRIME = 65_521
_PATTERN = bytes((number * 31 + number // 256) & 0xFF for number in range(_PRIME))
SYN, FIN, ACK, RST = (1 << FLAGS.index(letter) for letter in "SFAR")


class ScriptFailedError(AssertionError):
    """The stack did something else than the script says."""


def pattern(position: int, octets: int) -> bytes:
    """Return ``octets`` octets of the endless stream that every script sends, from ``position`` on."""
    start = position % _PRIME
    repeated = _PATTERN * ((start + octets) // _PRIME + 1)
    return repeated[start : start + octets]


class _Dialogue(TcpScript):
    def fail(self, problem: str) -> None:
        raise ScriptFailedError(problem)


class Runner:
    """One run of one script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        settings = dict(script.stack)
        iss = settings.pop("iss", None)
        tcp = replace(PLAIN, **script.tcp)  # type: ignore[arg-type]
        arguments = {key: settings[key] for key in ("mtu", "seed", "peer_iss") if key in settings}
        start_ns = 0
        if iss is not None:  # the clock of RFC 6528 ticks every 4 us: choose when the script begins
            probe = TcpScript(tcp, **arguments)  # type: ignore[arg-type]
            zero = probe.stack._tcp.initial_sequence((OUR_IP, 80, PEER_IP, probe.peer_port), 0)
            start_ns = ((iss - zero) & MASK) * 4000
        self.peer = _Dialogue(tcp, start_ns=start_ns, **arguments)  # type: ignore[arg-type]
        self.step = script.steps[0]
        self.last_ns = 0
        self.written = 0
        self.read = 0
        self.events: list[StackEvent] = []
        self.first_stamp: int | None = None

    def play(self) -> None:
        """Run all steps; :class:`ScriptFailedError` at the first that does not hold."""
        try:
            for step in self.script.steps:
                self.step = step
                self._play_step(step)
            self.peer._drain()
            self._nothing_pending()
        except ScriptFailedError as failure:
            story = "\n".join(self.peer.story)
            counters = {name: count for name, count in self.peer.stack.counters().items() if count}
            where = f"{self.script.path}:{self.step.line}"
            raise ScriptFailedError(f"{where}: {failure}\n  {self.step.text}\n{story}\n{counters}") from None

    def _play_step(self, step: Step) -> None:
        base_ns = self.last_ns if step.is_relative else 0
        low_ns, high_ns = base_ns + step.t_ns, base_ns + step.until_ns
        if step.verb == "out":
            assert step.segment is not None
            self._expect(step.segment, low_ns, high_ns)
            return
        if low_ns < self.last_ns:
            self._fail("the script goes back in time")
        self.peer._advance(low_ns / 1e6)
        self._nothing_pending()
        self.last_ns = low_ns
        if step.verb == "in":
            assert step.segment is not None
            self._arrive(step.segment)
        else:
            getattr(self, "_do_" + step.verb.replace("-", "_"))(step)

    def _fail(self, problem: str) -> None:
        raise ScriptFailedError(problem)

    def _nothing_pending(self) -> None:
        if self.peer._seen:
            seen = self.peer._seen[0]
            at_ms = (seen.t_ns - self.peer.start_ns) / 1e6
            self._fail(f"unexpected at {at_ms} ms: {seen.flags} {seen.seq}:{seen.seq + len(seen.data)} ack {seen.ack}")

    # Segments

    def _arrive(self, wanted: Segment) -> None:
        peer = self.peer
        sequence = peer.peer_nxt if wanted.seq is None else wanted.seq
        iss = peer.iss or 0
        ack = 0
        if wanted.flags & ACK or wanted.ack is not None:
            ack = (iss + (peer.stack_nxt if wanted.ack is None else wanted.ack)) & MASK
        if wanted.win is not None:
            peer.window = wanted.win
        segment = TcpSegment(
            peer.peer_port, peer.port, (peer.peer_iss + sequence) & MASK, ack, wanted.flags, peer.window,
            pattern(sequence - 1 + bool(wanted.flags & SYN), wanted.octets), wanted.urg or 0,
            self._options(wanted.options),
        )  # fmt: skip
        if wanted.seq is None or sequence + segment.sequence_length > peer.peer_nxt:
            peer.peer_nxt = sequence + segment.sequence_length
        peer._tell("in  " + self.step.text.partition("in ")[2].strip())
        octets = bytearray(segment.serialize(PEER_IP, OUR_IP))
        if wanted.options is not None and wanted.options.raw is not None:
            octets = _with_options(octets, wanted.options.raw)
        if wanted.corrupt:
            octets[16] ^= 0x40
        peer.receive_packet(Ipv4Packet(PEER_IP, OUR_IP, Protocol.TCP, bytes(octets)))
        peer._held = wanted.hold
        if not wanted.hold:
            peer._drain()

    def _options(self, options: Options | None) -> TcpOptions:
        if options is None or options.raw is not None:
            return TcpOptions()
        iss = self.peer.iss or 0
        return TcpOptions(
            options.mss,
            options.wscale,
            options.sack_ok,
            tuple(((iss + left) & MASK, (iss + right) & MASK) for left, right in options.sack),
            None if options.ts is None else (options.ts[0], (options.ts[1] + (self.first_stamp or 0)) & MASK),
        )

    def _expect(self, wanted: Segment, low_ns: int, high_ns: int) -> None:
        if wanted.size is None:
            self._expect_one(wanted, low_ns, high_ns)
            return
        start = self.peer.stack_nxt if wanted.seq is None else wanted.seq
        for offset in range(0, wanted.octets, wanted.size):
            octets = min(wanted.size, wanted.octets - offset)
            self._expect_one(replace(wanted, seq=start + offset, octets=octets, size=None), low_ns, high_ns)

    def _expect_one(self, wanted: Segment, low_ns: int, high_ns: int) -> None:
        peer = self.peer
        if not peer._seen:
            peer._advance(max(low_ns, self.last_ns) / 1e6)
            peer._drain()
        while not peer._seen:
            deadline_ns = peer.stack.next_deadline()
            if deadline_ns is None or deadline_ns - peer.start_ns > high_ns:
                self._fail("nothing came")
            peer._advance((deadline_ns - peer.start_ns) / 1e6)  # type: ignore[operator]
        seen = peer._seen.pop(0)
        at_ns = seen.t_ns - peer.start_ns
        options = seen.segment.options
        if options.timestamp is not None and self.first_stamp is None:
            self.first_stamp = options.timestamp[0]
        wrong = [f"{name}: expected {want}, got {got}" for name, want, got in self._checks(wanted, seen) if want != got]
        if not low_ns <= at_ns <= high_ns:
            wrong.append(f"time: expected {low_ns / 1e6} ms, got {at_ns / 1e6} ms")
        if wrong:
            self._fail("; ".join(wrong))
        self.last_ns = max(self.last_ns, at_ns)
        peer.stack_nxt = max(peer.stack_nxt, seen.seq + seen.segment.sequence_length)

    def _checks(self, wanted: Segment, seen: Seen) -> list[tuple[str, object, object]]:
        peer, segment = self.peer, seen.segment
        seq = peer.stack_nxt if wanted.seq is None else wanted.seq
        is_reset = wanted.flags & RST
        checks: list[tuple[str, object, object]] = [
            ("flags", flag_letters(wanted.flags), seen.flags),
            ("octets", wanted.octets, len(seen.data)),
            ("contents", pattern(seq - 1, len(seen.data)), seen.data),
            ("urg", wanted.urg or 0, segment.urgent_pointer),
        ]
        if not is_reset or wanted.seq is not None:
            checks.append(("seq", seq, seen.seq))
        if wanted.flags & ACK and (not is_reset or wanted.ack is not None):
            checks.append(("ack", peer.peer_nxt if wanted.ack is None else wanted.ack, seen.ack))
        if wanted.win is not None:
            checks.append(("win", wanted.win, segment.window))
        if wanted.options is not None:
            checks.append(("options", wanted.options, self._written(segment.options)))
        return checks

    def _written(self, options: TcpOptions) -> Options:
        """Return options of the stack with relative numbers, as they would be written."""
        peer_iss, stamp = self.peer.peer_iss, options.timestamp
        return Options(
            options.mss,
            options.window_scale,
            options.sack_permitted,
            tuple(((left - peer_iss) & MASK, (right - peer_iss) & MASK) for left, right in options.sack),
            None if stamp is None else ((stamp[0] - (self.first_stamp or 0)) & MASK, stamp[1]),
        )

    # Calls and looks

    def _do_nothing(self, step: Step) -> None:
        """Advancing to the time of the step has looked already."""

    def _do_listen(self, step: Step) -> None:
        self.peer.listen(80, step.octets)

    def _do_connect(self, step: Step) -> None:
        pairs = (argument.split("=") for argument in step.arguments)
        self.peer.connect(self.last_ns / 1e6, **{name: self._number(value) for name, value in pairs})

    def _do_accept(self, step: Step) -> None:
        self.peer.accept()

    def _do_write(self, step: Step, *, urgent: bool = False) -> None:
        peer = self.peer
        data = pattern(self.written, step.octets)
        send = peer.stack.send_urgent if urgent else peer.stack.send
        try:
            taken: object = send(peer.handle, data, peer.now_ns)
        except OSError as error:
            taken = type(error).__name__
        expected = step.arguments[0] if step.arguments else str(step.octets)
        peer._tell(f"{step.verb}({step.octets}) = {taken}")
        if str(taken) != expected:
            self._fail(f"write() = {taken}, expected {expected}")
        self.written += int(expected) if expected.isdigit() else 0
        peer._drain()

    def _do_write_urgent(self, step: Step) -> None:
        self._do_write(step, urgent=True)

    def _do_read(self, step: Step) -> None:
        try:
            data = self.peer.read(self.last_ns / 1e6, step.octets)
            result = "nothing" if data is None else str(len(data)) if data else "end"
        except OSError as error:
            data, result = None, type(error).__name__
        if result != step.arguments[0]:
            self._fail(f"read() = {result}, expected {step.arguments[0]}")
        if data:
            if data != pattern(self.read, len(data)):
                self._fail(f"the octets read from {self.read} on are not those that were sent")
            self.read += len(data)

    def _do_urgent(self, step: Step) -> None:
        octets = self.peer.stack.urgent_octets(self.peer.handle)
        if octets != step.octets:
            self._fail(f"{octets} octets up to the end of urgent data, expected {step.octets}")

    def _do_shutdown(self, step: Step) -> None:
        self.peer.shutdown(self.last_ns / 1e6)

    def _do_close(self, step: Step) -> None:
        self.peer.close(self.last_ns / 1e6)

    def _do_abort(self, step: Step) -> None:
        self.peer.abort(self.last_ns / 1e6)

    def _do_set(self, step: Step) -> None:
        name, value = step.arguments
        self.peer.stack.set_option(self.peer.handle, SocketOption(name), self._number(value))
        self.peer._drain()

    def _do_icmp(self, step: Step) -> None:
        kind, mtu = step.arguments
        number, code = ICMP_KINDS[kind]
        self.peer.icmp_error(self.last_ns / 1e6, number, code, seq=step.octets, rest=int(mtu))

    def _do_event(self, step: Step) -> None:
        kind, *error = step.arguments
        self.events += self.peer.events()
        for event in self.events:
            if event.kind.value == kind:
                self.events.remove(event)
                got = "" if event.error is None else type(event.error).__name__
                if got != "".join(error):
                    self._fail(f"the event {kind} has the error {got!r}")
                return
        self._fail(f"no event {kind}, only {[event.kind.value for event in self.events]}")

    def _do_no_event(self, step: Step) -> None:
        self.events += self.peer.events()
        if self.events:
            self._fail(f"events {[event.kind.value for event in self.events]}")

    def _do_state(self, step: Step) -> None:
        state = self.peer.state()
        if state != step.arguments[0]:
            self._fail(f"the state is {state}")

    def _do_counter(self, step: Step) -> None:
        count = self.peer.counter(step.arguments[0])
        if count != step.octets:
            self._fail(f"the counter is {count}")

    def _number(self, word: str) -> int:
        line = _Line(self.script.path, self.step.line, self.step.text)
        is_time = word.endswith(tuple(UNITS_NS)) and not word.isdigit()
        return parse_time(line, word, needs_unit=True)[0] if is_time else line.number_of(word, "a value")


def _with_options(segment: bytearray, options: bytes) -> bytearray:
    """Return a segment without options with ``options`` put in, padded, and its checksum made right."""
    options = options.ljust(-(-len(options) // 4) * 4, b"\0")
    segment = segment[:20] + options + segment[20:]
    segment[12] = (20 + len(options)) // 4 << 4
    segment[16:18] = b"\0\0"
    padded = segment + b"\0" * (len(segment) % 2)
    total = PEER_IP + OUR_IP + 6 + len(segment) + int.from_bytes(padded, "big")
    segment[16:18] = (0xFFFF - total % 0xFFFF).to_bytes(2, "big")
    return segment
