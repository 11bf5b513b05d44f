"""Recipients and seals through journal, lock and replacement, as `set` and `accept` plan them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path as FilePath

import pytest

from spooltool.spool import verbs
from spooltool.spool.envelope_change import EnvelopeWish, set_envelope
from spooltool.spool.names import SpoolName
from spooltool.spool.plan import Apart, Change, Plan, RecipientChange, decode_plan
from spooltool.spool.reseal import accept
from spooltool.store.apply import Applied, apply
from spooltool.store.edit import write_recipients
from spooltool.store.journal import Actor, find_transaction
from spooltool.store.lock import lock
from spooltool.store.message import MessageFile
from spooltool.store.root import Spool
from spooltool.store.scan import scan
from spooltool.store.seal import look

Put = Callable[..., SpoolName]
ME = Actor("jo", "pts/3", "gw1", "spooltool set …")
OLD, NEW = "anna@example.org", "zoe@example.net"


def seen(spool: Spool) -> list[verbs.Seen]:
    return [
        verbs.Seen(entry.name, entry.inode, entry.size, entry.envelope)
        for entry in scan(spool).entries()
        if entry.envelope is not None
    ]


def plan_of(spool: Spool, verb: str, made: Iterable[Change | Apart | None]) -> Plan:
    changes = tuple(change for change in made if isinstance(change, Change))
    plan = Plan(verb, spool.path, "--spool", "stuck", 0.0, changes)
    return decode_plan(plan.encode())


def readdress(spool: Spool) -> Plan:
    wish = EnvelopeWish(replaced=((OLD, NEW),))
    return plan_of(spool, "set", (set_envelope(one, wish) for one in seen(spool)))


def sealing(spool: Spool) -> Plan:
    return plan_of(spool, "accept", (accept(one, look(spool, one.name)) for one in seen(spool)))


def words(applied: Applied) -> list[tuple[str, str]]:
    return [(outcome.result, outcome.detail) for outcome in applied.outcomes]


def mark(spool: Spool, name: SpoolName, mark: str) -> None:
    """What the dequeuer does with an outcome."""
    from dataclasses import replace

    with lock(spool, name) as locked:
        one = locked.envelope().recipients[0]
        write_recipients(locked, [replace(one, mark=mark, attempts=1, host="10.1.5.2:25")])


def addresses(spool: Spool) -> list[str]:
    return [r.address for one in seen(spool) for r in one.envelope.recipients]


def test_a_recipient_is_replaced_journalled_and_taken_back(spool: Spool, put: Put) -> None:
    name = put()
    before = FilePath(spool.path, name.file).read_bytes()
    done = apply(spool, readdress(spool), ME)
    assert words(done) == [("done", "")]
    assert addresses(spool) == [NEW]
    (change,) = find_transaction(spool, done.txn).carried_out
    old, new = f"<{OLD}>", f"<{NEW}> ORCPT=rfc822;{OLD} ORIG=<{OLD}>"
    assert change.recipients == (RecipientChange(old, new),)
    back = plan_of(spool, "undo", (verbs.undo(one, change) for one in seen(spool)))
    assert words(apply(spool, back, ME, undoes=done.txn)) == [("done", "")]
    after = FilePath(spool.path, name.file).read_bytes()
    differ = [x for x, y in zip(before.split(b"\n"), after.split(b"\n"), strict=True) if x != y]
    assert [line.partition(b":")[0] for line in differ] == [b"STATE", b"RCPT"]
    assert addresses(spool) == [OLD]


def test_a_second_run_is_unchanged_and_a_delivery_in_between_is_named(
    spool: Spool, put: Put
) -> None:
    name = put()
    plan = readdress(spool)
    mark(spool, name, "D")
    applied = apply(spool, plan, ME)
    assert words(applied) == [("changed", f"{OLD} has been delivered to 10.1.5.2:25 since")]
    assert addresses(spool) == [OLD]
    second = put()
    plan = readdress(spool)
    assert words(apply(spool, plan, ME)) == [("done", "")]
    assert words(apply(spool, plan, ME)) == [("unchanged", "already so")]
    assert second.id in {one.name.id for one in seen(spool)}


def test_an_attempt_in_between_does_not_spoil_the_plan(spool: Spool, put: Put) -> None:
    name = put()
    plan = readdress(spool)
    mark(spool, name, "P")
    assert words(apply(spool, plan, ME)) == [("done", "")]
    (one,) = seen(spool)
    assert one.envelope.recipients[0].attempts == 0


def test_a_delivered_replacement_is_not_taken_back(spool: Spool, put: Put) -> None:
    name = put(recipients=(OLD, "ben@example.org"))
    done = apply(spool, readdress(spool), ME)
    (change,) = find_transaction(spool, done.txn).carried_out
    mark(spool, name, "D")
    (apart,) = (verbs.undo(one, change) for one in seen(spool))
    assert isinstance(apart, Apart)
    assert apart.reason == f"{NEW} has been delivered to 10.1.5.2:25 since: not taken back"


def edit(spool: Spool, name: SpoolName, old: bytes, new: bytes) -> None:
    path = FilePath(spool.path, name.file)
    path.write_bytes(path.read_bytes().replace(old, new))


def digest_ok(spool: Spool, name: SpoolName) -> bool | None:
    file = MessageFile(spool, name)
    try:
        return file.digest_ok() and not file.part_defects and not file.envelope.grown
    finally:
        file.close()


def test_an_edited_file_is_sealed_and_the_old_seal_comes_back(spool: Spool, put: Put) -> None:
    name, other = put(b"pay 100\n"), put()
    edit(spool, name, b"pay 100\n", b"pay 100 tomorrow\n")
    assert not digest_ok(spool, name)
    before = FilePath(spool.path, name.file).read_bytes()
    plan = sealing(spool)
    assert [change.file for change in plan.changes] == [name.file]
    done = apply(spool, plan, ME)
    assert words(done) == [("done", "")]
    assert digest_ok(spool, name) and digest_ok(spool, other)
    assert words(apply(spool, plan, ME)) == [("unchanged", "already so")]
    assert sealing(spool).changes == ()
    (change,) = find_transaction(spool, done.txn).carried_out
    back = plan_of(spool, "undo", (verbs.undo(one, change) for one in seen(spool)
                                   if one.name.id == name.id))  # fmt: skip
    assert words(apply(spool, back, ME)) == [("done", "")]
    after = FilePath(spool.path, name.file).read_bytes()
    differ = [x for x, y in zip(before.split(b"\n"), after.split(b"\n"), strict=True) if x != y]
    assert [line.partition(b":")[0] for line in differ] == [b"STATE"], "due now, and no more"


def test_content_that_changed_after_the_plan_is_not_sealed(spool: Spool, put: Put) -> None:
    name = put(b"pay 100\n")
    edit(spool, name, b"pay 100\n", b"pay 200\n")
    plan = sealing(spool)
    edit(spool, name, b"pay 200\n", b"pay 999\n")
    assert words(apply(spool, plan, ME)) == [
        ("changed", "the content changed again since the plan was made")
    ]
    assert not digest_ok(spool, name)


@pytest.mark.parametrize("big", [100 << 20])
def test_a_large_file_is_sealed_within_flat_memory(spool: Spool, put: Put, big: int) -> None:
    name = put()
    with open(f"{spool.path}/{name.file}", "ab") as file:
        for _ in range(big >> 20):
            file.write((b"x" * 63 + b"\n") * 16384)
    code = (
        "import re, sys\n"
        "from spooltool.cli.app import run\n"
        "code = run(['--spool', sys.argv[1], 'accept', sys.argv[2], '--yes'])\n"
        "peak = re.search(r'VmHWM:\\s+([0-9]+) kB', open('/proc/self/status').read())\n"
        "print(code, peak[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, spool.path, name.file],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        check=True,
    )
    code_, peak = done.stdout.splitlines()[-1].split()
    assert code_ == "0", done.stdout + done.stderr
    assert int(peak) < 80 << 10, "KiB"
    assert digest_ok(spool, name)


@pytest.mark.parametrize("call", ["flock", "write", "fsync", "renameat", "pread64"])
def test_killed_at_any_call_the_recipient_is_the_old_or_the_new_one(
    spool: Spool, put: Put, call: str
) -> None:
    name = put()
    path = FilePath(spool.path, name.file)
    before = path.read_bytes()
    plan = FilePath(spool.path).parent / "plan.json"
    code = (
        "import sys\n"
        "from spooltool.spool.plan import decode_plan\n"
        "from spooltool.store.apply import apply\n"
        "from spooltool.store.journal import Actor\n"
        "from spooltool.store.root import Spool\n"
        "apply(Spool.open(sys.argv[1]), decode_plan(open(sys.argv[2]).read()),"
        " Actor('', '', '', ''))\n"
    )
    killed = 0
    for number in range(1, 30):
        path.write_bytes(before)
        plan.write_text(readdress(spool).encode())
        ran = subprocess.run(
            ["strace", "-qq", "-o", "/dev/null", "-f", "-e", f"trace={call}",
             "-e", f"inject={call}:signal=KILL:when={number}",
             sys.executable, "-c", code, spool.path, str(plan)],
            capture_output=True,
        )  # fmt: skip
        (one,) = seen(spool)
        (recipient,) = one.envelope.recipients
        assert recipient.address in (OLD, NEW) and recipient.pending
        assert one.envelope.state is not None and one.envelope.state.pending == 1
        assert digest_ok(spool, name)
        lock(spool, name).close()
        if ran.returncode == 0:
            assert recipient.address == NEW
            break
        killed += 1
    assert killed > 0
