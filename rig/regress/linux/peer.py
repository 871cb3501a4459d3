"""A socket program for the Linux end: what it does stands on its command line, step by step. Standard library only.

Steps, in order: ``send=N`` octets of a known pattern, ``recv=N``, ``recv-all`` (to the end of the stream),
``shutdown``, ``close``, ``reset`` (close with SO_LINGER 0), ``pause=MS``, ``expect-reset`` (the next receive must
fail so). At the end one line of JSON: octets sent and received, SHA-256 of both, and the error if there was one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import socket
import struct
import sys
import threading

PIECE_OCTETS = 1 << 16
TIMEOUT_S = 60
TCP_CONGESTION = 13
NO_SUCH_CONGESTION = 3
"""Exit code where the kernel does not have the congestion control that was asked for."""


def pattern(octets: int) -> bytes:
    """Return octets that repeat late, the same at both ends."""
    block = bytes((index * 31 + (index >> 8) * 17) & 0xFF for index in range(65_521))
    return (block * (octets // len(block) + 1))[:octets]


def play(stream: socket.socket, steps: list[str]) -> dict[str, object]:
    """Do the steps and return what came of it."""
    sent, received, digest_sent, digest_received = 0, 0, hashlib.sha256(), hashlib.sha256()
    background: list[threading.Thread] = []

    def receive(limit: int | None) -> int:
        taken = 0
        while limit is None or taken < limit:
            piece = stream.recv(PIECE_OCTETS if limit is None else min(PIECE_OCTETS, limit - taken))
            if not piece:
                break
            digest_received.update(piece)
            taken += len(piece)
        return taken

    for step in steps:
        name, _, value = step.partition("=")
        if name == "send":
            data = pattern(int(value))
            stream.sendall(data)
            digest_sent.update(data)
            sent += len(data)
        elif name == "send-beside":  # while the next steps go on
            background.append(threading.Thread(target=stream.sendall, args=(pattern(int(value)),)))
            background[-1].start()
        elif name == "join":
            for thread in background:
                thread.join()
        elif name in ("recv", "recv-all"):
            received += receive(int(value) if value else None)
        elif name == "shutdown":
            stream.shutdown(socket.SHUT_WR)
        elif name == "reset":
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            stream.close()
        elif name == "close":
            stream.close()
        elif name == "pause":
            threading.Event().wait(int(value) / 1000)
        elif name == "expect-reset":
            try:
                while stream.recv(PIECE_OCTETS):
                    pass
            except ConnectionResetError:
                continue
            raise RuntimeError("the stream ended in order; a reset was expected")
        else:
            raise SystemExit(f"unknown step {step!r}")
    return {
        "sent": sent,
        "received": received,
        "sha256_sent": digest_sent.hexdigest(),
        "sha256_received": digest_received.hexdigest(),
    }


def main() -> int:
    """Connect or accept, do the steps, and print the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--congestion", default="")
    parser.add_argument("--connect", metavar="ADDRESS:PORT")
    parser.add_argument("--listen", type=int)
    parser.add_argument("steps", nargs="+")
    options = parser.parse_args()
    stream = socket.socket()
    stream.settimeout(TIMEOUT_S)
    if options.congestion:
        try:
            stream.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, options.congestion.encode())
        except OSError as err:
            print(f"this kernel has no congestion control {options.congestion!r}: {err.strerror}", file=sys.stderr)
            return NO_SUCH_CONGESTION
    error = ""
    result: dict[str, object] = {}
    try:
        if options.connect:
            address, _, port = options.connect.partition(":")
            stream.connect((address, int(port)))
        else:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stream.bind(("", options.listen))
            stream.listen(1)
            print("listening", flush=True)
            listener, (stream, _) = stream, stream.accept()
            listener.close()
            stream.settimeout(TIMEOUT_S)
        result = play(stream, options.steps)
    except (OSError, RuntimeError) as err:
        error = f"{type(err).__name__}: {err}"
    print(json.dumps({**result, "error": error}), flush=True)
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main())
