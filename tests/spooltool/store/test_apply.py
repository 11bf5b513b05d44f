"""A plan is applied to what it saw, journalled, read back, and taken back by key."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path as FilePath

import pytest

from spooltool.errors import Busy, Gone, UsageError
from spooltool.spool import verbs
from spooltool.spool.codec import splices
from spooltool.spool.hosts import parse_hosts
from spooltool.spool.names import HOLD, RESEND, SENDER, SpoolName
from spooltool.spool.plan import Apart, Change, Plan, decode_plan
from spooltool.store.apply import Applied, apply
from spooltool.store.edit import rewrite, write_state
from spooltool.store.journal import Actor, find_transaction, read_journal
from spooltool.store.lock import lock
from spooltool.store.move import move, remove
from spooltool.store.root import Spool
from spooltool.store.scan import scan

Put = Callable[..., SpoolName]
ME = Actor("jo", "pts/3", "gw1", "spooltool retarget …")


def seen(spool: Spool) -> list[verbs.Seen]:
    return [
        verbs.Seen(entry.name, entry.inode, entry.size, entry.envelope)
        for entry in scan(spool).entries()
        if entry.envelope is not None
    ]


def plan_of(spool: Spool, verb: str, made: Iterable[Change | Apart | None]) -> Plan:
    kept = list(made)
    return Plan(
        verb,
        spool.path,
        "--spool",
        "stuck",
        1795543999.0,
        tuple(change for change in kept if isinstance(change, Change)),
        tuple(apart for apart in kept if isinstance(apart, Apart)),
    )


def retarget(spool: Spool, to: str = "10.1.5.9") -> Plan:
    hosts = parse_hosts(to)
    return plan_of(spool, "retarget", (verbs.retarget(one, hosts) for one in seen(spool)))


def words(applied: Applied) -> list[str]:
    return [outcome.result for outcome in applied.outcomes]


def contents(spool: Spool) -> dict[str, bytes]:
    return {name.file: FilePath(spool.path, name.file).read_bytes() for name in scan(spool).names()}


def test_retarget_changes_dst_alone_and_undo_gives_the_same_bytes(spool: Spool, put: Put) -> None:
    for _ in range(70):
        put()
    before = contents(spool)
    done = apply(spool, retarget(spool), ME, reason="INC-7")
    assert words(done) == ["done"] * 70
    assert contents(spool) == {
        file: data.replace(b"DST:\t10.1.5.2\n", b"DST:\t10.1.5.9\n")
        for file, data in before.items()
    }
    (transaction,) = read_journal(spool)
    assert (transaction.txn, transaction.verb, transaction.reason) == (
        done.txn,
        "retarget",
        "INC-7",
    )
    assert transaction.ended
    assert len(transaction.carried_out) == 70
    by_id = {change.id: change for change in transaction.carried_out}
    back = plan_of(spool, "undo", (verbs.undo(one, by_id[one.name.id]) for one in seen(spool)))
    assert words(apply(spool, back, ME, undoes=done.txn)) == ["done"] * 70
    assert contents(spool) == before


def test_undo_is_refused_where_the_value_changed_again(spool: Spool, put: Put) -> None:
    put()
    done = apply(spool, retarget(spool), ME)
    apply(spool, retarget(spool, "10.1.5.20"), ME)
    (change,) = find_transaction(spool, done.txn).carried_out
    (one,) = seen(spool)
    assert verbs.undo(one, change) == Apart(
        "skip", one.name.id, one.name.file, "DST was changed again: it is 10.1.5.20 now"
    )


def test_a_plan_fails_only_for_the_message_that_moved_on(spool: Spool, put: Put) -> None:
    names = [put() for _ in range(4)]
    plan = retarget(spool)
    by_name = {change.file: change.id for change in plan.changes}
    with lock(spool, names[0]) as locked:
        move(locked, names[0].at(RESEND))
    os.unlink(f"{spool.path}/{names[1].file}")
    locked = lock(spool, names[2])
    rewrite(locked, splices(locked.envelope(), {"DST": "10.9.9.9"})).close()
    applied = apply(spool, plan, ME, wait=0)
    assert {o.id: o.result for o in applied.outcomes} == {
        by_name[names[0].file]: "done",
        by_name[names[1].file]: "gone",
        by_name[names[2].file]: "changed",
        by_name[names[3].file]: "done",
    }


def test_a_plan_survives_an_attempt_in_between(spool: Spool, put: Put) -> None:
    name = put()
    plan = decode_plan(retarget(spool).encode())
    with lock(spool, name) as locked:
        envelope = locked.envelope()
        assert envelope.state is not None
        write_state(locked, envelope, replace(envelope.state, attempts=3, reason="refused"))
    assert words(apply(spool, plan, ME)) == ["done"]
    (one,) = seen(spool)
    assert one.envelope.get("DST") == "10.1.5.9"
    assert one.envelope.state is not None
    assert one.envelope.state.attempts == 3


def test_a_second_run_finds_everything_so_already(spool: Spool, put: Put) -> None:
    put()
    plan = retarget(spool)
    apply(spool, plan, ME)
    assert words(apply(spool, plan, ME)) == ["unchanged"]
    assert retarget(spool).changes == ()


def test_busy_messages_are_asked_for_and_changed_when_they_are_let_go(
    spool: Spool, put: Put
) -> None:
    name = put()
    plan = retarget(spool)
    locked = lock(spool, name)
    asked: list[list[str]] = []

    def ask(ids: Sequence[str]) -> None:
        asked.append(list(ids))
        if len(asked) == 2:
            locked.close()

    assert words(apply(spool, plan, ME, ask=ask)) == ["done"]
    assert asked[:2] == [[name.id], [name.id]]


def test_what_stays_busy_is_named(spool: Spool, put: Put) -> None:
    first, second = put(), put()
    plan = retarget(spool)
    with lock(spool, first):
        applied = apply(spool, plan, ME, wait=0)
    assert {o.id: o.result for o in applied.outcomes} == {first.id: "busy", second.id: "done"}


def test_hold_and_release_keep_the_term(spool: Spool, put: Put) -> None:
    name = put()
    applied = apply(spool, plan_of(spool, "hold", map(verbs.hold, seen(spool))), ME)
    assert words(applied) == ["done"]
    (held,) = seen(spool)
    assert held.name == name.at(HOLD)
    assert held.envelope.state is not None
    assert held.envelope.state.held > 0
    apply(spool, plan_of(spool, "release", map(verbs.release, seen(spool))), ME)
    (back,) = seen(spool)
    assert back.name == name.at(SENDER)
    assert back.envelope.state is not None
    assert back.envelope.state.held == 0
    assert back.envelope.state.term >= held.envelope.state.term


def test_two_files_of_one_number_are_both_left_alone(spool: Spool, put: Put) -> None:
    name = put()
    plan = retarget(spool)
    twin = FilePath(spool.path, RESEND, name.base)
    twin.write_bytes(FilePath(spool.path, name.file).read_bytes())
    (outcome,) = apply(spool, plan, ME).outcomes
    assert outcome.result == "failed"
    assert "two files" in outcome.detail
    assert b"10.1.5.9" not in twin.read_bytes()


def test_a_transaction_that_never_was(spool: Spool) -> None:
    with pytest.raises(UsageError):
        find_transaction(spool, "zz")
    assert read_journal(spool) == []


def test_editor_and_deliverer_never_both_succeed(spool: Spool, put: Put) -> None:
    """200 messages, an editor and a deliverer at once: each file is changed or delivered."""
    names = [put() for _ in range(200)]
    plan = retarget(spool)
    delivered: dict[str, bytes] = {}

    def deliver() -> None:
        for name in names[::2] + names[1::2]:
            while name.id not in delivered:
                try:
                    with lock(spool, name) as locked:
                        delivered[name.id] = os.pread(locked.fd, locked.size, 0)
                        remove(locked)
                except Busy:
                    continue
                except Gone:
                    break

    thread = threading.Thread(target=deliver)
    thread.start()
    applied = apply(spool, plan, ME)
    thread.join()
    result = {o.id: o.result for o in applied.outcomes}
    assert len(delivered) == 200
    assert {id_: b"DST:\t10.1.5.9\n" in data for id_, data in delivered.items()} == {
        id_: word == "done" for id_, word in result.items()
    }
    assert list(scan(spool).names()) == []


@pytest.mark.parametrize(
    "call", ["openat", "flock", "write", "fchmod", "fsync", "renameat", "pread64", "close"]
)
def test_killed_at_any_call_the_message_is_whole_in_one_place(
    spool: Spool, put: Put, call: str
) -> None:
    """kill -9 at each call of a retarget: old or new version, never neither, never torn."""
    name = put()
    before = FilePath(spool.path, name.file).read_bytes()
    after = before.replace(b"DST:\t10.1.5.2\n", b"DST:\t10.1.5.9\n")
    plan = FilePath(spool.path).parent / "plan.json"
    plan.write_text(retarget(spool).encode())
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
        FilePath(spool.path, name.file).write_bytes(before)
        plan.write_text(retarget(spool).encode())
        ran = subprocess.run(
            ["strace", "-qq", "-o", "/dev/null", "-f", "-e", f"trace={call}",
             "-e", f"inject={call}:signal=KILL:when={number}",
             sys.executable, "-c", code, spool.path, str(plan)],
            capture_output=True,
        )  # fmt: skip
        assert list(contents(spool)) == [name.file]
        assert contents(spool)[name.file] in (before, after)
        lock(spool, name).close()
        if ran.returncode == 0:
            assert contents(spool)[name.file] == after
            break
        killed += 1
    assert killed > 0
