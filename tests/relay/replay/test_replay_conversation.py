"""A message given to the server's state machine: who is taken by which rule, who refused."""

from __future__ import annotations

import pytest

from relay.config import Config, load
from relay.message.headers import HeaderLimits
from relay.message.line_view import BytesContent
from relay.policy.rulebase import rulebase_of
from relay.replay.case import Address, Case
from relay.replay.conversation import Conversation, converse
from relay.replay.forecast import End, forecast
from relay.replay.house import House
from relay.smtp.limits import Limits
from spooltool.spool.checks import Check
from spooltool.spool.hosts import HostPort

RULES = """
[[rule]]
source = "203.0.113.0/24"
action = "drop"

[[rule]]
resource = "dropped"
action = "drop"

[[rule]]
destination = "192.0.2.25"
resource = "ours"
action = "accept"

[[rule]]
resource = "others"
action = "accept"

[resource.dropped]
match.recipient = "drop@*"

[resource.ours]
mail_delivery_server = "10.1.5.2"
match.recipient = "*@example.org"

[resource.others]
mail_delivery_server = "10.1.5.9"
check_rulebase_with_new_destination = true
action_2.mail_capacity = 1
"""
CONTENT = b"Subject: x\n\n.\n..\nbody\n.\nlast"


def house(limits: Limits | None = None, *, redirects: bool = True) -> House:
    config = load(RULES)
    assert isinstance(config, Config), config
    return House(
        "relay.toml",
        rulebase_of(config),
        "relay.example",
        limits or Limits(),
        HeaderLimits(),
        50,
        {one.name: one for one in config.resources},
        redirects=redirects,
    )


def case(
    *recipients: str,
    content: bytes = CONTENT,
    source: str = "198.51.100.7",
    sender: str = "a@b.example",
    passed: frozenset[Check] = frozenset(),
) -> Case:
    to = tuple(map(Address, recipients))
    meant = HostPort("192.0.2.25", 25)
    return Case("x", BytesContent(content), source, Address(sender), to, known=meant, passed=passed)


def answers(found: Conversation) -> list[tuple[tuple[str, ...], int | str]]:
    told: list[tuple[tuple[str, ...], int | str]] = [
        (tuple(r.mailbox.text for r in one.transaction.recipients), one.acceptance.rule)
        for one in found.taken
    ]
    return told + [(one.recipients, f"{one.reply.code} rule {one.rule}") for one in found.refused]


def test_each_rule_has_a_transaction_and_each_recipient_an_answer() -> None:
    found = converse(
        house(), case("a@x.example", "b@example.org", "drop@y.example", "c@x.example", "no address")
    )
    assert answers(found) == [
        (("a@x.example", "c@x.example"), 4),
        (("b@example.org",), 3),
        (("no address",), "501 rule 0"),
        (("drop@y.example",), "421 rule 2"),
    ]


def test_a_client_that_is_dropped_is_refused_as_a_whole() -> None:
    found = converse(house(), case("a@x.example", "b@x.example", source="203.0.113.5"))
    assert answers(found) == [(("a@x.example", "b@x.example"), "421 rule 1")]


def test_the_limit_of_recipients_makes_more_transactions() -> None:
    to = [f"a{n}@example.org" for n in range(5)]
    found = converse(house(Limits(recipients=2)), case(*to))
    assert [addresses for addresses, _ in answers(found)] == [
        tuple(to[:2]),
        tuple(to[2:4]),
        tuple(to[4:]),
    ]


def test_many_refused_recipients_end_no_connection() -> None:
    to = [f"a b{n}@example.org" for n in range(100)]
    found = converse(house(Limits(errors=3, commands=5)), case(*to, "c@example.org"))
    assert [addresses for addresses, rule in answers(found) if rule == 3] == [("c@example.org",)]
    assert len(found.refused) == 100


def test_where_no_servers_are_learnt_the_files_own_is_not_the_destination() -> None:
    assert answers(converse(house(redirects=False), case("b@example.org")))[0][1] == 4


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"Subject: x\n\n" + b"x" * 5000 + b"\n", "552"),
        (b"Subject: x\n\nx" + b"y" * 999 + b"\n", "554"),
        (b"Subject: a\0b\n\nx\n", "554"),
        (b"Subject: x\n\na\rb\n", "550"),
        (b"Received: x\n" * 51 + b"\nx\n", "554"),
    ],
)
def test_content_that_the_intake_refuses(content: bytes, code: str) -> None:
    found = converse(house(Limits(size=4000)), case("a@example.org", content=content))
    assert not found.taken
    assert [str(one.reply)[:3] for one in found.refused] == [code]


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_the_content_goes_through_as_it_is_however_it_is_cut(step: int) -> None:
    class Cut(BytesContent):
        def chunks(self, start: int = 0, end: int | None = None):  # type: ignore[no-untyped-def]
            whole = CONTENT[start:end]
            yield from (whole[at : at + step] for at in range(0, len(whole), step))

    one = case("a@example.org")
    cut = Case("x", Cut(CONTENT), one.source, one.sender, one.recipients, known=one.known)
    (copy,) = forecast(house(), cut).copies
    assert b"".join(copy.content.chunks()).endswith(b"\n" + CONTENT)


def test_what_a_message_comes_to_is_the_worst_of_its_copies() -> None:
    found = forecast(house(), case("a@example.org", "b@x.example", content=CONTENT + b"y\n" * 900))
    assert [(copy.acceptance.rule, copy.outcome.verdict.value) for copy in found.copies] == [
        (3, "pass"),
        (4, "blocked"),
    ]
    assert found.end is End.BLOCKED


def test_a_waived_check_blocks_nothing() -> None:
    big = CONTENT + b"y\n" * 900
    passed = frozenset((Check.CAPACITY,))
    assert forecast(house(), case("b@x.example", content=big)).end is End.BLOCKED
    assert forecast(house(), case("b@x.example", content=big, passed=passed)).end is End.PASS


def test_rules_that_let_nothing_go_to_the_new_server_block() -> None:
    config = load(
        RULES.replace(
            'action = "accept"\n\n[resource.dropped]',
            'action = "accept"\ndestination = "192.0.2.25"\n\n[resource.dropped]',
        )
    )
    assert isinstance(config, Config), config
    rules = rulebase_of(config)
    named = {one.name: one for one in config.resources}
    strict = House("x", rules, "h", Limits(), HeaderLimits(), 50, named, redirects=True)
    (copy,) = forecast(strict, case("b@x.example")).copies
    assert copy.outcome.check is Check.RULE_BASE
    assert copy.outcome.reason == "resource others, rule 4: no rule lets it go to 10.1.5.9"
