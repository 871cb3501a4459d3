"""Device files: what they may say, what their mistakes are told as, and the socket that is made of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rig.build.device import OWN_DEVICE, sockets_of
from rig.config.loading import parse_scenario
from rig.errors import ConfigError, ExitCode, ToolError
from rig.regress import simbuild
from rig.regress.device import inspect
from rig.regress.device.device import open_device
from rig.regress.device.inspect import plug, plugged_device
from rig.regress.device.ports import POKE, PORTS, REQUEST_PORTS
from rig.regress.device.socket import modules_of, socket_text, sources_with
from rig.regress.filelist import PROJECT_ROOT

SOCKET_FILE = PROJECT_ROOT / "hdl" / "sim" / "adapter_socket_model.v"
BLANK = ",\n".join(
    f"  {port.direction} wire {f'[{port.bits - 1}:0] ' if port.bits > 1 else ''}{port.name}" for port in PORTS
)
TOP = f"`default_nettype none\nmodule mine (\n{BLANK}\n);\nendmodule\n"
"""A top that has every port and does nothing."""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_BUILD_DIR", str(tmp_path / "build"))


def device_file(folder: Path, *lines: str, top: str = TOP, keys: str = "top: mine\nparameters: {}\n") -> Path:
    """Write a source and a device file that names it; ``lines`` are added to it."""
    (folder / "mine.v").write_text(top)
    path = folder / "mine.yaml"
    path.write_text(f"schema: 1\nname: mine\nfiles: [mine.v]\n{keys}" + "".join(f"{line}\n" for line in lines))
    return path


def problem(path: Path) -> str:
    """Return the message of a device file that is wrong; it names the file."""
    with pytest.raises(ConfigError) as caught:
        plugged_device(path)
    assert caught.value.exit_code is ExitCode.USAGE
    assert str(caught.value).startswith(f"{path}:")
    return str(caught.value)


def test_the_socket_of_the_project_has_the_ports_that_devices_are_held_to() -> None:
    text = SOCKET_FILE.read_text(encoding="utf-8")
    found = re.findall(r"^    (input|output) +wire +(?:\[ *(\d+):0\] )?(\w+)", text, flags=re.MULTILINE)
    ports = [(direction, int(high or 0) + 1, name) for direction, high, name in found]
    assert ports == [(port.direction, port.bits, port.name) for port in (*PORTS, *REQUEST_PORTS, POKE)]


def test_the_project_s_own_adapter_fits() -> None:
    plugged = plugged_device(OWN_DEVICE)
    assert plugged.facts() == {"name": "nic_mii", "top": "nic_mii", "sha256": plugged.sha256}
    assert {path.name for path in plugged.inputs} >= {"nic_mii.v", "nic_regmap.vh", "backoff.v"}


def test_what_is_known_of_a_device_holds_until_a_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = device_file(tmp_path)
    first = plugged_device(path)
    with monkeypatch.context() as patch:
        patch.setattr(inspect, "_look_at", lambda device: pytest.fail("it is known"))
        assert plugged_device(path) == first
    (tmp_path / "mine.v").write_text(TOP.replace("endmodule", "wire changed = 1'b0;\nendmodule"))
    assert plugged_device(path).sha256 != first.sha256


def test_the_digest_is_of_the_sources_wherever_they_are(tmp_path: Path) -> None:
    digests = set()
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        digests.add(plugged_device(device_file(tmp_path / name)).sha256)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("files2: [x.v]",), "unknown key"),
        (("include: [no_such_folder]",), "include[0]: there is no folder"),
        (("base: nic_mi",), "base: this project has no file list 'nic_mi'"),
        (("ports: {wb_dat: dat}",), "ports.wb_dat: the socket has no port 'wb_dat'"),
        (("ports: {irq: null}",), "ports.irq: a device without irq cannot be under test"),
        (("ports: {irq: int_o}",), "ports.irq: module 'mine' has no port 'int_o'"),
        (
            ("ports: {irq: mii_txd, mii_txd: irq}",),
            "ports.irq: port 'mii_txd' of module 'mine' does not fit irq; expected",
        ),
        (("ports: {irq: mii_crs}",), "ports.irq: port 'mii_crs' of the device is both irq and mii_crs"),
        (("ties: {scan: 0}",), "ties.scan: module 'mine' has no further input 'scan'"),
        (("counters: host.memory",), "counters: there is no 'host.memory' in module 'mine'"),
    ],
)
def test_mistakes_name_the_key(lines: tuple[str, ...], words: str, tmp_path: Path) -> None:
    assert words in problem(device_file(tmp_path, *lines))


@pytest.mark.parametrize(
    ("top", "keys", "words"),
    [
        (TOP, "top: mina\nparameters: {}\n", "top: no source has a module 'mina'; expected"),
        (TOP, "top: mine\n", "module 'mine' has no parameter 'BUFFER_PAGES'"),
        (TOP, "top: mine\nparameters: {WIDTH: CLOCK}\n", "'CLOCK' is no value of a parameter"),
        (TOP.replace("[3:0] mii_txd", "[7:0] mii_txd"), None, "does not fit mii_txd; expected an output of 4 bits"),
        (TOP.replace("output wire irq", "input wire irq"), None, "got an input of 1 bit"),
        (TOP.replace("  input wire mii_col,\n", ""), None, "module 'mine' has no port 'mii_col'"),
        (TOP.replace("  input wire rst,", "  input wire rst,\n  input wire scan,"), None,
         "nothing drives the input 'scan' of module 'mine'; expected `ties: {scan: 0}`"),
        (TOP.replace("  input wire rst,", "  input wire rst,\n  inout wire mdio,"), None,
         "nothing drives the inout 'mdio'"),
    ],
)  # fmt: skip
def test_a_top_that_does_not_fit(top: str, keys: str | None, words: str, tmp_path: Path) -> None:
    path = device_file(tmp_path, top=top, keys=keys or "top: mine\nparameters: {}\n")
    assert words in problem(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = device_file(tmp_path)
    (tmp_path / "mine.v").unlink()
    assert "files[0]: there is no file" in problem(path)
    path.write_text("schema: 1\nname: mine\n")
    assert "the device has no sources" in problem(path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("missing_part part (.clk(clk_bus));", "no source has the module 'missing_part'"),
        ("assign irq = ;", "syntax error"),
    ],
)
def test_what_cannot_be_elaborated_is_told_with_the_words_of_the_tool(body: str, words: str, tmp_path: Path) -> None:
    path = device_file(tmp_path, top=TOP.replace("endmodule", f"{body}\nendmodule"))
    with pytest.raises(ToolError) as caught:
        plugged_device(path)
    assert caught.value.exit_code is ExitCode.BUILD
    assert str(caught.value).startswith(f"{path}: top: the device 'mine'") and words in str(caught.value)


@pytest.mark.needs("iverilog")
def test_a_build_that_fails_names_the_device(tmp_path: Path) -> None:
    """What Verilator takes another simulator may refuse."""
    path = device_file(tmp_path, top=TOP.replace("endmodule", "`ifndef VERILATOR\nassign irq = ;\n`endif\nendmodule"))
    with pytest.raises(ToolError) as caught:
        simbuild.build("icarus", "mac_bench", parameters={"BACK_DOOR": 0}, devices=[plugged_device(path)])
    assert str(caught.value).startswith(
        f"{path}: top mine: the bench with this device cannot be built: iverilog failed"
    )
    assert "mine.v" in caught.value.last_lines


def test_other_names_parameters_and_ties_reach_the_socket(tmp_path: Path) -> None:
    top = TOP.replace("module mine (", "module mine #(parameter HZ = 1, parameter [7:0] ID = 0) (")
    top = top.replace("output wire irq", "output wire int_o").replace("  output wire mii_tx_er,\n", "")
    top = top.replace("  input wire rst,", "  input wire rst,\n  input wire scan,\n  output wire led,")
    keys = 'top: mine\nparameters: {HZ: BUS_HZ, ID: "8\'h5A"}\nports: {irq: int_o, mii_tx_er: null}\nties: {scan: 1}\n'
    text = socket_text([plug(open_device(device_file(tmp_path, top=top, keys=keys)))])
    for part in ("#(.HZ(BUS_HZ), .ID(8'h5A))", ".int_o(irq)", "assign mii_tx_er = 1'b0;", ".scan(1)", ".led()"):
        assert part in text
    assert ".mii_tx_er(" not in text and "poke[38]" not in text


def test_a_file_of_one_s_own_takes_the_place_of_that_of_the_base(tmp_path: Path) -> None:
    (tmp_path / "csma_cd.v").write_text((PROJECT_ROOT / "hdl" / "rtl" / "csma_cd.v").read_text())
    path = tmp_path / "copy.yaml"
    path.write_text("schema: 1\nname: copy\nbase: nic_mii\nfiles: [csma_cd.v]\n")
    sources = open_device(path).files.sources
    assert [each for each in sources if each.name == "csma_cd.v"] == [tmp_path / "csma_cd.v"]


def test_lists_name_their_files_from_their_own_folder(tmp_path: Path) -> None:
    (tmp_path / "rtl").mkdir()
    (tmp_path / "rtl" / "part.v").write_text("module part; endmodule\n")
    (tmp_path / "rtl" / "parts.f").write_text("part.v\n")
    (tmp_path / "all.f").write_text("-f rtl/parts.f\nmine.v\n")
    path = device_file(tmp_path)
    path.write_text(path.read_text().replace("mine.v", "all.f"))
    assert [each.name for each in open_device(path).files.sources] == ["part.v", "mine.v"]


def test_two_texts_of_one_module_do_not_go_together(tmp_path: Path) -> None:
    own = plugged_device(OWN_DEVICE)
    text = (PROJECT_ROOT / "hdl" / "rtl" / "sync_2ff.v").read_text()
    (tmp_path / "sync_2ff.v").write_text(text)
    path = device_file(tmp_path)
    path.write_text(path.read_text().replace("[mine.v]", "[mine.v, sync_2ff.v]"))
    assert tmp_path / "sync_2ff.v" not in sources_with("segment_bench", [own, plugged_device(path)], {}), (
        "the same text"
    )
    (tmp_path / "sync_2ff.v").write_text(text + "// changed\n")
    with pytest.raises(ConfigError, match=r"module 'sync_2ff' is in .*, which differ; .* another name") as caught:
        sources_with("segment_bench", [own, plugged_device(path)], {})
    assert str(caught.value).startswith(str(path))


def test_modules_are_found_beside_comments(tmp_path: Path) -> None:
    path = tmp_path / "some.v"
    path.write_text(
        "/* module no; */ // module never\nmodule a; endmodule module\n b (); endmodule\n  primitive c (o, i);\n"
    )
    assert modules_of(path) == ("a", "b", "c")


SCENARIO = """
schema: 1
segments: {cable: {speed_mbps: 100, duplex: half, delay_bits: 40}}
DEVICE
stations:
  - {name: client, mac: "02:00:00:00:00:01", ip: 10.0.0.1/24, segment: cable CLIENT}
  - {name: server, mac: "02:00:00:00:00:02", ip: 10.0.0.2/24, segment: cable, position_bits: 40 SERVER}
apps:
  - {station: server, kind: http-server}
  - {station: client, kind: http-put, args: {server: server}}
"""


def scenario_text(device: str = "", client: str = "", server: str = "") -> str:
    return SCENARIO.replace("DEVICE", device).replace("CLIENT", client).replace("SERVER", server)


def test_a_scenario_says_which_station_is_which_device(tmp_path: Path) -> None:
    device_file(tmp_path)
    text = scenario_text(client=", device: mine.yaml")
    scenario = parse_scenario(text, str(tmp_path / "scenario.yaml"))
    sockets = sockets_of(scenario.for_backend("rtl"), "segment_bench")
    assert {station: each["name"] for station, each in sockets.facts().items()} == {
        "client": "mine",
        "server": "nic_mii",
    }
    assert sockets.parameters() == {"DEVICES": 1 << 8}
    assert sockets_of(scenario.for_backend("model"), "segment_bench").devices == ()
    whole = parse_scenario(scenario_text(device="device: mine.yaml"), str(tmp_path / "scenario.yaml"))
    sockets = sockets_of(whole.for_backend("rtl"), "segment_bench")
    assert set(sockets.numbers) == {"client", "server"} and sockets.parameters() == {}
    with pytest.raises(ConfigError, match="no MII to put another to"):
        sockets_of(whole.for_backend("rtl"), "tbase_bench")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client": ", device: absent.yaml"}, r"stations\[0\].device: there is no device file"),
        ({"device": "device: absent.yaml"}, r"device: there is no device file"),
        ({"server": ", backend: model, device: mine.yaml"}, r"stations\[1\].device: a device is an adapter in Verilog"),
    ],
)
def test_a_scenario_with_a_device_that_cannot_be(changes: dict[str, str], words: str, tmp_path: Path) -> None:
    device_file(tmp_path)
    with pytest.raises(ConfigError, match=words):
        parse_scenario(scenario_text(**changes), str(tmp_path / "scenario.yaml"))
