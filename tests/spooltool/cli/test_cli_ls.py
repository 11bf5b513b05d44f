"""`ls`: the list on a screen, in a pipe, as JSON, and its options."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.look import survey
from tests.spooltool.cli.calling import AS_OF, Ended, golden, on_terminal, settled
from tests.spooltool.store.test_read_again import Writer

Call = Callable[..., Ended]
AT = ("--as-of", str(AS_OF))


@pytest.mark.parametrize("columns", [80, 100, 160])
def test_stuck_on_a_screen(gateway: Path, columns: int) -> None:
    shown = on_terminal(["--spool", gateway, *AT, "ls", "--stuck"], columns).decode()
    golden(f"ls-stuck-{columns}.txt", settled(shown, gateway))
    rows = shown.partition("\nID ")[2].partition(" stuck of ")[0].splitlines()
    assert len(rows) > 50 and max(map(len, rows)) <= columns


def test_all_in_a_pipe(gateway: Path, call: Call) -> None:
    done = call("ls", "--spool", gateway, *AT)
    assert done.code == 0
    golden("ls-pipe.txt", done.out)
    golden("ls-pipe-stderr.txt", settled(done.err, gateway))
    header, *rows = done.lines
    assert header.startswith("#ID\t")
    assert {line.count("\t") for line in rows} == {6}


def test_json_is_one_object_a_line_and_fits_the_schema(
    gateway: Path, call: Call, root: Path
) -> None:
    done = call("ls", "--spool", gateway, *AT, "--json")
    schema = json.loads((root / "docs/schema/ls.json").read_text())
    records = [json.loads(line) for line in done.lines]
    assert len(records) == len(call("ls", "--spool", gateway, "--ids").lines)
    for record in records:
        assert list(record) == list(schema["properties"])
        for key, value in record.items():
            assert kind(value) in schema["properties"][key]["type"], (key, value)
    one = next(record for record in records if record["id"] == "001njd6k")
    assert one["file"] == "D_resend/R001njd6k"
    assert (one["stuck"], one["why"]) == ("refused", "refused: connect port 25")
    assert (one["dst"], one["dport"], one["attempts"]) == ("10.1.5.2", 25, 31)
    assert one["recipients"] == ["anna@example.org", "ben@example.org"]
    assert one["as_of"] == "2026-11-24T18:44:11Z" and one["raw"] is None
    assert call("ls", "--spool", gateway, *AT, "--json").err == ""


def test_json_keeps_bytes_that_are_no_text(gateway: Path, call: Call) -> None:
    done = call("ls", "--spool", gateway, *AT, "--json", "001njr05")
    record = json.loads(done.out)
    assert "\ufffd" in "".join([record["from"], *record["recipients"]])
    assert set(record["raw"]) <= {"from", "recipients"} and record["raw"]


def kind(value: object) -> str:
    names = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names[type(value)]


def test_ids(gateway: Path, call: Call) -> None:
    done = call(
        "ls", "--spool", gateway, *AT, "--ids", "reason:refused", "dst:10.1.5.2", "--limit", "2"
    )
    assert (done.code, done.out, done.err) == (0, "R001njchs\nR001njd6k\n", "")
    null = call("ls", "--spool", gateway, *AT, "--ids", "--null", "reason:unresolved")
    assert null.out == "R001njck4\0"


def test_the_order_is_the_queues_unless_asked(gateway: Path, call: Call) -> None:
    plain = call("ls", "--spool", gateway, *AT, "--ids", "age:3h1m..").lines
    assert plain == ["E001njm02", "E001mz77a", "R001njm01", "R001njm03", "R001njchs", "R001njci0",
                     "R001njd6k", "R001njck4", "R001njf00"]  # fmt: skip
    by_tries = call(
        "ls", "--spool", gateway, *AT, "--ids", "age:3h1m..", "--sort", "-attempts"
    ).lines
    assert by_tries[:3] == ["R001njchs", "R001njd6k", "R001njci0"]
    for key in ("age", "size", "next", "dst", "rcpt", "from", "reason", "id"):
        assert sorted(call("ls", "--spool", gateway, *AT, "--ids", "--sort", key).lines) == sorted(
            call("ls", "--spool", gateway, *AT, "--ids", "--sort", f"-{key}").lines
        )
    wrong = call("ls", "--spool", gateway, "--sort", "colour")
    assert wrong.code == 2 and "one of age, size" in wrong.err


def test_options_stand_before_or_after_the_verb(gateway: Path, call: Call) -> None:
    before = call("--spool", gateway, *AT, "ls", "--ids")
    after = call("ls", "--ids", "--spool", gateway, *AT)
    assert before == after and len(before.lines) > 60


def test_ids_that_mean_nothing_or_two_files(gateway: Path, call: Call) -> None:
    missing = call("ls", "--spool", gateway, *AT, "--ids", "001njchs", "001zzzz9")
    assert (missing.code, missing.out) == (1, "R001njchs\n")
    assert missing.err == "spooltool: 001zzzz9: no such message (it may have left)\n"
    (gateway / "D_hold" / "R001njchs").write_bytes(b"")
    doubled = call("ls", "--spool", gateway, *AT, "--ids", "001njchs")
    assert (doubled.code, doubled.out) == (1, "")
    assert "D_hold/R001njchs" in doubled.err and "D_resend/R001njchs" in doubled.err
    chosen = call("ls", "--spool", gateway, *AT, "--ids", "D_hold/R001njchs")
    assert (chosen.code, chosen.out) == (0, "R001njchs\n")


def test_ids_from_stdin(gateway: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    class Piped(io.StringIO):
        buffer = io.BytesIO(b"#ID\tAGE\nR001njd6k\t18493\nD_resend/R001njchs\n")

    monkeypatch.setattr("sys.stdin", Piped())
    assert call("ls", "--spool", gateway, *AT, "--ids", "-").lines == ["R001njchs", "R001njd6k"]
    Piped.buffer = io.BytesIO(b"")
    nothing = call("ls", "--spool", gateway, *AT, "--ids", "-")
    assert (nothing.code, nothing.out) == (0, "")


def test_nothing_matched_is_no_error_unless_asked(gateway: Path, call: Call) -> None:
    assert call("ls", "--spool", gateway, *AT, "size:9G..").code == 0
    assert call("ls", "--spool", gateway, *AT, "-e", "size:9G..").code == 1
    assert call("ls", "--spool", gateway, *AT, "-e", "--ids", "stuck").code == 0


@pytest.mark.parametrize(
    ("words", "column", "text"),
    [
        (["age"], 1, "the shell may have taken"),
        (["stuck", "dst:"], 11, "no value"),
        (["stuk"], 1, "stuck"),
        ([""], 1, "empty argument"),
        (["stuck", "("], 8, "query ends"),
    ],
)
def test_a_wrong_query_names_its_column(
    gateway: Path, call: Call, words: list[str], column: int, text: str
) -> None:
    done = call("ls", "--spool", gateway, *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"spooltool: query, column {column}: ")
    assert text in done.err


def test_slow_terms_read_the_message(gateway: Path, call: Call) -> None:
    found = call("ls", "--spool", gateway, *AT, "--ids", "subject:invoice", "dir:sender").lines
    assert found and set(found) < set(call("ls", "--spool", gateway, "--ids", "dir:sender").lines)
    assert call("ls", "--spool", gateway, *AT, "--ids", "text:regards", "001njd6k").lines == [
        "R001njd6k"
    ]


def test_as_of_last_is_the_last_touch(gateway: Path, call: Call) -> None:
    done = call("ls", "--spool", gateway, "--as-of", "last", "--json", "001njchs")
    assert json.loads(done.out)["as_of"] == "2026-11-24T18:44:09Z"
    wrong = call("ls", "--spool", gateway, "--as-of", "yesterday")
    assert wrong.code == 2 and "not a time" in wrong.err


def test_a_dead_spool_says_when_it_was_touched_and_calls_nothing_overdue(
    gateway: Path, call: Call
) -> None:
    done = call("ls", "--spool", gateway, *AT, "--stuck")
    first = done.err.splitlines()[0]
    assert (
        first
        == "relay not running: nothing is called overdue; last touched 2026-11-24 18:44:09, 1 s ago"
    )
    assert "overdue" not in done.out


def test_two_processes_find_what_one_does(
    gateway: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("ls", "--spool", gateway, *AT)
    alone = call(*arguments)
    monkeypatch.setattr(survey, "WORTH_A_FORK", 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    assert call(*arguments) == alone
    assert call(*arguments, "--json").code == 0


def test_a_second_process_that_dies_is_made_good(
    gateway: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("ls", "--spool", gateway, *AT, "--ids")
    alone = call(*arguments)
    monkeypatch.setattr(survey, "WORTH_A_FORK", 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    monkeypatch.setattr(survey, "_packed", lambda found: os._exit(9))
    assert call(*arguments) == alone


@pytest.mark.parametrize(("reads", "attempts"), [(0, 31), (1, 31), (2, None)])
def test_a_state_between_two_bytes_of_its_writer_is_read_once_more(
    gateway: Path, call: Call, reads: int, attempts: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = "D_resend/R001njd6k"
    Writer(gateway / file, reads, monkeypatch)
    done = call("--spool", gateway, *AT, "ls", file, "--json")
    (row,) = [json.loads(line) for line in done.lines]
    assert row["attempts"] == attempts


def test_reading_changes_nothing(gateway: Path, call: Call) -> None:
    def state() -> list[tuple[str, int, int, bytes]]:
        return [
            (str(path), path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes())
            for path in sorted(gateway.rglob("*"))
            if path.is_file()
        ]

    before = state()
    for arguments in (["ls", "--stuck"], ["status"], ["show", "001njd6k"], ["history"], ["log"]):
        assert call("--spool", gateway, *AT, *arguments).code == 0
    assert state() == before
    assert not (gateway / ".spooltool").exists()


def test_the_trash_is_looked_at_when_asked(gateway: Path, call: Call) -> None:
    trash = gateway / ".spooltool" / "trash"
    trash.mkdir(parents=True)
    (gateway / "D_resend" / "R001njchs").rename(trash / "R001njchs")
    for query in ("dir:trash", "trashed"):
        assert call("ls", "--spool", gateway, *AT, "--ids", query).lines == ["R001njchs"]
    assert "R001njchs" not in call("ls", "--spool", gateway, *AT, "--ids").lines
    assert "in 1 message" in call("--spool", gateway, *AT, "status").out
