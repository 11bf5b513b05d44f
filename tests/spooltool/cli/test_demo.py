"""The demo: its next hop, its proof, and the whole of it once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spooltool.cli.corpus import SampleMail, corpus
from spooltool.cli.proof import prove, read_record
from spooltool.cli.sink import Received, describe, first_field
from tests.spooltool.cli.calling import ROOT

OURS = b"Received: from a\r\n\tby b;\r\n\tnow\r\n"


@pytest.fixture
def mails() -> list[SampleMail]:
    return list(corpus(30, 7))


def got(mail: SampleMail, *recipients: str) -> Received:
    return describe(mail.sender, list(recipients or mail.recipients), OURS + mail.content)


def test_all_whole_and_once(mails: list[SampleMail]) -> None:
    proof = prove(mails, [got(mail) for mail in mails])
    assert proof.holds and proof.faults == ()
    assert proof.line == "delivered 30/30, lost 0, duplicated 0"


def test_recipients_may_come_apart(mails: list[SampleMail]) -> None:
    apart = [got(mail, address) for mail in mails for address in mail.recipients]
    assert prove(mails, apart).holds


def test_a_lost_and_a_doubled_one_are_seen(mails: list[SampleMail]) -> None:
    proof = prove(mails, [got(mail) for mail in mails[1:]])
    assert (proof.delivered, proof.lost, proof.duplicated, proof.holds) == (29, 1, 0, False)
    proof = prove(mails, [*(got(mail) for mail in mails), got(mails[3])])
    assert (proof.delivered, proof.lost, proof.duplicated, proof.holds) == (29, 0, 1, False)
    several = next(mail for mail in mails if len(mail.recipients) > 1)
    partial = [got(m, *m.recipients[: -1 if m is several else None]) for m in mails]
    proof = prove(mails, partial)
    assert (proof.lost, proof.holds) == (1, False)
    assert proof.faults == (f"{several.x_id}: not delivered to {several.recipients[-1]}",)


def test_what_was_never_sent_is_seen(mails: list[SampleMail]) -> None:
    proof = prove(mails[1:], [got(mail) for mail in mails])
    assert (proof.duplicated, proof.holds) == (1, False)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b"Subject:", b"subject:", "the content differs"),
        (OURS, b"", "the content differs"),
        (b"Received: from a", b"X-Received: from a", "no Received line of the relay before it"),
    ],
)
def test_every_changed_byte_is_seen(
    mails: list[SampleMail], old: bytes, new: bytes, fault: str
) -> None:
    first = mails[0]
    changed = describe(
        first.sender, list(first.recipients), (OURS + first.content).replace(old, new, 1)
    )
    proof = prove(mails, [changed, *(got(mail) for mail in mails[1:])])
    assert f"{first.x_id}: {fault}" in proof.faults
    assert not proof.holds


def test_a_changed_body_or_sender_is_seen(mails: list[SampleMail]) -> None:
    changed = describe(mails[0].sender, list(mails[0].recipients), OURS + mails[0].content + b"\n")
    faults = prove(mails, [changed, *(got(mail) for mail in mails[1:])]).faults
    assert [fault.partition(": ")[2] for fault in faults] == [
        "the content differs",
        "the body differs",
    ]
    other = replace(mails[0], sender="eve@example.com")
    assert not prove(mails, [got(other), *(got(mail) for mail in mails[1:])]).holds


def test_the_first_field_with_its_continuation() -> None:
    assert first_field(OURS + b"Subject: x\r\n\r\nbody") == OURS


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """An accepting sink; its port and record."""
    record = tmp_path / "received.jsonl"
    words = ["accept", "--listen", "127.0.0.1:0", "--record", str(record)]
    process = subprocess.Popen(
        [sys.executable, "-m", "spooltool.cli.sink", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None and process.stdin is not None
    line = process.stdout.readline()
    yield int(line.rpartition(":")[2]), record
    process.stdin.close()  # it ends with its standard input
    assert process.wait(10) == 0
    process.stdout.close()


def test_the_sink_records_before_its_250(sink: tuple[int, Path], mails: list[SampleMail]) -> None:
    port, record = sink
    assert read_record(str(record)) == []
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo()
        for number, mail in enumerate(mails, start=1):
            content = OURS + mail.content
            options = mail.mail_params.split()
            client.sendmail(mail.sender, mail.recipients, content, options)
            records = read_record(str(record))
            assert len(records) == number
            assert records[-1]["whole"] == hashlib.sha256(content).hexdigest()
    assert prove(mails, read_record(str(record))).holds


def run_demo(tmp_path: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "spooltool", "demo", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "COLUMNS": "100"},
    )


def still_running(folder: Path) -> list[str]:
    """Command lines of processes that have this folder in their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) in words:
                found.append(words.decode("utf-8", "replace"))
    return found


def test_the_whole_demo(tmp_path: Path) -> None:
    with run_demo(tmp_path, "--messages", "40") as demo:
        out, err = demo.communicate(timeout=100)
    assert demo.returncode == 0, out + err
    assert err == ""
    commands = [line.split()[2] for line in out.splitlines() if line.startswith("$ spooltool ")]
    assert commands == ["ls", "show", "retarget", "retarget", "retarget", "log", "status"]
    assert "12 match; 12 would change" in out
    assert len(re.findall(r"txn \w+  12 done, 0 busy, 0 gone, 0 failed", out)) == 2
    assert len(re.findall(r"12 left in [0-9.]+ s: 12 delivered", out)) == 2
    assert out.splitlines()[-1].startswith("delivered 40/40, lost 0, duplicated 0")
    assert list(tmp_path.glob("spooltool-demo-*")) == []
    assert still_running(tmp_path) == []


def test_interrupted_it_ends_what_it_started_and_keeps_what_was_asked(tmp_path: Path) -> None:
    with run_demo(tmp_path, "--keep") as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "went in by SMTP" in line:
                break
        (folder,) = tmp_path.glob("spooltool-demo-*")
        assert len(still_running(folder)) >= 5
        demo.send_signal(signal.SIGINT)
        out, err = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert f"kept: {folder}" in out
    assert "interrupted" in err
    assert still_running(folder) == []
    listed = subprocess.run(
        [sys.executable, "-m", "spooltool", "--spool", str(folder / "spool"), "ls", "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    here = len(listed.stdout.splitlines())
    ids = {json.dumps(record["id"]) for record in read_record(str(folder / "received.jsonl"))}
    assert here + len(ids) >= 200  # one may be both: taken, and its file not yet unlinked
