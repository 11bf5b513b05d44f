"""The command `relay`: options and relay.toml to a configuration, and that to processes.

`relay run` is the whole service in the foreground; `relay asmtpd` and `relay mdq` are its
two halves, each of which runs alone, too.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401  # name look-ups load it, maybe as a user who cannot
import os
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, NoReturn

import click
import typer

from relay.account import become, become_with_mark
from relay.checkpoint.verbs import add_checkpoint
from relay.config import Config, notes, show
from relay.matching import match_command
from relay.options import NAME, ConfigOption, SpoolOption, say
from relay.reloading import WAIT, reader, reload_command
from relay.replaying.command import replay_command
from relay.scanning import scan_command
from relay.source import DEFAULT_CONFIG, Source
from spooltool.errors import (
    EXIT_MEANING,
    ConfigError,
    ExitCode,
    SpooltoolError,
    UsageError,
)
from spooltool.store.root import Spool, check_local

_EXIT_CODES = (
    ExitCode.USAGE,
    ExitCode.NO_SPOOL,
    ExitCode.NO_RELAY,
    ExitCode.CANNOT_CREATE,
    ExitCode.IO,
    ExitCode.NOT_PERMITTED,
    ExitCode.CONFIG,
)
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings=_SETTINGS,
    help="A store-and-forward SMTP gateway whose queue is a folder of plain files.",
    epilog="Exit codes: 0 as asked; 1 not, and why on stderr; "
    + "; ".join(f"{code.value} {EXIT_MEANING[code]}" for code in _EXIT_CODES)
    + ".",
)
config_app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Look at the configuration."
)
app.add_typer(config_app, name="config")
clock_app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Vouch for the clock.")
app.add_typer(clock_app, name="clock")
add_checkpoint(app, config_app)

ListenOption = Annotated[
    list[str] | None,
    typer.Option("--listen", metavar="HOST:PORT", help="Where to listen; port 0: any free one."),
]
DstOption = Annotated[
    str | None,
    typer.Option(
        "--dst", metavar="HOST:PORT", help="The server that mail is delivered to, or {a,b}."
    ),
]
AcceptOption = Annotated[
    list[str] | None,
    typer.Option("--accept-from", metavar="CIDR", help="A network that may send mail."),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Work on NFS, CIFS or FUSE, where locks are not safe.")
]
SupervisorOption = Annotated[int, typer.Option("--supervisor", hidden=True)]
FdOption = Annotated[list[int] | None, typer.Option(hidden=True)]
ReadyOption = Annotated[int | None, typer.Option("--ready-fd", hidden=True)]


@app.command("run")
def run_command(
    spool: SpoolOption = None,
    listen: ListenOption = None,
    dst: DstOption = None,
    accept_from: AcceptOption = None,
    config: ConfigOption = None,
    force: ForceOption = False,
) -> int:
    """Run the whole relay in the foreground: intake, dequeuer, and what keeps them running."""
    from relay.certificates import read_first, renewer
    from relay.notify import Notifier
    from relay.supervisor import ASMTPD, MDQ, Child, Supervisor
    from relay.tls.certificate import CertificateFiles
    from relay.tls.handover import Handover

    notifier = Notifier(os.environ)
    source = Source(spool, config, tuple(listen or ()), dst, tuple(accept_from or ()))
    found = source.intake()
    sockets, tls_sockets = _listening(found)
    files, handover = CertificateFiles(), Handover.create()
    handover.write(read_first(files, found, source.place))
    become_with_mark(found)
    _check_disk(found, force=force)
    fds = [sock.fileno() for sock in (*sockets, *tls_sockets)]
    common = ["--supervisor", str(os.getpid()), *(["--force"] if force else [])]
    listening = [word for s in sockets for word in ("--listen-fd", str(s.fileno()))]
    listening += [word for s in tls_sockets for word in ("--listen-tls-fd", str(s.fileno()))]
    listening += ["--certificate-fd", str(handover.fd)]
    fds.append(handover.fd)
    intake = [ASMTPD, *source.arguments(), *listening, *common]
    # One intake of several says where it listens.
    children = [Child(ASMTPD, intake, fds, overlaps=True)]
    children += [
        Child(ASMTPD, [*intake, "--quiet"], fds, overlaps=True)
        for _ in range(found.intake_workers - 1)
    ]
    named = [word for value in source.listen for word in ("--intake-at", value)]
    children.append(Child(MDQ, [MDQ, *replace(source, listen=()).arguments(), *named, *common]))
    with Spool.create(found.rundir) as opened:
        grace = max(float(found.timeout), 10.0) + 10.0
        renew = renewer(files, handover, source.read, say)
        return Supervisor(opened, children, grace, say, notifier, renew).run()


@app.command("asmtpd")
def asmtpd_command(
    spool: SpoolOption = None,
    listen: ListenOption = None,
    dst: DstOption = None,
    accept_from: AcceptOption = None,
    config: ConfigOption = None,
    force: ForceOption = False,
    listen_fd: FdOption = None,
    listen_tls_fd: FdOption = None,
    certificate_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    supervisor: SupervisorOption = 0,
    ready_fd: ReadyOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", hidden=True)] = False,
) -> int:
    """Accept mail by SMTP into the spool, and nothing else."""
    from relay.certificates import read_first
    from relay.delivery.mark import give_up_right
    from relay.intake import asmtpd
    from relay.intake.listener import handed_down
    from relay.notify import Readiness
    from relay.tls.certificate import CertificateFiles, Renewal
    from relay.tls.handover import Handover

    readiness = Readiness(ready_fd)
    if supervisor and not _die_with(supervisor):
        return ExitCode.OK
    source = Source(spool, config, tuple(listen or ()), dst, tuple(accept_from or ()))
    found = source.intake()
    if listen_fd or listen_tls_fd:
        sockets, tls_sockets = handed_down(listen_fd or ()), handed_down(listen_tls_fd or ())
    else:
        sockets, tls_sockets = _listening(found)
    files = CertificateFiles()
    if certificate_fd is None:
        read_first(files, found, source.place)
    become(found)
    give_up_right()
    _check_disk(found, force=force)

    def certificate(now: Config) -> Renewal:
        if certificate_fd is not None:
            return Handover(certificate_fd).read()
        return files.renew(now.tls_certificate, now.tls_key)

    def ready(addresses: str, with_tls: str) -> None:
        if not quiet:
            say(f"listening on {addresses}")
            if with_tls:
                say(f"with TLS from the start on {with_tls}")
        readiness.tell()

    return asmtpd.run(
        found,
        sockets,
        reload=reader(source.intake, found),
        ready=ready,
        certificate=certificate,
        tls_sockets=tls_sockets,
        reloaded=readiness.tell,
    )


@app.command("mdq")
def mdq_command(
    spool: SpoolOption = None,
    config: ConfigOption = None,
    once: Annotated[
        bool, typer.Option("--once", help="Try everything that is due once, then end.")
    ] = False,
    force: ForceOption = False,
    dst: Annotated[str | None, typer.Option("--dst", hidden=True)] = None,
    accept_from: Annotated[list[str] | None, typer.Option("--accept-from", hidden=True)] = None,
    intake_at: Annotated[list[str] | None, typer.Option("--intake-at", hidden=True)] = None,
    supervisor: SupervisorOption = 0,
    ready_fd: ReadyOption = None,
) -> int:
    """Deliver what is in the spool, and nothing else."""
    from relay.control import serve
    from relay.dequeue import process
    from relay.notify import Readiness

    readiness = Readiness(ready_fd)
    if supervisor and not _die_with(supervisor):
        return ExitCode.OK
    # The supervisor's options are here for one reading of relay.toml by both halves.
    # Where the intake listens is where mail by MX must not go.
    source = Source(spool, config, tuple(intake_at or ()), dst, tuple(accept_from or ()))
    found = source.named()
    become_with_mark(found)
    Spool.open(found.rundir).close()

    def ready() -> None:
        if not once:
            say("dequeuer ready")
        readiness.tell()

    process.run(
        found,
        found.rundir,
        once=once,
        force=force,
        serve=None if once else serve,
        reload=reader(source.named, found),
        ready=ready,
        reloaded=readiness.tell,
    )
    return ExitCode.OK


@app.command("restart")
def restart_command(
    what: Annotated[str | None, typer.Argument(metavar="[asmtpd|mdq]")] = None,
    spool: SpoolOption = None,
    config: ConfigOption = None,
) -> int:
    """Have a running relay start its intake, its dequeuer, or both anew."""
    from relay.supervisor import RESTART_SIGNAL, restart

    if what is not None and what not in RESTART_SIGNAL:
        raise UsageError(f"{what!r} is neither {' nor '.join(RESTART_SIGNAL)}")
    found = Source(spool, config).read()
    with Spool.open(found.rundir) as opened:
        restart(opened, [what] if what else list(RESTART_SIGNAL), WAIT, say)
    return ExitCode.OK


app.command("reload")(reload_command)
app.command("match")(match_command)
app.command("scan")(scan_command)
app.command("replay")(replay_command)


@config_app.command("check")
def config_check_command(
    file: Annotated[str | None, typer.Argument(metavar="[FILE]")] = None,
    config: ConfigOption = None,
) -> int:
    """Say everything that is wrong with relay.toml, each with its line.

    The files that it names for TLS, and fwauthd_conf, are looked at, too, as far as this
    account may.
    """
    from relay.certificates import check

    source = Source(config=file or config)
    found = source.read()
    for line in source.place(tuple(notes(found))):
        say(f"note: {line}")
    check(found, source.place, say, time.time())
    source.intake()
    say(f"{source.config or DEFAULT_CONFIG}: no mistakes")
    return ExitCode.OK


@config_app.command("show")
def config_show_command(
    file: Annotated[str | None, typer.Argument(metavar="[FILE]")] = None,
    config: ConfigOption = None,
    non_default: Annotated[
        bool, typer.Option("--non-default", help="Only what differs from the default.")
    ] = False,
) -> int:
    """Print the configuration in force, as a relay.toml that reads back to the same."""
    print(show(Source(config=file or config).read(), non_default=non_default), end="")
    return ExitCode.OK


@config_app.command("default")
def config_default_command() -> int:
    """Print a relay.toml of defaults: each parameter, and what may stand in each table."""
    print(show(Config()), end="")
    return ExitCode.OK


@app.command("mx")
def mx_command(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN|ADDRESS")],
    config: ConfigOption = None,
) -> int:
    """Say which hosts mail for a domain would be offered to, in which order, and why.

    The name servers are asked now, as relay.toml says; nothing is delivered.
    """
    from relay.dequeue.look_up import look_up

    lines, good = look_up(Source(config=config).named(), domain)
    for line in lines:
        print(line)
    return ExitCode.OK if good else ExitCode.SOME


@clock_app.command("ok")
def clock_ok_command(
    spool: SpoolOption = None,
    config: ConfigOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Although mail arrived later than the clock says now.")
    ] = False,
) -> int:
    """Say that the clock is right, so that a running relay lets mail expire again."""
    from relay.control import ask
    from relay.queue.clock import taken_lines
    from spooltool.control import ClockOk, ClockTaken

    found = Source(spool, config).read()
    with Spool.open(found.rundir) as opened:
        taken = ask(opened, ClockOk(force), ClockTaken)
    assert isinstance(taken, ClockTaken)
    for line in taken_lines(taken):
        say(line)
    return ExitCode.OK


def _listening(config: Config) -> tuple[list[socket.socket], list[socket.socket]]:
    """The listening sockets, systemd's or our own; those where TLS comes first apart.

    Those of systemd are told apart by the ports of listen_tls.
    """
    from relay.intake.listener import bind, from_systemd, make_transparent

    sockets, tls_sockets = from_systemd(os.environ), []
    if sockets:
        ports = {listener.port for listener in config.listen_tls}
        tls_sockets = [sock for sock in sockets if sock.getsockname()[1] in ports]
        sockets = [sock for sock in sockets if sock not in tls_sockets]
    else:
        sockets, tls_sockets = bind(config.listen), bind(config.listen_tls)
    if config.original_destination == "tproxy":
        make_transparent((*sockets, *tls_sockets))
    return sockets, tls_sockets


def _check_disk(config: Config, *, force: bool) -> None:
    os.makedirs(config.rundir, mode=0o700, exist_ok=True)
    check_local(config.rundir, force=force)


def _die_with(parent: int) -> bool:
    from relay.supervisor import die_with

    return die_with(parent)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; every error ends here, on stderr."""
    try:
        result = app(args=list(arguments), prog_name=NAME, standalone_mode=False)
        return int(result) if isinstance(result, int) else ExitCode.OK
    except click.ClickException as error:
        _complain(error.format_message(), f"{NAME} --help")
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted")
        return ExitCode.INTERRUPTED
    except SpooltoolError as error:
        _complain(error.message, error.hint)
        if isinstance(error, ConfigError):
            for problem in error.problems:
                print(f"  {problem}", file=sys.stderr)
        return error.exit_code
    except PermissionError as error:
        _complain(f"{error.filename or ''}: {error.strerror}".lstrip(": "))
        return ExitCode.NOT_PERMITTED
    except OSError as error:
        _complain(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
        return ExitCode.IO


def _complain(message: str, hint: str = "") -> None:
    print(f"{NAME}: {message}", file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)


def main() -> NoReturn:
    """The command `relay` of this process."""
    sys.exit(run(sys.argv[1:]))
