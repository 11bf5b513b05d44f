"""Who is asked what before a change, and what happens without an answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.spooltool.cli.calling import Ended, start
from tests.spooltool.cli.changed import NEW, OLD, answered, put, tree, values

Call = Callable[..., Ended]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 12)
    return tmp_path / "spool"


def retarget(spool: Path, *words: str) -> list[str | Path]:
    return ["--spool", spool, "retarget", *words, "--to", NEW, "--no-probe"]


def changed(spool: Path) -> int:
    return sum(value == NEW for value in values(spool, "DST").values())


def test_without_a_terminal_the_plan_goes_to_stderr_and_nothing_changes(spool: Path) -> None:
    before = tree(spool)
    done = start(*retarget(spool, f"dst:{OLD}"))
    assert done.code == 3
    assert done.out == ""
    assert "12 match; 12 would change" in done.err
    assert "not confirmed: nothing was changed" in done.err
    assert tree(spool) == before


def test_ids_typed_without_a_terminal_want_yes_too(spool: Path) -> None:
    name = next(iter(values(spool, "DST"))).partition("/")[2]
    assert start(*retarget(spool, name)).code == 3
    assert changed(spool) == 0
    assert start(*retarget(spool, name), "--yes").code == 0
    assert changed(spool) == 1


@pytest.mark.parametrize("answer", ["y\n", "yes\n", "Y\n"])
def test_yes_at_a_terminal(spool: Path, answer: str) -> None:
    code, screen = answered(retarget(spool, f"dst:{OLD}"), answer)
    assert code == 0
    assert f":{spool} (--spool)" in screen
    assert "12 would change" in screen
    assert "one of 12 alike" in screen
    assert "txn 1  12 done" in screen
    assert "undo: spooltool undo 1" in screen
    assert changed(spool) == 12


@pytest.mark.parametrize("answer", ["n\n", "\n", "yess\n", "\x04"])
def test_anything_else_at_a_terminal_is_no(spool: Path, answer: str) -> None:
    before = tree(spool)
    code, screen = answered(retarget(spool, f"dst:{OLD}"), answer)
    assert code == 3
    assert "declined: nothing was changed" in screen
    assert tree(spool) == before


def test_control_c_at_the_question(spool: Path) -> None:
    before = tree(spool)
    code, screen = answered(retarget(spool, f"dst:{OLD}"), "\x03")
    assert code == 130
    assert screen.endswith("interrupted: nothing was changed\n")
    assert tree(spool) == before


def test_up_to_ten_ids_typed_one_by_one_go_through(spool: Path) -> None:
    names = [file.partition("/")[2] for file in values(spool, "DST")]
    code, screen = answered(retarget(spool, *names[:10]))
    assert code == 0
    assert "undo: spooltool undo 1 (until each has left)" in screen
    assert "[y/N]" not in screen
    assert changed(spool) == 10
    code, screen = answered(["--spool", spool, "undo"], "y\n")
    assert code == 0
    assert changed(spool) == 0
    code, screen = answered(retarget(spool, *names[:11]), "n\n")
    assert code == 3


def test_a_term_beside_ids_is_a_query_and_asks(spool: Path) -> None:
    name = next(iter(values(spool, "DST"))).partition("/")[2]
    code, _ = answered(retarget(spool, name, f"dst:{OLD}"), "n\n")
    assert code == 3


def test_a_new_host_that_does_not_answer_makes_it_ask(spool: Path) -> None:
    name = next(iter(values(spool, "DST"))).partition("/")[2]
    arguments = ["--spool", spool, "retarget", name, "--to", "127.0.0.9:1"]
    code, screen = answered(arguments, "n\n")
    assert code == 3
    assert "connect failed" in screen


def test_over_a_thousand_the_number_is_typed(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    put(spool, 1001)
    code, screen = answered(["--spool", spool, "hold", f"dst:{OLD}"], "y\n")
    assert code == 3
    assert "type 1001 to go on" in screen
    assert not (spool / "D_hold").exists() or not list((spool / "D_hold").iterdir())
    code, screen = answered(["--spool", spool, "hold", f"dst:{OLD}"], "1001\n")
    assert code == 0
    assert len(list((spool / "D_hold").iterdir())) == 1001


def test_ids_from_stdin_are_answered_at_the_terminal(spool: Path) -> None:
    ids = "\n".join(file.partition("/")[2] for file in list(values(spool, "DST"))[:3]).encode()
    code, screen = answered(retarget(spool, "-"), "y\n", stdin=ids)
    assert code == 0
    assert "3 match; 3 would change" in screen
    assert changed(spool) == 3
    code, screen = answered(retarget(spool, "-"), stdin=ids.replace(b"\n", b" rest\n"))
    assert (code, screen) == (0, "3 match; 3 already so: nothing to do\n")


def test_an_empty_stdin_is_nothing_never_everything(spool: Path) -> None:
    before = tree(spool)
    done = start(*retarget(spool, "-"), "--yes", stdin=b"\n# header\n")
    assert (done.code, done.out) == (0, "nothing matches: nothing to do\n")
    assert tree(spool) == before


def test_max_refuses_a_larger_set(spool: Path) -> None:
    before = tree(spool)
    done = start(*retarget(spool, f"dst:{OLD}"), "--yes", "--max", "11")
    assert done.code == 3
    assert "12 messages match, --max 11: nothing was changed" in done.err
    assert tree(spool) == before
    assert start(*retarget(spool, f"dst:{OLD}"), "--yes", "--max", "12").code == 0


@pytest.mark.parametrize("place", [1, 2, 5, 99])
def test_dry_run_wins_wherever_it_stands(spool: Path, place: int, call: Call) -> None:
    words = ["retarget", f"dst:{OLD}", "--to", NEW, "--yes", "--kick", "--spool", str(spool)]
    words.insert(place, "--dry-run")
    before = tree(spool)
    done = call(*words)
    assert done.code == 0
    assert done.out.startswith("DRY RUN  retarget in ")
    assert done.out.splitlines()[0].endswith(f":{spool} (--spool)")
    assert tree(spool) == before


def test_no_query_is_refused_and_all_is_named(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "hold", "--yes")
    assert done.code == 2
    assert "--all" in done.err
    assert call("--spool", spool, "hold", "--all", f"dst:{OLD}", "--yes").code == 2
    done = call("--spool", spool, "hold", "--all", "--yes")
    assert done.code == 0
    assert len(list((spool / "D_hold").iterdir())) == 12


def test_all_with_yes_wants_the_spool_to_be_named(
    spool: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOOLTOOL_SPOOL", str(spool))
    before = tree(spool)
    done = call("hold", "--all", "--yes")
    assert done.code == 2
    assert "--spool DIR" in done.err
    assert tree(spool) == before


@pytest.mark.parametrize("words", [["dst:"], ["stuk"], [""], ["age:2x"]])
def test_a_bad_query_changes_nothing(spool: Path, call: Call, words: list[str]) -> None:
    before = tree(spool)
    assert call("--spool", spool, "hold", *words, "--yes").code == 2
    assert tree(spool) == before
