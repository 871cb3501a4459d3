"""The board backend on ports of this machine, on the wall clock: pseudo-terminals, TCP, and what cannot be opened."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import termios
import threading
import tty
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import serial
import serial.rfc2217

from firmware_models.boards.misread import misread
from rig.adapter import registers as r
from rig.adapter.bus import read32, read_block, write_block
from rig.adapter.mac_rom import MacRom
from rig.backends import serial_port
from rig.backends.board import BoardBus, Expectation
from rig.build.board import VirtualBoard, port_bus, session_ids, virtual_boards
from rig.driver.config import DriverConfig
from rig.errors import LinkError
from rig.link.estimates import LinkSettings
from rig.link.examples import GREETING
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_MS, NS_PER_S
from tests.contract import bus_contract, device_contract

LIMIT_NS = 240 * NS_PER_S
BOARD = "ulx3s-lan8720"
IMPATIENT = LinkSettings(greeting_limit_ns=600 * NS_PER_MS, host_jitter_ns=20 * NS_PER_MS)
Body = Callable[[WallClock, list[VirtualBoard]], Coroutine[Any, Any, None]]


def play(body: Body, *, boards: int = 1, baud: int = 3_000_000) -> None:
    kernel = WallClock()

    async def main() -> None:
        virtual = virtual_boards(kernel, [BOARD] * boards, baud=baud)
        try:
            await body(kernel, virtual)
        finally:
            for board in virtual:
                board.close()

    kernel.run(main(), limit_ns=LIMIT_NS)


def bus_of(kernel: WallClock, port: str, *, baud: int = 3_000_000, settings: LinkSettings | None = None) -> BoardBus:
    return port_bus(kernel, lambda: port, name="bench", board=BOARD, baud=baud, settings=settings)


def test_the_bus_contract_through_a_pseudo_terminal() -> None:
    async def body(kernel: WallClock, boards: list[VirtualBoard]) -> None:
        bus = bus_of(kernel, boards[0].port)
        rom = MacRom(bytes.fromhex("020000000001")).serialize()
        bench = bus_contract.BusBench(kernel, bus, rom, time_is_simulated=False)
        for contract in bus_contract.CONTRACT:
            await contract(bench)
        bus.close()

    play(body)


def test_a_host_that_writes_faster_than_the_line_is_held_up() -> None:
    """And the board answers as soon as it has had what the system's buffers hold."""

    async def body(kernel: WallClock, boards: list[VirtualBoard]) -> None:
        async def answers() -> None:
            bus = bus_of(kernel, boards[0].port)
            assert await read32(bus, r.REG_ID) == r.ID_RESET
            bus.close()

        await answers()  # only now is the kernel's time that of the clock
        port = os.open(boards[0].port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        waiting = []
        for _ in range(100):
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(port, b"U" * 1024)
            await kernel.sleep_until(kernel.now_ns + NS_PER_MS)
            waiting.append(boards[0].line.to_board.unsent_octets)
        assert 0 < max(waiting) <= 2048, "octets that the system does not hold"
        os.close(port)
        await answers()

    play(body)


def test_two_boards_do_not_hear_each_others_port() -> None:
    async def body(kernel: WallClock, boards: list[VirtualBoard]) -> None:
        buses = [bus_of(kernel, board.port) for board in boards]
        for number, bus in enumerate(buses):
            await write_block(bus, r.WIN_BUFFER, bytes([number + 1]) * 2000)
        for number, bus in enumerate(buses):
            assert await read_block(bus, r.WIN_BUFFER, 2000) == bytes([number + 1]) * 2000
            bus.close()

    play(body, boards=2)


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pyserial's own
@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_a_board_behind_a_port_server(scheme: str) -> None:
    """Octets of a pseudo-terminal carried over TCP, as a port server does: plain, or in Telnet with RFC 2217."""

    async def body(kernel: WallClock, boards: list[VirtualBoard]) -> None:
        server = socket.create_server(("127.0.0.1", 0))
        port = PortOfServer(boards[0].port, 3_000_000)

        def pump(take: Callable[[], bytes], give: Callable[[bytes], object]) -> None:
            try:
                while octets := take():
                    give(octets)
            except OSError:  # the other side is gone
                pass

        def carry() -> None:
            client, _ = server.accept()
            with client:
                manager = None if scheme == "socket" else serial.rfc2217.PortManager(port, Telnet(client))

                def give_host(octets: bytes) -> None:
                    client.sendall(octets if manager is None else b"".join(manager.escape(octets)))

                def give_board(octets: bytes) -> None:
                    port.write(octets if manager is None else b"".join(manager.filter(octets)))

                def take_of_board() -> bytes:
                    return bytes(port.read(max(1, port.in_waiting)))

                back = threading.Thread(target=pump, args=(take_of_board, give_host), daemon=True)
                back.start()
                pump(lambda: client.recv(4096), give_board)
                port.cancel_read()
                back.join(10)

        carrier = threading.Thread(target=carry, daemon=True)
        carrier.start()
        bus = bus_of(kernel, f"{scheme}://127.0.0.1:{server.getsockname()[1]}")
        assert await read32(bus, r.REG_ID) == r.ID_RESET
        await write_block(bus, r.WIN_BUFFER, bytes(range(256)) * 20)
        assert await read_block(bus, r.WIN_BUFFER, 5120) == bytes(range(256)) * 20
        bus.close()
        carrier.join(10)
        server.close()
        port.close()

    play(body)


class PortOfServer(serial.Serial):
    """A pseudo-terminal has no modem lines, which the manager reads and sets."""

    cts = dsr = ri = cd = False
    dtr = rts = True


class Telnet:
    """What pyserial's port manager answers through."""

    def __init__(self, client: socket.socket) -> None:
        self.write = client.sendall


def test_a_board_that_comes_back_under_another_name() -> None:
    async def body(kernel: WallClock, boards: list[VirtualBoard]) -> None:
        ports = [boards[0].port]
        bus = port_bus(kernel, lambda: ports[-1], name="bench", board=BOARD)
        assert await read32(bus, r.REG_ID) == r.ID_RESET
        boards[0].close()
        await kernel.wait_first(bus.irq, deadline_ns=kernel.now_ns + 10 * NS_PER_S)
        assert not bus.is_open
        boards[:] = virtual_boards(kernel, [BOARD])
        ports.append(boards[0].port)
        with pytest.raises(LinkError, match=r"the port is gone: .*; is the board plugged in\?"):
            await read32(bus, r.REG_ID)
        assert await read32(bus, r.REG_ID) == r.ID_RESET
        assert bus.sessions == 2
        bus.close()

    play(body)


def test_drivers_exchange_frames_between_two_boards_on_ports() -> None:
    async def body(kernel: WallClock, boards: list[VirtualBoard]) -> None:
        a, b = (bus_of(kernel, board.port) for board in boards)
        bench = device_contract.DeviceBench(
            kernel, (a, b), DriverConfig(), rest_ns=300 * NS_PER_MS, patience_ns=60 * NS_PER_S
        )
        for contract in (
            device_contract.a_frame_arrives_as_it_was_sent,
            device_contract.sizes_from_smallest_to_largest,
            device_contract.frames_stay_in_order,
        ):
            await contract(bench)
        a.close()
        b.close()

    play(body, boards=2)


async def refusal(kernel: WallClock, port: str, **options: Any) -> str:
    bus = bus_of(kernel, port, settings=IMPATIENT, **options)
    with pytest.raises(LinkError) as caught:
        await read32(bus, r.REG_ID)
    bus.close()
    return str(caught.value)


@pytest.mark.parametrize("baud", [1_000_000, 2_400_000], ids=["with a constant", "without one"])
def test_a_wrong_baud_rate_says_what_it_hears(baud: int) -> None:
    async def body(kernel: WallClock, boards: list[VirtualBoard]) -> None:
        text = await refusal(kernel, boards[0].port, baud=baud)
        assert f"nothing at all was heard at {baud} baud" in text, "a board without a session answers no garbage"
        assert "(--baud; 3000000 is usual)" in text and "`rig board flash bench`" in text
        bus = bus_of(kernel, boards[0].port)
        assert await read32(bus, r.REG_ID) == r.ID_RESET, "the right one still works"
        bus.close()

    play(body)


def test_a_wrong_baud_rate_says_what_it_hears_of_a_board_with_a_session() -> None:
    """That complains of what it cannot read. Its session has a number of ours: what is heard depends on it."""

    async def body(kernel: WallClock, boards: list[VirtualBoard]) -> None:
        def at(baud: int) -> BoardBus:
            expected = Expectation("bench", BOARD, baud=baud, usual_baud=3_000_000)
            port = boards[0].port
            return BoardBus(
                kernel, lambda: serial_port.SerialPort("bench", port, baud, kernel.call_threadsafe),
                session_ids(Random(1)), expected, IMPATIENT,
            )  # fmt: skip

        bus = at(3_000_000)
        assert await read32(bus, r.REG_ID) == r.ID_RESET
        bus.close()
        with pytest.raises(LinkError) as caught:
            await read32(at(1_000_000), r.REG_ID)
        text = str(caught.value)
        heard = re.search(
            "([0-9]+) octets were heard at 1000000 baud, no whole frame among them; they begin (.*)[.] ", text
        )
        assert heard is not None and int(heard[1]) > 10, text
        assert (
            len(bytes.fromhex(heard[2])) == 8 and "The rate of the board is another (--baud; 3000000 is usual)" in text
        )

    play(body)


@pytest.mark.parametrize(
    ("says", "message"),
    [
        (
            b"",
            "nothing at all was heard at 3000000 baud. A board that is spoken to at another rate than its own is "
            "silent (--baud). Else: is it powered, and its bitstream loaded (`rig board flash bench`)?",
        ),
        (b"\r\nU-Boot 2024.01 (Jan 01)\r\n=> ", "it says 'U-Boot 2024.01 (Jan 01)"),
        (
            bytes([0xF8, 0x80, 0x00, 0xFE, 0x1E, 0x80]) * 4,
            "24 octets were heard at 3000000 baud, no whole frame among them; they begin f8 80 00 fe 1e 80 f8 80. The "
            "rate of the board is another (--baud), or this port speaks something else than the link",
        ),
        (b"\xf8", "one octet was heard at 3000000 baud, no whole frame among them"),
    ],
)
def test_what_is_no_board_of_ours_is_named(says: bytes, message: str) -> None:
    far, near = os.openpty()
    tty.setraw(near)
    kernel = WallClock()

    left = [says]

    def answer() -> None:
        os.read(far, 4096)
        if left:
            os.write(far, left.pop())

    async def main() -> None:
        kernel.add_reader(far, answer)
        try:
            assert message in await refusal(kernel, os.ttyname(near))
        finally:
            kernel.remove_reader(far)

    kernel.run(main(), limit_ns=LIMIT_NS)
    os.close(far)
    os.close(near)


def test_a_port_that_only_echoes_is_not_taken_for_a_board() -> None:
    kernel = WallClock()

    async def main() -> None:
        assert "gives back what is sent" in await refusal(kernel, "loop://")

    kernel.run(main(), limit_ns=LIMIT_NS)


def open_error(url: str, name: str = "bench", *, rts_cts: bool = False) -> str:
    with pytest.raises(LinkError) as caught:
        serial_port.SerialPort(name, url, 115_200, lambda *_: True, rts_cts=rts_cts)
    return str(caught.value)


def test_a_port_that_is_not_there() -> None:
    text = open_error("/dev/ttyNOWHERE")
    assert text.startswith("bench: no such port: /dev/ttyNOWHERE; ports of this machine: ")
    assert "rig board scan" in text


def test_a_port_that_was_named_instead_of_a_board_is_named_once() -> None:
    assert open_error("/dev/ttyNOWHERE", "/dev/ttyNOWHERE").startswith("no such port: /dev/ttyNOWHERE; ")


def test_what_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in ("/dev/null", str(tmp_path), str(tmp_path / "file")):
        assert open_error(path).startswith(f"bench: {path} is no serial port; ports of this machine: ")


def test_a_port_that_may_not_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    far, near = os.openpty()

    def refuse(self: serial.Serial) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port: Permission denied")

    monkeypatch.setattr(serial.Serial, "open", refuse)
    name = os.ttyname(near)
    group = serial_port.group_of(name)
    text = open_error(name)
    assert f"permission denied on {name}; it belongs to group {group}: run `sudo usermod -aG {group} $USER`" in text
    os.close(far)
    os.close(near)


@pytest.mark.parametrize("rts_cts", [False, True])
def test_a_port_does_as_told_about_rts_and_cts(rts_cts: bool) -> None:
    far, near = os.openpty()
    port = serial_port.SerialPort("bench", os.ttyname(near), 115_200, lambda *_: True, rts_cts=rts_cts)
    assert bool(termios.tcgetattr(near)[2] & termios.CRTSCTS) is rts_cts
    port.close()
    os.close(far)
    os.close(near)


def test_rts_and_cts_that_a_port_does_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that has no flow control clears the flag, and says nothing."""
    far, near = os.openpty()
    name = os.ttyname(near)
    set_attributes = termios.tcsetattr

    def clear(fd: int, when: int, attributes: list[Any]) -> None:
        set_attributes(fd, when, [*attributes[:2], attributes[2] & ~termios.CRTSCTS, *attributes[3:]])

    def refuse(*_: Any) -> None:
        raise termios.error(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(termios, "tcsetattr", clear)
    without = "leave --rts-cts out (rts_cts in the files of the board and its kind)"
    assert open_error(name, rts_cts=True) == f"bench: the driver of {name} does not do RTS and CTS: {without}"
    monkeypatch.setattr(termios, "tcsetattr", refuse)
    assert f"bench: {name} cannot be opened" in open_error(name, rts_cts=True)
    url = "socket://127.0.0.1:1"
    assert f"{url} carries neither RTS nor CTS: {without}" in open_error(url, rts_cts=True)
    os.close(far)
    os.close(near)


def test_a_port_that_somebody_else_holds() -> None:
    far, near = os.openpty()
    name = os.ttyname(near)
    first = serial_port.SerialPort("bench", name, 115_200, lambda *_: True)
    text = open_error(name)
    assert f"{name} is busy; held by: process {os.getpid()} (" in text
    assert text.endswith("end that program, then try again")
    first.close()
    first.close()
    serial_port.SerialPort("bench", name, 115_200, lambda *_: True).close()
    os.close(far)
    os.close(near)


@pytest.mark.parametrize("url", ["socket://127.0.0.1:1", "rfc2217://127.0.0.1:1"])
def test_a_port_server_that_is_not_there(url: str) -> None:
    assert f"{url} cannot be reached" in open_error(url)


def test_a_url_of_no_known_kind() -> None:
    assert "no port that can be opened" in open_error("carrier-pigeon://roof")


def test_another_baud_rate_reads_other_octets() -> None:
    """Sampled by hand: 0x55 alternates, so at half the rate every second bit is seen."""
    assert misread(b"hello", 9600, 9600) == b"hello"
    assert misread(b"\x55" * 4, 2, 1) != b"\x55" * 4
    assert misread(b"\x00", 2, 1) == b"\xf8"
    assert misread(b"", 9600, 115200) == b""
    garbled = misread(bytes(range(256)), 3_000_000, 1_000_000)
    assert 0 < len(garbled) < 256
    assert len(misread(bytes(range(256)), 1_000_000, 3_000_000)) > 256


def test_the_time_scale_of_a_greeting_slows_the_clock_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, scales = WallClock(), list[int]()
    monkeypatch.setattr(kernel, "slow_down", scales.append)
    bus = port_bus(kernel, lambda: "/dev/null", name="virtual")
    assert bus.watch_greeting is not None
    bus.watch_greeting(replace(GREETING, time_scale=7))
    assert scales == [7]
