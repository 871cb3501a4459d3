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
