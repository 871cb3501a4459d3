"""A pseudo-terminal that a host takes for the serial port of a board; the baud rate is modelled behind it.

A pseudo-terminal has no baud rate of its own, but it keeps what the host has set. Where that is not the board's, both
sides read what a UART would read.

Nor does it hold up a host that writes faster than that. So no more is taken than the driver of a UART would hold; the
rest stays in the buffers of the system, and once these are full the host's write waits.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios
import tty
from collections.abc import Callable
from typing import Protocol

from firmware_models.boards.misread import misread
from firmware_models.boards.serial_line import SerialLine
from rig.errors import ToolError

LARGEST_READ_OCTETS = 1024
LOW_WATER_OCTETS = 1024
"""While more octets than this have not begun to go out on the line, no more are taken."""
_TCGETS2 = 0x802C542A  # asm-generic/ioctls.h: also of a rate that has no B constant, as pyserial sets it
_TERMIOS2 = struct.Struct("=4IB19s2I")  # four words of flags, line discipline, characters, input and output rate


class Sink(Protocol):
    """Takes octets."""

    @property
    def unsent_octets(self) -> int:
        """How many of them have not begun to go out."""
        ...

    def write(self, octets: bytes) -> None:
        """Take them; does not wait."""
        ...


class BoardLine(Protocol):
    """A serial line with a board at its end."""

    @property
    def to_board(self) -> Sink:
        """The wire to the board."""
        ...

    @property
    def host_receivers(self) -> list[Callable[[bytes], None]]:
        """Who is given what the board sends."""
        ...


class PseudoTerminal:
    """The board's end of a pseudo-terminal, on ``line``. ``name`` is what the host opens."""

    def __init__(self, line: BoardLine, baud: int) -> None:
        try:
            self._board, self._host = os.openpty()
        except OSError as error:
            raise ToolError(f"no pseudo-terminal can be had: {error}") from error
        tty.setraw(self._host)
        speed = getattr(termios, f"B{baud}", None)
        if speed is not None:
            attributes = termios.tcgetattr(self._host)
            attributes[4] = attributes[5] = speed
            termios.tcsetattr(self._host, termios.TCSANOW, attributes)
        os.set_blocking(self._board, False)
        self.name = os.ttyname(self._host)
        self.octets_lost = 0
        """Octets to the host that nobody has read in time."""
        self._line = line
        self._baud = baud
        self._is_open = True
        line.host_receivers.append(self._to_host)

    @property
    def fd(self) -> int:
        """What can be selected on."""
        return self._board

    @property
    def has_room(self) -> bool:
        """Whether :meth:`readable` may be called: never again once it is closed."""
        return self._is_open and self._line.to_board.unsent_octets <= LOW_WATER_OCTETS

    def readable(self) -> None:
        """Take some of what the host has written."""
        try:
            octets = os.read(self._board, LARGEST_READ_OCTETS)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno == errno.EIO:  # nobody has it open
                return
            raise
        self._line.to_board.write(misread(octets, self._host_baud(), self._baud))

    def close(self) -> None:
        """Take the port away: the host's next read fails."""
        self._is_open = False
        self._line.host_receivers.remove(self._to_host)
        os.close(self._board)
        os.close(self._host)

    def _to_host(self, octets: bytes) -> None:
        octets = misread(octets, self._baud, self._host_baud())
        try:
            sent = os.write(self._board, octets)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            sent = 0
        self.octets_lost += len(octets) - sent

    def _host_baud(self) -> int:
        """Return what the host has set; the board's own rate where that is none at all."""
        *_, host_baud = _TERMIOS2.unpack(fcntl.ioctl(self._board, _TCGETS2, bytes(_TERMIOS2.size)))
        return int(host_baud) or self._baud


def open_terminal(
    line: SerialLine,
    baud: int,
    add_reader: Callable[[int, Callable[[], object]], None],
    remove_reader: Callable[[int], None],
) -> PseudoTerminal:
    """Make a pseudo-terminal whose octets are taken when ``add_reader`` says that there are some and there is room."""
    terminal = PseudoTerminal(line, baud)

    def readable() -> None:
        terminal.readable()
        if not terminal.has_room:
            remove_reader(terminal.fd)
            line.to_board.taken = go_on

    def go_on() -> None:
        if terminal.has_room:
            line.to_board.taken = None
            add_reader(terminal.fd, readable)

    add_reader(terminal.fd, readable)
    return terminal
