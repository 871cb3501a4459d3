"""What every device on a descriptor does with what it reads and sends, on a descriptor that a test plays."""

from __future__ import annotations

import errno
import os
from collections import deque

import pytest

from rig.adapter.device import Capabilities, ReceiveStatus, TransmitOutcome
from rig.backends.raw_device import BATCH_FRAMES, MIN_OCTETS, RETRY_NS, RawDevice, RawDeviceConfig, RawFrame
from rig.errors import LinkError, UsageError
from rig.runtime.virtual_time import VirtualTime
from rig.wire.address import BROADCAST_MAC
from rig.wire.fcs import fcs

MAC, PEER, GROUP = bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b"), bytes.fromhex("01005e000001")
DESCRIPTOR = 99


class Watching(VirtualTime):
    """A kernel whose descriptors are read when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: dict[int, object] = {}

    def add_reader(self, fd: int, fn: object) -> None:
        self.readers[fd] = fn

    def remove_reader(self, fd: int) -> None:
        del self.readers[fd]

    def from_realtime_ns(self, realtime_ns: int) -> int:
        return realtime_ns

    def readable(self) -> None:
        """The loop finds that the descriptor can be read."""
        while DESCRIPTOR in self.readers and self.device.to_read:
            self.readers[DESCRIPTOR]()


class PlayedDevice(RawDevice):
    """Reads from and writes to lists; ``errors`` are raised by the next writes."""

    def __init__(self, kernel: Watching, **changes: object) -> None:
        super().__init__(kernel, RawDeviceConfig("played", MAC, **changes), DESCRIPTOR, 1500)
        kernel.device = self
        self.to_read: deque[RawFrame | OSError] = deque()
        self.written: list[bytes] = []
        self.errors: deque[int] = deque()
        self.released = 0

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities("played", MAC)

    @property
    def is_link_up(self) -> bool:
        return True

    def _send(self, frame: bytes) -> None:
        if self.errors:
            number = self.errors.popleft()
            raise OSError(number, os.strerror(number))
        self.written.append(frame)

    def _read(self, most: int) -> list[RawFrame] | None:
        if not self.to_read:
            return None
        frame = self.to_read.popleft()
        if isinstance(frame, OSError):
            raise frame
        return [frame]

    def _release(self) -> None:
        self.released += 1


def started(**changes: object) -> tuple[Watching, PlayedDevice]:
    kernel = Watching()
    device = PlayedDevice(kernel, **changes)
    kernel.run(device.start())
    return kernel, device


def frame(destination: bytes = MAC, octets: int = 100) -> bytes:
    return (destination + PEER + b"\x88\xb5" + bytes(2000))[:octets]


def with_fcs(octets: bytes, damage: int = 0) -> RawFrame:
    check = bytearray(fcs(octets))
    check[0] ^= damage
    return RawFrame(octets + bytes(check), None, True)


def test_the_fcs_is_judged_and_taken_off() -> None:
    kernel, device = started()
    device.to_read += [
        with_fcs(frame()),
        with_fcs(frame(), 1),
        with_fcs(frame(octets=40)),
        with_fcs(frame(octets=1700)),
    ]
    device.to_read.append(RawFrame(frame(BROADCAST_MAC)))
    kernel.readable()
    good, bad, runt, long, plain = (device.receive() for _ in range(5))
    assert good.octets == frame() and good.fcs == fcs(frame()) and good.status is ReceiveStatus.OK
    assert bad.octets == frame() and bad.status is ReceiveStatus.FCS_ERROR and bad.fcs != good.fcs
    assert runt.status is ReceiveStatus.RUNT and long.status is ReceiveStatus.TOO_LONG
    assert plain.fcs is None and plain.status == ReceiveStatus.OK | ReceiveStatus.BROADCAST
    counts = device.counts
    assert (counts["aFramesReceivedOK"], counts["aFrameCheckSequenceErrors"], counts["aFrameTooLongErrors"]) == (
        2,
        1,
        1,
    )
    assert device.receive() is None and device.irq.is_set()


def test_it_listens_to_its_address_to_broadcast_and_to_its_groups() -> None:
    frames = [RawFrame(frame(to)) for to in (MAC, PEER, GROUP, BROADCAST_MAC)]
    for changes, expected in (
        ({}, [MAC, BROADCAST_MAC]),
        ({"groups": (GROUP,)}, [MAC, GROUP, BROADCAST_MAC]),
        ({"promiscuous": True}, [MAC, PEER, GROUP, BROADCAST_MAC]),
    ):
        kernel, device = started(**changes)
        device.to_read += frames
        kernel.readable()
        received = []
        while (each := device.receive()) is not None:
            received.append(each.octets[:6])
        assert received == expected


def test_a_full_receive_queue_leaves_frames_where_they_are() -> None:
    kernel, device = started(receive_queue_frames=8)
    device.to_read += [RawFrame(frame())] * 20
    kernel.readable()
    assert len(device.to_read) == 12 and DESCRIPTOR not in kernel.readers, "not watched: the loop would spin"
    for _ in range(5):
        assert device.receive() is not None
    assert DESCRIPTOR in kernel.readers
    kernel.readable()
    taken = 0
    while device.receive() is not None or device.to_read:
        taken += 1
        kernel.readable()
    assert taken == 15 and not device.to_read


def test_what_has_long_been_there_comes_before_a_late_timer() -> None:
    """A machine that did not run us for a second: the timer is called first, and the descriptor not yet."""
    kernel, device = started()
    device.to_read.append(RawFrame(frame()))
    assert device.receive() is None, "no system call for each round of a busy host"

    async def late() -> None:
        await kernel.sleep_until(kernel.now_ns + 1_000_000_000)
        assert device.receive() is not None

    kernel.run(late())


def test_a_batch_is_bounded() -> None:
    kernel, device = started()
    device.to_read += [RawFrame(frame())] * (BATCH_FRAMES + 1)
    kernel.readers[DESCRIPTOR]()
    assert len(device.to_read) == 1, "others have their turn before the next batch"


def test_a_host_without_room_is_tried_again_and_an_error_loses_one_frame() -> None:
    kernel, device = started()
    device.errors += [errno.ENOBUFS, errno.EAGAIN, errno.ENETDOWN]

    async def main() -> None:
        for number in range(3):
            assert device.try_transmit(frame(octets=20 + number))
        await kernel.sleep_until(kernel.now_ns + 3 * RETRY_NS)

    kernel.run(main())
    outcomes = [result.outcome for result in device.transmit_results()]
    assert outcomes == [TransmitOutcome.LOST, TransmitOutcome.OK, TransmitOutcome.OK]
    assert [len(each) for each in device.written] == [MIN_OCTETS, MIN_OCTETS], "and padded"
    assert device.counts["host_was_full"] == 2 and device.counts["aFramesLostDueToIntMACXmitError"] == 1


def test_what_is_queued_at_the_end_still_leaves() -> None:
    """A run may end at the instant at which it sent its last acknowledgement."""
    kernel, device = started()

    async def main() -> None:
        assert device.try_transmit(frame(BROADCAST_MAC)) and device.try_transmit(frame())
        assert not device.written

    kernel.run(main())
    device.close()
    assert device.written == [frame(BROADCAST_MAC), frame()] and device.released == 1
    assert device.counts["aFramesTransmittedOK"] == 2 and device.counts["aBroadcastFramesXmittedOK"] == 1
    device.close()
    assert len(device.written) == 2, "and only once"


def test_what_the_host_has_no_room_for_at_the_end_is_counted() -> None:
    kernel, device = started()
    device.errors += [errno.ENETDOWN, errno.ENOBUFS]

    async def main() -> None:
        assert all(device.try_transmit(frame()) for _ in range(4))

    kernel.run(main())
    device.close()
    assert [result.outcome for result in device.transmit_results()] == [TransmitOutcome.LOST] * 4
    assert not device.written and device.released == 1
    assert device.counts["host_was_full"] == 1 and device.counts["aFramesLostDueToIntMACXmitError"] == 4


def test_an_interface_that_is_gone_takes_nothing_at_the_end() -> None:
    kernel, device = started()
    device.to_read.append(OSError(errno.ENODEV, "No such device"))
    kernel.readable()

    async def main() -> None:
        assert device.try_transmit(frame())

    kernel.run(main())
    device.close()
    assert not device.written and device.released == 1
    assert device.counts["aFramesLostDueToIntMACXmitError"] == 1


@pytest.mark.parametrize("size", [13, 1515])
def test_a_frame_that_cannot_be_is_refused(size: int) -> None:
    _, device = started()
    with pytest.raises(UsageError, match=f"a frame of {size} octets; it can send 14 to 1514"):
        device.try_transmit(frame(octets=size))
    tagged = (MAC + PEER + b"\x81\x00" + bytes(2000))[:1518]
    assert device.try_transmit(tagged)


def test_an_interface_that_is_gone_is_told_after_what_it_had_brought() -> None:
    kernel, device = started()
    device.to_read += [RawFrame(frame()), OSError(errno.ENODEV, "No such device")]
    kernel.readable()
    assert device.receive() is not None
    with pytest.raises(LinkError, match=r"played \(station 02:00:00:00:00:0a\) is gone: No such device"):
        device.receive()
    assert DESCRIPTOR not in kernel.readers
    device.close()
    assert device.released == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mac": GROUP}, "mac is 01:00:5e:00:00:01"),
        ({"mac": b"\x02"}, "expected 6 octets"),
        ({"groups": (PEER,)}, "is no group address"),
        ({"transmit_queue_frames": 0}, "queues hold"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        RawDeviceConfig("played", **{"mac": MAC, **changes})
