"""The notice that an E file owes: the same at each attempt, and as much of the mail as asked."""

from __future__ import annotations

import time
from dataclasses import replace
from email import message_from_bytes
from typing import Any

import pytest

from relay.smtp.reply import Reply
from spooltool.spool.names import HOLD, RESEND, SpoolName
from spooltool.spool.state import set_aside, taken_back
from spooltool.store.edit import write_state
from spooltool.store.lock import lock
from spooltool.store.move import move

World = Any
Play = Any
Target = Any

NO = Reply(550, "5.1.1", "no such user")
LATER = Reply(451, "4.3.0", "later")


def file_of(world: World, letter: str) -> str:
    (file,) = [file for file in world.files() if file.startswith(f"D_resend/{letter}")]
    return str(file)


def test_it_has_the_same_message_id_and_date_after_time_in_d_hold(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, ERR_SERVER=f"127.0.0.1:{target.port}")
        target.plan["mail"] = [NO]
        target.plan["dot"] = [LATER]
        for _ in range(2):
            await world.dequeuer().run(once=True)
        name = SpoolName(RESEND, "E", number)
        sent = []
        for _ in range(2):
            mdq = world.dequeuer()
            job = mdq.desk.take(_place(mdq, number, world), number)
            _, content = mdq.desk.mail(job)
            sent.append(content.wire)
            mdq.desk.given_up(number, 1.0, job)
            with lock(world.spool, name) as locked:
                held = set_aside(locked.envelope().state, time.time() - 5000)
                write_state(locked, locked.envelope(), held)
                move(locked, SpoolName(HOLD, "E", number))
            with lock(world.spool, SpoolName(HOLD, "E", number)) as locked:
                write_state(locked, locked.envelope(), taken_back(held, time.time()))
                move(locked, name)
            await mdq.desk.close()
        assert sent[0] == sent[1]
        assert message_from_bytes(sent[0])["Message-ID"].startswith(f"<notice.{number}.")

    play(scenario)


def _place(mdq: Any, number: str, world: World) -> Any:
    """Have a dequeuer read one E file; where its notice goes."""
    mdq.kick_ids([number])
    mdq.schedule.start(time.time())
    return mdq.roster.known[number].destination


@pytest.mark.parametrize(
    ("params", "whole"), [("", False), ("RET=HDRS", False), ("RET=FULL", True)]
)
def test_an_e_file_of_some_recipients_holds_headers_unless_all_is_asked_for(
    world: World, play: Play, params: str, whole: bool
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, "anna@example.org", "ben@example.org",
                           params=params, body=b"secret\n", ERR_SERVER="127.0.0.1:1")  # fmt: skip
        target.plan["anna@example.org"] = [NO]
        target.plan["ben@example.org"] = [LATER]
        await world.dequeuer().run(once=True)
        notice = file_of(world, "E")
        assert notice[-8:] != number, "a number of its own"
        with open(f"{world.spool.path}/{notice}", "rb") as file:
            data = file.read()
        assert (b"secret\n" in data) is whole
        assert data.count(b"Subject: invoice\n") == 2
        assert world.envelope(notice).state.failed == 1
        assert [r.mark for r in world.envelope(f"D_resend/R{number}").recipients] == ["N", "P"]

    play(scenario)


def test_a_notice_whose_answer_was_lost_waits_twice_as_long_each_time(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, ERR_SERVER=f"127.0.0.1:{target.port}")
        target.plan["mail"] = [NO]
        await world.dequeuer().run(once=True)
        waits = []
        for _ in range(3):
            target.drop_at_dot = 1
            mdq = world.dequeuer()
            mdq.kick_ids([number])
            await mdq.run(once=True)
            state = world.envelope(f"D_resend/E{number}").state
            assert state.text.startswith("outcome unknown")
            waits.append(state.next_try - state.last_try)
        assert waits == [1200, 2400, 4800]
        assert (number, "notice-unknown") in world.notes.events

    play(scenario)


def test_a_bad_state_is_due_now(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        target.plan["mail"] = [LATER]
        await world.dequeuer().run(once=True)
        path = f"{world.spool.path}/D_resend/R{number}"
        with lock(world.spool, SpoolName(RESEND, "R", number)) as locked:
            line = locked.envelope().line("STATE")
        with open(path, "r+b") as file:
            file.seek(line.value_start + 12)
            file.write(b"9")
        assert world.envelope(f"D_resend/R{number}").state is None
        await world.dequeuer().run(once=True)
        assert len(target.received) == 1

    play(scenario)


def test_a_state_that_was_stripped_is_written_by_a_new_version(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        path = f"{world.spool.path}/D_sender/R{number}"
        with lock(world.spool, SpoolName("D_sender", "R", number)) as locked:
            envelope = locked.envelope()
            write_state(locked, envelope, replace(envelope.state, host="h"))
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(data.replace(b"h" + b" " * 39, b"h"))
        target.plan["mail"] = [LATER]
        await world.dequeuer().run(once=True)
        assert world.envelope(f"D_resend/R{number}").state.reason == "put-off"

    play(scenario)
