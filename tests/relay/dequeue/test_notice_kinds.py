"""Notices besides that of a failure: each a file of its own, sent once, to whom it is for."""

from __future__ import annotations

import asyncio
import os
import time
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from relay.dequeue.attempt import take
from relay.dequeue.destination import destination
from relay.queue.notice_owed import refused_by_us
from spooltool.errors import CannotWrite
from spooltool.spool.codec import splices
from spooltool.spool.names import RESEND, SENDER, SpoolName
from spooltool.spool.notice_kind import Notice, NoticeKind
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock
from tests.harness.process import free_port
from tests.harness.sink_plan import DEFAULT_EXTENSIONS, SinkPlan

World = Any
Play = Any
Target = Any

ANNA, BILLING, POSTMASTER = "anna@example.org", "billing@example.com", "postmaster@example.com"
SUCCESS = f"{ANNA} NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;anna@example.org"
LATER, NEVER = "451 4.3.0 later", "550 5.1.1 no such user"
PLAIN = tuple(one for one in DEFAULT_EXTENSIONS if one != "DSN")


def play_hop(hop: Any, plan: SinkPlan, scenario: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), hop(plan) as peer:
            await scenario(peer)

    asyncio.run(main())


def report(content: bytes) -> Any:
    """The fields of the message and of its recipients, as the standard library reads them."""
    return message_from_bytes(content).get_payload()[1].get_payload()  # type: ignore[union-attr,index]


def notices(peer: Any) -> list[tuple[tuple[str, ...], bytes]]:
    return [(to, content) for sender, to, content in peer.received if not sender]


# success


def test_a_host_that_reports_is_asked_to(world: World, hop: Any) -> None:
    async def scenario(peer: Any) -> None:
        world.put(peer.port, SUCCESS, params="RET=HDRS ENVID=QQ1")
        await world.dequeuer().run(once=True)
        mail, rcpt = (one for one in peer.commands if one[:4] in ("MAIL", "RCPT"))
        assert mail.endswith("RET=HDRS ENVID=QQ1")
        assert rcpt.endswith("NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;anna@example.org")
        assert notices(peer) == []
        assert world.files() == []

    play_hop(hop, SinkPlan(), scenario)


def test_success_at_a_host_that_reports_nothing_is_told_by_us(world: World, hop: Any) -> None:
    async def scenario(peer: Any) -> None:
        number = world.put(peer.port, SUCCESS, "ben@example.org", params="RET=FULL ENVID=QQ1")
        for _ in range(2):
            await world.dequeuer(detailed=True).run(once=True)
        assert all("NOTIFY" not in one and "ENVID" not in one for one in peer.commands)
        ((to, content),) = notices(peer)
        assert to == (BILLING,), "the postmaster gets copies of what fails, and only of that"
        whole, anna = report(content)
        assert (whole["Original-Envelope-Id"], anna["Action"], anna["Status"]) == (
            "QQ1",
            "relayed",
            "2.0.0",
        )
        assert anna["Original-Recipient"] == "rfc822; anna@example.org"
        assert anna["Final-Log-ID"] == number
        assert b"hello" not in content, "RET=FULL is about failures"
        assert world.files() == []

    play_hop(hop, SinkPlan(extensions=PLAIN), scenario)


def test_a_notice_of_success_waits_in_a_file_that_says_so(world: World, hop: Any) -> None:
    async def scenario(peer: Any) -> None:
        number = world.put(peer.port, SUCCESS, ERR_SERVER="127.0.0.1:1")
        await world.dequeuer().run(once=True)
        (file,) = world.files()
        envelope = world.envelope(file)
        assert (envelope.get("NOTICE"), envelope.get("NOTICE_OF")) == ("relayed", number)
        assert [one.mark for one in envelope.recipients] == ["D"]
        assert (envelope.state.delivered, envelope.state.failed) == (1, 0)
        assert world.named("notice-due")[0]["kind"] == "relayed"

    play_hop(hop, SinkPlan(extensions=PLAIN), scenario)


def test_the_file_is_durable_before_the_mail_counts_as_delivered(
    world: World, hop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(peer: Any) -> None:
        number = world.put(peer.port, SUCCESS)
        mdq = world.dequeuer()
        real, seen = mdq.desk.apart._commit, []

        def commit(incoming: Any) -> Any:
            seen.append([one.mark for one in world.envelope(f"{SENDER}/R{number}").recipients])
            return real(incoming)

        monkeypatch.setattr(mdq.desk.apart, "_commit", commit)
        await mdq.run(once=True)
        assert seen == [["P"]]

    play_hop(hop, SinkPlan(extensions=PLAIN), scenario)


def test_for_want_of_a_notice_of_success_nobody_gets_mail_twice(
    world: World, hop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(peer: Any) -> None:
        world.put(peer.port, SUCCESS)
        mdq = world.dequeuer()
        monkeypatch.setattr(mdq.desk.apart._counter, "take", _full)
        await mdq.run(once=True)
        await world.dequeuer().run(once=True)
        assert [to for _, to, _ in peer.received] == [(ANNA,)]
        assert world.files() == []
        assert any("notice of success not written" in alert for alert in world.notes.alerts)

    play_hop(hop, SinkPlan(extensions=PLAIN), scenario)


def _full() -> str:
    raise CannotWrite("counter: No space left on device")


@pytest.mark.parametrize("chapter", [{"ERRMAIL": "0"}, {"sender": ""}])
def test_who_may_not_be_told_is_not_told_of_success(
    world: World, hop: Any, chapter: dict[str, str]
) -> None:
    async def scenario(peer: Any) -> None:
        world.put(peer.port, SUCCESS, **chapter)
        await world.dequeuer().run(once=True)
        assert len(peer.received) == 1
        assert world.files() == []

    play_hop(hop, SinkPlan(extensions=PLAIN), scenario)


def test_a_recipient_that_was_rewritten_is_named_as_the_sender_wrote_it(
    world: World, hop: Any
) -> None:
    async def scenario(peer: Any) -> None:
        number = world.put(peer.port)
        with lock(world.spool, SpoolName(SENDER, "R", number)) as locked:
            line = locked.envelope().line("RCPT")
            assert line is not None
            edits = splices(locked.envelope(), {"RCPT": "<anna@inside.example> ORIG=<a+b@x.org>"})
            rewrite(locked, edits).close()
        await world.dequeuer().run(once=True)
        (rcpt,) = (one for one in peer.commands if one.startswith("RCPT"))
        assert rcpt == "RCPT TO:<anna@inside.example> ORCPT=rfc822;a+2Bb@x.org"

    play_hop(hop, SinkPlan(), scenario)


# delay


def test_that_mail_is_late_is_told_once_and_it_goes_on_being_tried(world: World, hop: Any) -> None:
    async def scenario(peer: Any) -> None:
        arrived = time.time() - 5000
        number = world.put(peer.port, ANNA, "ben@example.org NOTIFY=FAILURE", arrived=arrived)
        mdq = world.dequeuer(delay_warning=3600.0, resend_period=1.0)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: sum("<ben" in one for one in peer.commands) >= 4)
        await world.until(lambda: world.files() == [f"{RESEND}/R{number}"])
        mdq.stop()
        await running
        ((to, content),) = notices(peer)
        assert to == (BILLING,)
        _, anna = report(content)
        assert anna["Final-Recipient"] == "rfc822; anna@example.org"
        assert (anna["Action"], anna["Status"]) == ("delayed", "4.0.0")
        until = time.strftime("%a, %d %b %Y %H:%M", time.gmtime(int(arrived) + 432_000))
        assert anna["Will-Retry-Until"].replace(" 0", " ").startswith(until.replace(" 0", " "))
        assert [one.mark for one in world.envelope(f"{RESEND}/R{number}").recipients] == ["P", "P"]

    plan = SinkPlan(recipients={ANNA: LATER, "ben@example.org": LATER})
    play_hop(hop, plan, scenario)


def test_mail_of_a_host_that_is_down_is_late_too(world: World, play: Play) -> None:
    """One probe speaks for all; each sender is told once, by the file of that message."""

    async def scenario(target: Target) -> None:
        port = free_port()
        world.unsynced()
        numbers = {
            world.put(port, arrived=time.time() - 5000, ERR_SERVER=f"127.0.0.1:{target.port}")
            for _ in range(5)
        }
        mdq = world.dequeuer(delay_warning=3600.0, resend_period=1.0)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: len(target.received) >= 5)
        seen = sum(view.probes for view in mdq.schedule.view(time.time()))
        await world.until(
            lambda: sum(view.probes for view in mdq.schedule.view(time.time())) > seen + 1
        )
        mdq.stop()
        await running
        assert len(target.received) == 5
        logged = [report(content)[1]["Final-Log-ID"] for _, _, content in target.received]
        assert sorted(logged) == sorted(numbers)
        assert {file[-8:] for file in world.files()} == numbers

    play(scenario)


def test_mail_grows_late_while_its_host_is_down(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        port = free_port()
        soon = time.time() - 3598.5
        for _ in range(5):
            number = world.put(port, arrived=soon, ERR_SERVER=f"127.0.0.1:{target.port}")
            os.utime(f"{world.spool.path}/{SENDER}/R{number}", (soon, soon))
        mdq = world.dequeuer(delay_warning=3600.0, resend_period=1.0)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: ("", "down") in world.notes.events)
        await world.until(lambda: len(target.received) == 5)
        mdq.stop()
        await running
        assert len(world.files()) == 5
        due = [facts["id"] for facts in world.named("notice-due")]
        assert len(due) == len(set(due)) == 5
        tried = [facts["id"] for facts in world.named("put-off")]
        assert len(tried) < 5 * 3, "one probe spoke for all"

    play(scenario)


def test_a_warning_that_cannot_be_written_is_due_at_the_next_attempt(
    world: World, hop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(peer: Any) -> None:
        number = world.put(peer.port, arrived=time.time() - 5000)
        mdq = world.dequeuer(delay_warning=3600.0)
        monkeypatch.setattr(mdq.desk.apart._counter, "take", _full)
        await mdq.run(once=True)
        assert world.envelope(f"{SENDER}/R{number}").recipients[0].last_try == 0
        await world.dequeuer(delay_warning=3600.0).run(once=True)
        assert len(notices(peer)) == 1 or any(file[9] == "E" for file in world.files())

    play_hop(hop, SinkPlan(recipients={ANNA: LATER}), scenario)


def test_a_delay_notice_moved_by_hand_delivers_nothing(world: World, hop: Any) -> None:
    async def scenario(peer: Any) -> None:
        world.put(peer.port, arrived=time.time() - 5000, ERR_SERVER="127.0.0.1:1")
        await world.dequeuer(delay_warning=3600.0).run(once=True)
        (notice,) = (file for file in world.files() if file.startswith(f"{RESEND}/E"))
        peer.plan.recipients = {}
        os.rename(f"{world.spool.path}/{notice}", f"{world.spool.path}/{SENDER}/R{notice[-8:]}")
        await world.dequeuer().run(once=True)
        assert all(sender == "" or len(to) == 1 for sender, to, _ in peer.received)
        assert f"{RESEND}/E{notice[-8:]}" in world.files()

    play_hop(hop, SinkPlan(recipients={ANNA: LATER}), scenario)


# the postmaster's copy


def test_a_copy_that_is_put_off_is_sent_later_and_the_sender_hears_once(
    world: World, hop: Any
) -> None:
    async def scenario(peer: Any) -> None:
        number = world.put(peer.port)
        mdq = world.dequeuer(resend_period=1.0)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: len(notices(peer)) == 2 and world.files() == [])
        mdq.stop()
        await running
        assert [to for to, _ in notices(peer)] == [(BILLING,), (POSTMASTER,)]
        assert notices(peer)[0][1] == notices(peer)[1][1], "a copy"
        told = world.named("notice-delivered")
        assert [facts["to"] for facts in told] == [BILLING, POSTMASTER]
        assert world.named("notice-put-off")[0]["to"] == POSTMASTER
        assert number == told[0]["id"]

    play_hop(hop, SinkPlan(recipients={ANNA: NEVER, POSTMASTER: [LATER, "250 ok"]}), scenario)


def test_a_sender_who_is_put_off_costs_the_postmaster_one_copy(world: World, hop: Any) -> None:
    async def scenario(peer: Any) -> None:
        number = world.put(peer.port)
        mdq = world.dequeuer(resend_period=1.0)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: len(notices(peer)) == 1)
        await world.until(lambda: world.envelope(f"{RESEND}/E{number}").state.reason == "copied")
        await world.until(lambda: len(notices(peer)) == 2 and world.files() == [])
        mdq.stop()
        await running
        assert [to for to, _ in notices(peer)] == [(POSTMASTER,), (BILLING,)]

    plan = SinkPlan(recipients={ANNA: NEVER, BILLING: [LATER, LATER, "250 ok"]})
    play_hop(hop, plan, scenario)


def test_a_notice_that_its_sender_refuses_ends_in_the_trash(world: World, hop: Any) -> None:
    async def scenario(peer: Any) -> None:
        number = world.put(peer.port)
        for _ in range(2):
            await world.dequeuer().run(once=True)
        assert [to for to, _ in notices(peer)] == [(POSTMASTER,)]
        assert world.trash() == [f"E{number}"]
        assert "trashed" in world.notes.tracked, "LOG_ERR says so"
        assert peer.connections <= 3

    play_hop(hop, SinkPlan(recipients={ANNA: NEVER, BILLING: NEVER}), scenario)


def test_a_notice_that_may_go_to_nobody_any_more_ends_in_the_trash(world: World, hop: Any) -> None:
    async def scenario(peer: Any) -> None:
        number = world.put(peer.port, ERR_SERVER="127.0.0.1:1")
        await world.dequeuer().run(once=True)
        with lock(world.spool, SpoolName(RESEND, "E", number)) as locked:
            rewrite(locked, splices(locked.envelope(), {"ERRMAIL": "0"})).close()
        await world.dequeuer().run(once=True)
        assert world.trash() == [f"E{number}"]
        assert world.notes.tracked[-1] == "trashed"

    play_hop(hop, SinkPlan(recipients={ANNA: NEVER}), scenario)


# verdicts


async def stopped(world: World, number: str, kind: NoticeKind, text: str, **settings: Any) -> None:
    """Have a verdict of ours written apart, as for a message that goes into quarantine."""
    mdq = world.dequeuer(**settings)
    now = time.time()
    name, place = SpoolName(SENDER, "R", number), destination("192.0.2.1", "25")
    job = take(world.spool, name, place, now, sealed=0, accept_hand_edits=False)
    await mdq.desk.apart.write(job, refused_by_us(job.pending, text, now), now, Notice(kind, text))
    job.close()
    os.unlink(f"{world.spool.path}/{SENDER}/R{number}")
    await mdq.run(once=True)


@pytest.mark.parametrize(
    ("kind", "chapter", "settings", "told", "says"),
    [
        (NoticeKind.INFECTED, {}, {}, (BILLING, POSTMASTER), False),
        (NoticeKind.INFECTED, {}, {"detailed_av": True}, (BILLING, POSTMASTER), True),
        (NoticeKind.INFECTED, {"ERRMAIL": "0"}, {}, (POSTMASTER,), True),
        (NoticeKind.INFECTED, {"sender": ""}, {}, (POSTMASTER,), True),
        (NoticeKind.BLOCKED, {}, {"detailed": True}, (BILLING, POSTMASTER), False),
        (NoticeKind.BLOCKED, {}, {"detailed_av": True}, (BILLING, POSTMASTER), True),
        (NoticeKind.NOT_ALLOWED, {}, {"detailed_rb": True}, (BILLING, POSTMASTER), True),
        (NoticeKind.NOT_ALLOWED, {}, {"detailed_av": True}, (), False),
        (NoticeKind.BLOCKED, {"ERRMAIL": "0"}, {}, (), False),
    ],
)
def test_whom_a_verdict_is_told_and_how_much_of_it(
    world: World, hop: Any, kind: NoticeKind, chapter: Any, settings: Any, told: Any, says: bool
) -> None:
    async def scenario(peer: Any) -> None:
        number = world.put(peer.port, params="RET=FULL", body=b"EICAR\n", **chapter)
        await stopped(world, number, kind, "Eicar-Test-Signature in a.zip", **settings)
        assert tuple(address for to, _ in notices(peer) for address in to) == told
        for _, content in notices(peer):
            assert (b"Eicar-Test-Signature" in content) is says
            assert b"EICAR" not in content, "what was found is never sent on"
        assert world.files() == []
        assert len(world.trash()) == (0 if told else 1)

    play_hop(hop, SinkPlan(), scenario)


def test_a_kind_that_nobody_knows_waits_for_a_person(world: World, hop: Any) -> None:
    async def scenario(peer: Any) -> None:
        world.put(peer.port, SUCCESS, ERR_SERVER="127.0.0.1:1")
        await world.dequeuer().run(once=True)
        (file,) = world.files()
        path = Path(world.spool.path) / file
        path.write_bytes(path.read_bytes().replace(b"NOTICE:\trelayed", b"NOTICE:\thearsay"))
        await world.dequeuer().run(once=True)
        assert world.files() == [file]
        assert any("no kind of notice" in alert for alert in world.notes.alerts)

    play_hop(hop, SinkPlan(extensions=PLAIN), scenario)
