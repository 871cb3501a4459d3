"""``rig board build``: shows each step on the way, and what came of it."""

from __future__ import annotations

import json
import sys

from rig.boards import bitstream
from rig.errors import UsageError

LEAST_BAUD, MOST_BAUD = 9_600, 3_000_000  # the UART needs 16 bus clocks a bit


def run_build(board: str, *, mac: str | None, baud: int, seed: int | None, as_json: bool) -> None:
    """Build the bitstream and print what it is."""
    address = bitstream.DEFAULT_MAC if mac is None else bitstream.station_address(mac)
    if not LEAST_BAUD <= baud <= MOST_BAUD:
        raise UsageError(f"--baud {baud}; the UART takes {LEAST_BAUD} to {MOST_BAUD}")
    result = bitstream.build(
        bitstream.design_named(board), bitstream.build_root(), mac=address, baud=baud,
        seeds=bitstream.SEEDS if seed is None else (seed,),
        progress=lambda step: print(f"{board}: {step}", file=sys.stderr, flush=True),
    )  # fmt: skip
    if as_json:
        print(json.dumps(result.as_dict(), indent=2))
        return
    print(f"{result.bitstream}{' (was built before)' if result.was_cached else ''}")
    print(f"  SHA-256     {result.bitstream_sha256}")
    print(f"  build hash  {result.build_hash}, register map {result.regmap_hash}, seed {result.seed}")
    print(f"  uses        {result.lut4} LUT4, {result.ff} flip-flops, {result.bram} block RAMs")
    for clock, mhz in result.fmax_mhz.items():
        print(f"  {clock:<14}{mhz:g} MHz, {result.required_mhz[clock]:g} required")
