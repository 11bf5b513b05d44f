"""Every change from the screen, over a spool at which a real dequeuer works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spooltool.control import Order
from spooltool.live import client
from spooltool.store.journal import Transaction
from spooltool.tui.changes.plan_frame import Phase
from spooltool.tui.changes.registry import CHANGES
from spooltool.tui.changes.target import Target, of_messages
from tests.harness.gateway import read_results, spool_files
from tests.harness.live_sink import LiveSink
from tests.harness.process import Child, free_port, wait_until
from tests.harness.sink_plan import plan_of_mode
from tests.spooltool.cli.calling import start
from tests.spooltool.cli.changed import put, values
from tests.spooltool.tui.changes.hosting import Play, journal, number_of, play


class Scene:
    """Three messages whose host puts them off, tried once by a running dequeuer."""

    def __init__(self, folder: Path, dequeuer: Callable[[Path], Child], later: LiveSink) -> None:
        self.spool = folder / "spool"
        self.later = later
        self.port = port = later.port
        self.ids = [
            number_of(file)
            for file in put(self.spool, 3, "127.0.0.1", DPORT=str(port), ERRMAIL="1")
        ]
        self.relay = dequeuer(self.spool)
        wait_until(lambda: self.tried == [1, 1, 1], what="each tried once")

    @property
    def tried(self) -> list[int]:
        try:
            return [one.attempts for path in spool_files(self.spool) for one in read_results(path)]
        except FileNotFoundError:  # the dequeuer moved it between the two looks
            return []

    @property
    def attempts(self) -> int:
        return (self.spool / ".spooltool/log/mdq.elg").read_text().count(" put-off ")

    @property
    def contents(self) -> dict[str, bytes]:
        """What stands in each file but for STATE: time set aside does not count there."""
        lines = {path.name: path.read_bytes().split(b"\n") for path in spool_files(self.spool)}
        return {
            name: b"\n".join(line for line in found if not line.startswith(b"STATE:"))
            for name, found in lines.items()
        }

    @property
    def target(self) -> Target:
        return of_messages(self.ids, host=f"127.0.0.1:{self.port}")

    @property
    def where(self) -> dict[str, str]:
        """Number to directory and letter."""
        folders = ("D_sender", "D_resend", "D_hold", ".spooltool/trash")
        paths = spool_files(self.spool, *folders) if (self.spool / folders[3]).is_dir() else []
        paths = paths or spool_files(self.spool)
        return {path.name[1:]: f"{path.parent.name}/{path.name[0]}" for path in paths}

    @property
    def last(self) -> Transaction:
        return journal(self.spool)[-1]

    @property
    def orders(self) -> tuple[Order, ...]:
        return client.status(self.spool).orders


@pytest.fixture
def scene(tmp_path: Path, dequeuer: Callable[[Path], Child]) -> Iterator[Scene]:
    later = LiveSink()
    later.use(plan_of_mode("tempfail-dot"))
    yield Scene(tmp_path, dequeuer, later)
    later.close()


def checked(scene: Scene, verb: str, command: str) -> Transaction:
    """The journal's last transaction: three done by this person with the equal command."""
    last = scene.last
    assert (last.verb, last.count("done"), last.ended) == (verb, 3, True)
    assert last.actor.user and last.actor.command == f"{command} --spool {scene.spool}"
    return last


def all_in(scene: Scene, place: str) -> dict[str, str]:
    return dict.fromkeys(scene.ids, place)


def test_each_change_is_tried_here() -> None:
    """Adding a change is adding a file; and a test."""
    tried = {name.split("_")[1] for name in globals() if name.startswith("test_")}
    assert {change.verb for change in CHANGES} <= tried


def test_retarget_with_kick_delivers(scene: Scene, sink: LiveSink) -> None:
    async def part(at: Play) -> None:
        await at.plan("retarget")
        assert at.dialog.focused is at.dialog.form.unfilled
        await at.type("127.0.0.1")
        await at.press("tab")
        await at.type(str(sink.port))
        await at.press("tab", "space", "tab", "space")
        await at.phase(Phase.SHOWN)
        await at.until(lambda: "SIZE" in at.shown, "probed")
        assert f"{scene.port} -> {sink.port}" in at.shown
        done = await at.apply()
        assert "kicked 3" in " ".join(done.lines)
        assert done.undo == "until each has left"

    play(scene.spool, part, scene.target)
    words = " ".join(scene.ids)
    to = f"--to 127.0.0.1:{sink.port} --err-server same --kick"
    checked(scene, "retarget", f"spooltool retarget {words} {to}")
    wait_until(lambda: not spool_files(scene.spool), what="all delivered")
    assert sorted(one["recipients"] for one in sink.entries()) == [
        [f"anna{n}@example.org"] for n in range(3)
    ]


def test_set_keys_sender_and_recipient(scene: Scene) -> None:
    async def part(at: Play) -> None:
        await at.plan("set", of_messages(scene.ids[:1]))
        await at.type("ERRMAIL=0 LOG_OK=none")
        await at.press("tab")
        await at.type("<>")
        await at.press("tab")
        await at.type("anna0@example.org=zoe@example.net")
        await at.press("enter")
        done = await at.apply()
        assert done.summary == "txn 1 set: 1 done"

    play(scene.spool, part, scene.target)
    (path,) = [p for p in spool_files(scene.spool) if p.name[1:] == scene.ids[0]]
    assert [one.address for one in read_results(path)] == ["zoe@example.net"]
    assert values(scene.spool, "ERRMAIL")[f"D_resend/{path.name}"] == "0"
    assert values(scene.spool, "FROM")[f"D_resend/{path.name}"].startswith("<>")
    assert scene.last.actor.command.startswith(
        f"spooltool set {scene.ids[0]} ERRMAIL=0 LOG_OK=none --from '<>'"
        " --rcpt anna0@example.org=zoe@example.net --spool "
    )


def test_hold_and_release_by_keys(scene: Scene) -> None:
    async def hold(at: Play) -> None:
        await at.press("H")
        await at.apply()
        assert scene.where == all_in(scene, "D_hold/R")
        await at.close()
        await at.press("U")
        await at.apply()

    app = play(scene.spool, hold, scene.target)
    assert scene.where == all_in(scene, "D_resend/R")
    checked(scene, "release", f"spooltool release {' '.join(scene.ids)}")
    assert [one and one.summary for one in app.results] == ["txn 1 hold: 3 done"]


def test_release_with_a_pass(scene: Scene) -> None:
    for path in spool_files(scene.spool):
        (scene.spool / "D_quarantine").mkdir(exist_ok=True)
        text = path.read_bytes().replace(b"\nSTATE:", b"\nSTATE:", 1)
        (scene.spool / "D_quarantine" / path.name).write_bytes(text)
        path.unlink()

    async def part(at: Play) -> None:
        await at.plan("release")
        assert at.dialog.planned is not None and at.dialog.planned.changes == 0
        await at.press("shift+tab", "shift+tab", "shift+tab", "down")
        await at.until(lambda: "--pass mail_capacity" in at.shown, "the pass")

    play(scene.spool, part, scene.target)


def test_requeue_begins_anew(scene: Scene) -> None:
    async def part(at: Play) -> None:
        await at.plan("requeue")
        await at.apply()

    play(scene.spool, part, scene.target)
    checked(scene, "requeue", f"spooltool requeue {' '.join(scene.ids)}")
    wait_until(lambda: scene.attempts == 6, what="tried at once")
    wait_until(lambda: scene.tried == [1, 1, 1], what="tried as if just received")


def test_kick_tries_now(scene: Scene) -> None:
    async def part(at: Play) -> None:
        await at.plan("kick")
        assert "tried now: 3 messages" in at.shown
        done = await at.apply()
        assert done.lines == ("kicked 3 messages",)
        assert (done.txn, done.code) == ("", 0)

    play(scene.spool, part, scene.target)
    wait_until(lambda: scene.tried == [2, 2, 2], what="tried again")
    assert journal(scene.spool) == []


def test_bounce_wants_the_number_and_tells_the_sender(scene: Scene) -> None:
    async def part(at: Play) -> None:
        await at.plan("bounce")
        assert "apply: type 3" in at.shown
        await at.apply("3")

    play(scene.spool, part, scene.target)
    checked(scene, "bounce", f"spooltool bounce {' '.join(scene.ids)}")
    assert scene.where == all_in(scene, "D_resend/E")


def test_delete_and_undo(scene: Scene) -> None:
    before = scene.contents

    async def part(at: Play) -> None:
        await at.press("D")
        await at.apply("3")
        assert scene.where == all_in(scene, "trash/R")
        await at.press("u")
        await at.phase(Phase.SHOWN)
        assert "takes back 1: delete" in at.shown
        await at.apply()

    play(scene.spool, part, scene.target)
    assert scene.contents == before
    checked(scene, "undo", "spooltool undo 1")
    assert scene.last.undoes == "1"


def test_delete_purge_frees_for_good(scene: Scene) -> None:
    async def part(at: Play) -> None:
        await at.plan("delete")
        await at.press("shift+tab", "shift+tab", "space")
        await at.until(lambda: "freed for good" in at.shown, "the other plan")
        assert "undo  never" in at.shown
        done = await at.apply("3")
        assert done.undo == ""

    play(scene.spool, part, scene.target)
    assert scene.where == {}
    checked(scene, "delete --purge", f"spooltool delete {' '.join(scene.ids)} --purge")


def editor(folder: Path, *commands: str) -> str:
    """An editor that runs sed."""
    script = folder / "editor"
    lines = "\n".join(f"sed -i -e '{command}' \"$1\"" for command in commands)
    script.write_text(f"#!/bin/sh\n{lines}\n")
    script.chmod(0o755)
    return str(script)


def test_edit_makes_a_plan_of_what_differs(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = ("s/^ERRMAIL: 1/ERRMAIL: 0/", "s/^RCPT: .*/RCPT: zoe@example.net/")
    monkeypatch.setenv("VISUAL", editor(tmp_path, *changes))

    async def part(at: Play) -> None:
        await at.plan("edit")
        assert "ERRMAIL" in at.shown
        await at.apply()

    play(scene.spool, part, of_messages(scene.ids[:1]))
    assert [one.result for one in scene.last.outcomes] == ["done"]
    changed = {scene.ids[0]: "0", scene.ids[1]: "1", scene.ids[2]: "1"}
    assert {f[-8:]: v for f, v in values(scene.spool, "ERRMAIL").items()} == changed
    assert "set" in scene.last.actor.command


def test_edit_of_several_is_refused(scene: Scene) -> None:
    async def part(at: Play) -> None:
        await at.plan("edit")
        assert "one envelope can be edited at a time" in at.shown

    play(scene.spool, part, scene.target)


def test_probe_looks_and_changes_nothing(scene: Scene) -> None:
    async def part(at: Play) -> None:
        await at.press("P")
        await at.until(lambda: "every step went well" in at.shown, "looked at")
        await at.press("shift+tab", "shift+tab", "ctrl+u")
        await at.type(f"127.0.0.1:{free_port()}")
        await at.press("enter")
        await at.until(lambda: "failed: connect" in at.shown, "the host refuses")
        assert at.dialog.hints.keys == (("Esc", "cancel"),)

    play(scene.spool, part, scene.target)
    assert journal(scene.spool) == []


def test_suspend_and_resume_by_one_key(scene: Scene) -> None:
    host = f"127.0.0.1:{scene.port}"

    async def suspend(at: Play) -> None:
        await at.press("Z")
        await at.phase(Phase.SHOWN)
        assert f"no attempts to {host} until it is resumed" in at.shown
        assert "3 messages wait for it now" in at.shown
        await at.apply()

    async def resume(at: Play) -> None:
        await at.press("Z")
        await at.phase(Phase.SHOWN)
        assert f"ends: {host}" in at.shown
        await at.apply()

    play(scene.spool, suspend, scene.target)
    assert [one.host for one in scene.orders] == [host]
    play(scene.spool, resume, Target(host=host, suspended=host))
    assert scene.orders == ()


def test_resume_of_what_is_not_suspended(scene: Scene) -> None:
    async def part(at: Play) -> None:
        await at.plan("resume", Target(host="a.example"))
        assert "a.example is not suspended" in at.shown

    play(scene.spool, part, scene.target)


def test_undo_offers_the_last_of_this_person(scene: Scene) -> None:
    for word in ("ERRMAIL=0", "ACCT=1"):
        assert start("--spool", scene.spool, "set", *scene.ids, word, "--yes").code == 0

    async def part(at: Play) -> None:
        await at.press("u")
        await at.phase(Phase.SHOWN)
        assert "takes back 2: set" in at.shown
        await at.press("shift+tab", "shift+tab", "shift+tab", "down")
        await at.until(lambda: "takes back 1: set" in at.shown, "the other one")
        await at.apply()

    play(scene.spool, part, scene.target)
    checked(scene, "undo", "spooltool undo 1")
    assert set(values(scene.spool, "ERRMAIL").values()) == {"1"}
    assert set(values(scene.spool, "ACCT").values()) == {"1"}


def test_accept_seals_what_was_edited(scene: Scene) -> None:
    path = spool_files(scene.spool)[0]
    path.write_bytes(path.read_bytes().replace(b"\nhello\n", b"\nHELLO\n"))

    async def part(at: Play) -> None:
        await at.plan("accept", of_messages([path.name[1:]]))
        done = await at.apply()
        assert done.summary == "txn 1 accept: 1 done"

    play(scene.spool, part, scene.target)
    assert [one.key for one in scene.last.changes[0].keys] == ["DIGEST"]


def test_purge_empties_the_trash(scene: Scene) -> None:
    assert start("--spool", scene.spool, "delete", *scene.ids, "--yes").code == 0

    async def part(at: Play) -> None:
        await at.plan("purge", Target())
        assert "undo  never" in at.shown
        await at.apply("3")

    play(scene.spool, part, scene.target)
    assert scene.where == {}
    checked(scene, "purge", "spooltool purge")


def test_apply_a_plan_of_a_file(scene: Scene, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert start("--spool", scene.spool, "hold", *scene.ids, "--plan", plan).code == 0

    async def part(at: Play) -> None:
        await at.plan("apply", Target())
        await at.type(str(plan))
        await at.press("enter")
        await at.apply()

    play(scene.spool, part, scene.target)
    assert scene.where == all_in(scene, "D_hold/R")
    checked(scene, "hold", f"spooltool apply {plan}")


def test_move_by_folder(scene: Scene) -> None:
    async def part(at: Play) -> None:
        await at.plan("move")
        assert at.dialog.phase is Phase.OPEN
        await at.press("shift+tab", "shift+tab", "shift+tab", "down")
        await at.apply()

    play(scene.spool, part, scene.target)
    assert scene.where == all_in(scene, "D_hold/R")
    checked(scene, "hold", f"spooltool move {' '.join(scene.ids)} hold")
