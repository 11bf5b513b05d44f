"""FAQ 9.22 and 9.23: outbound mail by MX, and being an MX before the real server.

The name server is nsd; the hosts are sinks on loopback addresses, all at one port, as
those of the Internet are all at port 25 (mx_port).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.harness.dns_server import DnsServer, Fault
from tests.harness.gateway import Gateway, read_results, spool_files
from tests.harness.nsd import Nsd
from tests.harness.process import PYTHON, ROOT, wait_until
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.sink_plan import SinkPlan
from tests.harness.submit import submit

ZONE = (
    """
mx1 IN A 127.0.0.2
mx2 IN A 127.0.0.3
dead IN A 127.0.0.9
relay IN A 127.0.0.1
one IN MX 10 mx1
two IN MX 10 dead
two IN MX 20 mx2
both IN MX 10 mx1
both IN MX 10 mx2
alias IN MX 10 also
also IN CNAME mx1
null IN MX 0 .
plain IN A 127.0.0.3
numeric IN MX 10 127.0.0.2.
office IN MX 10 mx1
office IN MX 20 relay
office IN MX 20 mx2
loop IN MX 10 relay
deadend IN MX 10 dead
lost IN MX 10 nowhere
"""
    + "".join(f"wide IN MX {n} a-long-name-of-a-mail-exchanger-{n}.wide\n" for n in range(60))
    + ("".join(f"a-long-name-of-a-mail-exchanger-{n}.wide IN A 127.0.0.3\n" for n in range(60)))
)


class World:
    """A gateway whose mail goes by MX, a name server, and hosts at 127.0.0.2 and 127.0.0.3."""

    def __init__(self, folder: Path, nsd: Nsd, stack: ExitStack) -> None:
        self.folder, self.nsd, self.stack = folder, nsd, stack
        self.first = self.host(2)
        self.second = self.host(3, port=self.first.port)

    def host(self, number: int, *, port: int = 0, plan: SinkPlan | None = None) -> SinkProcess:
        log = self.folder / f"host{number}.log"
        return self.stack.enter_context(
            SinkProcess(log=log, host=f"127.0.0.{number}", port=port, plan=plan)
        )

    def relay(self, *servers: str, **settings: object) -> Gateway:
        whole = {
            "dns_servers": [*servers, str(self.nsd.place)],
            "mx_port": self.first.port,
            "timeout": 5,
            **settings,
        }
        return self.stack.enter_context(Gateway(self.folder, "mx", settings=whole))

    def took(self, sink: SinkProcess) -> list[list[str]]:
        return sorted(entry["recipients"] for entry in sink.entries())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        nsd = stack.enter_context(Nsd(tmp_path / "nsd", {"example": ZONE}))
        yield World(tmp_path, nsd, stack)


def send(relay: Gateway, name: str, *recipients: str) -> str:
    return submit(relay.port, make_sample(name, recipients=recipients))


def test_outbound_mail_finds_its_hosts(world: World) -> None:
    relay = world.relay()
    send(relay, "many", "a@one.example", "b@two.example", "c@alias.example", "d@plain.example")
    send(relay, "wide", "e@wide.example")
    send(relay, "literal", "f@[127.0.0.2]")
    relay.wait_empty()
    assert world.took(world.first) == [["a@one.example"], ["c@alias.example"], ["f@[127.0.0.2]"]]
    assert world.took(world.second) == [["b@two.example"], ["d@plain.example"], ["e@wide.example"]]


def test_equal_preferences_share_the_mail(world: World) -> None:
    relay = world.relay(max_mails_per_conn=1)
    for number in range(30):
        send(relay, f"n{number}", "a@both.example")
    relay.wait_empty()
    counts = [len(world.took(sink)) for sink in (world.first, world.second)]
    assert sum(counts) == 30
    assert all(counts)


def test_a_dead_domain_keeps_back_its_own_recipients_alone(world: World) -> None:
    relay = world.relay(resend_period=1000)
    send(relay, "some", "a@deadend.example", "b@one.example", "c@lost.example", "d@two.example")
    wait_until(lambda: len(world.took(world.second)) == 1, what="mail past the dead host")
    wait_until(lambda: len(world.took(world.first)) == 1, what="mail of the first host")
    wait_until(
        lambda: all(
            one.mark == ("P" if one.address in ("a@deadend.example", "c@lost.example") else "D")
            and one.attempts
            for file in relay.files()
            for one in read_results(file)
        ),
        what="every recipient's result",
    )
    (row,) = relay.listed()
    assert (row["pending"], row["route"]) == (2, "mx")
    assert [one["id"] for one in relay.listed("dst:deadend.example")] == [row["id"]]
    assert relay.listed("dst:one.example") == [], "that one has it"


def test_what_is_certain_is_told_at_once_by_the_mx_of_the_sender(world: World) -> None:
    relay = world.relay(resend_period=1000, detailed_smtp_err_mail=True)
    sample = make_sample(
        "bad",
        sender="billing@one.example",
        recipients=("a@nobody.example", "b@null.example", "c@loop.example"),
    )
    submit(relay.port, sample)
    wait_until(lambda: len(world.first.entries()) == 3 and not relay.files(), what="notices")
    told = {name for entry in world.first.entries() for name in entry["final_recipients"]}
    assert told == set(sample.recipients)
    assert {tuple(e["recipients"]) for e in world.first.entries()} == {("billing@one.example",)}


def test_an_mx_before_the_real_server_gives_it_the_mail_and_nobody_else(world: World) -> None:
    """FAQ 9.22: the relay is an MX of the domain itself, and DNS names the server behind it."""
    relay = world.relay(resend_period=1000, hostname="relay.example")
    send(relay, "in", "anna@office.example")
    wait_until(lambda: len(world.took(world.first)) == 1, what="mail at the real server")
    world.first.stop()
    send(relay, "wait", "anna@office.example")
    wait_until(lambda: bool(relay.listed("attempts:1..")), what="a failed attempt")
    assert world.took(world.second) == [], "an MX no better than ourselves gets nothing"


def test_name_servers_that_fail_delay_and_never_bounce(world: World) -> None:
    faults = {
        "one.example": Fault.SERVFAIL,
        "two.example": Fault.LAME,
        "null.example": Fault.SILENT,
    }
    with DnsServer({}, faults) as broken:
        relay = world.relay(resend_period=1000, dns_timeout=1, dns_servers=[str(broken.place)])
        send(relay, "later", "a@one.example", "b@two.example", "c@null.example")
        wait_until(
            lambda: (
                [one.attempts for file in relay.files() for one in read_results(file)] == [1, 1, 1]
            ),
            what="an attempt for each",
        )
        (file,) = relay.files()
        assert {one.mark for one in read_results(file)} == {"P"}
        assert relay.listed()[0]["stuck"] == "unresolved"


def test_the_next_name_server_answers_for_one_that_hangs(world: World) -> None:
    with DnsServer({}, {"*": Fault.SILENT}) as slow:
        relay = world.relay(str(slow.place), dns_timeout=2)
        send(relay, "on", "a@one.example")
        relay.wait_empty()
    assert world.took(world.first) == [["a@one.example"]]


def test_retarget_to_mx_and_back(world: World) -> None:
    relay = world.relay(resend_period=1000)
    send(relay, "stuck", "a@deadend.example")
    wait_until(lambda: bool(relay.listed("stuck")), what="a stuck message")
    held = relay.spooltool("retarget", "stuck", "--to", f"127.0.0.9:{world.first.port}", "--yes")
    assert held.returncode == 0, held.stderr
    assert relay.listed()[0]["route"] == "dst"
    back = relay.spooltool("retarget", "dst:127.0.0.9", "--to", "mx", "--yes")
    assert back.returncode == 0, back.stderr
    assert relay.listed()[0]["route"] == "mx"
    done = relay.spooltool("set", "dst:deadend.example", "--rcpt",
                           "a@deadend.example=a@one.example", "--yes")  # fmt: skip
    assert done.returncode == 0, done.stderr
    relay.spooltool("kick", "--all", "--yes")
    relay.wait_empty()
    assert world.took(world.first) == [["a@one.example"]]


EACH = ("a@one.example", "d@deadend.example", "b@two.example", "c@plain.example")


def test_kills_between_the_parts_of_messages_lose_nobody(world: World) -> None:
    chance = random.Random(20261126)
    relay = world.relay(resend_period=1)
    names: list[str] = []

    def taken() -> int:
        return len(world.first.entries()) + len(world.second.entries())

    for turn in range(4):
        enough = taken() + chance.randint(1, 25)
        for number in range(10):
            names.append(f"kill{turn}-{number}")
            send(relay, names[-1], *EACH)
        wait_until(lambda enough=enough: taken() >= enough, what="some of it delivered")  # type: ignore[misc]
        (pid,) = relay.processes()["mdq"]
        os.kill(pid, signal.SIGKILL)
        wait_until(
            lambda pid=pid: pid not in relay.processes().get("mdq", [pid]),  # type: ignore[misc]
            what="another dequeuer",
        )

    def got(sink: SinkProcess, recipient: str) -> set[str]:
        return {one["x_id"] for one in sink.entries() if recipient in one["recipients"]}

    def all_there() -> bool:
        return all(
            got(sink, recipient) == set(names)
            for sink, recipient in (
                (world.first, "a@one.example"),
                (world.second, "b@two.example"),
                (world.second, "c@plain.example"),
            )
        )

    wait_until(all_there, seconds=120, what="every message for every living domain")
    assert (relay.spool / ".spooltool/log/mdq.elg").read_text().count(" start ") >= 5
    wait_until(
        lambda: [
            [one.mark for one in read_results(file)] for file in spool_files(relay.spool)
        ] == [["D", "P", "D", "D"]] * len(names),
        seconds=60,
        what="only the dead domain's recipients left",
    )  # fmt: skip


def test_relay_mx_says_who_would_be_asked(world: World) -> None:
    relay = world.relay(hostname="relay.example")

    def look(domain: str) -> tuple[int, str]:
        done = subprocess.run(
            [PYTHON, "-m", "relay", "mx", domain, "--config", str(relay.config)],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    port = world.first.port
    code, text = look("office.example")
    first, second, *rest = text.splitlines()
    assert (code, first) == (0, "office.example: in this order")
    assert second == f"  1  MX 10  mx1.example  127.0.0.2:{port}"
    assert sorted(rest) == [
        "  -  MX 20  mx2.example  not asked: no better than this relay itself",
        "  -  MX 20  relay.example  not asked: this relay itself",
    ]
    assert look("plain.example")[1].splitlines()[0].endswith("no MX, so the domain itself")
    code, text = look("someone@nobody.example")
    assert (code, "5.1.2" in text) == (1, True)
    code, text = look("numeric.example")
    assert (code, "an address in place of a name" in text) == (1, True)
