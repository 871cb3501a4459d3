"""A tap on a frame device: what it sends and receives goes into a capture too."""

from __future__ import annotations

from rig.adapter.device import FrameDevice, ReceivedFrame
from rig.adapter.wrapped import WrappedDevice
from rig.runtime.kernel import Scheduler
from rig.wire.fcs import fcs
from rig.wire.pcap import PcapngWriter


class CaptureDevice(WrappedDevice):
    """A FrameDevice that writes every frame it passes on to ``writer``, as interface ``interface`` of the capture.

    Times are the kernel's plus ``epoch_ns``. With ``fcs_octets`` 4, as the interface was declared, the FCS is added:
    the one received, where the device shows it, else the right one.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        device: FrameDevice,
        writer: PcapngWriter,
        interface: int,
        *,
        epoch_ns: int = 0,
        fcs_octets: int = 0,
    ) -> None:
        super().__init__(device)
        self._scheduler = scheduler
        self._writer = writer
        self._interface = interface
        self._epoch_ns = epoch_ns
        self._fcs_octets = fcs_octets

    def try_transmit(self, frame: bytes) -> bool:
        """See FrameDevice; a frame that was refused is not captured."""
        is_taken = super().try_transmit(frame)
        if is_taken:
            self._write(self._scheduler.now_ns, frame, None)
        return is_taken

    def receive(self) -> ReceivedFrame | None:
        """See FrameDevice."""
        frame = super().receive()
        if frame is not None:
            self._write(frame.time_ns, frame.octets, frame.fcs)
        return frame

    def _write(self, time_ns: int, octets: bytes, received_fcs: bytes | None) -> None:
        if self._fcs_octets:
            octets += fcs(octets) if received_fcs is None else received_fcs
        self._writer.write_packet(self._interface, self._epoch_ns + time_ns, octets)
