"""ping, nmap, dnsmasq, nc over UDP and the neighbour table: what Linux asks of a host besides streams."""

from __future__ import annotations

import re
from functools import partial
from random import Random
from xml.etree import ElementTree

from rig.apps.dns_server import DnsServer
from rig.apps.dns_zone import Zone
from rig.apps.echo import TcpEchoServer, UdpEchoServer
from rig.apps.http_server import HttpServer
from rig.apps.ping import ping
from rig.regress.linux.case import BOTH_WAYS, FROM_LINUX, TO_LINUX, Case, Result
from rig.regress.linux.world import OUR_ADDRESS, OUR_MAC, THEIR_ADDRESS, THEIR_INTERFACE, Bench
from rig.sockets.resolver import Resolver, ResolverConfig
from rig.units import NS_PER_MS, NS_PER_S

PING_SIZES = (0, 1, 7, 8, 17, 18, 19, 56, 1471, 1472, 1473, 2952, 2953, 8_192, 40_000, 65_506, 65_507)
"""Around the padding of a short frame (18 octets of data), one and two fragments, and the largest there is."""
PINGS = 3
DIFFICULTY = 200
"""What nmap calls a good TCP sequence (its highest grades begin at 256 with random numbers of 32 bits)."""


def probe_cases() -> list[Case]:
    """Return the cases of this module."""
    octets = PINGS * sum(PING_SIZES)
    sizes = f"{len(PING_SIZES)} sizes, 0 to {PING_SIZES[-1]}"
    nmap = partial(Case, "nmap", direction=BOTH_WAYS, tools=("nmap",), conduct=False)
    return [
        Case("ping", _linux_pings, FROM_LINUX, octets, sizes, tools=("ping",), is_quick=True,
             requirements=("RFC1122-3.2.2.6", "RFC815", "RFC894", "RFC792")),
        Case("ping", _we_ping, TO_LINUX, octets, sizes, is_quick=True),
        Case("nc", _nc_datagrams, BOTH_WAYS, 2 * 1000, "UDP", tools=("nc",), is_quick=True, requirements=("RFC768",)),
        nmap(partial(_open_ports, ["-sS", "-p", "1-500"], "tcp", {7: "open", 80: "open"}), what="-sS"),
        nmap(partial(_open_ports, ["-sT", "-p", "1-100"], "tcp", {7: "open", 80: "open"}), what="-sT"),
        nmap(partial(_open_ports, ["-f", "-sS", "-p", "7,8,80"], "tcp", {7: "open", 80: "open", 8: "closed"}),
             what="-f", is_quick=True, requirements=("RFC815",)),
        nmap(partial(_open_ports, ["-sU", "-p", "7,69,123"], "udp", {7: "open", 69: "closed", 123: "closed"}),
             what="-sU", is_quick=True, requirements=("RFC1122-3.2.2.1", "RFC1122-4.1.3.1")),
        nmap(_fingerprint, what="-O"),
        Case("dnsmasq", _resolve, BOTH_WAYS, 0, "DNS", tools=("dnsmasq",), is_quick=True),
        Case("dnsmasq", _serve_names, BOTH_WAYS, 0, "DNS, our server behind it", tools=("dnsmasq",), is_quick=True),
        Case("kernel", _neighbours, BOTH_WAYS, 0, "ARP", is_quick=True, requirements=("RFC826",)),
    ]  # fmt: skip


# -- ping --------------------------------------------------------------------------------------------------------------


async def _linux_pings(bench: Bench) -> Result:
    for size in PING_SIZES:
        peer = bench.start("ping", "-c", str(PINGS), "-i", "0.01", "-W", "5", "-s", str(size), OUR_ADDRESS)
        code = await peer.wait()
        said = peer.output
        wrong = [line for line in said.splitlines() if "wrong" in line or "DUP" in line or "truncated" in line]
        if code != 0 or f"{PINGS} received" not in said or wrong:
            return Result(False, f"{peer.command}: {wrong or said.strip()}")
    return Result(True)


async def _we_ping(bench: Bench) -> Result:
    for size in PING_SIZES:
        result = await ping(
            bench.run.host.sockets, THEIR_ADDRESS, count=PINGS, interval_ns=10 * NS_PER_MS, timeout_ns=5 * NS_PER_S,
            data_octets=size,
        )  # fmt: skip
        if result.lost or result.damaged or result.duplicates or result.errors:
            return Result(False, f"{size} octets: {result}")
    return Result(True)


# -- UDP and ARP -------------------------------------------------------------------------------------------------------


async def _nc_datagrams(bench: Bench) -> Result:
    server = UdpEchoServer(bench.run.host.sockets)
    bench.run.kernel.spawn(server.serve(), "echo")
    sent = bytes(range(250)) * 4
    (bench.folder / "file").write_bytes(sent)
    got = bench.folder / "got"
    peer = bench.start("nc", "-u", "-w", "1", OUR_ADDRESS, "7", stdin=bench.folder / "file", stdout=got)
    code = await peer.wait()
    return Result(got.read_bytes() == sent, "" if code == 0 else f"nc ended with {code}: {peer.output.strip()}")


async def _neighbours(bench: Bench) -> Result:
    """Linux asks for our address, refreshes it, and is not told of addresses that are not ours."""
    problems = []
    peer = bench.start("ping", "-c", "1", "-W", "5", OUR_ADDRESS)
    if await peer.wait() != 0:
        problems.append(peer.output.strip())
    other = bench.start("ping", "-c", "1", "-W", "1", "10.79.0.77")
    if await other.wait() == 0:
        problems.append("an address that is not ours answered")
    table = bench.start("ip", "neigh", "show", "dev", THEIR_INTERFACE)
    await table.wait()
    rows = {line.split()[0]: line for line in table.output.splitlines()}
    if OUR_MAC not in rows.get(OUR_ADDRESS, ""):
        problems.append(f"the neighbour table has {rows}")
    if "lladdr" in rows.get("10.79.0.77", ""):
        problems.append(f"somebody claimed 10.79.0.77: {rows}")
    return Result(None, "; ".join(problems))


# -- nmap --------------------------------------------------------------------------------------------------------------


def _serve_something(bench: Bench) -> None:
    """Offer TCP 7 and 80 and UDP 7, and nothing else."""
    sockets, kernel = bench.run.host.sockets, bench.run.kernel
    server = HttpServer(sockets, 80, {"/": b"hello\n"})
    server.listen()
    for task in (server.serve(), TcpEchoServer(sockets).serve(), UdpEchoServer(sockets).serve()):
        kernel.spawn(task, "service")


async def _open_ports(arguments: list[str], protocol: str, expected: dict[int, str], bench: Bench) -> Result:
    _serve_something(bench)
    peer = bench.start("nmap", "-n", "-Pn", "-T4", "--reason", *arguments, "-oX", "found.xml", OUR_ADDRESS)
    code = await peer.wait()
    if code != 0:
        return Result(None, f"nmap ended with {code}: {peer.output.strip()}")
    found = {}
    tree = ElementTree.parse(bench.folder / "found.xml")
    for port in tree.iter("port"):
        state = port.find("state")
        if port.get("protocol") == protocol and state is not None:
            found[int(port.get("portid", "0"))] = state.get("state", "")
    extra = [(each.get("state"), int(each.get("count", "0"))) for each in tree.iter("extraports")]
    wrong = {port: found.get(port, "closed") for port, state in expected.items() if found.get(port, "closed") != state}
    opened = {port for port, state in found.items() if state != "closed"} - set(expected)
    silent = [(state, count) for state, count in extra if state != "closed"]
    problem = "" if not wrong and not opened and not silent else f"wrong {wrong}, opened {opened}, others {extra}"
    return Result(None, problem)


async def _fingerprint(bench: Bench) -> Result:
    """nmap -O finds sequence numbers that cannot be guessed, and our host answers all of its odd packets or none."""
    _serve_something(bench)
    peer = bench.start("nmap", "-n", "-Pn", "-O", "-v", "-p", "7,80,9", OUR_ADDRESS)
    code = await peer.wait()
    difficulty = re.search(r"TCP Sequence Prediction: Difficulty=(\d+)", peer.output)
    if code != 0 or difficulty is None:
        return Result(None, f"nmap ended with {code} and no sequence prediction: {peer.output.strip()[-500:]}")
    grade = int(difficulty.group(1))
    return Result(None, "" if grade >= DIFFICULTY else f"difficulty {grade}; expected at least {DIFFICULTY}")


# -- names -------------------------------------------------------------------------------------------------------------


async def _resolve(bench: Bench) -> Result:
    """Our resolver asks dnsmasq: an address, an alias, a name that is not there, and an answer too long for UDP."""
    many = [f"--host-record=many.rig.test,10.80.{index // 200}.{index % 200 + 1}" for index in range(300)]
    server = bench.start(
        "dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--log-facility=-", "-q",
        f"--listen-address={THEIR_ADDRESS}", "--bind-interfaces", "--local=/rig.test/", "--edns-packet-max=512",
        "--host-record=a.rig.test,10.80.0.1", "--cname=alias.rig.test,a.rig.test", *many,
    )  # fmt: skip
    await server.says("started")
    resolver = Resolver(bench.run.host.sockets, ResolverConfig(servers=(THEIR_ADDRESS,)), Random(1))
    problems = []
    for name, expected in (("a.rig.test", ["10.80.0.1"]), ("alias.rig.test", ["10.80.0.1"])):
        found = await resolver.addresses(name)
        if found != expected:
            problems.append(f"{name} is {found}; expected {expected}")
    found = await resolver.addresses("many.rig.test")
    if len(found) != 300 or not resolver.counters.answers_truncated:
        problems.append(f"many.rig.test has {len(found)} addresses ({resolver.counters}); expected 300, over TCP")
    try:
        problems.append(f"none.rig.test is {await resolver.addresses('none.rig.test')}")
    except OSError:
        pass
    return Result(None, "; ".join(problems))


async def _serve_names(bench: Bench) -> Result:
    """dnsmasq asks our server on behalf of our resolver."""
    sockets = bench.run.host.sockets
    names = DnsServer(sockets, Zone.from_table({"www.ours.test": OUR_ADDRESS, "alias.ours.test": "www.ours.test"}))
    bench.run.kernel.spawn(names.serve(), "dns")
    server = bench.start(
        "dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--log-facility=-", "-q",
        f"--listen-address={THEIR_ADDRESS}", "--bind-interfaces", f"--server=/ours.test/{OUR_ADDRESS}",
    )  # fmt: skip
    await server.says("started")
    resolver = Resolver(sockets, ResolverConfig(servers=(THEIR_ADDRESS,)), Random(1))
    found = [await resolver.addresses(name) for name in ("www.ours.test", "alias.ours.test")]
    if found != [[OUR_ADDRESS]] * 2 or not names.counters.udp_answers:
        return Result(None, f"found {found}; our server gave {names.counters}")
    return Result(None)
