"""A host on the wall clock and a real interface: its services, and the clients that speak from one."""
