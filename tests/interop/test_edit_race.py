"""The editor against the queue runner: commands of an operator on random messages while they
are being delivered.  What a command says it did stands in the file; nothing is lost or torn."""

from __future__ import annotations

import json
import random
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.harness.checker import TRASH, Verdict, check, read_lines
from tests.harness.client import ClientProcess
from tests.harness.gates import GateRun
from tests.harness.gateway import MAIL_FOLDERS, Gateway
from tests.harness.process import PYTHON, ROOT, wait_until
from tests.harness.sink import SinkProcess
from tests.harness.sink_plan import SinkPlan
from tests.harness.spool_reader import spool_messages

SEED = 20261125
AT_ONCE = 40
"""Messages that one command names."""

RECENT = 400
"""Of that many acknowledged last they are chosen: fresh, under way, put off, held or gone."""

STUCK = "stuck@example.org"
VERBS = (
    *("retarget", "hold", "release", "undo"),
    *("retarget", "hold", "requeue", "delete", "bounce"),
)
RESULTS = {"done", "unchanged", "gone", "busy", "changed", "skipped", "absent"}

_DPORT = re.compile(rb"^DPORT:[ \t]*(\d+)", re.MULTILINE)


@dataclass
class Editor:
    """An operator who acts at random, and what his commands said they did.

    `goes` is where each message was last sent by a command, `ended` what he ended.
    """

    spool: Path
    first: int
    second: int
    chance: random.Random
    said: Counter[str] = field(default_factory=Counter)
    lies: list[str] = field(default_factory=list)
    goes: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    transactions: list[tuple[str, str]] = field(default_factory=list)
    edits: int = 0

    def act(self, recent: Sequence[str]) -> None:
        """One command on some of these messages."""
        verb = self.chance.choice(VERBS)
        words = self.chance.sample(recent, min(AT_ONCE, len(recent)))
        if verb == "undo":
            if not self.transactions:
                return
            undone, txn = self.transactions.pop(self.chance.randrange(len(self.transactions)))
            self.run("undo", [txn], undone)
        elif verb == "retarget":
            self.run(verb, [*words, "--to", f"127.0.0.1:{self.second}", "--no-probe"])
        else:
            self.run(verb, words)

    def run(self, verb: str, words: Sequence[str], undone: str = "") -> None:
        """Run a command and compare what it says with what stands there."""
        options = ["--yes", "--json", "--wait", "2", "--spool", str(self.spool)]
        done = subprocess.run(
            [PYTHON, "-m", "spooltool", verb, *words, *options],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode in (0, 1), (verb, done.returncode, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        for line in lines[:-1]:
            assert line["result"] in RESULTS, line
            self.edits += 1
            self.said[line["result"]] += 1
            if line["result"] == "done":
                self.believe(verb, line, undone)
        if verb != "undo" and lines and lines[-1]["txn"]:
            self.transactions.append((verb, lines[-1]["txn"]))

    def believe(self, verb: str, line: dict[str, Any], undone: str) -> None:
        """Note what a command said of a message, and look whether it is so."""
        number, after = line["id"], line["after"].get("file", "")
        files = [self.spool / after] if after else self.files(number)
        there = [path for path in files if path.exists()]
        if verb == "retarget" or undone == "retarget":
            port = self.second if verb == "retarget" else self.first
            self.goes[number] = port
            self.look(line, [path for path in there if self.port(path) not in (None, port)], "DST")
        elif verb in ("hold", "delete") and not there:
            self.lies.append(f"{verb} {number}: not in {after}")
        elif verb == "release":
            self.look(line, [p for p in self.files(number) if p.parent.name == "D_hold"], "place")
        if verb in ("delete", "bounce"):
            self.ended.add(number)
        elif undone in ("delete", "bounce"):
            self.ended.discard(number)

    def look(self, line: dict[str, Any], wrong: Sequence[Path], what: str) -> None:
        if wrong:
            self.lies.append(f"{line}: {what} of {wrong[0].name} is another")

    def files(self, number: str) -> list[Path]:
        """Where a message stands, by name."""
        places = (*MAIL_FOLDERS, TRASH)
        found = [self.spool / place / (letter + number) for place in places for letter in "RE"]
        return [path for path in found if path.exists()]

    @staticmethod
    def port(path: Path) -> int | None:
        """DPORT of a file; None when it has left meanwhile."""
        try:
            found = _DPORT.search(path.read_bytes())
        except FileNotFoundError:
            return None
        return int(found[1]) if found else 25


def recent(acks: Path) -> list[str]:
    return [ack["id"] for ack in list(read_lines(acks))[-RECENT:]]


@pytest.mark.gate("r15")
def test_what_an_operator_did_is_so_and_nothing_is_lost(tmp_path: Path, gate: GateRun) -> None:
    acks, taken = tmp_path / "acks", (tmp_path / "sink-a", tmp_path / "sink-b")
    slow = SinkPlan(delay=0.02, recipients={STUCK: "451 4.2.0 later"})
    with (
        SinkProcess(plan=slow, log=taken[0]) as first,
        SinkProcess(log=taken[1]) as second,
        Gateway(tmp_path, first.port, settings={"max_conns": 20}) as gateway,
    ):
        editor = Editor(gateway.spool, first.port, second.port, random.Random(SEED))
        load = ["--port", str(gateway.port), "--size", "1024", "--for", "86400", "--sessions", "1"]
        ack = ["--ack", str(acks)]
        with (
            ClientProcess(*load, *ack, "--prefix", "flow"),
            ClientProcess(*load, *ack, "--prefix", "stuck", "--to", STUCK),
        ):
            wait_until(lambda: len(recent(acks)) > AT_ONCE, what="mail to edit")
            while editor.edits < gate.number:
                editor.act(recent(acks))
                gate.progress(f"{editor.edits} edits: {dict(editor.said)}")
        drain(gateway, second.port)
    verdict = check(
        list(read_lines(acks)),
        [entry for path in taken for entry in read_lines(path)],
        list(spool_messages(gateway.spool)),
    )
    gate.report(
        f"{editor.edits} edits (seed {SEED}): {dict(editor.said)}; {verdict.summary()}",
        {"edits": editor.edits, "acked": verdict.acked, "lies": len(editor.lies)}
        | {kind: len(getattr(verdict, kind)) for kind in ("lost", "torn", "duplicated")},
    )
    assert editor.lies == []
    assert editor.said["done"] > gate.number // 10
    assert verdict.holds(drained=True), verdict
    assert astray(editor, taken[0], verdict, acks) == []


def drain(gateway: Gateway, port: int) -> None:
    """Let go of everything, send what is stuck the other way, and wait until all has left."""

    def empty() -> bool:
        for words in (["release", "held"], ["retarget", f"rcpt:{STUCK}", *_to(port)]):
            done = gateway.spooltool(*words, "--yes")
            assert done.returncode in (0, 1), done.stderr
        gateway.spooltool("kick")
        return not gateway.files()

    wait_until(empty, seconds=240, what="an empty spool")


def _to(port: int) -> list[str]:
    return ["--to", f"127.0.0.1:{port}", "--no-probe"]


def astray(editor: Editor, log: Path, verdict: Verdict, acks: Path) -> list[str]:
    """Messages that went to the first host although a command had sent them to the second."""
    x_ids = {ack["id"]: ack["x_id"] for ack in read_lines(acks)}
    there = {entry["x_id"] for entry in read_lines(log) if entry["sender"]}
    assert verdict.acked == len(x_ids)
    return [
        number
        for number, port in editor.goes.items()
        if port == editor.second and x_ids[number] in there
    ]
