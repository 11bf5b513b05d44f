"""The dequeuer as a process: its lock, its loop, its sockets and signals."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import cast

import uvloop

from relay.config import Config
from relay.delivery.connection import EightBit
from relay.dequeue.mdq import Dequeuer
from relay.dequeue.settings import Settings
from relay.logs.output import Output
from relay.logs.process_log import ProcessLog
from relay.message.mime import Limits as MimeLimits
from relay.policy.mx import Limits as MxLimits
from relay.policy.rulebase import rulebase_of
from relay.queue.schedule import Limits
from spooltool.errors import ConfigError
from spooltool.store.journal import reserve
from spooltool.store.lock import OwnLock
from spooltool.store.root import Spool, check_local

WAKE = "wake"
"""Name of the datagram socket in `.spooltool/` by which the intake says that mail came."""

OUR_LINES, OUR_FIELDS = 64 * 1024, 10
"""What a header block may have grown by at acceptance: our Received line, rewriting."""

Reload = Callable[[], Config | str]
"""Reads the configuration again, or says why it cannot."""

Serve = Callable[[Spool, Dequeuer], Awaitable[Callable[[], None]]]
"""Opens the control socket for a dequeuer; what it returns closes it again."""


def settings_of(config: Config) -> Settings:
    """The part of the configuration that the dequeuer needs."""
    return Settings(
        hostname=config.hostname or "localhost",
        postmaster=config.postmaster,
        timeout=config.timeout,
        scan_period=config.scan_period,
        resend_period=config.resend_period,
        abandon_time=config.abandon_time,
        trash_keep=config.trash_keep,
        max_mails_per_conn=config.max_mails_per_conn,
        limits=Limits(
            max_conns=config.max_conns,
            max_conns_per_site=config.max_conns_per_site,
            max_load=config.max_load,
            resend_period=config.resend_period,
        ),
        delay_warning=config.delay_warning,
        detailed=config.detailed_smtp_err_mail,
        detailed_av=config.detailed_av_err_mail,
        detailed_rb=config.detailed_rb_err_mail,
        accept_hand_edits=config.accept_hand_edits,
        soft_bounce=config.soft_bounce,
        eightbit=cast(EightBit, config.eightbit),
        mark=config.mark,
        tls=config.tls,
        tls_ca=config.tls_ca,
        tls_minimum=config.tls_minimum,
        destinations=config.destinations,
        rules=rulebase_of(config) if config.rules else None,
        resources={resource.name: resource for resource in config.resources},
        scanners=config.scanners,
        content_workers=config.content_workers,
        content_memory=config.content_memory << 20,
        quarantine_limit=config.quarantine_limit << 20,
        mime_limits=MimeLimits(
            header=config.max_header_size + OUR_LINES, fields=config.max_header_fields + OUR_FIELDS
        ),
        mx_limits=MxLimits(config.max_mx_node_per_mail, config.max_ips_per_mx_node),
        mx_port=config.mx_port,
        dns_servers=config.dns_servers,
        dns_timeout=config.dns_timeout,
        listeners=(*config.listen, *config.listen_tls),
    )


def run(
    config: Config,
    spool_path: str,
    *,
    once: bool = False,
    force: bool = False,
    serve: Serve | None = None,
    reload: Reload | None = None,
    ready: Callable[[], None] = lambda: None,
    reloaded: Callable[[], None] = lambda: None,
) -> None:
    """Dequeue until SIGTERM or SIGINT; with `once` until everything there was tried.

    `ready` is called when the work begins, `reloaded` after each SIGHUP.
    Raises Busy when another dequeuer works on this spool, NoSpool, Refused on a file
    system whose locks cannot be trusted.
    """
    check_local(spool_path, force=force)
    with Spool.open(spool_path) as spool:
        lock = OwnLock(spool, "mdq")
        try:
            reserve(spool)
            uvloop.run(
                _main(
                    config,
                    spool,
                    once=once,
                    serve=serve,
                    reload=reload,
                    ready=ready,
                    reloaded=reloaded,
                )
            )
        finally:
            lock.close()


async def _main(
    config: Config,
    spool: Spool,
    *,
    once: bool,
    serve: Serve | None,
    reload: Reload | None,
    ready: Callable[[], None],
    reloaded: Callable[[], None],
) -> None:
    loop = asyncio.get_running_loop()
    folder = config.logdir or os.path.join(spool.path, ".spooltool", "log")
    log = ProcessLog(
        folder,
        "mdq",
        loop.call_soon,
        size=config.log_size,
        keep=config.log_keep,
        alert_command=config.alert_command,
        outputs=[Output(target) for target in config.log_to],
        all_lines=config.log_to_all,
    )
    mdq = Dequeuer(spool, settings_of(config), log, _reader(reload, log))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, mdq.stop)
    loop.add_signal_handler(signal.SIGHUP, _hung_up, mdq, log, reloaded)
    listener = None if once else _wake_socket(spool)
    if listener is not None:
        loop.add_reader(listener, _woken, listener, mdq)
    close = await serve(spool, mdq) if serve is not None else None
    log.event("", "start", spool=spool.path, syncfs=mdq.desk.syncer.by_syncfs)
    ready()
    try:
        await mdq.run(once=once)
    finally:
        if close is not None:
            close()
        if listener is not None:
            loop.remove_reader(listener)
            listener.close()
        log.event("", "stop")
        log.close()


def _reader(reload: Reload | None, log: ProcessLog) -> Callable[[], Settings] | None:
    if reload is None:
        return None

    def read() -> Settings:
        found = reload()
        if isinstance(found, str):
            raise ConfigError(f"configuration not taken over: {found}")
        log.alert_command.argv = found.alert_command
        log.all_lines = found.log_to_all
        return settings_of(found)

    return read


def _hung_up(mdq: Dequeuer, log: ProcessLog, reloaded: Callable[[], None]) -> None:
    """SIGHUP: open the logs anew, read the configuration again."""
    log.reopen()
    try:
        mdq.reload()
    except ConfigError as error:
        log.alert(error.message)
    reloaded()


def _wake_socket(spool: Spool) -> socket.socket | None:
    """The datagram socket of the wake-ups; without it new mail waits for the next scan.

    Bound through the directory descriptor: a socket's path may have 108 bytes only.  A
    stale one is replaced, which the dequeuer's lock allows.
    """
    own = spool.own_dir()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        try:
            os.unlink(WAKE, dir_fd=own)
        except FileNotFoundError:
            pass
        listener.bind(f"/proc/self/fd/{own}/{WAKE}")
    except OSError as error:
        listener.close()
        sys.stderr.write(f"relay: no wake-up socket: {error.strerror}\n")
        return None
    return listener


def _woken(listener: socket.socket, mdq: Dequeuer) -> None:
    try:
        while listener.recv(64):
            pass
    except OSError:
        pass  # drained
    mdq.wake()
