"""What becomes of one message: each scenario ends with exactly the files expected."""

from __future__ import annotations

import asyncio
import os
import time
from email import message_from_bytes
from typing import Any

import pytest

from relay.smtp.reply import Reply
from spooltool.errors import CannotWrite
from spooltool.spool.codec import splices
from spooltool.spool.names import SpoolName
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock

World = Any
Play = Any
Target = Any


def test_delivered_mail_is_sent_once_whole_and_unlinked(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        body = b".dot\nhello\n..\n" + b"x" * 70 + b"\n"
        body = body * 5000 + b"last line\n"
        world.put(target.port, "anna@example.org", "ben@example.org", body=body)
        small = world.put(target.port)
        await world.dequeuer().run(once=True)
        assert world.files() == []
        assert sorted(r[2] for r in target.received) == sorted(
            [
                b"Received: by gw1\nSubject: invoice\n\n" + body,
                b"Received: by gw1\nSubject: invoice\n\nhello\n",
            ]
        )
        assert ("anna@example.org", "ben@example.org") in [r[1] for r in target.received]
        assert (small, "delivered") in world.notes.events
        assert world.notes.alerts == []

    play(scenario)


def test_a_4xx_moves_to_resend_with_the_reply(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        target.plan["anna@example.org"] = [Reply(451, "4.7.1", "slow down")]
        await world.dequeuer().run(once=True)
        assert world.files() == [f"D_resend/R{number}"]
        envelope = world.envelope(f"D_resend/R{number}")
        (anna,) = envelope.recipients
        assert (anna.mark, anna.code, anna.enhanced, anna.text, anna.attempts) == (
            "P", 451, "4.7.1", "slow down", 1)  # fmt: skip
        assert (envelope.state.reason, envelope.state.attempts) == ("put-off", 1)
        assert envelope.defects == ()

    play(scenario)


def test_partial_results_send_the_rest_only_to_the_rest(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        world.put(target.port, "anna@example.org", "ben@example.org")
        target.plan["ben@example.org"] = [Reply(451, "4.7.1", "slow down")]
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.files() and world.files()[0].startswith("D_resend/"))
        mdq.kick_all()
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert [r[1] for r in target.received] == [("anna@example.org",), ("ben@example.org",)]

    play(scenario)


def test_a_5xx_becomes_an_e_file_whose_notice_goes_to_err_server(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, "anna@example.org")
        target.plan["anna@example.org"] = [Reply(550, "5.1.1", "no such user")]
        mdq = world.dequeuer(detailed=True)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: target.received and world.files() == [])
        mdq.stop()
        await running
        ((sender, recipients, content),) = target.received
        assert (sender, recipients) == ("", ("billing@example.com", "postmaster@example.com"))
        notice = message_from_bytes(content)
        assert notice.get_content_type() == "multipart/report"
        assert notice.get_param("report-type") == "delivery-status"
        status = notice.get_payload()[1].get_payload()  # type: ignore[union-attr,index]
        assert status[1]["Final-Recipient"] == "rfc822; anna@example.org"  # type: ignore[index]
        assert status[1]["Status"] == "5.1.1"  # type: ignore[index]
        assert (number, "notice-due") in world.notes.events
        assert (number, "notice-delivered") in world.notes.events

    play(scenario)


def test_an_unreachable_error_server_delays_the_notice_and_editing_it_mends_that(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, ERR_SERVER="127.0.0.1:1")
        target.plan["anna@example.org"] = [Reply(550, "5.1.1", "no such user")]
        mdq = world.dequeuer()
        running = asyncio.create_task(mdq.run())
        file = f"D_resend/E{number}"
        await world.until(
            lambda: world.files() == [file] and world.envelope(file).state.attempts == 1
        )
        assert target.received == []
        released, busy, absent = await mdq.yield_ids([number], 60)
        assert (released, busy, absent) == ([number], [], [])
        locked = lock(world.spool, SpoolName("D_resend", "E", number))
        edits = splices(locked.envelope(), {"ERR_SERVER": f"127.0.0.1:{target.port}"})
        rewrite(locked, edits).close()
        mdq.done([number])
        mdq.kick_ids([number])
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert len(target.received) == 1

    play(scenario)


def test_a_failure_among_pending_ones_is_notified_apart(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, "anna@example.org", "ben@example.org", "cara@example.org",
                           ERR_SERVER="127.0.0.1:1")  # fmt: skip
        target.plan["ben@example.org"] = [Reply(550, "5.1.1", "no such user")]
        target.plan["cara@example.org"] = [Reply(451, "4.7.1", "slow down")]
        await world.dequeuer().run(once=True)
        (notice, rest) = world.files()
        assert rest == f"D_resend/R{number}"
        assert [r.mark for r in world.envelope(rest).recipients] == ["D", "N", "P"]
        assert notice.startswith("D_resend/E")
        assert [r.address for r in world.envelope(notice).recipients] == ["ben@example.org"]

    play(scenario)


@pytest.mark.parametrize(
    ("sender", "errmail", "params"),
    [("", "1", ""), ("a@b.example", "0", ""), ("a@b.example", "1", " NOTIFY=NEVER")],
)
def test_where_no_notice_may_be_sent_the_trash_keeps_it(
    world: World, play: Play, sender: str, errmail: str, params: str
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, "anna@example.org" + params, sender=sender, ERRMAIL=errmail)
        target.plan["anna@example.org"] = [Reply(550, "5.1.1", "no such user")]
        await world.dequeuer().run(once=True)
        assert world.files() == []
        assert world.trash() == [f"R{number}"]
        assert target.received == []
        assert (number, "trashed") in world.notes.events

    play(scenario)


def test_a_loss_after_the_dot_is_unknown_and_waits_longer(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        target.drop_at_dot = 1
        await world.dequeuer().run(once=True)
        envelope = world.envelope(f"D_resend/R{number}")
        (anna,) = envelope.recipients
        assert anna.mark == "U"
        assert anna.next_try - anna.last_try == 1200
        assert envelope.state.text.startswith("outcome unknown")
        assert (number, "unknown") in world.notes.events

    play(scenario)


def test_a_torn_file_is_never_sent_but_held(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, body=b"x" * 5000)
        os.truncate(f"{world.spool.path}/D_sender/R{number}", 3000)
        await world.dequeuer().run(once=True)
        assert world.files() == [f"D_hold/R{number}"]
        assert target.received == []
        assert any("torn" in alert for alert in world.notes.alerts)

    play(scenario)


@pytest.mark.parametrize("content", [b"", bytes(5000)], ids=["empty", "nul"])
def test_a_name_without_text_that_a_power_cut_left_is_held(
    world: World, play: Play, content: bytes
) -> None:
    async def scenario(target: Target) -> None:
        path = f"{world.spool.path}/D_sender/R00000042"
        with open(path, "wb") as file:
            file.write(content)
        await world.dequeuer().run(once=True)
        assert world.files() == ["D_hold/R00000042"]
        assert any("torn" in alert for alert in world.notes.alerts)

    play(scenario)


def test_edited_content_waits_for_a_person(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, body=b"pay 100 to anna\n")
        path = f"{world.spool.path}/D_sender/R{number}"
        with open(path, "r+b") as file:
            file.seek(-16, os.SEEK_END)
            file.write(b"pay 999 to anna\n")
        await world.dequeuer().run(once=True)
        assert target.received == []
        assert world.envelope(f"D_sender/R{number}").state.reason == "edited"
        await world.dequeuer(accept_hand_edits=True).run(once=True)
        assert len(target.received) == 1

    play(scenario)


def test_a_hand_edit_of_dst_needs_no_seal(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(1)
        path = f"{world.spool.path}/D_sender/R{number}"
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(data.replace(b"DPORT:\t1\n", b"DPORT:\t%d\n" % target.port))
        await world.dequeuer().run(once=True)
        assert len(target.received) == 1
        assert world.files() == []

    play(scenario)


def test_a_bare_cr_never_reaches_a_socket(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, body=b"one\r.\rMAIL FROM:<evil@example.com>\n")
        await world.dequeuer().run(once=True)
        assert target.received == []
        assert world.files() == [f"D_hold/R{number}"]

    play(scenario)


def test_a_file_without_an_envelope_is_refused_and_stays(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        path = f"{world.spool.path}/D_resend/R00000195"
        with open(path, "wb") as file:
            file.write(
                b"DST:\t127.0.0.1\nDPORT:\t%d\n\nSubject: x\n\nSubject: x\n\nhi\n" % target.port
            )
        before = os.stat(path)
        await world.dequeuer().run(once=True)
        assert target.received == []
        after = os.stat(path)
        assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
        assert any("sender or recipients" in alert for alert in world.notes.alerts)

    play(scenario)


def test_a_file_typed_by_hand_is_delivered_and_keeps_its_results(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        path = f"{world.spool.path}/D_resend/R00000195"
        with open(path, "wb") as file:
            file.write(
                b"AV_SETTING:\tnone\nRESOURCE:\tnone\nDST:\t127.0.0.1\nDPORT:\t%d\nFROM:\t<a@example.com>\n"
                b"RCPT:\t<anna@example.org>\nRCPT:\t<ben@example.org>\n\n"
                b"Subject: x\n\nSubject: y\n\nhi\n" % target.port
            )
        target.plan["ben@example.org"] = [Reply(451, "4.7.1", "slow down")]
        await world.dequeuer().run(once=True)
        assert [r[1:] for r in target.received] == [(("anna@example.org",), b"Subject: y\n\nhi\n")]
        envelope = world.envelope("D_resend/R00000195")
        assert [r.mark for r in envelope.recipients] == ["D", "P"]
        assert envelope.state.reason == "put-off"

    play(scenario)


def test_a_line_with_blanks_stripped_keeps_its_result_beside_a_good_state(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, "anna@example.org", "ben@example.org")
        path = f"{world.spool.path}/D_sender/R{number}"
        with open(path, "rb") as file:
            data = file.read()
        lines = [
            b"RCPT:\t<anna@example.org>" if b"<anna@" in line else line
            for line in data.split(b"\n")
        ]
        with open(path, "wb") as file:
            file.write(b"\n".join(lines))
        target.plan["ben@example.org"] = [Reply(451, "4.7.1", "slow down")]
        await world.dequeuer().run(once=True)
        envelope = world.envelope(f"D_resend/R{number}")
        assert [r.mark for r in envelope.recipients] == ["D", "P"]
        assert [r.fixed for r in envelope.recipients] == [True, True]
        assert envelope.state.delivered == 1

    play(scenario)


def test_expiry_needs_a_failed_attempt(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        old = time.time() - 500_000
        good = world.put(target.port, arrived=old)
        bad = world.put(1, arrived=old, ERR_SERVER="127.0.0.1:1")
        await world.dequeuer().run(once=True)
        assert (good, "delivered") in world.notes.events
        assert world.files() == [f"D_resend/E{bad}"]

    play(scenario)


def test_a_full_disk_at_the_notice_delays_the_rest_and_sends_nobody_twice(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, "anna@example.org", "ben@example.org", "cara@example.org")
        target.plan["ben@example.org"] = [Reply(550, "5.1.1", "no such user")] * 2
        target.plan["cara@example.org"] = [Reply(451, "4.7.1", "slow down")]
        mdq = world.dequeuer()
        real = mdq.desk.apart._counter.take
        monkeypatch.setattr(mdq.desk.apart._counter, "take", _full)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: any("No space" in alert for alert in world.notes.alerts))
        marks = [r.mark for r in world.envelope(f"D_sender/R{number}").recipients]
        assert marks == ["D", "P", "P"]
        await world.until(lambda: mdq.schedule.active == 0)
        assert number in mdq.schedule, "the rest waits for its next try"
        monkeypatch.setattr(mdq.desk.apart._counter, "take", real)
        mdq.kick_ids([number])
        await world.until(lambda: world.files() == [])
        mdq.stop()
        await running
        assert [r[1] for r in target.received if r[0]] == [
            ("anna@example.org",),
            ("cara@example.org",),
        ]
        assert len([r for r in target.received if not r[0]]) == 1

    play(scenario)


def _full() -> str:
    raise CannotWrite("counter: No space left on device")
