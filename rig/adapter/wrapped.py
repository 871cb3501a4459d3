"""A frame device around another one: what taps and impairments have in common."""

from __future__ import annotations

from rig.adapter.device import Capabilities, FrameDevice, ReceivedFrame, TransmitResult


class WrappedDevice:
    """A :class:`~rig.adapter.device.FrameDevice` that passes everything on to ``device``, its events included.

    A subclass overrides what it wants to see or to change.
    """

    def __init__(self, device: FrameDevice) -> None:
        self.irq = device.irq
        self.tx_ready = device.tx_ready
        self._device = device

    @property
    def capabilities(self) -> Capabilities:
        """See FrameDevice, as for all below."""
        return self._device.capabilities

    @property
    def is_link_up(self) -> bool:
        return self._device.is_link_up

    def try_transmit(self, frame: bytes) -> bool:
        return self._device.try_transmit(frame)

    def receive(self) -> ReceivedFrame | None:
        return self._device.receive()

    def transmit_results(self) -> list[TransmitResult]:
        return self._device.transmit_results()
