"""The board link, sans-IO: frames, messages and the sessions of both ends. ``docs/board_link.md`` is its contract.

Nothing here reads a clock, waits, or touches a port: octets and times are passed in, octets and times come out.
"""
