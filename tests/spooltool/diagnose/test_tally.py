"""Counts add up, in one process or two."""

from __future__ import annotations

import marshal

from fixtures.build import AS_OF
from fixtures.make import fixtures
from spooltool.diagnose.row import Found, Row
from spooltool.diagnose.tally import Tally, unpack
from spooltool.spool.names import parse_name
from spooltool.spool.states import Circumstance


def rows() -> list[Row]:
    found = []
    for fixture in fixtures():
        directory, _, base = fixture.path.partition("/")[2].rpartition("/")
        name = parse_name(base, directory)
        if fixture.path.startswith("gw/") and name:
            data = fixture.data
            found.append(Row(Found(name, 1, len(data), 5.0, data), Circumstance(AS_OF)))
    return found


def tally_of(some: list[Row]) -> Tally:
    tally = Tally()
    for row in some:
        tally.add(row)
    return tally


def test_two_halves_make_the_whole() -> None:
    whole, every = tally_of(rows()), rows()
    half = tally_of(every[:20])
    half.merge(unpack(marshal.loads(marshal.dumps(tally_of(every[20:]).packed()))))
    assert half.packed() == whole.packed()


def test_what_is_counted() -> None:
    tally = tally_of(rows())
    assert tally.total == len(rows()) == sum(tally.standings.values()) == sum(tally.places.values())
    assert tally.stuck == sum(tally.reasons.values()) == sum(n for _, n in tally.by_reason())
    assert ("refused", "10.1.5.2") in tally.reasons, "the usual port is left out"
    assert tally.bytes == sum(row.size for row in rows())
    numbers = [number for *_, number in tally.by_reason_and_host()]
    assert numbers == sorted(numbers, reverse=True)
    assert AS_OF - 60 < tally.last_life <= AS_OF
    assert Tally().last_life == 0.0
