"""What a picture shows is what `ls` lists, sorted as `ls` sorts it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from spooltool.look.sorting import SORT_KEYS
from spooltool.workers.queue import Show
from spooltool.workers.table import UNKNOWN, Flag
from tests.spooltool.cli.calling import AS_OF
from tests.spooltool.workers.seeing import Restless, Seen, listed, mail, put

See = Callable[..., Seen]
QUERIES = (
    "",
    "stuck",
    "not stuck",
    "stuck or held",
    "dst:10.1.5.2",
    "dst:10.1.5.0/24",
    "dst:mx9.example.net:2525",
    "from:@example.com",
    "from:<>",
    "rcpt:anna@example.org",
    "domain:example.org",
    "rule:11",
    "resource:smtp_in",
    "host:10.1.5.2",
    "dir:resend,hold",
    "reason:refused,timeout",
    "code:400..599",
    "attempts:3..",
    "size:1K..",
    "age:2h..5h",
    "older:1d",
    "newer:3h",
    "subject:invoice",
    "header:subject:a",
    "text:the",
    "expired or partial",
    "not from:@example.com age:..6h",
    "001njchs",
    "R001njchs D_resend/R001njd6k stuck",
    "nothing",
    "001njchs or held",
)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred messages with much in common."""
    spool = tmp_path_factory.mktemp("generated")
    chance = random.Random(7)
    for name in ("D_state", "D_sender", "D_resend", "D_hold", "D_quarantine"):
        (spool / name).mkdir()
    for number in range(300):
        directory = chance.choice(("D_sender", "D_resend", "D_resend", "D_hold"))
        letter = "E" if directory == "D_resend" and chance.random() < 0.1 else "R"
        data = mail(
            dst=chance.choice(
                ("10.1.5.2", "10.1.5.3:2525", "{10.1.5.2,10.1.5.4}", "mx1.example.net")
            ),
            sender=chance.choice(("", "a@example.com", "b@example.com", "a@example.net")),
            recipients=tuple(
                f"{chance.choice('abc')}@{chance.choice(('example.org', 'Example.net'))}"
                for _ in range(chance.randrange(1, 4))
            ),
            arrived=AS_OF - chance.choice((60.5, 400.25, 7200.125, 90000.0)),
            attempts=chance.randrange(0, 4),
            reason=chance.choice(("refused", "put-off", "timeout")),
            next_try=AS_OF + chance.choice((-4000, -30, 60, 500)),
            code=chance.choice((0, 451)),
            body=b"x" * chance.randrange(1, 2000),
            own=chance.random() < 0.8,
        )
        put(spool, f"{directory}/{letter}{number:05d}q", data)
    return spool


def compared(rows: list[dict[str, Any]], most: float = float("inf")) -> list[dict[str, Any]]:
    """What `ls --json` and a picture both have; of times a column takes at `most` so much."""
    return [
        {
            "file": row["file"],
            "standing": row["standing"],
            "reason": row["stuck"] or "",
            "arrived": min(_seconds(row["arrived"]), most),
            "next_try": min(_seconds(row["next_try"]), most),
            "attempts": UNKNOWN if row["attempts"] is None else row["attempts"],
            "suspended": row["suspended"],
            "held": row["holder"] is not None,
            "exact": row["age_exact"],
        }
        for row in rows
    ]


def _seconds(time: str | None) -> int:
    return 0 if time is None else int(datetime.fromisoformat(time).timestamp())


def shown(seen: Seen) -> list[dict[str, Any]]:
    return [
        {
            "file": row["file"],
            "standing": row["standing"],
            "reason": row["reason"],
            "arrived": row["arrived"],
            "next_try": row["next_try"],
            "attempts": row["attempts"],
            "suspended": Flag.SUSPENDED in row["flags"],
            "held": Flag.HELD in row["flags"],
            "exact": not row["flags"] & (Flag.GUESSED_AGE | Flag.UNREADABLE),
        }
        for row in seen.rows
    ]


def by_file(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["file"]: row for row in rows}


def test_a_picture_of_the_gateway_is_what_ls_lists(gateway: Path, see: See) -> None:
    seen = see(gateway)
    seen.show()
    told = listed(gateway)
    assert len(told) == 80
    assert by_file(shown(seen)) == by_file(compared(told))
    whys = {row["file"]: row["why"] for row in told if row["raw"] is None}
    assert {r["file"]: r["why"] for r in seen.rows if r["file"] in whys} == whys
    sizes = {row["file"]: row["size"] for row in told if row["size"] is not None}
    assert {r["file"]: r["size"] for r in seen.rows if r["file"] in sizes} == sizes


@pytest.mark.parametrize("name", ["original", "flat41", "empty"])
def test_a_picture_of_other_spools_is_what_ls_lists(
    spool_fixtures: Path, see: See, name: str
) -> None:
    seen = see(spool_fixtures / name)
    seen.show()
    assert by_file(shown(seen)) == by_file(compared(listed(spool_fixtures / name)))


def test_a_picture_of_a_generated_spool_is_what_ls_lists(generated: Path, see: See) -> None:
    seen = see(generated)
    seen.show()
    assert by_file(shown(seen)) == by_file(compared(listed(generated)))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_means_what_it_means_to_ls(gateway: Path, see: See, query: str) -> None:
    seen = see(gateway)
    seen.show()
    told = listed(gateway, *query.split()) if " or " not in query else listed(gateway, query)
    picture = seen.show(query)
    assert sorted(seen.files) == sorted(row["file"] for row in told)
    assert picture.matched.messages == len(told)
    fresh = see(gateway)
    assert fresh.show(query).matched == picture.matched
    assert fresh.rows == seen.rows


@pytest.mark.parametrize(
    "query", ["", "stuck", "from:@example.com", "age:1h..", "rcpt:@example.net"]
)
def test_a_query_means_the_same_in_a_generated_spool(generated: Path, see: See, query: str) -> None:
    seen = see(generated)
    seen.show("held")
    seen.show(query)
    assert sorted(seen.files) == sorted(row["file"] for row in listed(generated, *query.split()))


@pytest.mark.parametrize("sort", ["", *SORT_KEYS.split(", ")])
@pytest.mark.parametrize("down", [False, True])
def test_the_order_is_that_of_ls(generated: Path, see: See, sort: str, down: bool) -> None:
    if down and not sort:
        return
    key = f"-{sort}" if down else sort
    seen = see(generated)
    seen.show("stuck", key)
    words = ("--sort", key) if key else ()
    assert seen.files == [row["file"] for row in listed(generated, "stuck", *words)]


@pytest.mark.parametrize("sort", ["rcpt", "-from", "dst", "-next", "reason"])
def test_an_order_asked_for_later_is_the_same(gateway: Path, see: See, sort: str) -> None:
    seen = see(gateway)
    seen.show("stuck")
    seen.show("stuck", sort)
    assert seen.files == [row["file"] for row in listed(gateway, "stuck", "--sort", sort)]


@pytest.fixture
def large(spool: Path) -> Path:
    """More messages than are judged at once."""
    data = [mail(recipients=(f"anna@{name}",)) for name in ("example.org", "example.net")]
    for number in range(1500):
        put(spool, f"D_resend/R{number:05d}q", data[number % 2])
    return spool


def test_partial_pictures_grow_to_the_whole(large: Path, see: See) -> None:
    """By a clock that runs, reading and judging are cut into slices; each tells how far it is."""
    seen = see(large, ticks=Restless(1000.0))
    seen.serial = 1
    steps(seen, "from:@example.com")
    counts = [picture.matched.messages for picture in seen.pictures if picture.reading]
    assert len(set(counts)) > 1
    assert counts == sorted(counts)
    assert all(p.reading.of in (0, 1500) for p in seen.pictures if p.reading)
    seen.pictures.clear()
    steps(seen, "rcpt:@example.net stuck")
    judged = [picture for picture in seen.pictures if picture.judging]
    assert judged
    assert all(p.judging.looked < p.judging.of == 1500 for p in judged if p.judging)
    assert all(0 < p.matched.messages < 750 for p in judged)
    assert seen.files == [f"D_resend/R{number:05d}q" for number in range(1, 1500, 2)]


def steps(seen: Seen, query: str) -> None:
    """Show a query and go on until nothing is left to do, in the smallest steps."""
    seen.serial += 1
    seen.reader.asked(Show(seen.serial, query))
    for _ in range(2000):
        seen.once(0.0)
        for last in seen.pictures[-1:]:
            if last.serial == seen.serial and not last.reading and not last.judging:
                return
    raise AssertionError("it never ends")


def test_the_order_of_the_first_pass_grows_sorted(generated: Path, see: See) -> None:
    seen = see(generated, ticks=Restless(1000.0))
    seen.serial = 1
    steps(seen, "")
    assert len(seen.pictures) > 2
    assert seen.files == [row["file"] for row in listed(generated, "--sort", "age")]


def test_hostile_names_and_files_are_as_in_ls(spool: Path, see: See, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(mail())
    place = spool / "D_resend"
    for name in (b"R\x1b[2J", b"R\xff1", b"[@click=app.quit]x", b".R00000001", b"R00000001~"):
        (place / os.fsdecode(name)).write_bytes(mail())
    put(spool, "D_resend/README", mail())
    put(spool, "D_resend/R0123456789abcdef", mail(dst="[/b]", sender="[@click=app.quit]x"))
    (place / "R00000002").symlink_to(outside)
    os.mkfifo(place / "R00000003")
    (place / "R00000004").mkdir()
    os.link(outside, place / "R00000005")
    (place / "R00000006").write_bytes(b"")
    (place / "R00000007").write_bytes(b"\xff\x00" * 500)
    put(spool, "D_sender/E00000008", mail(next_try=9_999_999_999, arrived=9_999_999_999.0))
    os.truncate(place / "R00000007", 64 << 30)
    seen = see(spool)
    seen.show()
    assert by_file(shown(seen)) == by_file(compared(listed(spool), most=0xFFFFFFFF))
    assert len(seen.files) == 9
    seen.show("size:5G..")
    assert seen.files == ["D_resend/R00000007"]


def test_the_length_of_the_longest_number_is_told(spool: Path, see: See) -> None:
    put(spool, "D_resend/R00000001", mail())
    seen = see(spool)
    assert seen.show("held").longest == 8
    put(spool, "D_resend/R0123456789abcdef", mail())
    assert seen.touch("0123456789abcdef").longest == 16
