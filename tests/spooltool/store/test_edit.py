"""Edits change what they say, prove it, and leave every other byte alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path as FilePath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spooltool.errors import Busy, CannotWrite, Gone
from spooltool.spool.codec import Splice, splices
from spooltool.spool.names import RESEND, SpoolName
from spooltool.spool.plan import Change, KeyChange, Plan
from spooltool.spool.state import State
from spooltool.store import edit as editing
from spooltool.store.apply import apply
from spooltool.store.edit import (
    Replacement,
    clear_replacements,
    rewrite,
    write_recipients,
    write_state,
)
from spooltool.store.journal import Actor
from spooltool.store.lock import lock
from spooltool.store.root import Spool

Put = Callable[..., SpoolName]


def read(spool: Spool, name: SpoolName) -> bytes:
    return FilePath(spool.path, name.file).read_bytes()


def test_a_rewrite_changes_the_value_alone(spool: Spool, put: Put) -> None:
    name = put(body=b"x" * 300_000 + b"\n")
    before = read(spool, name)
    os.chmod(f"{spool.path}/{name.file}", 0o640)
    os.setxattr(f"{spool.path}/{name.file}", "user.ticket", b"4711")
    locked = lock(spool, name)
    new = rewrite(locked, splices(locked.envelope(), {"DST": "mx1.example.net"}))
    with pytest.raises(Busy):
        lock(spool, name)
    new.close()
    assert read(spool, name) == before.replace(b"DST:\t10.1.5.2", b"DST:\tmx1.example.net", 1)
    facts = os.stat(f"{spool.path}/{name.file}")
    assert facts.st_mode & 0o7777 == 0o640
    assert os.getxattr(f"{spool.path}/{name.file}", "user.ticket") == b"4711"
    assert [n for n in os.listdir(f"{spool.path}/D_sender") if n.startswith(".")] == []


def test_a_rewrite_of_a_file_that_left_is_gone_and_makes_nothing(spool: Spool, put: Put) -> None:
    name = put()
    locked = lock(spool, name)
    replacement = Replacement(locked, [Splice(0, 0, b"")])
    os.unlink(f"{spool.path}/{name.file}")
    with pytest.raises(Gone):
        replacement.commit()
    locked.close()
    assert os.listdir(f"{spool.path}/D_sender") == []


def test_what_an_earlier_crash_left_is_replaced(spool: Spool, put: Put) -> None:
    name = put()
    left = FilePath(spool.path, "D_sender", f".{name.base}.{os.getpid()}.new")
    left.write_bytes(b"half")
    locked = lock(spool, name)
    rewrite(locked, splices(locked.envelope(), {"DPORT": "26"})).close()
    assert b"DPORT:\t26\n" in read(spool, name)
    assert not left.exists()


def test_read_back_finds_a_difference(spool: Spool, put: Put) -> None:
    name = put()
    locked = lock(spool, name)
    replacement = Replacement(locked, splices(locked.envelope(), {"DST": "10.1.5.9"}))
    os.pwrite(replacement.fd, b"X", 3)
    with pytest.raises(CannotWrite, match="different"):
        replacement.verify()
    replacement.discard()
    locked.close()
    assert b"DST:\t10.1.5.2" in read(spool, name)


def test_a_disk_that_keeps_something_else_is_found_by_whoever_changes_a_file(
    spool: Spool, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rewrite of the dequeuer, and a plan of an operator: neither says done."""
    one, other = put(), put()
    real = editing._write_all

    def write(fd: int, data: bytes) -> None:
        real(fd, data.replace(b"invoice", b"1nvoice"))

    monkeypatch.setattr(editing, "_write_all", write)
    locked = lock(spool, one)
    with pytest.raises(CannotWrite, match="read back different"):
        rewrite(locked, splices(locked.envelope(), {"DST": "10.1.5.9"}))
    locked.close()
    facts = os.stat(f"{spool.path}/{other.file}")
    keys = (KeyChange("DST", "10.1.5.2", "10.1.5.9"),)
    change = Change(other.id, other.file, facts.st_ino, facts.st_size, keys)
    plan = Plan("retarget", spool.path, "", "", 0.0, (change,))
    (outcome,) = apply(spool, plan, Actor("", "", "", "")).outcomes
    assert outcome.result == "failed"
    assert "read back different" in outcome.detail


def test_results_are_written_in_place(spool: Spool, put: Put) -> None:
    name = put(recipients=("anna@example.org", "ben@example.org"))
    inode = os.stat(f"{spool.path}/{name.file}").st_ino
    with lock(spool, name) as locked:
        envelope = locked.envelope()
        anna, ben = envelope.recipients
        done = replace(anna, mark="D", code=250, enhanced="2.0.0", attempts=1, text="queued")
        state = envelope.state
        assert state is not None
        write_recipients(locked, [done])
        assert write_state(locked, envelope, replace(state, delivered=1, pending=1)) is True
        again = locked.envelope()
        assert again.recipients == (done, ben)
        assert again.defects == ()
    assert os.stat(f"{spool.path}/{name.file}").st_ino == inode


def test_a_line_typed_by_hand_is_not_written_in_place(spool: Spool) -> None:
    path = FilePath(spool.path, RESEND, "R00000007")
    path.write_bytes(b"DST:\t10.1.5.2\nFROM:\t<a@b>\nRCPT:\t<c@d>\n\nSubject: x\n\n")
    with lock(spool, SpoolName(RESEND, "R", "00000007")) as locked:
        envelope = locked.envelope()
        with pytest.raises(ValueError, match="fixed width"):
            write_recipients(locked, envelope.recipients)
        assert envelope.state is None
        assert write_state(locked, envelope, State()) is False


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(min_size=1, max_size=2000),
    edits=st.lists(st.tuples(st.integers(0, 1999), st.integers(0, 50), st.binary(max_size=30))),
)
def test_any_splices_on_any_bytes_read_back(
    spool: Spool, content: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    path = FilePath(spool.path, RESEND, "R00000009")
    path.write_bytes(content)
    ordered: list[Splice] = []
    at = 0
    for offset, old, new in sorted(edits):
        if offset >= at and offset + old <= len(content):
            ordered.append(Splice(offset, old, new))
            at = offset + old
    expected = b""
    last = 0
    for edit in ordered:
        expected += content[last : edit.offset] + edit.new
        last = edit.offset + edit.old
    expected += content[last:]
    rewrite(lock(spool, SpoolName(RESEND, "R", "00000009")), ordered).close()
    assert path.read_bytes() == expected


def test_left_over_replacements_are_cleared_unless_somebody_writes_them(
    spool: Spool, put: Put
) -> None:
    name, other = put(), put()
    left = FilePath(spool.path, "D_sender", f".{other.base}.1.new")
    left.write_bytes(b"half")
    with lock(spool, name) as locked:
        replacement = Replacement(locked, [Splice(0, 0, b"")])
        later = left.stat().st_ctime + 3600
        assert clear_replacements(spool, later - 7200) == []
        assert clear_replacements(spool, later) == [f"D_sender/{left.name}"]
        replacement.discard()
    assert sorted(os.listdir(f"{spool.path}/D_sender")) == sorted([name.base, other.base])
