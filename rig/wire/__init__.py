"""Pure codecs, one header a file: octets in, frozen values out, and back.

The verbs are the same everywhere. ``X.parse(data)`` accepts ``bytes`` or a ``memoryview``, raises
:class:`rig.errors.WireError` and nothing else on malformed octets, and gives payloads as views into ``data`` (nothing
is copied; who keeps a payload keeps the buffer alive). ``x.serialize()`` gives ``bytes`` and raises
:class:`rig.errors.UsageError` for a value that its field cannot hold. Inside, an IPv4 address is an ``int`` of 32 bits
and a MAC address is ``bytes`` of 6.
"""
