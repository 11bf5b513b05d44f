"""`relay replay`: what a person and a program are told, and that nothing is touched."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from relay.config import Config, load
from relay.replay.forecast import forecast
from relay.replaying.houses import house_of
from relay.replaying.inputs import Given, spooled
from relay.supervisor import child_environment
from spooltool.errors import ExitCode
from spooltool.store.root import Spool
from tests.harness.gateway import Gateway, spool_files
from tests.harness.process import PYTHON, ROOT
from tests.harness.sample import make_sample
from tests.harness.submit import submit

OPEN = """\
[[rule]]
name = "all"
resource = "all"
action = "accept"

[resource.all]
mail_delivery_server = "10.1.5.2"
"""

STRICT = """\
[[rule]]
name = "bulk"
resource = "bulk"
action = "reject"

[[rule]]
name = "ours"
resource = "ours"
action = "accept"

[[rule]]
resource = "sales"
action = "accept"

[resource.bulk]
match.sender = "*@bulk.example"

[resource.ours]
mail_delivery_server = "{10.1.5.2,10.1.5.3}"
match.recipient = "*@example.org"
action_1.recipient = { original = "*@example.org", rewritten = "&@inside.example" }
action_1.custom_field = { field = "Subject", original = "*", rewritten = "[ext] &" }
action_2.strip_file_by_name = "*.pdf"
action_2.mail_capacity = 100
action_2.strip_script_tags = true

[resource.sales]
mail_delivery_server = "10.1.5.9"
match.recipient = "*@example.net"
"""

EML = b"""\
Received: from x.example (x.example [198.51.100.7]) by y.example; Tue, 24 Nov 2026 18:44:11 +0000
From: Anna <anna@example.com>
To: eva@example.org
Subject: offer
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html

<p>a<script>b</script></p>
--b
Content-Type: application/pdf; name="offer.pdf"

c
--b--
"""


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Replay = Callable[..., Said]


@pytest.fixture
def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    (tmp_path / "open.toml").write_text(OPEN)
    (tmp_path / "strict.toml").write_text(STRICT)
    (tmp_path / "a.eml").write_bytes(EML)
    monkeypatch.setenv("COLUMNS", "120")

    def call(*words: object) -> Said:
        done = subprocess.run(
            [PYTHON, "-m", "relay", "replay", *map(str, words)],
            cwd=tmp_path,
            env=child_environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def spool(spool_fixtures: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(spool_fixtures / "gw", tmp_path / "gw"))


def test_a_file_is_told_of_with_rule_rewriting_and_what_is_taken_out(replay: Replay) -> None:
    said = replay("--config", "strict.toml", "a.eml")
    assert said.code == ExitCode.OK
    assert (
        said.out
        == """\
a.eml  changed by rule 2 "ours", resource ours, to {10.1.5.2,10.1.5.3}
  from 198.51.100.7 <anna@example.com> to <eva@example.org>
  note: sender from From, recipients from To and Cc, source from Received
  recipient: <eva@inside.example> for <eva@example.org>
  headers
    - To: eva@example.org
    + To: eva@inside.example
    - Subject: offer
    + Subject: [ext] offer
  structure
    - 1  multipart/mixed  identity  117 bytes
    -   1.1  text/html  identity  26 bytes
    -   1.2  application/pdf  identity  1 bytes  "offer.pdf"
    + 1  multipart/mixed  identity  369 bytes
    +   1.1  text/html  identity  47 bytes
    +   1.2  text/plain  identity  177 bytes
  taken out: part 1.2 application/pdf "offer.pdf": strip_file_by_name (offer.pdf)
  taken out: part 1.1 text/html: 1 script
1 message: 1 changed
"""
    )


def test_recipients_of_several_rules_are_sent_apart_and_some_refused(replay: Replay) -> None:
    to = ("eva@example.org", "max@elsewhere.example", "ben@example.net", "ida@example.org")
    words = [word for address in to for word in ("--rcpt", address)]
    said = replay("--config", "strict.toml", "a.eml", "--json", *words)
    assert said.code == ExitCode.SOME
    (record,) = said.records
    outcome = record["outcome"]
    assert outcome["end"] == "partly refused"
    assert [
        (copy["rule"], copy["resource"], [one["address"] for one in copy["recipients"]])
        for copy in outcome["copies"]
    ] == [
        (2, "ours", ["eva@inside.example", "ida@inside.example"]),
        (3, "sales", ["ben@example.net"]),
    ]
    assert [copy["verdict"] for copy in outcome["copies"]] == ["changed", "pass"]
    (refused,) = outcome["refused"]
    assert (refused["recipients"], refused["reply"][:9], refused["rule"]) == (
        ["max@elsewhere.example"],
        "550 5.7.1",
        0,
    )


def test_the_rule_that_rejects_is_named(replay: Replay) -> None:
    said = replay("--config", "strict.toml", "a.eml", "--from", "x@bulk.example")
    assert said.code == ExitCode.SOME
    assert '<eva@example.org>: 554 5.7.1 refused (rule 1 "bulk")' in said.out


def test_what_a_resource_blocks_is_blocked_with_its_check(replay: Replay, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(EML + b"x" * 900 + b"\n" + (b"y" * 70 + b"\n") * 2000)
    said = replay("--config", "strict.toml", "a.eml", "--json")
    assert said.code == ExitCode.SOME
    (copy,) = said.records[0]["outcome"]["copies"]
    assert (copy["verdict"], copy["check"], copy["sha256"]) == ("blocked", "mail_capacity", "")
    assert copy["reason"] == "resource ours, rule 2: larger than 100 KB"


def test_a_message_that_the_intake_refuses_is_refused(replay: Replay, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"Received: from a by b\n" * 60 + EML)
    (tmp_path / "b.eml").write_bytes(EML + b"x" * 2000 + b"\n")
    (tmp_path / "c.eml").write_bytes(EML.replace(b"offer", b"of\rer"))
    said = replay("--config", "open.toml", "a.eml", "b.eml", "c.eml", "--json")
    told = [one["outcome"]["refused"][0]["reply"][:10] for one in said.records]
    assert told == ["554 5.4.6 ", "554 5.6.0 ", "550 5.6.11"]


def test_two_configurations_name_only_what_differs(replay: Replay, spool: Path) -> None:
    words = ("--spool", spool, "R001njr01", "R001njr00", "R001njf00")
    said = replay("--config", "strict.toml", "--against", "strict.toml", *words)
    assert (said.code, said.out) == (ExitCode.OK, "0 of 3 messages differ\n")
    said = replay(
        "--config", "strict.toml", "--against", "open.toml", "--spool", spool, "R001njr01"
    )
    assert said.code == ExitCode.SOME
    lines = said.out.splitlines()
    assert lines[0].startswith("R001njr01  from 192.168.230.24 <billing@example.com> to ")
    told = [re.split(r" {2,}", line.strip()) for line in lines[1:]]
    assert told[0] == ["by open.toml", "by strict.toml"]
    assert ["outcome", "pass", "changed"] in told
    assert ["rule", 'rule 1 "all"', 'rule 2 "ours"'] in told
    assert lines[-1] == "1 of 1 message differs"


def test_a_rule_that_only_has_another_number_is_no_difference(
    replay: Replay, tmp_path: Path
) -> None:
    before = '[[rule]]\nsource = "203.0.113.9"\naction = "reject"\n\n' + OPEN
    (tmp_path / "moved.toml").write_text(before)
    said = replay("--config", "moved.toml", "--against", "open.toml", "a.eml")
    assert (said.code, said.out) == (ExitCode.OK, "0 of 1 message differ\n")


def test_a_difference_in_one_byte_of_what_is_sent_is_found(replay: Replay, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(
        STRICT.replace("action_2.strip_script_tags = true", "action_2.strip_ftp_links = true")
    )
    said = replay("--config", "other.toml", "--against", "strict.toml", "a.eml", "--json")
    facts = {one["fact"] for one in said.records[0]["differs"]}
    assert facts == {"content"}


def test_a_spool_is_read_without_a_trace(replay: Replay, spool: Path) -> None:
    before = _state(spool)
    said = replay("--config", "strict.toml", "--spool", spool)
    assert _state(spool) == before
    assert said.out.splitlines()[-1].startswith("58 messages: ")
    assert said.code == ExitCode.INCOMPLETE
    named = {line.split(": ")[1] for line in said.err.splitlines()}
    assert {"D_resend/Rcut1", "D_hold/Rmarkup2"} <= named
    assert not any("/E" in name or "/T" in name for name in named)


def _state(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.stat().st_ino,
            path.stat().st_mtime_ns,
            path.stat().st_ctime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def test_no_lock_is_taken(replay: Replay, spool: Path) -> None:
    """A message whose file another process holds is read all the same."""
    with (spool / "D_sender" / "R001njr00").open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said = replay("--config", "open.toml", "--spool", spool, "R001njr00")
    assert said.code == ExitCode.OK, said.err
    assert said.out.startswith("R001njr00  pass ")


@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize("against", [(), ("--against", "open.toml")])
def test_nothing_of_a_message_reaches_the_screen_raw(
    replay: Replay,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
    against: tuple[str, ...],
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    hostile = b"From: a@example.com\nTo: e@example.org\nSubject: \x1b[2J\xe2\x80\xae\x07\xff\n\nx\n"
    (spool.parent / "h.eml").write_bytes(hostile)
    said = replay("--config", "strict.toml", *against, "h.eml")
    assert _unfit(said.out + said.err) == []
    said = replay("--config", "strict.toml", *against, "--spool", spool)
    assert _unfit(said.out + said.err) == []
    assert all(_columns(line) <= int(columns) for line in said.out.splitlines())
    said = replay("--config", "strict.toml", *against, "--spool", spool, "--json")
    assert _unfit(said.out) == []
    assert said.records


def _unfit(text: str) -> list[str]:
    return [ch for ch in text if ch != "\n" and unicodedata.category(ch) in ("Cc", "Cf", "Cs")]


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in line)


def test_the_schema_says_what_stands_in_a_record(replay: Replay, root: Path) -> None:
    schema = json.loads((root / "docs/schema/replay.json").read_text())
    said = replay("--config", "strict.toml", "--against", "open.toml", "a.eml", "--json")
    assert set(said.records[0]) == set(schema["properties"])
    assert list(_misfits(said.records[0], schema)) == []
    said = replay("--config", "strict.toml", "a.eml", "--rcpt", "a@b.example", "--json")
    assert list(_misfits(said.records[0], schema)) == []
    assert set(said.records[0]) == set(schema["required"])


_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
    "null": type(None),
}  # fmt: skip


def _misfits(value: Any, schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """Where a value is not as a schema says: its type, its words, its keys."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, _TYPES[kind]) for kind in kinds):
        yield f"{at}: {value!r} is no {kinds}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r}"
    if isinstance(value, dict):
        for key in value.keys() ^ set(schema["required"]):
            if key not in schema["properties"] or key not in value:
                yield f"{at}.{key}"
        for key, one in value.items():
            yield from _misfits(one, schema["properties"].get(key, {"type": []}), f"{at}.{key}")
    if isinstance(value, list):
        for one in value:
            yield from _misfits(one, schema["items"], f"{at}[]")


def test_what_cannot_be_read_is_named_and_the_rest_told(replay: Replay, spool: Path) -> None:
    said = replay("--config", "open.toml", "none.eml", "a.eml")
    assert (said.code, said.err) == (
        ExitCode.INCOMPLETE,
        "relay: none.eml: No such file or directory\n",
    )
    assert said.out.splitlines()[-1] == "1 message: 1 pass"
    said = replay("--config", "open.toml", "--spool", spool, "R001nosuch")
    assert (said.code, said.err) == (
        ExitCode.INCOMPLETE,
        "relay: R001nosuch: no mail of this spool\n",
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), ExitCode.USAGE),
        (("a.eml", "--src", "nobody"), ExitCode.USAGE),
        (("a.eml", "--dst", "host.example"), ExitCode.USAGE),
        (("--spool", "nowhere"), ExitCode.NO_SPOOL),
        (("a.eml", "--config", "a.eml"), ExitCode.CONFIG),
        (("a.eml", "--against", "none.toml"), ExitCode.CONFIG),
    ],
)
def test_what_makes_no_sense_is_said_before_anything(
    replay: Replay, words: tuple[str, ...], code: ExitCode
) -> None:
    before = () if "--config" in words else ("--config", "open.toml")
    said = replay(*before, *words)
    assert (said.code, said.out) == (code, "")
    assert said.err


def test_it_says_what_the_running_relay_did(tmp_path: Path) -> None:
    """Mail goes through an intake; replayed by the same rules it is the same to the byte."""
    tables = STRICT.replace("10.1.5.", "127.0.0.")
    with Gateway(tmp_path, None, tables=tables, settings={"resend_period": 3600}) as gateway:
        numbers = [
            submit(gateway.port, make_sample(f"replayed-{n}", recipients=to))
            for n, to in enumerate(
                (("eva@example.org",), ("eva@example.org", "ida@example.org"), ("b@example.net",))
            )
        ]
    config = load(gateway.config.read_text())
    assert isinstance(config, Config)
    house = house_of("relay.toml", config)
    stands = {path.name[1:]: path for path in spool_files(gateway.spool)}
    for number in numbers:
        with Spool.open(str(gateway.spool)) as spool:
            (one,) = spooled(spool, [number], Given())
            with one.open() as case:
                (copy,) = forecast(house, case).copies
                made = b"".join(copy.content.chunks())
        stored = stands[number].read_bytes()
        assert stored.endswith(b"\n\n" + made)
        for key, value in {
            "RULE": str(copy.acceptance.rule),
            "RESOURCE": copy.acceptance.resource,
            "DST": copy.acceptance.dst,
        }.items():
            assert re.search(rf"(?m)^{key}:\s*{re.escape(value)}\s*$".encode(), stored), key


def test_a_large_message_takes_little_memory(tmp_path: Path) -> None:
    part = b"--b\nContent-Type: text/plain; name=x.pdf\n\n" + (b"z" * 76 + b"\n") * 800_000
    large = EML.replace(b"--b\n", part + b"--b\n", 1)
    (tmp_path / "large.eml").write_bytes(large)
    capacity = STRICT.replace("mail_capacity = 100", "mail_capacity = 200000")
    (tmp_path / "relay.toml").write_text("max_mail_size = 200000\n" + capacity)
    argv = [PYTHON, "-c", _PEAK, PYTHON, "-m", "relay", "replay", "--config"]
    done = subprocess.run(
        [*argv, str(tmp_path / "relay.toml"), str(tmp_path / "large.eml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    *told, peak = done.stdout.splitlines()
    assert told[-1] == "1 message: 1 changed"
    assert int(peak) < 90_000, f"{peak} KB for {len(large):,} octets"


_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, flush=True)
"""


def test_options_are_no_work_for_a_relay_that_runs() -> None:
    """What replays mail is not loaded by the processes that move it."""
    code = "import sys, relay.service; print([n for n in sys.modules if n.startswith('relay.rep')])"
    done = subprocess.run([PYTHON, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "['relay.replaying', 'relay.replaying.command']"
