"""Taking mail in: whole, durable, or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spooltool.errors import Busy, CannotWrite
from spooltool.spool.compose import NewMessage
from spooltool.spool.names import SENDER, STATE_DIR, SpoolName
from spooltool.spool.recipient import Path
from spooltool.store.counter import Counter
from spooltool.store.filesystem import Syncer
from spooltool.store.incoming import Incoming, commit
from spooltool.store.lock import lock
from spooltool.store.message import MessageFile
from spooltool.store.root import Spool
from spooltool.store.scan import scan


def message() -> NewMessage:
    return NewMessage({"SRC": "1.2.3.4", "SPORT": "5", "DST": "10.1.5.2", "ERR_SERVER": "10.1.5.2"},
                      1795543999.0, Path(""), [Path("a@example.org")])  # fmt: skip


class FailingSyncer(Syncer):
    """A syncer whose device answers EIO once."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.calls = 0

    def sync(self, files: Collection[int], directories: Iterable[int]) -> None:
        self.calls += 1
        raise OSError(errno.EIO, os.strerror(errno.EIO))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    original=st.binary(max_size=300),
    modified=st.binary(max_size=300),
    chunks=st.lists(st.binary(max_size=400), max_size=5),
)
def test_what_came_is_what_stands_there(
    spool: Spool, original: bytes, modified: bytes, chunks: list[bytes]
) -> None:
    incoming = Incoming(spool, Counter(spool, block=10).take())
    incoming.begin(message(), original, modified)
    for chunk in chunks:
        incoming.append(chunk)
    incoming.finish()
    file = MessageFile(spool, incoming.name)
    assert file.read(file.parts.original) == original
    assert file.read(file.parts.modified) == modified
    assert file.read(file.parts.body) == b"".join(chunks)
    assert file.digest_ok() is True
    assert file.envelope.defects == ()
    file.close()
    incoming.abort()


def test_a_large_body_is_written_as_it_comes_and_sealed_at_the_end(spool: Spool) -> None:
    incoming = Incoming(spool, "00000001")
    incoming.begin(message(), b"A: b\n", b"A: b\n")
    for _ in range(40):
        incoming.append(b"x" * 65535 + b"\n")
    before = os.fstat(incoming.fd).st_size
    incoming.finish()
    assert before > 2_000_000
    file = MessageFile(spool, incoming.name)
    assert file.parts.body[1] == 40 * 65536
    assert file.digest_ok() is True
    file.close()
    incoming.abort()


def test_the_lock_is_kept_until_release(spool: Spool, syncer: Syncer) -> None:
    incoming = Incoming(spool, "00000001")
    incoming.begin(message(), b"", b"")
    incoming.finish()
    assert commit(spool, [incoming], syncer) == [None]
    assert incoming.name == SpoolName(SENDER, "R", "00000001")
    with pytest.raises(Busy):
        lock(spool, incoming.name)
    incoming.release()
    lock(spool, incoming.name).close()


def test_a_failed_sync_fails_the_batch_and_leaves_no_file(spool: Spool) -> None:
    syncer = FailingSyncer(spool.path)
    syncer.close()
    batch = [Incoming(spool, f"0000000{n}") for n in range(3)]
    for incoming in batch:
        incoming.begin(message(), b"", b"")
        incoming.finish()
    results = commit(spool, batch, syncer)
    assert [result.errno if result else None for result in results] == [errno.EIO] * 3
    assert syncer.calls == 1
    assert list(scan(spool).names()) == []


def test_a_number_that_stands_there_already_is_never_overwritten(
    spool: Spool, syncer: Syncer
) -> None:
    for expected in (None, errno.EEXIST):
        incoming = Incoming(spool, "00000001")
        incoming.begin(message(), b"", b"")
        incoming.append(b"first\n" if expected is None else b"second\n")
        incoming.finish()
        (result,) = commit(spool, [incoming], syncer)
        assert (result.errno if result else None) == expected
        incoming.release()
    file = MessageFile(spool, SpoolName(SENDER, "R", "00000001"))
    assert file.read(file.parts.body) == b"first\n"
    file.close()


def test_a_partial_file_is_never_opened_twice(spool: Spool, syncer: Syncer) -> None:
    """New files are made, not found."""
    first = Incoming(spool, "00000001")
    first.begin(message(), b"", b"")
    with pytest.raises(CannotWrite, match="File exists"):
        Incoming(spool, "00000001")
    first.finish()
    assert commit(spool, [first], syncer) == [None]
    first.release()
    file = MessageFile(spool, SpoolName(SENDER, "R", "00000001"))
    assert file.digest_ok() is True
    file.close()


def test_a_file_that_cannot_be_locked_is_not_left_behind(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with monkeypatch.context() as without:
        without.setattr("fcntl.flock", no)
        with pytest.raises(CannotWrite):
            Incoming(spool, "00000001")
    assert list(scan(spool).names()) == []


def test_abort_leaves_nothing(spool: Spool) -> None:
    incoming = Incoming(spool, "00000001")
    assert [name.file for name in scan(spool).names()] == [f"{STATE_DIR}/T00000001"]
    incoming.abort()
    incoming.abort()
    assert list(scan(spool).names()) == []


def test_an_envelope_that_would_break_out_of_its_line_is_refused(spool: Spool) -> None:
    incoming = Incoming(spool, "00000001")
    evil = NewMessage({}, 1.0, Path("a@b\nDST:\t6.6.6.6"), [Path("c@d")])
    with pytest.raises(ValueError, match="FROM"):
        incoming.begin(evil, b"", b"")
    incoming.abort()


def test_a_full_disk_is_an_error_that_can_be_answered(spool: Spool) -> None:
    """RLIMIT_FSIZE stands in for a full disk: the write fails in the middle."""
    import resource
    import signal

    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    incoming = Incoming(spool, "00000001")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, old[1]))
        incoming.begin(message(), b"", b"")
        with pytest.raises(CannotWrite):
            incoming.append(b"x" * 600_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    incoming.abort()
    assert list(scan(spool).names()) == []
