"""What tracker.log is told of each end, as LOG_OK, LOG_BAD, LOG_ERR and ACCT ask for it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from relay.dequeue.attempt import take
from relay.dequeue.destination import destination
from relay.dequeue.telling import Telling
from relay.smtp.reply import Reply
from spooltool.spool.names import SpoolName
from tests.relay.dequeue.test_original_addresses import put_rewritten

World = Any
Play = Any
Target = Any
Hop = Any


def _records(world: World, action: str) -> list[dict[str, Any]]:
    return [record for record in world.notes.records if record["action"] == action]


def _closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize("how", ["MDQ_LOG", "MDQ_ALERT", ""])
def test_each_end_is_recorded_as_its_key_says(world: World, play: Play, how: str) -> None:
    async def scenario(target: Target) -> None:
        keys = {"LOG_OK": how, "LOG_BAD": how, "LOG_ERR": how, "ERRMAIL": "1"}
        target.plan["later@example.org"] = [Reply(451, "4.2.0", "later")]
        target.plan["gone@example.org"] = [Reply(550, "5.1.1", "gone")]
        world.put(target.port, "anna@example.org", "later@example.org", "gone@example.org", **keys)
        target.plan["none@example.org"] = [Reply(550, "5.1.1", "none")]
        world.put(target.port, "none@example.org", **keys | {"ERRMAIL": "0"})
        await world.dequeuer().run(once=True)
        actions = ["delivered", "put-off", "rejected", "notice-due", "rejected", "trashed"]
        told = sorted(actions) if how else []
        recorded = [record for record in world.notes.records if record["action"] in actions]
        assert sorted(record["action"] for record in recorded) == told
        alerts = sorted(alert.partition(":")[0] for alert in world.notes.alerts)
        assert alerts == (told if how == "MDQ_ALERT" else [])

    play(scenario)


def test_a_notice_apart_is_recorded_with_its_recipients(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        target.plan["later@example.org"] = [Reply(451, "4.2.0", "later")]
        target.plan["gone@example.org"] = [Reply(550, "5.1.1", "no such user")]
        world.put(target.port, "later@example.org", "gone@example.org", LOG_ERR="MDQ_LOG")
        await world.dequeuer().run(once=True)
        (record,) = _records(world, "notice-due")
        assert (record["to"], record["reason"]) == ("gone@example.org", "no such user")

    play(scenario)


def test_an_unreachable_server_is_a_failed_connection_to_the_final_mta(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        port = _closed_port()
        for _ in range(2):  # the first probes, and speaks for the second
            world.put(port, "anna@example.org")
        await world.dequeuer().run(once=True)
        records = _records(world, "put-off")
        assert len(records) == 2
        for record in records:
            assert record["reason"].startswith("Connection to Final MTA failed: connect 127.0.0.1:")
        assert all("Final MTA" not in str(fact.get("reply")) for fact in world.notes.facts)

    play(scenario)


@pytest.mark.parametrize("stage", ["connect", "mail", "anna@example.org", "dot"])
def test_a_server_that_answered_is_no_failed_connection(
    world: World, play: Play, stage: str
) -> None:
    async def scenario(target: Target) -> None:
        target.plan[stage] = [Reply(451, "4.3.0", "not now")] * 9
        world.put(target.port, "anna@example.org")
        await world.dequeuer().run(once=True)
        (record,) = _records(world, "put-off")
        assert "not now" in record["reason"] and "Final MTA" not in record["reason"]

    play(scenario)


def test_rewritten_addresses_are_told_as_sent_and_as_received(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        put_rewritten(world, target.port)
        await world.dequeuer().run(once=True)
        (record,) = _records(world, "delivered")
        names = ("sender", "Orig_from", "to", "Orig_to")
        assert [record[name] for name in names] == [
            "new-jo@example.net", "jo@example.com", "new-anna@example.net", "anna@example.org"
        ]  # fmt: skip
        world.put(target.port)
        await world.dequeuer().run(once=True)
        assert _records(world, "delivered")[1]["Orig_to"] == ""

    play(scenario)


@pytest.mark.parametrize("acct", ["0", "1"])
def test_accounting_tells_octets_and_seconds_of_a_delivery(
    world: World, play: Play, acct: str
) -> None:
    async def scenario(target: Target) -> None:
        target.plan["later@example.org"] = [Reply(451, "4.2.0", "later")]
        keys = {"ACCT": acct, "LOG_OK": ""}
        world.put(target.port, "a@example.org", "later@example.org", "b@example.org", **keys)
        await world.dequeuer().run(once=True)
        records = _records(world, "account")
        assert len(records) == int(acct)
        for record in records:
            ((_, _, content),) = target.received
            assert (record["to"], record["count"]) == ("a@example.org,b@example.org", 2)
            assert record["size"] == len(content)
            assert 0 <= float(record["elapsed"]) < 30

    play(scenario)


@pytest.mark.parametrize(
    ("track", "records", "alerts"), [("none", 0, 0), ("log", 1, 0), ("alert", 1, 1)]
)
def test_an_exception_is_tracked_as_the_resource_says(
    world: World, track: str, records: int, alerts: int
) -> None:
    number = world.put(25, RESOURCE="smtp_in 5c1f0d7be4a9")
    name = SpoolName("D_sender", "R", number)
    place = destination("127.0.0.1", "25")
    job = take(world.spool, name, place, 0.0, sealed=0, accept_hand_edits=False)
    Telling(world.notes).exception(job, track, "stripped", "invoice.exe")
    job.close()
    (fact,) = world.named("exception")
    assert (fact["action"], fact["reason"]) == ("stripped", "invoice.exe")
    assert len(_records(world, "exception")) == records
    assert all(one["Res_action"] == "stripped" for one in _records(world, "exception"))
    assert len(world.notes.alerts) == alerts
