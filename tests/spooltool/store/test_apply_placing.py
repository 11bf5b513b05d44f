"""requeue, bounce, delete and purge on real files: what is written, in which order, taken back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path as FilePath

import pytest

from spooltool.errors import Busy, Gone
from spooltool.spool import placing, verbs
from spooltool.spool.codec import Envelope
from spooltool.spool.names import HOLD, MAIL_DIRS, RESEND, TRASH, SpoolName
from spooltool.spool.places import PARTIAL_AGE
from spooltool.spool.plan import Apart, Change, Plan, ResultsChange, decode_plan
from spooltool.store.apply import Applied, apply
from spooltool.store.edit import write_recipients, write_state
from spooltool.store.incoming import Incoming
from spooltool.store.journal import Actor, read_journal
from spooltool.store.lock import lock
from spooltool.store.move import move, remove
from spooltool.store.root import Spool
from spooltool.store.scan import scan

Put = Callable[..., SpoolName]
Verb = Callable[[verbs.Seen], Change | Apart | None]
ME = Actor("jo", "pts/3", "gw1", "spooltool …")
bounce: Verb = partial(placing.bounce, reason="INC-7")
delete: Verb = lambda seen: placing.delete(seen, now=time.time())  # noqa: E731
purge: Verb = lambda seen: placing.purge(seen, now=time.time())  # noqa: E731
EVERYWHERE = (*MAIL_DIRS, TRASH)


def seen(spool: Spool) -> list[verbs.Seen]:
    return [
        verbs.Seen(entry.name, entry.inode, entry.size, entry.envelope, entry.mtime)
        for entry in scan(spool, EVERYWHERE).entries()
        if entry.envelope is not None
    ]


def plan_of(verb: str, made: Iterable[Change | Apart | None]) -> Plan:
    changes = [change for change in made if isinstance(change, Change)]
    return Plan(verb, "gw1:/x", "--spool", "stuck", 1795543999.0, tuple(changes))


def do(spool: Spool, verb: Verb) -> Applied:
    return apply(spool, plan_of("verb", map(verb, seen(spool))), ME)


def undo(spool: Spool) -> Applied:
    last = read_journal(spool)[-1]
    by_id = {change.id: change for change in last.carried_out}
    made = [verbs.undo(one, by_id[one.name.id]) for one in seen(spool) if one.name.id in by_id]
    return apply(spool, plan_of("undo", made), ME, undoes=last.txn)


def words(applied: Applied) -> list[str]:
    return [outcome.result for outcome in applied.outcomes]


def files(spool: Spool) -> dict[str, bytes]:
    names = scan(spool, EVERYWHERE).names()
    return {name.file: FilePath(spool.path, name.file).read_bytes() for name in names}


def only(spool: Spool) -> tuple[str, Envelope]:
    (one,) = seen(spool)
    return one.name.file, one.envelope


def failed_twice(spool: Spool, name: SpoolName) -> SpoolName:
    """Put off twice, delivered to the first: as attempts leave it."""
    with lock(spool, name) as locked:
        envelope = locked.envelope()
        first, *others = envelope.recipients
        write_recipients(
            locked,
            [
                replace(first, mark="D", code=250, attempts=1),
                *(replace(r, code=451, attempts=2, text="later") for r in others),
            ],
        )
        assert envelope.state is not None
        state = replace(envelope.state, attempts=2, reason="put-off", delivered=1, text="later")
        write_state(locked, envelope, replace(state, pending=len(others), term=1795000000))
        move(locked, name.at(RESEND))
    return name.at(RESEND)


TWO = ("anna@example.org", "ben@example.org")


def test_requeue_writes_in_place_and_undo_gives_the_same_bytes(spool: Spool, put: Put) -> None:
    name = failed_twice(spool, put(recipients=TWO))
    before = files(spool)
    inode = os.stat(f"{spool.path}/{name.file}").st_ino
    assert words(do(spool, placing.requeue)) == ["done"]
    file, envelope = only(spool)
    assert file == f"D_sender/R{name.number}"
    assert os.stat(f"{spool.path}/{file}").st_ino == inode
    assert [r.mark for r in envelope.recipients] == ["D", "P"]
    assert envelope.recipients[1].attempts == 0
    state = envelope.state
    assert state is not None
    assert abs(state.term - time.time()) < 60 and state.next_try == state.term
    assert (state.attempts, state.pending, state.delivered) == (0, 1, 1)
    assert words(undo(spool)) == ["done"]
    assert files(spool) == before


def test_bounce_makes_an_e_file_and_undo_gives_the_same_bytes(spool: Spool, put: Put) -> None:
    name = failed_twice(spool, put(recipients=TWO))
    before = files(spool)
    assert words(do(spool, bounce)) == ["done"]
    file, envelope = only(spool)
    assert file == f"D_resend/E{name.number}"
    assert [(r.mark, r.text) for r in envelope.recipients] == [
        ("D", ""),
        ("F", "given up by the operator: INC-7"),
    ]
    assert envelope.state is not None and envelope.state.attempts == 0
    assert not plan_of("", map(bounce, seen(spool))).changes
    assert words(undo(spool)) == ["done"]
    assert files(spool) == before
    assert words(undo(spool)) == ["done"]
    assert only(spool)[0] == f"D_resend/E{name.number}"


def test_an_e_file_is_requeued_and_owed_again_by_undo(spool: Spool, put: Put) -> None:
    name = put(recipients=TWO)
    do(spool, bounce)
    before = files(spool)
    assert words(do(spool, placing.requeue)) == ["done"]
    file, envelope = only(spool)
    assert file == name.file
    assert [r.mark for r in envelope.recipients] == ["P", "P"]
    undo(spool)
    assert files(spool) == before


def test_the_body_stays_to_the_byte(spool: Spool, put: Put) -> None:
    body = bytes(range(256)) * 300
    put(recipients=TWO, body=body)
    for verb in (bounce, placing.requeue, delete, placing.requeue):
        assert words(do(spool, verb)) == ["done"]
        assert only(spool)[1].sizes is not None
        (content,) = files(spool).values()
        assert content.endswith(body)


def test_a_held_message_is_requeued_and_goes_back_to_hold(spool: Spool, put: Put) -> None:
    name = failed_twice(spool, put(recipients=TWO))
    do(spool, verbs.hold)
    before = files(spool)
    do(spool, placing.requeue)
    file, envelope = only(spool)
    assert envelope.state is not None
    assert (file, envelope.state.held) == (f"D_sender/R{name.number}", 0)
    undo(spool)
    assert files(spool) == before
    do(spool, bounce)
    file, envelope = only(spool)
    assert envelope.state is not None
    assert (file, envelope.state.held) == (f"D_resend/E{name.number}", 0)
    undo(spool)
    assert files(spool) == before


def test_delete_and_back_again_keeps_the_term(spool: Spool, put: Put) -> None:
    name = failed_twice(spool, put(recipients=TWO))
    term = only(spool)[1].state
    assert words(do(spool, delete)) == ["done"]
    file, envelope = only(spool)
    assert file == f"{TRASH}/R{name.number}"
    assert envelope.state is not None and envelope.state.held
    assert not plan_of("", map(delete, seen(spool))).changes
    assert words(undo(spool)) == ["done"]
    file, envelope = only(spool)
    assert file == name.file
    assert envelope.state is not None and term is not None
    assert (envelope.state.held, envelope.state.attempts) == (0, 2)
    assert envelope.state.term >= term.term


@pytest.mark.parametrize("binned", [False, True])
def test_purge_frees_and_nothing_brings_it_back(spool: Spool, put: Put, binned: bool) -> None:
    put()
    if binned:
        do(spool, delete)
    assert words(do(spool, purge)) == ["done"]
    assert files(spool) == {}
    (change,) = read_journal(spool)[-1].carried_out
    assert change.remove


def test_a_file_typed_by_hand_is_rewritten(spool: Spool, put: Put) -> None:
    name = put(recipients=TWO)
    path = FilePath(spool.path, name.file)
    lines = path.read_bytes().split(b"\n")
    typed = [
        b"RCPT:\t<ben@example.org>" if b"<ben@" in line else line
        for line in lines
        if not line.startswith((b"STATE:", b"SIZES:", b"DIGEST:"))
    ]
    path.write_bytes(b"\n".join(typed))
    assert words(do(spool, bounce)) == ["done"]
    file, envelope = only(spool)
    assert file == f"D_resend/E{name.number}"
    assert envelope.state is not None and envelope.state.failed == 2
    assert [r.mark for r in envelope.recipients] == ["F", "F"]
    assert all(recipient.fixed for recipient in envelope.recipients)
    assert words(do(spool, placing.requeue)) == ["done"]
    assert [r.mark for r in only(spool)[1].recipients] == ["P", "P"]


def test_a_plan_fails_where_the_message_moved_on(spool: Spool, put: Put) -> None:
    held, became_e, delivered, tried = (put(recipients=TWO) for _ in range(4))
    plan = decode_plan(plan_of("bounce", map(bounce, seen(spool))).encode())
    with lock(spool, held) as locked:
        move(locked, held.at(HOLD))
    with lock(spool, became_e) as locked:
        move(locked, became_e.at(RESEND, "E"))
    with lock(spool, delivered) as locked:
        everybody = [replace(r, mark="D") for r in locked.envelope().recipients]
        write_recipients(locked, everybody)
    failed_twice(spool, tried)
    result = {o.id: (o.result, o.detail) for o in apply(spool, plan, ME).outcomes}
    assert result == {
        held.id: ("changed", f"it is D_hold/R{held.id} since the plan was made"),
        became_e.id: ("unchanged", "already so"),
        delivered.id: ("changed", "nobody is pending whom its sender is to be told of"),
        tried.id: ("done", ""),
    }
    assert f"D_resend/E{tried.id}" in files(spool)


def test_what_is_in_the_trash_and_in_the_queue_is_touched_in_neither(
    spool: Spool, put: Put
) -> None:
    name = put()
    twin = FilePath(spool.path, TRASH, name.base)
    twin.write_bytes(FilePath(spool.path, name.file).read_bytes())
    before = files(spool)
    for verb in (delete, placing.requeue):
        made = [verb(one) for one in seen(spool)]
        for outcome in apply(spool, plan_of("verb", made), ME).outcomes:
            assert outcome.result == "failed", outcome
    assert files(spool) == before


def test_a_writer_keeps_its_partial(spool: Spool) -> None:
    slow = Incoming(spool, "00000003")
    then = time.time() - PARTIAL_AGE - 60
    os.utime("T00000003", (then, then), dir_fd=spool.dir_fd("D_state"))
    plan = plan_of("delete", map(delete, seen(spool)))
    assert len(plan.changes) == 1
    assert words(apply(spool, plan, ME, wait=0)) == ["busy"]
    os.write(slow.fd, b"more")
    slow.release()
    (outcome,) = apply(spool, plan, ME).outcomes
    assert (outcome.result, outcome.detail) == (
        "changed",
        "it was written to since the plan was made",
    )
    os.utime("T00000003", (then, then), dir_fd=spool.dir_fd("D_state"))
    assert words(apply(spool, plan, ME)) == ["done"]
    assert list(files(spool)) == [f"{TRASH}/T00000003"]


def test_a_plan_by_hand_renews_no_headers_alone(spool: Spool, put: Put) -> None:
    name = put()
    path = FilePath(spool.path, name.file)
    path.write_bytes(path.read_bytes().replace(b"FROM:", b"NOTICE_OF:\t001njf2a\nFROM:"))
    with lock(spool, name) as locked:
        move(locked, name.at(RESEND, "E"))
    (one,) = seen(spool)
    assert isinstance(placing.requeue(one), Apart)
    forged = Change(one.name.id, one.name.file, one.inode, one.size, (), name.file)
    plan = plan_of("requeue", [replace(forged, results=ResultsChange("renew"))])
    (outcome,) = apply(spool, plan, ME).outcomes
    assert (outcome.result, outcome.detail) == ("changed", "it holds no whole message to deliver")


@pytest.mark.parametrize("verb", [placing.requeue, bounce, delete, purge])
def test_a_change_and_a_deliverer_never_both_have_a_message(
    spool: Spool, put: Put, verb: Verb
) -> None:
    """150 messages, a verb and a deliverer at once: each is done or delivered, once."""
    names = [failed_twice(spool, put(recipients=TWO)) for _ in range(150)]
    plan = plan_of("verb", map(verb, seen(spool)))
    delivered: set[str] = set()

    def deliver() -> None:
        for name in names[::2] + names[1::2]:
            while name.id not in delivered:
                try:
                    with lock(spool, name) as locked:
                        remove(locked)
                        delivered.add(name.id)
                except Busy:
                    continue
                except Gone:
                    break

    thread = threading.Thread(target=deliver)
    thread.start()
    applied = apply(spool, plan, ME)
    thread.join()
    done = {o.id for o in applied.outcomes if o.result == "done"}
    gone = {o.id for o in applied.outcomes if o.result == "gone"}
    assert done | gone == {name.id for name in names}
    assert gone <= delivered and not done & delivered
    left = {name.rpartition("/")[2][1:] for name in files(spool)}
    assert left == (set() if verb is purge else done)
