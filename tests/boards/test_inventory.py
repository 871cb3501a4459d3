"""Kinds of board, attached boards, and a scan that proposes and never overwrites."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rig.boards import inventory
from rig.boards.bitstream import DESIGNS
from rig.boards.inventory import PortFacts
from rig.boards.scan import scan, write_files
from rig.config.board import load_attached, load_kind
from rig.errors import ConfigError, LinkError, UsageError
from rig.regress.filelist import PROJECT_ROOT

ULX3S = PortFacts("/dev/ttyUSB0", "0403:6015", "K00042", "FER-RADIONA-EE ULX3S FPGA 85K v3.0.8")
ICEBREAKER = PortFacts("/dev/ttyUSB1", "0403:6010", "IB7", "1BitSquared iCEBreaker V1.0e")
FTDI = PortFacts("/dev/ttyUSB2", "0403:6010", "FT1", "FTDI Dual RS232-HS")
ANONYMOUS = PortFacts("/dev/ttyUSB3", "0403:6015", None, "FT231X USB UART")
MAINBOARD = PortFacts("/dev/ttyS0")


def test_the_kinds_that_come_along_load_and_say_that_hardware_is_untried() -> None:
    kinds = inventory.kinds()
    assert set(kinds) == {"ulx3s-lan8720", "icebreaker-10baset", "arty-a7", "usb-nic"}
    assert {kind.status.hardware for kind in kinds.values()} == {"untried"}
    assert kinds["icebreaker-10baset"].greeting_id == "icebreaker-10bt"
    assert kinds["usb-nic"].flash is None
    with pytest.raises(UsageError, match="did you mean 'ulx3s-lan8720'"):
        inventory.kind_named("ulx3s")


def test_the_readme_says_what_is_known_of_each_kind() -> None:
    text = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    for kind in inventory.kinds().values():
        status = kind.status
        assert f"| `{kind.kind}` | {status.bitstream} | {status.simulated} | {status.hardware} |\n" in text


def test_what_is_simulated_in_verilog_has_a_design() -> None:
    """And what has none is refused by ``rig board virtual`` without ``--fast``."""
    simulated = {kind.kind for kind in inventory.kinds().values() if kind.status.simulated == "twin and Verilog"}
    assert simulated == set(DESIGNS)


def test_a_scan_proposes_writes_once_and_what_it_writes_loads(tmp_path: Path) -> None:
    kinds = list(inventory.kinds().values())
    present = [ULX3S, ICEBREAKER, FTDI, ANONYMOUS, MAINBOARD]
    findings = scan(present, kinds, [])
    assert [item.proposal for item in findings] == ["ulx3s", "icebreaker", None, "ulx3s2", None]
    written = write_files(findings, tmp_path)
    assert [path.name for path in written] == ["ulx3s.yaml", "icebreaker.yaml", "ulx3s2.yaml"]
    board = load_attached(tmp_path / "ulx3s.yaml")
    assert (board.kind, board.usb, board.usb_serial, board.port) == ("ulx3s-lan8720", "0403:6015", "K00042", None)
    assert load_attached(tmp_path / "ulx3s2.yaml").port == "/dev/ttyUSB3"
    texts = [path.read_text() for path in written]
    (tmp_path / "ulx3s.yaml").write_text(texts[0] + "# mine\n")
    boards = list(inventory.attached(tmp_path).values())
    again = scan(present, kinds, boards)
    assert [item.known_as for item in again] == ["ulx3s", "icebreaker", None, "ulx3s2", None]
    assert write_files(again, tmp_path) == []
    assert write_files(findings, tmp_path) == [], "not even if it is asked to"
    assert (tmp_path / "ulx3s.yaml").read_text().endswith("# mine\n")


def test_a_new_board_beside_a_known_one_gets_a_name_of_its_own(tmp_path: Path) -> None:
    kinds = list(inventory.kinds().values())
    write_files(scan([ULX3S], kinds, []), tmp_path)
    second = PortFacts("/dev/ttyUSB5", ULX3S.usb, "K00043")
    findings = scan([ULX3S, second], kinds, list(inventory.attached(tmp_path).values()))
    assert [(item.known_as, item.proposal) for item in findings] == [("ulx3s", None), (None, "ulx3s2")]
    (path,) = write_files(findings, tmp_path)
    assert load_attached(path).usb_serial == "K00043"


def test_two_ports_of_one_adaptor_are_no_two_boards(tmp_path: Path) -> None:
    """An FT2232H has two channels, so an iCEBreaker or an Arty is two ports with the same ids and serial number."""
    ports = [replace(ICEBREAKER, device=f"/dev/ttyUSB{number}") for number in (0, 1)]
    write_files(scan(ports, list(inventory.kinds().values()), []), tmp_path)
    boards = inventory.attached(tmp_path).values()
    found = [inventory.locate(board, ports) for board in boards]
    assert len(set(found)) == len(found), "two files, one port: the other port is never found"


def test_the_port_of_an_adaptor_with_channels_is_that_of_the_serial_line(tmp_path: Path) -> None:
    ports = [replace(ICEBREAKER, device=f"/dev/ttyUSB{number}", interface=number) for number in (0, 1)]
    findings = scan(ports, list(inventory.kinds().values()), [])
    assert [finding.proposal for finding in findings] == [None, "icebreaker"]
    assert "is on 1" in findings[0].remark
    (path,) = write_files(findings, tmp_path)
    assert load_attached(path).usb_interface == 1
    assert inventory.locate(load_attached(path), ports) == "/dev/ttyUSB1"
    unnumbered = [replace(port, interface=None) for port in ports]
    first, second = scan(unnumbered, list(inventory.kinds().values()), [])
    assert first.proposal == "icebreaker" and second.proposal is None and "another port of icebreaker" in second.remark


def test_a_board_has_one_lock_under_every_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    link = tmp_path / "by-id"
    link.symlink_to(device)
    present = [replace(ULX3S, device=str(device))]
    monkeypatch.setattr(inventory, "ports", lambda: present)
    write_files(scan(present, list(inventory.kinds().values()), []), tmp_path)
    names = ("ulx3s", str(device), str(link))
    assert {inventory.find(name, folder=tmp_path).key for name in names} == {"K00042"}
    monkeypatch.setattr(inventory, "ports", list)
    assert inventory.find(str(link)).key == inventory.find(str(device)).key
    assert inventory.find("socket://host:2217").key == "socket_host_2217"


def test_a_serial_number_with_odd_characters_is_written_so_that_it_loads(tmp_path: Path) -> None:
    port = PortFacts("/dev/ttyUSB0", "0403:6015", '12:34 "\\#')
    (path,) = write_files(scan([port], list(inventory.kinds().values()), []), tmp_path)
    assert load_attached(path).usb_serial == '12:34 "\\#'


def test_a_board_is_found_by_its_serial_number_whatever_its_port(tmp_path: Path) -> None:
    write_files(scan([ULX3S], list(inventory.kinds().values()), []), tmp_path)
    board = inventory.attached(tmp_path)["ulx3s"]
    assert inventory.locate(board, [MAINBOARD, ULX3S]) == "/dev/ttyUSB0"
    moved = PortFacts("/dev/ttyUSB7", ULX3S.usb, ULX3S.serial)
    assert inventory.locate(board, [moved]) == "/dev/ttyUSB7"
    twin = replace(ULX3S, device="/dev/ttyUSB6", usb="10c4:ea60")
    assert inventory.locate(board, [twin, moved]) == "/dev/ttyUSB7", "serial numbers of other adaptors do not count"
    with pytest.raises(LinkError, match="serial number K00042; ports of this machine: /dev/ttyUSB1 \\(IB7\\)"):
        inventory.locate(board, [ICEBREAKER])
    target = inventory.find("ulx3s", folder=tmp_path)
    assert (target.baud, target.key, target.usb_serial) == (3_000_000, "K00042", "K00042")
    path = tmp_path / "ulx3s.yaml"
    path.write_text(path.read_text() + "timeout_ceiling_ms: 500\nbaud: 1000000\n")
    target = inventory.find("ulx3s", folder=tmp_path)
    assert (target.baud, target.timeout_ceiling_ms) == (1_000_000, 500)
    assert not target.rts_cts, "no supported board has them wired"
    path.write_text(path.read_text() + "rts_cts: true\n")
    assert inventory.find("ulx3s", folder=tmp_path).rts_cts
    assert not inventory.find("ulx3s", rts_cts=False, folder=tmp_path).rts_cts, "the command line has the last word"
    with pytest.raises(UsageError, match="no board 'ulx4s'; did you mean 'ulx3s'"):
        inventory.find("ulx4s", folder=tmp_path)


@pytest.mark.parametrize("name", ["/dev/ttyUSB0", "socket://bench:2217"])
def test_a_port_may_be_named_instead(name: str) -> None:
    target = inventory.find(name, baud=1_000_000)
    assert target.locate() == name and target.baud == 1_000_000 and target.kind is None and not target.rts_cts
    assert inventory.find(name, rts_cts=True).rts_cts


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("schema: 1\nname: other\nkind: arty-a7\nport: /dev/ttyUSB0\n", "not that of its file"),
        ("schema: 1\nname: bench\nkind: arty-a7\n", "nothing says where the board is"),
        ("schema: 1\nname: bench\nkind: arty-a7\nport: ttyUSB0\n", "is no port"),
        ("schema: 1\nname: bench\nkind: arty-a7\nport: /dev/x\nport: /dev/y\n", "port"),
        ("schema: 1\nname: bench\nkind: arty-a7\nserial: X\nport: /dev/x\n", "serial"),
        ("schema: 2\nname: bench\nkind: arty-a7\nport: /dev/x\n", "schema"),
        ("schema: 1\nname: bench\nkind: arty-a7\nport: /dev/x\nusb: 403:6015\n", "usb"),
        ("schema: 1\nname: bench\nkind: arty-a7\nport: /dev/x\nbaud: 3\n", "baud"),
        ("schema: 1\nname: bench\nkind: arty-a7\nport: /dev/x\nrts_cts: 1\n", "rts_cts"),
    ],
)
def test_files_of_attached_boards_are_strict(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "bench.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        load_attached(path)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("kind: ulx3s-lan8720", "kind: ulx3s"), "not the name of its file"),
        (("baud: 3000000\n", ""), "needs a baud rate"),
        (("hardware: untried", "hardware: works"), "hardware"),
        (("transport: serial", "transport: serial\nproduct: '('"), "is no pattern"),
        (('usb: ["0403:6015"]', "usb: [403]"), "usb"),
    ],
)
def test_files_of_kinds_are_strict(change: tuple[str, str], problem: str, tmp_path: Path) -> None:
    text = (inventory.KINDS / "ulx3s-lan8720.yaml").read_text()
    assert change[0] in text
    path = tmp_path / "ulx3s-lan8720.yaml"
    path.write_text(text.replace(*change))
    with pytest.raises(ConfigError, match=problem):
        load_kind(path)


def test_a_kind_says_whether_rts_and_cts_are_wired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = inventory.kind_named("ulx3s-lan8720")
    monkeypatch.setattr(inventory, "kind_named", lambda _: kind.model_copy(update={"rts_cts": True}))
    path = tmp_path / "bench.yaml"
    path.write_text("schema: 1\nname: bench\nkind: ulx3s-lan8720\nport: /dev/ttyUSB0\n")
    assert inventory.find("bench", folder=tmp_path).rts_cts
    path.write_text(path.read_text() + "rts_cts: false\n")
    assert not inventory.find("bench", folder=tmp_path).rts_cts
