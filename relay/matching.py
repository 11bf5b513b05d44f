"""`relay match`: which rule would take a mail, and why none before it."""

from __future__ import annotations

import ipaddress
import json
from typing import Annotated

import typer

from relay.options import ConfigOption
from relay.source import Source
from spooltool.errors import ExitCode, UsageError
from spooltool.spool.hosts import HostPort, parse_host
from spooltool.spool.mailbox import NULL, BadPath, Mailbox, parse_path, parse_postmaster


def match_command(
    src: Annotated[str, typer.Option("--src", metavar="ADDRESS", help="The client's address.")],
    rcpt: Annotated[
        list[str], typer.Option("--rcpt", metavar="ADDRESS", help="A recipient; repeats.")
    ],
    sender: Annotated[
        str, typer.Option("--from", metavar="ADDRESS", help="The sender; <> or nothing: none.")
    ] = "",
    dst: Annotated[
        str,
        typer.Option(
            "--dst",
            metavar="ADDRESS[:PORT]",
            help="The server that the client is going to; else the first listener.",
        ),
    ] = "",
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> int:
    """Say which rule and resource would take a mail, what its envelope would be, and why.

    Exit code 0 where every recipient is accepted, 1 where one is not.
    """
    from relay.intake.route import is_local
    from relay.intake.settings import settings_of
    from relay.policy.explanation import explain, lines, record
    from relay.policy.origin import Origin, Way, server

    found = Source(config=config).read()
    meant = _host(dst) if dst else None
    at = meant.host if meant is not None else next((one.host for one in found.listen), "")
    redirected = Way(found.original_destination) is not Way.OFF
    to = server(meant if redirected else None, is_local=is_local)
    told = explain(
        settings_of(found).rule,
        _address(src, "--src"),
        Origin(to, at=at),
        _mailbox(sender),
        [_mailbox(one, null=False) for one in rcpt],
    )
    if as_json:
        print(json.dumps(record(told), ensure_ascii=False))
    else:
        print("\n".join(lines(told)))
    return ExitCode.OK if told.taken else ExitCode.SOME


def _address(text: str, option: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise UsageError(f"{option} wants an IP address, not {text!r}") from None


def _host(text: str) -> HostPort:
    host = parse_host(text)
    if host is None:
        raise UsageError(f"--dst wants ADDRESS or ADDRESS:PORT, not {text!r}")
    return HostPort(_address(host.host, "--dst"), host.port or 25)


def _mailbox(text: str, *, null: bool = True) -> Mailbox:
    """An address with or without brackets."""
    path = text if text.startswith("<") else f"<{text}>"
    if path == "<>" and null:
        return NULL
    found = parse_postmaster(path, 0) or parse_path(path, 0, utf8=True)
    if isinstance(found, BadPath):
        raise UsageError(f"{text!r}: {found.text}")
    mailbox, end = found
    if end != len(path):
        raise UsageError(f"{text!r}: malformed address")
    return mailbox
