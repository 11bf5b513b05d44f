"""Postfix's smtp-source and smtp-sink on both sides: everything arrives, once and whole."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from tests.harness.gateway import Gateway, after_received
from tests.harness.programs import SmtpSink, need

MESSAGES = 500
SESSIONS = 10
_ID = re.compile(rb"^Message-Id: (<[^>]+>)", re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("keep_open", [False, True], ids=["connect-each", "keep-open"])
@pytest.mark.parametrize("size", [4096, 65536])
def test_all_arrive(tmp_path: Path, size: int, *, keep_open: bool) -> None:
    with (
        SmtpSink(dumps=tmp_path / "dumps") as sink,
        Gateway(tmp_path, sink.port) as gateway,
    ):
        argv = [need("smtp-source"), "-m", str(MESSAGES), "-s", str(SESSIONS), "-l", str(size)]
        argv += ["-f", "anna@example.com", "-t", "carl@example.org", "-M", "client.example"]
        argv += [*(["-d"] if keep_open else []), f"127.0.0.1:{gateway.port}"]
        done = subprocess.run(argv, capture_output=True, timeout=150, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        gateway.wait_empty()
        assert gateway.files(".spooltool/trash") == []
        contents = sink.contents()
    assert len(contents) == MESSAGES
    numbers, ids, bodies = set(), set(), set()
    for content in contents:
        received, rest = after_received(content.replace(b"\n", b"\r\n"))
        assert b"from client.example (" in received
        numbers.add(re.search(rb"\bid ([0-9a-z]{8})\b", received)[1])  # type: ignore[index]
        ids.add(_ID.search(rest)[1])  # type: ignore[index]
        body = rest.partition(b"\r\n\r\n")[2]
        bodies.add((len(rest), hashlib.sha256(body).hexdigest()))
    assert len(numbers) == MESSAGES
    assert len(ids) == MESSAGES
    assert len({digest for _, digest in bodies}) == 1
    assert all(size <= length <= size + 500 for length, _ in bodies)
