"""The Linux kernel, and well-known programs on it, as the peer of our stack: what ``rig conformance linux`` runs."""
