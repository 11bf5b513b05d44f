"""fwauthd.conf: the line that lets the intake run, and what keeps it from running."""

from __future__ import annotations

import pytest

from relay.config import Config
from relay.config.checkpoint.fwauthd import NotStarted, ServerLine, served, smtp_server
from spooltool.spool.hosts import HostPort

OTHERS = "# servers\n80      fwssd        in.ahttpd       wait    0\n0 vpn vpnd respawn 0\n"


def test_the_line_of_the_chapter() -> None:
    text = OTHERS + "25       fwssd       in.asmtpd       wait    0\n"
    assert smtp_server(text) == ServerLine(4, 25, "fwssd", "in.asmtpd", "wait", 0)


@pytest.mark.parametrize(
    ("line", "number", "text"),
    [
        ("", 0, "no line starts in.asmtpd: no mail is taken"),
        (
            "#25 fwssd in.asmtpd wait 0",
            4,
            "the line of in.asmtpd is commented out: no mail is taken",
        ),
        (
            "# 25 fwssd in.asmtpd wait 0",
            4,
            "the line of in.asmtpd is commented out: no mail is taken",
        ),
        ("25 fwssd in.asmtpd wait", 4, "a line wants PORT BINARY in.asmtpd wait|respawn NUMBER"),
        ("25 in.asmtpd fwssd wait 0", 4, "in.asmtpd belongs into the third field"),
        ("x25 fwssd in.asmtpd wait 0", 4, "'x25' is no port"),
        ("25 fwssd in.asmtpd nowait 0", 4, "wants wait or respawn, not 'nowait'"),
        (
            "25 fwssd in.asmtpd wait 70000",
            4,
            "wants a port, or instances as -1 to -64, not '70000'",
        ),
        ("25 fwssd in.asmtpd wait -65", 4, "wants a port, or instances as -1 to -64, not '-65'"),
        (
            "25 fwssd in.asmtpd wait 0\n26 fwssd in.asmtpd wait 0",
            5,
            "in.asmtpd stands in line 4 already",
        ),
    ],
)
def test_what_keeps_the_intake_from_running(line: str, number: int, text: str) -> None:
    assert smtp_server(OTHERS + line + "\n") == NotStarted(number, text)


def test_a_live_line_counts_beside_one_that_is_commented_out() -> None:
    found = smtp_server("#25 fwssd in.asmtpd wait -9\n25 fwssd in.asmtpd respawn -3 x # two\n")
    assert isinstance(found, ServerLine)
    assert (found.line, found.mode, found.instances, found.more) == (2, "respawn", 3, ("x",))


@pytest.mark.parametrize(
    ("number", "workers", "listen"),
    [
        (0, 1, ("10.0.0.1:25", "10.0.0.2:25", "10.0.0.1:2525")),
        (-4, 4, ("10.0.0.1:25", "10.0.0.2:25", "10.0.0.1:2525")),
        (1025, 1, ("10.0.0.1:1025", "10.0.0.2:1025")),
    ],
)
def test_what_the_number_says(number: int, workers: int, listen: tuple[str, ...]) -> None:
    config = Config(
        listen=(HostPort("10.0.0.1", 25), HostPort("10.0.0.2", 25), HostPort("10.0.0.1", 2525))
    )
    line = ServerLine(1, 25, "fwssd", "in.asmtpd", "wait", number)
    found = served(config, line)
    assert found.intake_workers == workers
    assert tuple(map(str, found.listen)) == listen
    assert served(config, line, listening=True).listen == config.listen
