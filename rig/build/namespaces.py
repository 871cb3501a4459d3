"""Network namespaces with the kernel of this machine in them, for runs that need a peer and must not touch the host."""

from __future__ import annotations

from rig.backends.namespace import Namespace, add_veth, set_address, set_mtu, switch_offloads

__all__ = ["Namespace", "add_veth", "set_address", "set_mtu", "switch_offloads"]
