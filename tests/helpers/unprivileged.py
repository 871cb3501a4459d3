"""What this machine lets one do with namespaces, and how to start a program without any right in one of its own."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = ["unshare", "--user", "--map-root-user", "--net"]

AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
WITHOUT_CAPABILITIES = ["setpriv", "--bounding-set=-all,+setfcap", "--inh-caps=-all"]
"""For a checkout, or a Python, that only root can read: a root whose only capability is the one that mapping root into
a user namespace takes (user_namespaces(7)), so to the network anybody."""


@functools.cache
def without_rights() -> list[str] | None:
    """Return the words to put before :data:`NAMESPACE` and a command; None where it is not possible here."""
    for become in (AS_NOBODY, WITHOUT_CAPABILITIES) if os.geteuid() == 0 else ([],):
        command = [*become, *NAMESPACE, sys.executable, "-B", "-c", "import rig"]
        try:
            if subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60).returncode == 0:
                return become
        except (OSError, subprocess.TimeoutExpired):
            continue
    return None


@functools.cache
def can_make_namespaces() -> bool:
    """Tell whether this process may make network namespaces, as root in a container may not."""
    try:
        return subprocess.run(["unshare", "--net", "true"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
