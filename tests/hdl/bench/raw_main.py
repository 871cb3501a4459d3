"""Run in the simulator: two adapters without a driver, from registers to the octets in the other's ring."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from rig.adapter import registers as r
from rig.adapter.bus import AdapterBus, Operation, Read32, ReadBlock, Write32, WriteBlock, padded
from rig.adapter.mac_rom import MacRom
from rig.backends.rtl import RtlBench, RtlStation
from rig.runtime.pump_cocotb import SimTime
from tests.hdl.bench.raw_page import CLEAR_NS, DISTANCE_BITS, END_NS, FRAMES, INJECTED, MACS, SEND_NS

RING_FIRST, RING_STOP = 32, 64
BUFFER_PAGE = 4
RECORDS = "records.txt"


def set_up(index: int) -> list[Operation]:
    mac = MACS[index]
    return [
        Write32(r.REG_MAC_ADDR_LO, int.from_bytes(mac[:4], "little")),
        Write32(r.REG_MAC_ADDR_HI, int.from_bytes(mac[4:], "little")),
        Write32(r.REG_RX_START, RING_FIRST),
        Write32(r.REG_RX_STOP, RING_STOP),
        Write32(r.REG_RX_BNRY, RING_FIRST),
        Write32(r.REG_INT_MASK, r.INT_STATUS_RX | r.INT_STATUS_TX),
        Write32(r.REG_CTRL, r.CTRL_RESET | r.CTRL_SPEED100 | r.CTRL_TX_EN | r.CTRL_RX_EN),
        *[Write32(r.REG_BACKOFF_INJECT, word) for word in INJECTED[index]],
        WriteBlock(r.WIN_BUFFER + 256 * BUFFER_PAGE, padded(FRAMES[index])),
    ]


async def collide(kernel: SimTime, dut: Any) -> dict[str, Any]:
    """Both send at the same time; return the timeline, and what each finds in its registers and ring."""
    bench = RtlBench(
        kernel, dut,
        [RtlStation(name, MacRom(mac).serialize(), position_bits=position)
         for name, mac, position in zip("ab", MACS, (0, DISTANCE_BITS), strict=True)],
        records=Path(RECORDS),
    )  # fmt: skip
    for index, bus in enumerate(bench.buses):
        kernel.spawn(bus.transaction(set_up(index)))
    await kernel.sleep_until(SEND_NS)
    for index, bus in enumerate(bench.buses):
        slot = struct.pack("<3I", BUFFER_PAGE, len(FRAMES[index]), r.TX_COMMAND_SEND)
        kernel.spawn(bus.transaction([WriteBlock(r.REG_TX_PAGE, slot)]))
    await kernel.sleep_until(CLEAR_NS)
    for bus in bench.buses:
        kernel.spawn(bus.transaction([Write32(r.REG_INT_STATUS, 0xFF)]))
    await kernel.sleep_until(END_NS)
    timeline = await bench.finish()
    return {
        "events": [event.to_json() for event in timeline.sorted_events()],
        "frames": [(frame.t_ns, frame.station, frame.octets.hex()) for frame in timeline.sorted_frames()],
        "stations": [await look(bus) for bus in bench.buses],
    }


async def look(bus: AdapterBus) -> dict[str, Any]:
    current, status, tx_time, header, frame = await bus.transaction(
        [
            Read32(r.REG_RX_CURR),
            Read32(r.REG_TX_STATUS),
            ReadBlock(r.WIN_TX_TIME, 8),
            ReadBlock(r.WIN_BUFFER + 256 * RING_FIRST, r.RX_HEADER_OCTETS),
            ReadBlock(r.WIN_BUFFER + 256 * RING_FIRST + r.RX_HEADER_OCTETS, 64),
        ]
    )
    assert isinstance(tx_time, bytes)
    assert isinstance(header, bytes)
    assert isinstance(frame, bytes)
    return {
        "current": current,
        "status": status,
        "tx_time": int.from_bytes(tx_time, "little"),
        "header": list(struct.unpack(r.RX_HEADER_FORMAT, header)),
        "frame": frame.hex(),
    }
