"""The intake process: it listens until it is told to end, then finishes what it has.

SIGTERM and SIGINT end it: it accepts no more, waits for the messages in hand, and what
is not complete by then gets 421.  SIGHUP makes it read its configuration again and open
its logs anew.
"""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import time
from collections.abc import Callable, Sequence

import uvloop

from relay.config import Config
from relay.intake.cleaner import EVERY, clean_partials
from relay.intake.committer import Committer
from relay.intake.connection import Connection
from relay.intake.entrance import TOO_MANY_CLIENTS, Entrance, Peer, turn_away
from relay.intake.intake import Intake
from relay.intake.listener import Listener
from relay.intake.records import Records
from relay.intake.settings import settings_of
from relay.intake.space import Space
from relay.intake.wake import Waker
from relay.logs.process_log import ProcessLog
from relay.policy.origin import Origin
from spooltool.spool.hosts import HostPort
from spooltool.store.filesystem import Syncer
from spooltool.store.lock import SharedLock
from spooltool.store.root import Spool

DRAIN = 10.0
"""Seconds that messages in hand may take to be completed when the process ends."""

_TICK = 1.0
_GOODBYE = 1.0
_SPARE = 128

Reload = Callable[[], Config | str]


def run(
    config: Config,
    sockets: Sequence[socket.socket],
    *,
    reload: Reload,
    ready: Callable[[str], None],
    reloaded: Callable[[], None] = lambda: None,
) -> int:
    """Take mail on listening sockets into `config.rundir` until a signal; the exit code.

    `reload` reads the configuration again, or says why it cannot; `reloaded` is called
    after each time.  `ready` is told the addresses once clients are accepted.  Raises
    SpooltoolError when the spool cannot be used.
    """
    settings = settings_of(config)
    _raise_limit(settings.clients)
    with Spool.create(config.rundir) as spool:
        lock = SharedLock(spool, "intake")
        syncer = Syncer(spool.path)
        try:
            uvloop.run(Process(config, spool, syncer, sockets, reload, reloaded).run(ready))
        finally:
            syncer.close()
            lock.close()
    return 0


class Process:
    """One intake process around its loop."""

    def __init__(
        self,
        config: Config,
        spool: Spool,
        syncer: Syncer,
        sockets: Sequence[socket.socket],
        reload: Reload,
        reloaded: Callable[[], None],
    ) -> None:
        self._config = config
        self._spool = spool
        self._syncer = syncer
        self._sockets = sockets
        self._reload = reload
        self._reloaded = reloaded
        self._tasks: set[asyncio.Task[object]] = set()

    async def run(self, ready: Callable[[str], None]) -> None:
        """Work until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        config = self._config
        log = ProcessLog(
            config.log_folder,
            "asmtpd",
            loop.call_soon,
            size=config.log_size,
            keep=config.log_keep,
            alert_command=config.alert_command,
        )
        waker = Waker(self._spool)
        records = Records(log)
        committer = Committer(self._spool, self._syncer, waker.wake)
        space = Space(self._spool, records.space)
        self._intake = Intake(
            settings_of(config), self._spool, committer, space, records, loop.time
        )
        entrance = Entrance(self._intake, self._sockets, self._admitted)
        listener = Listener(self._sockets, entrance.arrived, records.cannot_accept)
        end = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end.set)
        loop.add_signal_handler(signal.SIGHUP, self._reread, log)
        housekeeping = (loop.create_task(self._tick()), loop.create_task(self._clean()))
        space.tick(loop.time(), self._intake.settings)
        listener.start()
        addresses = ",".join(listening_on(sock) for sock in self._sockets)
        log.event("", "start", listen=addresses, spool=self._spool.path)
        ready(addresses)
        await end.wait()
        listener.stop()
        entrance.close()
        await self._drain()
        for task in housekeeping:
            task.cancel()
        log.event("", "stop", reason="asked to")
        committer.close()
        waker.close()
        log.close()

    def _admitted(self, sock: socket.socket, address: Peer, origin: Origin) -> None:
        if not self._intake.room_for(address[0]):
            turn_away(sock, TOO_MANY_CLIENTS)
            self._intake.turned_away(*address, TOO_MANY_CLIENTS)
            return
        connection = Connection(self._intake, *address, origin)
        self._intake.opened(connection)
        task = asyncio.get_running_loop().create_task(self._connect(connection, sock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, connection: Connection, sock: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, sock)
        except OSError:
            sock.close()
            self._intake.closed(connection)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self._intake.tick()

    async def _clean(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                names = await loop.run_in_executor(None, clean_partials, self._spool, time.time())
            except OSError as error:
                self._intake.records.log.alert(f"cannot look at partial files: {error.strerror}")
            else:
                for name in names:
                    self._intake.records.log.alert("partial file to the trash", name.number)
            await asyncio.sleep(EVERY)

    def _reread(self, log: ProcessLog) -> None:
        log.reopen()
        self._take_over(self._reload(), log)
        self._reloaded()

    def _take_over(self, found: Config | str, log: ProcessLog) -> None:
        if isinstance(found, str):
            log.alert(f"configuration not taken over: {found}")
            return
        self._intake.settings = settings_of(found)
        log.alert_command.argv = found.alert_command
        log.event("", "reload")

    async def _drain(self) -> None:
        """Let messages in hand come to their end, for a while."""
        guests = self._intake.guests
        for guest in list(guests):
            guest.drain()
        await self._intake.emptied(DRAIN)
        for guest in list(guests):
            guest.shut()
        await self._intake.committer.drain()
        await self._intake.emptied(_GOODBYE)


def _raise_limit(clients: int) -> None:
    """Ask for two descriptors a client, its socket and its file, and some to spare."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * clients + _SPARE
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def listening_on(sock: socket.socket) -> str:
    """The address of a listening socket as HOST:PORT."""
    host, port = sock.getsockname()[:2]
    return str(HostPort(host, port))
