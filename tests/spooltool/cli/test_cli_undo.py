"""`undo`: by key, one's own last transaction, what has left, what changed again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.logs import format_line
from spooltool.spool.plan import Change, KeyChange, Plan
from spooltool.store.journal import Actor, Journal, read_journal
from spooltool.store.root import Spool
from tests.spooltool.cli.calling import ROOT, Ended
from tests.spooltool.cli.changed import NEW, OLD, put, records, tree, values

Call = Callable[..., Ended]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 4)
    return tmp_path / "spool"


def contents(spool: Path) -> dict[str, bytes]:
    return {name: (spool / name).read_bytes() for name in values(spool, "DST")}


def retarget(call: Call, spool: Path, to: str = NEW) -> None:
    assert call("--spool", spool, "retarget", "--all", "--to", to, "--yes").code == 0


def test_the_same_bytes_come_back_and_undo_is_undone(spool: Path, call: Call) -> None:
    before = contents(spool)
    retarget(call, spool, f"{NEW}:2525")
    between = contents(spool)
    dry = call("--spool", spool, "undo", "--dry-run")
    assert "DRY RUN  undo in" in dry.out
    assert "DST    10.1.5.9 -> 10.1.5.2    4" in dry.out
    assert "note  takes back 1: retarget by " in dry.out
    assert contents(spool) == between
    done = call("--spool", spool, "undo", "--yes")
    assert done.code == 0
    assert contents(spool) == before
    with Spool.open(str(spool)) as opened:
        last = read_journal(opened)[-1]
    assert (last.verb, last.undoes) == ("undo", "1")
    assert call("--spool", spool, "undo", "--yes").code == 0
    assert contents(spool) == between


def test_values_that_changed_again_stay(spool: Path, call: Call) -> None:
    retarget(call, spool)
    first, *others = values(spool, "DST")
    assert call("--spool", spool, "set", first, "DST=10.1.5.8", "--yes").code == 0
    done = call("--spool", spool, "undo", "1", "--yes")
    assert done.code == 1
    assert "DST was changed again: it is 10.1.5.8 now" in " ".join(done.out.split())
    assert values(spool, "DST") == {first: "10.1.5.8", **dict.fromkeys(others, OLD)}


def test_messages_that_left_are_gone_and_that_is_no_failure(spool: Path, call: Call) -> None:
    retarget(call, spool)
    first = next(iter(values(spool, "DST")))
    (spool / first).unlink()
    done = call("--spool", spool, "undo", "--yes")
    assert done.code == 0
    assert f"gone  {first.partition('/')[2]}  left the queue since" in done.out
    assert "delivered" not in done.out
    assert set(values(spool, "DST").values()) == {OLD}
    _, summary = records(call("--spool", spool, "undo", "1", "--yes", "--json"))
    assert summary["counts"] == {"unchanged": 3, "gone": 1}


def test_the_log_says_how_the_gone_ones_left(spool: Path, call: Call) -> None:
    retarget(call, spool)
    first = next(iter(values(spool, "DST")))
    (spool / ".spooltool/log").mkdir()
    fields = {"host": "10.1.5.9:25", "to": "anna0@example.org", "reply": "250 ok"}
    line = format_line(1, "gw1", time.time() + 1, first[10:], "delivered", fields)
    (spool / ".spooltool/log/mdq.elg").write_text(line + "\n")
    (spool / first).unlink()
    done = call("--spool", spool, "undo", "--yes")
    assert "left the queue since: delivered by 10.1.5.9:25: 250 ok" in " ".join(done.out.split())


def test_undo_of_hold(spool: Path, call: Call) -> None:
    before = values(spool, "DST")
    assert call("--spool", spool, "hold", "--all", "--yes").code == 0
    assert call("--spool", spool, "undo", "--yes").code == 0
    assert values(spool, "DST") == before


def test_undo_takes_ones_own_and_another_persons_must_be_named(spool: Path, call: Call) -> None:
    file = next(iter(values(spool, "DST")))
    change = Change(file[10:], file, (spool / file).stat().st_ino, 1, (KeyChange("DST", OLD, NEW),))
    with Spool.open(str(spool)) as opened:
        from spooltool.store.apply import apply

        plan = Plan("retarget", "x", "y", "z", 0.0, (change,))
        apply(opened, plan, Actor("jo", "pts/3", "gw1", "…"))
    done = call("--spool", spool, "undo", "--yes")
    assert done.code == 2
    assert "the last one is 1 of jo: spooltool undo 1" in done.err
    assert values(spool, "DST")[file] == NEW
    assert call("--spool", spool, "undo", "1", "--yes").code == 0
    assert values(spool, "DST")[file] == OLD


def test_behind_sudo_it_is_the_caller(
    spool: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "jo")
    monkeypatch.setenv("SUDO_UID", "1000")
    retarget(call, spool)
    monkeypatch.setenv("SUDO_USER", "eva")
    assert call("--spool", spool, "undo", "--yes").code == 2
    monkeypatch.setenv("SUDO_USER", "jo")
    assert call("--spool", spool, "undo", "--yes").code == 0


def test_what_a_crash_left_without_a_result_is_taken_back_by_its_value(
    spool: Path, call: Call
) -> None:
    first, second, *_ = values(spool, "DST")
    changes = tuple(
        Change(f[10:], f, (spool / f).stat().st_ino, 1, (KeyChange("DST", OLD, NEW),))
        for f in (first, second)
    )
    with Spool.open(str(spool)) as opened:
        journal = Journal(opened)
        plan = Plan("retarget", "x", "y", "z", 0.0, changes)
        from spooltool.store.root import user_name

        txn = journal.begin(plan, Actor(user_name(os.getuid()), "", "", ""), time.time())
        journal.intend(txn, changes)
        journal.close()
    path = spool / first
    path.write_bytes(path.read_bytes().replace(b"DST:\t10.1.5.2", b"DST:\t10.1.5.9"))
    done = call("--spool", spool, "undo", "--yes")
    assert done.code == 0, done.out + done.err
    assert "txn 2  1 done, 0 busy, 0 gone, 0 failed, 1 unchanged" in done.out
    assert values(spool, "DST")[first] == OLD


@pytest.mark.parametrize("txn", ["zz", "../x", ""])
def test_a_transaction_that_never_was(spool: Path, call: Call, txn: str) -> None:
    before = tree(spool)
    assert call("--spool", spool, "undo", txn, "--yes").code == 2
    assert tree(spool) == before


def test_nothing_to_undo(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "undo", "--yes")
    assert done.code == 2
    assert "no transaction yet" in done.err


def test_bad_values_come_back_as_they_were(gateway: Path, call: Call) -> None:
    path = gateway / "D_resend/Rbadvalues"
    before = path.read_bytes()
    words = ("--to", f"{NEW}:2525", "--err-server", "same", "--yes")
    assert call("--spool", gateway, "retarget", "D_resend/Rbadvalues", *words).code == 0
    assert path.read_bytes() != before
    assert call("--spool", gateway, "undo", "--yes").code == 0
    assert path.read_bytes() == before


def test_control_c_ends_between_batches_and_says_how_far(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    put(spool, 200)
    hold_up = """
import os, signal, sys
from spooltool.change import carrying
from spooltool.cli import app
real = carrying.apply
def slow(*arguments, tell, **more):
    def once(outcome):
        os.kill(os.getpid(), signal.SIGINT)
        tell(outcome)
    return real(*arguments, tell=once, **more)
carrying.apply = slow
code = app.run(sys.argv[1:])
sys.stdout.flush()
sys.exit(code)
"""
    words = ["--spool", str(spool), "retarget", "--all", "--to", NEW, "--yes"]
    done = subprocess.run(
        [sys.executable, "-c", hold_up, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert "txn 1  64 done" in done.stdout
    assert "interrupted: 136 of 200 were not reached" in done.stdout
    assert "undo: spooltool undo 1" in done.stdout
    assert list(values(spool, "DST").values()).count(NEW) == 64
    assert not [path for path in (spool / "D_sender").iterdir() if path.name.startswith(".")]


def test_sigint_is_the_defaults_again_after_a_change(spool: Path, call: Call) -> None:
    before = signal.getsignal(signal.SIGINT)
    retarget(call, spool)
    assert signal.getsignal(signal.SIGINT) is before
