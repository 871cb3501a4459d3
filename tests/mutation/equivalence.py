"""Is a mutant a mutant at all? Proof by Yosys that a change of the netlist changes no output, ever.

The module as it is and the module with one change are joined at the names of their wires, which a mutation leaves
alone, and each pair is proven equal, by induction over a few clocks. No proof is no proof of the contrary.
"""

from __future__ import annotations

from rig.errors import ToolError
from rig.regress.fpga_tools import find_tool, run_tool
from tests.mutation.netlist import BASE, Mutant, Mutants

CLOCKS = 5
TIMEOUT_S = 120


def is_equivalent(mutants: Mutants, mutant: Mutant) -> bool:
    """Tell whether ``mutant`` is proven to be the module that it was drawn from."""
    folder = mutants.folder / f"equivalence-{mutant.number}"
    folder.mkdir(exist_ok=True)
    (folder / BASE).write_bytes((mutants.folder / BASE).read_bytes())
    module = mutants.module
    script = (
        f"read_rtlil {BASE}; mutate {mutant.options}; opt_clean; rename {module} changed; "
        f"read_rtlil {BASE}; rename {module} original; "
        "async2sync; equiv_make original changed both; hierarchy -top both; opt_clean; "
        f"equiv_simple; equiv_induct -seq {CLOCKS}; equiv_status -assert"
    )
    (folder / "prove.ys").write_text(script.replace("; ", "\n") + "\n")
    try:
        run_tool([find_tool("yosys"), "-q", "-s", "prove.ys"], folder, TIMEOUT_S)
    except ToolError:
        return False
    return True
