"""Choices that several commands offer."""

from __future__ import annotations

from enum import StrEnum


class SimulatorChoice(StrEnum):
    """What simulates the Verilog."""

    VERILATOR = "verilator"
    ICARUS = "icarus"


class SideChoice(StrEnum):
    """What a conformance list is held against."""

    RTL = "rtl"
    TWIN = "twin"
    BOTH = "both"
