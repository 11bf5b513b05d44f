"""`retarget`: the plan as a person reads it, the change, what is left alone, what is refused."""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spooltool.store.journal import read_journal
from spooltool.store.root import Spool
from tests.spooltool.cli.calling import ROOT, Ended, golden, on_terminal, settled, start
from tests.spooltool.cli.changed import NEW, OLD, as_user, open_way, put, records, tree, values

Call = Callable[..., Ended]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    put(tmp_path / "spool", 5)
    put(tmp_path / "spool", 1, dst="10.1.5.7")
    return tmp_path / "spool"


def disk(text: str) -> str:
    """Text with the free space of this machine put right."""
    return re.sub(r"[0-9.]+ [KMGT]?B free", "41 GB free", text)


def converse(stream: io.RawIOBase) -> None:
    stream.write(b"220 mx2.example.org ESMTP\r\n")
    while line := stream.readline():
        if line.startswith(b"EHLO"):
            stream.write(b"250-mx2.example.org\r\n250-SIZE 100\r\n250 PIPELINING\r\n")
        elif line.startswith(b"RCPT"):
            stream.write(b"550 5.1.1 no such user\r\n")
        else:
            stream.write(b"250 2.0.0 ok\r\n")


@pytest.fixture
def host() -> Iterator[int]:
    """A next hop that says hello; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, connection.makefile("rwb", 0) as stream:
                    try:
                        converse(stream)
                    except OSError:
                        continue  # the probe has seen enough

        threading.Thread(target=talk, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("columns", [80, 100])
def test_the_plan_on_a_screen(gateway: Path, columns: int) -> None:
    words = ["--spool", gateway, "retarget", "stuck", f"dst:{OLD}", "--to", NEW]
    shown = on_terminal([*words, "--dry-run", "--no-probe"], columns).decode()
    golden(f"retarget-{columns}.txt", disk(settled(shown, gateway)))
    assert max(map(len, shown.splitlines()[1:])) <= columns


def test_the_plan_with_a_port_and_error_server(gateway: Path, call: Call) -> None:
    words = ("retarget", "stuck", f"dst:{OLD}", "--to", f"{NEW}:2525", "--err-server", "same")
    done = call("--spool", gateway, *words, "--dry-run")
    golden("retarget-port.txt", disk(settled(done.out, gateway)))


def test_every_diff_on_request(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--dry-run", "--diff")
    assert done.out.count(f"- DST:    {OLD}\n  + DST:    {NEW}") == 5


def test_dry_run_writes_nothing_and_needs_no_permission(spool: Path, tmp_path: Path) -> None:
    open_way(tmp_path)
    for path in (spool, *spool.rglob("*")):
        os.chmod(path, 0o755 if path.is_dir() else 0o644)
    before = tree(spool)
    words = ("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW)
    done = as_user(77, *words, "--dry-run")
    assert done.code == 0, done.err
    assert "5 match; 5 would change" in done.out
    assert tree(spool) == before
    done = as_user(77, *words, "--yes")
    assert done.code == 77
    assert "belongs to root" in done.err
    assert done.out == ""
    assert tree(spool) == before


def test_root_becomes_the_owner_of_the_spool(tmp_path: Path) -> None:
    open_way(tmp_path)
    spool = tmp_path / "spool"
    put(spool, 3)
    for path in (spool, *spool.rglob("*")):
        os.chown(path, 77, 77)
    done = start("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--yes")
    assert done.code == 0, done.err
    assert set(values(spool, "DST").values()) == {NEW}
    assert {path.lstat().st_uid for path in (spool, *spool.rglob("*"))} == {77}
    with Spool.open(str(spool)) as opened:
        (transaction,) = read_journal(opened)
    assert transaction.actor.user == "root"  # the person, not the account that was taken
    done = start("--spool", spool, "undo", "--yes")
    assert done.code == 0, done.err
    assert set(values(spool, "DST").values()) == {OLD}


def test_a_real_change_and_its_account(spool: Path, call: Call) -> None:
    done = call(
        "--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--yes", "--reason", "INC-7"
    )
    assert done.code == 0
    first, second = done.lines
    assert first.startswith("txn 1  5 done, 0 busy, 0 gone, 0 failed in ")
    assert first.endswith(" s; read back and equal")
    assert second == "undo: spooltool undo 1 (until each has left)"
    assert sorted(values(spool, "DST").values()) == ["10.1.5.7", *[NEW] * 5]
    with Spool.open(str(spool)) as opened:
        (transaction,) = read_journal(opened)
    assert (transaction.verb, transaction.reason) == ("retarget", "INC-7")
    assert transaction.query == f"dst:{OLD}"
    done = call("--spool", spool, "retarget", f"dst:{NEW}", "--to", NEW, "--yes")
    assert (done.code, done.out) == (0, "5 match; 5 already so: nothing to do\n")


def test_e_files_are_left_alone_and_named(gateway: Path, call: Call) -> None:
    before = (gateway / "D_resend/E001mz77a").read_bytes()
    done = call("--spool", gateway, "retarget", "E001mz77a", "--to", NEW, "--yes")
    assert done.code == 1
    assert "skip" in done.out and "set E001mz77a ERR_SERVER=HOST" in done.out.replace("\n", " ")
    assert (gateway / "D_resend/E001mz77a").read_bytes() == before


def test_unreadable_files_are_unjudged(spool: Path, tmp_path: Path) -> None:
    for path in (spool, *spool.rglob("*")):
        os.chown(path, 77, 77)
    open_way(tmp_path)
    bad = spool / next(iter(values(spool, "DST")))
    os.chmod(bad, 0)
    done = as_user(77, "--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--yes")
    assert done.code == 4
    assert f"?     {bad.name}  permission denied: the query cannot tell" in done.out
    assert "txn 1  4 done" in done.out


def test_two_files_of_one_number_are_named_and_neither_is_touched(spool: Path, call: Call) -> None:
    file = next(iter(values(spool, "DST")))
    name = file.partition("/")[2]
    (spool / "D_resend" / name).write_bytes((spool / file).read_bytes())
    both = [spool / file, spool / "D_resend" / name]
    before = [path.read_bytes() for path in both]
    done = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--yes")
    assert done.code == 1
    said = " ".join(done.out.split())
    assert f"D_sender/{name} and D_resend/{name} carry this number: choose one by path" in said
    assert "txn 1 4 done" in said
    assert [path.read_bytes() for path in both] == before
    done = call("--spool", spool, "retarget", name, "--to", NEW, "--yes")
    assert done.code == 1
    assert "carry this number; choose by path" in done.err
    assert [path.read_bytes() for path in both] == before
    done = call("--spool", spool, "retarget", f"D_resend/{name}", "--to", NEW, "--yes")
    assert done.code == 0, done.out + done.err
    assert both[0].read_bytes() == before[0]
    assert b"DST:\t10.1.5.9\n" in both[1].read_bytes()
    done = call("--spool", spool, "undo", "--yes")
    assert done.code == 0, done.out + done.err
    assert [path.read_bytes() for path in both] == before
    done = call(
        "--spool", spool, "retarget", f"D_resend/{name}", f"D_sender/{name}", "--to", NEW, "--yes"
    )
    assert done.code == 1
    assert [path.read_bytes() for path in both] == before


def test_an_id_that_never_was(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "retarget", "00000zzz", "--to", NEW, "--yes")
    assert done.code == 1
    assert "00000zzz: no such message" in done.err


def test_busy_messages_end_as_busy(spool: Path, call: Call) -> None:
    files = list(values(spool, "DST"))
    with open(spool / files[0], "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        dry = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--dry-run")
        done = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--yes", "--wait", "0")
    assert "5 match; 4 would change, 1 after a wait" in dry.out
    assert f"wait  {files[0].partition('/')[2]}  being worked on by pid {os.getpid()}" in dry.out
    assert done.code == 1
    assert "txn 1  4 done, 1 busy, 0 gone, 0 failed" in done.out
    assert (
        f"busy    {files[0].partition('/')[2]}  being worked on by pid {os.getpid()}\n" in done.out
    )


def test_a_holder_that_nobody_can_name_is_unknown(
    spool: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container, where the kernel's list of locks is empty."""
    from spooltool.look import relay_view

    monkeypatch.setattr(relay_view, "holders", dict)
    file = next(iter(values(spool, "DST")))
    with open(spool / file, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = call("--spool", spool, "retarget", file, "--to", NEW, "--yes", "--wait", "0")
    assert f"busy    {file.partition('/')[2]}  being worked on, holder unknown\n" in done.out


def test_a_directory_that_was_closed_since_the_plan_is_no_absence(
    spool: Path, tmp_path: Path
) -> None:
    for path in (spool, *spool.rglob("*")):
        os.chown(path, 77, 77)
    plans = tmp_path / "plans"
    plans.mkdir()
    os.chown(plans, 77, 77)
    open_way(tmp_path)
    plan = plans / "plan.json"
    words = ("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--plan", plan)
    assert as_user(77, *words).code == 0
    os.chmod(spool / "D_sender", 0)
    done = as_user(77, "--spool", spool, "apply", plan, "--yes")
    os.chmod(spool / "D_sender", 0o700)
    assert done.code == 1
    assert "0 done, 0 busy, 0 gone, 5 failed" in done.out
    assert "D_sender: permission denied, so nobody knows where it is" in done.out


def test_what_lets_go_in_time_is_changed(spool: Path) -> None:
    file = next(iter(values(spool, "DST")))
    words = ["--spool", str(spool), "retarget", f"dst:{OLD}", "--to", NEW, "--yes"]
    with open(spool / file, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with subprocess.Popen(
            [sys.executable, "-m", "spooltool", *words],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as process:
            others = [one for one in values(spool, "DST") if one != file]
            while sum(values(spool, "DST")[one] == NEW for one in others) < 4:
                assert process.poll() is None
            fcntl.flock(held, fcntl.LOCK_UN)
            out, _ = process.communicate()
    assert process.returncode == 0
    assert b"5 done, 0 busy" in out


def test_the_probe_and_what_the_host_lacks(spool: Path, call: Call, host: int) -> None:
    to = f"127.0.0.1:{host}"
    done = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", to, "--probe=rcpt", "--dry-run")
    said = " ".join(done.out.split())
    assert f"probe {to} connect" in said
    assert "220 mx2.example.org ESMTP, EHLO" in said
    assert "RCPT failed: 550 5.1.1 no such user" in said
    done = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", to, "--probe=ehlo", "--dry-run")
    said = " ".join(done.out.split())
    assert "5 need 8BITMIME, which it lacks" in said
    assert "not tried: MAIL, RCPT (--probe=rcpt)" in said


def test_json_one_object_a_message_and_a_summary(spool: Path, call: Call, root: Path) -> None:
    schema = json.loads((root / "docs/schema/change.json").read_text())
    words = ("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--json")
    messages, summary = records(call(*words, "--dry-run"))
    assert {one["result"] for one in messages} == {"planned"}
    assert {one["txn"] for one in messages} == {None}
    messages, summary = records(call(*words, "--yes"))
    assert len(messages) == 5
    for one in messages:
        assert list(one) == list(schema["properties"])
        assert one["result"] == "done"
        assert (one["before"], one["after"]) == ({"DST": OLD}, {"DST": NEW})
        assert one["txn"] == "1"
        assert one["file"] == f"D_sender/R{one['id']}"
    assert summary["summary"] is True
    assert (summary["txn"], summary["counts"], summary["verb"]) == ("1", {"done": 5}, "retarget")
    messages, summary = records(call(*words, "--yes"))
    assert (messages, summary["counts"], summary["txn"]) == ([], {}, None)


def test_values_that_are_no_text_come_through(tmp_path: Path, call: Call) -> None:
    (file,) = put(tmp_path / "spool")
    path = tmp_path / "spool" / file
    path.write_bytes(path.read_bytes().replace(b"DST:\t10.1.5.2", b"DST:\tb\xffd\x1b[31m"))
    done = call("--spool", tmp_path / "spool", "retarget", file, "--to", NEW, "--dry-run")
    assert "DST  b\\xffd^[[31m -> 10.1.5.9" in done.out
    (one,), _ = records(
        call("--spool", tmp_path / "spool", "retarget", file, "--to", NEW, "--yes", "--json")
    )
    assert one["before"]["DST"] == "b\ufffdd\x1b[31m"
    assert one["raw"] == {"before.DST": "Yv9kG1szMW0="}
    assert call("--spool", tmp_path / "spool", "undo", "--yes").code == 0
    assert b"DST:\tb\xffd\x1b[31m" in path.read_bytes()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "--to HOST"),
        (["--to", "not a host"], "not a host"),
        (["--to", "10.1.5.9:0"], "not a host"),
        (["--to", ""], "--to HOST"),
        (["--to", NEW, "--err-server", "a b"], "--err-server a b: not a host"),
        (["--to", NEW, "--probe", "all"], "--probe all"),
        (["--to", NEW, "--for", "10m"], "--for goes with --watch"),
        (["--to", NEW, "--watch", "--for", "soon"], "--for soon"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    spool: Path, call: Call, words: list[str], why: str
) -> None:
    before = tree(spool)
    done = call("--spool", spool, "retarget", f"dst:{OLD}", "--yes", *words)
    assert done.code == 2
    assert why in done.err
    assert tree(spool) == before


@pytest.mark.parametrize(
    ("to", "dst", "dport"),
    [
        ("[2001:db8::1]:2525", "[2001:db8::1]", "2525"),
        ("{a.example,b.example:2525}", "{a.example,b.example:2525}", "25"),
        ("mx.example", "mx.example", "25"),
    ],
)
def test_forms_of_the_new_host(spool: Path, call: Call, to: str, dst: str, dport: str) -> None:
    assert call("--spool", spool, "retarget", f"dst:{OLD}", "--to", to, "--yes").code == 0
    assert list(values(spool, "DST").values()).count(dst) == 5
    assert list(values(spool, "DPORT").values()).count(dport) >= 5


def test_the_relays_own_listener_is_refused_and_the_configuration_named(
    spool: Path, tmp_path: Path, call: Call
) -> None:
    config = tmp_path / "relay.toml"
    config.write_text(
        f'rundir = "{spool}"\nlisten = ["0.0.0.0:2525", "192.0.2.1:25"]\n'
        f'# dst = "{OLD}"\ndst = "{OLD}:25"\n'
    )
    words = ("--config", config, "--spool", spool, "retarget", f"dst:{OLD}", "--dry-run")
    for own in ("127.0.0.1:2525", "192.0.2.1"):
        done = call(*words, "--to", own)
        assert done.code == 2
        assert f"{own} is this relay's own listener" in done.err
    done = call(*words, "--to", NEW)
    assert f"note  new mail still goes to {OLD}: dst, relay.toml:4" in done.out
    config.write_text(config.read_text().replace(str(spool), "/somewhere/else"))
    assert "new mail" not in call(*words, "--to", NEW).out


def test_newcomers_are_counted(spool: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from spooltool.change import work

    carry = work.carry

    def meanwhile(*arguments: object, **more: object) -> object:
        put(spool, 3)
        return carry(*arguments, **more)

    monkeypatch.setattr(work, "carry", meanwhile)
    monkeypatch.setattr("tests.spooltool.cli.changed.ARRIVED", 4e9)
    done = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--yes")
    assert done.lines[-1] == "3 new ones match: they arrived after the plan"
    assert list(values(spool, "DST").values()).count(OLD) == 3


def test_too_little_space_is_refused_before_anything_is_asked(
    spool: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spooltool.change.work.free_space", lambda path: 16 << 20)
    before = tree(spool)
    done = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW)
    assert done.code == 74
    assert "nothing was changed" in done.err
    assert tree(spool) == before
    assert call("--spool", spool, "hold", f"dst:{OLD}", "--yes").code == 0  # that needs none


def test_a_reader_that_leaves_does_not_stop_the_change(spool: Path) -> None:
    words = ["--spool", str(spool), "retarget", f"dst:{OLD}", "--to", NEW, "--yes", "--json"]
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [sys.executable, "-m", "spooltool", *words],
        stdout=writing,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    os.close(writing)
    assert (process.returncode, process.stderr) == (0, b"")
    assert list(values(spool, "DST").values()).count(NEW) == 5


def test_a_plan_is_kept_and_applied(spool: Path, tmp_path: Path, call: Call) -> None:
    kept = tmp_path / "plan.json"
    before = tree(spool)
    done = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--plan", kept)
    assert done.code == 0
    assert done.lines[-1] == (f"Nothing was changed. The plan is in {kept}: spooltool apply {kept}")
    assert tree(spool) == before
    again = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--plan", kept)
    assert again.code == 74  # an older plan is not overwritten
    put(spool, 1)
    gone, changed, *_ = values(spool, "DST")
    (spool / gone).unlink()
    path = spool / changed
    path.write_bytes(path.read_bytes().replace(b"DST:\t10.1.5.2", b"DST:\t10.9.9.9"))
    done = call("--spool", spool, "apply", kept, "--yes")
    assert done.code == 1
    assert "txn 1  3 done, 0 busy, 1 gone, 0 failed, 1 changed since the plan" in " ".join(
        done.out.split("\n")
    ).replace("txn 1  3", "txn 1  3")
    assert list(values(spool, "DST").values()).count(OLD) == 1  # it came after the plan
    done = call("--spool", tmp_path / "nowhere", "apply", kept, "--yes")
    assert done.code in (2, 66)


@pytest.mark.parametrize(
    "edit",
    [
        lambda plan: plan["changes"][0]["keys"][0].update(key="FROM"),
        lambda plan: plan["changes"][0]["keys"][0].update(new="a\nRCPT: x"),
        lambda plan: plan["changes"][0].update(to="../../etc/passwd"),
        lambda plan: plan["changes"][0].update(file="D_sender/R1"),
        lambda plan: plan.update(verb="delete"),
        lambda plan: plan.update(spool="gw2:/var/spool/other"),
    ],
)
def test_a_plan_that_was_tampered_with_is_refused(
    spool: Path, tmp_path: Path, call: Call, edit: Callable[[dict[str, object]], None]
) -> None:
    kept = tmp_path / "plan.json"
    call("--spool", spool, "retarget", f"dst:{OLD}", "--to", NEW, "--plan", kept)
    plan = json.loads(kept.read_text())
    edit(plan)
    kept.write_text(json.dumps(plan))
    before = tree(spool)
    assert call("--spool", spool, "apply", kept, "--yes").code == 2
    assert tree(spool) == before


def test_to_mx_and_back(spool: Path, call: Call) -> None:
    done = call("--spool", spool, "retarget", f"dst:{OLD}", "--to", "mx", "--err-server", "same",
                "--yes")  # fmt: skip
    assert done.code == 0, done.err
    assert list(values(spool, "ROUTE").values()).count("mx") == 5
    assert list(values(spool, "ERR_ROUTE").values()).count("mx") == 5
    assert call("--spool", spool, "undo", "--yes").code == 0
    assert list(values(spool, "ROUTE").values()).count("mx") == 0
    words = ("--spool", spool, "retarget", f"dst:{OLD}", "--to", "mx", "--dry-run")
    plan = call(*words).out
    assert "ROUTE  dst -> mx" in plan
    assert "their notices would go to the old host" in plan
    assert "old host" not in call(*words, "--err-server", "mx").out
    by_mx = call("--spool", spool, "set", f"dst:{OLD}", "ERR_ROUTE=mx", "--yes")
    assert by_mx.code == 0, by_mx.err
    assert "old host" not in call(*words).out, "ERR_SERVER is not asked"
