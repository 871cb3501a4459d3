"""Run one target under atheris: ``python -m tests.fuzz.one_target NAME [-OPTION=...]``, the options of libFuzzer."""

from __future__ import annotations

import sys

import atheris


def main() -> None:
    """Instrument the rig, then fuzz until the runs are used up or something is found."""
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["rig", "tests.fuzz"]):
        from tests.fuzz.targets import run

    atheris.Setup(sys.argv, lambda data: run(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
