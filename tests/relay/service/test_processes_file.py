"""The list of running processes: written and read whatever stands in its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.supervisor import PROCESSES, read_processes, write_processes
from spooltool.store.root import Spool
from tests.harness.odd_files import IRREGULAR, Outside, deadline, put_odd


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool.create(str(tmp_path / "spool")) as made:
        yield made


def test_what_is_written_reads_back(spool: Spool) -> None:
    for pid in (1, 2):
        write_processes(spool, {"mdq": [pid]})
        assert read_processes(spool)["mdq"] == [pid]
    Path(spool.path, ".spooltool", f"{PROCESSES}.new").write_bytes(b"half of what")
    write_processes(spool, {"mdq": [3]})
    assert read_processes(spool)["mdq"] == [3]


@pytest.mark.parametrize("kind", IRREGULAR)
@pytest.mark.parametrize("name", [PROCESSES, f"{PROCESSES}.new"])
def test_nothing_is_followed_or_waited_for(
    spool: Spool, tmp_path: Path, kind: str, name: str
) -> None:
    outside = Outside.made(tmp_path)
    put_odd(kind, Path(spool.path, ".spooltool", name), outside)
    before = outside.facts
    with deadline(20):
        assert read_processes(spool) == {}
        write_processes(spool, {"mdq": [1]})
        read = read_processes(spool)
    assert read.get("mdq") == (None if kind == "directory" else [1])
    assert outside.facts == before
    assert not outside.path.with_name("made-by-following").exists()
