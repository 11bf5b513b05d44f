"""requeue, bounce, delete, move and purge as a person types them."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from spooltool.change.caution import PLANNERS, undo_holds
from spooltool.control import Done, Kick, Yield
from spooltool.spool.places import WAYS
from spooltool.store.journal import read_journal
from spooltool.store.root import Spool
from tests.spooltool.cli.calling import Ended, golden, on_terminal, settled, start
from tests.spooltool.cli.changed import answered, put, records, tree
from tests.spooltool.cli.told_relay import ToldRelay

Call = Callable[..., Ended]
TRASH = ".spooltool/trash"
NEVER = "undo: spooltool undo"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 12)
    return tmp_path / "spool"


def files(spool: Path) -> list[str]:
    """Every message, the trash included, as its path inside the spool."""
    found = [*spool.glob("D_*/[TRE]*"), *spool.glob(f"{TRASH}/[TRE]*")]
    return sorted(str(path.relative_to(spool)) for path in found)


def contents(spool: Path) -> dict[str, bytes]:
    return {file: (spool / file).read_bytes() for file in files(spool)}


def names(spool: Path) -> list[str]:
    return [file.rpartition("/")[2] for file in files(spool)]


def disk(text: str) -> str:
    """Text with the free space and the seconds of this machine put right."""
    text = re.sub(r"[0-9.]+ [KMGT]?B free\\b", "41 GB free", text)
    return re.sub(r"written to \d+ s ago", "written to 3 s ago", text)


# plans


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("requeue", ["requeue", "stuck"]),
        ("bounce", ["bounce", "stuck", "--reason", "INC-7"]),
        ("delete", ["delete", "stuck"]),
        ("delete-purge", ["delete", "dir:hold", "--purge"]),
        ("move-expired", ["move", "dir:hold", "expired"]),
    ],
)
def test_the_plan_on_a_screen(gateway: Path, name: str, words: list[str]) -> None:
    for partial in gateway.glob("D_state/T*"):
        os.utime(partial)
    before = tree(gateway)
    shown = on_terminal(["--spool", gateway, *words, "--dry-run"], 80).decode()
    golden(f"{name}.txt", disk(settled(shown, gateway)))
    assert tree(gateway) == before
    assert max(map(len, shown.splitlines()[1:])) <= 80


def test_backscatter_is_warned_of_above_fifty_domains(tmp_path: Path, call: Call) -> None:
    spool = tmp_path / "spool"
    for file in put(spool, 51):
        path = spool / file
        number = file[-3:].encode()
        path.write_bytes(path.read_bytes().replace(b"@example.com", b"@" + number + b".example"))
    shown = call("--spool", spool, "bounce", "--all", "--dry-run").out
    assert "notices go to 51 sender domains" in shown
    assert "backscatter: over 50 sender domains" in shown
    first = names(spool)[0]
    (spool / "D_sender" / first).unlink()
    shown = call("--spool", spool, "bounce", "--all", "--dry-run").out
    assert "notices go to 50 sender domains" in shown and "backscatter:" not in shown


# carried out and taken back


@pytest.mark.parametrize(
    ("words", "places"),
    [
        (["delete"], {TRASH + "/R"}),
        (["bounce"], {"D_resend/E"}),
        (["move", "hold"], {"D_hold/R"}),
        (["move", "expired"], {"D_resend/E"}),
        (["move", "D_hold/"], {"D_hold/R"}),
    ],
)
def test_done_and_undone(spool: Path, call: Call, words: list[str], places: set[str]) -> None:
    before = contents(spool)
    verb, *folder = words
    done = call("--spool", spool, verb, "--all", *folder, "--yes")
    assert done.code == 0, done.err
    assert "txn 1  12 done" in done.out
    assert {file[:-8] for file in files(spool)} == places
    with Spool.open(str(spool)) as opened:
        said = read_journal(opened)[-1].verb
    assert f"undo: spooltool undo 1 ({undo_holds(said)})" in done.out
    assert verb in (said, "move")
    assert call("--spool", spool, "undo", "--yes").code == 0
    after = contents(spool)
    assert list(after) == list(before)
    if verb == "bounce":
        assert after == before


def test_requeue_of_the_fixtures_and_back(gateway: Path, call: Call) -> None:
    words = ("E001mz77a", "R001njf6d", "R001njf2a", "R001njk6h", "R001njm01", "E001njm02")
    before = contents(gateway)
    done = call("--spool", gateway, "requeue", *words, "--yes")
    assert done.code == 0
    assert {f"D_sender/R{word[1:]}" for word in words} <= set(files(gateway))
    listed = call("--spool", gateway, "ls", *words, "--json").lines
    assert {json.loads(line)["standing"] for line in listed} == {"fresh"}
    assert call("--spool", gateway, "undo", "--yes").code == 0
    assert contents(gateway) == before


def test_a_file_of_headers_alone_is_named_and_left(gateway: Path, call: Call) -> None:
    before = contents(gateway)
    done = call("--spool", gateway, "requeue", "E001njf2b", "--yes")
    assert done.code == 1
    assert "made for recipients of 001njf2a:" in " ".join(done.out.split())
    assert contents(gateway) == before


def test_trash_is_shown_brought_back_by_id_and_freed(spool: Path, call: Call) -> None:
    first, second, *_ = names(spool)
    assert call("--spool", spool, "delete", first, second, "--yes").code == 0
    shown = call("--spool", spool, "ls", "--dir", "trash")
    assert [line.split("\t")[0] for line in shown.lines[1:]] == [first, second]
    assert "trash 2 KB in 2 messages, oldest 0s" in call("--spool", spool, "status").out
    again = call("--spool", spool, "delete", first, "--yes")
    assert (again.code, again.out) == (0, "1 matches; 1 already so: nothing to do\n")
    assert call("--spool", spool, "hold", f"{TRASH}/{first}", "--yes").code == 1
    assert call("--spool", spool, "requeue", first, "--yes").code == 0
    assert f"D_sender/{first}" in files(spool)
    freed = call("--spool", spool, "delete", "--purge", second, "--yes")
    assert freed.code == 0
    assert "B freed" in freed.out and NEVER not in freed.out
    assert second not in names(spool)
    undone = call("--spool", spool, "undo", "--yes")
    assert undone.code == 0
    assert f"gone  {second}  freed for good: nothing brings it back" in undone.out


def test_undo_of_a_delete_says_what_was_purged_since(spool: Path, call: Call) -> None:
    first, second, *_ = names(spool)
    call("--spool", spool, "delete", first, second, "--yes")
    (spool / TRASH / first).unlink()
    undone = call("--spool", spool, "undo", "--yes")
    assert undone.code == 0
    assert f"gone  {first}  left the trash since" in undone.out
    assert f"D_sender/{second}" in files(spool)


def test_a_partial_left_alone_for_an_hour_may_go(spool: Path, call: Call) -> None:
    partial = spool / "D_state/T0000000z"
    partial.write_bytes(b"half a mess")
    refused = call("--spool", spool, "delete", "T0000000z", "--yes")
    assert refused.code == 1 and "left alone for an hour" in " ".join(refused.out.split())
    then = time.time() - 3700
    os.utime(partial, (then, then))
    assert call("--spool", spool, "delete", "T0000000z", "--yes").code == 0
    assert (spool / TRASH / "T0000000z").exists()
    assert call("--spool", spool, "delete", "--purge", "T0000000z", "--yes").code == 0
    assert "T0000000z" not in names(spool)


# move


@pytest.mark.parametrize("folder", ["trash", "D_quarantine", "state", "10.1.5.9", "stuck"])
def test_a_move_without_a_meaning_is_refused_with_the_table(
    spool: Path, call: Call, folder: str
) -> None:
    before = tree(spool)
    done = call("--spool", spool, "move", names(spool)[0], folder, "--yes")
    assert done.code == 2
    for way in WAYS:
        assert re.search(rf"{way.word} +{re.escape(way.takes)} +{way.verb}\n", done.err)
    assert tree(spool) == before
    assert max(map(len, done.err.splitlines())) <= 80


def test_move_wants_a_folder_and_takes_no_to(spool: Path, call: Call) -> None:
    assert "move wants QUERY and a folder" in call("--spool", spool, "move").err
    assert "No such option '--to'" in call("--spool", spool, "move", "--all", "--to", "hold").err
    assert call("--spool", spool, "move", "hold", "--yes").code == 2


# asking


def test_delete_asks_for_the_number_but_for_a_few_ids(spool: Path) -> None:
    code, screen = answered(["--spool", spool, "delete", "dst:10.1.5.2"], "y\n")
    assert code == 3
    assert "type 12 to go on" in screen and "declined: nothing was changed" in screen
    code, screen = answered(["--spool", spool, "delete", *names(spool)[:2]])
    assert code == 0
    assert "undo: spooltool undo 1 (while each is in the trash)" in screen
    code, screen = answered(["--spool", spool, "delete", "dst:10.1.5.2"], "10\n")
    assert code == 0
    assert [str(Path(file).parent) for file in files(spool)] == [TRASH] * 12


@pytest.mark.parametrize("words", [["bounce"], ["delete", "--purge"], ["move", "expired"]])
def test_bounce_and_purge_ask_for_the_number_even_of_one(spool: Path, words: list[str]) -> None:
    first = names(spool)[0]
    before = tree(spool)
    arguments = ["--spool", spool, words[0], first, *words[1:]]
    code, screen = answered(arguments, "y\n")
    assert code == 3 and "type 1 to go on" in screen
    assert tree(spool) == before
    code, screen = answered(arguments, "1\n")
    assert code == 0 and "1 done" in screen


def test_requeue_of_a_few_ids_goes_through(spool: Path) -> None:
    answered(["--spool", spool, "hold", *names(spool)[:3]])
    code, screen = answered(["--spool", spool, "requeue", *names(spool)[:3]])
    assert code == 0 and "?" not in screen


def test_without_a_terminal_nothing_is_done_unasked(spool: Path) -> None:
    before = tree(spool)
    for verb in ("requeue", "bounce", "delete"):
        done = start("--spool", spool, verb, "dst:10.1.5.2")
        assert done.code == (0 if verb == "requeue" else 3)
    assert tree(spool) == before


def test_purge_asks(spool: Path, call: Call) -> None:
    call("--spool", spool, "delete", "--all", "--yes")
    for no in ("n\n", "y\n"):
        code, screen = answered(["--spool", spool, "purge"], no)
        assert code == 3
        assert "in   trash -> nowhere, freed for good    12" in screen
        assert len(files(spool)) == 12
    code, screen = answered(["--spool", spool, "purge"], "12\n")
    assert code == 0 and "12 done" in screen and "freed" in screen
    assert files(spool) == []


# purge


def test_purge_by_age(spool: Path, call: Call) -> None:
    call("--spool", spool, "delete", "--all", "--yes")
    before = tree(spool)
    assert call("--spool", spool, "purge", "--older", "1h", "--yes").out == (
        "the trash: nothing lies there for 1h, nothing to do\n"
    )
    assert call("--spool", spool, "purge", "--dry-run").code == 0
    assert call("--spool", spool, "purge", "--max", "11", "--yes").code == 3
    assert call("--spool", spool, "purge", "--older", "soon").code == 2
    assert tree(spool) == before
    done = call("--spool", spool, "purge", "--older", "0s", "--yes", "--json")
    messages, summary = records(done)
    assert [one["result"] for one in messages] == ["done"] * 12
    assert {tuple(one["after"].items()) for one in messages} == {(("file", None),)}
    assert (summary["verb"], summary["counts"]) == ("purge", {"done": 12})
    assert files(spool) == []
    assert call("--spool", spool, "purge", "--yes").out == "the trash: it is empty, nothing to do\n"


# plans kept, records, the relay


@pytest.mark.parametrize(
    "words",
    [
        ["requeue", "--all"],
        ["bounce", "--all", "--reason", "x"],
        ["delete", "--all"],
        ["delete", "--all", "--purge"],
        ["purge"],
    ],
)
def test_a_plan_is_kept_and_applied(
    spool: Path, tmp_path: Path, call: Call, words: list[str]
) -> None:
    call("--spool", spool, "delete" if words == ["purge"] else "hold", "--all", "--yes")
    before = tree(spool)
    kept = tmp_path / "plan.json"
    assert call("--spool", spool, *words, "--plan", kept).code == 0
    assert tree(spool) == before
    done = call("--spool", spool, "apply", kept, "--yes")
    assert done.code == 0, done.err
    assert "12 done" in done.out
    assert (NEVER in done.out) == (words[-1] not in ("--purge", "purge"))


def test_apply_of_a_bounce_asks_for_the_number(spool: Path, tmp_path: Path, call: Call) -> None:
    kept = tmp_path / "plan.json"
    call("--spool", spool, "bounce", "--all", "--plan", kept)
    code, screen = answered(["--spool", spool, "apply", kept], "y\n")
    assert code == 3 and "type 12 to go on" in screen


@pytest.mark.parametrize(
    "edit",
    [
        lambda change: change.update(to="D_quarantine/E" + change["id"]),
        lambda change: change.update(to="D_sender/E" + change["id"]),
        lambda change: change.update(results=None),
        lambda change: change["results"].update(how="renew"),
        lambda change: change["results"].update(how="explode"),
        lambda change: change["results"].update(values=["x"]),
        lambda change: change["results"].update(was=["", "x"]),
        lambda change: change["results"].update(text=7),
        lambda change: change.update(remove=True),
        lambda change: change.update(remove="yes"),
    ],
)
def test_a_plan_that_was_tampered_with_is_refused(
    spool: Path, tmp_path: Path, call: Call, edit: Callable[[dict[str, object]], None]
) -> None:
    kept = tmp_path / "plan.json"
    call("--spool", spool, "bounce", "--all", "--plan", kept)
    plan = json.loads(kept.read_text())
    edit(plan["changes"][0])
    kept.write_text(json.dumps(plan))
    before = tree(spool)
    assert call("--spool", spool, "apply", kept, "--yes").code == 2
    assert tree(spool) == before


def test_json_of_a_bounce(spool: Path, call: Call, root: Path) -> None:
    schema = json.loads((root / "docs/schema/change.json").read_text())
    done = call("--spool", spool, "bounce", "--all", "--json", "--yes")
    messages, summary = records(done)
    assert len(messages) == 12 and summary["counts"] == {"done": 12}
    for one in messages:
        assert list(one) == list(schema["properties"])
        assert one["results"] == "give-up"
        assert one["after"] == {"file": f"D_resend/E{one['id']}"}
    history = json.loads(call("--spool", spool, "history", "--json").out)
    assert {change["results"] for change in history["changes"]} == {"give-up"}


def test_the_history_in_full(gateway: Path, call: Call) -> None:
    call("--spool", gateway, "bounce", "R001njchs", "Rcrlf", "--yes", "--reason", "INC-7")
    call("--spool", gateway, "bounce", "R001njchs", "R001njm01", "--yes", "--reason", "INC-7")
    call("--spool", gateway, "delete", "R001njm03", "--purge", "--yes")
    shown = call("--spool", gateway, "history", "1").out
    assert "moved  D_resend R -> D_resend E    1" in shown
    assert "results  pending -> failed: given up by the operator: INC-7" in shown
    assert "moved  D_quarantine -> nowhere, freed for good    1" in (
        call("--spool", gateway, "history", "2").out
    )


@pytest.mark.parametrize("verb", ["requeue", "bounce"])
def test_the_relay_is_asked_to_let_go_and_kicked(spool: Path, call: Call, verb: str) -> None:
    call("--spool", spool, "hold", "--all", "--yes")
    numbers = sorted(name[1:] for name in names(spool))
    with ToldRelay(spool) as relay:
        done = call("--spool", spool, verb, "--all", "--yes", "--kick")
    assert done.code == 0 and "kicked 12" in " ".join(done.out.split())
    for kind in (Yield, Done, Kick):
        assert sorted(relay.requests(kind)[0].ids) == numbers  # type: ignore[union-attr]


def test_what_is_freed_or_deleted_is_not_kicked(spool: Path, call: Call, tmp_path: Path) -> None:
    kept = tmp_path / "plan.json"
    call("--spool", spool, "delete", "--all", "--plan", kept)
    with ToldRelay(spool) as relay:
        done = call("--spool", spool, "apply", kept, "--yes", "--kick")
    assert done.code == 0 and "kicked 0" in done.out
    assert relay.requests(Kick) == []


def test_the_help_says_how_long_undo_holds(call: Call) -> None:
    page = (Path(__file__).parents[3] / "docs/cli.md").read_text()
    for verb in PLANNERS:
        assert f"| {verb} | {undo_holds(verb) or 'never'} |" in page, verb
    for verb in ("hold", "release", "requeue", "bounce", "delete", "retarget", "set", "undo"):
        text = " ".join(call(verb, "--help").out.split())
        assert "ndo " in text, verb
