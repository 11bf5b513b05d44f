"""Mail by MX, over real sockets and real questions: one file, one transaction a domain."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from relay.queue.limits import Limits
from spooltool.control import Suspend
from spooltool.spool.codec import splices
from spooltool.spool.names import SpoolName
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock
from tests.harness.dns_server import DnsServer, Fault
from tests.harness.sink_plan import SinkPlan

World = Any
Hop = Any

ZONE = {
    "one.example": {"MX": ["10 mx.one.example."]},
    "mx.one.example": {"A": ["127.0.0.2"]},
    "two.example": {"MX": ["10 dead.two.example.", "20 mx.two.example."]},
    "dead.two.example": {"A": ["127.0.0.9"]},
    "mx.two.example": {"A": ["127.0.0.3"]},
    "dead.example": {"MX": ["10 dead.two.example."]},
    "null.example": {"MX": ["0 ."]},
    "host.example": {"A": ["127.0.0.2"]},
    "ours.example": {"MX": ["5 gw1.example.com."]},
    "gw1.example.com": {"A": ["127.0.0.1"]},
    "xn--bcher-kva.example": {"A": ["127.0.0.2"]},
    "broken.example": {"MX": ["10 mx.one.example."]},
}


class Net:
    """Name server and hosts: `at(2)` is 127.0.0.2, all at one port, `settings` for mdq."""

    def __init__(self, server: DnsServer, hops: dict[int, Hop], port: int) -> None:
        self.server = server
        self._hops = hops
        self.port = port

    def at(self, number: int) -> Hop:
        return self._hops[number]

    @property
    def settings(self) -> dict[str, Any]:
        return {"dns_servers": (self.server.place,), "mx_port": self.port, "dns_timeout": 0.5}


Scenario = Callable[[Net], Awaitable[None]]


@pytest.fixture
def play(hop: type[Hop]) -> Iterator[Callable[..., None]]:
    """Run a scenario beside hosts 127.0.0.2 and .3, with these plans."""

    def run(scenario: Scenario, plans: dict[int, SinkPlan] | None = None) -> None:
        async def main(server: DnsServer) -> None:
            async with AsyncExitStack() as stack, asyncio.timeout(30):
                first = hop((plans or {}).get(2), "127.0.0.2")
                await stack.enter_async_context(first)
                other = hop((plans or {}).get(3), "127.0.0.3", first.port)
                await stack.enter_async_context(other)
                await scenario(Net(server, {2: first, 3: other}, first.port))

        with DnsServer(ZONE, {"broken.example": Fault.SERVFAIL}) as server:
            asyncio.run(main(server))

    yield run


def by_mx(world: World, *recipients: str, **changes: Any) -> str:
    """Spool a message that goes by MX."""
    number: str = world.put(1, *recipients, **changes)
    name = SpoolName("D_sender", "R", number)
    locked = lock(world.spool, name)
    rewrite(locked, splices(locked.envelope(), {"ROUTE": "mx"})).close()
    return number


def lines(world: World, file: str) -> dict[str, Any]:
    return {one.address: one for one in world.envelope(file).recipients}


def test_each_domain_gets_one_transaction_with_its_recipients(world: World, play: Any) -> None:
    async def scenario(net: Net) -> None:
        by_mx(world, "a@one.example", "b@two.example", "c@One.Example")
        await world.dequeuer(**net.settings).run(once=True)
        (one,), (two,) = net.at(2).received, net.at(3).received
        assert one[1] == ("a@one.example", "c@One.Example")
        assert two[1] == ("b@two.example",)
        assert world.files() == []

    play(scenario)


def test_the_next_mx_takes_it_where_the_first_is_dead(world: World, play: Any) -> None:
    async def scenario(net: Net) -> None:
        by_mx(world, "b@two.example")
        await world.dequeuer(**net.settings).run(once=True)
        assert len(net.at(3).received) == 1

    play(scenario)


def test_a_dead_domain_keeps_its_own_recipients_alone(world: World, play: Any) -> None:
    async def scenario(net: Net) -> None:
        number = by_mx(world, "a@one.example", "d@dead.example", "b@two.example")
        await world.dequeuer(**net.settings).run(once=True)
        assert len(net.at(2).received) == len(net.at(3).received) == 1
        found = lines(world, f"D_resend/R{number}")
        assert [found[f"{who}.example"].mark for who in ("a@one", "d@dead", "b@two")] == [
            "D", "P", "D",
        ]  # fmt: skip
        state = world.envelope(f"D_resend/R{number}").state
        assert (state.reason, state.attempts, state.pending) == ("refused", 1, 1)
        assert state.next_try == found["d@dead.example"].next_try
        assert "connect 127.0.0.9" in state.text

    play(scenario)


def test_a_domain_that_hangs_does_not_hold_the_message(world: World, play: Any) -> None:
    """The connection comes first, the lock after it."""

    async def scenario(net: Net) -> None:
        with socket.socket() as tarpit:
            tarpit.bind(("127.0.0.9", net.port))
            tarpit.listen()
            by_mx(world, "d@dead.example", "a@one.example", "b@two.example")
            mdq = world.dequeuer(**net.settings)
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: net.at(2).received)
            view = {one.destination.domain: one for one in mdq.schedule.view(time.time())}
            assert view["dead.example"].active == 1
            mdq.stop()
            await running

    play(scenario)


def test_mail_of_a_dead_domain_is_marked_once_and_waits_for_one_probe(
    world: World, play: Any
) -> None:
    async def scenario(net: Net) -> None:
        for number in range(20):
            by_mx(world, f"d{number}@dead.example", f"a{number}@one.example")
        mdq = world.dequeuer(**net.settings)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: len(net.at(2).received) == 20)
        await world.until(lambda: len(os.listdir(f"{world.spool.path}/D_resend")) == 20)
        mdq.stop()
        await running
        assert [one["host"] for one in world.named("down")] == ["mx dead.example"]
        assert all(world.envelope(file).state.attempts == 1 for file in world.files())

    play(scenario)


@pytest.mark.parametrize(
    ("recipient", "status", "text"),
    [
        ("a@nobody.example", "5.1.2", "no such domain"),
        ("a@null.example", "5.1.10", "takes no mail"),
        ("a@ours.example", "5.4.6", "comes to this relay itself"),
    ],
)
def test_what_is_certain_fails_for_good_and_is_told(
    world: World, play: Any, recipient: str, status: str, text: str
) -> None:
    async def scenario(net: Net) -> None:
        number = by_mx(world, recipient, "a@one.example", ERR_SERVER="127.0.0.1:1")
        await world.dequeuer(**net.settings, detailed=True).run(once=True)
        assert len(net.at(2).received) == 1
        (file,) = world.files()
        assert file.startswith("D_resend/E")
        (failed,) = [one for one in world.envelope(file).recipients if one.mark == "F"]
        assert (failed.address, failed.enhanced) == (recipient, status)
        assert text in failed.text
        assert number

    play(scenario)


@pytest.mark.parametrize("domain", ["broken.example", "nowhere.example"])
def test_what_nobody_knows_now_waits(world: World, play: Any, domain: str) -> None:
    async def scenario(net: Net) -> None:
        net.server.zone["nowhere.example"] = {"MX": ["10 gone.example."]}
        number = by_mx(world, f"a@{domain}")
        await world.dequeuer(**net.settings).run(once=True)
        assert world.files() == [f"D_resend/R{number}"]
        state = world.envelope(f"D_resend/R{number}").state
        assert state.reason == "unresolved"
        assert domain in state.text

    play(scenario)


def test_soft_bounce_makes_it_wait_too(world: World, play: Any) -> None:
    async def scenario(net: Net) -> None:
        number = by_mx(world, "a@nobody.example")
        await world.dequeuer(**net.settings, soft_bounce=True).run(once=True)
        assert world.files() == [f"D_resend/R{number}"]

    play(scenario)


def test_literals_international_domains_and_hosts_without_mx(world: World, play: Any) -> None:
    async def scenario(net: Net) -> None:
        by_mx(world, "a@[127.0.0.2]", "b@host.example", "c@bücher.example SMTPUTF8")
        await world.dequeuer(**net.settings).run(once=True)
        assert {one for mail in net.at(2).received for one in mail[1]} == {
            "a@[127.0.0.2]", "b@host.example", "c@bücher.example",
        }  # fmt: skip
        assert net.server.questions("127.0.0.2") == []

    play(scenario, {2: SinkPlan(extensions=("SMTPUTF8", "8BITMIME"))})


def test_an_address_without_a_domain_is_told_so(world: World, play: Any) -> None:
    async def scenario(net: Net) -> None:
        by_mx(world, "postmaster", ERR_SERVER="127.0.0.1:1")
        await world.dequeuer(**net.settings).run(once=True)
        (file,) = world.files()
        assert world.envelope(file).recipients[0].enhanced == "5.1.3"

    play(scenario)


def test_some_are_refused_and_the_rest_of_the_message_goes_on(world: World, play: Any) -> None:
    async def scenario(net: Net) -> None:
        number = by_mx(
            world, "a@one.example", "b@two.example", "c@two.example", ERR_SERVER="127.0.0.1:1"
        )
        await world.dequeuer(**net.settings).run(once=True)
        notice, rest = world.files()
        assert (rest, notice[:10]) == (f"D_resend/R{number}", "D_resend/E")
        found = lines(world, rest)
        assert [one.mark for one in found.values()] == ["P", "D", "N"]
        assert found["a@one.example"].code == 451

    play(
        scenario,
        {
            2: SinkPlan(recipients={"a@one.example": ("451 4.7.1 later",)}),
            3: SinkPlan(recipients={"c@two.example": ("550 5.1.1 nobody",)}),
        },
    )


def test_a_notice_goes_by_the_mx_of_the_senders_domain(world: World, play: Any) -> None:
    """The postmaster's copy, of another domain, follows by ERR_SERVER."""

    async def scenario(net: Net) -> None:
        number = by_mx(world, "a@nobody.example", sender="billing@two.example",
                       ERR_SERVER=f"127.0.0.2:{net.port}")  # fmt: skip
        name = SpoolName("D_sender", "R", number)
        locked = lock(world.spool, name)
        rewrite(locked, splices(locked.envelope(), {"ERR_ROUTE": "mx"})).close()
        mdq = world.dequeuer(**net.settings)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: net.at(3).received and not world.files())
        mdq.stop()
        await running
        (notice,), (copy,) = net.at(3).received, net.at(2).received
        assert notice[:2] == ("", ("billing@two.example",))
        assert copy == ("", ("postmaster@example.com",), notice[2])

    play(scenario)


def test_where_the_sender_has_no_mx_the_postmaster_is_told_all_the_same(
    world: World, play: Any
) -> None:
    async def scenario(net: Net) -> None:
        number = by_mx(world, "a@nobody.example", sender="billing@null.example",
                       ERR_SERVER=f"127.0.0.2:{net.port}")  # fmt: skip
        locked = lock(world.spool, SpoolName("D_sender", "R", number))
        rewrite(locked, splices(locked.envelope(), {"ERR_ROUTE": "mx"})).close()
        mdq = world.dequeuer(**net.settings)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.trash() == [f"E{number}"])
        mdq.stop()
        await running
        ((_, to, _),) = net.at(2).received
        assert to == ("postmaster@example.com",)

    play(scenario)


def test_kick_and_suspend_name_the_domain_or_its_host(world: World, play: Any) -> None:
    async def scenario(net: Net) -> None:
        mdq = world.dequeuer(**net.settings, resend_period=3000.0)
        await mdq.suspend(Suspend("one.example"))
        await mdq.suspend(Suspend("mx.two.example"))
        await mdq.suspend(Suspend("dead.two.example"))
        number = by_mx(world, "a@one.example", "b@two.example", "d@dead.example")
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: net.server.questions("two.example"))
        await mdq.resume(["one.example"])
        await world.until(lambda: net.at(2).received)
        assert net.at(3).received == []
        assert world.envelope(world.files()[0]).state.reason == "", "nothing was written"
        await mdq.resume(None)
        assert mdq.kick_host("two.example").count == 1
        await world.until(lambda: net.at(3).received)
        assert mdq.kick_host("elsewhere.example").count == 0
        mdq.stop()
        await running
        assert number

    play(scenario)


def test_what_a_person_changes_is_let_go_while_a_host_is_looked_for(
    world: World, play: Any
) -> None:
    async def scenario(net: Net) -> None:
        with socket.socket() as tarpit:
            tarpit.bind(("127.0.0.9", net.port))
            tarpit.listen()
            number = by_mx(world, "d@dead.example")
            mdq = world.dequeuer(**net.settings)
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: mdq.schedule.is_active(number))
            assert await mdq.yield_ids([number], 60) == ([number], [], [])
            assert not mdq.schedule.is_active(number)
            locked = lock(world.spool, SpoolName("D_sender", "R", number))
            values = {"ROUTE": "dst", "DST": "127.0.0.2", "DPORT": str(net.port)}
            rewrite(locked, splices(locked.envelope(), values)).close()
            mdq.done([number])
            await world.until(lambda: net.at(2).received)
            mdq.stop()
            await running

    play(scenario)


def test_one_message_for_many_domains_of_one_host(world: World, play: Any) -> None:
    """Parts wait for each other's turn at the file, and each is sent once."""

    async def scenario(net: Net) -> None:
        domains = [f"d{number}.example" for number in range(60)]
        for domain in domains:
            net.server.zone[domain] = {"MX": ["10 mx.one.example."]}
        by_mx(world, *(f"a@{domain}" for domain in domains))
        limits = Limits(max_conns=40, max_conns_per_site=20, resend_period=600.0)
        await world.dequeuer(**net.settings, limits=limits).run(once=True)
        got = sorted(mail[1] for mail in net.at(2).received)
        assert got == sorted((f"a@{domain}",) for domain in domains)
        assert world.files() == []
        assert len(net.server.questions("mx.one.example")) == 2, "asked once, and remembered"

    play(scenario)


def test_a_restart_goes_on_where_each_recipient_stands(world: World, play: Any) -> None:
    async def scenario(net: Net) -> None:
        number = by_mx(world, "a@one.example", "d@dead.example")
        await world.dequeuer(**net.settings).run(once=True)
        mdq = world.dequeuer(**net.settings)
        await mdq.run(once=True)
        assert len(net.at(2).received) == 1
        assert lines(world, f"D_resend/R{number}")["d@dead.example"].attempts == 1, "not due yet"
        (part,) = mdq.roster.known[number].parts
        assert part.destination.domain == "dead.example"

    play(scenario)
