"""Names of a directory read by two at a time: neither takes them from the other."""

from __future__ import annotations

import os
from pathlib import Path

from spooltool.spool.names import SENDER
from spooltool.store.root import Spool

MANY = 3000


def test_a_reading_beside_another_misses_and_doubles_nothing(tmp_path: Path) -> None:
    with Spool.create(str(tmp_path / "spool")) as spool:
        names = {f"R{number:08d}" for number in range(MANY)}
        for name in names:
            (tmp_path / "spool" / SENDER / name).touch()
        with spool.listing(SENDER) as place, os.scandir(place) as entries:
            first = next(entries).name
            with spool.listing(SENDER) as other:
                assert set(os.listdir(other)) == names
            rest = [entry.name for entry in entries]
        assert sorted((first, *rest)) == sorted(names)
