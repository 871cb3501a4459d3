"""The host's end of a modelled serial line, as the ``board`` backend wants a port."""

from __future__ import annotations

from collections.abc import Callable

from firmware_models.boards.serial_line import SerialLine


class ModelledPort:
    """An open port on ``line``. Opening another one on the same line takes the octets away from this one."""

    def __init__(self, line: SerialLine) -> None:
        self.receiver: Callable[[bytes], None] | None = None
        self.lost: Callable[[str], None] | None = None
        self._line = line
        self._is_open = True
        line.to_host.receiver = self._arrived

    def write(self, octets: bytes) -> None:
        """Send octets; they wait for the line."""
        if self._is_open:
            self._line.to_board.write(octets)

    def close(self) -> None:
        """Give the port back."""
        self._is_open = False

    def unplug(self) -> None:
        """Take the port away from the host, as the operating system does."""
        if self._is_open and self.lost is not None:
            self._is_open = False
            self.lost("the device has been unplugged")

    def _arrived(self, octets: bytes) -> None:
        if self._is_open and self.receiver is not None:
            self.receiver(octets)
