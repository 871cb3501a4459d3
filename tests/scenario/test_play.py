"""Playing scenarios on the twins: how runs end, and what is known of them then."""

from __future__ import annotations

import pytest

from rig.errors import AdapterFault
from rig.scenario.carried_file import CarriedFile
from rig.scenario.facts import Progress
from tests.scenario.worlds import FILE, plain, play


def test_a_get_brings_the_file() -> None:
    facts = play(plain())
    (transfer,) = facts.transfers
    assert (facts.outcome, facts.error) == ("completed", None)
    assert transfer.sha256_received == FILE.sha256
    assert (transfer.client, transfer.server) == ("right", "left")
    assert facts.at_ns < facts.sim_ns
    assert facts.story == []


def test_a_put_brings_the_file_the_other_way() -> None:
    facts = play(plain("kind: http-get", "kind: http-put"))
    (transfer,) = facts.transfers
    assert facts.outcome == "completed"
    assert transfer.is_whole
    assert (transfer.client, transfer.server) == ("left", "right")


@pytest.mark.parametrize("octets", [0, 1, 1460, 200_000])
def test_files_of_any_size(octets: int) -> None:
    facts = play(plain(), CarriedFile("f", bytes(octets)))
    assert facts.outcome == "completed"
    assert facts.transfers[0].is_whole


def test_connections_have_closed_when_the_run_is_over() -> None:
    scenario = plain()
    facts = play(scenario)
    sent = {name: station.counters["aFramesTransmittedOK"] for name, station in facts.stations.items()}
    received = {name: station.counters["aFramesReceivedOK"] for name, station in facts.stations.items()}
    assert sent["left"] == received["right"]
    assert sent["right"] == received["left"]


def test_netstat_is_taken_while_the_connection_lives() -> None:
    facts = play(plain(extra="\n").model_copy(), CarriedFile("f", bytes(200_000)))
    (row,) = facts.stations["left"].netstat
    assert row["state"] == "ESTABLISHED"
    assert row["foreign"] == "10.1.0.2:80"
    server_rows = {row["state"] for row in facts.stations["right"].netstat}
    assert "LISTEN" in server_rows
    assert len(server_rows) == 2


def test_power_loss_ends_in_a_time_out_at_the_sender() -> None:
    scenario = plain(
        "kind: http-get", "kind: http-put", extra="events: [{at_ns: 1000000, action: power-off, target: right}]\n"
    )
    facts = play(scenario, CarriedFile("f", bytes(200_000)))
    assert facts.outcome == "timeout"
    assert facts.error is not None
    assert "left: TimeoutError" in facts.error
    assert facts.transfers[0].sha256_received is None
    assert facts.stations["right"].counters == {}
    assert any("power-off" in line for line in facts.story)
    assert any("ESTABLISHED" in line for line in facts.story)


def test_the_user_time_out_is_obeyed() -> None:
    extra = "events: [{at_ns: 1000000, action: power-off, target: right}]\n"
    scenario = plain("kind: http-get", "kind: http-put", extra=extra)
    settings = scenario.tcp.model_copy(update={"user_timeout_ms": 20})
    facts = play(scenario.model_copy(update={"tcp": settings}), CarriedFile("f", bytes(200_000)))
    assert facts.outcome == "timeout"
    assert 20_000_000 < facts.at_ns < 40_000_000


def test_power_may_come_back() -> None:
    lines = ("events:", "- {at_ns: 1000000, action: power-off, target: right}")
    scenario = plain(
        "kind: http-get", "kind: http-put",
        extra="\n".join([*lines, "- {at_ns: 3000000, action: power-on, target: right}\n"]),
    )  # fmt: skip
    facts = play(scenario, CarriedFile("f", bytes(100_000)))
    assert facts.outcome == "completed"
    assert facts.transfers[0].is_whole
    assert facts.stations["right"].notices


def test_no_power_at_bring_up_is_said() -> None:
    with pytest.raises(AdapterFault):
        play(plain(extra="events: [{at_ns: 1, action: power-off, target: left}]\n"))


def test_the_limit_of_simulated_time() -> None:
    scenario = plain("sim_ns: 600000000000", "sim_ns: 300000")
    facts = play(scenario, CarriedFile("f", bytes(200_000)))
    assert facts.outcome == "limit"
    assert facts.at_ns == 300_000
    assert "limits.sim_ns" in (facts.error or "")
    assert facts.story


def test_the_limit_of_wall_time() -> None:
    facts = play(plain(), CarriedFile("f", bytes(200_000)), is_expired=lambda: True)
    assert facts.outcome == "limit"
    assert "limits.wall_s" in (facts.error or "")


def test_progress_is_told_and_grows() -> None:
    told: list[Progress] = []
    play(plain(), CarriedFile("f", bytes(100_000)), on_progress=told.append)
    octets = [progress.octets for progress in told]
    assert octets == sorted(octets)
    assert octets[-1] == told[-1].total == 100_000
    assert [progress.t_ns for progress in told] == sorted({progress.t_ns for progress in told})
    assert {row["state"] for progress in told for row in progress.netstat["left"]} >= {"ESTABLISHED"}


def test_load_collides_and_defers() -> None:
    stations = '\n  - {name: third, mac: "02:00:00:00:00:0c", segment: lan, position_bits: 20}\napps:'
    load = "load: [{station: third, frame_octets: 300, rate_fps: 5000}]\n"
    facts = play(plain("\napps:", stations, extra=load), CarriedFile("f", bytes(60_000)))
    assert facts.outcome == "completed"
    assert facts.stations["third"].driver["frames_sent"] > 5
    assert sum(station.driver["collisions"] for station in facts.stations.values()) > 0
    assert sum(station.counters["aDeferredTransmissions"] for station in facts.stations.values()) > 0


def test_full_duplex_has_no_collision_and_records_none() -> None:
    from rig.build.bench import model_bench
    from rig.runtime.virtual_time import VirtualTime
    from rig.scenario.play import Play

    kernel, scenario = VirtualTime(), plain("duplex: half", "duplex: full")
    facts, timeline = kernel.run(Play(kernel, scenario, model_bench(kernel, scenario), FILE).run())
    assert facts.outcome == "completed"
    assert not {"collision", "jam", "backoff", "defer"} & {
        event.kind for event in timeline.events if event.kind != "defer"
    }


def test_two_clients_end_before_the_run_does() -> None:
    app = "  - {station: left, kind: http-put, args: {server: right, path: /f, start_ns: 500000}}\ntcp:"
    facts = play(plain("tcp:", app))
    assert facts.outcome == "completed"
    assert [transfer.is_whole for transfer in facts.transfers] == [True, True]
    assert facts.transfers[1].start_ns >= 500_000


def test_ten_megabits() -> None:
    assert play(plain("speed_mbps: 100", "speed_mbps: 10")).outcome == "completed"


def test_impairments_of_a_segment_and_of_a_station() -> None:
    bad = "delay_bits: 40, impairments: {loss: 0.2, corruption: 0.05, duplication: 0.1, delay_us: 100}"
    worse = "ip: 10.1.0.2/24, impairments: {receive: {loss: 0.3}, transmit: {delay_us: 500}}"
    text = plain("delay_bits: 40", bad)
    facts = play(text)
    assert facts.outcome == "completed" and facts.transfers[0].is_whole
    done = {name: station.impairments for name, station in facts.stations.items()}
    assert done["left"]["receive_lost"] and done["right"]["receive_lost"]
    assert not any(name.startswith("transmit") for counts in done.values() for name in counts)
    assert play(text) == facts, "the seed decides"
    again = play(plain("ip: 10.1.0.2/24", worse))
    assert again.transfers[0].is_whole and not again.stations["left"].impairments
    assert set(again.stations["right"].impairments) == {"receive_lost"}
    assert not play(plain()).stations["left"].impairments
