"""`relay replay --scan` with a real clamd says what the running relay then does."""

from __future__ import annotations

import json
import subprocess
from base64 import encodebytes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.clamd import EICAR, EICAR_NAME, Clamd
from tests.harness.gateway import Gateway, spool_files
from tests.harness.process import PYTHON, ROOT, wait_until
from tests.harness.sample import Sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit

TABLES = """\
[[rule]]
resource = "in"
action = "accept"

[resource.in]
mail_delivery_server = "127.0.0.1:{sink}"
action_2.strip_file_by_name = "*.exe"
cvp.enable_cvp = true
cvp.server = "av"
cvp.allowed_to_modify_content = {cure}

[scanner.av]
protocol = "clamd"
address = "127.0.0.1:{clamd}"
"""


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    with Clamd(tmp_path_factory.mktemp("clamd")) as found:
        yield found


def mail(name: str, attached: bytes) -> bytes:
    return (
        b"From: billing@example.com\nTo: eva@example.org\nSubject: x\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"
        b"Content-Type: application/octet-stream; name=%b\nContent-Transfer-Encoding: base64\n\n"
        b"%b--b--\n" % (name.encode(), encodebytes(attached))
    )


def replayed(folder: Path, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [PYTHON, "-m", "relay", "replay", "--config", str(folder / "relay.toml"), "--json", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    (copy,) = json.loads(done.stdout)["outcome"]["copies"]
    return dict(copy)


@pytest.mark.parametrize(
    ("content", "cure", "verdict", "check"),
    [
        (mail("a.txt", b"harmless"), False, "pass", None),
        (mail("a.exe", b"harmless"), False, "changed", None),
        (mail("a.com", EICAR), False, "blocked", "antivirus"),
        (mail("a.com", EICAR), True, "changed", None),
        # What is stripped is not scanned.
        (mail("a.exe", EICAR), False, "changed", None),
    ],
    ids=["clean", "stripped", "blocked", "cured", "stripped-infected"],
)
def test_it_foretells_what_is_done(
    tmp_path: Path, clamd: Clamd, content: bytes, cure: bool, verdict: str, check: str | None
) -> None:
    with SinkProcess(log=tmp_path / "sink.log", keep=tmp_path / "kept") as sink:
        tables = TABLES.format(sink=sink.port, clamd=clamd.port, cure=str(cure).lower())
        with Gateway(tmp_path, None, tables=tables) as gateway:
            (tmp_path / "a.eml").write_bytes(content)
            told = replayed(tmp_path, str(tmp_path / "a.eml"), "--scan")
            assert (told["verdict"], told["check"]) == (verdict, check)

            wire = content.replace(b"\n", b"\r\n")
            submit(gateway.port, Sample("x", "billing@example.com", ("eva@example.org",), wire))
            aside = lambda: spool_files(gateway.spool, "D_quarantine")  # noqa: E731
            wait_until(lambda: bool(sink.entries() or aside()), what="its end")
            assert bool(aside()) == (verdict == "blocked")
            if aside():
                again = replayed(tmp_path, "--scan", "--spool", str(gateway.spool))
                assert (again["verdict"], again["check"]) == (verdict, check)
                assert EICAR_NAME in again["reason"]
            else:
                sent = sink.contents()[0].replace(b"\r\n", b"\n")
                assert sent.endswith(content) == (verdict == "pass")
                assert encodebytes(EICAR) not in sent


def test_without_being_told_to_it_asks_no_scanner(tmp_path: Path) -> None:
    tables = TABLES.format(sink=1, clamd=1, cure="true")
    (tmp_path / "relay.toml").write_text(tables)
    (tmp_path / "a.eml").write_bytes(mail("a.com", EICAR))
    told = replayed(tmp_path, str(tmp_path / "a.eml"))
    assert told["verdict"] == "pass"
    assert told["notes"] == ["the scanner is not asked: --scan"]
