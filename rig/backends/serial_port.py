"""A serial port for the ``board`` backend: anything that pyserial opens by name or URL, on the wall clock.

``/dev/tty*``, a pseudo-terminal, ``socket://host:port``, ``rfc2217://host:port`` and ``loop://`` behave alike. One
thread reads and one writes, because not every kind of port has something to select on; both speak to the kernel
through ``call``, which is the door that its pump leaves open for other threads.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import serial
from serial.tools import list_ports

from rig.errors import LinkError

READ_TIMEOUT_S = 0.2
WRITE_TIMEOUT_S = 20.0
"""A simulated board takes octets as slowly as it is simulated."""
LARGEST_READ_OCTETS = 4096
JOIN_TIMEOUT_S = 1.0

_GONE = (OSError, serial.SerialException, TypeError, ValueError)
"""What pyserial raises on a port that is gone; the last two where it was closed under a thread that used it."""

_CONTROL_FLAGS = 2  # in what tcgetattr gives
_WITHOUT = "leave --rts-cts out (rts_cts in the files of the board and its kind)"

Call = Callable[..., bool]


class SerialPort:
    """An open port. ``call(fn, *args)`` has ``fn`` called in the kernel's thread."""

    def __init__(self, name: str, url: str, baud: int, call: Call, *, rts_cts: bool = False) -> None:
        """Open it; :class:`~rig.errors.LinkError` with what helps if that cannot be. ``name`` is the board's.

        With ``rts_cts`` RTS and CTS hold up who sends too fast, in both directions.
        """
        self.receiver: Callable[[bytes], None] | None = None
        self.lost: Callable[[str], None] | None = None
        self._call = call
        self._is_open = True
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._serial = _open(name, url, baud, rts_cts)
        self._threads = [
            Thread(target=self._read, name=f"reader of {url}", daemon=True),
            Thread(target=self._write, name=f"writer of {url}", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def write(self, octets: bytes) -> None:
        """Send octets; does not wait."""
        self._queue.put(octets)

    def close(self) -> None:
        """Give the port back; octets that still wait are not sent."""
        if not self._is_open:
            return
        self._is_open = False
        while True:
            try:
                self._queue.get_nowait()
            except Empty:
                break
        self._queue.put(None)
        for cancel in ("cancel_read", "cancel_write"):
            with contextlib.suppress(OSError, serial.SerialException):
                getattr(self._serial, cancel, lambda: None)()
        for thread in self._threads:
            thread.join(JOIN_TIMEOUT_S)
        with contextlib.suppress(OSError, serial.SerialException):
            self._serial.close()

    def _read(self) -> None:
        port = self._serial
        while self._is_open:
            try:
                octets = port.read(min(max(1, port.in_waiting), LARGEST_READ_OCTETS))
            except _GONE as error:
                self._tell_lost(error)
                return
            if octets:
                self._call(self._arrived, bytes(octets))

    def _write(self) -> None:
        while (octets := self._queue.get()) is not None:
            try:
                self._serial.write(octets)
            except _GONE as error:
                self._tell_lost(error)
                return

    def _arrived(self, octets: bytes) -> None:
        if self._is_open and self.receiver is not None:
            self.receiver(octets)

    def _tell_lost(self, error: Exception) -> None:
        if self._is_open:
            self._call(self._gone, str(error) or type(error).__name__)

    def _gone(self, reason: str) -> None:
        if self._is_open and self.lost is not None:
            self.lost(reason)


def _open(name: str, url: str, baud: int, rts_cts: bool) -> serial.Serial:
    options = {"exclusive": True} if "://" not in url else {}
    board = "" if name == url else f"{name}: "  # a port that was named has no other name, and what follows gives that
    if rts_cts and url.startswith("socket:"):
        raise LinkError(f"{board}{url} carries neither RTS nor CTS: {_WITHOUT}, and have the port server use them")
    try:
        port: serial.Serial = serial.serial_for_url(
            url, baudrate=baud, timeout=READ_TIMEOUT_S, rtscts=rts_cts, do_not_open=True,
            write_timeout=None if url.startswith("rfc2217:") else WRITE_TIMEOUT_S,  # which pyserial does not do there
        )  # fmt: skip
        for option, value in options.items():
            setattr(port, option, value)
        port.open()
    except ValueError as error:
        raise LinkError(f"{board}{url!r} is no port that can be opened: {error}") from error
    except (OSError, serial.SerialException, termios.error) as error:
        raise LinkError(f"{board}{_reason(url, error)}") from error
    if rts_cts and "://" not in url and not termios.tcgetattr(port.fileno())[_CONTROL_FLAGS] & termios.CRTSCTS:
        port.close()
        raise LinkError(f"{board}the driver of {url} does not do RTS and CTS: {_WITHOUT}")
    # Adaptors of FTDI hold what they received back for up to 16 ms otherwise; others know no such mode.
    with contextlib.suppress(OSError, ValueError, AttributeError, RuntimeError, serial.SerialException):
        port.set_low_latency_mode(True)
    return port


def _reason(url: str, error: Exception) -> str:
    """Say why a port cannot be opened, and what helps."""
    number = getattr(error, "errno", None)
    text = str(error)
    if "://" in url:
        return f"{url} cannot be reached: {text}: is the port server running, and the port number right?"
    if number == errno.ENOENT or not Path(url).exists():
        there = ", ".join(port_names()) or "none"
        return f"no such port: {url}; ports of this machine: {there}. Is the board plugged in? Run `rig board scan`"
    if number == errno.EACCES:
        group = group_of(url)
        remedy = f"run `sudo usermod -aG {group} $USER` and log in anew"
        return f"permission denied on {url}; it belongs to group {group}: {remedy}"
    if number in (errno.EBUSY, errno.EAGAIN) or "lock" in text.lower():
        holders = "; ".join(holders_of(url)) or "this machine does not tell"
        return f"{url} is busy; held by: {holders}: end that program, then try again"
    if Path(url).exists() and not _is_terminal(url):
        return f"{url} is no serial port; ports of this machine: {', '.join(port_names()) or 'none'}"
    return f"{url} cannot be opened: {text}"


def _is_terminal(path: str) -> bool:
    """Tell whether what is at ``path`` has a baud rate; True where that cannot be seen."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        return error.errno != errno.EISDIR
    try:
        return os.isatty(descriptor)
    finally:
        os.close(descriptor)


def port_names() -> list[str]:
    """Return the serial ports of this machine."""
    return sorted(port.device for port in list_ports.comports())


def group_of(path: str) -> str:
    """Return the group whose members may use a port."""
    group = Path(path).stat().st_gid
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)


def holders_of(path: str) -> Iterator[str]:
    """Yield who has a port open, as far as this user may see it."""
    target = os.path.realpath(path)
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda entry: int(entry.name)):
        try:
            is_holder = any(os.path.realpath(link) == target for link in (process / "fd").iterdir())
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:  # it has ended, or belongs to another user
            continue
        if is_holder:
            yield f"process {process.name} ({command[:80]})"
