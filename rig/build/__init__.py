"""The composition root: from a scenario and a kernel to benches and hosts. Nothing else names concrete backends.

A *bench* is the stations' adapters on their segment, whatever they are made of (``bench``); a *host* is what runs on
one of them: its driver and, where the station has an address, a stack, the node loop and the socket library
(``host``). ``fixtures`` has one adapter at its pins, for the clause 4 conformance suite. Above the buses every backend
gets the same objects.
"""
