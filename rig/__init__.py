"""A test rig for Ethernet adapters: stack, driver, backends and reports.

The layers and what each may import are in ``docs/architecture.md``; a test keeps them.
"""

__version__ = "0.1.0"
