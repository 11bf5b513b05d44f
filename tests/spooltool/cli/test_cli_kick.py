"""`kick`, and what a changing verb asks of the relay."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.control import Done, Kick, Yield
from tests.spooltool.cli.calling import Ended
from tests.spooltool.cli.changed import NEW, OLD, put, tree, values
from tests.spooltool.cli.told_relay import ToldRelay

Call = Callable[..., Ended]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 3)
    return tmp_path / "spool"


def ids(spool: Path) -> list[str]:
    return sorted(name[10:] for name in values(spool, "DST"))


@pytest.mark.parametrize("what", [["--all"], ["host:10.1.5.2"], [f"dst:{OLD}"]])
def test_without_a_relay(spool: Path, call: Call, what: list[str]) -> None:
    before = tree(spool)
    done = call("--spool", spool, "kick", *what)
    assert (done.code, done.out) == (69, "")
    assert "the relay is not running" in done.err
    assert tree(spool) == before


def test_all_a_host_a_query_and_ids(spool: Path, call: Call) -> None:
    with ToldRelay(spool) as relay:
        assert call("--spool", spool, "kick", "--all").out == "kicked 7 messages\n"
        assert call("--spool", spool, "kick", "host:10.1.5.2:25").code == 0
        assert call("--spool", spool, "kick", f"dst:{OLD}").out == "kicked 3 messages\n"
        assert call("--spool", spool, "kick", ids(spool)[0], "00000zzz").code == 1
        done = call("--spool", spool, "kick", f"dst:{OLD}", "--json")
    record = {"v": 1, "kicked": 3, "selected": 3, "suspended": 0, "seconds": 0.0}
    assert json.loads(done.out) == record
    everything, host, query, one, _ = relay.requests(Kick)
    assert everything == Kick(everything=True)
    assert host == Kick(host="10.1.5.2:25")
    assert isinstance(query, Kick) and sorted(query.ids or ()) == ids(spool)
    assert one == Kick(ids=(ids(spool)[0],))


@pytest.mark.parametrize(
    "words", [[], ["--all", "stuck"], ["host:"], ["host:a", "stuck"], ["dst:"], ["nonsense"]]
)
def test_what_makes_no_sense(spool: Path, call: Call, words: list[str]) -> None:
    with ToldRelay(spool) as relay:
        assert call("--spool", spool, "kick", *words).code == 2
    assert relay.requests(Kick) == []


def test_a_change_names_its_messages_and_gives_them_back(spool: Path, call: Call) -> None:
    with ToldRelay(spool) as relay:
        done = call("--spool", spool, "retarget", "--all", "--to", NEW, "--yes", "--kick")
    assert done.code == 0
    assert done.lines[0].endswith("; read back and equal; kicked 3")
    asked = [one for one in relay.asked if isinstance(one, (Yield, Done, Kick))]
    assert [type(one) for one in asked] == [Yield, Done, Kick]
    assert all(sorted(one.ids or ()) == ids(spool) for one in asked)


@pytest.mark.parametrize(
    ("wait", "seconds"), [("0", 60.0), ("30", 60.0), ("120", 150.0), ("9000", 3600.0)]
)
def test_they_are_left_alone_until_the_change_is_over(
    spool: Path, call: Call, wait: str, seconds: float
) -> None:
    """For 60 s and longer than the change may take, but not for ever."""
    with ToldRelay(spool) as relay:
        call("--spool", spool, "hold", "--all", "--yes", "--wait", wait)
    assert [one.seconds for one in relay.asked if isinstance(one, Yield)] == [seconds]


def test_the_busy_one_is_let_go_and_changed(spool: Path, call: Call) -> None:
    file = next(iter(values(spool, "DST")))
    with open(spool / file, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yields = 0

        def let_go(ids: tuple[str, ...]) -> None:
            nonlocal yields
            yields += 1
            if yields == 2:  # the first time it is past its final dot
                fcntl.flock(held, fcntl.LOCK_UN)

        with ToldRelay(spool, let_go) as relay:
            done = call("--spool", spool, "retarget", "--all", "--to", NEW, "--yes")
    assert done.code == 0, done.out
    first, second, *_ = relay.requests(Yield)
    assert isinstance(first, Yield) and sorted(first.ids) == ids(spool)
    assert isinstance(second, Yield) and second.ids == (file[10:],)
    assert set(values(spool, "DST").values()) == {NEW}


def test_no_yield_asks_nothing(spool: Path, call: Call) -> None:
    with ToldRelay(spool) as relay:
        words = ("retarget", "--all", "--to", NEW, "--yes", "--no-yield")
        assert call("--spool", spool, *words).code == 0
    assert relay.requests(Yield) == relay.requests(Done) == []


def test_held_mail_is_not_kicked(spool: Path, call: Call) -> None:
    first = ids(spool)[0]
    assert call("--spool", spool, "hold", first, "--yes").code == 0
    with ToldRelay(spool) as relay:
        done = call("--spool", spool, "retarget", "--all", "--to", NEW, "--yes", "--kick")
    assert "3 done" in done.out and done.lines[0].endswith("kicked 2")
    (kick,) = relay.requests(Kick)
    assert isinstance(kick, Kick) and first not in (kick.ids or ())


def test_a_relay_that_refuses_is_quoted(spool: Path, call: Call) -> None:
    with ToldRelay(spool) as relay:
        relay.refuses = "not now"
        done = call("--spool", spool, "retarget", "--all", "--to", NEW, "--yes", "--kick")
    assert done.code == 0
    assert "not kicked: the relay refuses: not now" in done.err
    assert set(values(spool, "DST").values()) == {NEW}


def test_kick_without_a_relay_does_not_spoil_the_change(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "retarget", "--all", "--to", NEW, "--yes", "--kick")
    assert done.code == 0
    assert "not kicked: the relay is not running" in done.err


def test_a_rate_is_told_with_its_end(spool: Path, call: Call) -> None:
    with ToldRelay(spool) as relay:
        done = call("--spool", spool, "kick", "--all", "--rate", "2/m")
        assert done.out == "kicked 7 messages, at most 2 a minute: the last one in 3 m\n"
        done = call("--spool", spool, "kick", f"dst:{OLD}", "--rate", "10")
        assert done.out == "kicked 3 messages, at most 10 a second\n"
        call("--spool", spool, "kick", "host:10.1.5.2", "--rate", "7/s")
    assert [one.rate for one in relay.requests(Kick)] == [2 / 60, 10.0, 7.0]  # type: ignore[union-attr]


@pytest.mark.parametrize("rate", ["0", "-1", "x", "5/d", "10001", "1.5", "5/"])
def test_what_is_no_rate(spool: Path, call: Call, rate: str) -> None:
    with ToldRelay(spool) as relay:
        done = call("--spool", spool, "kick", "--all", "--rate", rate)
    assert done.code == 2 and "not a rate" in done.err
    assert relay.requests(Kick) == []


def test_suspended_mail_is_told_and_not_tried(spool: Path, call: Call) -> None:
    with ToldRelay(spool) as relay:
        relay.suspended = 2
        done = call("--spool", spool, "kick", f"dst:{OLD}")
        assert (done.code, done.lines) == (
            1,
            [
                "kicked 1 message of 3",
                "2 messages are not tried: the host is suspended (spooltool suspend)",
            ],
        )
        assert call("--spool", spool, "kick", "--all").code == 0
        done = call("--spool", spool, "retarget", "--all", "--to", NEW, "--yes", "--kick")
    assert done.lines[0].endswith("; kicked 1")
    assert "2 not kicked: the host is suspended (spooltool suspend)" in done.err
