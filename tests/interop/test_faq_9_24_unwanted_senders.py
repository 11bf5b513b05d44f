"""FAQ 9.24: mail by sender and recipient, as swaks sends it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.documents import toml_block
from tests.harness.gateway import Gateway
from tests.harness.process import wait_until
from tests.harness.sink import SinkProcess
from tests.harness.swaks import replies


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinkProcess]:
    with SinkProcess(log=tmp_path_factory.mktemp("sink") / "sink.log") as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, sink: SinkProcess) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    text = toml_block("rules.md", "faq-9.24", _10_1_5_2=f"127.0.0.1:{sink.port}")
    with Gateway(folder, None, tables=text) as running:
        yield running


def tracker(gateway: Gateway) -> list[str]:
    path = gateway.spool / ".spooltool/log/tracker.log"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(
    ("sender", "recipient", "reply"),
    [
        ("bob@elsewhere.example", "eva@example.com", "250 2.1.5 recipient ok"),
        ("bob@elsewhere.example", "Eva@EXAMPLE.org", "250 2.1.5 recipient ok"),
        ("", "eva@example.com", "250 2.1.5 recipient ok"),
        ("x@bulk.example", "eva@example.com", "554 5.7.1 refused"),
        ("x@mail.BULK.example", "eva@example.com", "554 5.7.1 refused"),
        ("x@antispam.example", "eva@example.com", "554 5.7.1 refused"),
        ("x@notbulk.example", "eva@example.com", "250 2.1.5 recipient ok"),
        (
            "bob@elsewhere.example",
            "eva@elsewhere.example",
            "550 5.7.1 no mail is accepted for this recipient",
        ),
        (
            "bob@elsewhere.example",
            "eva@mail.example.com",
            "550 5.7.1 no mail is accepted for this recipient",
        ),
    ],
)
def test_who_is_taken(
    gateway: Gateway, sink: SinkProcess, sender: str, recipient: str, reply: str
) -> None:
    before = len(sink.entries())
    said = replies(gateway.port, "--from", sender or "<>", "--to", recipient)
    assert said[3] == reply
    if reply.startswith("250"):
        wait_until(lambda: len(sink.entries()) == before + 1, what="the mail")
        assert sink.entries()[-1]["recipients"] == [recipient]
    else:
        assert gateway.files() == []
        rule = f" rule: {1 if reply.startswith('554') else 0};"
        wait_until(
            lambda: any(
                " reject " in line and rule in line and f"to: {recipient};" in line
                for line in tracker(gateway)
            ),
            what="the record of the refusal",
        )
