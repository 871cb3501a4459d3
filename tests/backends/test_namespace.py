"""Namespaces go away with their owner, also when it is killed; and a thread comes back from one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rig.backends import interface
from rig.backends.namespace import Namespace, add_veth
from tests.helpers.unprivileged import ROOT

pytestmark = pytest.mark.needs("netns")

PATIENCE_S = 20.0
OWNER = """\
import sys, time
from rig.backends.namespace import Namespace
with Namespace() as space:
    print(space.pid, flush=True)
    time.sleep(60)
"""


def test_a_killed_owner_leaves_nothing() -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    holder = Path("/proc") / owner.stdout.readline().strip()
    assert holder.exists()
    owner.send_signal(signal.SIGKILL)
    owner.wait(PATIENCE_S)
    owner.stdout.close()
    deadline_s = time.monotonic() + PATIENCE_S
    while holder.exists():
        assert time.monotonic() < deadline_s, "the process that holds the namespace lives on"
        time.sleep(0.02)


def test_what_is_opened_inside_belongs_there_and_the_thread_comes_back() -> None:
    home = interface.network_namespace()
    known = set(interface.ethernet_interfaces())
    with Namespace() as here, Namespace() as there:
        add_veth(here, "rig0", there, "rig1")
        with here.entered():
            assert interface.network_namespace() != home
            assert interface.ethernet_interfaces() == ["rig0"]
            control = interface.control_socket()
        with control:
            assert interface.is_there(control, "rig0") and not interface.is_there(control, "rig1")
        with pytest.raises(RuntimeError), there.entered():
            raise RuntimeError
        assert interface.network_namespace() == home
        assert set(interface.ethernet_interfaces()) == known, "nothing of it was ever among the host's own"
    with pytest.raises(ProcessLookupError):
        os.kill(here.pid, 0)
