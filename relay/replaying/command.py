"""`relay replay`: what a configuration does to mail, before it does it.  Its options."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Annotated

import typer

from relay.options import ConfigOption
from spooltool.errors import UsageError
from spooltool.spool.hosts import HostPort, parse_host


def replay_command(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE|ID]...", help="Message files; with --spool ids, or all."),
    ] = None,
    config: ConfigOption = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="FILE",
            help="Another relay.toml, the one up to now: only mail whose outcome differs is told.",
        ),
    ] = None,
    spool: Annotated[
        str | None, typer.Option("--spool", metavar="DIR", help="The mail of a spool, not files.")
    ] = None,
    src: Annotated[
        str | None, typer.Option("--src", metavar="ADDRESS", help="The client's address.")
    ] = None,
    dst: Annotated[
        str | None,
        typer.Option(
            "--dst", metavar="ADDRESS[:PORT]", help="The server that the client was going to."
        ),
    ] = None,
    sender: Annotated[
        str | None, typer.Option("--from", metavar="ADDRESS", help="The envelope sender; <>: none.")
    ] = None,
    rcpt: Annotated[
        list[str] | None, typer.Option("--rcpt", metavar="ADDRESS", help="A recipient; repeats.")
    ] = None,
    scan: Annotated[
        bool, typer.Option("--scan", help="Ask the antivirus scanners, too; they only look.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a message.")] = False,
) -> int:
    """Say what a configuration would do with mail: rule, rewriting, content.  Nothing is written.

    Mail of a spool is taken as it came, with the source, the sender and the recipients of its
    file. Of a message file, what no option says is taken from its headers, and said. Our own
    Received line, which all mail gets, is not shown.

    Exit code 0 where all of it would be sent on, or nothing differs; 1 where some would be
    refused, blocked or deferred, or differs; 4 where some could not be read.
    """
    from relay.replaying.inputs import Given
    from relay.replaying.work import judge_of, messages, work

    given = Given(
        _source(src), _host(dst), None if sender is None else _bare(sender), _all(rcpt or ())
    )
    found = messages(what or [], spool, given)
    new = judge_of(config, scan=scan)
    old = judge_of(against, scan=scan) if against is not None else None
    return work(found, new, old, as_json=as_json)


def _source(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise UsageError(f"--src wants an IP address, not {text!r}") from None


def _host(text: str | None) -> HostPort | None:
    if text is None:
        return None
    host = parse_host(text)
    if host is None:
        raise UsageError(f"--dst wants ADDRESS or ADDRESS:PORT, not {text!r}")
    return HostPort(_source(host.host) or "", host.port or 25)


def _bare(text: str) -> str:
    """An address with or without its brackets."""
    return text[1:-1] if text.startswith("<") and text.endswith(">") else text


def _all(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(_bare, texts))
