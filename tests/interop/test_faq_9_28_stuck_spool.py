"""FAQ 9.28: mail appears to get stuck in the spool: the three causes, and how it empties."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.gateway import Gateway, spool_files, write_config
from tests.harness.live_sink import LiveSink
from tests.harness.postfix import Postfix
from tests.harness.process import PYTHON, ROOT, free_port, wait_until
from tests.harness.programs import need_postfix
from tests.harness.sample import Sample, make_sample
from tests.harness.sink import SinkProcess
from tests.harness.sink_plan import SinkPlan
from tests.harness.submit import submit

LIMIT = r"\[\d+@\S+\] max concurrent sent mails limit reached - spool scanning stops"
"""The chapter's line, word for word."""

TWO_SERVERS = """
[[rule]]
resource = "to_dead"
action = "accept"

[[rule]]
resource = "to_living"
action = "accept"

[resource.to_dead]
notify_sender_on_error = true
mail_delivery_server = "127.0.0.1:{dead}"
match.recipient = "*@example.org"

[resource.to_living]
mail_delivery_server = "127.0.0.1:{living}"
match.recipient = "*@example.net"
"""


def samples(name: str, count: int, domain: str = "example.org") -> list[Sample]:
    return [make_sample(f"{name}-{n}", recipients=(f"eva@{domain}",)) for n in range(count)]


def standings(gateway: Gateway) -> list[tuple[str, str]]:
    return [(row["standing"], row["stuck"]) for row in gateway.listed()]


@dataclass
class Stuck:
    """A relay for a Postfix that has ended, with its mail in D_resend."""

    gateway: Gateway
    dead: Postfix
    mail: list[Sample]

    def mailbox(self, postfix: Postfix) -> set[str]:
        new = postfix.maildir / "new"
        texts = [path.read_text(errors="replace") for path in new.iterdir()] if new.is_dir() else []
        return {text.partition("\nX-Id: ")[2].partition("\n")[0] for text in texts}


@contextmanager
def stuck(
    folder: Path, *, settings: Mapping[str, object] | None = None, living: int = 0
) -> Iterator[Stuck]:
    need_postfix()
    dead = Postfix(folder / "dead", maildir=True)
    dead.start()
    dead.stop()
    tables = TWO_SERVERS.format(dead=dead.port, living=living or free_port())
    with Gateway(folder, None, settings=settings, tables=tables) as gateway:
        mail = samples("stuck", 12)
        for one in mail:
            submit(gateway.port, one)
        wait_until(lambda: len(gateway.files("D_resend")) == len(mail), what="all in D_resend")
        yield Stuck(gateway, dead, mail)


def test_what_is_stuck_is_named_sent_elsewhere_and_gone(tmp_path: Path) -> None:
    with (
        stuck(tmp_path, settings={"resend_period": 3600}) as site,
        Postfix(tmp_path / "other", maildir=True) as other,
    ):
        gateway = site.gateway
        assert standings(gateway) == [("stuck", "refused")] * len(site.mail)
        told = gateway.spooltool("ls", "--stuck")
        assert told.returncode == 0, told.stderr
        assert f"127.0.0.1:{site.dead.port}" in told.stdout

        changed = gateway.spooltool(
            *("retarget", "--yes", f"dst:127.0.0.1:{site.dead.port}"),
            *("--to", f"127.0.0.1:{other.port}"),
        )
        assert changed.returncode == 0, changed.stderr
        kicked = gateway.spooltool("kick", "--all")
        assert kicked.returncode == 0, kicked.stderr
        gateway.wait_empty()
        wait_until(
            lambda: site.mailbox(other) == {one.x_id for one in site.mail},
            what="all in the mailbox",
        )


def test_a_queue_run_is_enough_once_the_server_lives(tmp_path: Path) -> None:
    with stuck(tmp_path, settings={"resend_period": 3600}) as site:
        site.dead.start()
        try:
            assert len(site.gateway.files()) == len(site.mail)
            assert site.gateway.spooltool("kick", "--all").returncode == 0
            site.gateway.wait_empty()
            wait_until(lambda: len(site.mailbox(site.dead)) == len(site.mail), what="all of it")
        finally:
            site.dead.stop()


def test_it_holds_up_no_other_mail(tmp_path: Path) -> None:
    with (
        SinkProcess(log=tmp_path / "living.log") as living,
        stuck(tmp_path, living=living.port) as site,
    ):
        others = samples("other", 5, "example.net")
        for one in others:
            submit(site.gateway.port, one)
        wait_until(lambda: len(living.entries()) == len(others), what="the others' mail")
        assert len(site.gateway.files("D_resend")) == len(site.mail)


@pytest.mark.parameter("abandon_time")
def test_a_shorter_abandon_time_clears_it_and_each_sender_is_told(tmp_path: Path) -> None:
    with SinkProcess(log=tmp_path / "errors.log") as errors:
        settings = {"error_server": f"127.0.0.1:{errors.port}"}
        with stuck(tmp_path, settings=settings) as site:
            assert errors.entries() == []
            tables = TWO_SERVERS.format(dead=site.dead.port, living=free_port())
            write_config(tmp_path, {**settings, "abandon_time": 1}, tables)
            argv = [PYTHON, "-m", "relay", "reload", "--config", str(site.gateway.config)]
            argv += ["--spool", str(site.gateway.spool)]
            done = subprocess.run(
                argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, done.stderr
            site.gateway.wait_empty()
            told = [(one["sender"], one["recipients"], one["carried"]) for one in errors.entries()]
            assert sorted(told) == sorted(
                ("", ["billing@example.com"], [one.x_id]) for one in site.mail
            )
            assert spool_files(site.gateway.spool, ".spooltool/trash") == []


@pytest.mark.parameter()
@pytest.mark.parametrize("name", ["max_conns", "max_conns_per_site"])
def test_the_line_stands_in_mdq_elg_while_a_limit_is_reached(tmp_path: Path, name: str) -> None:
    limits = {"max_conns": 2, "max_conns_per_site": 2, "max_mails_per_conn": 1}
    limits[{"max_conns": "max_conns_per_site", "max_conns_per_site": "max_conns"}[name]] = 50
    with (
        closing(LiveSink()) as sink,
        Gateway(tmp_path, sink.port, settings=limits) as gateway,
    ):
        sink.use(SinkPlan(), tmp_path / "sink.log")
        for number in range(6):  # what takes mail earns its slots
            submit(gateway.port, make_sample(f"early-{number}"))
            gateway.wait_empty()
        sink.use(SinkPlan(silent_at="mail"))
        mail = samples("many", 8)
        for one in mail:
            submit(gateway.port, one)
        log = gateway.spool / ".spooltool/log/mdq.elg"
        wait_until(lambda: len(gateway.listed("delivering")) == 2, what="both connections taken")
        if name == "max_conns":
            wait_until(lambda: bool(re.search(f"(?m)^{LIMIT}$", log.read_text())), what="the line")
            assert gateway.spooltool("log").stdout.count("max concurrent sent mails") >= 1
        assert len(gateway.files()) == len(mail)
        sink.use(SinkPlan())
        sink.hang_up()
        gateway.wait_empty()
        assert len({one["x_id"] for one in sink.entries()}) == 6 + len(mail)
