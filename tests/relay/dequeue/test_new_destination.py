"""Mail and error mail that is matched against the rules again before it goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relay.config import Config, load
from relay.policy.rulebase import rulebase_of
from spooltool.spool.codec import splices
from spooltool.spool.names import SpoolName
from spooltool.store.edit import rewrite
from spooltool.store.lock import lock
from spooltool.store.move import move

World = Any
Play = Any
Target = Any

# World.put has 192.0.2.7 as SRC, and its servers listen on 127.0.0.1.
RULES = """\
default_server = "10.1.5.9"
[[rule]]
source = "192.0.2.7"
destination = {destination}
resource = "ours"
action = "accept"
[resource.ours]
match.recipient = "*@example.org"
match.sender = "{sender}"
[resource.checked]
check_rulebase_with_new_destination = {mail}
error_check_rulebase_with_new_destination = {errors}
notify_sender_on_error = true
"""


def checked(
    destination: str = '"127.0.0.1"', mail: bool = True, errors: bool = False, sender: str = "*"
) -> dict[str, object]:
    """Settings of a dequeuer with these rules."""
    words = {True: "true", False: "false"}
    found = load(
        RULES.format(destination=destination, mail=words[mail], errors=words[errors], sender=sender)
    )
    assert isinstance(found, Config), found
    return {
        "rules": rulebase_of(found),
        "resources": {resource.name: resource for resource in found.resources},
    }


def named_checked(world: World, number: str, directory: str = "D_sender") -> None:
    letter = "R" if directory == "D_sender" else "E"
    locked = lock(world.spool, SpoolName(directory, letter, number))
    rewrite(locked, splices(locked.envelope(), {"RESOURCE": "checked"})).close()


def test_each_recipient_goes_only_where_a_rule_lets_it(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, "anna@example.org", "eva@example.com")
        named_checked(world, number)
        await world.dequeuer(**checked(), detailed=True).run(once=True)
        sent = [to for sender, to, _ in target.received if sender]
        assert sent == [("anna@example.org",)]
        await world.dequeuer(**checked(), detailed=True).run(once=True)
        notices = [content for sender, _, content in target.received if not sender]
        assert len(notices) == 1
        assert b"eva@example.com" in notices[0]
        assert b"5.7.1" in notices[0]
        assert world.files() == []

    play(scenario)


@pytest.mark.parametrize(
    ("destination", "mail", "delivered"),
    [
        ('"127.0.0.1"', True, True),
        ('"10.0.0.0/8"', True, False),
        ('"10.0.0.0/8"', False, True),
        ('"!127.0.0.1"', True, False),
    ],
)
def test_the_address_that_was_reached_counts(
    world: World, play: Play, destination: str, mail: bool, delivered: bool
) -> None:
    async def scenario(target: Target) -> None:
        named_checked(world, world.put(target.port))
        await world.dequeuer(**checked(destination, mail)).run(once=True)
        assert bool([1 for sender, _, _ in target.received if sender]) is delivered

    play(scenario)


def test_addresses_count_as_they_were_received(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port, "anna@inside.example", sender="b@inside.example")
        file = Path(world.spool.path, f"D_sender/R{number}")
        text = file.read_bytes()
        for now, before in (
            (b"<anna@inside.example>", b"<anna@example.org>"),
            (b"<b@inside.example>", b"<b@smtp.example.com>"),
        ):
            assert text.count(now) == 1
            text = text.replace(now, now + b" ORIG=" + before)
        file.write_bytes(text)
        named_checked(world, number)
        settings = checked(sender="*@smtp.example.com")
        await world.dequeuer(**settings).run(once=True)
        assert [to for _, to, _ in target.received] == [("anna@inside.example",)]

    play(scenario)


@pytest.mark.parametrize(("errors", "sent"), [(False, True), (True, False)])
def test_error_mail_is_asked_for_apart(world: World, play: Play, errors: bool, sent: bool) -> None:
    async def scenario(target: Target) -> None:
        named_checked(world, world.put(target.port, "eva@example.com"))
        for _ in range(2):
            await world.dequeuer(**checked(errors=errors), detailed_rb=True).run(once=True)
        assert bool([1 for sender, _, _ in target.received if not sender]) is sent
        (left,) = world.files()
        assert left.startswith("D_quarantine/R")
        assert bool(world.trash()) is not sent, "what may not go is kept in the trash"

    play(scenario)


def test_what_may_go_to_nobody_is_quarantined_and_a_release_waives_the_rules(
    world: World, play: Play
) -> None:
    async def scenario(target: Target) -> None:
        number = world.put(target.port)
        named_checked(world, number)
        await world.dequeuer(**checked('"10.0.0.0/8"')).run(once=True)
        assert target.received == [], "nor is anybody told without detailed_rb_err_mail"
        file = f"D_quarantine/R{number}"
        assert world.files() == [file]
        assert world.envelope(file).state.reason == "rule-base"
        locked = lock(world.spool, SpoolName("D_quarantine", "R", number))
        values = {"PASS": "rule_base anna@gw 2026-11-26T10:00:00Z"}
        locked = rewrite(locked, splices(locked.envelope(), values))
        move(locked, SpoolName("D_sender", "R", number))
        locked.close()
        await world.dequeuer(**checked('"10.0.0.0/8"')).run(once=True)
        assert len(target.received) == 1

    play(scenario)


def test_without_rules_there_is_nothing_to_ask(world: World, play: Play) -> None:
    async def scenario(target: Target) -> None:
        named_checked(world, world.put(target.port))
        settings = checked('"10.0.0.0/8"') | {"rules": None}
        await world.dequeuer(**settings).run(once=True)
        assert len(target.received) == 1

    play(scenario)
