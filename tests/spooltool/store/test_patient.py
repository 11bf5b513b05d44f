"""Messages read in steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from fixtures.build import AS_OF, mail, tried
from spooltool.spool.names import SENDER, SpoolName
from spooltool.spool.recipient import Recipient
from spooltool.store.message import MessageFile
from spooltool.store.patient import DigestCheck, PatientFile
from spooltool.store.root import Spool

NAME = SpoolName(SENDER, "R", "001njlng")
MANY = 900

Opened = Callable[[type[Any]], Any]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool.create(str(tmp_path / "spool")) as made:
        yield made


@pytest.fixture
def opened(spool: Spool) -> Iterator[Opened]:
    """Opens the message one way or the other."""
    with ExitStack() as made:
        yield lambda kind: made.enter_context(closing(kind(spool, NAME)))


def written(spool: Spool, data: bytes) -> Path:
    path = Path(spool.path) / NAME.file
    path.write_bytes(data)
    return path


def long_mail() -> bytes:
    marks = ["D" if at % 3 == 0 else "P" for at in range(MANY)]
    told: list[Recipient] = [
        tried(f"list-{at:05d}@example.org", 1, 300, 300, mark=mark) for at, mark in enumerate(marks)
    ]
    return mail(NAME.number, AS_OF - 100.0, recipients=told)


def test_a_short_envelope_is_read_at_once(spool: Spool, opened: Opened) -> None:
    written(spool, mail(NAME.number, AS_OF - 100.0))
    file, whole = opened(PatientFile), opened(MessageFile)
    assert (file.whole, file.outline, file.read_on()) == (True, None, False)
    assert (file.envelope, file.parts) == (whole.envelope, whole.parts)


def test_a_long_envelope_comes_to_the_same(spool: Spool, opened: Opened) -> None:
    data = long_mail()
    written(spool, data)
    file, whole = opened(PatientFile), opened(MessageFile)
    assert (file.whole, file.parts.body[1]) == (False, 0)
    steps = 1
    while file.read_on():
        steps += 1
    assert 10 < steps < len(data) // 16384 + 3
    assert file.outline is not None
    assert (file.whole, file.parts, file.part_defects) == (True, whole.parts, ())
    assert file.outline.marks == {"D": MANY // 3, "P": MANY - MANY // 3}
    assert len(file.outline.starts) == len(whole.envelope.lines)
    for key in ("FROM", "SIZES", "DIGEST", "STATE", "DST"):
        assert file.envelope.get(key) == whole.envelope.get(key)
    last = whole.envelope.lines[-1]
    assert [one.number for one in file.envelope.lines if one.key == last.key] == [last.number]
    assert (file.envelope.torn, file.envelope.grown, file.envelope.defects) == (False, False, ())


@pytest.mark.parametrize(("change", "code"), [(b"", "torn"), (b"more", "edited")])
def test_a_long_one_that_is_torn_or_edited(
    spool: Spool, opened: Opened, change: bytes, code: str
) -> None:
    data = long_mail()
    written(spool, data + change if change else data[:-20])
    file = opened(PatientFile)
    while file.read_on():
        pass
    assert [one.code for one in file.envelope.defects] == [code]


@pytest.mark.parametrize("data", [b"x" * 100_000, b"x\n" * 60_000, b"FORMAT:\t1\n" * 9_000])
def test_what_is_no_envelope_ends_too(spool: Spool, opened: Opened, data: bytes) -> None:
    written(spool, data)
    file = opened(PatientFile)
    while file.read_on():
        pass
    assert (file.whole, file.envelope.end, file.parts.body[1]) == (True, -1, 0)


def test_one_that_is_cut_to_nothing_meanwhile(spool: Spool, opened: Opened) -> None:
    path = written(spool, long_mail())
    file = opened(PatientFile)
    path.write_bytes(b"")
    while file.read_on():
        pass
    assert (file.whole, file.envelope.lines) == (True, ())


def test_results_that_are_written_since(spool: Spool, opened: Opened) -> None:
    path = written(spool, long_mail())
    file = opened(PatientFile)
    while file.read_on():
        pass
    with path.open("r+b") as writing:
        writing.seek(long_mail().index(b"RCPT:\t") + len(b"RCPT:\t"))
        rest = writing.read(400)
        at = rest.index(b"D 000")
        writing.seek(-400 + at, 1)
        writing.write(b"X")
    file.begin()
    assert file.whole and file.outline is not None
    while file.read_on():
        pass
    assert file.outline.marks == {"X": 1, "D": MANY // 3 - 1, "P": MANY - MANY // 3}


@pytest.mark.parametrize("change", [0, 1])
def test_the_digest_in_steps(spool: Spool, opened: Opened, change: int) -> None:
    data = bytearray(mail(NAME.number, AS_OF - 100.0, body=b"line of text\n" * 100_000))
    data[-5] ^= change
    written(spool, bytes(data))
    file = opened(PatientFile)
    check = DigestCheck(file)
    steps = 1
    while check.step():
        assert 0 < check.part < 1
        steps += 1
    assert (steps, check.done, check.fits) == (len(data) // (256 * 1024) + 1, True, not change)
    assert file.digest_ok() is check.fits


def test_no_digest_is_nothing_to_check(spool: Spool, opened: Opened) -> None:
    written(spool, b"FROM:\t<>\n\nno digest\n")
    check = DigestCheck(opened(PatientFile))
    assert (check.done, check.fits, check.step()) == (True, None, False)
