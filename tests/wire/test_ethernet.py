"""The Length/Type field, and what does not fit a frame."""

from __future__ import annotations

import pytest

from rig.errors import UsageError, WireError
from rig.wire.ethernet import EthernetFrame

ADDRESSES = bytes.fromhex("020000000002 020000000001")
STATION_2, STATION_1 = ADDRESSES[:6], ADDRESSES[6:]


@pytest.mark.parametrize("length_or_type", [1501, 1535])
def test_undefined_values_are_malformed(length_or_type: int) -> None:
    with pytest.raises(WireError, match="undefined"):
        EthernetFrame.parse(ADDRESSES + length_or_type.to_bytes(2, "big") + bytes(1600))


def test_the_smallest_type_and_the_longest_length() -> None:
    frame = EthernetFrame.parse(ADDRESSES + (1536).to_bytes(2, "big") + b"x")
    assert (frame.is_length, frame.payload) == (False, b"x")
    frame = EthernetFrame.parse(ADDRESSES + (1500).to_bytes(2, "big") + bytes(1500))
    assert (frame.is_length, len(frame.payload)) == (True, 1500)


@pytest.mark.parametrize(
    "frame",
    [
        EthernetFrame(STATION_2, STATION_1, 4, b"three"),
        EthernetFrame(STATION_2, STATION_1, 1501, bytes(1501)),
        EthernetFrame(STATION_2, STATION_1, 1535, b""),
        EthernetFrame(STATION_2, STATION_1, 0x10000, b""),
        EthernetFrame(STATION_2, STATION_1, -1, b""),
        EthernetFrame(STATION_2[:5], STATION_1, 0x800, b""),
        EthernetFrame(STATION_2, STATION_1 + b"!", 0x800, b""),
    ],
)
def test_what_does_not_fit_is_refused(frame: EthernetFrame) -> None:
    with pytest.raises(UsageError):
        frame.serialize()
