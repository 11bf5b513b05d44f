"""The checker finds what it is there to find: each kind of harm, made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness.checker import Verdict, check
from tests.harness.client import ClientProcess
from tests.harness.sample import Sample, make_sample
from tests.harness.sink import SinkProcess, describe
from tests.harness.sink_plan import MODES, SinkPlan, decode_plan, plan_of_mode
from tests.harness.spool_reader import SpoolMessage, read_message

MAIL = make_sample("m-1", recipients=("anna@example.org", "ben@example.org"))
HARMS = ("lost", "torn", "doubled", "reused", "damaged", "duplicated")


def ack(sample: Sample, number: str = "00000001") -> dict[str, Any]:
    return {
        "id": number,
        "x_id": sample.x_id,
        "recipients": list(sample.recipients),
        "body_sha256": sample.body_sha256,
    }


def taken(sample: Sample, *recipients: str, content: bytes | None = None) -> dict[str, Any]:
    line = describe(
        sample.sender, recipients or sample.recipients, content or sample.content, "250"
    )
    entry: dict[str, Any] = json.loads(line)
    return entry


def notice(sample: Sample, address: str) -> dict[str, Any]:
    content = b"Subject: failure\r\n\r\nFinal-Recipient: rfc822; %s\r\n\r\nX-Id: %s\r\n" % (
        address.encode(),
        sample.x_id.encode(),
    )
    entry: dict[str, Any] = json.loads(describe("", ("billing@example.com",), content, "250"))
    return entry


def filed(
    sample: Sample, name: str = "D_sender/R00000001", marks: str = "PP", cut: int = 0
) -> SpoolMessage:
    head, _, body = sample.content.replace(b"\r\n", b"\n").partition(b"\n\n")
    head += b"\n"
    envelope = b"DST:\t127.0.0.1\nFROM:\t<a@example.com>\n"
    for mark, address in zip(marks, sample.recipients, strict=True):
        envelope += b"RCPT:\t%s 000 <%s>\n" % (mark.encode(), address.encode())
    envelope += b"SIZES:\t%12d %12d %12d\n\n" % (len(head), len(head), len(body))
    content = envelope + head + b"\n" + head + b"\n" + body
    return read_message(name, content[: len(content) - cut])


def harms(verdict: Verdict) -> dict[str, int]:
    return {word: len(getattr(verdict, word)) for word in HARMS if getattr(verdict, word)}


BOTH = taken(MAIL)
ANNA, BEN = MAIL.recipients


@pytest.mark.parametrize(
    ("deliveries", "spool", "expected"),
    [
        ([BOTH], [], {}),
        ([], [filed(MAIL)], {}),
        ([taken(MAIL, ANNA)], [filed(MAIL, "D_resend/R00000001", "DP")], {}),
        ([taken(MAIL, ANNA), notice(MAIL, BEN)], [], {}),
        ([taken(MAIL, ANNA)], [filed(MAIL, "D_resend/E00000002", "DF")], {}),
        ([], [filed(MAIL, ".spooltool/trash/E00000001", "FF")], {}),
        ([], [], {"lost": 2}),
        ([taken(MAIL, ANNA)], [], {"lost": 1}),
        ([taken(MAIL, ANNA)], [filed(MAIL, "D_resend/R00000001", "DD")], {"lost": 1}),
        ([], [filed(MAIL, "D_state/T00000001")], {"lost": 2}),
        ([], [filed(MAIL, cut=1)], {"lost": 2, "torn": 1}),
        ([BOTH], [filed(MAIL, cut=1)], {"torn": 1}),
        ([], [filed(MAIL), filed(MAIL, "D_resend/R00000001")], {"doubled": 1}),
        ([BOTH, taken(MAIL, BEN)], [], {"duplicated": 1}),
        ([taken(MAIL, content=MAIL.content[:-9])], [], {"damaged": 1}),
        ([notice(MAIL, "else@example.org")], [], {"lost": 2}),
    ],
)
def test_each_harm_is_found(
    deliveries: list[dict[str, Any]], spool: list[SpoolMessage], expected: dict[str, int]
) -> None:
    verdict = check([ack(MAIL)], deliveries, spool)
    assert harms(verdict) == expected
    assert verdict.holds() == (not expected)


def test_a_number_given_twice() -> None:
    other = make_sample("m-2")
    verdict = check([ack(MAIL), ack(other)], [BOTH, taken(other)], [])
    assert harms(verdict) == {"reused": 1}


def test_an_operators_command_is_an_end() -> None:
    assert harms(check([ack(MAIL)], [], [], ended=["00000001"])) == {}


def test_duplicates_up_to_what_was_in_flight() -> None:
    verdict = check([ack(MAIL)], [BOTH, BOTH], [])
    assert (verdict.holds(duplicates=2), verdict.holds(duplicates=1)) == (True, False)


def test_drained_means_nothing_is_left() -> None:
    verdict = check([ack(MAIL)], [BOTH], [filed(MAIL, "D_state/T00000009")])
    assert (verdict.holds(), verdict.holds(drained=True)) == (True, False)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "refuse"])
def test_a_plan_reads_back(mode: str) -> None:
    plan = plan_of_mode(mode)
    assert decode_plan(plan.encode()) == plan


def test_client_and_sink_agree(tmp_path: Path) -> None:
    plan = SinkPlan(recipients={"ben@example.org": ["451 4.2.1 later", "250 2.1.5 ok"]})
    with SinkProcess(plan=plan, log=tmp_path / "sink") as sink:
        arguments = ["--messages", "40", "--sessions", "4", "--ack", str(tmp_path / "ack")]
        to = ["--to", "anna@example.org,ben@example.org"]
        with ClientProcess("--port", str(sink.port), *arguments, *to) as client:
            assert client.tally().acked == 40
        entries = sink.entries()
    recipients = [len(entry["recipients"]) for entry in entries]
    assert (len(entries), sorted(recipients)[:2]) == (40, [1, 2])
