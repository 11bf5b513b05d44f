"""Queries over a queue that changes: ids, ages, the trash, what cannot be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.errors import QueryError
from spooltool.query import parse_text
from spooltool.workers.queue import Misread, Show
from tests.spooltool.cli.calling import AS_OF, start
from tests.spooltool.workers.seeing import Seen, listed, mail, put

See = Callable[..., Seen]
A, B, C = (f"D_resend/R0000000{digit}" for digit in "123")


@pytest.fixture
def three(spool: Path) -> Path:
    for file, sender in ((A, "a@example.com"), (B, "b@example.com"), (C, "b@example.com")):
        put(spool, file, mail(sender=sender))
    return spool


@pytest.mark.parametrize("text", ["stuck dst:", "stick", "stuck )", "- stuck", "age:..x or"])
def test_what_cannot_be_read_is_told_and_changes_nothing(three: Path, see: See, text: str) -> None:
    with pytest.raises(QueryError) as why:
        parse_text(text)
    seen = see(three)
    seen.show("from:b@example.com")
    seen.ask(Show(77, text))
    assert seen.misread == Misread(77, why.value.message, why.value.column, why.value.hint)
    put(three, "D_resend/R00000004", mail(sender="b@example.com"))
    picture = seen.touch("00000004")
    assert (picture.serial, len(seen.files)) == (1, 3)


@pytest.mark.parametrize(("sort", "group"), [("nothing", "dst"), ("", "colour")])
def test_an_unknown_order_or_group_is_told(three: Path, see: See, sort: str, group: str) -> None:
    seen = see(three)
    seen.show()
    seen.ask(Show(5, "", sort, group))
    assert seen.misread is not None
    assert (seen.misread.serial, seen.picture.serial) == (5, 1)


def test_an_id_follows_its_message(three: Path, see: See) -> None:
    seen = see(three)
    seen.show("00000001 D_resend/R00000002")
    assert seen.files == [A, B]
    os.rename(three / A, three / "D_hold/R00000001")
    os.rename(three / B, three / "D_sender/R00000002")
    seen.touch("00000001", "00000002")
    assert sorted(seen.files) == ["D_hold/R00000001", "D_sender/R00000002"]
    (three / "D_hold/R00000001").unlink()
    seen.touch("00000001")
    assert seen.files == ["D_sender/R00000002"]
    put(three, A, mail())
    seen.touch("00000001")
    assert sorted(seen.files) == [A, "D_sender/R00000002"]


def test_of_two_files_of_one_number_an_id_means_neither(three: Path, see: See) -> None:
    seen = see(three)
    seen.show("00000001 00000002")
    put(three, "D_hold/R00000001", mail())
    seen.touch("00000001")
    assert seen.files == [B]
    done = start("--spool", three, "--as-of", str(AS_OF), "ls", "--ids", "00000001", "00000002")
    assert (done.code, done.lines) == (1, ["R00000002"])
    seen.show("D_hold/R00000001")
    assert seen.files == ["D_hold/R00000001"]
    (three / "D_hold/R00000001").unlink()
    seen.touch("00000001")
    assert seen.files == [A]


def test_ids_come_in_while_the_spool_is_read(three: Path, see: See) -> None:
    seen = see(three)
    seen.show("R00000003 from:@example.com")
    assert seen.files == [C]


def test_an_age_passes_its_limit_by_time_alone(spool: Path, see: See) -> None:
    for number, age in enumerate((50, 100, 200)):
        put(spool, f"D_resend/R0000000{number}", mail(arrived=AS_OF - age, next_try=AS_OF + 9000))
    seen = see(spool)
    for query in ("age:100s..", "age:..150s", "not age:60s..120s"):
        seen.now.at = AS_OF
        seen.show(query)
        for later in (5, 30, 60):
            seen.now.at = AS_OF + later
            seen.step(1.0)
            fresh = see(spool, now=AS_OF + later)
            fresh.show(query)
            assert (query, later, seen.files) == (query, later, fresh.files)
            assert seen.picture.matched == fresh.picture.matched


def test_a_clock_that_is_set_back_judges_all_anew(spool: Path, see: See) -> None:
    put(spool, A, mail(arrived=AS_OF - 50.0))
    seen = see(spool)
    seen.show("age:100s..")
    assert seen.files == []
    seen.now.at = AS_OF + 60
    seen.step(1.0)
    assert seen.files == [A]
    seen.now.at = AS_OF
    seen.step(1.0)
    assert seen.files == []


def test_the_trash_is_looked_at_when_asked_for(three: Path, see: See) -> None:
    trash = three / ".spooltool/trash"
    trash.mkdir(parents=True)
    os.rename(three / A, trash / "R00000001")
    seen = see(three)
    seen.show("dir:trash")
    assert seen.files == [".spooltool/trash/R00000001"]
    assert seen.files == [row["file"] for row in listed(three, "dir:trash")]
    assert seen.picture.facts.everything.messages == 2
    os.rename(three / B, trash / "R00000002")
    picture = seen.touch("00000002")
    assert len(seen.files) == 2
    assert picture.facts.everything.messages == 1
    seen.show()
    assert seen.files == [C]
    seen.show("trashed or stuck")
    assert len(seen.files) == 3


def test_what_a_query_cannot_judge_is_counted(three: Path, see: See) -> None:
    (three / B).unlink()
    (three / B).mkdir()
    seen = see(three)
    picture = seen.show("from:@example.com")
    assert (picture.unjudged, sorted(seen.files)) == (1, [A, C])
    seen.show("reason:unreadable")
    assert seen.files == [B]
    assert seen.rows[0]["why"] == "unreadable: not a regular file with one link"


def test_a_file_that_left_before_it_was_read_is_looked_for(three: Path, see: See) -> None:
    """The columns still have it when the query must read it."""
    seen = see(three)
    seen.show()
    (three / B).unlink()
    os.rename(three / C, three / "D_hold/R00000003")
    picture = seen.show("from:b@example.com")
    seen.step()
    assert seen.files == ["D_hold/R00000003"]
    assert seen.picture.unjudged == 0
    assert picture.serial == 2


def test_messages_are_read_for_what_only_they_tell(three: Path, see: See) -> None:
    put(three, A, mail(subject="holiday plans", body=b"unsubscribe here\n"))
    seen = see(three)
    seen.show()
    for query in ("subject:holiday", "text:unsubscribe", "header:subject:plans"):
        seen.show(query)
        assert (query, seen.files) == (query, [A])
    put(three, A, mail(subject="other"))
    seen.touch("00000001")
    assert seen.files == []
