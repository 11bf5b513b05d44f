"""Content is judged between RCPT and DATA; only what was judged fit reaches a socket."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from relay.dequeue.text import Text
from relay.smtp.reply import Reply
from spooltool.spool.codec import splices
from spooltool.spool.judged import parse_judged
from spooltool.spool.names import SpoolName
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock
from spooltool.store.move import move
from tests.harness.fake_clamd import FakeClamd
from tests.harness.sink_plan import SinkPlan
from tests.relay.dequeue.judged import CLEAN, CUT, HEAD, put, resource, with_file

World = Any
Play = Any
Target = Any
Hop = Any

STRIPS = resource(strip_file_by_name="*.exe")


def contents(target: Target) -> list[bytes]:
    return [content for sender, _, content in target.received if sender]


def notices(target: Target) -> list[tuple[tuple[str, ...], bytes]]:
    return [(to, content) for sender, to, content in target.received if not sender]


def verdict(world: World, file: str) -> Any:
    return parse_judged(world.envelope(file).line("VERDICT").raw)


def test_what_passes_goes_as_it_is(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        put(world, target.port, CLEAN)
        await world.dequeuer(resources=STRIPS).run(once=True)
        assert contents(target) == [b"Received: by gw1\n" + HEAD + b"\n" + CLEAN]
        assert world.files() == []

    play(scenario)


def test_what_is_stripped_goes_without_it_and_the_log_says_so(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        put(world, target.port, with_file("a.exe", b"MZ evil"))
        found = resource(strip_file_by_name="*.exe", exception_track="alert")
        await world.dequeuer(resources=found).run(once=True)
        (content,) = contents(target)
        assert b"TVog" not in content and b"Rule:     strip_file_by_name (a.exe)" in content
        (told,) = world.named("exception")
        assert (told["resource"], told["action"]) == ("inbound", "stripped")
        assert 'part 1.2 application/octet-stream "a.exe"' in told["reason"]
        assert "exception" in world.notes.tracked
        assert any("a.exe" in alert for alert in world.notes.alerts)

    play(scenario)


def test_it_is_judged_after_rcpt_and_before_data(world: World, play: Play, hop: Hop) -> None:
    """Nobody works on mail that is not taken; and no DATA is promised before the verdict."""

    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd, hop() as peer:
            heard: list[tuple[str, int]] = []
            peer.heard = lambda line: heard.append((line.split(" ")[0], len(clamd.seen)))
            put(world, peer.port, CLEAN, scanner=clamd.port)
            await world.dequeuer(resources=resource(), scanners=(clamd.table,)).run(once=True)
            assert ("RCPT", 0) in heard and ("DATA", 1) in heard
            assert len(peer.received) == 1

    play(scenario)


def test_it_is_not_judged_for_a_peer_that_takes_nobody(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd:
            put(world, target.port, CLEAN, scanner=clamd.port)
            target.plan["anna@example.org"] = [Reply(451, "4.7.1", "later")]
            mdq = world.dequeuer(resources=resource(), scanners=(clamd.table,))
            await mdq.run(once=True)
            assert clamd.seen == [] and contents(target) == []

    play(scenario)


def test_what_is_blocked_is_quarantined_and_its_sender_told_with_headers_alone(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        number = put(world, target.port, CUT)
        for _ in range(2):
            await world.dequeuer(resources=STRIPS, detailed_av=True).run(once=True)
        assert contents(target) == []
        file = f"D_quarantine/R{number}"
        assert world.files() == [file]
        state = world.envelope(file).state
        assert state.reason == "structure" and state.held
        assert state.text.startswith("resource inbound: part 1 can be read in two ways")
        assert world.envelope(file).recipients[0].pending
        ((to, notice),) = notices(target)
        assert to == ("billing@example.com", "postmaster@example.com")
        assert b"it holds\nsomething that this gateway does not let through" in notice
        assert b"hello" not in notice

    play(scenario)


@pytest.mark.parametrize(("errmail", "told"), [("0", 0), ("1", 1)])
def test_the_sender_is_told_only_where_errmail_says_so(
    world: World, play: Play, errmail: str, told: int
) -> None:
    async def scenario(target: Target) -> None:
        put(world, target.port, CUT, ERRMAIL=errmail)
        for _ in range(2):
            await world.dequeuer(resources=STRIPS).run(once=True)
        assert len(notices(target)) == told

    play(scenario)


def test_a_virus_is_told_to_the_postmaster_in_any_case(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd:
            body = with_file("a.doc", b"VIRUS")
            number = put(world, target.port, body, scanner=clamd.port, ERRMAIL="0")
            for _ in range(2):
                mdq = world.dequeuer(resources=resource(), scanners=(clamd.table,))
                await mdq.run(once=True)
            file = f"D_quarantine/R{number}"
            assert world.envelope(file).state.text == "resource inbound: infected: Fake.Virus"
            assert world.envelope(file).state.reason == "antivirus"
            ((to, notice),) = notices(target)
            assert to == ("postmaster@example.com",)
            assert b"Fake.Virus" in notice and b"VklSVV" not in notice

    play(scenario)


def test_what_the_scanner_sees_is_the_filtered_form(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd:
            put(world, target.port, with_file("a.exe", b"MZ evil"), scanner=clamd.port)
            await world.dequeuer(resources=STRIPS, scanners=(clamd.table,)).run(once=True)
            (seen,) = clamd.seen
            assert b"strip_file_by_name" in seen and b"TVog" not in seen
            assert b"Received:" not in seen, "AV_HEADERS 0: the mail's own header stays here"
            assert seen.startswith(b"MIME-Version: 1.0\nContent-Type: multipart/mixed")
            put(world, target.port, CLEAN, scanner=clamd.port, AV_HEADERS="1")
            await world.dequeuer(resources=STRIPS, scanners=(clamd.table,)).run(once=True)
            assert clamd.seen[1] == contents(target)[1]

    play(scenario)


def test_cure_replaces_the_infected_part_and_scans_again(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd:
            body = with_file("a.doc", b"VIRUS")
            put(world, target.port, body, scanner=clamd.port, AV_SETTING="cure")
            await world.dequeuer(resources=resource(), scanners=(clamd.table,)).run(once=True)
            (content,) = contents(target)
            assert b"antivirus (Fake.Virus)" in content and b"VklSVV" not in content
            assert [len(clamd.seen), clamd.seen[2]] == [4, b"VIRUS"]
            (told,) = world.named("exception")
            assert told["action"] == "cured"

    play(scenario)


def test_cure_of_what_no_part_has_is_quarantine(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd:
            body = b"VIRUS in the preamble\n" + CLEAN
            number = put(world, target.port, body, scanner=clamd.port, AV_SETTING="cure")
            await world.dequeuer(resources=resource(), scanners=(clamd.table,)).run(once=True)
            assert f"D_quarantine/R{number}" in world.files()
            assert contents(target) == []

    play(scenario)


def test_a_resource_that_forbids_changes_makes_cure_check(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd:
            body = with_file("a.doc", b"-").replace(b"hello", b"VIRUS")
            number = put(world, target.port, body, scanner=clamd.port, AV_SETTING="cure")
            found = resource(allowed_to_modify_content=False)
            await world.dequeuer(resources=found, scanners=(clamd.table,)).run(once=True)
            assert f"D_quarantine/R{number}" in world.files()

    play(scenario)


def test_a_scanner_that_is_down_is_asked_once_and_its_mail_waits(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd:
            table = clamd.table
        for _ in range(4):
            put(world, target.port, CLEAN, scanner=table.address.port)
        plain = world.put(target.port)
        limits = replace(world.dequeuer().settings.limits, max_conns=1)
        mdq = world.dequeuer(resources=resource(), scanners=(table,), limits=limits)
        await mdq.run(once=True)
        assert (plain, "delivered") in world.notes.events and len(target.received) == 1
        assert [one.partition("/")[0] for one in world.files()] == ["D_resend"] * 4
        assert len(world.named("scanner-down")) == 1
        states = [world.envelope(file).state for file in world.files()]
        assert {state.reason for state in states} == {"scanner"}
        assert all("Connect" in state.text and "fake (clamd at" in state.text for state in states)
        async with FakeClamd(port=table.address.port) as clamd:
            mdq = world.dequeuer(resources=resource(), scanners=(table,))
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: len(mdq.roster.known) == 4)
            mdq.kick_all()
            await world.until(lambda: not world.files())
            mdq.stop()
            await running
            assert len(clamd.seen) == 4

    play(scenario)


def test_one_message_on_which_the_scanner_fails_does_not_make_it_down(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd(lambda content: "" if b"odd" in content else "OK") as clamd:
            odd = put(world, target.port, CLEAN.replace(b"hello", b"odd"), scanner=clamd.port)
            mdq = world.dequeuer(resources=resource(), scanners=(clamd.table,), scan_period=0.05)
            running = asyncio.create_task(mdq.run())
            await world.until(lambda: world.named("scanner-up"))
            put(world, target.port, CLEAN, scanner=clamd.port)
            await world.until(lambda: contents(target))
            mdq.stop()
            await running
            assert world.files() == [f"D_resend/R{odd}"]

    play(scenario)


def test_a_verdict_is_kept_and_spares_the_second_judgement(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd:
            number = put(world, target.port, CLEAN, scanner=clamd.port)
            target.plan["dot"] = [Reply(451, "4.3.0", "later")]
            await world.dequeuer(resources=resource(), scanners=(clamd.table,)).run(once=True)
            file = f"D_resend/R{number}"
            assert verdict(world, file).word == "pass"
            await again(world, clamd, file)
            assert len(clamd.seen) == 1 and len(contents(target)) == 1

    play(scenario)


def test_a_kept_verdict_of_what_was_changed_spares_the_scanner_alone(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd:
            number = put(world, target.port, with_file("a.exe", b"MZ"), scanner=clamd.port)
            target.plan["dot"] = [Reply(451, "4.3.0", "later")]
            mdq = world.dequeuer(resources=STRIPS, scanners=(clamd.table,))
            await mdq.run(once=True)
            file = f"D_resend/R{number}"
            assert verdict(world, file).word == "changed"
            await again(world, clamd, file, resources=STRIPS)
            assert len(clamd.seen) == 1
            assert b"strip_file_by_name" in contents(target)[0]

    play(scenario)


@pytest.mark.parametrize("what", ["resource", "scanner key", "age"])
def test_a_verdict_is_void_once_what_it_depends_on_has_changed(
    world: World, play: Play, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        async with FakeClamd() as clamd:
            number = put(world, target.port, CLEAN, scanner=clamd.port)
            target.plan["dot"] = [Reply(451, "4.3.0", "later")]
            await world.dequeuer(resources=resource(), scanners=(clamd.table,)).run(once=True)
            file, found = f"D_resend/R{number}", resource()
            if what == "resource":
                found = resource(strip_ftp_links=True)
            elif what == "scanner key":
                locked = lock(world.spool, SpoolName("D_resend", "R", number))
                rewrite(locked, splices(locked.envelope(), {"AV_HEADERS": "1"})).close()
            else:
                monkeypatch.setattr("relay.dequeue.judging.FRESH", 0)
            await again(world, clamd, file, resources=found)
            assert len(clamd.seen) == 2 and len(contents(target)) == 1

    play(scenario)


async def again(world: World, clamd: FakeClamd, file: str, **settings: Any) -> None:
    """Try what waits once more, at once."""
    settings = {"resources": resource(), **settings}
    mdq = world.dequeuer(scanners=(clamd.table,), **settings)
    running = asyncio.create_task(mdq.run())
    await world.until(lambda: mdq.roster.known)
    mdq.kick_all()
    await world.until(lambda: not world.files())
    mdq.stop()
    await running


def test_what_changed_between_verdict_and_sending_is_not_sent(
    world: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(target: Target) -> None:
        number = put(world, target.port, CLEAN + b"x" * 600_000)
        kept = Text.content

        def meddled(self: Text) -> Any:
            path = f"{world.spool.path}/D_sender/R{number}"
            with open(path, "r+b") as file:
                file.seek(-5, 2)
                file.write(b"!")
            return kept(self)

        monkeypatch.setattr(Text, "content", meddled)
        await world.dequeuer(resources=STRIPS).run(once=True)
        assert target.received == []
        file = f"D_resend/R{number}"
        assert world.envelope(file).state.text == "the content is not what was judged"
        assert verdict(world, file) is None

    play(scenario)


def test_a_message_that_kills_its_worker_is_held_and_the_rest_flows(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        bad = put(world, target.port, CLEAN.replace(b"hello", b"die now"))
        good = [put(world, target.port, CLEAN) for _ in range(3)]
        settings = {
            "resources": STRIPS,
            "content_filter": "tests.harness.content_filters:Mortal",
            "resend_period": 0.1,
            "scan_period": 0.05,
        }
        mdq = world.dequeuer(**settings)
        running = asyncio.create_task(mdq.run())
        await world.until(lambda: world.files() == [f"D_hold/R{bad}"])
        mdq.stop()
        await running
        assert {number for number, event in world.notes.events if event == "delivered"} == {*good}
        assert len([event for _, event in world.notes.events if event == "put-off"]) == 3
        assert any(bad_end in alert for alert in world.notes.alerts for bad_end in ["3 times"])

    play(scenario)


def test_a_full_quarantine_makes_new_offenders_wait(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        first = put(world, target.port, CUT)
        size = world.envelope(f"D_sender/R{first}").size
        await world.dequeuer(resources=STRIPS, quarantine_limit=size + 100).run(once=True)
        second = put(world, target.port, CUT)
        await world.dequeuer(resources=STRIPS, quarantine_limit=size + 100).run(once=True)
        assert [f"D_quarantine/R{first}", f"D_resend/R{second}"] == [
            file for file in world.files() if "/R" in file
        ]
        assert any("quarantine_limit" in alert for alert in world.notes.alerts)

    play(scenario)


def test_a_release_waives_its_check_alone(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = put(world, target.port, with_file("a.exe", b"MZ")[: -len("--abc--\n")])
        await world.dequeuer(resources=STRIPS).run(once=True)
        name = SpoolName("D_quarantine", "R", number)
        locked = lock(world.spool, name)
        values = {"PASS": "structure anna@gw 2026-11-26T10:00:00Z"}
        locked = rewrite(locked, splices(locked.envelope(), values))
        move(locked, SpoolName("D_sender", "R", number))
        locked.close()
        await world.dequeuer(resources=STRIPS).run(once=True)
        (content,) = contents(target)
        assert b"strip_file_by_name" in content, "what is stripped is stripped all the same"

    play(scenario)


@pytest.mark.parametrize("ehlo", [("SIZE 1000000",), ("SIZE 1000000", "PIPELINING")])
def test_what_was_judged_is_converted_for_a_host_without_8bitmime(
    world: World, play: Play, hop: Hop, ehlo: tuple[str, ...]
) -> None:
    async def scenario(target: Target) -> None:
        async with hop(SinkPlan(extensions=ehlo)) as peer:
            put(world, peer.port, with_file("a.exe", b"MZ").replace(b"hello", b"caf\xc3\xa9"))
            await world.dequeuer(resources=STRIPS, eightbit="convert").run(once=True)
            ((_, _, content),) = peer.received
            assert b"caf=C3=A9" in content and b"strip_file_by_name" in content
            assert not any("8BITMIME" in line for line in peer.commands)

    play(scenario)
