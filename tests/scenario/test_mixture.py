"""Which adapters may be in one run: every pair of backends, and what is said where there is no such run."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.build.bench import rtl_top
from rig.config.scenario import BACKENDS, BackendName, Scenario
from rig.errors import ConfigError
from rig.scenario.carried_file import CarriedFile
from rig.scenario.catalog import find_scenario
from rig.scenario.mixture import check_mixture, mixture_in_words
from rig.scenario.run import Request, run_scenario

ROOT = Path(__file__).resolve().parents[2]
FILE = CarriedFile("small.bin", bytes(500))
REFUSED = "refused"
# --backend, and what the other station says -> where the two are; docs/joint.md has the same table.
MATRIX: dict[tuple[BackendName, BackendName], str] = {
    ("model", "model"): "model", ("model", "rtl"): "model", ("model", "board"): "model", ("model", "nic"): "model",
    ("rtl", "model"): "rtl", ("rtl", "rtl"): "rtl", ("rtl", "board"): "rtl", ("rtl", "nic"): REFUSED,
    ("board", "model"): "model", ("board", "rtl"): "rtl", ("board", "board"): "model", ("board", "nic"): "clock",
    ("nic", "model"): REFUSED, ("nic", "rtl"): REFUSED, ("nic", "board"): "clock", ("nic", "nic"): "clock",
}  # fmt: skip
WORDS = {"model": "simulating on ", "rtl": "building the Verilog adapters", "clock": "running over a veth cable"}


def pair(other: BackendName) -> Scenario:
    """Two stations at the ends of a full-duplex segment; the server says where it is."""
    scenario = find_scenario("veth")[2]
    client, server = scenario.stations
    return scenario.model_copy(update={"stations": [client, server.model_copy(update={"backend": other})]})


class BegunError(Exception):
    """Stops a run as soon as it is known where it takes place."""


@pytest.mark.parametrize(("backend", "other"), MATRIX, ids="-".join)
def test_every_pair(backend: BackendName, other: BackendName, tmp_path: Path) -> None:
    def stop(phase: str) -> None:
        raise BegunError(phase)

    request = Request("pair", pair(other), backend, FILE, tmp_path / "runs")
    where = MATRIX[backend, other]
    with pytest.raises(ConfigError if where is REFUSED else BegunError) as caught:
        run_scenario(request, on_phase=stop)
    if where is REFUSED:
        simulated, words = ("client", "in Verilog") if backend == "rtl" else (
            "server", {"model": "a twin", "rtl": "in Verilog"}[other])  # fmt: skip
        real = "server" if simulated == "client" else "client"
        assert str(caught.value) == (
            f"station '{simulated}' is {words}, in simulated time, and '{real}' is a network interface, on the wall"
            f" clock: no cable joins the two; give '{simulated}' no backend, make it a board (a virtual one runs on the"
            " wall clock too), or run everything on the model: --backend model"
        )
        assert not (tmp_path / "runs").exists(), "a run that does not begin leaves nothing"
    else:
        assert str(caught.value).startswith(WORDS[where])
        assert request.is_live == (where == "clock")


def test_the_matrix_is_whole_and_so_is_the_table_of_the_page() -> None:
    assert set(MATRIX) == {(backend, other) for backend in BACKENDS for other in BACKENDS}
    page = (ROOT / "docs" / "joint.md").read_text()
    names = {"model": "virtual time", "rtl": "simulator's time", "clock": "wall clock", REFUSED: "refused"}
    order: tuple[BackendName, ...] = ("model", "rtl", "board", "nic")
    for backend in order:
        row = next(line for line in page.splitlines() if line.startswith(f"| `--backend {backend}` |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")][1:]
        assert cells == [names[MATRIX[backend, other]] for other in order], backend


@pytest.mark.parametrize(
    ("backend", "said", "remedy"),
    [
        ("rtl", ("board", "model"), "--backend board or model"),
        ("board", ("model", "rtl"), "--backend model or rtl"),
        ("nic", ("board", "board"), "--backend board"),
    ],
)
def test_a_backend_that_nobody_is_on(
    backend: BackendName, said: tuple[BackendName, BackendName], remedy: str
) -> None:  # fmt: skip
    scenario = find_scenario("veth")[2]
    stations = [each.model_copy(update={"backend": on}) for each, on in zip(scenario.stations, said, strict=True)]
    resolved = scenario.model_copy(update={"stations": stations}).for_backend(backend)
    with pytest.raises(ConfigError) as caught:
        check_mixture(resolved, backend)
    assert str(caught.value) == (
        f"no station of this scenario is on the {backend} backend, as each names another (client: {said[0]}, server:"
        f" {said[1]}): leave one out of the file, or run it with {remedy}"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"port": "/dev/ttyUSB0"}, "'client' is a board at /dev/ttyUSB0, on the wall clock"),
        ({"interface": "eth7"}, "'client' is a board whose jack is eth7, on the wall clock"),
    ],
)
@pytest.mark.parametrize(("other", "kind"), [("rtl", "in Verilog"), ("model", "a twin")])
def test_a_board_that_is_there_is_on_the_wall_clock(
    change: dict[str, str], words: str, other: BackendName, kind: str
) -> None:
    scenario = pair(other)
    client = scenario.stations[0].model_copy(update={"backend": "board"} | change)
    scenario = scenario.model_copy(update={"stations": [client, scenario.stations[1]]})
    with pytest.raises(ConfigError, match=f"station 'server' is {kind}, in simulated time, and {words}"):
        check_mixture(scenario.for_backend("board"), "board")
    check_mixture(scenario.for_backend("model"), "model")  # where everything is a twin, also that


def test_a_board_in_verilog_is_in_simulated_time() -> None:
    scenario = pair("nic")
    client = scenario.stations[0].model_copy(update={"backend": "board", "far_end": "rtl"})
    scenario = scenario.model_copy(update={"stations": [client, scenario.stations[1]]})
    with pytest.raises(ConfigError, match="station 'client' is in Verilog, in simulated time, and 'server' is a netwo"):
        check_mixture(scenario.for_backend("board"), "board")
    assert not any(station.is_verilog for station in scenario.for_backend("model").stations)


def test_a_board_in_verilog_has_an_mii() -> None:
    scenario = find_scenario("10base-t-twin")[2].for_backend("board")
    client, server = scenario.stations
    stations = [client, server.model_copy(update={"far_end": "rtl"})]
    with pytest.raises(ConfigError, match="is a 10base-t line, and the board of 'server' in Verilog has an MII: leave"):
        rtl_top(scenario.model_copy(update={"stations": stations}))


def test_a_router_is_asked_too() -> None:
    scenario = find_scenario("router")[2]
    (router,) = scenario.routers
    mixed = scenario.model_copy(update={"routers": [router.model_copy(update={"backend": "nic"})]})
    with pytest.raises(ConfigError, match=r"station 'client' is in Verilog, .* 'router-eth0' is a network interface"):
        check_mixture(mixed.for_backend("rtl"), "rtl")


def test_words_of_a_mixture() -> None:
    scenario = find_scenario("board-rtl")[2]
    assert mixture_in_words(scenario.for_backend("rtl")) == "client board, server rtl, talker model"
    assert mixture_in_words(scenario.for_backend("model")) == ""
    stations = [each.model_copy(update={"far_end": "rtl"}) for each in scenario.stations]
    verilog = scenario.model_copy(update={"stations": stations})
    assert mixture_in_words(verilog.for_backend("rtl")) == "client board in Verilog, server rtl, talker model"
