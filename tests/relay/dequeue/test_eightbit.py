"""8-bit content for a host without 8BITMIME: sent, converted, or bounced."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from relay.smtp.reply import Reply
from tests.harness.sink_plan import SinkPlan

World = Any
Play = Any
Target = Any
Hop = Any

BODY = "Grüße aus Köln\n.\n..\n".encode()
OLD = SinkPlan(extensions=("PIPELINING",))


@pytest.mark.parametrize("body", [BODY, BODY * 20_000], ids=["small", "in chunks"])
def test_converted_for_a_host_without_8bitmime_and_the_file_stays(
    world: World, play: Play, hop: Hop, body: bytes
) -> None:
    async def scenario(target: Target) -> None:
        plan = SinkPlan(extensions=("PIPELINING", "SIZE 99999999"), dot=["451 4.3.0 no", "250 ok"])
        async with hop(plan) as old:
            number = world.put(old.port, body=body)
            mdq = world.dequeuer(eightbit="convert")
            await mdq.run(once=True)
            stored = Path(world.spool.path, f"D_resend/R{number}").read_bytes()
            assert stored.endswith(b"\n\n" + body)
            mdq = world.dequeuer(eightbit="convert")
            mdq.kick_ids([number])
            await mdq.run(once=True)
            ((_, _, content),) = old.received
            assert content.isascii()
            made = message_from_bytes(content)
            assert made["Content-Transfer-Encoding"] == "quoted-printable"
            assert made["Received"] == "by gw1", "ours stays on top"
            payload = made.get_payload(decode=True)
            assert payload.replace(b"\r\n", b"\n") == body
            mail = next(line for line in old.commands if line.startswith("MAIL"))
            assert mail == f"MAIL FROM:<billing@example.com> SIZE={len(content)}"
            assert world.named("converted")[0]["parts"] == 1

    play(scenario)


def test_a_broken_signature_is_logged(world: World, play: Play, hop: Hop) -> None:
    async def scenario(target: Target) -> None:
        async with hop(OLD) as old:
            world.put(old.port, body=BODY, modified=b"DKIM-Signature: v=1\nSubject: x\n")
            world.put(old.port, body=BODY)
            await world.dequeuer(eightbit="convert").run(once=True)
            assert len(old.received) == 2
            told = sorted(str(facts["dkim_broken"]) for facts in world.named("converted"))
            assert told == ["None", "True"]

    play(scenario)


def test_a_host_with_8bitmime_gets_it_as_it_is(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        world.put(target.port, body=BODY)
        await world.dequeuer(eightbit="convert").run(once=True)
        assert target.received[0][2].endswith(BODY)
        assert world.named("converted") == []

    play(scenario)


def test_send_is_the_default_and_sends_it_as_it_is(world: World, play: Play, hop: Hop) -> None:
    async def scenario(target: Target) -> None:
        async with hop(OLD) as old:
            world.put(old.port, body=BODY)
            await world.dequeuer().run(once=True)
            ((_, _, content),) = old.received
            assert content.endswith(BODY.replace(b"\n", b"\r\n"))
            assert "MAIL FROM:<billing@example.com>" in old.commands

    play(scenario)


@pytest.mark.parametrize(
    ("how", "modified", "reason"),
    [
        ("bounce", b"Subject: x\n", ""),
        ("convert", b"Content-Transfer-Encoding: base64\n", "called base64"),
    ],
)
def test_what_is_not_to_be_or_cannot_be_converted_bounces(
    world: World, play: Play, hop: Hop, how: str, modified: bytes, reason: str
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(OLD) as old:
            number = world.put(old.port, body=BODY, modified=modified, ERR_SERVER="127.0.0.1:1")
            await world.dequeuer(eightbit=how).run(once=True)
            assert old.received == []
            (recipient,) = world.envelope(f"D_resend/E{number}").recipients
            assert (recipient.mark, recipient.enhanced) == ("F", "5.6.3")
            told = [str(facts["reason"]) for facts in world.named("not-converted")]
            assert [reason in text for text in told] == ([True] if reason else [])

    play(scenario)


def test_another_host_of_the_list_may_take_it_as_it_is(world: World, play: Play, hop: Hop) -> None:
    async def scenario(target: Target) -> None:
        async with hop(OLD) as old:
            dst = f"{{127.0.0.1:{old.port}, 127.0.0.1:{target.port}}}"
            world.put(1, DST=dst, body=BODY)
            await world.dequeuer(eightbit="bounce").run(once=True)
            assert target.received[0][2].endswith(BODY)

    play(scenario)


def test_a_notice_with_8_bit_text_is_converted_too(world: World, play: Play, hop: Hop) -> None:
    async def scenario(target: Target) -> None:
        async with hop(OLD) as old:
            target.plan["mail"] = [Reply(550, "5.1.1", "no")]
            port = f"127.0.0.1:{old.port}"
            world.put(target.port, params="RET=FULL", body=BODY, ERR_SERVER=port)
            for _ in range(2):
                await world.dequeuer(eightbit="convert").run(once=True)
            ((sender, _, content),) = old.received
            assert sender == "" and content.isascii()
            returned = message_from_bytes(content).get_payload()[2].get_payload()[0]
            assert returned.get_payload(decode=True).replace(b"\r\n", b"\n").endswith(BODY)

    play(scenario)
