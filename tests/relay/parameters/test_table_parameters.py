"""Parameters of tables: what `relay replay` tells of each, and what a spool file then says."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from relay.supervisor import child_environment
from tests.harness.gateway import Gateway, spool_files
from tests.harness.process import PYTHON
from tests.harness.sample import make_sample
from tests.harness.submit import submit

BASE = """\
[[rule]]
resource = "in"
action = "accept"

[resource.in]
mail_delivery_server = "10.1.5.2"
"""

HTML = b"""\
From: a@example.com
To: eva@example.org
Subject: x
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html

<p><a href="ftp://x.example/a">f</a> <a href="http://x.example:8080/">p</a></p>
<script>s</script><applet code="a.class">t</applet><object classid="clsid:1">u</object>
--b
Content-Type: application/x-thing; name="a.exe"

v
--b--
"""

LONG = HTML + b"y\n" * 600

SCANNED = """\
[resource.in.cvp]
enable_cvp = true
server = "av"

[scanner.av]
protocol = "clamd"
address = "127.0.0.1:3310"
"""

NETWORK = "[network.office]\nmembers = ['198.51.100.0/24']\n"
RULE = "[[rule]]\naction = 'accept'\ndisabled = true\n"
ORDER = "return_data_before_content_is_approved"

Json = dict[str, Any]


def relay(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, "-m", "relay", *words],
        cwd=folder,
        env=child_environment(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def replayed(folder: Path, config: str, *words: str, content: bytes = HTML) -> Json:
    """What `relay replay` says of one message by this configuration."""
    (folder / "relay.toml").write_text(config)
    (folder / "a.eml").write_bytes(content)
    done = relay(folder, "replay", "--config", "relay.toml", "a.eml", "--json", *words)
    assert done.returncode in (0, 1), done.stderr
    found: Json = json.loads(done.stdout)["outcome"]
    return found


def cases(*each: tuple[Any, ...]) -> list[Any]:
    """Cases that are called by the parameter which each of them is about."""
    return [pytest.param(*case, id=case[0]) for case in each]


@pytest.mark.parameter()
@pytest.mark.parametrize(
    ("name", "line", "removed"),
    cases(
        (
            "resource.action_2.strip_mime_of_type",
            "strip_mime_of_type = 'application/*'",
            "part 1.2 ",
        ),
        ("resource.action_2.strip_file_by_name", "strip_file_by_name = '*.exe'", "part 1.2 "),
        ("resource.action_2.strip_script_tags", "strip_script_tags = true", "1 script"),
        ("resource.action_2.strip_applet_tags", "strip_applet_tags = true", "1 applet"),
        ("resource.action_2.strip_activex_tags", "strip_activex_tags = true", "1 activex"),
        ("resource.action_2.strip_ftp_links", "strip_ftp_links = true", "1 ftp"),
        ("resource.action_2.strip_port_strings", "strip_port_strings = true", "1 port"),
    ),
)
def test_content_is_taken_out(tmp_path: Path, name: str, line: str, removed: str) -> None:
    (copy,) = replayed(tmp_path, f"{BASE}action_2.{line}\n")["copies"]
    assert (copy["verdict"], len(copy["removed"])) == ("changed", 1)
    assert removed in copy["removed"][0]


@pytest.mark.parameter()
@pytest.mark.parametrize(
    ("name", "line", "check", "content"),
    cases(
        ("resource.action_2.mail_capacity", "mail_capacity = 1", "mail_capacity", LONG),
        (
            "resource.action_2.allowed_characters", "allowed_characters = '7_bit'",
            "allowed_characters", HTML + "ü\n".encode(),
        ),
    ),
)  # fmt: skip
def test_content_is_blocked(
    tmp_path: Path, name: str, line: str, check: str, content: bytes
) -> None:
    (copy,) = replayed(tmp_path, f"{BASE}action_2.{line}\n", content=content)["copies"]
    assert (copy["verdict"], copy["check"]) == ("blocked", check)


@pytest.mark.parameter("resource.check_rulebase_with_new_destination")
def test_a_server_that_no_rule_allows_blocks(tmp_path: Path) -> None:
    config = BASE.replace(
        "[resource.in]", "[resource.in]\ncheck_rulebase_with_new_destination = true"
    )
    config = config.replace('action = "accept"', 'action = "accept"\ndestination = "192.0.2.25"')
    (copy,) = replayed(tmp_path, config, "--dst", "192.0.2.25")["copies"]
    assert (copy["verdict"], copy["check"]) == ("blocked", "rule_base")


@pytest.mark.parameter()
@pytest.mark.parametrize(
    ("name", "line", "address"),
    cases(
        (
            "resource.action_1.sender",
            "sender = { original = 'a@*', rewritten = 'b@x.example' }",
            "sender",
        ),
        (
            "resource.action_1.recipient",
            "recipient = { original = 'eva@*', rewritten = 'b@x.example' }",
            "recipients",
        ),
    ),
)
def test_addresses_are_rewritten(tmp_path: Path, name: str, line: str, address: str) -> None:
    (copy,) = replayed(tmp_path, f"{BASE}action_1.{line}\n")["copies"]
    found = copy[address]
    assert (found[0] if isinstance(found, list) else found)["address"] == "b@x.example"


@pytest.mark.parameter("resource.action_1.custom_field", "rule.resource")
def test_a_field_is_rewritten(tmp_path: Path) -> None:
    line = "custom_field = { field = 'Subject', original = '*', rewritten = '[ext] &' }"
    (copy,) = replayed(tmp_path, f"{BASE}action_1.{line}\n")["copies"]
    assert copy["headers"] == [{"before": "Subject: x", "after": "Subject: [ext] x"}]


@pytest.mark.parameter()
@pytest.mark.parametrize(
    ("name", "config"),
    cases(
        ("rule.source", BASE.replace("[[rule]]", "[[rule]]\nsource = '198.51.100.0/24'")),
        ("rule.destination", BASE.replace("[[rule]]", "[[rule]]\ndestination = '192.0.2.25'")),
        ("rule.action", BASE.replace('"accept"', '"reject"')),
        ("rule.disabled", BASE.replace("[[rule]]", "[[rule]]\ndisabled = true")),
        ("resource.match.sender", BASE + "match.sender = '*@elsewhere.example'\n"),
        ("resource.match.recipient", BASE + "match.recipient = '*@elsewhere.example'\n"),
        (
            "network.members",
            BASE.replace("[[rule]]", "[[rule]]\nsource = 'office'") + NETWORK,
        ),
    ),
)
def test_a_rule_is_not_about_this_mail(tmp_path: Path, name: str, config: str) -> None:
    assert replayed(tmp_path, config)["end"] == "refused"
    assert replayed(tmp_path, BASE)["end"] == "pass"


def test_what_a_rule_is_about_is_taken(tmp_path: Path) -> None:
    config = BASE.replace("[[rule]]", "[[rule]]\nsource = 'office'\ndestination = '192.0.2.25'")
    config += NETWORK
    words = ("--src", "198.51.100.9", "--dst", "192.0.2.25")
    assert replayed(tmp_path, config, *words)["end"] == "pass"


@pytest.mark.parameter()
@pytest.mark.parametrize(
    ("name", "config", "line"),
    cases(
        ("rule.name", RULE + "name = 'why'", 'name = "why"'),
        ("rule.comment", RULE + "comment = 'why'", 'comment = "why"'),
        ("rule.install", RULE + "install = ['gw']", 'install = ["gw"]'),
        ("rule.time", RULE + "time = ['night']", 'time = ["night"]'),
        ("rule.service", RULE + "service = 'smtp'", "[[rule]]"),
        ("resource.comment", "comment = 'why'", 'comment = "why"'),
        ("network.comment", f"{NETWORK}comment = 'why'", 'comment = "why"'),
        ("resource.cvp.reply_order", f"cvp.reply_order = '{ORDER}'", f'reply_order = "{ORDER}"'),
        ("scanner.comment", SCANNED + "comment = 'why'", 'comment = "why"'),
    ),
)
def test_what_has_no_effect_is_kept(tmp_path: Path, name: str, config: str, line: str) -> None:
    (tmp_path / "relay.toml").write_text(f"{BASE}{config}\n")
    done = relay(tmp_path, "config", "show", "--config", "relay.toml")
    assert done.returncode == 0, done.stderr
    assert line in done.stdout


@pytest.mark.parameter(
    *("resource.mail_delivery_server", "resource.notify_sender_on_error"),
    *("resource.error_mail_delivery_server", "resource.exception_track"),
    *("resource.cvp.enable_cvp", "resource.cvp.server", "resource.cvp.allowed_to_modify_content"),
    *("resource.cvp.send_headers", "scanner.address"),
)
def test_the_spool_file_has_what_the_resource_says(tmp_path: Path) -> None:
    tables = BASE.replace("10.1.5.2", "127.0.0.1:1")
    tables += 'notify_sender_on_error = true\nexception_track = "alert"\n'
    tables += 'error_mail_delivery_server = "127.0.0.7:2525"\n'
    tables += SCANNED.replace(
        "enable_cvp", "allowed_to_modify_content = false\nsend_headers = true\nenable_cvp"
    )
    with Gateway(tmp_path, None, tables=tables, settings={"resend_period": 3600}) as gateway:
        submit(gateway.port, make_sample("kept"))
        (file,) = spool_files(gateway.spool)
        text = file.read_text("utf-8", "replace").partition("\n\n")[0]
    found = dict(line.partition(":")[::2] for line in text.splitlines())
    assert {key: found[key].strip() for key in WRITTEN} == WRITTEN


WRITTEN = {
    "DST": "127.0.0.1",
    "DPORT": "1",
    "ERRMAIL": "1",
    "ERR_SERVER": "127.0.0.7:2525",
    "LOG_BAD": "MDQ_ALERT",
    "AV_SETTING": "check",
    "AV_IPADDR": "127.0.0.1",
    "AV_PORT": "3310",
    "AV_HEADERS": "1",
}


@pytest.mark.parameter()
@pytest.mark.parametrize(
    ("name", "line", "key"),
    cases(
        (
            "resource.deliver_messages_using_dns_mx_records",
            "deliver_messages_using_dns_mx_records = true", "ROUTE",
        ),
        (
            "resource.error_deliver_messages_using_dns_mx_records",
            "error_deliver_messages_using_dns_mx_records = true", "ERR_ROUTE",
        ),
    ),
)  # fmt: skip
def test_mail_or_its_notices_go_by_mx(tmp_path: Path, name: str, line: str, key: str) -> None:
    match = 'match.recipient = "*@example.org"\n'
    (tmp_path / "relay.toml").write_text(f"{BASE}{match}{line}\n")
    done = relay(
        tmp_path,
        *("match", "--config", "relay.toml", "--src", "198.51.100.7", "--rcpt", "a@example.org"),
    )
    assert f" {key}: mx\n" in done.stdout


@contextmanager
def scanner(family: socket.AddressFamily, place: Any) -> Iterator[list[bytes]]:
    """Somebody who listens there and hangs up on what is said, which is kept."""
    heard: list[bytes] = []
    with closing(socket.socket(family)) as server:
        server.bind(place)
        server.listen()
        heard.append(str(server.getsockname()[1]).encode() if family == socket.AF_INET else b"")

        def listen() -> None:
            while True:
                try:
                    visitor = server.accept()[0]
                except OSError:
                    return
                with visitor:
                    heard.append(visitor.recv(4096))

        thread = Thread(target=listen, daemon=True)
        thread.start()
        yield heard
        server.shutdown(socket.SHUT_RDWR)
    thread.join(30)


@pytest.mark.parameter("scanner.protocol", "scanner.service")
def test_a_scanner_is_spoken_to_in_its_protocol(tmp_path: Path) -> None:
    with scanner(socket.AF_INET, ("127.0.0.1", 0)) as heard:
        icap = SCANNED.replace('"clamd"', '"icap"\nservice = "av_of_ours"')
        config = BASE + icap.replace("3310", heard[0].decode())
        (copy,) = replayed(tmp_path, config, "--scan")["copies"]
    assert heard[1].startswith(b"OPTIONS icap://")
    assert b"/av_of_ours ICAP/1.0\r\n" in heard[1]
    assert copy["verdict"] == "defer"


@pytest.mark.parameter("scanner.socket")
def test_a_scanner_is_found_at_its_socket(tmp_path: Path) -> None:
    place = str(tmp_path / "clamd")
    with scanner(socket.AF_UNIX, place) as heard:
        (copy,) = replayed(tmp_path, f'{BASE}{SCANNED}socket = "{place}"\n', "--scan")["copies"]
    assert b"INSTREAM" in heard[1]
    assert copy["verdict"] == "defer"


@pytest.mark.parameter("scanner.max_size")
def test_what_is_too_large_for_a_scanner_is_not_clean(tmp_path: Path) -> None:
    config = f"{BASE}{SCANNED}max_size = 1\n"
    (copy,) = replayed(tmp_path, config, "--scan", content=LONG)["copies"]
    assert (copy["verdict"], copy["check"]) == ("blocked", "antivirus")
