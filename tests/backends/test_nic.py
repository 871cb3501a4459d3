"""What a packet socket does beyond the contract: settings put back however it ends, tags, losses, bad interfaces."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from rig.backends import interface, nic_settings
from rig.backends.ethtool import Ethtool
from rig.backends.namespace import Namespace, add_tap, add_veth
from rig.backends.nic import NicConfig, PacketSocketNic
from rig.backends.packet_filter import station_filter
from rig.backends.tap import TapConfig, TapDevice
from rig.errors import AdapterError, LinkError, UsageError
from rig.runtime.kernel import Scheduler
from rig.runtime.pump_asyncio import WallClock
from rig.units import NS_PER_MS, NS_PER_S
from rig.wire.address import BROADCAST_MAC
from tests.helpers.unprivileged import NAMESPACE, ROOT, WITHOUT_CAPABILITIES

pytestmark = pytest.mark.needs("netns")

MAC_A, MAC_B = bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b")
PATIENCE_S = 20.0
TAP = "rigtap0"


@pytest.fixture
def space() -> Iterator[Namespace]:
    """A namespace with a TAP interface, which has a speed to set, that is down."""
    with Namespace() as namespace:
        add_tap(namespace, TAP)
        yield namespace


def state(namespace: Namespace, name: str = TAP) -> dict[str, Any]:
    """Return what the rig may change of an interface."""
    with namespace.entered(), interface.control_socket() as control:
        ethtool = Ethtool(control, name)
        link = ethtool.link_settings()
        return {
            "is_up": bool(interface.flags(control, name) & interface.IFF_UP),
            "link": (link.speed_mbps, link.full_duplex, link.autonegotiates),
            "features": {name: feature.is_active for name, feature in ethtool.features().items()},
        }


def start_owner(namespace: Namespace, journals: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a process that changes the interface; return it and the process id of its watchdog."""
    command = namespace.command([sys.executable, "-m", "tests.backends.nic_owner", TAP, str(journals)])
    owner = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return owner, int(owner.stdout.readline())


def end(owner: subprocess.Popen[str], number: int) -> None:
    owner.send_signal(number)
    try:
        owner.wait(PATIENCE_S)
    finally:
        owner.kill()
        owner.wait()
        owner.stdout.close()


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.02)


def run_pair(
    body: Callable[[Scheduler, PacketSocketNic, PacketSocketNic], Coroutine[Any, Any, None]],
    folder: Path,
    spaces: list[Namespace] | None = None,
) -> None:
    """Run ``body`` on two devices at the ends of a veth cable; ``a`` is started."""
    kernel = WallClock()
    with Namespace() as here, Namespace() as there:
        add_veth(here, "rig0", there, "rig1")
        if spaces is not None:
            spaces += [here, there]
        with here.entered():
            a = PacketSocketNic(kernel, NicConfig("rig0", MAC_A), folder)
        with there.entered():
            b = PacketSocketNic(kernel, NicConfig("rig1", MAC_B), folder)

        async def main() -> None:
            await a.start()
            await body(kernel, a, b)

        with a, b:
            kernel.run(main(), limit_ns=60 * NS_PER_S)


# -- settings are put back ---------------------------------------------------------------------------------------------


@pytest.mark.needs("tap")
def test_what_was_changed_is_put_back(space: Namespace, tmp_path: Path) -> None:
    before = state(space)
    assert not before["is_up"] and before["features"]["rx-gro"]
    with space.entered():
        config = NicConfig(TAP, MAC_A, speed_mbps=10, full_duplex=False)
        nic = PacketSocketNic(WallClock(), config, tmp_path)
    changed = state(space)
    assert changed["is_up"] and changed["link"] == (10, False, False) and not changed["features"]["rx-gro"]
    assert nic.capabilities.speed_mbps == 10 and not nic.capabilities.full_duplex
    nic.close()
    nic.close()
    assert state(space) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs("tap")
def test_what_was_first_is_put_back_however_often_a_feature_is_switched(space: Namespace, tmp_path: Path) -> None:
    before = state(space)
    with space.entered(), interface.control_socket() as control:
        settings = nic_settings.InterfaceSettings(TAP, control, tmp_path)
        settings.switch_features({"rx-gro": False})
        settings.switch_features({"rx-gro": True})
        settings.restore()
    assert state(space) == before


@pytest.mark.needs("tap")
def test_an_end_while_a_second_note_is_written_keeps_the_first(
    space: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(space)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with space.entered(), interface.control_socket() as control:
        settings = nic_settings.InterfaceSettings(TAP, control, tmp_path)
        settings.bring_up()
        assert state(space) != before
        monkeypatch.setattr(nic_settings.json, "dump", killed)
        with pytest.raises(KeyboardInterrupt):
            settings.switch_features({"rx-gro": False})
        assert settings._watchdog is not None
        settings._file.close()  # as the end of the process does, and the end of its pipe:
        nic_settings._end(settings._watchdog)
    assert state(space) == before


@pytest.mark.needs("tap")
@pytest.mark.parametrize("by", ["next start", "rig nic restore"])
def test_what_a_driver_refuses_to_take_back_stays_noted(
    space: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    before = state(space)

    def refuse(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(nic_settings, "_start_watchdog", lambda _: None)  # it would be refused as well
    with space.entered(), interface.control_socket() as control:
        settings = nic_settings.InterfaceSettings(TAP, control, tmp_path)
        settings.bring_up()
        settings.switch_features({"rx-gro": False})
        with monkeypatch.context() as patch:
            patch.setattr(nic_settings.Ethtool, "set_features", refuse)
            with pytest.raises(AdapterError, match="busy; it stays noted, and `rig nic restore` tries again"):
                settings.restore()
            assert not state(space)["features"]["rx-gro"]
            (restored,) = nic_settings.restore_all(tmp_path)
            assert restored.is_kept and "busy" in restored.problem
            again = nic_settings.InterfaceSettings(TAP, control, tmp_path)  # which cannot put it back either, yet
        if by == "next start":
            again.switch_features({"rx-gro": True})
            again.switch_features({"rx-gro": False})
            again.restore()
        else:
            again._file.close()  # as when its process dies
            (restored,) = nic_settings.restore_all(tmp_path)
            assert "rx-gro on" in restored.changes and not restored.problem
    assert state(space) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs("tap")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_the_end_of_the_process_puts_back_what_it_changed(space: Namespace, tmp_path: Path, number: int) -> None:
    before = state(space)
    owner, _ = start_owner(space, tmp_path)
    assert state(space)["link"] == (10, False, False)
    end(owner, number)
    eventually(lambda: state(space) == before, "the watchdog puts it back")
    eventually(lambda: list(tmp_path.iterdir()) == [], "and removes the journal")


@pytest.mark.needs("tap")
@pytest.mark.parametrize("by", ["next start", "rig nic restore"])
def test_the_journal_is_played_back_when_the_watchdog_was_killed_too(space: Namespace, tmp_path: Path, by: str) -> None:
    before = state(space)
    owner, watchdog = start_owner(space, tmp_path)
    os.kill(watchdog, signal.SIGKILL)
    end(owner, signal.SIGKILL)
    assert state(space) != before and len(list(tmp_path.iterdir())) == 1
    with space.entered():
        if by == "next start":
            PacketSocketNic(WallClock(), NicConfig(TAP, MAC_A), tmp_path).close()
        else:
            (restored,) = nic_settings.restore_all(tmp_path)
            assert restored.name == TAP and not restored.problem
            assert {"speed and duplex", "rx-gro on", "down"} <= set(restored.changes)
    assert state(space) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs("tap")
def test_a_journal_of_an_interface_that_is_gone_is_dropped(space: Namespace, tmp_path: Path) -> None:
    owner, watchdog = start_owner(space, tmp_path)
    os.kill(watchdog, signal.SIGKILL)
    end(owner, signal.SIGKILL)
    subprocess.run(space.command(["ip", "link", "del", TAP]), check=True, timeout=PATIENCE_S)
    with space.entered():
        (restored,) = nic_settings.restore_all(tmp_path)
    assert "gone" in restored.problem and list(tmp_path.iterdir()) == []


@pytest.mark.needs("tap")
def test_a_journal_is_not_played_back_on_another_interface_of_that_name(space: Namespace, tmp_path: Path) -> None:
    owner, watchdog = start_owner(space, tmp_path)
    os.kill(watchdog, signal.SIGKILL)
    end(owner, signal.SIGKILL)
    subprocess.run(space.command(["ip", "link", "del", TAP]), check=True, timeout=PATIENCE_S)
    add_tap(space, TAP)
    subprocess.run(space.command(["ip", "link", "set", TAP, "up"]), check=True, timeout=PATIENCE_S)
    before = state(space)
    with space.entered():
        (restored,) = nic_settings.restore_all(tmp_path)
    assert "gone" in restored.problem and not restored.changes and state(space) == before


@pytest.mark.needs("tap")
def test_an_interface_has_one_owner_at_a_time(space: Namespace, tmp_path: Path) -> None:
    owner, _ = start_owner(space, tmp_path)
    try:
        with space.entered(), pytest.raises(UsageError, match=rf"{TAP} is in use by process \d+ \(nic_owner"):
            PacketSocketNic(WallClock(), NicConfig(TAP, MAC_A), tmp_path)
        assert state(space)["link"] == (10, False, False), "a refused start changes nothing"
    finally:
        end(owner, signal.SIGKILL)


def test_a_speed_that_cannot_be_set_is_refused_and_nothing_stays_changed(tmp_path: Path) -> None:
    with Namespace() as here, Namespace() as there:
        add_veth(here, "rig0", there, "rig1")
        before = state(here, "rig0")
        with here.entered(), pytest.raises(UsageError, match=r"rig0 cannot be set to 10 Mb/s half duplex.*veth"):
            PacketSocketNic(WallClock(), NicConfig("rig0", MAC_A, speed_mbps=10, full_duplex=False), tmp_path)
        assert state(here, "rig0") == before


# -- frames ------------------------------------------------------------------------------------------------------------


def test_a_vlan_tag_is_put_back(tmp_path: Path) -> None:
    """The kernel takes the tag out of a received frame; and a tagged frame may be 4 octets longer."""

    async def body(kernel: Scheduler, a: PacketSocketNic, b: PacketSocketNic) -> None:
        await b.start()
        frames = [MAC_B + MAC_A + bytes.fromhex("8100 6064 88b5") + bytes(range(size)) * 5 for size in (30, 100, 250)]
        frames.append((frames[-1] * 2)[:1518])
        frames.append(MAC_B + MAC_A + bytes.fromhex("88a8 0064 88b5") + bytes(100))  # the tag of a provider (802.1ad)
        for frame in frames:
            assert a.try_transmit(frame)
        received: list[bytes] = []
        while len(received) < len(frames):
            b.irq.clear()
            while (frame := b.receive()) is not None:
                received.append(frame.octets)
            if len(received) < len(frames):
                assert await kernel.wait_first(b.irq, deadline_ns=kernel.now_ns + 20 * NS_PER_S) == 0
        assert received == frames

    run_pair(body, tmp_path)


def test_counters_of_the_driver_are_since_the_interface_was_opened(tmp_path: Path) -> None:
    """``peer_ifindex`` of a veth is among what ``ethtool -S`` shows, and never moves."""

    async def body(kernel: Scheduler, a: PacketSocketNic, b: PacketSocketNic) -> None:
        assert a.hardware_before["peer_ifindex"] > 0
        assert "driver.peer_ifindex" not in await a.read_counters()

    run_pair(body, tmp_path)


def test_what_the_kernel_had_no_room_for_is_counted(tmp_path: Path) -> None:
    count = 12_000

    async def body(kernel: Scheduler, a: PacketSocketNic, b: PacketSocketNic) -> None:
        frame = MAC_B + MAC_A + b"\x88\xb5" + bytes(1500)
        sent = 0
        while sent < count:
            if a.try_transmit(frame):
                sent += 1
            else:
                await a.tx_ready.wait()
        while a.counts["aFramesTransmittedOK"] < count:
            await kernel.sleep_until(kernel.now_ns + NS_PER_MS)
        assert a.counts["aFramesLostDueToIntMACXmitError"] == 0
        await b.start()
        taken, deadline_ns = 0, kernel.now_ns + 20 * NS_PER_S
        while taken + (counters := await b.read_counters())["kernel_drops"] < count:
            b.irq.clear()
            while b.receive() is not None:
                taken += 1
            assert kernel.now_ns < deadline_ns, f"{taken} taken, {counters['kernel_drops']} counted as lost, of {count}"
            await kernel.wait_first(b.irq, deadline_ns=kernel.now_ns + 10 * NS_PER_MS)
        assert counters["kernel_drops"] > 0 and taken > 0
        assert taken + counters["kernel_drops"] == count == taken + counters["aFramesLostDueToIntMACRcvError"]

    run_pair(body, tmp_path)


def test_an_interface_that_goes_down_comes_back_and_one_that_is_deleted_is_told(tmp_path: Path) -> None:
    spaces: list[Namespace] = []

    async def body(kernel: Scheduler, a: PacketSocketNic, b: PacketSocketNic) -> None:
        await b.start()
        deadline_ns = kernel.now_ns + 20 * NS_PER_S
        frame = MAC_B + MAC_A + b"\x88\xb5" + bytes(100)

        async def passes() -> bool:
            b.irq.clear()
            assert a.try_transmit(frame)
            await kernel.wait_first(b.irq, deadline_ns=kernel.now_ns + 100 * NS_PER_MS)
            return b.receive() is not None

        assert await passes() and b.is_link_up
        interface.set_up(b._socket, "rig1", False)
        assert not b.is_link_up and not await passes()
        interface.set_up(b._socket, "rig1", True)
        while not await passes():
            assert kernel.now_ns < deadline_ns
        subprocess.run(spaces[1].command(["ip", "link", "del", "rig1"]), check=True, timeout=PATIENCE_S)
        with pytest.raises(LinkError, match=r"rig1.*is gone"):
            while await kernel.wait_first(b.irq, deadline_ns=deadline_ns) is not None:
                b.irq.clear()
                b.receive()

    run_pair(body, tmp_path, spaces)


def test_memberships_are_the_sockets_and_go_with_it(tmp_path: Path) -> None:
    """The adapter is told of our address, or to be promiscuous, for as long as the socket is open."""
    with Namespace() as here, Namespace() as there:
        add_veth(here, "rig0", there, "rig1")

        def ask(*command: str) -> str:
            return subprocess.run(
                here.command(command), capture_output=True, text=True, check=True, timeout=PATIENCE_S
            ).stdout  # fmt: skip

        def promiscuity() -> int:
            (link,) = json.loads(ask("ip", "-d", "-j", "link", "show", "rig0"))
            return int(link["promiscuity"])

        for promiscuous, is_up in ((False, True), (True, True), (False, False), (True, False)):
            ask("ip", "link", "set", "rig0", "up" if is_up else "down")
            with here.entered():
                nic = PacketSocketNic(WallClock(), NicConfig("rig0", MAC_A, promiscuous=promiscuous), tmp_path)
            with nic:
                assert promiscuity() == 1, "also for an address, on an interface that has no filter for one"
                assert (MAC_A.hex(":") in ask("bridge", "fdb", "show", "dev", "rig0")) is not promiscuous
            assert promiscuity() == 0 and MAC_A.hex(":") not in ask("bridge", "fdb", "show", "dev", "rig0")


def test_what_the_host_itself_sends_is_not_received(tmp_path: Path) -> None:
    spaces: list[Namespace] = []

    async def body(kernel: Scheduler, a: PacketSocketNic, b: PacketSocketNic) -> None:
        await b.start()
        sent = BROADCAST_MAC + b"\x02\0\0\0\0\x77" + b"\x88\xb5" + bytes(100)
        with spaces[0].entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as host:
            host.bind(("rig0", 0))
            host.send(sent)
        deadline_ns = kernel.now_ns + 20 * NS_PER_S
        assert await kernel.wait_first(b.irq, deadline_ns=deadline_ns) == 0
        frame = b.receive()
        assert frame is not None and frame.octets == sent
        assert a.receive() is None, "it left by the same interface"

    run_pair(body, tmp_path, spaces)


def test_the_filter_lets_through_what_the_station_listens_to() -> None:
    wanted = station_filter([MAC_A, MAC_B], with_groups=True)
    rest = bytes(60)
    assert all(wanted.accepts(address + rest) for address in (MAC_A, MAC_B, BROADCAST_MAC, b"\x01\x00\x5e\0\0\1"))
    near = [
        bytes(octet ^ (2 << index % 3 if index == at else 0) for index, octet in enumerate(MAC_A)) for at in range(6)
    ]
    assert not any(wanted.accepts(address + rest) for address in near)
    assert not station_filter([MAC_A], with_groups=False).accepts(BROADCAST_MAC + rest)


def test_a_state_folder_that_is_not_ours_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root of a user namespace finds it: the folder of its number is that of the machine's root."""
    for variable in ("RIG_STATE_DIR", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(nic_settings, "FOLDER_OF_ROOT", tmp_path / "nowhere" / "nicrig")
    monkeypatch.setattr(nic_settings.tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / f"nicrig-{os.geteuid()}").mkdir()
    (tmp_path / f"nicrig-{os.geteuid()}").chmod(0o777)
    found = nic_settings.state_folder()
    assert found == tmp_path / f"nicrig-{os.geteuid()}-{Path('/proc/self/ns/user').stat().st_ino}"
    assert nic_settings.state_folder() == found and found.stat().st_mode & 0o777 == 0o700
    found.chmod(0o777)
    with pytest.raises(UsageError, match="name one of your own in RIG_STATE_DIR"):
        nic_settings.state_folder()


# -- interfaces that will not do ---------------------------------------------------------------------------------------


@pytest.mark.needs("tap")
def test_a_bad_interface_is_named_with_the_nearest_one(space: Namespace, tmp_path: Path) -> None:
    cases = {
        "rigtap1": "there is no network interface 'rigtap1'; .* here are rigtap0; did you mean 'rigtap0'",
        "lo": "'lo' is no Ethernet interface: it is the loopback; Ethernet interfaces here are rigtap0",
        "x" * 40: "there is no network interface",
    }
    with space.entered():
        for name, message in cases.items():
            with pytest.raises(UsageError, match=message):
                PacketSocketNic(WallClock(), NicConfig(name, MAC_A), tmp_path)
        subprocess.run(["ip", "tuntap", "add", "rigtun0", "mode", "tun"], check=True, timeout=PATIENCE_S)
        with pytest.raises(UsageError, match="'rigtun0' is no Ethernet interface: it is without link-layer addresses"):
            PacketSocketNic(WallClock(), NicConfig("rigtun0", MAC_A), tmp_path)
        with pytest.raises(UsageError, match="rigtun0 is there already and is no TAP device"):
            TapDevice(WallClock(), TapConfig("rigtun0", MAC_A))
        taken = pytest.raises(UsageError, match="rigtap1 is in use by another process")
        with TapDevice(WallClock(), TapConfig("rigtap1", MAC_A)), taken:
            TapDevice(WallClock(), TapConfig("rigtap1", MAC_A))


@pytest.mark.parametrize(
    ("opening", "capability"),
    [
        ("nic.PacketSocketNic(WallClock(), nic.NicConfig('lo0', mac))", "CAP_NET_RAW"),
        ("tap.TapDevice(WallClock(), tap.TapConfig('rigtap0', mac))", "CAP_NET_ADMIN"),
    ],
)
def test_a_missing_right_is_named_with_its_remedy(opening: str, capability: str) -> None:
    """In a namespace with one Ethernet interface, without the rights there."""
    if "tap" in opening and not os.access("/dev/net/tun", os.W_OK):
        pytest.skip("not run: needs /dev/net/tun")
    program = (
        "from rig.backends import nic, tap\nfrom rig.errors import UsageError\n"
        "from rig.runtime.pump_asyncio import WallClock\nmac = bytes.fromhex('02000000000a')\n"
        f"try:\n    {opening}\nexcept UsageError as error:\n    print(error)\n"
    )
    inner = f'ip link add lo0 type veth && exec {" ".join(WITHOUT_CAPABILITIES)} "$@"'
    command = ["unshare", "--net", "sh", "-c", inner, "sh", sys.executable, "-c", program]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert f"needs the capability {capability}; run as root" in result.stdout
    assert "setpriv" in result.stdout and " ".join(NAMESPACE) in result.stdout
