"""`group`: the table on a screen and in a pipe, its JSON, and the query of each group."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.diagnose.grouping import KEY
from spooltool.look import survey
from tests.spooltool.cli.calling import AS_OF, Ended, golden, on_terminal, settled

Call = Callable[..., Ended]
AT = ("--as-of", str(AS_OF))


@pytest.mark.parametrize("columns", [80, 100, 160])
def test_on_a_screen(gateway: Path, columns: int) -> None:
    texts = []
    for words in (
        ["stuck"],
        ["stuck", "--by", "dst,reason"],
        ["--by", "from,rcpt", "--limit", "9"],
        ["stuck", "--bytes", "--by", "from-domain"],
    ):
        shown = on_terminal(["--spool", gateway, *AT, "group", *words], columns).decode()
        assert max(map(len, shown.splitlines()[1:-2])) <= columns
        texts.append(f"$ spooltool group {' '.join(words)}\n{settled(shown, gateway)}")
    golden(f"group-{columns}.txt", "\n".join(texts))


def test_in_a_pipe(gateway: Path, call: Call) -> None:
    done = call("--spool", gateway, *AT, "group", "--by", "reason,standing")
    assert done.code == 0
    golden("group-pipe.txt", done.out)
    header, *rows = done.lines
    assert header == "#REASON\tSTANDING\tALL\t<5m\t20m\t1h\t4h\t1d\t>1d\t?\tBYTES"
    for line in rows:
        every, *ladder = map(int, line.split("\t")[2:-1])
        assert every == sum(ladder)
    listed = len(call("--spool", gateway, *AT, "ls", "--ids").lines)
    assert sum(int(line.split("\t")[2]) for line in rows) == listed
    assert done.err.splitlines()[-1].startswith("next: spooltool ls ")


@pytest.mark.parametrize("key", list(KEY))
def test_each_group_is_what_ls_lists(gateway: Path, call: Call, root: Path, key: str) -> None:
    done = call("--spool", gateway, *AT, "group", "older:1m", "--by", key, "--json")
    *groups, summary = [json.loads(line) for line in done.lines]
    schema = json.loads((root / "docs/schema/group.json").read_text())
    said = 0
    for group in groups[:12]:
        assert list(group) == list(schema["properties"])
        assert group["messages"] == sum(age["messages"] for age in group["ages"])
        assert group["bytes"] == sum(age["bytes"] for age in group["ages"])
        if group["query"] is None:
            continue
        said += 1
        listed = call("--spool", gateway, *AT, "ls", "--json", *group["query"])
        found = [json.loads(line) for line in listed.lines]
        assert len(found) == group["messages"], group
        assert sum(one["size"] for one in found) == group["bytes"]
    assert said
    matching = call("--spool", gateway, *AT, "ls", "--ids", "older:1m").lines
    assert summary["messages"] == len(matching)
    assert summary["groups"] == len(groups)


def test_two_processes_find_what_one_does(
    gateway: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("group", "--spool", gateway, *AT, "--by", "rcpt,reason")
    alone = call(*arguments)
    monkeypatch.setattr(survey, "WORTH_A_FORK", 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    assert call(*arguments) == alone
    monkeypatch.setattr(survey, "_packed", lambda found: os._exit(9))
    assert call(*arguments) == alone


def test_hostile_values_are_shown_and_never_obeyed(gateway: Path) -> None:
    for key in KEY:
        shown = on_terminal(["--spool", gateway, *AT, "group", "--by", key], 160)
        text = shown.decode().replace("\n", "")
        assert text.isprintable(), key
    source = (gateway / "D_resend" / "R001njchs").read_bytes()
    hostile = source.replace(b"RULE:", b"RULE:\t[/b]:smile:\x1b[2J\xe2\x80\xae$(id)\nRULE:", 1)
    (gateway / "D_resend" / "R001njchs").write_bytes(hostile)
    shown = on_terminal(["--spool", gateway, *AT, "group", "--by", "rule", "001njchs"], 160)
    table = shown.decode().splitlines()
    assert any("[/b]:smile:^[[2j\\u202e$(id)" in line for line in table)
    assert not any(line.startswith("next:") for line in table)


def test_a_value_with_blanks_is_typed_in_quotes(gateway: Path, call: Call) -> None:
    source = (gateway / "D_resend" / "R001njchs").read_bytes()
    named = source.replace(b"RULE:", b"RULE:\t$(id) *\nRULE:", 1)
    (gateway / "D_resend" / "R001njchs").write_bytes(named)
    done = call("--spool", gateway, *AT, "group", "--by", "rule", "001njchs")
    (line,) = [line for line in done.err.splitlines() if line.startswith("next: ")]
    assert line.startswith("next: spooltool ls D_resend/R001njchs 'rule:\"$(id) *\"'")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--by", "colour"], "one of dst, from, rcpt"),
        (["--by", "dst,dst"], "one key, or two different ones"),
        (["--by", "dst,rule,code"], "one key, or two different ones"),
        (["--by", "dst,"], "no such key"),
        (["dst", "reason", "stuck"], "a key to group by goes with --by: --by dst,reason"),
        (["stuk"], "did you mean stuck?"),
    ],
)
def test_what_cannot_be_grouped_by(gateway: Path, call: Call, words: list[str], text: str) -> None:
    done = call("--spool", gateway, "group", *words)
    assert (done.code, done.out) == (2, "")
    assert text in done.err


def test_nothing_matched_and_nothing_there(gateway: Path, empty: Path, call: Call) -> None:
    done = call("--spool", gateway, *AT, "group", "size:9G..")
    assert done.code == 0 and len(done.lines) == 1
    assert "0 match of " in done.err and "next:" not in done.err
    shown = on_terminal(["--spool", empty, *AT, "group"], 80).decode()
    assert shown.startswith("0 messages in ")
    assert call("--spool", gateway, *AT, "group", "00000zzz").code == 1


def test_a_directory_that_cannot_be_listed(gateway: Path, call: Call) -> None:
    (gateway / "D_hold").rename(gateway / "elsewhere")
    (gateway / "D_hold").write_text("")
    done = call("--spool", gateway, *AT, "group")
    assert done.code == 4
    assert "D_hold" in done.err.splitlines()[0]
