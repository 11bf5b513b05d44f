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
import ssl
import time
from collections.abc import Callable, Sequence

import uvloop

from relay.config import Config, restart_needed
from relay.intake.cleaner import EVERY, clean_partials
from relay.intake.committer import Committer
from relay.intake.connection import Connection, handshake_seconds
from relay.intake.entrance import TOO_MANY_CLIENTS, Entrance, Peer, turn_away
from relay.intake.intake import Intake
from relay.intake.listener import Listener
from relay.intake.records import Records
from relay.intake.settings import settings_of
from relay.intake.space import Space
from relay.intake.wake import Waker
from relay.logs.output import Output
from relay.logs.process_log import ProcessLog
from relay.policy.origin import Origin
from relay.tls.certificate import BadCertificate, Renewal, note_on, server_context
from relay.tls.handshake import HandshakeFailed, connect_tls
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
Certificate = Callable[[Config], Renewal]
"""The certificate that there is now for a configuration."""


def run(
    config: Config,
    sockets: Sequence[socket.socket],
    *,
    reload: Reload,
    ready: Callable[[str, str], None],
    certificate: Certificate,
    tls_sockets: Sequence[socket.socket] = (),
    reloaded: Callable[[], None] = lambda: None,
) -> int:
    """Take mail on listening sockets into `config.rundir` until a signal; the exit code.

    On `tls_sockets` TLS comes first.  `reload` reads the configuration again, or says why
    it cannot; `certificate` is asked at the start and after each reload, `reloaded` called
    when it is over.  `ready` is told the addresses of both kinds of sockets once clients
    are accepted.  Raises SpooltoolError when the spool cannot be used.
    """
    settings = settings_of(config)
    _raise_limit(settings.clients)
    with Spool.create(config.rundir) as spool:
        lock = SharedLock(spool, "intake")
        syncer = Syncer(spool.path)
        try:
            process = Process(
                config, spool, syncer, sockets, tls_sockets, reload, certificate, reloaded
            )
            uvloop.run(process.run(ready))
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
        tls_sockets: Sequence[socket.socket],
        reload: Reload,
        certificate: Certificate,
        reloaded: Callable[[], None],
    ) -> None:
        self._config = config
        self._spool = spool
        self._syncer = syncer
        self._sockets = sockets
        self._tls_sockets = tls_sockets
        self._reload = reload
        self._certificate = certificate
        self._reloaded = reloaded
        self._tls: ssl.SSLContext | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    async def run(self, ready: Callable[[str, str], None]) -> None:
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
            outputs=[Output(target) for target in config.log_to],
            all_lines=config.log_to_all,
        )
        waker = Waker(self._spool)
        records = Records(log)
        committer = Committer(self._spool, self._syncer, waker.wake)
        space = Space(self._spool, records.space)
        self._intake = Intake(
            settings_of(config, self._context(config, log)),
            self._spool,
            committer,
            space,
            records,
            loop.time,
        )
        everywhere = (*self._sockets, *self._tls_sockets)
        entrances = (
            Entrance(self._intake, everywhere, self._admitted),
            Entrance(self._intake, everywhere, self._admitted_to_tls),
        )
        listeners = tuple(
            Listener(sockets, entrance.arrived, records.cannot_accept)
            for sockets, entrance in zip((self._sockets, self._tls_sockets), entrances, strict=True)
        )
        end = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end.set)
        loop.add_signal_handler(signal.SIGHUP, self._reread, log)
        housekeeping = (loop.create_task(self._tick()), loop.create_task(self._clean()))
        space.tick(loop.time(), self._intake.settings)
        for listener in listeners:
            listener.start()
        plain, tls = (
            ",".join(listening_on(sock) for sock in sockets)
            for sockets in (self._sockets, self._tls_sockets)
        )
        log.event("", "start", listen=plain, listen_tls=tls or None, spool=self._spool.path)
        ready(plain, tls)
        await end.wait()
        for listener, entrance in zip(listeners, entrances, strict=True):
            listener.stop()
            entrance.close()
        await self._drain()
        for task in housekeeping:
            task.cancel()
        log.event("", "stop", reason="asked to")
        committer.close()
        waker.close()
        log.close()

    def _admitted_to_tls(self, sock: socket.socket, address: Peer, origin: Origin) -> None:
        self._admitted(sock, address, origin, tls_first=True)

    def _admitted(
        self, sock: socket.socket, address: Peer, origin: Origin, *, tls_first: bool = False
    ) -> None:
        if not self._intake.room_for(address[0]):
            turn_away(sock, TOO_MANY_CLIENTS)
            self._intake.turned_away(*address, TOO_MANY_CLIENTS)
            return
        connection = Connection(self._intake, *address, origin, tls_first=tls_first)
        self._intake.opened(connection)
        connect = self._connect_tls if tls_first else self._connect
        task = asyncio.get_running_loop().create_task(connect(connection, sock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, connection: Connection, sock: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, sock)
        except OSError:
            sock.close()
            self._intake.closed(connection)

    async def _connect_tls(self, connection: Connection, sock: socket.socket) -> None:
        settings = self._intake.settings
        try:
            if settings.tls is None:
                raise HandshakeFailed("there is no certificate")
            await connect_tls(connection, sock, settings.tls, handshake_seconds(settings))
        except HandshakeFailed as failed:
            sock.close()
            self._intake.records.tls_failed(connection.client, str(failed))
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
        self._intake.settings = settings_of(found, self._context(found, log))
        log.alert_command.argv = found.alert_command
        log.all_lines = found.log_to_all
        log.event("", "reload")
        if names := restart_needed(self._config, found):
            log.alert(f"a reload does not change {', '.join(names)}: restart the relay for that")

    def _context(self, config: Config, log: ProcessLog) -> ssl.SSLContext | None:
        """What TLS is offered with; a certificate that cannot be used leaves the old one."""
        found = self._certificate(config)
        if found.problem:
            log.alert(f"certificate not taken over: {found.problem}")
        if not config.tls_certificate:
            self._tls = None
        if not config.tls_certificate or found.pem is None:
            return self._tls
        try:
            self._tls = server_context(found.pem, config.tls_minimum)
        except BadCertificate as bad:
            log.alert(f"certificate not taken over: {bad}")
        else:
            if note := note_on(found.pem, self._tls, time.time()):
                log.alert(note)
        return self._tls

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
