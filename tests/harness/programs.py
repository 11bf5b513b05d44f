"""Programs of others that interoperability is tested with: swaks, msmtp, smtp-source, smtp-sink."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

import pytest

from tests.harness import postfix
from tests.harness.process import Child, accepts_connections, free_port, wait_until

PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
SINK_USER = "nobody"


def need(program: str) -> str:
    """Where a program is; without it the test is skipped, but never in CI."""
    path = shutil.which(program, path=PLACES)
    if path is None:
        absent(f"{program} is not installed (packaging/install-interop installs it)")
    return str(path)


def need_postfix() -> None:
    """Skips a test where no private Postfix can run, but never in CI."""
    if why := postfix.missing():
        absent(why)


def need_root() -> None:
    """Skips a test that takes other accounts, where it cannot, but never in CI."""
    if os.geteuid() != 0:
        absent("other accounts need root")


def absent(why: str) -> None:
    """Skip the test for this reason; in CI it fails instead."""
    if "CI" in os.environ:
        pytest.fail(why)
    pytest.skip(why)


class SmtpSink(Child):
    """Postfix's smtp-sink; with `dumps` each transaction is kept there as a file."""

    def __init__(self, *options: str, dumps: Path | None = None, port: int = 0) -> None:
        self.port = port or free_port()
        self.dumps = dumps
        argv = [need("smtp-sink"), *options]
        if dumps is not None:
            dumps.mkdir(parents=True, exist_ok=True)
            argv += ["-d", "m."]
        if os.geteuid() == 0:
            argv += ["-u", SINK_USER]
            if dumps is not None:
                account = pwd.getpwnam(SINK_USER)
                os.chown(dumps, account.pw_uid, account.pw_gid)
                postfix.open_to_others(dumps)
        super().__init__([*argv, f"127.0.0.1:{self.port}", "512"], cwd=dumps or "/")
        wait_until(self._is_up, what="an smtp-sink that takes connections")

    def _is_up(self) -> bool:
        if self.popen.poll() is not None:
            raise RuntimeError(f"smtp-sink ended with {self.popen.returncode}")
        return accepts_connections(self.port)

    def dumped(self) -> list[bytes]:
        """The dump files as they are: the sink's own lines, then the message with LF."""
        assert self.dumps is not None
        return [path.read_bytes() for path in sorted(self.dumps.iterdir())]

    def contents(self) -> list[bytes]:
        """The messages of the dumps, with LF, as the client sent them.

        The last of the sink's own lines is its Received line.
        """
        found = []
        for text in self.dumped():
            end = text.index(b"\n", text.index(b"\nReceived: ") + 1)
            while text[end + 1 : end + 2] in (b" ", b"\t"):
                end = text.index(b"\n", end + 1)
            found.append(text[end + 1 :].removesuffix(b"\n"))
        return found
