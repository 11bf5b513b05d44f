"""`set`, `hold`, `release`: what they change, and that mistakes come all at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.cli.verbs import VERBS
from tests.spooltool.cli.calling import Ended
from tests.spooltool.cli.changed import NEW, OLD, put, records, tree, values

Call = Callable[..., Ended]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 3)
    return tmp_path / "spool"


def test_several_keys_at_once(spool: Path, call: Call) -> None:
    words = ("set", f"dst:{OLD}", f"ERR_SERVER={NEW}:2525", "DPORT=2525", "ERRMAIL=0")
    done = call("--spool", spool, *words, "--yes")
    assert done.code == 0, done.err
    assert set(values(spool, "ERR_SERVER").values()) == {f"{NEW}:2525"}
    assert set(values(spool, "DPORT").values()) == {"2525"}
    assert set(values(spool, "ERRMAIL").values()) == {"0"}
    assert set(values(spool, "DST").values()) == {OLD}


def test_every_mistake_at_once_and_nothing_done(spool: Path, call: Call) -> None:
    before = tree(spool)
    words = ("DPORT=99999", "DST=a b", "RULE=3", "dst=10.1.5.9", "NOPE=1", "ERRMAIL=0", "ERRMAIL=1")
    done = call("--spool", spool, "set", f"dst:{OLD}", *words, "--yes")
    assert done.code == 2
    for start in (
        "  DPORT=99999: not a whole number from 1 to 65535",
        "  DST=a b: not a host",
        "  RULE=3: RULE is not for setting",
        "  dst=10.1.5.9: no such key; DST is one",
        "  NOPE=1: no such key",
        "  KEY is one of AV_SETTING, ",
        "  ERRMAIL=1: ERRMAIL is set twice",
    ):
        assert any(line.startswith(start) for line in done.err.splitlines()), start
    assert tree(spool) == before


@pytest.mark.parametrize("value", ["a\nRCPT:x", "a\rb", "a\x00b", "\udcff\n"])
def test_a_value_cannot_become_a_line(spool: Path, call: Call, value: str) -> None:
    before = tree(spool)
    assert call("--spool", spool, "set", f"dst:{OLD}", f"DST={value}", "--yes").code == 2
    assert tree(spool) == before


def test_set_wants_an_assignment_and_a_query(spool: Path, call: Call) -> None:
    assert "KEY=VALUE" in call("--spool", spool, "set", f"dst:{OLD}", "--yes").err
    assert call("--spool", spool, "set", "DPORT=25", "--yes").code == 2


def test_an_e_file_takes_another_error_server(gateway: Path, call: Call) -> None:
    done = call("--spool", gateway, "set", "E001mz77a", f"ERR_SERVER={NEW}", "--yes")
    assert done.code == 0, done.out + done.err
    assert f"ERR_SERVER:\t{NEW}\n" in (gateway / "D_resend/E001mz77a").read_text()


def test_an_absent_key_is_added_and_taken_away_again(gateway: Path, call: Call) -> None:
    path = gateway / "D_resend/Rchapter"
    before = path.read_bytes()
    assert b"LOG_OK" in before
    path.write_bytes(b"".join(x for x in before.splitlines(True) if not x.startswith(b"LOG_OK")))
    less = path.read_bytes()
    assert (
        call("--spool", gateway, "set", "D_resend/Rchapter", "LOG_OK=MDQ_ALERT", "--yes").code == 0
    )
    assert b"LOG_OK: \t MDQ_ALERT\n" in path.read_bytes()
    dry = call("--spool", gateway, "undo", "--dry-run")
    assert "LOG_OK  MDQ_ALERT -> (absent)" in dry.out
    assert call("--spool", gateway, "undo", "--yes").code == 0
    assert path.read_bytes() == less


def test_hold_and_release(spool: Path, call: Call) -> None:
    files = list(values(spool, "DST"))
    inodes = {name.partition("/")[2]: (spool / name).stat().st_ino for name in files}
    dry = call("--spool", spool, "hold", f"dst:{OLD}", "--dry-run")
    assert "in   D_sender -> D_hold    3    moved, nothing rewritten" in dry.out
    done = call("--spool", spool, "hold", f"dst:{OLD}", "--yes")
    assert done.code == 0
    assert done.lines[1] == "undo: spooltool undo 1 (while each is in D_hold)"
    assert {f"D_hold/{name}" for name in inodes} == set(values(spool, "DST"))
    assert {p.name: p.stat().st_ino for p in (spool / "D_hold").iterdir()} == inodes
    again = call("--spool", spool, "hold", f"dst:{OLD}", "--yes")
    assert (again.code, again.out) == (0, "3 match; 3 already so: nothing to do\n")
    messages, summary = records(call("--spool", spool, "release", "held", "--yes", "--json"))
    assert summary["counts"] == {"done": 3}
    name = next(iter(inodes))
    one = next(message for message in messages if message["file"] == f"D_hold/{name}")
    assert one["before"] == {"file": f"D_hold/{name}"}
    assert one["after"] == {"file": f"D_sender/{name}"}
    assert sorted(values(spool, "DST")) == sorted(files)


def test_quarantine_is_not_released_by_release(gateway: Path, call: Call) -> None:
    done = call("--spool", gateway, "release", "001njm03", "--yes")
    assert done.code == 1
    assert "in quarantine" in done.out
    assert (gateway / "D_quarantine/R001njm03").exists()


def test_a_flat_spool_is_held_and_released(
    spool_fixtures: Path, tmp_path: Path, call: Call
) -> None:
    from tests.spooltool.cli.calling import copied

    flat = copied(spool_fixtures / "flat41", tmp_path / "flat")
    listed = json.loads(call("--spool", flat, "ls", "--json").lines[0])
    before = sorted(path.name for path in flat.iterdir())
    for verb in ("hold", "release"):
        done = call("--spool", flat, verb, listed["id"], "--yes")
        assert done.code == 0, done.out + done.err
    after = sorted(path.name for path in flat.iterdir())
    assert set(before) <= set(after)
    assert set(after) - set(before) == {".spooltool", "D_hold"}


def test_help_says_how_long_undo_holds(call: Call) -> None:
    for verb in VERBS:
        if verb.panel == "Change":
            said = " ".join(call(verb.name, "--help").out.split())
            assert "Undo" in said or "undo" in said, verb.name
