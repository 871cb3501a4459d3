"""The host's end of a modelled serial line, as the ``board`` backend wants a port."""

from __future__ import annotations

from collections.abc import Callable

from firmware_models.boards.pseudo_terminal import BoardLine


class ModelledPort:
    """An open port on ``line``. What arrives reaches every port that is open on it, as with a port server."""

    def __init__(self, line: BoardLine) -> None:
        self.receiver: Callable[[bytes], None] | None = None
        self.lost: Callable[[str], None] | None = None
        self._line = line
        self._is_open = True
        line.host_receivers.append(self._arrived)

    def write(self, octets: bytes) -> None:
        """Send octets; they wait for the line."""
        if self._is_open:
            self._line.to_board.write(octets)

    def close(self) -> None:
        """Give the port back."""
        if self._is_open:
            self._is_open = False
            self._line.host_receivers.remove(self._arrived)

    def unplug(self) -> None:
        """Take the port away from the host, as the operating system does."""
        lost = self.lost
        if self._is_open:
            self.close()
            if lost is not None:
                lost("the device has been unplugged")

    def _arrived(self, octets: bytes) -> None:
        if self.receiver is not None:
            self.receiver(octets)
