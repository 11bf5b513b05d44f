"""An intake without sockets: real spool, real commit, a transport and a clock of the test."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from relay.config import Config
from relay.intake.committer import Committer
from relay.intake.connection import Connection
from relay.intake.intake import Intake
from relay.intake.records import Records
from relay.intake.settings import settings_of
from relay.intake.space import Space
from relay.logs.process_log import ProcessLog
from spooltool.spool.names import SENDER, STATE_DIR
from spooltool.store.filesystem import Syncer
from spooltool.store.root import Spool


class FailingSyncer(Syncer):
    """Says `error` once, as a disk that fails; then it syncs again.  Counts its calls."""

    def __init__(self, path: str) -> None:
        super().__init__(path, by_syncfs=False)
        self.error: OSError | None = None
        self.calls = 0

    def sync(self, files: Collection[int], directories: Iterable[int]) -> None:
        self.calls += 1
        error, self.error = self.error, None
        if error is not None:
            raise error
        super().sync(files, directories)


class Transport(asyncio.Transport):
    """Keeps what is written; says what else was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closing = False
        self.reading = True

    def write(self, data: Any) -> None:
        self.sent += data

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class House:
    """One intake with everything around it; use it inside a running loop."""

    def __init__(self, spool: Spool, config: Config) -> None:
        self.spool = spool
        self.now = 1000.0
        self.wakes = 0
        self.syncer = FailingSyncer(spool.path)
        self.log = ProcessLog(config.log_folder, "asmtpd")
        self.committer = Committer(spool, self.syncer, self._woken)
        self.space = Space(spool, Records(self.log).space)
        self.intake = Intake(
            settings_of(config),
            spool,
            self.committer,
            self.space,
            Records(self.log),
            lambda: self.now,
        )

    def close(self) -> None:
        self.committer.close()
        self.syncer.close()
        self.log.close()

    def _woken(self) -> None:
        self.wakes += 1

    def connect(self, address: str = "127.0.0.1") -> tuple[Connection, Transport]:
        connection, transport = Connection(self.intake, address, 40000), Transport()
        self.intake.opened(connection)
        connection.connection_made(transport)
        return connection, transport

    def files(self, directory: str) -> list[str]:
        return sorted(os.listdir(self.spool.dir_fd(directory)))

    @property
    def everywhere(self) -> tuple[list[str], list[str]]:
        return self.files(STATE_DIR), self.files(SENDER)

    def elg(self) -> str:
        path = Path(self.spool.path, ".spooltool/log/asmtpd.elg")
        return path.read_text() if path.exists() else ""

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what ends in the commit's thread."""
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.001)


Scene = Callable[[House], Awaitable[None]]
Play = Callable[..., None]
