"""Node files: those that come along load, and each mistake is said where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.config.node import NodeConfig, load_node, parse_node
from rig.errors import ConfigError

NODES = Path(__file__).resolve().parents[2] / "configs" / "nodes"
GOOD = """\
schema: 1
name: web
interface: {kind: tap, name: rig0, host_ip: 10.77.0.1/24}
mac: "02:00:00:00:00:10"
ip: 10.77.0.2/24
gateway: 10.77.0.1
dns: [10.77.0.1]
services:
  http: {port: 80, folder: .}
  echo: {port: 7}
"""


@pytest.mark.parametrize("path", sorted(NODES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_files_that_come_along_load(path: Path) -> None:
    node = load_node(path)
    assert node.services.http is not None and Path(node.services.http.folder).is_dir()


def test_a_folder_is_beside_its_file(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "node.yaml").write_text(GOOD.replace("folder: .", "folder: www"))
    services = load_node(tmp_path / "node.yaml").services
    assert services.http is not None and services.http.folder == str((tmp_path / "www").resolve())
    assert isinstance(parse_node(GOOD, str(tmp_path / "node.yaml")), NodeConfig)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "kind: tap",
            "kind: tab",
            "interface.kind: wrong value; expected one of nic, tap; got 'tab'; did you mean 'tap'",
        ),
        ("name: rig0", "name: a-name-of-20-octets-x", "is no name of a network interface: 1 to 15 octets"),
        ("host_ip: 10.77.0.1/24", "host_ip: 10.78.0.1/24", "the host's address is not a neighbour's"),
        ("gateway: 10.77.0.1", "gateway: 10.99.0.1", "the gateway is not in the node's network"),
        ("gateway: 10.77.0.1", "gateway: 10.77.0.2", "the gateway is the node itself"),
        ("{kind: tap, name: rig0, host_ip: 10.77.0.1/24}", "{kind: nic, name: e, duplex: half}", "duplex alone"),
        ("port: 7", "port: 80", "services.echo.port: port 80 is taken by services.http"),
        ("folder: .", "folder: nowhere", "there is no folder"),
        ("echo:", "ehco:", "unknown key; expected one of http, echo, dns; did you mean 'echo'?"),
        ('"02:00:00:00:00:10"', '"01:00:00:00:00:10"', "is a group address"),
        ("dns: [10.77.0.1]", "dns: [name]", "'name' is no IPv4 address"),
        ("ip: 10.77.0.2/24\n", "", "the key 'ip' is missing"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        parse_node(GOOD.replace(old, new, 1), "node.yaml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("node.yaml")


LEFT = """\
schema: 1
name: web
interface: {kind: nic, name: rig0}
mac: "02:00:00:00:00:10"
ip: 10.77.0.2/24
cable: {name: bench, other: right.yaml}
"""
RIGHT = """\
schema: 1
name: client
interface: {kind: nic, name: rig1}
mac: "02:00:00:00:00:11"
ip: 10.77.0.3/24
cable: {name: bench, other: left.yaml}
"""


def write_ends(folder: Path, old: str = "", new: str = "") -> Path:
    (folder / "left.yaml").write_text(LEFT)
    (folder / "right.yaml").write_text(RIGHT.replace(old, new, 1))
    return folder / "left.yaml"


def test_the_two_ends_of_a_cable_name_each_other(tmp_path: Path) -> None:
    node = load_node(write_ends(tmp_path))
    assert node.cable is not None and node.cable.name == "bench"
    assert load_node(tmp_path / "right.yaml").cable == node.cable.model_copy(update={"other": "left.yaml"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: bench", "name: bunch", "right.yaml, is on cable 'bunch'; expected the same name at both ends"),
        ("cable: {name: bench, other: left.yaml}\n", "", "right.yaml, names no cable; expected the same name"),
        ("other: left.yaml", "other: third.yaml", "third.yaml; expected two files that name each other"),
        (":11", ":10", "the MAC address 02:00:00:00:00:10 is taken by the cable's other end"),
        ("10.77.0.3", "10.77.0.2", "the address 10.77.0.2 is taken by the cable's other end"),
        ("10.77.0.3", "10.78.0.3", "'client', at the cable's other end, has 10.78.0.3/24; expected two"),
        ("name: client", "name: web", "the name 'web' is taken by the cable's other end"),
        ("schema: 1", "schema: 2", "right.yaml:1: schema: wrong value"),
    ],
)  # fmt: skip
def test_what_the_other_end_says_is_looked_at(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_node(write_ends(tmp_path, old, new))
    assert message in str(caught.value)


def test_a_cable_without_another_end(tmp_path: Path) -> None:
    left = write_ends(tmp_path)
    (tmp_path / "right.yaml").unlink()
    with pytest.raises(ConfigError, match=r"cable.other: there is no file .*right.yaml; expected the node file of the"):
        load_node(left)
    left.write_text(GOOD + "cable: {name: bench, other: right.yaml}\n")
    with pytest.raises(ConfigError, match="cable: no cable fits into a TAP interface"):
        load_node(left)
