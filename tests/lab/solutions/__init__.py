"""Reference solvers: one module a lab, with right answers found in the run folder without the queries of rig.lab.

``answers(run)`` gives those of `predict` and `look` by question; ``changed(text)`` the changed scenario.
The captures are read by scapy, the other files as plain JSON.
"""
