"""What drivers did on the buses of their adapters, transaction by transaction: the rows of ``bus.json``.

Registers have their names, and a receive header that was read its fields. Of blocks longer than the ROM only the length
is kept: what is in a frame stands in the capture.
"""

from __future__ import annotations

import struct
from typing import Any

from rig.adapter.bus import Operation, Read32, ReadBlock, Result, Write32
from rig.adapter.bus_recorder import BusRecord, name_of
from rig.adapter.registers import RX_HEADER_FORMAT, RX_HEADER_OCTETS, WIN_BUFFER, WIN_ROM_OCTETS
from rig.adapter.regmap import load

PAGE_OCTETS = 256
_HEADER = struct.Struct(RX_HEADER_FORMAT)


class BusRows:
    """Collects the rows of one run."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._regmap = load()
        self._names: dict[int, str] = {}

    def note(self, station: str, record: BusRecord) -> None:
        """Note a transaction that has ended."""
        results = record.results or (None,) * len(record.operations)
        operations = [self._operation(*pair) for pair in zip(record.operations, results, strict=True)]
        row = {"t_ns": record.t_ns, "end_ns": record.end_ns, "station": station, "operations": operations}
        self.rows.append({**row, "error": record.error} if record.error else row)

    def _operation(self, operation: Operation, result: Result) -> dict[str, Any]:
        name = self._names.get(operation.address)
        if name is None:
            name = self._names[operation.address] = name_of(self._regmap, operation.address)
        if isinstance(operation, Read32):
            return {"op": "read", "register": name, "value": result}
        if isinstance(operation, Write32):
            return {"op": "write", "register": name, "value": operation.value}
        if isinstance(operation, ReadBlock):
            item: dict[str, Any] = {"op": "read", "register": name, "octets": operation.octets}
            if isinstance(result, bytes):
                if operation.octets == RX_HEADER_OCTETS:
                    item["header"] = _header(operation.address, result)
                elif operation.octets <= WIN_ROM_OCTETS:
                    item["data"] = result.hex()
            return item
        return {"op": "write", "register": name, "octets": len(operation.data)}


def _header(address: int, octets: bytes) -> dict[str, int]:
    """Return the fields of a receive header, and the page that it is on."""
    status, frame_octets, next_page, timestamp_ns = _HEADER.unpack(octets)
    page = (address - WIN_BUFFER) // PAGE_OCTETS
    return {
        "page": page, "status": status, "frame_octets": frame_octets, "next_page": next_page,
        "timestamp_ns": timestamp_ns,
    }  # fmt: skip
