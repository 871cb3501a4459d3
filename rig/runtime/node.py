"""The one loop of a host: frames, timers and events between a stack and a frame device.

The stack never waits and the device never waits; this task does, for both. One round clears the events, takes every
received frame, runs the timers, hands out the stack's events, and gives the device every frame it has room for. Then it
sleeps until the device has something (``irq``), an application has asked the stack for something (``kick``), the device
has room again (``tx_ready``, only while a frame waits), or the stack's next deadline.

No wake-up is lost: an event is cleared before what it announces is looked at, so that whatever comes later sets it
again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rig.adapter.device import FrameDevice, ReceiveStatus, TransmitOutcome
from rig.runtime.kernel import KernelError, Scheduler

if TYPE_CHECKING:
    from rig.stack.events import StackEvent
    from rig.stack.stack import Stack

_OK = ReceiveStatus.OK
MAX_ROUNDS_AT_ONE_INSTANT = 1_000
"""Rounds that may end with a deadline which is due already; beyond that, a timer of the stack does not go off."""


class Node:
    """A host: one stack on one frame device, or, as a router, on several: the stack's interfaces in their order.

    ``on_event`` gets every event of the stack, in order, and must not call the stack; the socket library wakes tasks
    there. Whoever calls the stack from outside (a socket operation) sets ``kick`` afterwards. ``on_round`` is called
    when a round has done all there is to do, for whoever wants to look at the stack.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        stack: Stack,
        device: FrameDevice,
        on_event: Callable[[StackEvent], None],
        name: str = "",
        *,
        more_devices: Sequence[FrameDevice] = (),
        on_round: Callable[[], None] | None = None,
    ) -> None:
        self.scheduler = scheduler
        self.stack = stack
        self.devices = (device, *more_devices)
        self.on_event = on_event
        self.on_round = on_round
        self.name = name
        self.kick = scheduler.event(f"{name} kick")
        self.transmit_outcomes: Counter[TransmitOutcome] = Counter()
        self.frames_with_errors = 0  # received, shown by the device, and kept from the stack
        self._refused: list[bytes | None] = [None] * len(self.devices)

    async def run(self) -> None:
        """Serve the host until cancelled. An error of the device, such as a lost adapter, leaves through here."""
        scheduler, stack, devices = self.scheduler, self.stack, self.devices
        rounds = 0
        while True:
            self.kick.clear()
            for device in devices:
                device.irq.clear()
            now_ns = scheduler.now_ns
            for index, device in enumerate(devices):
                self._receive(now_ns, index)
                self.transmit_outcomes.update(result.outcome for result in device.transmit_results())
            stack.handle_timers(now_ns)
            self._deliver_events()
            for index in range(len(devices)):
                self._transmit(now_ns, index)
            self._deliver_events()  # what building a frame brought about
            if self.on_round is not None:
                self.on_round()
            deadline_ns = stack.next_deadline()
            if deadline_ns is None or deadline_ns > now_ns:
                rounds = 0
            elif (rounds := rounds + 1) > MAX_ROUNDS_AT_ONE_INSTANT:
                raise KernelError(f"node {self.name!r}: at {now_ns} ns the stack stays due since {deadline_ns} ns")
            wake = [device.irq for device in devices]
            wake += [each.tx_ready for each, frame in zip(devices, self._refused, strict=True) if frame is not None]
            await scheduler.wait_first(*wake, self.kick, deadline_ns=deadline_ns)

    def _receive(self, now_ns: int, index: int) -> None:
        device = self.devices[index]
        while (received := device.receive()) is not None:
            if received.status is _OK or received.status & _OK:  # the second, of flags, costs a microsecond
                self.stack.receive_frame(received.octets, now_ns, index)
            else:
                self.frames_with_errors += 1

    def _deliver_events(self) -> None:
        while (event := self.stack.next_event()) is not None:
            self.on_event(event)

    def _transmit(self, now_ns: int, index: int) -> None:
        """Offer frames until there are none or the device refuses one; that one is kept and goes first next time."""
        device = self.devices[index]
        refused = self._refused[index]
        if refused is not None:
            if not _offer(device, refused):
                return
            self._refused[index] = None
        for frame in self.stack.frames_to_send(now_ns, index):
            if not _offer(device, frame):
                self._refused[index] = frame
                return


def _offer(device: FrameDevice, frame: bytes) -> bool:
    if device.try_transmit(frame):
        return True
    # Room that appeared before the clear is found by the second try; room that appears after it sets the event.
    device.tx_ready.clear()
    return device.try_transmit(frame)
