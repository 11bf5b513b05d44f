"""Which rule decides, what the client hears, what the envelope says."""

from __future__ import annotations

import pytest

from relay.config import Config, load
from relay.policy.acceptance import Acceptance
from relay.policy.origin import Origin
from relay.policy.refusal import Refusal
from relay.policy.resources import digest
from relay.policy.rule_policy import RulePolicy
from relay.policy.rulebase import RuleBase, rulebase_of
from relay.smtp.limits import Limits
from relay.smtp.mailbox import NULL, Mailbox, parse_path, parse_postmaster
from relay.smtp.orders import Send
from relay.smtp.reply import Reply, ReplyReader
from relay.smtp.server import Session
from spooltool.spool.hosts import HostPort

TOML = """\
default_server = "10.1.5.9"
original_destination = "redirect"

[network.internal]
members = ["10.0.0.0/8"]

[[rule]]                                # 1
source = "10.66.0.0/16"
action = "drop"

[[rule]]                                # 2
source = "10.67.0.0/16"
action = "reject"
track = "alert"

[[rule]]                                # 3
source = "!internal"
destination = ["192.0.2.25", "192.0.2.26"]
resource = "spam"
action = "reject"

[[rule]]                                # 4
source = "!internal"
destination = ["192.0.2.25", "192.0.2.26"]
resource = "smtp_in"
action = "accept"

[[rule]]                                # 5
disabled = true
action = "accept"

[[rule]]                                # 6
source = "!internal"
destination = "192.0.2.25"
resource = "lists"
action = "accept"
track = "account"

[[rule]]                                # 7
source = "!internal"
resource = "trap"
action = "drop"
track = "none"

[[rule]]                                # 8
source = "internal"
action = "accept"
track = "none"

[resource.spam]
match.sender = "*@*spam*"

[resource.smtp_in]
mail_delivery_server = "{10.1.5.2,10.1.5.3:2525}"
error_mail_delivery_server = "10.1.5.4"
notify_sender_on_error = true
exception_track = "alert"
match.recipient = "*@{example.com,bücher.example}"
cvp = { enable_cvp = true, server = "clam", send_headers = true }

[resource.lists]
match = { sender = "*@*", recipient = "*@lists.example.com" }
[resource.lists.cvp]
enable_cvp = true
server = "clam"
allowed_to_modify_content = false

[resource.trap]
match.recipient = "trap@*"

[scanner.clam]
protocol = "clamd"
address = "127.0.0.1:3310"
"""

OUTSIDE = "198.51.100.7"
MX = HostPort("192.0.2.25", 25)


def base(text: str = TOML) -> RuleBase:
    found = load(text)
    assert isinstance(found, Config), found
    return rulebase_of(found)


def mailbox(text: str) -> Mailbox:
    if not text:
        return NULL
    found = (
        parse_path(f"<{text}>", 0, utf8=True) if "@" in text else parse_postmaster(f"<{text}>", 0)
    )
    assert isinstance(found, tuple), found
    return found[0]


def policy(source: str, to: HostPort | None = MX, *, rules: RuleBase | None = None) -> RulePolicy:
    return (rules or base()).policy(source, lambda: None, Origin(to, at="192.0.2.1"), told.append)


told: list[Refusal] = []


@pytest.fixture(autouse=True)
def _nothing_told() -> None:
    told.clear()


@pytest.mark.parametrize(
    ("source", "to", "sender", "recipient", "wanted"),
    [
        (OUTSIDE, "192.0.2.25", "a@example.net", "b@example.com", 4),
        (OUTSIDE, "192.0.2.26", "a@example.net", "B@Example.COM", 4),
        (OUTSIDE, "192.0.2.25", "a@spam.example", "b@example.com", 3),
        (OUTSIDE, "192.0.2.25", "", "b@example.com", 4),
        (OUTSIDE, "192.0.2.25", "a@example.net", "b@lists.example.com", 6),
        (OUTSIDE, "192.0.2.26", "a@example.net", "b@lists.example.com", None),
        (OUTSIDE, "192.0.2.25", "", "b@lists.example.com", None),
        (OUTSIDE, "192.0.2.99", "a@example.net", "b@example.com", None),
        (OUTSIDE, "192.0.2.99", "a@example.net", "trap@example.com", 7),
        (OUTSIDE, "192.0.2.25", "a@example.net", "b@bücher.example", 4),
        (OUTSIDE, "192.0.2.25", "a@example.net", "b@xn--bcher-kva.example", 4),
        (OUTSIDE, "192.0.2.25", "a@example.net", "postmaster", 4),
        (OUTSIDE, "192.0.2.99", "a@example.net", "postmaster", None),
        (OUTSIDE, "192.0.2.25", "a@spam.example", "postmaster", 3),
        (OUTSIDE, "192.0.2.25", "a@example.net", '"b"@example.com', 4),
        ("10.1.1.1", "192.0.2.25", "a@spam.example", "b@example.com", 8),
        ("10.66.1.1", "192.0.2.25", "a@example.net", "b@example.com", 1),
        ("::ffff:10.1.1.1", "2001:db8::1", "a@example.net", "b@example.org", 8),
        ("2001:db8::7", "192.0.2.25", "a@example.net", "b@example.com", 4),
    ],
)
def test_the_first_rule_that_is_about_it_decides(
    source: str, to: str, sender: str, recipient: str, wanted: int | None
) -> None:
    steps = base().trace(source, to, mailbox(sender), mailbox(recipient))
    decided = [step.rule.number for step in steps if step.miss is None]
    assert decided == ([] if wanted is None else [wanted])


def test_why_the_rules_before_it_do_not_decide() -> None:
    steps = base().trace(
        OUTSIDE, "192.0.2.25", mailbox("a@b.example"), mailbox("c@lists.example.com")
    )
    assert [(step.rule.number, step.miss) for step in steps] == [
        (1, "source"),
        (2, "source"),
        (3, "sender"),
        (4, "recipient"),
        (5, "disabled"),
        (6, None),
    ]
    steps = base().trace(OUTSIDE, "192.0.2.9", mailbox("a@b.example"), mailbox("c@example.org"))
    assert [step.miss for step in steps[2:]] == [
        *("destination", "destination", "disabled", "destination", "recipient", "source"),
    ]


@pytest.mark.parametrize(
    ("source", "to", "reply", "rule", "dropped"),
    [
        (OUTSIDE, MX, None, 0, False),
        ("10.1.1.1", None, None, 0, False),
        ("10.66.1.1", MX, "421 4.7.1 connection dropped", 1, True),
        ("10.67.1.1", MX, "554 5.7.1 refused", 2, False),
        (
            OUTSIDE,
            HostPort("192.0.2.99", 25),
            f"554 5.7.1 no mail is accepted from {OUTSIDE}",
            0,
            False,
        ),
        (OUTSIDE, None, f"554 5.7.1 no mail is accepted from {OUTSIDE}", 0, False),
    ],
)
def test_at_connect(
    source: str, to: HostPort | None, reply: str | None, rule: int, dropped: bool
) -> None:
    found = policy(source, to).connect()
    assert (str(found) if found else None) == reply
    assert [(one.verb, one.rule, one.dropped) for one in told] == (
        [("connect", rule, dropped)] if reply else []
    )


def talk(policy: RulePolicy, *commands: str) -> list[str]:
    """The replies of a session, greeting and EHLO left out."""
    session = Session(Limits(), policy, "gate.example.com", peer="")
    orders = session.connected()
    for command in ("EHLO client.example", *commands):
        orders += session.receive(command.encode() + b"\r\n")
    reader = ReplyReader()
    sent = b"".join(order.data for order in orders if isinstance(order, Send))
    return [str(reply) for reply in reader.feed(sent)][2:]


def test_recipients_of_another_rule_are_sent_apart() -> None:
    said = talk(
        policy(OUTSIDE),
        "MAIL FROM:<a@example.net>",
        "RCPT TO:<b@example.com>",
        "RCPT TO:<c@lists.example.com>",
        "RCPT TO:<d@example.com>",
        "RCPT TO:<e@example.org>",
        "RCPT TO:<trap@example.org>",
        "RSET",
        "MAIL FROM:<a@example.net>",
        "RCPT TO:<c@lists.example.com>",
        "RCPT TO:<b@example.com>",
        "MAIL FROM:<x@y.example>",
        "RSET",
        "MAIL FROM:<a@spam.example>",
        "RCPT TO:<b@example.com>",
        "RSET",
        "MAIL FROM:<a@example.net>",
        "RCPT TO:<trap@example.org>",
    )
    assert said == [
        "250 2.1.0 sender ok",
        "250 2.1.5 recipient ok",
        "450 4.5.3 Mailbox Unavailable",
        "250 2.1.5 recipient ok",
        "550 5.7.1 no mail is accepted for this recipient",
        "450 4.5.3 Mailbox Unavailable",
        "250 2.0.0 ok",
        "250 2.1.0 sender ok",
        "250 2.1.5 recipient ok",
        "450 4.5.3 Mailbox Unavailable",
        "503 5.5.1 nested MAIL command",
        "250 2.0.0 ok",
        "250 2.1.0 sender ok",
        "554 5.7.1 refused",
        "250 2.0.0 ok",
        "250 2.1.0 sender ok",
        "421 4.7.1 connection dropped",
    ]
    assert [(one.rule, one.reply.code, one.tracked, one.dropped) for one in told] == [
        (6, 450, False, False),
        (0, 550, True, False),
        (7, 450, False, False),
        (4, 450, False, False),
        (3, 554, True, False),
        (7, 421, False, True),
    ]
    assert (told[0].sender, told[0].recipient) == ("a@example.net", "c@lists.example.com")


def test_source_routes_fall_and_relaying_local_parts_are_refused() -> None:
    assert talk(
        policy(OUTSIDE),
        "MAIL FROM:<@hop.example:a@example.net>",
        "RCPT TO:<@hop.example,@b.example:b@example.com>",
        "RCPT TO:<c%example.org@example.com>",
        "RCPT TO:<c!d@example.com>",
        "RCPT TO:<c@example.org@example.com>",
        "RCPT TO:<Postmaster>",
    )[1:] == [
        "250 2.1.5 recipient ok",
        *["553 5.1.3 no %, ! or @ in a local part"] * 3,
        "250 2.1.5 recipient ok",
    ]


def accepted(source: str, to: HostPort | None, sender: str, *recipients: str) -> Acceptance:
    asked = policy(source, to)
    assert asked.mail(mailbox(sender)) is None
    assert [asked.rcpt(mailbox(one)) for one in recipients] == [None] * len(recipients)
    assert asked.acceptance is not None
    return asked.acceptance


def test_the_envelope_of_a_resource() -> None:
    found = accepted(OUTSIDE, MX, "a@example.net", "b@example.com")
    resource = base().rules[3].resource
    assert resource is not None
    assert found.chapter("198.51.100.7", 4000) == {
        "AV_SETTING": "cure",
        "AV_IPADDR": "127.0.0.1",
        "AV_PORT": "3310",
        "AV_HEADERS": "1",
        "SRC": "198.51.100.7",
        "SPORT": "4000",
        "DST": "{10.1.5.2,10.1.5.3:2525}",
        "DPORT": "25",
        "ERR_SERVER": "10.1.5.4",
        "RULE": "4",
        "RULEACT": "16",
        "ERRMAIL": "1",
        "ACCT": "0",
        "LOG_OK": "MDQ_LOG",
        "LOG_BAD": "MDQ_ALERT",
        "LOG_ERR": "MDQ_ALERT",
    }
    assert found.resource == f"smtp_in {digest(resource)}"
    assert (found.route, found.err_route) == ("dst", "dst")


def test_the_envelope_where_the_resource_names_no_server() -> None:
    found = accepted(OUTSIDE, HostPort("192.0.2.25", 2525), "a@example.net", "b@lists.example.com")
    assert (found.dst, found.dport, found.err_server) == ("192.0.2.25", 2525, "192.0.2.25:2525")
    assert (found.rule, found.account, found.errmail) == (6, True, False)
    assert (found.log_ok, found.log_bad, found.log_err) == ("MDQ_LOG", "", "MDQ_ALERT")
    assert (found.av_setting, found.av_headers) == ("check", False)


def test_the_envelope_without_a_resource() -> None:
    found = accepted("10.1.1.1", None, "", "x@example.org")
    assert (found.dst, found.dport, found.err_server) == ("10.1.5.9", 25, "10.1.5.9")
    assert (found.resource, found.av_setting, found.rule) == ("none", "none", 8)
    assert (found.errmail, found.log_ok, found.log_bad) == (True, "", "MDQ_LOG")


BY_MX = """\
{head}
[[rule]]
source = "10.0.0.0/8"
action = "accept"
resource = "out"
[resource.out]
deliver_messages_using_dns_mx_records = true
{tail}
"""


@pytest.mark.parametrize(
    ("head", "tail", "to", "wanted"),
    [
        ("", "", None, ("mx", "mx", "mx", "mx")),
        ("", "", MX, ("192.0.2.25", "mx", "192.0.2.25", "mx")),
        ('default_server = "10.1.5.9:26"', "", None, ("10.1.5.9", "mx", "10.1.5.9:26", "mx")),
        ('error_server = "10.1.5.8"', "", None, ("mx", "mx", "10.1.5.8", "dst")),
        ('default_server = "mx"\nerror_server = "mx"', "", MX, ("192.0.2.25", "mx", "mx", "mx")),
        (
            "",
            'error_mail_delivery_server = "10.1.5.7"',
            None,
            ("mx", "mx", "10.1.5.7", "dst"),
        ),
        (
            'error_server = "10.1.5.8"',
            "error_deliver_messages_using_dns_mx_records = true",
            None,
            ("mx", "mx", "10.1.5.8", "mx"),
        ),
    ],
)
def test_the_way_of_mail_and_of_error_mail(
    head: str, tail: str, to: HostPort | None, wanted: tuple[str, ...]
) -> None:
    rules = base(BY_MX.format(head=head, tail=tail))
    found = rules.acceptance(rules.rules[0], to)
    assert isinstance(found, Acceptance)
    assert (found.dst, found.route, found.err_server, found.err_route) == wanted


@pytest.mark.parametrize(
    ("head", "tail", "to", "wanted"),
    [
        ('default_server = "mx"', "", None, ("mx", "mx", "mx", "mx")),
        (
            'default_server = "mx"\noriginal_destination = "redirect"',
            "",
            MX,
            ("192.0.2.25", "dst", "192.0.2.25", "dst"),
        ),
        ("", 'mail_delivery_server = "mx"', MX, ("mx", "mx", "mx", "mx")),
        (
            "",
            'mail_delivery_server = "10.1.5.2"\nerror_mail_delivery_server = "mx"',
            None,
            ("10.1.5.2", "dst", "mx", "mx"),
        ),
    ],
)
def test_mx_in_place_of_a_server(
    head: str, tail: str, to: HostPort | None, wanted: tuple[str, ...]
) -> None:
    text = BY_MX.format(head=head, tail=tail)
    rules = base(text.replace("deliver_messages_using_dns_mx_records = true\n", ""))
    found = rules.acceptance(rules.rules[0], to)
    assert isinstance(found, Acceptance)
    assert (found.dst, found.route, found.err_server, found.err_route) == wanted


NARROW = """\
original_destination = "redirect"
original_networks = ["192.0.2.0/24"]
[[rule]]
source = "10.0.0.0/8"
action = "accept"
"""


def test_a_rule_that_can_lead_nowhere_refuses_at_connect() -> None:
    rules = base(NARROW)
    assert policy("10.1.1.1", MX, rules=rules).connect() is None
    for to, text in (
        (HostPort("203.0.113.1", 25), "554 5.7.1 no mail is accepted for 203.0.113.1"),
        (None, "554 5.7.1 no mail is accepted for this machine itself"),
    ):
        assert str(policy("10.1.1.1", to, rules=rules).connect()) == text
        assert told[-1].rule == 1


def test_our_own_connection_that_comes_back_is_told_so() -> None:
    asked = base(NARROW).policy("192.0.2.1", lambda: None, Origin(MX, from_here=True), told.append)
    assert "its mark is not spared" in str(asked.connect())


def test_a_server_that_is_our_own_listener_is_refused_for_now() -> None:
    rules = base('default_server = "10.1.5.9:2525"\n[[rule]]\naction = "accept"\n')
    assert rules.servers_of_ours == (HostPort("10.1.5.9", 2525),)
    origin = Origin(loop=HostPort("10.1.5.9", 2525))
    found = rules.policy("10.1.1.1", lambda: None, origin, told.append).connect()
    assert isinstance(found, Reply)
    assert str(found) == "421 4.4.6 10.1.5.9:2525 is this relay: mail would go in circles"


def test_a_new_destination_is_allowed_by_a_rule_that_accepts() -> None:
    rules = base()
    a, b = mailbox("a@example.net"), mailbox("b@example.com")
    allowed = rules.allows(OUTSIDE, "192.0.2.26", a, b)
    assert allowed is not None
    assert allowed.number == 4
    assert rules.allows(OUTSIDE, "192.0.2.99", a, b) is None
    assert rules.allows(OUTSIDE, "192.0.2.25", mailbox("a@spam.example"), b) is None
    assert rules.allows("10.66.1.1", "192.0.2.25", a, b) is None


def test_space_is_asked_at_mail() -> None:
    full = Reply(452, "4.3.1", "no space")
    asked = base().policy(OUTSIDE, lambda: full, Origin(MX), told.append)
    assert asked.admit() is full


REWRITES = """\
default_server = "10.1.5.9"
[[rule]]
action = "accept"
resource = "r"
[resource.r]
{}
"""


def test_the_rewriter_is_that_of_the_first_recipients_resource() -> None:
    rules = base(
        REWRITES.format(
            'action_1.sender = { original = "*@smtp.a.example", rewritten = "&@a.example" }'
        )
    )
    asked = policy("10.1.1.1", None, rules=rules)
    asked.mail(mailbox("x@smtp.a.example"))
    assert asked.rewriter is None
    assert asked.rcpt(mailbox("b@c.example")) is None
    assert asked.rewriter is not None
    assert asked.rewriter.sender("x@smtp.a.example") == "x@a.example"
    asked.mail(mailbox("x@smtp.a.example"))
    assert (asked.rewriter, asked.acceptance) == (None, None)
    idle = base(REWRITES.format("notify_sender_on_error = true"))
    assert idle.rewriter(idle.rules[0]) is None
