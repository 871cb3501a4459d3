"""The waveform of a frame: order of bits and halves, fields, and cuts of long frames."""

from __future__ import annotations

import re

from rig.report.waveform import MOST_ROWS, ROW_PX, draw_waveform, fields_of, manchester_levels
from rig.wire.fcs import fcs

FRAME = bytes.fromhex("ffffffffffff0200000000010806") + bytes(46)
WHOLE = FRAME + fcs(FRAME)


def test_the_first_bits_of_a_frame() -> None:
    assert manchester_levels(b"\x55")[:8] == [0, 1, 1, 0, 0, 1, 1, 0]  # 1010, a 1 is low then high
    assert manchester_levels(b"\x80") == [1, 0] * 7 + [0, 1]


def test_fields() -> None:
    fields = fields_of(WHOLE)
    assert b"".join(field.octets for field in fields) == bytes([0x55] * 7 + [0xD5]) + WHOLE
    assert [field.name for field in fields] == [
        "preamble", "SFD", "destination", "source", "type", "data and pad", "FCS"
    ]  # fmt: skip
    assert fields_of(WHOLE[:12] + b"\x00\x2e" + WHOLE[14:])[4].name == "length"


def test_every_bit_has_its_edge() -> None:
    svg = draw_waveform(WHOLE)
    assert svg.count('class="bit"') == 8 * (8 + 64)
    assert len(re.findall(r'class="signal"', svg)) >= 3 * 8 * (8 + 64)  # two halves and the edge between them
    assert "field-name" in svg and ">FCS<" in svg


def test_long_frames_are_cut_in_their_data() -> None:
    data = FRAME[:14] + bytes(1500)
    svg = draw_waveform(data + fcs(data))
    assert f'height="{MOST_ROWS * ROW_PX + 8}"' in svg
    assert "rows of data left out" in svg and ">FCS<" in svg and ">preamble<" in svg
