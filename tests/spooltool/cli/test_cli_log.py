"""`log`: lines about messages, in the order of time, over rotation."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.spooltool.cli.calling import AS_OF, ROOT, Ended, golden, on_terminal

Call = Callable[..., Ended]
AT = ("--as-of", str(AS_OF))
MDQ = (
    b"[195@firewall] max concurrent sent mails limit reached - spool scanning stops\n"
    b"[4172@gw1] 2026-11-24T18:43:58.123Z 001njd6k put-off host=10.1.5.2:25 to=anna@example.org "
    b'reply="451 4.7.1 slow down"\n'
    b"[4172@gw1] 2026-11-24T18:43:59.123Z 001njqb0 delivered host=10.1.5.7:25 to=eva@example.net "
    b'reply="250 2.0.0 queued"\n'
    b"\x1b]0;evil\x07 \xe2\x80\xae junk \xff\n"
)
ROTATED = b"[4170@gw1] 2026-11-24T17:00:00.000Z - start version=0.1.0\n"
ASMTPD = (
    b"[4171@gw1] 2026-11-24T18:43:57.000Z 001njqb0 stored src=192.168.230.24 helo=client "
    b"sender=billing@example.com rcpts=1 size=12345\n"
)
TRACKER = (
    b"24Nov2026 18:43:59 accept gw1 id: 001njqb0; src: 10.0.0.1; dst: 10.1.5.7; "
    b"from: billing@example.com; to: eva@example.net; Reason: 250 ok;\n"
)


@pytest.fixture
def logged(gateway: Path) -> Path:
    """The gateway's spool with its logs at the usual place."""
    logs = gateway / ".spooltool" / "log"
    logs.mkdir(parents=True)
    for name, data in (("mdq.elg", MDQ), ("mdq.elg.0", ROTATED), ("asmtpd.elg", ASMTPD),
                       ("tracker.log", TRACKER)):  # fmt: skip
        (logs / name).write_bytes(data)
    return gateway


def test_all_in_the_order_of_time(logged: Path, call: Call) -> None:
    done = call("log", "--spool", logged)
    assert done.code == 0
    golden("log-pipe.txt", done.out)
    golden("log-screen.txt", on_terminal(["log", "--spool", logged]).decode())


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (["001njqb0"], ["stored", "accept", "delivered"]),
        (["R001njd6k"], ["put-off"]),
        (["dst:10.1.5.7"], ["accept", "delivered"]),
        (["rcpt:@example.net"], ["accept", "delivered"]),
        (["code:400..499"], ["put-off"]),
        (["stuck"], ["put-off"]),
        (["held"], []),
        (["from:@example.com", "not", "stuck"], ["stored", "accept"]),
    ],
)
def test_a_query_means_the_message_or_the_line(
    logged: Path, call: Call, query: list[str], words: list[str]
) -> None:
    done = call("log", "--spool", logged, *AT, "--json", *query)
    assert [json.loads(line)["event"] for line in done.lines] == words
    assert done.code == 0
    assert bool(words) != done.err.startswith("no log lines about that in ")


def test_since_and_until(logged: Path, call: Call) -> None:
    log = ("log", "--spool", logged, *AT, "--json")
    since = call(*log, "--since", "13s").lines
    assert [json.loads(line)["event"] for line in since] == ["put-off", "accept", "delivered", None]
    until = call(*log, "--until", "2026-11-24T18:43:57Z").lines
    assert [json.loads(line)["event"] for line in until][-1] == "stored"
    assert call(*log, "--since", "soon").code == 2
    assert call(*log, "-f", "--until", "1h").code == 2


def test_json_keeps_every_byte(logged: Path, call: Call, root: Path) -> None:
    lines = call("log", "--spool", logged, "--json").out
    records = [json.loads(line) for line in lines.splitlines()]
    keys = list(json.loads((root / "docs/schema/log.json").read_text())["properties"])
    assert all(list(record) == keys for record in records)
    assert records[-1]["raw"]["line"] and "\u202e" in records[-1]["line"]
    assert "\u202e" not in lines and "\x1b" not in lines


def test_where_the_logs_are(logged: Path, call: Call, tmp_path: Path, empty: Path) -> None:
    logs = logged / ".spooltool" / "log"
    assert len(call("log", "--spool", empty, "--logdir", logs).lines) == 7
    config = tmp_path / "relay.toml"
    config.write_text(f'rundir = "{empty}"\nlogdir = "{logs}"\n')
    assert len(call("log", "--config", config).lines) == 7
    assert call("log", "--spool", empty, "--logdir", tmp_path / "no").code == 2
    none = call("log", "--spool", empty)
    assert none.code == 0 and none.err.startswith("no log lines in ")


def test_following_shows_what_comes(logged: Path) -> None:
    log = logged / ".spooltool" / "log" / "mdq.elg"
    with subprocess.Popen(
        [sys.executable, "-m", "spooltool", "log", "-f", "--spool", str(logged), "001njqc7"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        seen, number, deadline = b"", 0, time.monotonic() + 60
        while seen.count(b"\n") < 2 and time.monotonic() < deadline:
            number += 1
            with log.open("ab") as file:
                file.write(b"[1@gw1] 2026-11-24T18:50:00.000Z 001njqc7 kick ids=%d\n" % number)
                file.write(b"[1@gw1] 2026-11-24T18:50:00.000Z 001njqc8 kick ids=%d\n" % number)
            if number == 1:
                os.rename(log, log.with_suffix(".elg.1"))
            time.sleep(0.05)
            seen += process.stdout.read() or b""
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr is not None and process.stderr.read() == b""
    numbers = [int(line.rpartition(b"=")[2]) for line in seen.splitlines() if b"001njqc7" in line]
    assert numbers and b"001njqc8" not in seen
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "none lost, none doubled"
