"""Programs of socket calls in scenario files: what the lines mean, and what is said of lines that mean nothing."""

from __future__ import annotations

import pytest

from rig.config.loading import parse_scenario
from rig.config.program import Step, parse_step
from rig.errors import ConfigError

SCENARIO = """
schema: 1
segments:
  lan: {{speed_mbps: 10}}
stations:
  - {{name: client, mac: "02:00:00:00:00:01", ip: 10.0.0.1/24, segment: lan}}
  - {{name: server, mac: "02:00:00:00:00:02", ip: 10.0.0.2/24, segment: lan}}
apps:
  - {{station: client, kind: program, args: {{steps: [{steps}]{more}}}}}
"""


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("socket s", Step("socket", "s")),
        ("socket s udp", Step("socket", "s", "udp")),
        ("bind s 80", Step("bind", "s", port=80)),
        ("listen s", Step("listen", "s")),
        ("listen s 3", Step("listen", "s", octets=3)),
        ("accept s t", Step("accept", "s", "t")),
        ("connect s server 80", Step("connect", "s", "server", 80)),
        ("send s 1460", Step("send", "s", octets=1460)),
        ("receive s 7", Step("receive", "s", octets=7)),
        ("receive s end", Step("receive", "s", octets=-1)),
        ("send-to s server 53 20", Step("send-to", "s", "server", 53, 20)),
        ("wait 5 ms", Step("wait", wait_ns=5_000_000)),
        ("dont-fragment s", Step("dont-fragment", "s")),
        ("look-up WWW.Rig.test.", Step("look-up", other="www.rig.test")),
        ("connect s www.rig.test 80", Step("connect", "s", "www.rig.test", 80)),
        ("wait 2 s", Step("wait", wait_ns=2_000_000_000)),
    ],
)
def test_lines_and_what_they_mean(line: str, step: Step) -> None:
    assert parse_step(line) == step


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sned s 1", "did you mean 'send'"),
        ("", "begins with no known verb"),
        ("send s", "has 1 words after the verb; it is used as `send name octets`"),
        ("send s 0", "'0' is not a number of octets from 1 to"),
        ("send s many", "'many' is not a number of octets"),
        ("bind s 65536", "'65536' is not a port from 1 to 65535"),
        ("socket S", "'S' is no name"),
        ("socket s sctp", "'sctp' is none of tcp, udp"),
        ("wait 5 min", "'min' is none of ns, us, ms, s"),
        ("wait 1001 s", "waits longer than 1000 s"),
        ("look-up www..test", "'www..test' is no host name"),
    ],
)
def test_lines_that_mean_nothing(line: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        parse_step(line)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("socket s, send t 5", "there is no socket 't' yet; put `socket t` before it"),
        ("socket conn, send con 5", "did you mean 'conn'"),
        ("socket s, close s, send s 5", "there is no socket 's' yet"),
        ("socket s, connect s sever 80", "there is no station 'sever' with an address"),
    ],
)
def test_a_program_holds_together(steps: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_scenario(SCENARIO.format(steps=steps, more=""), "x.yaml")
    assert words in str(error.value)
    assert "steps" in error.value.key_path


def test_somebody_must_end_the_run() -> None:
    with pytest.raises(ConfigError, match="no application ever ends"):
        parse_scenario(SCENARIO.format(steps="socket s", more=", background: true"), "x.yaml")


NAMES = "{station: server, kind: dns-server, args: {names: {www.rig.test: 10.0.0.2}}}"


@pytest.mark.parametrize(
    ("more", "steps", "key_path", "words"),
    [
        ("", "look-up www.rig.test", "apps[0].args.steps[0]", "nobody can be asked for 'www.rig.test'"),
        ("", "socket s, connect s www.rig.test 80", "apps[0].args.steps[1]", "nobody can be asked for 'www.rig.test'"),
        ("resolver: {servers: [sever]}", "socket s", "resolver.servers[0]", "there is no station 'sever'"),
        ("resolver: {servers: []}", "socket s", "resolver.servers", "at least 1"),
        (f"  - {NAMES}\n  - {NAMES}", "socket s", "apps[2].station", "already has a name server"),
        ("  - {station: server, kind: dns-server, args: {names: {a.b: b.b, b.b: a.b}}}", "socket s",
         "apps[1].args.names.a.b", "the aliases of 'a.b' lead back to 'a.b'"),
        ("  - {station: server, kind: dns-server, args: {names: {a.b: [10.0.0.1, c.d]}}}", "socket s",
         "apps[1].args.names.a.b", "is no IPv4 address"),
    ],
)  # fmt: skip
def test_names_can_be_looked_up_only_where_somebody_knows_them(
    more: str, steps: str, key_path: str, words: str
) -> None:
    with pytest.raises(ConfigError) as error:
        parse_scenario(SCENARIO.format(steps=steps, more="") + more, "x.yaml")
    assert error.value.key_path == key_path
    assert words in str(error.value)
