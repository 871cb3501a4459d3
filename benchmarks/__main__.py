"""Run the quick benchmarks: ``python -m benchmarks``. Each module also runs alone: ``python -m benchmarks.<name>``."""

from __future__ import annotations

from benchmarks import csma, kernel, startup


def main() -> None:
    """Print every quick figure; the cold start is measured only by ``python -m benchmarks.startup --cold``."""
    kernel.main()
    csma.main()
    startup.main([])


if __name__ == "__main__":
    main()
