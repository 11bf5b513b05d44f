"""`relay match`: the rule that decides, why none before it, what the client and the file say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spooltool.errors import ExitCode
from tests.relay.service.test_service_cli import relay

RULES = """\
default_server = "10.1.5.9"

[[rule]]
name = "spam"
source = "!10.0.0.0/8"
resource = "spam"
action = "reject"

[[rule]]
disabled = true
action = "accept"

[[rule]]
name = "in"
source = "!10.0.0.0/8"
destination = "192.0.2.25"
resource = "smtp_in"
action = "accept"

[[rule]]
source = "10.0.0.0/8"
action = "accept"

[resource.spam]
match.sender = "*@*spam*"

[resource.smtp_in]
mail_delivery_server = "{10.1.5.2,10.1.5.3}"
match.recipient = "*@example.org"
action_1.recipient = { original = "*@example.org", rewritten = "&@inside.example" }
"""

TEXT = """\
from 198.51.100.7 to 192.0.2.25, sender <a@example.net>

<eva@example.org>
  rule 1 spam "spam": not for the sender <a@example.net>: *@*spam*
  rule 2: disabled
  rule 3 smtp_in "in": decides: accept
  the client hears: 250 2.1.5 recipient ok
    AV_SETTING: none
    AV_IPADDR: 0.0.0.0
    AV_PORT: 0
    AV_HEADERS: 0
    SRC: 198.51.100.7
    DST: {10.1.5.2,10.1.5.3}
    DPORT: 25
    ERR_SERVER: {10.1.5.2,10.1.5.3}
    RULE: 3
    RULEACT: 16
    ERRMAIL: 0
    ACCT: 0
    LOG_OK: MDQ_LOG
    LOG_ERR: MDQ_ALERT
    RESOURCE: smtp_in DIGEST
    ROUTE: dst
    FROM: <a@example.net>
    RCPT: <eva@inside.example> ORIG=<eva@example.org>

<x@example.com>
  rule 1 spam "spam": not for the sender <a@example.net>: *@*spam*
  rule 2: disabled
  rule 3 smtp_in "in": not for the recipient: *@example.org
  rule 4: not for the source 198.51.100.7
  no rule takes it
  the client hears: 550 5.7.1 no mail is accepted for this recipient
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "relay.toml"
    path.write_text(RULES)
    return path


def test_why_and_what(file: Path) -> None:
    code, out, err = relay(
        *("match", "--config", str(file), "--src", "198.51.100.7", "--dst", "192.0.2.25"),
        *("--from", "a@example.net", "--rcpt", "eva@example.org", "--rcpt", "<x@example.com>"),
    )
    words = out.partition("RESOURCE: smtp_in ")[2].split()
    assert (code, err) == (ExitCode.SOME, "")
    assert out.replace(words[0], "DIGEST") == TEXT


def test_for_a_program(file: Path) -> None:
    code, out, _ = relay(
        *("match", "--config", str(file), "--src", "198.51.100.7", "--dst", "192.0.2.25:25"),
        *("--from", "x@spam.example", "--rcpt", "eva@example.org", "--json"),
    )
    found = json.loads(out)
    assert code == ExitCode.SOME
    assert (found["taken"], found["connect"]) == (False, None)
    assert found["recipients"] == [
        {
            "address": "eva@example.org",
            "taken": False,
            "reply": "554 5.7.1 refused",
            "rules": [
                {
                    "rule": 1,
                    "name": "spam",
                    "resource": "spam",
                    "action": "reject",
                    "not_for": None,
                }
            ],
            "envelope": {},
        }
    ]


def test_a_client_that_is_refused_at_once(file: Path) -> None:
    code, out, _ = relay(
        *("match", "--config", str(file), "--src", "198.51.100.7", "--dst", "192.0.2.99"),
        *("--rcpt", "eva@example.org"),
    )
    assert code == ExitCode.SOME
    refused = "the client is refused at once: 554 5.7.1 no mail is accepted from 198.51.100.7"
    assert refused in out
    assert 'rule 3 smtp_in "in": not for the destination 192.0.2.99' in out


def test_the_implicit_rule(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"
    path.write_text('dst = "10.1.5.2"\n')
    code, out, _ = relay("match", "--config", str(path), "--src", "::1", "--rcpt", "postmaster")
    assert code == 0
    assert "there are no rules: the implicit rule decides" in out
    assert "    RCPT: <postmaster>\n" in out


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--src", "here", "--rcpt", "a@b"], "--src wants an IP address, not 'here'"),
        (["--src", "::1", "--dst", "mx", "--rcpt", "a@b"], "--dst wants an IP address, not 'mx'"),
        (["--src", "::1", "--rcpt", "a b@c"], "malformed address"),
        (["--src", "::1", "--rcpt", "a%b@c"], "no %, ! or @ in a local part"),
        (["--src", "::1", "--rcpt", "a@b", "--from", "<a@b> x"], "malformed address"),
        (["--src", "::1", "--rcpt", "<>"], "malformed address"),
    ],
)
def test_what_is_no_question(file: Path, options: list[str], text: str) -> None:
    code, out, err = relay("match", "--config", str(file), *options)
    assert (code, out) == (ExitCode.USAGE, "")
    assert text in err
