"""The tracker at real log servers: rsyslog by all three ways, and systemd-journald."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.logs.output import Output
from relay.logs.process_log import ProcessLog
from spooltool.logs.entry import MESSAGE_IDS, Source
from spooltool.logs.log_target import JOURNAL, LogTarget, Way
from tests.harness.gateway import Gateway
from tests.harness.mounts import own_mounts
from tests.harness.process import Child, accepts_connections, free_port, wait_until
from tests.harness.programs import absent, need, need_root
from tests.harness.sample import make_sample
from tests.harness.sink import SinkProcess
from tests.harness.submit import submit

JOURNALD = Path("/lib/systemd/systemd-journald")

# Each input writes what rsyslog has parsed as one JSON object a line; mmpstrucdata reads
# the structured data of RFC 5424 into properties.
CONFIG = """
global(workDirectory="{folder}" maxMessageSize="8k")
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
module(load="mmpstrucdata")
template(name="object" type="list" option.jsonf="on") {{
    property(outname="input" name="inputname" format="jsonf")
    property(outname="app" name="app-name" format="jsonf")
    property(outname="action" name="msgid" format="jsonf")
    property(outname="host" name="hostname" format="jsonf")
    property(outname="facility" name="syslogfacility-text" format="jsonf")
    property(outname="severity" name="syslogseverity-text" format="jsonf")
    property(outname="to" name="$!rfc5424-sd!relay@32473!to" format="jsonf")
    property(outname="reason" name="$!rfc5424-sd!relay@32473!reason" format="jsonf")
    property(outname="text" name="msg" format="jsonf")
}}
ruleset(name="all") {{
    action(type="mmpstrucdata")
    action(type="omfile" file="{folder}/out" template="object")
}}
input(type="imuxsock" socket="{folder}/log" useSpecialParser="off" parseHostname="on"
    ruleset="all")
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="all")
input(type="imtcp" address="127.0.0.1" port="{tcp}" ruleset="all")
"""


class Rsyslog:
    """A private rsyslogd in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.udp, self.tcp = free_port(), free_port()
        self._config = folder / "rsyslog.conf"
        self._config.write_text(CONFIG.format(folder=folder, udp=self.udp, tcp=self.tcp))
        self.child = self._started()

    @property
    def targets(self) -> list[str]:
        """All that it listens on, as `log_to` names them."""
        return [f"unix:{self.folder}/log", f"udp:127.0.0.1:{self.udp}", f"tcp:127.0.0.1:{self.tcp}"]

    def restart(self) -> None:
        """Start it again after a stop."""
        self.child = self._started()

    def stop(self) -> None:
        """End it in good order."""
        self.child.stop()

    def records(self, **wanted: str) -> list[dict[str, str]]:
        """What has come, in order, as far as it is like `wanted`."""
        out = self.folder / "out"
        lines = out.read_text().splitlines() if out.exists() else []
        found: list[dict[str, str]] = [json.loads(line) for line in lines]
        return [one for one in found if wanted.items() <= one.items()]

    def _started(self) -> Child:
        argv = [need("rsyslogd"), "-n", "-f", str(self._config), "-i", str(self.folder / "pid")]
        child = Child(argv)
        wait_until(lambda: accepts_connections(self.tcp), what="rsyslogd")
        wait_until((self.folder / "log").exists, what="its socket")
        return child


@pytest.fixture
def rsyslog(tmp_path: Path) -> Iterator[Rsyslog]:
    one = Rsyslog(tmp_path / "rsyslog")
    yield one
    one.stop()


def test_rsyslog_reads_each_record_by_each_way(tmp_path: Path, rsyslog: Rsyslog) -> None:
    sample = make_sample("logged", sender="anna@example.com", recipients=("carl@example.org",))
    with (
        SinkProcess() as sink,
        Gateway(tmp_path, sink.port, settings={"log_to": rsyslog.targets}) as gateway,
    ):
        submit(gateway.port, sample)
        gateway.wait_empty()
        wait_until(lambda: len(rsyslog.records(action="delivered")) == 3, what="the deliveries")
        wait_until(lambda: len(rsyslog.records(action="accept")) == 3, what="the acceptances")
    delivered = rsyslog.records(action="delivered")
    assert {one["input"] for one in delivered} == {"imuxsock", "imudp", "imtcp"}
    for one in delivered:
        assert (one["app"], one["facility"], one["severity"]) == ("relay-mdq", "mail", "info")
        assert one["to"] == "carl@example.org"
        assert one["reason"].startswith("250 ")
        assert one["text"].lstrip(" ").startswith("delivered id=")
    assert {one["app"] for one in rsyslog.records(action="accept")} == {"relay-asmtpd"}


def test_mail_goes_on_while_rsyslog_is_away_and_tcp_brings_it_all(
    tmp_path: Path, rsyslog: Rsyslog
) -> None:
    target = [f"tcp:127.0.0.1:{rsyslog.tcp}"]
    names = [f"r{number}@example.org" for number in range(10)]
    with (
        SinkProcess() as sink,
        Gateway(tmp_path, sink.port, settings={"log_to": target}) as gateway,
    ):
        submit(gateway.port, make_sample("first", recipients=("first@example.org",)))
        wait_until(lambda: bool(rsyslog.records(action="delivered")), what="the first")
        rsyslog.stop()
        for name in names:
            submit(gateway.port, make_sample(name, recipients=(name,)))
        gateway.wait_empty()
        rsyslog.restart()
        wait_until(lambda: len(rsyslog.records(action="delivered")) == 11, what="all the others")
    assert {one["to"] for one in rsyslog.records(action="delivered")} == {
        "first@example.org",
        *names,
    }


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[None]:
    """A journal of its own: /run is a file system that this test alone sees."""
    need_root()
    settings = Path("/etc/systemd/journald.conf")
    if not (JOURNALD.exists() and settings.exists()):
        absent("systemd-journald is not installed (packaging/install-interop installs it)")
    own = tmp_path / "journald.conf"
    own.write_text("[Journal]\nStorage=volatile\nAudit=no\nReadKMsg=no\nForwardToWall=no\n")
    with own_mounts():
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
        subprocess.run(["mount", "--bind", str(own), str(settings)], check=True)
        Path("/run/systemd/journal").mkdir(parents=True)
        with Child([str(JOURNALD)], stderr=subprocess.DEVNULL):
            wait_until(Path(JOURNAL).exists, what="the journal's socket")
            yield


def _journal(source: Source) -> list[dict[str, str]]:
    done = subprocess.run(
        ["journalctl", "-D", "/run/log/journal", "-o", "json", "--no-pager",
         f"MESSAGE_ID={MESSAGE_IDS[source]}"],
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.usefixtures("journald")
def test_the_journal_has_each_fact_as_a_field(tmp_path: Path) -> None:
    log = ProcessLog(
        str(tmp_path / "log"), "mdq", outputs=[Output(LogTarget(Way.JOURNALD, JOURNAL))]
    )
    log.track("put-off", "001njqb0", sender='"a\n=b"@example.com', to="ü@d", reason="451 \x1b[31m")
    log.alert("sync failed", "001njqb0", errno=5)
    wait_until(lambda: bool(_journal(Source.ALERT)), what="the alert in the journal")
    log.close()
    (record,) = _journal(Source.TRACKER)
    assert record["RELAY_ACTION"] == "put-off"
    assert record["RELAY_ID"] == "001njqb0"
    assert record["RELAY_FROM"] == '"a\\x0a=b"@example.com'
    assert record["RELAY_TO"] == "ü@d"
    assert record["RELAY_REASON"] == "451 \\x1b[31m"
    assert (record["PRIORITY"], record["SYSLOG_IDENTIFIER"]) == ("5", "relay-mdq")
    assert record["MESSAGE"].startswith("put-off id=001njqb0 ")
    (alert,) = _journal(Source.ALERT)
    assert (alert["PRIORITY"], alert["RELAY_TEXT"]) == ("3", "sync failed")
