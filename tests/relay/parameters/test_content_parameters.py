"""Parameters of content, seen at the spool, the next hop and the processes of a running relay."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.gateway import Gateway, spool_files
from tests.harness.process import family, wait_until
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit

RULE = """\
[[rule]]
resource = "in"
action = "accept"
{rule}

[resource.in]
mail_delivery_server = "{host}:{port}"
notify_sender_on_error = true
"""
WEEDED = "action_2.strip_script_tags = true\n"
SMALL = "action_2.mail_capacity = 1\n"


@contextmanager
def relay(
    folder: Path,
    resource: str,
    *,
    rule: str = "",
    hosts: tuple[str, str] = ("127.0.0.1", "127.0.0.1"),
    mode: str = "accept",
    **settings: object,
) -> Iterator[tuple[Gateway, SinkProcess, SinkProcess]]:
    """A relay whose resource asks for this, its next hop, and its error server, at `hosts`."""
    with (
        SinkProcess(log=folder / "sink.log", host=hosts[0], mode=mode) as sink,
        SinkProcess(log=folder / "errors.log", keep=folder / "errors", host=hosts[1]) as errors,
    ):
        tables = RULE.format(rule=rule, host=hosts[0], port=sink.port) + resource
        whole = {"error_server": f"{hosts[1]}:{errors.port}", **settings}
        with Gateway(folder, None, tables=tables, settings=whole) as gateway:
            yield gateway, sink, errors


def workers(gateway: Gateway) -> list[int]:
    """The content workers of mdq."""
    return [pid for pid in family(gateway.pid) if b"relay.content.worker" in command_line(pid)]


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


@pytest.mark.parameter("content_workers", "content_memory")
def test_so_many_workers_of_that_size_judge_content(tmp_path: Path) -> None:
    """Each worker is stopped once it has done its work: only another one can do more."""
    stopped: set[int] = set()
    settings = {"content_workers": 3, "content_memory": 300, "max_mails_per_conn": 1}
    with relay(tmp_path, WEEDED, **settings) as (gateway, sink, _):
        for number in range(3):
            for _ in stopped:  # one waits for each that is stopped, one is done
                submit(gateway.port, make_sample(f"waits-{number}-{len(stopped)}"))
            submit(gateway.port, make_sample(f"done-{number}"))
            wait_until(lambda done=number: len(sink.entries()) > done, what="one more delivery")
            (new,) = set(workers(gateway)) - stopped
            os.kill(new, signal.SIGSTOP)
            stopped.add(new)
        limits = Path(f"/proc/{new}/limits").read_text().splitlines()
        (space,) = [line.split()[3] for line in limits if line.startswith("Max address space")]
        assert int(space) == 300 << 20
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        gateway.wait_empty()


@pytest.mark.parameter("quarantine_limit")
def test_a_full_quarantine_takes_no_more(tmp_path: Path) -> None:
    settings = {"quarantine_limit": 1, "max_mail_size": 3000}
    with relay(tmp_path, SMALL, **settings) as (gateway, _, _):
        submit(gateway.port, make_sample("large", size=1_500_000))
        wait_until(lambda: bool(gateway.listed("--stuck")), what="a message that waits")
        (row,) = gateway.listed()
        assert row["stuck"] == "limit" and "quarantine_limit (1 MB) is reached" in row["why"]
        assert spool_files(gateway.spool, "D_quarantine") == []


@pytest.mark.parametrize("detailed", [False, True])
@pytest.mark.parameter("detailed_av_err_mail")
def test_the_sender_of_blocked_mail_reads_why_where_that_is_allowed(
    tmp_path: Path, detailed: bool
) -> None:
    with relay(tmp_path, SMALL, detailed_av_err_mail=detailed) as (gateway, _, errors):
        submit(gateway.port, make_sample("blocked"))
        wait_until(lambda: len(errors.entries()) == 1, what="the notice")
        assert (b"larger than 1 KB" in errors.contents()[0]) == detailed
        assert len(spool_files(gateway.spool, "D_quarantine")) == 1


@pytest.mark.parameter("detailed_rb_err_mail")
def test_the_sender_is_told_of_a_server_that_no_rule_allows(tmp_path: Path) -> None:
    with relay(
        tmp_path,
        "check_rulebase_with_new_destination = true\n",
        rule='destination = "127.0.0.1"',
        hosts=("127.0.0.3", "127.0.0.1"),
        detailed_rb_err_mail=True,
    ) as (gateway, sink, errors):
        submit(gateway.port, make_sample("barred"))
        wait_until(lambda: len(errors.entries()) == 1, what="the notice")
        assert sink.entries() == []
        assert len(spool_files(gateway.spool, "D_quarantine")) == 1


@pytest.mark.parameter("resource.error_check_rulebase_with_new_destination")
def test_a_notice_goes_to_no_server_that_no_rule_allows(tmp_path: Path) -> None:
    with relay(
        tmp_path,
        "error_check_rulebase_with_new_destination = true\n",
        rule='destination = "127.0.0.1"',
        hosts=("127.0.0.1", "127.0.0.3"),
        mode="reject-rcpt",
    ) as (gateway, _, errors):
        submit(gateway.port, make_sample("untold"))
        gateway.wait_empty()
        assert len(spool_files(gateway.spool, ".spooltool/trash")) == 1
        assert errors.entries() == []
