"""A STATE that does not check out is read once more before it is called a defect."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.spool.names import SpoolName
from spooltool.store.message import MessageFile
from spooltool.store.root import Spool
from spooltool.store.scan import read_again, read_entry

Put = Callable[..., SpoolName]
Work = Callable[[Spool, SpoolName], list[str]]


def listed(spool: Spool, name: SpoolName) -> list[str]:
    entry = read_entry(spool, name)
    assert entry is not None
    return [defect.code for defect in read_again(spool, entry).defects]


def opened(spool: Spool, name: SpoolName) -> list[str]:
    file = MessageFile(spool, name)
    file.close()
    return [defect.code for defect in file.envelope.defects]


class Writer:
    """Between two bytes of STATE for the first `reads` reads of the file, done then."""

    def __init__(self, path: Path, reads: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.reads = reads, 0
        data = path.read_bytes()
        self._at = data.index(b"STATE:\t") + 20
        self._real = os.pread
        monkeypatch.setattr(os, "pread", self._pread)

    def _pread(self, fd: int, length: int, offset: int) -> bytes:
        data = self._real(fd, length, offset)
        if offset or not data:
            return data
        self.reads += 1
        if self.reads > self.left:
            return data
        return data[: self._at] + b"#" + data[self._at + 1 :]


@pytest.mark.parametrize("work", [listed, opened])
@pytest.mark.parametrize(("reads", "defects"), [(0, []), (1, []), (2, ["state-bad"])])
def test_once_and_only_once(
    spool: Spool,
    put: Put,
    work: Work,
    reads: int,
    defects: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = put()
    writer = Writer(Path(spool.path, name.file), reads, monkeypatch)
    assert work(spool, name) == defects
    assert writer.reads == min(reads + 1, 2)
