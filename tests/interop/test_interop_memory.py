"""A message of 100 MB goes through, and neither process ever holds it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.harness.gateway import Gateway, peak_memory
from tests.harness.process import wait_until
from tests.harness.sample import Sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit

SIZE = 100_000_000
LIMIT = 80 * 1024 * 1024
HEAD = (
    b"From: <billing@example.com>\r\nTo: <anna@example.org>\r\nSubject: large\r\n"
    b"Message-ID: <large@example.com>\r\nX-Id: large\r\n\r\n"
)


def large() -> Sample:
    """Lines of 80 octets, each another: what is lost or moved changes the digest."""
    lines = b"".join(b".%077d\r\n" % number for number in range(SIZE // 80))
    return Sample("large", "billing@example.com", ("anna@example.org",), HEAD + lines)


def test_100_mb_within_80_mb(tmp_path: Path) -> None:
    sample = large()
    with (
        SinkProcess(log=tmp_path / "sink.log") as sink,
        Gateway(tmp_path, sink.port, settings={"max_mail_size": 200_000}) as gateway,
    ):
        submit(gateway.port, sample)
        wait_until(lambda: len(sink.entries()) == 1, seconds=90, what="the message at the sink")
        gateway.wait_empty()
        (entry,) = sink.entries()
        assert entry["body_sha256"] == sample.body_sha256
        assert entry["body_sha256"] == hashlib.sha256(sample.content[len(HEAD) :]).hexdigest()
        peaks = {
            name: peak_memory(pids[0])
            for name, pids in gateway.processes().items()
            if name in ("asmtpd", "mdq")
        }
    assert set(peaks) == {"asmtpd", "mdq"}
    assert {name: peak for name, peak in peaks.items() if peak > LIMIT} == {}
