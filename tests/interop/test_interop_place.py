"""Commands beside a running relay: bounce, requeue, delete, undo; each mail ends once."""

from __future__ import annotations

import email
import subprocess
from collections import Counter
from pathlib import Path

from tests.harness.client import ClientProcess
from tests.harness.gateway import Gateway
from tests.harness.process import PYTHON, ROOT, wait_until
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.sink_plan import SinkPlan
from tests.harness.spool_reader import spool_messages
from tests.harness.submit import submit

ANNA, BEN = "anna@example.org", "ben@example.org"
TRASH = ".spooltool/trash"


def ok(gateway: Gateway, *words: str) -> str:
    done = gateway.spooltool(*words)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def test_bounced_mail_is_told_of_and_who_had_it_is_not_named(tmp_path: Path) -> None:
    sample = make_sample("one", recipients=(ANNA, BEN))
    plan = SinkPlan(recipients={BEN: "451 4.2.0 later"})
    with (
        SinkProcess(plan=plan, log=tmp_path / "sink.log", keep=tmp_path / "mail") as sink,
        Gateway(
            tmp_path,
            sink.port,
            settings={"resend_period": 600, "detailed_smtp_err_mail": True},
        ) as gateway,
    ):
        number = submit(gateway.port, sample)
        wait_until(lambda: gateway.files("D_resend"), what="put off for one")
        done = ok(gateway, "bounce", number, "--yes", "--reason", "mailbox closed")
        assert "undo: spooltool undo 1 (until each notice is out)" in done
        wait_until(lambda: len(sink.entries()) == 2, what="the notice")
        gateway.wait_empty()
        delivery, notice = sink.entries()
        (_, content) = sink.contents()
        undone = gateway.spooltool("undo", "--yes")
    assert delivery["recipients"] == [ANNA]
    assert (notice["sender"], notice["recipients"]) == ("", [sample.sender])
    assert (notice["carried"], notice["final_recipients"]) == (["one"], [BEN])
    report = email.message_from_bytes(content).get_payload()
    assert "given up by the operator: mailbox closed" in str(report[0])
    assert "Status: 5.0.0" in str(report[1])
    assert undone.returncode == 0
    assert "left the queue since" in undone.stdout


def test_a_given_up_message_is_requeued_and_delivered(tmp_path: Path) -> None:
    sample = make_sample("late")
    with (
        SinkProcess(mode="refuse") as nowhere,
        SinkProcess(log=tmp_path / "sink.log") as sink,
        Gateway(
            tmp_path, nowhere.port, settings={"resend_period": 600, "abandon_time": 0}
        ) as gateway,
    ):
        number = submit(gateway.port, sample)
        wait_until(
            lambda: [path.name[0] for path in gateway.files("D_resend")] == ["E"],
            what="given up",
        )
        ok(gateway, "set", f"E{number}", f"DPORT={sink.port}", "--yes")
        ok(gateway, "requeue", number, "--yes", "--kick")
        gateway.wait_empty()
        (taken,) = sink.entries()
        assert gateway.files(TRASH) == []
    assert (taken["x_id"], taken["body_sha256"]) == ("late", sample.body_sha256)


def test_deleted_mail_comes_back_and_is_delivered(tmp_path: Path) -> None:
    samples = [make_sample(f"m{n}") for n in range(5)]
    with (
        SinkProcess(mode="refuse") as nowhere,
        SinkProcess(log=tmp_path / "sink.log") as sink,
        Gateway(tmp_path, nowhere.port, settings={"resend_period": 600}) as gateway,
    ):
        for sample in samples:
            submit(gateway.port, sample)
        wait_until(lambda: len(gateway.files("D_resend")) == 5, what="all refused")
        ok(gateway, "delete", "stuck", "--yes")
        assert gateway.files() == [] and len(gateway.files(TRASH)) == 5
        assert len(gateway.listed("--dir", "trash")) == 5
        ok(gateway, "undo", "--yes")
        assert len(gateway.files("D_resend")) == 5 and gateway.files(TRASH) == []
        ok(gateway, "retarget", "stuck", "--to", f"127.0.0.1:{sink.port}", "--yes", "--kick")
        gateway.wait_empty()
        taken = {(entry["x_id"], entry["body_sha256"]) for entry in sink.entries()}
        assert len(sink.entries()) == 5
    assert taken == {(sample.x_id, sample.body_sha256) for sample in samples}


def test_three_hundred_at_once_end_exactly_once(tmp_path: Path) -> None:
    """Delivery, bounce, delete and requeue of the same 300 messages at the same time."""
    acks = tmp_path / "acks"
    words = (
        ["bounce", "rcpt:bounce@example.org"],
        ["delete", "rcpt:delete@example.org"],
        ["requeue", "rcpt:requeue@example.org"],
    )
    with (
        SinkProcess(plan=SinkPlan(delay=0.1), log=tmp_path / "sink.log") as sink,
        Gateway(tmp_path, sink.port, settings={"max_conns": 8, "max_conns_per_site": 8}) as gateway,
    ):
        gateway.spooltool("history")
        clients = [
            ClientProcess(
                *("--port", str(gateway.port), "--ack", f"{acks}-{verb}", "--messages", "100"),
                *("--sessions", "4", "--size", "2048", "--prefix", verb),
                *("--to", f"{verb}@example.org"),
            )
            for verb, _ in words
        ]
        for client in clients:
            assert client.tally().acked == 100
            client.stop()
        wait_until(lambda: len(sink.entries()) > 20, what="deliveries under way")
        commands = [
            subprocess.Popen(
                [PYTHON, "-m", "spooltool", *line, "--yes", "--spool", str(gateway.spool)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
            )
            for line in words
        ]
        said = [command.communicate(timeout=120)[0] for command in commands]
        assert [command.returncode for command in commands] == [0, 0, 0], said
        gateway.wait_empty()
        ends: Counter[str] = Counter()
        how: dict[str, set[str]] = {}
        for entry in sink.entries():
            names = [entry["x_id"]] if entry["sender"] else entry["carried"]
            ends.update(names)
            for name in names:
                how.setdefault(name, set()).add("delivered" if entry["sender"] else "noticed")
        for message in spool_messages(gateway.spool):
            ends[message.x_id] += 1
            how.setdefault(message.x_id, set()).add(message.place)
    assert len(ends) == 300
    assert {name: count for name, count in ends.items() if count != 1} == {}
    kinds = Counter((name.rpartition("-")[0], *sorted(ways)) for name, ways in how.items())
    assert kinds["requeue", "delivered"] == 100
    assert kinds["bounce", "noticed"] > 0 and kinds["delete", TRASH] > 0, (kinds, said)
    assert sum(kinds.values()) == 300 and len(kinds) <= 5, kinds
