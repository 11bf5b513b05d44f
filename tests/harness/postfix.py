"""A private Postfix in a folder of its own; the machine's instance is never read or touched.

Needs root (Postfix insists on its own users) and the Debian package `postfix`.  All of it
is on 127.0.0.1 and a high port; it is stopped by the pid in its own master.pid.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.harness.process import accepts_connections, family, free_port, wait_until

PROGRAMS = ("/usr/sbin/postfix", "/usr/sbin/postqueue", "/usr/sbin/smtp-source")
DAEMONS = "/usr/lib/postfix/sbin"
MAILDIR_DOMAINS = "example.com, example.net, example.org"

# One relay in, one relay out: no look-ups, no rewriting, no rate or process limit that the
# measured loads reach.  What is left is Postfix's own work: smtpd, cleanup, qmgr, smtp.
SETTINGS = {
    "compatibility_level": "3.6",
    "myhostname": "postfix.example",
    "mydestination": "",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "smtpd_recipient_restrictions": "permit_mynetworks, reject",
    "smtpd_peername_lookup": "no",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_client_connection_rate_limit": "0",
    "smtpd_tls_security_level": "none",
    "smtp_tls_security_level": "none",
    "disable_dns_lookups": "yes",
    "smtp_host_lookup": "native",
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "local_header_rewrite_clients": "",
    "receive_override_options": "no_address_mappings",
    "in_flow_delay": "0",
    "default_process_limit": "200",
    "default_destination_concurrency_limit": "100",
    "initial_destination_concurrency": "50",
    "qmgr_message_active_limit": "100000",
    "qmgr_message_recipient_limit": "100000",
    "message_size_limit": "209715200",
    "mailbox_size_limit": "0",
    "smtp_connection_cache_on_demand": "yes",
    "smtp_connection_reuse_count_limit": "0",
    "smtp_connection_reuse_time_limit": "300s",
    "queue_minfree": "0",
    "minimal_backoff_time": "300s",
    "maximal_backoff_time": "4000s",
    "enable_long_queue_ids": "no",
}

SERVICES = """
{port}     inet  n  -  n  -      -  smtpd
pickup     unix  n  -  n  60     1  pickup
cleanup    unix  n  -  n  -      0  cleanup
qmgr       unix  n  -  n  5      1  qmgr
rewrite    unix  -  -  n  -      -  trivial-rewrite
bounce     unix  -  -  n  -      0  bounce
defer      unix  -  -  n  -      0  bounce
trace      unix  -  -  n  -      0  bounce
verify     unix  -  -  n  -      1  verify
flush      unix  n  -  n  1000?  0  flush
proxymap   unix  -  -  n  -      -  proxymap
proxywrite unix  -  -  n  -      1  proxymap
smtp       unix  -  -  n  -      -  smtp
relay      unix  -  -  n  -      -  smtp
showq      unix  n  -  n  -      -  showq
error      unix  -  -  n  -      -  error
retry      unix  -  -  n  -      -  error
discard    unix  -  -  n  -      -  discard
virtual    unix  -  n  n  -      -  virtual
anvil      unix  -  -  n  -      1  anvil
scache     unix  -  -  n  -      1  scache
tlsmgr     unix  -  -  n  1000?  1  tlsmgr
postlog    unix-dgram n - n -    1  postlogd
"""


class Postfix:
    """One private instance: `with Postfix(folder, next_hop=port) as postfix: ...`

    What becomes of mail: `next_hop` hands it to 127.0.0.1:port; `maildir=True` files it
    under `maildir` for the example domains; `defer=True` leaves it in the deferred queue;
    otherwise it is discarded.  `settings` are main.cf lines of the test's own; `queue` is
    for a queue that lies elsewhere.
    """

    def __init__(
        self,
        folder: Path,
        *,
        next_hop: int | None = None,
        maildir: bool = False,
        defer: bool = False,
        settings: Mapping[str, str] | None = None,
        queue: Path | None = None,
    ) -> None:
        self.folder = folder
        self.config = folder / "etc"
        self.queue = queue or folder / "queue"
        self.maildir = folder / "mail" / "sink"
        self.log = folder / "maillog"
        self.port = free_port()
        self._master: subprocess.Popen[bytes] | None = None
        chosen = dict(SETTINGS)
        if next_hop is not None:
            chosen["relayhost"] = f"[127.0.0.1]:{next_hop}"
        elif maildir:
            owner = pwd.getpwnam("postfix")
            chosen |= {
                "virtual_mailbox_domains": MAILDIR_DOMAINS,
                "virtual_mailbox_base": str(folder / "mail"),
                "virtual_mailbox_maps": "static:sink/",
                "virtual_uid_maps": f"static:{owner.pw_uid}",
                "virtual_gid_maps": f"static:{owner.pw_gid}",
                "virtual_minimum_uid": "1",
                "virtual_mailbox_limit": "0",
            }
        elif not defer:
            chosen["default_transport"] = "discard:"
        if defer:
            chosen["defer_transports"] = "smtp, relay, discard, virtual"
        self.settings = chosen | dict(settings or {})

    def __enter__(self) -> Postfix:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of its master."""
        return int((self.queue / "pid" / "master.pid").read_text().strip())

    def start(self) -> None:
        """Writes the configuration, starts the master, returns once it takes connections."""
        self._write()
        self._master = subprocess.Popen(
            ["/usr/sbin/postfix", "-c", str(self.config), "start-fg"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            wait_until(self._is_up, what="a private Postfix that takes connections")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the master; returns once its children have seen that, and nobody is at its port."""
        if self._master is None:
            return
        if self._master.poll() is None:
            with suppress(FileNotFoundError):  # it has not come so far as to write its pid
                os.kill(self.pid, signal.SIGTERM)
        try:
            self._master.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._master.pid, signal.SIGKILL)
            self._master.wait()
        if self._master.stderr is not None:
            self._master.stderr.close()
        self._master = None
        wait_until(lambda: not accepts_connections(self.port), what="nobody at its port")

    def kill_all(self) -> None:
        """SIGKILL to the master and to all that it started."""
        if self._master is None:
            return
        for pid in family(self._master.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._master.wait()
        self.stop()

    def command(self, name: str, *arguments: str) -> list[str]:
        """The argv of a Postfix command for this instance."""
        return [f"/usr/sbin/{name}", "-c", str(self.config), *arguments]

    def queued(self, *queues: str) -> int:
        """How many messages stand in these queues (default: all that hold mail)."""
        names = queues or ("maildrop", "incoming", "active", "deferred", "hold")
        return sum(len(files) for name in names for _, _, files in os.walk(self.queue / name))

    def _is_up(self) -> bool:
        assert self._master is not None
        if self._master.poll() is not None:
            assert self._master.stderr is not None
            said = self._master.stderr.read().decode("utf-8", "replace")
            log = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
            raise RuntimeError(
                f"Postfix ended with {self._master.returncode}: {said} {log[-2000:]}"
            )
        return accepts_connections(self.port)

    def _write(self) -> None:
        owner = pwd.getpwnam("postfix")
        for folder in (self.config, self.queue, self.folder / "data", self.folder / "mail"):
            folder.mkdir(parents=True, exist_ok=True)
        os.chown(self.folder / "data", owner.pw_uid, owner.pw_gid)
        os.chown(self.folder / "mail", owner.pw_uid, owner.pw_gid)
        # postsuper, which looks at the queue before the start, logs without root's rights.
        self.log.touch()
        os.chown(self.log, owner.pw_uid, owner.pw_gid)
        open_to_others(self.folder)
        places = {
            "config_directory": self.config,
            "queue_directory": self.queue,
            "data_directory": self.folder / "data",
            "daemon_directory": DAEMONS,
            "command_directory": "/usr/sbin",
            "meta_directory": "/etc/postfix",
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "maillog_file": self.log,
            "maillog_file_prefixes": self.folder,
        }
        lines = [f"{key} = {value}" for key, value in {**places, **self.settings}.items()]
        (self.config / "main.cf").write_text("\n".join(lines) + "\n")
        (self.config / "master.cf").write_text(
            SERVICES.format(port=f"127.0.0.1:{self.port}").lstrip()
        )


def missing() -> str:
    """Why a private Postfix cannot run here; empty when it can."""
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if absent:
        return f"{absent[0]} is not installed (packaging/install-interop installs it)"
    return "" if os.geteuid() == 0 else "a private Postfix needs root"


def open_to_others(folder: Path) -> None:
    """Lets the postfix user pass through temporary folders that only root may enter."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if place.is_relative_to("/tmp") and place != Path("/tmp") and not mode & 0o001:
            place.chmod((mode & 0o777) | 0o011)
