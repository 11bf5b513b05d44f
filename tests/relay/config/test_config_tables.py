"""Tables of the rule base: read, shown, and every mistake with its line."""

from __future__ import annotations

import pytest

from relay.config import Config, Problems, lines_of, load, notes, show
from relay.config.resources import FieldRewrite, Rewrite
from relay.config.wildcard import compile_pattern, compile_replacement
from spooltool.spool.hosts import HostPort

WHOLE = """\
default_server = "10.1.5.2"

[network.internal]
members = ["10.0.0.0/8", "192.0.2.1-192.0.2.9", "!10.9.0.0/16"]

[network.dmz]
members = [
  "192.0.2.0/24",
  "internal",
]

[[rule]]
name = "in"
source = ["!internal"]
destination = "192.0.2.25"
resource = "smtp_in"
action = "accept"

[[rule]]
source = "internal"
action = "accept"
track = "account"
disabled = true

[[rule]]
action = "reject"
track = "alert"
install = "gw1"
time = ["night", "day"]

[resource.smtp_in]
mail_delivery_server = "{10.1.5.2,10.1.5.3}"
notify_sender_on_error = 1
match.recipient = "*@{example.com,example.org}"
action_2 = { strip_script_tags = true, mail_capacity = 500 }

[resource.smtp_in.action_1]
sender = { original = "*@smtp.weirdal.com", rewritten = "&@weirdal.com" }
custom_field = { field = "X-Mailer", original = "*", rewritten = "" }

[resource.smtp_in.cvp]
enable_cvp = true
server = "clam.av"

[scanner."clam.av"]
protocol = "clamd"
address = "127.0.0.1:3310"
"""


def problems(text: str) -> list[tuple[int, str, str]]:
    found = load(text)
    assert isinstance(found, Problems), found
    return [(p.line, p.name, p.text) for p in found.all]


def config(text: str) -> Config:
    found = load(text)
    assert isinstance(found, Config), found
    return found


def test_tables_are_read() -> None:
    got = config(WHOLE)
    assert [table.name for table in got.networks] == ["internal", "dmz"]
    assert [str(member) for member in got.networks[1].members] == ["192.0.2.0/24", "internal"]
    assert [(r.number, r.action, r.track, r.disabled) for r in got.rules] == [
        (1, "accept", "log", False),
        (2, "accept", "account", True),
        (3, "reject", "alert", False),
    ]
    assert got.rules[2].time == ("night", "day")
    (resource,) = got.resources
    assert resource.match_sender.any
    assert resource.match_recipient == compile_pattern("*@{example.com,example.org}")
    assert resource.notify_sender_on_error is True
    assert (resource.strip_script_tags, resource.mail_capacity) == (True, 500)
    assert resource.rewrite_sender == Rewrite(
        compile_pattern("*@smtp.weirdal.com"), compile_replacement("&@weirdal.com")
    )
    assert resource.rewrite_field == FieldRewrite(
        "X-Mailer", compile_pattern("*"), compile_replacement("")
    )
    assert (resource.enable_cvp, resource.server) == (True, "clam.av")
    assert got.scanners[0].address == HostPort("127.0.0.1", 3310)


@pytest.mark.parametrize("non_default", [True, False])
def test_what_is_shown_reads_back(non_default: bool) -> None:
    got = config(WHOLE)
    assert load(show(got, non_default=non_default)) == got


def test_the_tables_as_shown() -> None:
    text = show(config(WHOLE), non_default=True)
    assert '[[rule]]\nsource = ["internal"]\naction = "accept"\ntrack = "account"\n' in text
    assert '[resource.smtp_in.match]\nrecipient = "*@{example.com,example.org}"\n' in text
    assert (
        'custom_field = { field = "X-Mailer", original = "*", rewritten = "" }\n\n'
        "[resource.smtp_in.action_2]\nmail_capacity = 500\n"
    ) in text
    assert '[scanner."clam.av"]\n' in text


def test_the_default_file_says_what_may_stand_in_each_table() -> None:
    text = show(Config())
    assert "# [resource.NAME.action_2]\n" in text
    assert "#   mail_capacity: the largest message that is delivered (1 to" in text
    assert "#   action: accept; drop: 421" in text
    assert load(text) == Config()


def test_the_lines_of_tables() -> None:
    lines = lines_of(WHOLE)
    assert lines["network.dmz", ""] == 6
    assert lines["network.dmz", "members"] == 7
    assert lines["rule.2", ""] == 19
    assert lines["resource.smtp_in", ""] == 31
    assert lines["resource.smtp_in", "match.recipient"] == 34
    assert lines["resource.smtp_in", "action_2.mail_capacity"] == 35
    assert lines["resource.smtp_in", "action_1.sender"] == 38


def test_every_mistake_in_tables_at_once() -> None:
    text = """\
[network.any]
members = ["10.0.0.0/8"]
[network.a]
members = [
  "10.0.0.5/8",
  "10.0.0.9-10.0.0.1",
  "!",
]
[network.b]
[rule]
action = "accept"
[[rule]]
action = "acept"
sorce = "any"
service = "http"
source = []
[[rule]]
track = 1
[resource.none]
[resource.x.mach]
sender = "*"
[resource.x.match]
sender = "{a"
recipient = 5
mail_capacity = 3
[resource.x.match]
[resource.x.action_1]
sender = { original = "*@a", rewritten = "&@&" }
recipient = { original = "a", rewritten = "" }
custom_field = { original = "*", rewritten = "" }
[resource.x]
action_2 = 5
action_2.mail_capacity = 0
cvp.reply_order = "never"
[scanner.s]
protocol = "icap"
address = "av.example.org:1344"
service = "a b"
"""
    assert problems(text) == [
        (1, "", "'any' is no name of a network: a letter, then letters, digits, - _ ."),
        (5, "members", "'10.0.0.5/8' has bits beyond its length; the network is 10.0.0.0/8"),
        (6, "members", "'10.0.0.9-10.0.0.1' ends before it begins"),
        (7, "members", "'' is not an address, a network like 10.0.0.0/8 or a range a-b"),
        (9, "", "[network.b] wants members"),
        (10, "", "two pairs of brackets and one word: [[rule]]"),
        (13, "action", "wants 'accept' or 'drop' or 'reject', not 'acept'"),
        (14, "", "no parameter of a rule is called 'sorce'; source?"),
        (15, "service", "wants 'smtp', not 'http'"),
        (16, "source", "names nobody; any is everybody"),
        (17, "", "[[rule]] wants action"),
        (18, "track", "wants 'none' or 'log' or 'alert' or 'account', not 1"),
        (
            19,
            "",
            "'none' is no name: RESOURCE is none in mail that matched no resource",
        ),
        (20, "", "no part of a resource is called 'mach'; match?"),
        (23, "match.sender", "'{a': a { without its } (column 1)"),
        (24, "match.recipient", "wants a pattern, not 5"),
        (25, "", "mail_capacity belongs into [resource.NAME.action_2]"),
        (26, "", "[resource.x.match] stands in line 22 already"),
        (28, "action_1.sender", "'&@&' has & twice, and '*@a' has * once"),
        (29, "action_1.recipient", "rewritten is empty, and an address cannot be deleted"),
        (
            30,
            "action_1.custom_field",
            'wants { field = "…", original = "…", rewritten = "…" }: field is missing',
        ),
        (32, "action_2", "is a table of its own"),
        (33, "action_2.mail_capacity", "0 is out of range: 1 to 4294967296"),
        (
            34,
            "cvp.reply_order",
            "wants 'return_data_after_content_is_approved' or "
            "'return_data_before_content_is_approved', not 'never'",
        ),
        (
            37,
            "address",
            "wants a.b.c.d:PORT, as AV_IPADDR and AV_PORT name it, not 'av.example.org:1344'",
        ),
        (38, "service", "wants the path of a service like virus_scan, not 'a b'"),
    ]


def test_names_that_lead_nowhere_beside_other_mistakes() -> None:
    text = """\
timeout = 0
default_server = "10.1.5.2"
[network.a]
members = ["b", "inernal"]
[network.b]
members = ["!a"]
[network.internal]
members = ["10.0.0.0/8"]
[[rule]]
action = "accept"
source = ["!intern"]
resource = "smtp"
[resource.smtp_in]
cvp.enable_cvp = true
[resource.out.cvp]
enable_cvp = true
server = "clam"
[scanner.one]
protocol = "icap"
address = "127.0.0.1:1344"
[scanner.two]
protocol = "clamd"
address = "127.0.0.1:1344"
service = "avscan"
"""
    assert problems(text) == [
        (1, "timeout", "0 is out of range: 1 to 86400"),
        (4, "members", "goes in a circle: a > b > a"),
        (4, "members", "no network is called 'inernal'; internal?"),
        (11, "source", "no network is called 'intern'; internal?"),
        (12, "resource", "no resource is called 'smtp'; smtp_in?"),
        (14, "cvp.enable_cvp", "there is no cvp.server to scan the mail"),
        (17, "cvp.server", "no scanner is called 'clam'; there are one, two"),
        (18, "", "icap wants a service, as virus_scan or avscan"),
        (
            23,
            "address",
            "127.0.0.1:1344 is scanner one's, and mail names it by address alone",
        ),
        (24, "service", "clamd knows no services"),
    ]


HEAD = 'default_server = "10.1.5.2"\nlisten = ["0.0.0.0:25"]\n'
MX = "deliver_messages_using_dns_mx_records = true\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (HEAD + '[[rule]]\naction = "accept"\n', []),
        (
            'dst = "10.1.5.2"\naccept_from = ["10.0.0.0/8"]\n[[rule]]\naction = "drop"\n',
            [(1, "dst"), (2, "accept_from")],
        ),
        ('[[rule]]\naction = "accept"\n', [(2, "action")]),
        ('[[rule]]\naction = "accept"\nresource = "r"\n[resource.r]\n', [(3, "resource")]),
        (
            'listen = ["127.0.0.1:25"]\n[[rule]]\naction = "accept"\nresource = "r"\n[resource.r]\n'
            'mail_delivery_server = "127.0.0.1"\nerror_mail_delivery_server = "localhost:25"',
            [(6, "mail_delivery_server"), (7, "error_mail_delivery_server")],
        ),
        # MX delivery for anybody to anywhere.
        (
            HEAD + '[[rule]]\naction = "accept"\nresource = "r"\n[resource.r]\n' + MX,
            [(5, "resource")],
        ),
        (
            HEAD
            + '[network.n]\nmembers = ["!10.0.0.0/8"]\n[[rule]]\nsource = "n"\naction = "accept"\n'
            + 'resource = "r"\n[resource.r]\nmatch.recipient = "*@*.com"\n'
            + MX,
            [(8, "resource")],
        ),
        (
            HEAD
            + '[[rule]]\nsource = ["0.0.0.0/1"]\naction = "accept"\nresource = "r"\n[resource.r]\n'
            + MX,
            [(6, "resource")],
        ),
        (
            HEAD
            + '[[rule]]\nsource = ["10.0.0.0/8", "fd00::/8"]\naction = "accept"\nresource = "r"\n'
            + "[resource.r]\n"
            + MX,
            [],
        ),
        (
            HEAD
            + '[[rule]]\naction = "accept"\nresource = "r"\n[resource.r]\n'
            + 'match.recipient = "*@{example.com,example.org}"\n'
            + MX,
            [],
        ),
        ('default_server = "mx"\n[[rule]]\naction = "accept"\n', [(2, "source")]),
        (
            HEAD + '[[rule]]\naction = "accept"\nresource = "r"\n[resource.r]\n'
            'mail_delivery_server = "mx"\n',
            [(5, "resource")],
        ),
        (
            HEAD
            + '[[rule]]\naction = "accept"\ndisabled = true\nresource = "r"\n[resource.r]\n'
            + MX,
            [],
        ),
        # The server that the client chose, likewise.
        (
            HEAD + 'original_destination = "redirect"\n[[rule]]\naction = "accept"\n',
            [(4, "source")],
        ),
        (
            HEAD
            + 'original_destination = "redirect"\noriginal_networks = ["192.0.2.0/24"]\n'
            + '[[rule]]\naction = "accept"\n',
            [],
        ),
        (
            HEAD
            + 'original_destination = "redirect"\n[[rule]]\naction = "accept"\n'
            + 'destination = "192.0.2.25"\n',
            [],
        ),
    ],
)
def test_what_a_rule_base_may_not_be(text: str, wanted: list[tuple[int, str]]) -> None:
    found = load(text)
    got = [(p.line, p.name) for p in found.all] if isinstance(found, Problems) else []
    assert got == wanted


def test_both_lines_of_rules_and_the_implicit_rule_are_named() -> None:
    text = 'default_server = "10.1.5.9"\n[[rule]]\naction = "accept"\n'
    found = load(text, {"dst": "10.1.5.2"})
    assert isinstance(found, Problems)
    assert found.lines("relay.toml") == (
        "--dst: there are rules (the first in line 2), and they decide instead: leave dst out, "
        "or the rules",
    )


def test_notes() -> None:
    got = config(
        HEAD
        + """
[[rule]]
action = "accept"
source = ["10.0.0.0/8", "192.0.2.0/24"]
resource = "narrow"
[[rule]]
action = "reject"
source = "10.0.0.0/8"
time = "night"
[[rule]]
action = "accept"
source = "10.1.0.0-10.2.0.0"
[[rule]]
action = "accept"
source = "10.1.0.0-11.2.0.0"
[[rule]]
action = "accept"
source = "192.0.2.7"
resource = "narrow"
[resource.narrow]
match.recipient = "*@example.com"
[resource.idle]
""".replace("10.1.0.0-10.2.0.0", "10.1.0.0-10.2.0.1")
    )
    assert list(notes(got)) == [
        ("rule.3", "", "rule 3 is never reached: rule 2 takes all of it"),
        ("rule.5", "", "rule 5 is never reached: rule 1 takes all of it"),
        ("rule.2", "time", "has no effect: the rule holds always, here"),
        ("resource.idle", "", "no rule names the resource idle"),
    ]


def test_a_rule_base_that_takes_nothing_is_noted() -> None:
    got = config('[[rule]]\naction = "drop"\n[[rule]]\naction = "accept"\ndisabled = true\n')
    assert ("rule.1", "", "no rule accepts anything") in list(notes(got))
