"""What a host's answer does: to the next address, the next host, the next transaction."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import Any

import pytest

from relay.dequeue.mdq import Dequeuer
from relay.dequeue.settings import Settings
from relay.smtp.reply import Reply
from tests.harness.sink_plan import SinkPlan

World = Any
Play = Any
Target = Any
Hop = Any

ANNA, BEN, CARA = "anna@example.org", "ben@example.org", "cara@example.org"
LATER = "451 4.7.1 slow down"


def both(first: Any, second: Any) -> dict[str, str]:
    """The keys of a message whose DST is a list of two."""
    return {"DST": f"{{127.0.0.1:{first.port}, 127.0.0.1:{second.port}}}"}


@pytest.mark.parametrize(
    "plan",
    [
        SinkPlan(greeting="421 4.3.2 closed"),
        SinkPlan(greeting="554 5.3.2 closed"),
        SinkPlan(greeting="451 4.3.2 busy"),
        SinkPlan(mail=LATER),
        SinkPlan(mail="421 4.3.2 going down"),
        SinkPlan(recipients={"*": LATER}),
        SinkPlan(data=LATER),
        SinkPlan(dot=LATER),
        SinkPlan(dot="421 4.3.2 going down"),
    ],
    ids=str,
)
def test_whom_one_host_puts_off_the_next_one_takes(
    world: World, play: Play, hop: Hop, plan: SinkPlan
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(plan) as first:
            world.put(1, ANNA, BEN, **both(first, target))
            await world.dequeuer().run(once=True)
            assert [r[1] for r in target.received] == [(ANNA, BEN)]
            assert world.files() == []
            assert first.connections == 1

    play(scenario)


def test_only_whom_the_first_host_put_off_is_offered_to_the_next(
    world: World, play: Play, hop: Hop
) -> None:
    async def scenario(target: Target) -> None:
        plan = SinkPlan(recipients={BEN: LATER, CARA: "550 5.1.1 no such user"})
        async with hop(plan) as first:
            number = world.put(1, ANNA, BEN, CARA, ERR_SERVER="127.0.0.1:1", **both(first, target))
            await world.dequeuer().run(once=True)
            assert [r[1] for r in first.received] == [(ANNA,)]
            assert [r[1] for r in target.received] == [(BEN,)]
            results = world.envelope(f"D_resend/E{number}").recipients
            assert "".join(r.mark for r in results) == "DDF"
            assert [r.host for r in results] == [
                f"127.0.0.1:{port}" for port in (first.port, target.port, first.port)
            ]

    play(scenario)


def test_let_go_while_a_second_host_is_asked_what_the_first_took_is_kept(
    world: World, play: Play, hop: Hop
) -> None:
    """An editor may ask for the message just then: nobody may get it twice for that."""

    async def scenario(target: Target) -> None:
        tarpit = SinkPlan(greet_after=-1)
        async with hop(SinkPlan(recipients={BEN: LATER})) as first, hop(tarpit) as second:
            number = world.put(1, ANNA, BEN, **both(first, second))
            mdq = world.dequeuer()
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: second.connections == 1)
            assert await mdq.yield_ids([number], 60) == ([number], [], [])
            results = world.envelope(f"D_resend/R{number}").recipients
            assert "".join(r.mark for r in results) == "DP"
            mdq.done([number])
            mdq.kick_ids([number])
            await world.until(lambda: second.connections == 2)
            assert [r[1] for r in first.received] == [(ANNA,)]
            mdq.stop()
            await running

    play(scenario)


def test_where_every_host_puts_off_it_is_temporary_and_each_was_asked_once(
    world: World, play: Play, hop: Hop
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(mail=LATER)) as first, hop(SinkPlan(mail="450 4.3.0 no")) as last:
            number = world.put(1, ANNA, **both(first, last))
            await world.dequeuer().run(once=True)
            state = world.envelope(f"D_resend/R{number}").state
            assert (state.reason, state.code, state.attempts) == ("put-off", 450, 1)
            assert state.host == f"127.0.0.1:{last.port}"
            assert (first.connections, last.connections) == (1, 1)

    play(scenario)


def test_a_loss_after_the_dot_is_not_offered_to_another_host(
    world: World, play: Play, hop: Hop
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(drop_at_dot=-1)) as first:
            number = world.put(1, ANNA, **both(first, target))
            await world.dequeuer().run(once=True)
            assert target.received == []
            assert world.envelope(f"D_resend/R{number}").recipients[0].mark == "U"

    play(scenario)


@pytest.mark.parametrize("stage", ["mail", "data", "dot"])
def test_a_5xx_to_mail_data_or_dot_is_for_all_and_no_other_host_is_asked(
    world: World, play: Play, hop: Hop, stage: str
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(**{stage: "554 5.7.1 not wanted"})) as first:
            number = world.put(1, ANNA, BEN, ERR_SERVER="127.0.0.1:1", **both(first, target))
            await world.dequeuer().run(once=True)
            results = world.envelope(f"D_resend/E{number}").recipients
            assert "".join(r.mark for r in results) == "FF"
            assert target.received == []

    play(scenario)


@pytest.mark.parametrize("reply", ["452 4.5.3 too many", "552 5.5.3 too many"])
def test_too_many_recipients_go_on_in_the_next_transaction_at_once(
    world: World, play: Play, reply: str
) -> None:
    async def scenario(target: Target) -> None:
        code, enhanced, text = reply.split(" ", 2)
        many = Reply(int(code), enhanced, text)
        target.plan = {BEN: [many], CARA: [many, many]}
        world.put(target.port, ANNA, BEN, CARA)
        await world.dequeuer().run(once=True)
        assert [r[1] for r in target.received] == [(ANNA,), (BEN,), (CARA,)]
        assert world.files() == []

    play(scenario)


def test_a_connection_that_went_stale_is_opened_anew_and_costs_no_attempt(
    world: World, play: Play, hop: Hop
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(messages_per_connection=2)) as one:
            for _ in range(7):
                world.put(one.port)
            mdq = world.dequeuer()
            await mdq.run(once=True)
            assert len(one.received) == 7
            assert world.files() == []
            assert not world.named("put-off")

    play(scenario)


def test_a_host_that_says_421_to_each_connection_is_asked_once(
    world: World, play: Play, hop: Hop
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(mail="421 4.3.2 going down")) as one:
            number = world.put(one.port)
            await world.dequeuer().run(once=True)
            assert one.connections == 1
            assert world.envelope(f"D_resend/R{number}").state.code == 421

    play(scenario)


def test_a_5xx_greeting_is_the_hosts_and_is_listed_as_what_it_is(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        target.plan["connect"] = [Reply(554, "5.7.1", "not you")]
        number = world.put(target.port, ANNA)
        await world.dequeuer().run(once=True)
        envelope = world.envelope(f"D_resend/R{number}")
        assert (envelope.state.reason, envelope.state.code) == ("refused", 554)
        assert envelope.recipients[0].mark == "P", "nobody was refused for good"

    play(scenario)


@pytest.mark.parametrize("route", ["DST", "ERR_SERVER"])
def test_a_configured_host_never_fails_for_good_by_dns(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    def nowhere(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def scenario(target: Target) -> None:
        loop = asyncio.get_running_loop()

        async def look_up(*_: object, **__: object) -> object:
            return nowhere()

        monkeypatch.setattr(loop, "getaddrinfo", look_up)
        target.plan["mail"] = [Reply(550, "5.1.1", "no")]
        number = world.put(target.port, ANNA, **{route: "mail.invalid"})
        await world.dequeuer().run(once=True)
        if route == "ERR_SERVER":
            await world.dequeuer().run(once=True)
        (file,) = world.files()
        assert file == f"D_resend/{'R' if route == 'DST' else 'E'}{number}"
        state = world.envelope(file).state
        assert (state.reason, state.attempts) == ("unresolved", 1)

    play(scenario)


GAPS = [
    ("SMTPUTF8", {"sender": "büro@example.com"}, "5.6.7"),
    ("SIZE 10", {}, "5.3.4"),
]


@pytest.mark.parametrize(("lack", "message", "status"), GAPS)
def test_another_host_of_the_list_may_have_the_extension(
    world: World, play: Play, hop: Hop, lack: str, message: dict[str, str], status: str
) -> None:
    offered = ("SIZE 10",) if lack == "SIZE 10" else ("8BITMIME",)

    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(extensions=offered)) as first:
            world.put(1, ANNA, **message, **both(first, target))
            await world.dequeuer().run(once=True)
            assert len(target.received) == 1
            assert world.files() == []
            number = world.put(first.port, ANNA, **message, ERR_SERVER="127.0.0.1:1")
            await world.dequeuer().run(once=True)
            envelope = world.envelope(f"D_resend/E{number}")
            assert [r.enhanced for r in envelope.recipients] == [status]
            assert (envelope.state.reason, envelope.state.enhanced) == ("rejected", status)

    play(scenario)


def test_an_extension_that_a_host_now_down_may_have_is_waited_for(
    world: World, play: Play, hop: Hop
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(extensions=("8BITMIME",))) as first:
            dst = f"{{127.0.0.1:{first.port}, 127.0.0.1:1}}"
            number = world.put(1, ANNA, sender="büro@example.com", DST=dst)
            await world.dequeuer().run(once=True)
            state = world.envelope(f"D_resend/R{number}").state
            assert state.reason == "refused"
            assert "SMTPUTF8" in state.text and "refused" in state.text

    play(scenario)


def test_smtputf8_is_asked_of_the_host_only_where_it_is_needed(
    world: World, play: Play, hop: Hop
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(extensions=("8BITMIME",))) as one:
            world.put(one.port, ANNA, params="SMTPUTF8 BODY=8BITMIME", body="Grüße\n".encode())
            await world.dequeuer().run(once=True)
            assert len(one.received) == 1
            (mail,) = [line for line in one.commands if line.startswith("MAIL")]
            assert mail == "MAIL FROM:<billing@example.com> BODY=8BITMIME"

    play(scenario)


def test_soft_bounce_and_eightbit_are_taken_over_by_a_reload(
    world: World, play: Play, hop: Hop
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(mail="550 5.7.1 never", extensions=("PIPELINING",))) as one:
            number = world.put(one.port)
            settings = Settings("gw1.example.com")
            softer = replace(settings, soft_bounce=True, eightbit="bounce")
            mdq = Dequeuer(world.spool, settings, world.notes, lambda: softer)
            mdq.reload()
            await mdq.run(once=True)
            state = world.envelope(f"D_resend/R{number}").state
            assert (state.reason, state.code) == ("put-off", 550), "5xx counted as 4xx"
            assert mdq._pool.eightbit == "bounce"

    play(scenario)
