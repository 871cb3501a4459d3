"""What the machine's Ethernet interfaces are, for a person who chooses one."""

from __future__ import annotations

from rig.build.live import InterfaceFacts, interface_facts, restore_interfaces

__all__ = ["InterfaceFacts", "list_interfaces", "restore_interfaces"]


def list_interfaces() -> list[InterfaceFacts]:
    """Return the Ethernet interfaces of this network namespace, by name."""
    return sorted(interface_facts(), key=lambda facts: facts.name)
