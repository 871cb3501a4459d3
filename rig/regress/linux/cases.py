"""Every case against the Linux kernel, in the order in which they are run."""

from __future__ import annotations

from rig.regress.linux.case import Case
from rig.regress.linux.closing import closing_cases
from rig.regress.linux.probes import probe_cases
from rig.regress.linux.transfers import transfer_cases


def all_cases() -> list[Case]:
    """Return the cases; some are marked as quick, for every test run."""
    return [*transfer_cases(), *closing_cases(), *probe_cases()]
