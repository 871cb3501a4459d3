"""The register map: one source, loaded strictly; everything generated from it is up to date and consistent."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.adapter import registers as names
from rig.adapter.device import ReceiveStatus
from rig.adapter.regmap import MAP_FILE, RegisterMap, load
from rig.adapter.regmap import main as regmap_command
from rig.adapter.regmap_outputs import VERILOG_FILE, outputs, verilog
from rig.errors import ConfigError


@pytest.fixture(scope="module")
def regmap() -> RegisterMap:
    return load()


def test_generated_files_match_the_map(regmap: RegisterMap) -> None:
    for path, text in outputs(regmap).items():
        assert path.read_text() == text, f"{path} is out of date: run python -m rig.adapter.regmap"


def test_check_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert regmap_command(["--check"]) == 0
    assert regmap_command(["--chekc"]) == 2
    assert "usage" in capsys.readouterr().err


def test_python_names_agree_with_the_map(regmap: RegisterMap) -> None:
    values = vars(names)
    assert values["MAP_HASH"] == regmap.hash32
    for register in regmap.registers:
        assert values[f"REG_{register.name}"] == register.offset
        assert values[f"{register.name}_RESET"] == register.reset
        for field in register.fields:
            assert values[f"{register.name}_{field.name}"] == field.mask
    for window in regmap.windows:
        assert (values[f"WIN_{window.name}"], values[f"WIN_{window.name}_OCTETS"]) == (window.offset, window.octets)
    assert dict(names.COUNTER_NAMES) == {counter.index: counter.name for counter in regmap.counters}
    assert values["CNT_ACOLLISIONFRAMES_1"] == 33


def test_verilog_and_python_share_values(regmap: RegisterMap) -> None:
    """Every integer constant of the Verilog file has the same value under the same name in Python, where it has one."""
    values = vars(names)
    found = 0
    for name, base, number in re.findall(r"^localparam .*?(\w+) = (\d+'h)?(\w+);$", verilog(regmap), re.MULTILINE):
        if name in values:
            found += 1
            assert values[name] == int(number, 16 if base else 10), name
    assert found > 150


def test_no_name_is_defined_twice(regmap: RegisterMap) -> None:
    for text, pattern in (
        (verilog(regmap), r"^localparam .*?(\w+) ="),
        (Path(names.__file__).read_text(), r"^(\w+): Final"),
    ):
        found = re.findall(pattern, text, re.MULTILINE)
        assert len(found) == len(set(found)) > 100


def test_receive_status_of_the_device_contract_has_the_bits_of_the_header() -> None:
    assert {flag.name: flag.value for flag in ReceiveStatus} == {flag.name: flag.value for flag in names.RxStatus}


def test_receive_header_format(regmap: RegisterMap) -> None:
    header = regmap.structure("RX_HEADER")
    assert struct.calcsize(names.RX_HEADER_FORMAT) == header.octets == names.RX_HEADER_OCTETS
    octets = struct.pack(names.RX_HEADER_FORMAT, 0x1122, 0x3344, 0x55, 0x0102030405060708)
    assert octets == bytes.fromhex("22114433 55000000 0807060504030201")


def test_field_access(regmap: RegisterMap) -> None:
    config = regmap.register("COLLISION_CFG")
    slot_time = config.field("SLOT_TIME")
    assert slot_time.get(config.reset) == 512
    assert config.field("ATTEMPT_LIMIT").get(config.reset) == 16
    assert config.field("BACKOFF_LIMIT").get(config.reset) == 10
    assert config.field("JAM_SIZE").get(config.reset) == 32
    assert slot_time.get(slot_time.set(config.reset, 32)) == 32
    with pytest.raises(ValueError, match="10 bits"):
        slot_time.set(0, 1024)
    assert regmap.register("TX_PAGE").offsets() == (0x80, 0x90, 0xA0, 0xB0)
    with pytest.raises(KeyError):
        regmap.register("TX_PAEG")


def test_hash_follows_content_not_layout(tmp_path: Path) -> None:
    original = MAP_FILE.read_text()
    relaid = tmp_path / "relaid.yaml"
    relaid.write_text("# another comment\n" + original.replace("{name: ID, offset: 0x000", "{offset: 0, name: ID"))
    changed = tmp_path / "changed.yaml"
    changed.write_text(original.replace("offset: 0x068", "offset: 0x06C"))
    assert load(relaid).sha256 == load().sha256 != load(changed).sha256


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace("access: rw,", "acess: rw,", 1), "unknown key"),
        (lambda text: text.replace("version: 1", "version: 1\nversion: 2"), "duplicate key 'version'"),
        (lambda text: text.replace("offset: 0x014, access", "offset: 0x010, access"), "belongs to CTRL too"),
        (lambda text: text.replace("offset: 0x014, access", "offset: 0x016, access"), "unaligned"),
        (lambda text: text.replace("name: BUFFER, offset: 0x4000", "name: BUFFER, offset: 0x5000"), "outside"),
        (lambda text: text.replace("name: RX_EN, lsb: 1", "name: RX_EN, lsb: 0"), "overlaps"),
        (lambda text: text.replace("name: SOFT_RESET, lsb: 31", "name: SOFT_RESET, lsb: 32"), "not within"),
        (lambda text: text.replace("reset: 0x000000F0", "reset: 0x00F000F0"), "bits that no field has"),
        (lambda text: text.replace("reset: 0x000000F0", "reset: '0xF0'"), "wrong type"),
        (lambda text: text.replace("0x068, access: w1c", "0x068, access: wc1"), "unknown"),
        (lambda text: text.replace("name: STATUS, offset: 0x014", "name: CTRL, offset: 0x014"), "used twice"),
        (lambda text: text.replace("{index: 47,", "{index: 46,"), "used twice"),
        (lambda text: text.replace("registers:", "registers: ]", 1), "regmap.yaml:"),
    ],
)  # fmt: skip
def test_a_damaged_map_is_refused(tmp_path: Path, damage: Callable[[str], str], message: str) -> None:
    text = damage(MAP_FILE.read_text())
    assert text != MAP_FILE.read_text(), "the damage did not take"
    damaged = tmp_path / "regmap.yaml"
    damaged.write_text(text)
    with pytest.raises(ConfigError, match=message) as error:
        load(damaged)
    assert str(damaged) in str(error.value)


def test_a_missing_map_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.yaml")


@pytest.mark.needs("iverilog")
def test_icarus_accepts_the_constants(tmp_path: Path) -> None:
    module = tmp_path / "use_regmap.v"
    module.write_text(
        "`default_nettype none\n`timescale 1ns/1ps\nmodule use_regmap(output wire [31:0] value);\n"
        '`include "nic_regmap.vh"\n'
        "assign value = MAP_HASH ^ {17'd0, REG_CTRL};\nendmodule\n"
    )
    command = [shutil.which("iverilog") or "iverilog", "-g2005", "-Wall", f"-I{VERILOG_FILE.parent}"]
    result = subprocess.run(
        [*command, "-o", str(tmp_path / "out"), str(module)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (result.returncode, result.stdout + result.stderr) == (0, "")
