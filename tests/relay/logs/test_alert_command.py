"""The operator's command for alerts: a real script, run, failing, hanging, too often asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relay.logs import alert_command
from relay.logs.alert_command import AlertCommand
from relay.logs.process_log import ProcessLog
from spooltool.logs.elg import parse_line
from tests.harness.process import wait_until

TELL = """#!/bin/sh
printf '%s|%s|%s|%s\\n' "$RELAY_ALERT" "$RELAY_ALERT_ID" "$RELAY_ALERT_LEFT_OUT" "$*" >> @OUT@
"""


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], list[str]]:
    """Makes an executable script of this text; @OUT@ in it is a file beside it."""

    def made(text: str) -> list[str]:
        path = tmp_path / "alert"
        path.write_text(text.replace("@OUT@", str(tmp_path / "out")))
        path.chmod(0o755)
        return [str(path)]

    return made


def lines(tmp_path: Path) -> list[str]:
    out = tmp_path / "out"
    return out.read_text().splitlines() if out.exists() else []


def test_it_is_run_without_a_shell_and_finds_the_facts_in_its_environment(
    tmp_path: Path, script: Any
) -> None:
    argv = [*script(TELL), "$(touch OUT2)", "two words"]
    log = ProcessLog(str(tmp_path / "log"), "mdq", alert_command=argv)
    log.alert("sync failed: `rm -rf`; $HOME", "001njchs", errno=5)
    wait_until(lambda: bool(lines(tmp_path)), what="the command's line")
    log.close()
    wanted = "sync failed: `rm -rf`; $HOME|001njchs|0|$(touch OUT2) two words"
    assert lines(tmp_path) == [wanted]


def test_every_fact_has_its_name(tmp_path: Path, script: Any) -> None:
    log = ProcessLog(
        str(tmp_path / "log"),
        "asmtpd",
        alert_command=script(
            "#!/bin/sh\nenv | grep ^RELAY_ALERT | sort > @OUT@.new; mv @OUT@.new @OUT@"
        ),
        clock=lambda: 1795543999.123,
    )
    log.alert("accepting pauses")
    wait_until(lambda: bool(lines(tmp_path)), what="the environment")
    log.close()
    assert lines(tmp_path) == [
        "RELAY_ALERT=accepting pauses",
        f"RELAY_ALERT_HOST={os.uname().nodename}",
        "RELAY_ALERT_ID=",
        "RELAY_ALERT_LEFT_OUT=0",
        f"RELAY_ALERT_PID={os.getpid()}",
        "RELAY_ALERT_PROCESS=asmtpd",
        "RELAY_ALERT_TIME=2026-11-24T18:13:19.123Z",
    ]


def test_hostile_text_is_one_line_and_no_obstacle(tmp_path: Path, script: Any) -> None:
    command = AlertCommand(script(TELL))
    command.tell({"": "550 a\nMAIL\0\r\x1b[31m" + "x" * 9000 + "\udcff", "id": ""})
    wait_until(lambda: bool(lines(tmp_path)), what="the command's line")
    command.close()
    (line,) = lines(tmp_path)
    assert line.startswith("550 a\\x0aMAIL\\x00\\x0d\\x1b[31mxxx")
    assert len(line) < 4100


def test_at_most_one_a_period_and_the_rest_is_counted_in_the_next(
    tmp_path: Path, script: Any
) -> None:
    command = AlertCommand(script(TELL), period=2.0)
    command.tell({"": "first", "id": ""})
    wait_until(lambda: len(lines(tmp_path)) == 1, what="the first")
    for number in range(20):
        command.tell({"": f"alert {number}", "id": ""})
    wait_until(lambda: len(lines(tmp_path)) == 2, what="the next")
    command.close()
    assert lines(tmp_path) == ["first||0|", "alert 19||19|"]


def test_the_period_is_a_minute_and_the_limit_ten_seconds() -> None:
    assert (alert_command.PERIOD, alert_command.LIMIT) == (60.0, 10.0)


def test_one_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path, script: Any) -> None:
    said: list[str] = []
    hangs = "#!/bin/sh\nsleep 1000 & echo $! $$ > @OUT@.new; mv @OUT@.new @OUT@; wait\n"
    command = AlertCommand(script(hangs), limit=0.3, complain=said.append)
    command.tell({"": "x", "id": ""})
    wait_until(lambda: bool(said), what="the complaint")
    command.close()
    assert said == ["alert_command: killed, it did not end in time"]
    pids = [int(word) for word in lines(tmp_path)[0].split()]
    wait_until(lambda: not any(_runs(pid) for pid in pids), what="both ended")


def _runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_that_hangs_delays_nobody(tmp_path: Path, script: Any) -> None:
    log = ProcessLog(
        str(tmp_path / "log"), "mdq", alert_command=script("#!/bin/sh\nexec sleep 1000\n")
    )
    for number in range(100):
        log.alert(f"alert {number}")
    log.close()  # it is killed soon after, not waited for
    elg = (tmp_path / "log/mdq.elg").read_bytes().splitlines()
    assert [parse_line(line).text for line in elg] == [f"alert {n}" for n in range(100)]


@pytest.mark.parametrize("argv", [["/nonexistent/alert"], ["/"], ["/bin/false"]])
def test_one_that_fails_is_said_and_harms_nothing(tmp_path: Path, argv: list[str]) -> None:
    said: list[str] = []
    command = AlertCommand(argv, period=0.0, complain=said.append)
    command.tell({"": "x", "id": ""})
    wait_until(lambda: len(said) == 1, what="the complaint")
    command.tell({"": "y", "id": ""})
    wait_until(lambda: len(said) == 2, what="the next one")
    command.close()
    assert all(text.startswith("alert_command: ") for text in said)


def test_what_is_due_when_the_process_ends_is_told(tmp_path: Path, script: Any) -> None:
    command = AlertCommand(script(TELL))
    command.tell({"": "the last word", "id": ""})
    command.close()
    assert lines(tmp_path) == ["the last word||0|"]
    command.tell({"": "after the end", "id": ""})
    assert len(lines(tmp_path)) == 1


def test_without_a_command_nothing_is_run(tmp_path: Path) -> None:
    command = AlertCommand(())
    command.tell({"": "x", "id": ""})
    assert command._thread is None
    command.close()
