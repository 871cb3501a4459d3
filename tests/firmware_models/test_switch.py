"""The switch's twin: learning, flooding, ageing, buffers, both duplex modes, and a mismatch of them."""

from __future__ import annotations

from random import Random

import pytest

from firmware_models.adapter.mac import BROADCAST, frame_to_send
from firmware_models.network.segment import PREAMBLE_AND_SFD, Port
from firmware_models.network.switch import TABLE_LIMIT, Switch
from rig.errors import UsageError
from rig.runtime.virtual_time import VirtualTime
from tests.firmware_models.wires import Sent, Wire, nibbles

A, B, C, D, NOBODY = (bytes([2, 0, 0, 0, 0, number]) for number in (1, 2, 3, 4, 99))
BIT_NS = 10


def frame(destination: bytes, source: bytes, octets: int = 64) -> bytes:
    return frame_to_send(destination + source + b"\x88\xb5" + bytes(octets - 18), pad=False, append_fcs=True)


class Office:
    """A switch with a bare source on each of its ports."""

    def __init__(self, ports: int = 3, full: bool = True, **limits: int) -> None:
        self.kernel = VirtualTime()
        self.sent: list[Sent] = []
        self.wires = [Wire(self.kernel, self.sent) for _ in range(ports)]
        self.sources: list[Port] = [wire.attach(f"s{index + 1}", phase_ns=0) for index, wire in enumerate(self.wires)]
        self.switch = Switch(self.kernel, "sw", self.wires, [full] * ports, Random(1), **limits)

    def send(self, number: int, octets: bytes) -> None:
        """Send a frame from a port's source, let it arrive and be forwarded."""
        self.begin(number, octets)
        self.kernel.advance(self.kernel.now_ns + (len(octets) + 8) * 16 * BIT_NS + 40_000)

    def begin(self, number: int, octets: bytes) -> None:
        """Send a frame from now on."""
        wire = self.wires[number - 1]
        transmission = wire.begin(self.sources[number - 1], octets)
        end_ns = self.kernel.now_ns + (len(octets) + 8) * 8 * BIT_NS
        self.kernel.call_at(end_ns, lambda _: wire.end(transmission))

    def got(self) -> dict[int, int]:
        """Return how many frames the switch has sent at each port since the last call."""
        counts: dict[int, int] = {}
        for each in self.sent:
            if each.port.startswith("sw."):
                counts[int(each.port[3:])] = counts.get(int(each.port[3:]), 0) + 1
        self.sent.clear()
        return counts


def test_it_learns() -> None:
    office = Office()
    office.send(1, frame(B, A))
    assert office.got() == {2: 1, 3: 1}  # flooded
    office.send(2, frame(A, B))
    assert office.got() == {1: 1}
    office.send(1, frame(B, A))
    assert office.got() == {2: 1}
    office.send(2, frame(B, C))  # to one at the same port
    assert office.got() == {}
    assert office.switch.counters == {"framesFlooded": 1, "framesForwarded": 2, "framesFiltered": 1}
    office.send(3, frame(A, B))  # B has moved
    office.send(1, frame(B, A))
    assert office.got() == {1: 1, 3: 1}
    assert office.switch.counters["addressesMoved"] == 1


def test_ports_without_a_link_get_nothing() -> None:
    office = Office(ports=4)
    office.switch.ports[2].set_link(False)
    office.send(1, frame(B, A))
    assert office.got() == {2: 1, 4: 1}
    office.switch.table[C] = office.switch.table[A].__class__(3, office.kernel.now_ns)
    office.send(1, frame(C, A))
    assert office.got() == {} and office.switch.ports[2].counters == {"framesDroppedNoLink": 1}
    office.switch.ports[2].set_link(True)
    office.send(1, frame(C, A))
    assert office.got() == {3: 1}


def test_a_link_that_goes_takes_its_addresses_along() -> None:
    """Who is plugged in elsewhere is found at once; with the old entry his frames would be dropped until it aged."""
    office = Office()
    for number, address in ((1, A), (2, B), (3, C), (3, D)):
        office.send(number, frame(NOBODY, address))
    office.switch.ports[2].set_link(False)
    assert set(office.switch.table) == {A, B} and office.switch.counters["addressesFlushed"] == 2
    office.got()
    office.send(2, frame(C, B))
    assert office.got() == {1: 1}, "flooded, but for the port without a link"
    office.send(1, frame(NOBODY, C))  # where C is now
    office.got()
    office.send(2, frame(C, B))
    assert office.got() == {1: 1} and office.switch.port_of(C) == 1
    office.switch.ports[2].set_link(True)
    office.send(3, frame(A, D))
    assert office.got() == {1: 1} and office.switch.port_of(D) == 3


def test_a_frame_that_came_just_before_its_link_went_teaches_nothing() -> None:
    office = Office()
    octets = frame(NOBODY, C)
    office.begin(3, octets)
    end_ns = (len(octets) + 8) * 8 * BIT_NS
    office.kernel.advance(end_ns + 2_000)  # it is being looked up
    office.switch.ports[2].set_link(False)
    office.kernel.advance(end_ns + 40_000)
    assert office.got() == {1: 1, 2: 1} and office.switch.port_of(C) is None


def test_groups_go_everywhere_and_reserved_ones_nowhere() -> None:
    office = Office()
    everywhere = {2: 1, 3: 1}
    groups = {"01005e000001": everywhere, "0180c200000f": {}, "0180c2000010": everywhere, BROADCAST.hex(): everywhere}
    for address, ports in ((bytes.fromhex(text), ports) for text, ports in groups.items()):
        office.send(1, frame(address, A))
        assert office.got() == ports, address.hex()


def test_the_frame_is_the_same_octets() -> None:
    office = Office()
    octets = frame(BROADCAST, A, 200)
    office.send(1, octets)
    first, *others = [each.units for each in office.sent if each.port.startswith("sw.")]
    assert first == nibbles(PREAMBLE_AND_SFD + octets) and others == [first]


def test_addresses_age() -> None:
    office = Office(age_ns=1_000_000)
    office.send(2, frame(A, B))
    office.got()
    office.kernel.advance(office.kernel.now_ns + 900_000)
    office.send(1, frame(B, A))
    assert office.got() == {2: 1}
    office.kernel.advance(office.kernel.now_ns + 1_100_000)
    office.send(1, frame(B, A))
    assert office.got() == {2: 1, 3: 1}
    assert office.switch.counters["addressesAged"] == 1


def test_the_table_has_an_end() -> None:
    office = Office()
    office.switch.table.update(
        {bytes([2, 1, *number.to_bytes(4, "big")]): learned
         for number in range(TABLE_LIMIT) for learned in [_learned(number)]}
    )  # fmt: skip
    office.kernel.advance(10_000)
    office.send(1, frame(BROADCAST, A))
    assert len(office.switch.table) == TABLE_LIMIT and A in office.switch.table
    assert bytes([2, 1, 0, 0, 0, 0]) not in office.switch.table


def _learned(number: int) -> object:
    from firmware_models.network.switch import Learned

    return Learned(2, number)


def test_damaged_frames_and_runts_stop_here() -> None:
    office = Office()
    bad = bytearray(frame(BROADCAST, A))
    bad[20] ^= 1
    office.send(1, bytes(bad))
    office.send(1, frame(BROADCAST, A, 60))
    office.send(1, frame(BROADCAST, A, 1600))
    assert office.got() == {}
    assert office.switch.ports[0].counters == {"aFrameCheckSequenceErrors": 1, "aFrameTooLongErrors": 1}
    assert A not in office.switch.table


def test_a_buffer_has_an_end() -> None:
    office = Office(ports=4, buffer_octets=4000)
    for number in (1, 2, 3):
        office.send(number, frame(NOBODY, bytes([2, 0, 0, 0, 0, number])))
    office.send(4, frame(NOBODY, D))
    office.got()
    for _ in range(12):  # three ports send to the fourth at once
        for number in (1, 2, 3):
            office.begin(number, frame(D, bytes([2, 0, 0, 0, 0, number]), 1000))
        office.kernel.advance(office.kernel.now_ns + (1008 * 8 + 96) * BIT_NS)
    office.kernel.advance(office.kernel.now_ns + 2_000_000)
    port = office.switch.ports[3]
    assert port.counters["framesDroppedBufferFull"] + office.got()[4] == 36
    assert 15 <= port.counters["framesDroppedBufferFull"] <= 24
    assert port.queued_octets == 0 and not port.queue


@pytest.mark.parametrize(("buffer_octets", "counts"), [(64, {2: 1}), (63, {})])
def test_a_frame_that_just_fits_a_buffer_is_forwarded(buffer_octets: int, counts: dict[int, int]) -> None:
    office = Office(ports=2, buffer_octets=buffer_octets)
    office.send(1, frame(NOBODY, A))
    assert office.got() == counts


def test_a_group_address_as_source_is_not_learned() -> None:
    office = Office()
    office.send(1, frame(NOBODY, bytes([3, 0, 0, 0, 0, 1])))
    assert office.switch.table == {}


def test_half_duplex_defers_and_full_does_not() -> None:
    for full in (False, True):
        office = Office(full=full)
        office.send(2, frame(NOBODY, B))
        office.got()
        office.begin(1, frame(B, A))
        office.kernel.advance(office.kernel.now_ns + 3000)
        office.begin(2, frame(NOBODY, B, 1500))  # still on its way when the frame is ready to be sent
        office.kernel.advance(office.kernel.now_ns + 500_000)
        own = next(each for each in office.sent if each.port == "s2")
        other = next(each for each in office.sent if each.port == "sw.2")
        assert (other.start_ns < own.end_ns) is full


def test_what_is_no_switch() -> None:
    with pytest.raises(UsageError, match="1 ports; it may have 2 to 48"):
        Switch(VirtualTime(), "sw", [Wire(VirtualTime(), [])], [True], Random(1))
