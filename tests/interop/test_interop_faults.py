"""smtp-sink misbehaves at one command: what then stands in the file, and what `ls` says.

The options are those of smtp-sink(1): -r answers 450 4.3.0, -f 500 5.3.0, -Q 421 and the
connection's end, -q the end alone.  One relay serves all cases: its own DST refuses
connections, and each message is retargeted to a sink with a fault of its own.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.harness.gateway import Gateway, Result, read_results
from tests.harness.process import wait_until
from tests.harness.programs import SmtpSink
from tests.harness.sample import Sample, make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit

SENDER, RECIPIENTS = "anna@example.com", ("carl@example.org", "dora@example.org")


@dataclass(frozen=True)
class Fault:
    """An option of smtp-sink, and what each RCPT line and `ls` must come to."""

    option: str
    mark: str
    code: int
    enhanced: str
    reason: str


TEMPORARY = [
    Fault("-r MAIL", "P", 450, "4.3.0", "put-off"),
    Fault("-r RCPT", "P", 450, "4.3.0", "put-off"),
    Fault("-r DATA", "P", 450, "4.3.0", "put-off"),
    Fault("-r .", "P", 450, "4.3.0", "put-off"),
    Fault("-Q CONNECT", "P", 421, "4.0.0", "put-off"),
    Fault("-Q MAIL", "P", 421, "4.0.0", "put-off"),
    Fault("-Q .", "P", 421, "4.0.0", "put-off"),
    Fault("-f CONNECT", "P", 500, "5.3.0", "refused"),
    Fault("-f EHLO,HELO", "P", 500, "5.3.0", "refused"),
    Fault("-q CONNECT", "P", 0, "0.0.0", "timeout"),
    Fault("-q EHLO", "P", 0, "0.0.0", "timeout"),
    Fault("-q MAIL", "P", 0, "0.0.0", "timeout"),
    Fault("-q RCPT", "P", 0, "0.0.0", "timeout"),
    Fault("-q DATA", "P", 0, "0.0.0", "timeout"),
    Fault("-q .", "U", 0, "0.0.0", "timeout"),
]
FINAL = [
    Fault("-f MAIL", "F", 500, "5.3.0", "notice"),
    Fault("-f RCPT", "F", 500, "5.3.0", "notice"),
    Fault("-f DATA", "F", 500, "5.3.0", "notice"),
    Fault("-f .", "F", 500, "5.3.0", "notice"),
]


@dataclass
class Faults:
    """The relay, and by option the number of its message and its sink."""

    gateway: Gateway
    numbers: dict[str, str] = field(default_factory=dict)
    sinks: dict[str, SmtpSink] = field(default_factory=dict)

    def settled(self, fault: Fault, letter: str) -> tuple[list[Result], dict[str, object]]:
        """Once its sink has been tried: the RCPT lines, and the object of `ls --stuck`."""
        file = self.gateway.spool / "D_resend" / f"{letter}{self.numbers[fault.option]}"
        peer = f"127.0.0.1:{self.sinks[fault.option].port}"

        def results() -> list[Result]:
            try:
                return read_results(file)
            except FileNotFoundError:
                return []

        wait_until(
            lambda: {one.host for one in results()} == {peer},
            what=f"{file.name} tried at {peer} ({fault.option})",
        )
        rows: list[dict[str, object]] = []

        def shown() -> bool:
            # A row may be read in the middle of an attempt: then it is delivering.
            rows[:] = self.gateway.listed("--stuck", file.name)
            return len(rows) == 1 and rows[0]["holder"] is None

        wait_until(shown, what=f"{file.name} listed as stuck")
        return results(), rows[0]


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    folder = tmp_path_factory.mktemp("faults")
    with contextlib.ExitStack() as stack:
        nowhere = stack.enter_context(SinkProcess(mode="refuse"))
        settings = {
            "error_server": f"127.0.0.1:{nowhere.port}",
            "detailed_smtp_err_mail": True,
        }
        gateway = stack.enter_context(Gateway(folder, nowhere.port, settings=settings))
        found = Faults(gateway)
        for fault in (*TEMPORARY, *FINAL):
            sink = SmtpSink(*fault.option.split(" "))
            found.sinks[fault.option] = stack.enter_context(sink)
            found.numbers[fault.option] = submit(gateway.port, sample(fault.option))
        for option, sink in found.sinks.items():
            done = gateway.spooltool(
                *("retarget", f"R{found.numbers[option]}", "--yes", "--kick"),
                *("--to", f"127.0.0.1:{sink.port}"),
            )
            assert done.returncode == 0, (option, done.stdout, done.stderr)
        yield found


def sample(option: str) -> Sample:
    """One message for two recipients."""
    return make_sample(f"fault{option}", sender=SENDER, recipients=RECIPIENTS)


@pytest.mark.parametrize("fault", TEMPORARY, ids=lambda fault: fault.option)
def test_what_may_pass_is_kept_and_explained(faults: Faults, fault: Fault) -> None:
    results, row = faults.settled(fault, "R")
    assert [(one.address, one.mark, one.code, one.enhanced) for one in results] == [
        (address, fault.mark, fault.code, fault.enhanced) for address in RECIPIENTS
    ]
    assert row["stuck"] == fault.reason
    assert (row["pending"], row["delivered"], row["failed"]) == (2, 0, 0)
    assert row["last_code"] == (fault.code or None)
    assert row["last_host"] == f"127.0.0.1:{faults.sinks[fault.option].port}"


@pytest.mark.parametrize("fault", FINAL, ids=lambda fault: fault.option)
def test_what_is_refused_for_good_owes_a_notice(
    faults: Faults, fault: Fault, tmp_path: Path
) -> None:
    file = faults.gateway.spool / "D_resend" / f"E{faults.numbers[fault.option]}"
    results, row = faults.settled(fault, "E")
    assert [(one.address, one.mark, one.code, one.enhanced) for one in results] == [
        (address, fault.mark, fault.code, fault.enhanced) for address in RECIPIENTS
    ]
    assert row["stuck"] == fault.reason
    assert (row["pending"], row["delivered"], row["failed"]) == (0, 0, 2)
    with SinkProcess(log=tmp_path / "sink.log", keep=tmp_path / "notices") as sink:
        done = faults.gateway.spooltool(
            *("set", file.name, f"ERR_SERVER=127.0.0.1:{sink.port}", "--yes", "--kick")
        )
        assert done.returncode == 0, done.stderr
        wait_until(lambda: len(sink.entries()) == 1, what="the notice at the new ERR_SERVER")
        wait_until(lambda: not file.exists(), what=f"{file.name} gone")
        (entry,), (notice,) = sink.entries(), sink.contents()
    assert (entry["sender"], entry["recipients"]) == ("", [SENDER])
    report = email.message_from_bytes(notice, policy=email.policy.default)
    assert report.get_content_type() == "multipart/report"
    _, status, _ = report.iter_parts()
    groups = status.get_payload()
    assert [group["Final-Recipient"] for group in groups[1:]] == [
        f"rfc822; {address}" for address in RECIPIENTS
    ]
    assert {group["Action"] for group in groups[1:]} == {"failed"}
    assert {group["Status"] for group in groups[1:]} == {fault.enhanced}
    assert all(str(fault.code) in group["Diagnostic-Code"] for group in groups[1:])


def test_without_ehlo_helo_does(tmp_path: Path) -> None:
    with (
        SmtpSink("-f", "EHLO", dumps=tmp_path / "dumps") as sink,
        Gateway(tmp_path, sink.port) as gateway,
    ):
        submit(gateway.port, sample("-f EHLO"))
        gateway.wait_empty()
        (dump,) = sink.dumped()
    assert b"X-Client-Proto: SMTP\n" in dump
