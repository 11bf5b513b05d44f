"""A reload of a running relay: new rules, wrong ones, and a resource that mail still names."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from spooltool.errors import ExitCode
from tests.harness.gateway import Gateway
from tests.harness.process import free_port, wait_until
from tests.harness.sample import make_sample
from tests.harness.submit import submit
from tests.relay.service.test_service_cli import relay

TABLES = """
[[rule]]
source = "127.0.0.0/8"
resource = "smtp_in"
action = "accept"

[[rule]]
action = "reject"

[resource.{name}]
mail_delivery_server = "127.0.0.1:{port}"
{more}
"""


def test_a_reload_takes_over_what_is_right_and_drops_nothing_in_use(tmp_path: Path) -> None:
    dead = free_port()
    tables = TABLES.format(name="smtp_in", port=dead, more="")
    with Gateway(tmp_path, None, tables=tables) as gateway:
        head = gateway.config.read_text().removesuffix(tables)
        options = ("--spool", str(gateway.spool), "--config", str(gateway.config))
        elg = gateway.spool / ".spooltool/log/asmtpd.elg"
        submit(gateway.port, make_sample("one"))
        assert b"\nRESOURCE:\tsmtp_in " in gateway.files()[0].read_bytes()

        gateway.config.write_text(head + tables.replace('"reject"', '"refuse"'))
        code, _, err = relay("reload", *options)
        assert code == ExitCode.CONFIG
        assert "wants 'accept' or 'drop' or 'reject', not 'refuse'" in err

        other = tables.replace("smtp_in", "inbound")
        gateway.config.write_text(head + other)
        code, _, err = relay("reload", *options)
        assert code == ExitCode.CONFIG
        assert "resources that are not there any more: smtp_in (1)" in err

        os.kill(gateway.pid, signal.SIGHUP)
        wait_until(lambda: "any more: smtp_in (1)" in elg.read_text(), what="the refused reload")
        mdq = gateway.spool / ".spooltool/log/mdq.elg"
        wait_until(lambda: "any more: smtp_in (1)" in mdq.read_text(), what="mdq to refuse it, too")
        assert " reload" not in elg.read_text().replace("reload does", "")

        before = gateway.processes()
        code, out, _ = relay("reload", "--force", *options)
        assert code == 0
        assert "any more: smtp_in (1)" in out
        assert set(gateway.processes()["asmtpd"]).isdisjoint(before["asmtpd"])
        wait_until(lambda: "there is no such resource" in mdq.read_text(), what="mail that waits")

        gateway.config.write_text(head + tables)
        code, out, _ = relay("reload", *options)
        assert (code, out) == (0, f"relay: pid {gateway.pid} reads its configuration again\n")
        wait_until(lambda: " reload" in elg.read_text(), what="the reload")
