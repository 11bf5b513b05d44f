"""A `relay run` as a child process, and what a test wants to know of it.

Files of the spool are read here by patterns of their own, not by the code under test.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.process import PYTHON, ROOT, Child, wait_until

MAIL_FOLDERS = ("D_state", "D_sender", "D_resend", "D_hold", "D_quarantine")
TRASH = ".spooltool/trash"

_RCPT = re.compile(
    rb"^RCPT:\t *(?P<mark>[A-Z]) (?P<code>\d{3}) (?P<enhanced>[\d.]+) +(?P<attempts>\d{4}) \d{10} "
    rb"\d{10} (?P<host>.{40}) (?P<text>.{80}) <(?P<address>[^>]*)> ?(?P<params>.*)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Result:
    """What one RCPT line of a spool file says."""

    address: str
    mark: str
    code: int
    enhanced: str
    attempts: int
    host: str
    text: str
    params: str


class Gateway(Child):
    """One running relay below `folder`: `spool`, `relay.toml`, its two processes.

    `port` is where it takes mail.  `settings` are lines of relay.toml that beat the quick
    periods of a test, `tables` stand below them; with a `dst` of None it goes by its rules.
    `python` and `env` are for tests
    of accounts, `under` is a command that it is run by (strace with its options).
    """

    def __init__(
        self,
        folder: Path,
        dst: int | str | None = 0,
        *,
        settings: Mapping[str, object] | None = None,
        tables: str = "",
        listen: int = 0,
        spool: Path | None = None,
        python: str = PYTHON,
        env: Mapping[str, str] | None = None,
        under: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.spool = spool or folder / "spool"
        self.config = write_config(folder, settings, tables)
        self.python, self.env = python, dict(env or {})
        to = f"127.0.0.1:{dst}" if isinstance(dst, int) else dst
        target = [] if to is None else ["--dst", to]
        argv = [*under, python, "-m", "relay", "run", "--spool", str(self.spool)]
        argv += ["--config", str(self.config), "--listen", f"127.0.0.1:{listen}", *target]
        super().__init__(argv, env=env)
        self.port = 0
        try:
            self.wait_ready(("listening on", "dequeuer ready"))
        except BaseException:
            self.stop()
            raise

    def wait_ready(self, signs: Sequence[str]) -> None:
        """Reads standard output until each of these words has come."""
        missing = set(signs)
        while missing:
            line = self.line(seconds=60)
            if "listening on" in line:
                self.port = int(line.rpartition(":")[2])
            missing -= {sign for sign in missing if sign in line}

    def processes(self) -> dict[str, list[int]]:
        """Pids of the running children by name."""
        try:
            found = json.loads((self.spool / ".spooltool" / "processes").read_text())
        except FileNotFoundError:
            return {}
        return {name: pids for name, pids in found.items() if isinstance(pids, list)}

    def files(self, *folders: str) -> list[Path]:
        """The messages in these folders (default: all that are no trash)."""
        return spool_files(self.spool, *folders)

    def wait_empty(self, *, seconds: float = 60.0) -> None:
        """Returns once no message is left."""
        wait_until(lambda: not self.files(), seconds=seconds, what="an empty spool")

    def spooltool(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs one spooltool command on this spool."""
        return subprocess.run(
            [self.python, "-m", "spooltool", *words, "--spool", str(self.spool)],
            cwd=ROOT,
            env={**os.environ, **self.env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def listed(self, *words: str) -> list[dict[str, Any]]:
        """The objects of `spooltool ls --json`; its exit code must be 0."""
        done = self.spooltool("ls", "--json", *words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def write_config(
    folder: Path, settings: Mapping[str, object] | None = None, tables: str = ""
) -> Path:
    """Writes a relay.toml with the periods of a test, and other lines and tables where given."""
    chosen: dict[str, object] = {
        "hostname": "relay.example",
        "scan_period": 1,
        "resend_period": 1,
        "min_free": "1%",
        **(settings or {}),
    }
    path = folder / "relay.toml"
    lines = [f"{key} = {json.dumps(value)}" for key, value in chosen.items()]
    path.write_text("\n".join(lines) + "\n" + tables)
    return path


def spool_files(spool: Path, *folders: str) -> list[Path]:
    """The messages in these folders of a spool, by name."""
    found = [
        path
        for folder in folders or MAIL_FOLDERS
        if (spool / folder).is_dir()
        for path in (spool / folder).iterdir()
        if path.name[0] in "TRE" and len(path.name) == 9
    ]
    return sorted(found)


def read_results(path: Path) -> list[Result]:
    """The RCPT lines of one spool file, in their order."""
    return [
        Result(
            found["address"].decode("utf-8", "surrogateescape"),
            found["mark"].decode(),
            int(found["code"]),
            found["enhanced"].decode(),
            int(found["attempts"]),
            found["host"].decode().strip(),
            found["text"].decode().strip(),
            found["params"].decode(),
        )
        for found in _RCPT.finditer(path.read_bytes())
    ]


def after_received(content: bytes) -> tuple[bytes, bytes]:
    """A delivered message as (the Received line on top, the rest)."""
    end = content.index(b"\r\n")
    while content[end + 2 : end + 3] in (b" ", b"\t"):
        end = content.index(b"\r\n", end + 2)
    return content[: end + 2], content[end + 2 :]


def peak_memory(pid: int) -> int:
    """The most octets that a process has had resident (VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)
