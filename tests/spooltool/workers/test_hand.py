"""The hand as a process: whatever becomes of the screen, each message is whole and recorded."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from spooltool.look.sight import Sight
from spooltool.store.journal import Transaction, read_journal
from spooltool.store.root import Spool
from spooltool.workers.hand import arguments, read_arguments
from tests.harness.process import PYTHON, Child, wait_until
from tests.spooltool.cli.changed import open_way, put

SCREEN = Path(__file__).with_name("screen_of_a_hand.py")


def screen(spool: Path, *words: str) -> Child:
    return Child([PYTHON, str(SCREEN), str(spool), *words])


def line(child: Child, word: str) -> list[str]:
    """The words behind a word, once a line begins with it."""
    while True:
        first, *words = child.line(seconds=60).split()
        if first == word:
            return words


def over(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def last(spool: Path) -> Transaction:
    with Spool.open(str(spool)) as opened:
        return read_journal(opened)[-1]


def whole_and_recorded(spool: Path, files: list[str]) -> int:
    """Each message is held and recorded so, or untouched; nobody is locked.  How many are held."""
    recorded = {outcome.id for outcome in last(spool).outcomes if outcome.result == "done"}
    held = {path.name[1:] for path in (spool / "D_hold").iterdir()}
    assert held == recorded
    for file in files:
        name = Path(file).name
        path = spool / "D_hold" / name if name[1:] in held else spool / file
        with open(path, "rb") as message:
            fcntl.flock(message, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return len(held)


def test_the_screen_is_killed_while_a_message_is_waited_for(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    files = put(spool, 3)
    with open(spool / files[1], "rb") as held, screen(spool, "hold", "dst:10.1.5.2") as child:
        fcntl.flock(held, fcntl.LOCK_EX)
        hand = int(line(child, "hand")[0])
        while line(child, "progress")[1] != "1":
            pass
        child.kill(signal.SIGKILL)
        child.wait(seconds=30)
        wait_until(lambda: over(hand), what="the hand ended by itself")
    assert whole_and_recorded(spool, files) == 2
    assert not last(spool).ended


@pytest.mark.parametrize("after", [1, 400, 900])
def test_the_screen_is_killed_in_the_middle(tmp_path: Path, after: int) -> None:
    spool = tmp_path / "spool"
    files = put(spool, 1000)
    with screen(spool, "hold", "dst:10.1.5.2") as child:
        hand = int(line(child, "hand")[0])
        held = spool / "D_hold"
        wait_until(lambda: held.is_dir() and len(os.listdir(held)) >= after, what="under way")
        child.kill(signal.SIGKILL)
        child.wait(seconds=30)
        wait_until(lambda: over(hand), what="the hand ended by itself")
    assert after <= whole_and_recorded(spool, files) <= 1000


def test_the_hand_is_asked_to_end_by_a_signal(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    files = put(spool, 3)
    with open(spool / files[1], "rb") as held, screen(spool, "hold", "dst:10.1.5.2") as child:
        fcntl.flock(held, fcntl.LOCK_EX)
        hand = int(line(child, "hand")[0])
        while line(child, "progress")[1] != "1":
            pass
        os.kill(hand, signal.SIGTERM)
        assert line(child, "done") == ["txn", "1", "hold:", "2", "done,", "interrupted"]
        wait_until(lambda: over(hand), what="the hand ended by itself")
    assert whole_and_recorded(spool, files) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_root_becomes_the_owner_and_the_journal_names_the_person(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    files = put(spool, 3)
    open_way(spool)
    for path in (spool, *spool.rglob("*")):
        os.chown(path, 1234, 1234)
    with screen(spool, "hold", "dst:10.1.5.2") as child:
        assert line(child, "planned") == ["3"]
        line(child, "done")
        assert child.wait(seconds=30) == 0
    assert whole_and_recorded(spool, files) == 3
    owners = {path.lstat().st_uid for path in spool.rglob("*")}
    assert owners == {1234}
    actor = last(spool).actor
    assert actor.user == "root"
    assert actor.command == f"spooltool hold dst:10.1.5.2 --spool {spool}"


def test_what_is_handed_over_is_taken_over(tmp_path: Path, sight: Callable[..., Sight]) -> None:
    (tmp_path / "a b").mkdir()
    put(tmp_path / "a b" / "-spool", 1)
    seen = sight(spool_option=str(tmp_path / "a b" / "-spool"), as_of="last", read_only=True)
    taken, me = read_arguments(["pts/3", *arguments(seen)[1:]])
    with closing(taken):
        assert (taken.located, taken.now, taken.read_only) == (seen.located, seen.now, True)
    assert me.tty == "pts/3"
