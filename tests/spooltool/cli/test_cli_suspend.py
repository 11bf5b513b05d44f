"""`suspend` and `resume`: what is asked of the relay, what is said, what other verbs tell."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spooltool.control import Destination, Order, Resume, Suspend
from tests.spooltool.cli.calling import AS_OF, Ended, golden, on_terminal, settled
from tests.spooltool.cli.changed import put, tree
from tests.spooltool.cli.test_cli_status import RUNNING, answering
from tests.spooltool.cli.told_relay import ToldRelay

Call = Callable[..., Ended]
AT = ("--as-of", str(AS_OF))
HOUR = 3600.0
ORDERS = (
    Order("10.1.5.2", AS_OF - HOUR, AS_OF + 2 * HOUR, "jo", "migration of the mail host", 19),
    Order("*.example.de", AS_OF - HOUR, None, "root", "", 0),
)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 3)
    return tmp_path / "spool"


@pytest.mark.parametrize(
    "words", [["suspend"], ["suspend", "10.1.5.2"], ["resume", "10.1.5.2"], ["resume", "--all"]]
)
def test_without_a_relay(spool: Path, call: Call, words: list[str]) -> None:
    before = tree(spool)
    done = call("--spool", spool, *words)
    assert (done.code, done.out) == (69, "")
    assert done.err.startswith("spooltool: the relay is not running\n")
    assert (".spooltool/orders" in done.err) == (words == ["suspend"])
    assert tree(spool) == before


def test_a_host_for_a_time_with_a_reason(spool: Path, call: Call) -> None:
    with ToldRelay(spool) as relay:
        relay.now = time.time()
        words = ("suspend", ".Example.DE", "--for", "2h", "--reason", "migration\x1b[2J")
        done = call("--spool", spool, *words)
    assert done.code == 0
    first, *rest = done.lines
    assert first.startswith("suspended *.example.de to ")
    assert first.endswith(" (2h00m left): 119 messages wait")
    assert rest == [
        "  3 attempts under way let go",
        "  1 attempt was past the final dot: the answer still counts",
        "  end it: spooltool resume '*.example.de'",
    ]
    (asked,) = relay.requests(Suspend)
    assert asked == Suspend("*.example.de", 7200.0, asked.who, "migration\x1b[2J")  # type: ignore[union-attr]


def test_nothing_waits_for_it(spool: Path, call: Call) -> None:
    with ToldRelay(spool) as relay:
        relay.waiting = 0
        done = call("--spool", spool, "suspend", "10.1.5.2:25")
        assert done.lines == [
            "suspended 10.1.5.2:25 until it is resumed: no mail waits for it now",
            "  end it: spooltool resume 10.1.5.2:25",
        ]
        done = call("--spool", spool, "suspend", "--all", "--json")
    record = json.loads(done.out)
    assert (record["host"], record["until"], record["released"]) == ("*", None, 0)


def test_the_list(spool: Path, call: Call, root: Path) -> None:
    with ToldRelay(spool) as relay:
        none = call("--spool", spool, "suspend")
        assert (none.code, none.out) == (0, "#HOST\tUNTIL\tWAIT\tWHO\tWHY\n")
        assert none.err.startswith("no host is suspended in ")
        evil = Order("a.example", AS_OF, AS_OF + HOUR, "x\x1b[1m", "[/b] :smile: \u202e", 3)
        relay.orders = {order.host: order for order in (*ORDERS, evil)}
        listed = call("--spool", spool, "suspend")
        records = [json.loads(line) for line in call("--spool", spool, "suspend", "--json").lines]
        shown = on_terminal(["--spool", spool, "suspend"], 80).decode()
    assert listed.lines[1:] == [
        "10.1.5.2\t2026-11-24T20:44:11Z\t19\tjo\tmigration of the mail host",
        "*.example.de\t-\t0\troot\t-",
        "a.example\t2026-11-24T19:44:11Z\t3\tx^[[1m\t[/b] :smile: \\u202e",
    ]
    assert listed.err.startswith("3 orders in ")
    schema = json.loads((root / "docs/schema/suspend.json").read_text())
    assert [list(record) for record in records] == [list(schema["properties"])] * 3
    assert shown.splitlines()[0].split() == ["HOST", "UNTIL", "WAIT", "WHO", "WHY"]
    assert all(len(line) <= 80 for line in shown.splitlines()[:4])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["suspend", "@example.de"], "not by a recipient's domain"),
        (["suspend", "a b"], "not a host"),
        (["suspend", ""], "not a host"),
        (["suspend", "a.example", "--all"], "--all takes no host"),
        (["suspend", "--for", "2h"], "which host?"),
        (["suspend", "a.example", "--for", "soon"], "not a time"),
        (["suspend", "a.example", "--for", "0"], "more than 0"),
        (["suspend", "a.example", "--for", "401d"], "at most 400d"),
        (["suspend", "a.example", "--reason", "x" * 201], "at most 200"),
        (["resume"], "which host?"),
        (["resume", "--all", "a.example"], "--all takes no host"),
        (["resume", "a b"], "not a host"),
    ],
)
def test_what_makes_no_sense(spool: Path, call: Call, words: list[str], says: str) -> None:
    with ToldRelay(spool) as relay:
        done = call("--spool", spool, *words)
    assert (done.code, done.out) == (2, "") and says in done.err
    assert relay.asked == []


def test_resume(spool: Path, call: Call, root: Path) -> None:
    with ToldRelay(spool) as relay:
        relay.orders = {order.host: order for order in ORDERS}
        done = call("--spool", spool, "resume", "10.1.5.2")
        assert (done.code, done.lines) == (
            0,
            [
                "resumed 10.1.5.2: 119 messages are tried again",
                "  2 of them are past the abandon time: given up when the next attempt fails",
            ],
        )
        done = call("--spool", spool, "resume", "mx.example.de", "b.example")
        assert (done.code, done.out) == (1, "  mx.example.de stays suspended by *.example.de\n")
        assert done.err == "spooltool: b.example is not suspended\n"
        done = call("--spool", spool, "resume", "mx.example.de", "--json")
        record = json.loads(done.out)
        assert record["still"] == [{"host": "mx.example.de", "by": "*.example.de"}]
        schema = json.loads((root / "docs/schema/resume.json").read_text())
        assert list(record) == list(schema["properties"])
        assert call("--spool", spool, "resume", "--all").code == 0
        done = call("--spool", spool, "resume", "--all")
        assert (done.code, done.out, done.err) == (0, "", "no host was suspended\n")
    assert relay.requests(Resume)[0] == Resume(("10.1.5.2",))


def test_a_relay_that_refuses_is_quoted(spool: Path, call: Call) -> None:
    with ToldRelay(spool) as relay:
        relay.refuses = "orders: No space left on device"
        done = call("--spool", spool, "suspend", "a.example")
    assert (done.code, done.out) == (1, "")
    assert "the relay refuses: orders: No space left on device" in done.err


@pytest.fixture
def suspended(gateway: Path) -> Path:
    (gateway / ".spooltool").mkdir(mode=0o700)
    return gateway


STATUS = replace(
    RUNNING,
    delivering=(),
    destinations=(Destination("10.1.5.2", due=2, waiting=17),),
    orders=ORDERS,
    clock_ok=False,
    clock="the clock jumped 10d00h ahead",
)


def test_status_tells_orders_and_the_clock(suspended: Path, call: Call) -> None:
    with answering(suspended / ".spooltool", STATUS):
        shown = on_terminal(["--spool", suspended, *AT, "status"], 80).decode()
        record = json.loads(call("--spool", suspended, *AT, "status", "--json").out)
    golden("status-suspended-80.txt", settled(shown, suspended))
    assert [order["host"] for order in record["relay"]["orders"]] == ["10.1.5.2", "*.example.de"]
    assert record["relay"]["clock"] == "the clock jumped 10d00h ahead"


def test_the_list_tells_it_above_and_in_words(suspended: Path, call: Call) -> None:
    ls = ("--spool", suspended, *AT, "ls", "--json")
    before = [json.loads(line) for line in call(*ls).lines]
    with answering(suspended / ".spooltool", STATUS):
        after = {one["file"]: one for one in map(json.loads, call(*ls).lines)}
        shown = on_terminal(["--spool", suspended, *AT, "ls", "dst:10.1.5.2"], 80).decode()
        piped = call("--spool", suspended, *AT, "ls", "dst:10.1.5.2")
        one = on_terminal(["--spool", suspended, *AT, "show", "001njchs"], 80).decode()
    golden("ls-suspended-80.txt", settled(shown, suspended))
    golden("show-suspended-80.txt", settled(one, suspended))
    assert piped.err.startswith("suspended: 10.1.5.2 to 20:44 (19 wait), *.example.de (0 wait)\n")
    marked = 0
    for record in before:
        now = after[record["file"]]
        if record["dst"] == "10.1.5.2" and now["suspended"]:
            marked += 1
            # Words are added; standing and reason stay what the file says.
            assert (now["standing"], now["stuck"]) == (record["standing"], record["stuck"])
            assert record["why"] in now["why"]
        elif record["dst"] == "10.1.5.2":
            assert now["standing"] in ("held", "quarantined", "receiving", "stuck")
    assert marked > 10


def test_nothing_of_a_suspended_host_is_called_overdue(suspended: Path, call: Call) -> None:
    row = ("--spool", suspended, *AT, "ls", "--json", "001njg8r")
    everything = replace(STATUS, orders=(Order("*", AS_OF, None),))
    with answering(suspended / ".spooltool", replace(STATUS, orders=())):
        assert json.loads(call(*row).out)["stuck"] == "overdue"
    (suspended / ".spooltool" / "control").unlink()
    with answering(suspended / ".spooltool", everything):
        record = json.loads(call(*row).out)
    assert record["stuck"] != "overdue" and record["why"].startswith("suspended: ")
