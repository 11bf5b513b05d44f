"""`accept`: what was edited by hand is named, sealed, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.spool.codec import parse
from tests.spooltool.cli.calling import Ended
from tests.spooltool.cli.changed import put, records, tree

Call = Callable[..., Ended]


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """The file of a message whose body a person made longer."""
    (file,) = put(tmp_path / "spool")
    path = tmp_path / "spool" / file
    path.write_bytes(path.read_bytes().replace(b"\nhello\n", b"\nhello, and good-bye\n"))
    return path


def spool_of(path: Path) -> Path:
    return path.parent.parent


def test_it_says_what_differs_seals_and_takes_back(edited: Path, call: Call) -> None:
    spool, file = spool_of(edited), f"D_sender/{edited.name}"
    before = edited.read_bytes()
    listed = call("--spool", spool, "ls", "--stuck")
    assert "edited by hand: `accept` it first" in listed.out
    shown = call("--spool", spool, "show", file)
    assert f"mend      spooltool accept {edited.name}" in shown.out
    dry = call("--spool", spool, "accept", file, "--dry-run")
    assert f"note  {edited.name}: body 6 -> 20 bytes" in dry.out
    assert edited.read_bytes() == before
    done = call("--spool", spool, "accept", file, "--yes")
    assert done.code == 0 and "undo: spooltool undo 1 (until each has left)" in done.out
    assert "edited" not in call("--spool", spool, "show", file).out
    assert parse(edited.read_bytes()).sizes == (11, 28, 20)
    again = call("--spool", spool, "accept", file, "--yes")
    assert (again.code, again.out) == (0, "1 matches; 1 already so: nothing to do\n")
    assert call("--spool", spool, "undo", "--yes").code == 0
    old, new = parse(before), parse(edited.read_bytes())
    assert [new.get(key) for key in ("SIZES", "DIGEST")] == [
        old.get(key) for key in ("SIZES", "DIGEST")
    ]
    assert "accept" in call("--spool", spool, "ls", "--stuck").out


def test_records_name_the_two_keys(edited: Path, call: Call) -> None:
    done = call("--spool", spool_of(edited), "accept", "--all", "--yes", "--json")
    (one,), summary = records(done)
    assert list(one["before"]) == list(one["after"]) == ["SIZES", "DIGEST"]
    assert summary["counts"] == {"done": 1} and "body 6 -> 20 bytes" in summary["notes"][0]


def test_a_kept_plan_seals_what_it_saw_and_nothing_else(
    edited: Path, call: Call, tmp_path: Path
) -> None:
    spool, plan = spool_of(edited), tmp_path / "plan.json"
    assert call("--spool", spool, "accept", "--all", "--plan", plan).code == 0
    seen = edited.read_bytes()
    edited.write_bytes(seen.replace(b"good-bye", b"GOOD-BYE"))
    done = call("--spool", spool, "apply", plan, "--yes")
    assert done.code == 1 and "the content changed again" in " ".join(done.out.split())
    edited.write_bytes(seen)
    assert call("--spool", spool, "apply", plan, "--yes").code == 0
    assert call("--spool", spool, "accept", "--all").out.endswith("nothing to do\n")


def test_a_torn_file_is_left_alone_and_the_lists_name_what_helps(edited: Path, call: Call) -> None:
    spool, file = spool_of(edited), f"D_sender/{edited.name}"
    edited.write_bytes(edited.read_bytes()[:-20])
    before = tree(spool)
    done = call("--spool", spool, "accept", file, "--yes")
    assert done.code == 1
    said = " ".join(done.out.split())
    assert "torn, " in said and f"`show {edited.name} --eml -o COPY`" in said
    assert {k: v for k, v in tree(spool).items() if "D_" in k} == {
        k: v for k, v in before.items() if "D_" in k
    }
    assert call("--spool", spool, "hold", file, "--yes").code == 0
    assert "held, torn: the end of the file is missing: `bounce` it" in call(
        "--spool", spool, "ls", "held"
    ).out  # fmt: skip
    shown = call("--spool", spool, "show", f"D_hold/{edited.name}").out
    assert f"spooltool bounce {edited.name}" in shown


def test_what_is_held_and_edited_wants_both_commands(edited: Path, call: Call) -> None:
    spool = spool_of(edited)
    assert call("--spool", spool, "hold", "--all", "--yes").code == 0
    assert "held, edited by hand: `accept` it first" in call("--spool", spool, "ls", "held").out
    shown = call("--spool", spool, "show", f"D_hold/{edited.name}").out
    assert f"spooltool accept {edited.name}" in shown
    assert f"spooltool release {edited.name}" in shown
