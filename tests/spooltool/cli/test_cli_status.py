"""`status` and the running relay."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spooltool.control import Delivering, Destination, Status, encode_reply
from spooltool.spool.plan import Change, KeyChange, Plan
from spooltool.store.journal import Actor, Journal, Outcome
from spooltool.store.root import Spool
from tests.spooltool.cli.calling import AS_OF, Ended, golden, on_terminal, settled

Call = Callable[..., Ended]
AT = ("--as-of", str(AS_OF))
RUNNING = Status(
    4172,
    "gw1",
    "0.1.0",
    AS_OF - 3 * 86400,
    AS_OF - 1.0,
    (Delivering("001njd6k", "10.1.5.2", AS_OF - 41.0),),
    3,
    100,
    80,
    312,
    (
        Destination("10.1.5.2", (("10.1.5.2", None),), 2, 20, 1, True, AS_OF - 3600.0,
                    last_success=AS_OF - 7200.0, error="Connection refused"),
        Destination("mx1.example.net"),
    ),
    intake=True,
)  # fmt: skip


@pytest.fixture
def relay(gateway: Path) -> Iterator[Path]:
    """A control socket that answers every question with one status."""
    own = gateway / ".spooltool"
    own.mkdir(mode=0o700)
    with answering(own, RUNNING):
        yield gateway


class answering:  # noqa: N801 - reads as a statement
    """A listener on `control` in a directory, for as long as the block lasts."""

    def __init__(self, directory: Path, status: Status) -> None:
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        here = os.getcwd()
        os.chdir(directory)
        self.server.bind("control")
        os.chdir(here)
        self.server.listen()
        self.reply = encode_reply(status)
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(self.reply)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *why: object) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join(10)


@pytest.mark.parametrize("columns", [80, 100])
def test_on_a_screen(gateway: Path, columns: int) -> None:
    shown = on_terminal(["--spool", gateway, *AT, "status"], columns).decode()
    golden(f"status-down-{columns}.txt", settled(shown, gateway))


def test_with_a_relay(relay: Path, call: Call) -> None:
    shown = call("--spool", relay, *AT, "status")
    assert shown.code == 0
    golden("status-up.txt", settled(shown.out, relay))


def test_the_list_with_a_relay(relay: Path) -> None:
    shown = on_terminal(["--spool", relay, *AT, "ls", "--stuck"]).decode()
    golden("ls-stuck-up.txt", settled(shown, relay))
    rows = {line.split()[0]: line for line in shown.splitlines() if line}
    assert rows["R001njd6k"].endswith("delivering: mdq 4172, 41 s")
    assert " now  10.1.5.2 " in rows["R001njd6k"]
    assert rows["R001njg8r"].endswith("overdue: due 12 m ago")
    assert "relay up, scanned 1 s ago" in shown


def test_an_empty_spool_says_that_mail_flows(empty: Path, call: Call) -> None:
    (empty / ".spooltool").mkdir()
    with answering(empty / ".spooltool", RUNNING):
        done = call("--spool", empty, *AT, "ls")
    assert done.code == 0
    assert done.err.endswith("; relay up, scanned 1 s ago, 312 delivered in the last hour\n")


def test_a_socket_that_nobody_answers_is_no_relay(empty: Path, call: Call) -> None:
    (empty / ".spooltool").mkdir()
    with answering(empty / ".spooltool", RUNNING):
        pass
    assert "relay not running" in call("--spool", empty, *AT, "ls").err


def test_json(relay: Path, call: Call, root: Path) -> None:
    record = json.loads(call("--spool", relay, *AT, "status", "--json").out)
    assert list(record) == list(
        json.loads((root / "docs/schema/status.json").read_text())["properties"]
    )
    assert record["relay"]["up"] is True and record["relay"]["delivered_hour"] == 312
    assert sum(record["standings"].values()) == record["messages"]
    assert sum(one["messages"] for one in record["stuck"]) == record["standings"]["stuck"]


def test_the_holder_of_a_lock_is_read_from_the_kernel(gateway: Path, call: Call) -> None:
    import fcntl

    with (gateway / "D_resend" / "R001njchs").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        record = json.loads(call("--spool", gateway, *AT, "ls", "--json", "001njchs").out)
    assert record["holder"] == f"pid {os.getpid()}"
    assert record["why"].startswith("delivering: pid ")
    again = json.loads(call("--spool", gateway, *AT, "ls", "--json", "001njchs").out)
    assert again["holder"] is None


def journal(spool: Path) -> None:
    """Two transactions, the second cut short."""
    with Spool.open(str(spool)) as opened:
        changes = tuple(
            Change(
                number, f"D_resend/R{number}", 1, 100, (KeyChange("DST", "10.1.5.2", "10.1.5.9"),)
            )
            for number in ("001njchs", "001njd6k", "001njci0")
        )
        plan = Plan("retarget", str(spool), "--spool", "stuck dst:10.1.5.2", AS_OF, changes)
        actor = Actor("root", "/dev/pts/3", "gw1", "spooltool retarget stuck --to 10.1.5.9")
        log = Journal(opened)
        txn = log.begin(plan, actor, AS_OF - 4000, reason="host died\x1b[2J")
        log.intend(txn, changes)
        log.record(txn, [Outcome(c.id, c.file, "done") for c in changes[:2]])
        log.record(txn, [Outcome("001njci0", "D_resend/R001njci0", "busy", "held by mdq 4172")])
        log.end(txn, AS_OF - 3999)
        held = (Change("001njf00", "D_resend/R001njf00", 1, 9, (), "D_hold/R001njf00"),)
        txn = log.begin(Plan("hold", str(spool), "", "001njf00", AS_OF, held), actor, AS_OF - 60)
        log.intend(txn, held)
        log.close()


def test_history(gateway: Path, call: Call, root: Path) -> None:
    none = call("--spool", gateway, "history")
    assert none.code == 0 and none.err.startswith("no transactions yet in ")
    journal(gateway)
    shown = on_terminal(["--spool", gateway, *AT, "history"], 100).decode()
    golden("history.txt", shown)
    golden("history-1.txt", call("--spool", gateway, *AT, "history", "1").out)
    golden("history-pipe.txt", call("--spool", gateway, *AT, "history").out)
    records = [json.loads(line) for line in call("--spool", gateway, "history", "--json").lines]
    keys = list(json.loads((root / "docs/schema/history.json").read_text())["properties"])
    assert [list(record) for record in records] == [keys, keys]
    assert [record["ended"] for record in records] == [True, False]
    assert len(call("--spool", gateway, "history", "--json", "--limit", "1").lines) == 1
    missing = call("--spool", gateway, "history", "zz")
    assert missing.code == 2 and "no transaction zz" in missing.err
    assert "retarget  2 done, 1 busy" in call("--spool", gateway, *AT, "status").out
