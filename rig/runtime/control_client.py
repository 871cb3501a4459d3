"""The asking end of a control socket: which nodes of this user run, and one query of one of them."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from rig.errors import RigError, UsageError
from rig.runtime.control import SCHEMA, SUFFIX, control_folder, control_path, peer_user, private_folder

PATIENCE_S = 10.0
MAX_ANSWER_OCTETS = 256 * 1024 * 1024


class ControlError(RigError):
    """The node did not answer, or not as the protocol says."""


def running_nodes(folder: Path | None = None) -> list[str]:
    """Return the names of the nodes whose control socket answers, sorted."""
    folder = folder or control_folder()
    names = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            _connect(path).close()
        except OSError:
            continue  # left by a node that was killed
        names.append(path.name.removesuffix(SUFFIX))
    return names


def ask(query: str, node: str | None = None, folder: Path | None = None) -> dict[str, Any]:
    """Return the answer of ``node``, or of the only one that runs, with its name under ``node``.

    :class:`UsageError` where there is no such node, or more than one to choose from; :class:`ControlError` where it
    does not answer in order.
    """
    folder = folder or control_folder()
    if node is None:
        names = running_nodes(folder)
        if len(names) != 1:
            found = f"nodes {', '.join(names)} run; choose with --node" if names else "no node runs; start one: rig up"
            raise UsageError(f"{found} (control folder {folder})")
        (node,) = names
    path = control_path(folder, node)
    try:
        private_folder(folder)
        connection = _connect(path)
    except (FileNotFoundError, ConnectionRefusedError):
        known = ", ".join(running_nodes(folder)) or "none"
        raise UsageError(f"no node named {node!r} runs (control folder {folder}); running: {known}") from None
    except OSError as err:
        raise UsageError(f"control socket {path}: {err.strerror or err}") from err
    with connection:
        if peer_user(connection) not in (0, os.geteuid()):
            raise ControlError(f"control socket {path} is served by user {peer_user(connection)}, not by this one")
        try:
            connection.sendall(json.dumps({"schema": SCHEMA, "query": query}).encode() + b"\n")
            answer = json.loads(_line(connection))
        except (OSError, ValueError) as err:
            raise ControlError(f"node {node!r} did not answer {query!r} ({path}): {err}") from err
    if not isinstance(answer, dict) or answer.get("schema") != SCHEMA:
        raise ControlError(f"node {node!r} answered in another protocol than schema {SCHEMA}; is it another version?")
    if not answer.get("ok"):
        raise ControlError(f"node {node!r}: {answer.get('error')}")
    return {"node": node, **answer["answer"]}


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(PATIENCE_S)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def _line(connection: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        piece = connection.recv(1 << 20)
        if not piece:
            raise ValueError("the connection ended before the answer did")
        received += piece
        if len(received) > MAX_ANSWER_OCTETS:
            raise ValueError(f"the answer exceeds {MAX_ANSWER_OCTETS} octets")
    return bytes(received)
