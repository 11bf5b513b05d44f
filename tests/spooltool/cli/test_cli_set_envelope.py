"""`set --from --rcpt --resource`: what a person types, sees and gets back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.spool.codec import parse
from tests.spooltool.cli.calling import Ended, golden, settled
from tests.spooltool.cli.changed import put, records, tree

Call = Callable[..., Ended]
OLD, NEW = "anna0@example.org", "zoe@example.net"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 2)
    return tmp_path / "spool"


def recipients(path: Path) -> list[tuple[str, str]]:
    return [(r.address, r.mark) for r in parse(path.read_bytes()).recipients]


def only(spool: Path) -> Path:
    return sorted((spool / "D_sender").glob("R*"))[0]


def test_the_plan(gateway: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spooltool.change.work.free_space", lambda path: 41 << 30)
    words = ("R001njf2a", "--rcpt", "here@example.org=zoe@example.net", "--from", "null")
    more = ("--resource", "none", "DST=10.1.5.9", "--dry-run")
    shown = call("--spool", gateway, "set", *words, *more)
    assert shown.code == 0
    golden("set-envelope.txt", settled(shown.out, gateway))


def test_a_recipient_is_replaced_and_taken_back(spool: Path, call: Call) -> None:
    path = only(spool)
    file = f"D_sender/{path.name}"
    done = call("--spool", spool, "set", f"rcpt:{OLD}", "--rcpt", f"{OLD}={NEW}", "--yes")
    assert (done.code, done.lines[1]) == (0, "undo: spooltool undo 1 (until each has left)")
    assert recipients(path) == [(NEW, "P")]
    again = call("--spool", spool, "set", file, "--rcpt", f"{OLD}={NEW}", "--yes")
    assert (again.code, again.out) == (0, "1 matches; 1 already so: nothing to do\n")
    history = call("--spool", spool, "history", "1")
    assert f"RCPT  <{OLD}> -> <{NEW}>" in history.out
    assert call("--spool", spool, "undo", "--yes").code == 0
    assert recipients(path) == [(OLD, "P")]


def test_records(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "set", f"D_sender/{only(spool).name}", "--rcpt", f"{OLD}={NEW}",
                "--from", "<>", "--yes", "--json")  # fmt: skip
    (one,), summary = records(done)
    new = f"<{NEW}> ORCPT=rfc822;{OLD} ORIG=<{OLD}>"
    assert one["before"] == {"FROM": "<jo@example.com> BODY=8BITMIME", "RCPT": [f"<{OLD}>"]}
    assert one["after"] == {"FROM": "<> BODY=8BITMIME", "RCPT": [new]}
    assert summary["counts"] == {"done": 1}
    shown = json.loads(call("--spool", spool, "history", "1", "--json").lines[0])
    assert shown["changes"][0]["recipients"] == [{"old": f"<{OLD}>", "new": new}]


def test_a_kept_plan_carries_recipients(spool: Path, call: Call, tmp_path: Path) -> None:
    path, plan = only(spool), tmp_path / "plan.json"
    words = ("set", f"rcpt:{OLD}", "--rcpt", f"{OLD}={NEW}")
    assert call("--spool", spool, *words, "--plan", plan).code == 0
    assert recipients(path) == [(OLD, "P")]
    assert call("--spool", spool, "apply", plan, "--yes").code == 0
    assert recipients(path) == [(NEW, "P")]
    back = tmp_path / "back.json"
    assert call("--spool", spool, "undo", "--plan", back).code == 0
    assert call("--spool", spool, "apply", back, "--yes").code == 0
    assert recipients(path) == [(OLD, "P")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"<{NEW}>", f"<{NEW}>\\nRCPT:\\t<evil@example.org>"),
        (f"<{NEW}>", "nobody"),
        ('"anew": true', '"anew": 1'),
        ('"closing": 0', '"closing": 7'),
        ('"key": "FROM"', '"key": "STATE"'),
        ('"new": "<> BODY=8BITMIME"', '"new": "jo"'),
    ],
)
def test_a_plan_that_no_verb_makes_is_refused(
    spool: Path, call: Call, tmp_path: Path, old: str, new: str
) -> None:
    plan = tmp_path / "plan.json"
    words = ("set", f"rcpt:{OLD}", "--rcpt", f"{OLD}={NEW}", "--from", "null")
    assert call("--spool", spool, *words, "--plan", plan).code == 0
    text = plan.read_text()
    if old.startswith("<"):
        kept = json.loads(text)["changes"][0]["recipients"][0]["new"]
        old, new = json.dumps(kept)[1:-1], new
    assert old in text
    plan.write_text(text.replace(old, new))
    before = tree(spool)
    assert call("--spool", spool, "apply", plan, "--yes").code == 2
    assert tree(spool) == before


def test_every_mistake_at_once_and_nothing_done(spool: Path, call: Call) -> None:
    before = tree(spool)
    words = ("STATE=x", "ROUTE=mx", "ARRIVED=1", "DIGEST=sha256:00", "FROM=<a@b>")
    more = ("--from", "a@b@c", "--rcpt", "a@b=", "--rcpt", "a%b@c", "--resource", "a b")
    done = call("--spool", spool, "set", "--all", *words, *more, "--yes")
    assert done.code == 2
    for start in (
        "  STATE=x: STATE is not for setting: it sums up what happened; `kick` tries now",
        "  ROUTE=mx: ROUTE is not for setting: `retarget --to mx`",
        "  ARRIVED=1: ARRIVED is not for setting: a record of how the message came",
        "  DIGEST=sha256:00: DIGEST is not for setting: `accept`",
        "  FROM=<a@b>: FROM is not for setting: `set --from ADDRESS`",
        "  --from a@b@c: no %, ! or @ in a local part",
        "  --rcpt a@b=: a recipient is not taken out",
        "  --rcpt a%b@c: no %, ! or @ in a local part",
        "  --resource a b: not a name",
    ):
        assert any(line.startswith(start) for line in done.err.splitlines()), (start, done.err)
    assert tree(spool) == before


@pytest.mark.parametrize("text", ["a@b\nRCPT:\t<x@y>", "a@b\r", "a\x00@b", "a@b\x1b[31m"])
def test_an_address_cannot_become_a_line(spool: Path, call: Call, text: str) -> None:
    before = tree(spool)
    for words in (("--from", text), ("--rcpt", text), ("--rcpt", f"{OLD}={text}")):
        done = call("--spool", spool, "set", f"rcpt:{OLD}", *words, "--yes")
        assert done.code == 2
        assert "\x1b" not in done.err
    assert tree(spool) == before


def test_an_empty_message_is_doubted(gateway: Path, call: Call) -> None:
    words = ("set", "D_resend/Rchapter", "--from", NEW, "--rcpt", OLD)
    dry = call("--spool", gateway, *words, "--dry-run")
    assert "1 holds nothing behind the envelope" in " ".join(dry.out.split())
    half = call("--spool", gateway, *words[:4], "--dry-run")
    assert "1 still has no recipient: --rcpt ADDRESS" in " ".join(half.out.split())


def test_a_doubled_key_is_named_as_a_defect(gateway: Path, call: Call) -> None:
    dry = call("--spool", gateway, "set", "D_resend/Rdoubled", "DST=10.1.5.9", "--dry-run")
    assert "DST stands more than once in 1: a defect" in " ".join(dry.out.split())


def test_a_log_key_is_taken_out_and_comes_back(gateway: Path, call: Call) -> None:
    path = gateway / "D_resend/Rchapter"
    before = path.read_bytes()
    done = call("--spool", gateway, "set", "D_resend/Rchapter", "LOG_OK=none", "--yes")
    assert done.code == 0
    assert path.read_bytes() == b"".join(
        line for line in before.splitlines(True) if not line.startswith(b"LOG_OK")
    )
    assert call("--spool", gateway, "undo", "--yes").code == 0
    assert path.read_bytes() == before


def test_an_undo_of_one_of_two_names_the_other(spool: Path, call: Call) -> None:
    path = only(spool)
    path.write_bytes(path.read_bytes().replace(b"\nSIZES:", b"\nRCPT:\t<ben@example.org>\nSIZES:"))
    file = f"D_sender/{path.name}"
    pairs = ("--rcpt", f"{OLD}={NEW}", "--rcpt", "ben@example.org=x@y.example")
    assert call("--spool", spool, "set", file, *pairs, "--yes").code == 0
    path.write_bytes(path.read_bytes().replace(b"P 000 0.0.0 ", b"D 250 2.0.0 ", 1))
    dry = call("--spool", spool, "undo", "--dry-run")
    assert f"{NEW} has been delivered since: not taken back" in " ".join(dry.out.split())
    assert call("--spool", spool, "undo", "--yes").code == 0
    assert recipients(path) == [(NEW, "D"), ("ben@example.org", "P")]
